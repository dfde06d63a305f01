"""Our verdicts beside a real API server's, for the same policies and the same objects."""
