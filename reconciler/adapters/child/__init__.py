"""Render and judge in a spawned, bounded child process.

The child imports its half of this package alone, so names are imported when they are asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.adapters.child.renderer import ChildRenderer
    from reconciler.model.limits import Limits

__all__ = ["ChildRenderer", "Limits"]


def __getattr__(name: str) -> object:
    if name == "ChildRenderer":
        from reconciler.adapters.child import renderer

        return renderer.ChildRenderer
    if name == "Limits":
        from reconciler.model import limits

        return limits.Limits
    raise AttributeError(name)
