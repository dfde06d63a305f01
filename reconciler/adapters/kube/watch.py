"""One kind's metadata watch: from the API server's stream to ports.WatchEvent.

An attempt is one request that is followed to its end; between attempts only the last
resourceVersion is kept. Without one, the attempt begins with the whole set, ended by KindListed:
streamed where the server has ``sendInitialEvents``, in pages where it has not.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import Any, TypeVar

from reconciler import ports
from reconciler.adapters.kube import client, discovery, interrupts, parse
from reconciler.model import errors
from reconciler.model.refs import Kind, ObjectRef

T = TypeVar("T")

WATCH_SECONDS = 3000  # varied by a tenth, so that a site's watches do not end together
PAGE = 500  # objects
SETTLED = 5.0  # seconds after which an attempt counts as having worked
FAR = 60.0  # seconds


class Ending(Enum):
    """How an attempt ended."""

    CLEAN = auto()
    EXPIRED = auto()  # the resourceVersion is of no more use: begin with the whole set
    FAILED = auto()
    UNSERVED = auto()
    FORBIDDEN = auto()


# First and longest pause in seconds; doubled from one short attempt to the next.
PAUSES: Mapping[Ending, tuple[float, float]] = {
    Ending.CLEAN: (0.0, FAR),
    Ending.EXPIRED: (0.0, FAR),
    Ending.FAILED: (1.0, FAR),
    Ending.UNSERVED: (1.0, FAR),
    # Somebody has to act; but an API server that has just started forbids what it soon allows.
    Ending.FORBIDDEN: (1.0, 5 * FAR),
}


class Pace:
    """How long to wait after an attempt: nothing after one that worked and ended well."""

    def __init__(self) -> None:
        self._short = 0  # attempts in a row that did not settle
        self._last = Ending.CLEAN

    def after(self, ending: Ending, lived: float) -> float:
        """Seconds; ``lived`` is how long the attempt took.

        A refusal is waited out for long, so what went before one does not make it longer still.
        """
        first_refusal = ending is Ending.FORBIDDEN and self._last is not ending
        if lived >= SETTLED or first_refusal:
            self._short = 0
        self._last = ending
        first, longest = PAUSES[ending]
        doublings = self._short
        self._short += 1
        if not first:
            if lived >= SETTLED or not doublings:
                return 0.0  # 0s, then 1s, 2s, ... if it goes on like that
            first, doublings = 1.0, doublings - 1
        whole = min(first * 2.0 ** min(doublings, 16), longest)
        return whole * random.uniform(0.75, 1.0)  # noqa: S311 - spreads load, keeps no secret


class _Expired(Exception):
    """The stream can only go on with a fresh initial list."""


class Watch:
    """``run`` blocks its thread until ``stop`` is set."""

    def __init__(
        self,
        *,
        api: client.Client,
        kinds: discovery.Discovery,
        guards: interrupts.Interrupts,
        kind: Kind,
        selector: str,
        sink: Callable[[ports.WatchEvent], None],
        stop: threading.Event,
    ) -> None:
        self._client = api
        self._kinds = kinds
        self._guards = guards
        self._kind = kind
        self._selector = selector
        self._sink = sink
        self._stop = stop
        self._version = ""
        self._initial: dict[ObjectRef, str] | None = None  # gathered until the list's end
        self._pages = False
        self._refused: ports.KindRefused | None = None
        self._asked = 0.0  # seconds that a busy server asked us to wait

    def run(self) -> None:
        pace = Pace()
        while not self._stop.is_set():
            began = time.monotonic()
            ending = self._attempt()
            pause = pace.after(ending, time.monotonic() - began)
            self._stop.wait(max(pause, self._asked))

    def _attempt(self) -> Ending:
        self._initial, self._asked = None, 0.0
        try:
            self._follow()
        except _Expired:
            self._version = ""
            return Ending.EXPIRED
        except errors.ClusterRefused as error:
            return self._refusal(error)
        except errors.ClusterUnavailable as error:
            self._asked = error.delay
            # A server that takes the request and then sends no end of the list: pages next.
            self._pages = self._pages or self._initial is not None
            return Ending.FAILED
        except interrupts.Stopped:
            return Ending.CLEAN
        return Ending.CLEAN

    def _follow(self) -> None:
        resource = self._wait(lambda: self._kinds.find(self._kind))
        stream = self._begin(resource)
        try:
            with self._guards.guard(stream, self._stop):
                for line in stream.lines():
                    if self._stop.is_set():
                        return
                    self._event(line)
        finally:
            stream.close()

    def _begin(self, resource: discovery.Resource) -> client.Stream:
        if not self._version and not self._pages:
            try:
                stream = self._open(resource, _STREAMED)
            except errors.ClusterRefused as error:
                if error.status not in (400, 422):
                    raise
            else:
                self._initial = {}
                return stream
        if not self._version:
            self._list(resource)
        return self._open(resource, {"resourceVersion": self._version})

    def _open(self, resource: discovery.Resource, start: Mapping[str, str]) -> client.Stream:
        seconds = WATCH_SECONDS * random.uniform(0.9, 1.1)  # noqa: S311 - spreads load
        query = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "labelSelector": self._selector,
            "timeoutSeconds": str(int(seconds)),
            **start,
        }
        request = client.Request(
            method="GET",
            path=resource.collection(),
            query=query,
            kind=self._kind,
            accept=client.METADATA,
        )
        return self._wait(lambda: self._client.stream(request), late=client.Stream.close)

    def _list(self, resource: discovery.Resource) -> None:
        found: dict[ObjectRef, str] = {}
        query = {"labelSelector": self._selector, "limit": str(PAGE)}
        while True:
            page = self._page(resource, query)
            for item in parse.sequence(page.get("items")):
                ref, uid = self._seen(parse.mapping(item))
                found[ref] = uid
            token = parse.text(parse.mapping(page.get("metadata")).get("continue"))
            if not token:
                break
            query = {**query, "continue": token}
        self._listed(found, parse.resource_version(page))

    def _page(self, resource: discovery.Resource, query: Mapping[str, str]) -> Mapping[str, Any]:
        request = client.Request(
            method="GET",
            path=resource.collection(),
            query=query,
            kind=self._kind,
            accept=client.METADATA_LIST,
        )
        return parse.mapping(self._wait(lambda: self._client.json(request)))

    def _wait(self, call: Callable[[], T], late: Callable[[T], None] = lambda _: None) -> T:
        return interrupts.until(self._stop, call, late)

    def _event(self, line: bytes) -> None:
        try:
            event = parse.mapping(client.decode(line))
        except errors.ClusterUnavailable:
            raise _Expired from None  # after a resume the same line might come again
        handle = _HANDLERS.get(parse.text(event.get("type")))
        if handle is None:
            raise _Expired
        handle(self, parse.mapping(event.get("object")))

    def _changed(self, obj: Mapping[str, Any]) -> None:
        ref, uid = self._seen(obj)
        if self._initial is not None:
            self._initial[ref] = uid
        else:
            self._version = parse.resource_version(obj) or self._version

    def _deleted(self, obj: Mapping[str, Any]) -> None:
        live = parse.live_of(parse.named(self._kind, obj))
        if self._initial is not None:
            self._initial.pop(live.ref, None)
        else:
            self._version = live.resource_version or self._version
        self._sink(ports.ObjectGone(live=live))

    def _bookmark(self, obj: Mapping[str, Any]) -> None:
        version = parse.resource_version(obj)
        if self._initial is None:
            if _is_older(version, self._version):
                raise _Expired  # etcd was restored: what we asked to go on from is in the future
            self._version = version or self._version
        elif parse.ends_initial_events(obj):
            self._listed(self._initial, version)
            self._initial = None
        else:
            # A server that does not know sendInitialEvents ignores it, and ends no list.
            self._pages = True
            raise _Expired

    def _error(self, obj: Mapping[str, Any]) -> None:
        raise _Expired

    def _seen(self, obj: Mapping[str, Any]) -> tuple[ObjectRef, str]:
        live = parse.live_of(parse.named(self._kind, obj))
        self._sink(ports.ObjectSeen(live=live))
        return live.ref, live.uid

    def _listed(self, uids: Mapping[ObjectRef, str], version: str) -> None:
        self._version = version
        self._refused = None
        self._sink(ports.KindListed(kind=self._kind, uids=uids, version=version))

    def _refusal(self, error: errors.ClusterRefused) -> Ending:
        """Told once, until the kind is listed again, which is then always done."""
        self._version = ""
        if error.status == 410:
            return Ending.EXPIRED
        if error.reason == "KindUnknown":
            self._kinds.forget(self._kind)
        refused = ports.KindRefused(kind=self._kind, reason=error.reason, message=str(error))
        if refused != self._refused:
            self._refused = refused
            self._sink(refused)
        return Ending.UNSERVED if error.reason == "KindUnknown" else Ending.FORBIDDEN


def _is_older(version: str, than: str) -> bool:
    return version.isdecimal() and than.isdecimal() and int(version) < int(than)


_STREAMED = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}

_HANDLERS: Mapping[str, Callable[[Watch, Mapping[str, Any]], None]] = {
    "ADDED": Watch._changed,
    "MODIFIED": Watch._changed,
    "DELETED": Watch._deleted,
    "BOOKMARK": Watch._bookmark,
    "ERROR": Watch._error,
}
