"""Killing the agent and counting what became of it: used by tests.e2e.test_kill alone."""
