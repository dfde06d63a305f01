"""Where the demo plays: it waits for what must come true, tells it, and ends when asked to.

A signal only sets a flag, which every wait looks at: no call of git or of an agent is ever cut
short in the middle.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

from reconciler.app.demo.screen import Kind, Line, Screen
from reconciler.app.demo.site import Site

PATIENCE = 30.0  # seconds for anything to come true
_LOOK = 0.1  # seconds between two looks, where nothing is heard
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

T = TypeVar("T")


class Interrupted(Exception):
    """A signal came."""


class Untrue(Exception):
    """Something did not come true in time; the message says what."""


class Stage:
    """``pause`` is how many seconds a reader gets after each act."""

    def __init__(self, screen: Screen, pause: float) -> None:
        self._screen = screen
        self._pause = pause
        self._acts = 0
        self._news = threading.Event()
        self._pace = threading.Event()  # is never set
        self._came: list[int] = []
        self.sites: list[Site] = []

    @property
    def interrupted(self) -> bool:
        return bool(self._came)

    def news(self) -> None:
        """Something happened; from any thread."""
        self._news.set()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Signals end the play from here on; a second one ends the process at once."""

        def end(number: int, _: FrameType | None) -> None:
            for each in before:
                signal.signal(each, signal.SIG_DFL)
            self._came.append(number)
            self._news.set()

        before = {each: signal.signal(each, end) for each in _SIGNALS}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def act(self, title: str, *text: str) -> None:
        """Begin the next act, after a rest."""
        self.rest()
        self._acts += 1
        self.heading(f"{self._acts}. {title}")
        for line in text:
            self.text(line)

    def heading(self, text: str) -> None:
        self._tell(Kind.TITLE, text)

    def text(self, text: str) -> None:
        self._tell(Kind.TEXT, text)

    def shell(self, text: str) -> None:
        self._tell(Kind.SHELL, text)

    def by_hand(self, text: str) -> None:
        self._tell(Kind.HAND, text)

    def output(self, text: str) -> None:
        for line in text.rstrip("\n").split("\n"):
            self._tell(Kind.OUTPUT, line)

    def diff(self, text: str) -> None:
        """The changed lines of a diff, and their files."""
        for line in text.splitlines():
            if line.startswith("+++ b/"):
                self._tell(Kind.FILE, line.removeprefix("+++ b/"))
            elif line.startswith("+") or (line.startswith("-") and not line.startswith("---")):
                kind = Kind.ADDED if line[0] == "+" else Kind.REMOVED
                self._tell(kind, f"{line[0]} {line[1:].strip()}")

    def done(self, site: Site | None, text: str) -> None:
        self._tell(Kind.DONE, text, str(site.name) if site else "")

    def failed(self, text: str) -> None:
        self._tell(Kind.FAILED, text)

    def wait(self, look: Callable[[], T | None], what: str) -> T:
        """The first answer of ``look`` that is neither None nor False. Raises Untrue."""
        until = time.monotonic() + PATIENCE
        while True:
            self._check()
            self._news.clear()
            found = look()
            if found is not None and found is not False:
                return found
            if time.monotonic() > until:
                raise Untrue(f"not within {PATIENCE:.0f} s: {what}{self._said()}")
            self._show()
            self._news.wait(_LOOK)

    def wait_for_end(self, look: Callable[[], bool], seconds: float) -> bool:
        """Whether ``look`` comes true in time; for the time after the play, signal or not."""
        until = time.monotonic() + seconds
        while not look():
            if time.monotonic() > until:
                return False
            self._pace.wait(_LOOK)
        return True

    def wait_each(self, looks: Mapping[Site, Callable[[], str | None]], what: str) -> None:
        """Tell of each site what its look answers, as soon as it does. Raises Untrue."""
        left = dict(looks)

        def look() -> bool:
            for site in list(left):
                if (said := left[site]()) is not None:
                    del left[site]
                    self.done(site, said)
            return not left

        self.wait(look, what)

    def rest(self) -> None:
        """Time to read."""
        until = time.monotonic() + self._pause
        while (left := until - time.monotonic()) > 0:
            self._check()
            self._news.clear()
            self._show()
            self._news.wait(min(_LOOK, left))
        self._check()

    def _check(self) -> None:
        if self._came:
            raise Interrupted
        for site in self.sites:
            if site.trouble is not None:
                raise Untrue(f"the agent of {site.name} ended: {site.trouble}")

    def _said(self) -> str:
        """The sites' own words, for whoever looks why."""
        words: list[Mapping[str, Any]] = [site.words() for site in self.sites]
        return "".join(
            f"; {site.name} is {word.get('state', 'silent')} {word.get('message', '')}".rstrip()
            for site, word in zip(self.sites, words, strict=True)
        )

    def _show(self) -> None:
        self._screen.board([site.row() for site in self.sites])

    def _tell(self, kind: Kind, text: str, site: str = "") -> None:
        self._screen.tell(Line(kind=kind, text=text, site=site))
        self._show()
