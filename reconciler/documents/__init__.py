"""YAML documents in and out: bounded text to plain values, values to kustomize's bytes."""
