"""One kind's watch on the embedded cluster: the whole set, then each change.

Begins with the whole set again whenever it may have missed something, as the API server's
watches do after a gap.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from reconciler import ports
from reconciler.adapters.memory.server import Server
from reconciler.adapters.memory.store import Feed
from reconciler.model import errors
from reconciler.model.refs import Kind

PATIENCE = 0.1  # seconds between looks at ``stop`` and at the switches


class Watch:
    """``run`` blocks its thread until ``stop`` is set.

    ``check`` raises as a request would, and gives another number once the link was cut.
    """

    def __init__(
        self,
        *,
        server: Server,
        kind: Kind,
        selector: str,
        sink: Callable[[ports.WatchEvent], None],
        stop: threading.Event,
        check: Callable[[], int],
    ) -> None:
        self._server = server
        self._kind = kind
        self._selector = selector
        self._sink = sink
        self._stop = stop
        self._check = check
        self._refused: ports.KindRefused | None = None

    def run(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow(self._check())
            except errors.ClusterUnavailable:
                self._stop.wait(PATIENCE)
            except errors.ClusterRefused as error:
                self._tell(error)
                self._stop.wait(PATIENCE)

    def _follow(self, link: int) -> None:
        feed, initial, version = self._server.open(self._kind, self._selector)
        try:
            for live in initial:
                self._sink(ports.ObjectSeen(live=live))
            uids = {live.ref: live.uid for live in initial}
            self._refused = None
            self._sink(ports.KindListed(kind=self._kind, uids=uids, version=version))
            self._pass_on(feed, link)
        finally:
            self._server.close(feed)

    def _pass_on(self, feed: Feed, link: int) -> None:
        while not self._stop.is_set():
            events = feed.take(PATIENCE)
            if self._check() != link or events is None:
                return
            for event in events:
                self._sink(event)

    def _tell(self, error: errors.ClusterRefused) -> None:
        """Once, until the kind is listed again."""
        refused = ports.KindRefused(kind=self._kind, reason=error.reason, message=str(error))
        if refused != self._refused:
            self._refused = refused
            self._sink(refused)
