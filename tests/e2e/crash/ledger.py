"""Every version of the objects in play, followed from outside.

One watch a collection, by an administrator, of whole objects. What the API server writes without
a change has no version, so what is listed here are the writes that changed something.
"""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from reconciler.model.refs import ObjectRef
from tests.controlplane.plane import ControlPlane
from tests.e2e.process import eventually

_PAUSE = 0.1  # seconds between two looks for a kind that is not served
_OVER = (OSError, http.client.HTTPException, ValueError, AttributeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """An object as it was from ``number`` on, etcd's revision; ``gone`` is its end.

    ``first`` says that the watch began with it: what was before it is not known.
    """

    ref: ObjectRef
    number: int
    body: Mapping[str, Any]
    gone: bool = False
    first: bool = False

    @property
    def uid(self) -> str:
        return str(self.body["metadata"]["uid"])


class Follower:
    """Watches one collection in a thread of its own; where it has to, it begins again."""

    def __init__(self, plane: ControlPlane, path: str) -> None:
        self.versions: list[Version] = []
        self.path = path
        self._plane = plane
        self._stop = threading.Event()
        self._link: http.client.HTTPSConnection | None = None
        self._thread = threading.Thread(target=self._run, name=f"ledger {path}")
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        while self._thread.is_alive():
            # Shut down and not closed: that wakes the reader.
            link = self._link
            if link is not None and link.sock is not None:
                try:
                    link.sock.shutdown(2)
                except OSError:
                    break  # it ended by itself
            self._thread.join(0.2)
        self._thread.join()

    def living(self) -> dict[ObjectRef, int]:
        """What is there as far as this watch has come, with its newest version's number."""
        last = {version.ref: version for version in list(self.versions)}
        return {ref: version.number for ref, version in last.items() if not version.gone}

    def is_up_to_date(self) -> bool:
        _, answer = self._plane.request("GET", self.path)
        return self.living() == {version.ref: version.number for version in versions_in(answer)}

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow(self._begin())
            except _OVER:
                self._stop.wait(_PAUSE)

    def _begin(self) -> str:
        """The resourceVersion to watch from; raises OSError where the kind is not served."""
        code, answer = self._plane.request("GET", self.path)
        if code != 200:
            self._lose({})
            raise OSError(f"{self.path}: {code}")
        found = versions_in(answer, first=True)
        self._lose({version.ref: version for version in found})
        known = self.living()
        self.versions += [version for version in found if known.get(version.ref) != version.number]
        return str(answer["metadata"]["resourceVersion"])

    def _lose(self, there: Mapping[ObjectRef, Version]) -> None:
        """What went while nobody watched."""
        last = {version.ref: version for version in self.versions}
        for ref in self.living():
            if ref not in there:
                body, number = last[ref].body, last[ref].number
                self.versions.append(
                    Version(ref=ref, number=number, body=body, gone=True, first=True)
                )

    def _follow(self, start: str) -> None:
        with self._opened(f"{self.path}?watch=true&resourceVersion={start}") as response:
            for line in response:
                event = json.loads(line)
                if event["type"] == "ERROR":
                    return
                gone = event["type"] == "DELETED"
                self.versions.append(_version(event["object"], gone=gone))

    @contextmanager
    def _opened(self, path: str) -> Iterator[http.client.HTTPResponse]:
        login = json.loads(self._plane.admin.read_text())
        token = login["users"][0]["user"]["token"]
        trust = ssl.create_default_context(cafile=str(self._plane.ca))
        place = urlsplit(self._plane.url).netloc
        self._link = link = http.client.HTTPSConnection(place, context=trust, timeout=30)
        try:
            link.request("GET", path, headers={"authorization": f"Bearer {token}"})
            assert link.sock is not None
            link.sock.settimeout(None)
            response = link.getresponse()
            if response.status != 200 or self._stop.is_set():
                raise OSError(f"{path}: {response.status}")
            with response:
                yield response
        finally:
            self._link = None
            link.close()


def versions_in(answer: Mapping[str, Any], **how: bool) -> list[Version]:
    """The objects of an API server's list, whose items carry no kind of their own."""
    kind = str(answer.get("kind", "")).removesuffix("List")
    items = answer.get("items") or ()
    return [
        _version({**item, "apiVersion": answer["apiVersion"], "kind": kind}, **how)
        for item in items
    ]


def _version(body: Mapping[str, Any], **how: bool) -> Version:
    number = int(body["metadata"]["resourceVersion"])
    return Version(ref=ObjectRef.of(body), number=number, body=body, **how)


class Ledger:
    """All collections in play; ended with the block."""

    def __init__(self, plane: ControlPlane, paths: tuple[str, ...]) -> None:
        self._followers = [Follower(plane, path) for path in paths]

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        for follower in self._followers:
            follower.close()

    def catch_up(self) -> None:
        """Wait until every watch has come to what the API server has now."""
        for follower in self._followers:
            eventually(follower.is_up_to_date, f"{follower.path} followed")

    def versions(self) -> Mapping[ObjectRef, tuple[Version, ...]]:
        """Each object's versions in the order of their making."""
        found: dict[ObjectRef, list[Version]] = {}
        for follower in self._followers:
            for version in list(follower.versions):
                found.setdefault(version.ref, []).append(version)
        return {ref: tuple(listed) for ref, listed in found.items()}
