"""The port Wakeups on files of this machine.

In: the repository's URL and branch, files of configuration and credentials, the overrides' folder.
Out: calls of ``wake``. An event is only a reason to look; what counts is whether the files are
others than at the last look. So a storm of events, or of reads, costs a few looks a second and
wakes nobody.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from reconciler.adapters.files import marks, overrides
from reconciler.adapters.files.watches import Watches

QUIET = 0.05  # seconds without an event, before a look
LONGEST = 0.5  # seconds that events in a row put a look off
LOOK = 10.0  # seconds between looks without any event, for what no event tells of
_ROUNDS = 8  # of watching what the last round's watch may have been too late for

SOURCE = "source"
CONFIGURATION = "configuration"
OVERRIDES = "overrides"

_Looks = Mapping[str, Mapping[Path, marks.Mark]]


class FileWakeups:
    """See ports.Wakeups. A repository that is no folder of this machine wakes nobody."""

    def __init__(
        self, repository: str, branch: str, files: Iterable[Path], overriding: Path | None = None
    ) -> None:
        """``overriding`` is the folder for local overrides."""
        self._folder = marks.local_folder(repository)
        self._branch = branch
        self._files = tuple(file.absolute() for file in files)
        self._overriding = overriding.absolute() if overriding else None
        self._changed = threading.Event()
        self._stopping = threading.Event()
        self._watches = Watches(self._changed.set)
        self._thread: threading.Thread | None = None

    def start(self, wake: Callable[[str], None]) -> None:
        """Whatever changes after this returned is told. Once for each object."""
        seen = self._look()
        self._thread = threading.Thread(
            target=self._run, args=(wake, seen), name="files-wakeups", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End all threads, and wait for that."""
        self._stopping.set()
        self._changed.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self, wake: Callable[[str], None], seen: _Looks) -> None:
        try:
            while not self._stopping.is_set():
                if self._watch():
                    self._changed.set()  # a watch counts from a moment later on: look once more
                now = self._look()
                for topic in [topic for topic in now if now[topic] != seen[topic]]:
                    wake(topic)
                seen = now
                self._changed.wait(LOOK)
                self._settle()
        finally:
            self._watches.stop()

    def _settle(self) -> None:
        """Let a burst pass. What comes later sets ``changed`` again, so that nothing is lost."""
        end = time.monotonic() + LONGEST
        while self._changed.is_set() and time.monotonic() < end:
            self._changed.clear()
            self._stopping.wait(QUIET)

    def _watch(self) -> bool:
        """Watch the folders that count now; a watch may come just after a folder was made.

        True where that are others than before.
        """
        for round_ in range(_ROUNDS):
            paths = [path for group in self._paths().values() for path in group]
            if not self._watches.set(marks.folders(paths)):
                return round_ > 0
        return True

    def _look(self) -> _Looks:
        return {topic: marks.marks(paths) for topic, paths in self._paths().items()}

    def _paths(self) -> Mapping[str, tuple[Path, ...]]:
        branch = marks.branch_files(self._folder, self._branch) if self._folder else ()
        local = overrides.paths(self._overriding) if self._overriding else ()
        return {SOURCE: branch, CONFIGURATION: self._files, OVERRIDES: local}
