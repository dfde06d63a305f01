"""Files of this machine: a folder as a Tree, and wake-ups when files change, over watchdog."""

from reconciler.adapters.files.tree import FolderTree
from reconciler.adapters.files.wakeups import FileWakeups

__all__ = ["FileWakeups", "FolderTree"]
