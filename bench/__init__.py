"""Benchmarks: each a ratio against something measured in the same run. ``python -m bench``."""
