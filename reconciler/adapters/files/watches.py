"""Watchdog's watches on a changing set of folders, and the one place that knows watchdog."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

_Identity = tuple[int, int]  # device and inode: a folder that was made anew is another one


class Watches:
    """Calls ``changed``, from watchdog's threads, when a name in a watched folder changes.

    Belongs to one thread. Where the system has no watch left, there is none: the caller has to
    look by itself now and then.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._observer: Any = None
        self._watched: dict[Path, tuple[_Identity, Any]] = {}
        self._ended: set[str] = set()  # deleted; one made anew may have the same inode

    def set(self, folders: frozenset[Path]) -> bool:
        """Watch these folders and no others; whether that needed any change."""
        wanted = {path: identity for path in folders if (identity := _identity(path))}
        ended, self._ended = self._ended, set()
        stale = [
            path
            for path, (was, _) in self._watched.items()
            if wanted.get(path) != was or str(path) in ended
        ]
        for path in stale:
            self._observer.unschedule(self._watched.pop(path)[1])
        new = [path for path in wanted if path not in self._watched]
        changed = [path for path in new if self._add(path, wanted[path])]
        return bool(stale or changed)

    def stop(self) -> None:
        """Watch nothing any more; returns when watchdog's threads have ended."""
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()
            self._observer = None
        self._watched.clear()

    def _happened(self, event: Any) -> None:
        if event.is_directory and event.event_type in ("deleted", "moved"):
            self._ended.add(str(event.src_path))
        self._changed()

    def _add(self, path: Path, identity: _Identity) -> bool:
        """Whether there is something new: a watch, or a folder that is gone by now."""
        try:
            if self._observer is None:
                self._observer = _observer()
            watch = self._observer.schedule(
                _Handler(self._happened), str(path), event_filter=_event_types()
            )
        except (FileNotFoundError, NotADirectoryError):
            return True
        except OSError:
            return False
        self._watched[path] = (identity, watch)
        _name_threads()
        return True


class _Handler:
    """Which event it was says little; the look that follows compares files."""

    def __init__(self, happened: Callable[[Any], None]) -> None:
        self._happened = happened

    def dispatch(self, event: object) -> None:
        self._happened(event)


def _observer() -> Any:
    from watchdog.observers import Observer

    # Its warnings are of watches on what is gone, which is daily bread here.
    logging.getLogger("watchdog").addHandler(logging.NullHandler())
    observer = Observer()
    observer.start()
    return observer


def _event_types() -> list[type]:
    """Changes of names and content. Opened and closed are left out: our own reads make those."""
    from watchdog import events

    return [
        events.DirCreatedEvent,
        events.DirDeletedEvent,
        events.DirMovedEvent,
        events.FileCreatedEvent,
        events.FileDeletedEvent,
        events.FileModifiedEvent,
        events.FileMovedEvent,
    ]


def _name_threads() -> None:
    for thread in threading.enumerate():
        if type(thread).__module__.startswith("watchdog."):
            thread.name = f"files-{type(thread).__name__}"


def _identity(path: Path) -> _Identity | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
