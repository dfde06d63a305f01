"""Waves, drift, inventory and the planner; pure."""
