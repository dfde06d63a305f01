"""Rules over rendered objects, and their verdict; pure."""
