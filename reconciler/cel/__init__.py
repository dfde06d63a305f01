"""Kubernetes' CEL over a library's engine: expressions, their functions, and their bounds; pure.

``environment`` is the way in. Nothing here is imported before there is an expression.
"""
