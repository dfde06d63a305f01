"""The API server's audit log: what was asked, by whom."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

POLICY = """apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{level: Metadata}]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request; a watch is in the log, with its status, from its beginning on."""

    id: str
    verb: str  # get, list, watch, create, update, patch, delete, ...
    uri: str
    user: str
    agent: str
    resource: str
    subresource: str
    namespace: str
    name: str
    status: int
    at: str  # when it came, RFC 3339 with microseconds
    done: str = ""  # when its latest stage was reached


class Log:
    """Read on from where the last reading ended, as it grows by hundreds of lines a second."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._read = 0
        self._requests: dict[str, Request] = {}

    def requests(self) -> tuple[Request, ...]:
        """Every request once, in the order in which they came, as its latest event shows it."""
        with self._lock:
            self._read_on()
            return tuple(sorted(self._requests.values(), key=lambda request: request.at))

    def _read_on(self) -> None:
        if not self._file.exists():
            return
        with self._file.open("rb") as log:
            log.seek(self._read)
            whole, newline, _ = log.read().rpartition(b"\n")
        self._read += len(whole) + len(newline)
        for line in whole.splitlines():
            try:
                request = _request(json.loads(line))
            except json.JSONDecodeError:
                continue  # a server was killed while it wrote
            self._requests[request.id] = request


def select(
    requests: Iterable[Request], *, user: str = "", agent: str = "", verb: str = ""
) -> tuple[Request, ...]:
    """Those whose user and agent contain these texts, and whose verb is ``verb``."""
    return tuple(
        request
        for request in requests
        if user in request.user and agent in request.agent and verb in ("", request.verb)
    )


def _request(event: dict[str, object]) -> Request:
    def at(*path: str) -> str:
        found: object = event
        for key in path:
            found = found.get(key) if isinstance(found, dict) else None
        return found if isinstance(found, str) else ""

    response = event.get("responseStatus")
    code = response.get("code") if isinstance(response, dict) else 0
    return Request(
        id=at("auditID"),
        verb=at("verb"),
        uri=at("requestURI"),
        user=at("user", "username"),
        agent=at("userAgent"),
        resource=at("objectRef", "resource"),
        subresource=at("objectRef", "subresource"),
        namespace=at("objectRef", "namespace"),
        name=at("objectRef", "name"),
        status=code if isinstance(code, int) else 0,
        at=at("requestReceivedTimestamp"),
        done=at("stageTimestamp"),
    )
