"""Files of this machine: a folder as a Tree, and wake-ups when files change, over watchdog.

Who renders a folder needs no watches, so names are imported when they are asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.adapters.files.overrides import read as read_overrides
    from reconciler.adapters.files.tree import FolderTree
    from reconciler.adapters.files.wakeups import FileWakeups

__all__ = ["FileWakeups", "FolderTree", "read_overrides"]


def __getattr__(name: str) -> object:
    if name == "FolderTree":
        from reconciler.adapters.files import tree

        return tree.FolderTree
    if name == "read_overrides":
        from reconciler.adapters.files import overrides

        return overrides.read
    if name == "FileWakeups":
        from reconciler.adapters.files import wakeups

        return wakeups.FileWakeups
    raise AttributeError(name)
