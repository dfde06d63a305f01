"""Watched files and the lock on the state folder, over watchdog."""
