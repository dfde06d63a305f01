"""Render and judge in a spawned, bounded child process: ``ChildRenderer`` is the port Renderer."""

from reconciler.adapters.child.renderer import ChildRenderer

__all__ = ["ChildRenderer"]
