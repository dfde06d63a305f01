"""The loop, one pass, and what it reads from and writes to the cluster. Knows ports only."""
