"""The API server's audit log: what was asked, by whom."""

from __future__ import annotations

import json
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
    """One request. ``status`` is 0 for a watch that is still open."""

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


def read(file: Path) -> tuple[Request, ...]:
    """Every request once, in the order in which they came, as its latest event shows it."""
    requests: dict[str, Request] = {}
    for line in file.read_text().splitlines() if file.exists() else ():
        try:
            event = json.loads(line)
        except json.JSONDecodeError:
            continue  # the last line, half written: a server was killed, or it writes right now
        requests[event["auditID"]] = _request(event)
    return tuple(sorted(requests.values(), key=lambda request: request.at))


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
        status=code if isinstance(code, int) and at("stage") != "ResponseStarted" else 0,
        at=at("requestReceivedTimestamp"),
    )
