"""Render and judge in a spawned, bounded child process."""
