"""Kustomize as a pure function: Tree in, objects with origins out."""
