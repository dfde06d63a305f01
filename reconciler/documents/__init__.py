"""YAML and JSON, in and out, as kustomize reads and prints them: pure, bounded, and fast."""
