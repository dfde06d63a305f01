"""Plain requests to the API server over http.client: what everything here is measured with."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"


@dataclass(frozen=True, slots=True)
class Server:
    """Where the API server is and a token that it takes."""

    url: str
    ca_file: Path
    token: str

    def connect(self) -> http.client.HTTPSConnection:
        """A connection of one's own; not for several threads."""
        parts = urlsplit(self.url)
        trust = ssl.create_default_context(cafile=str(self.ca_file))
        return http.client.HTTPSConnection(
            parts.hostname or "", parts.port, context=trust, timeout=120
        )

    def headers(self, content_type: str = "") -> dict[str, str]:
        given = {"Authorization": f"Bearer {self.token}", "User-Agent": "bench"}
        return {**given, "Content-Type": content_type} if content_type else given


def send(
    server: Server,
    link: http.client.HTTPSConnection,
    method: str,
    path: str,
    body: object = None,
    content_type: str = "application/json",
) -> tuple[int, Any]:
    """One request; its status and its answer as JSON."""
    data = json.dumps(body) if body is not None else None
    link.request(method, path, body=data, headers=server.headers(content_type if data else ""))
    answer = link.getresponse()
    text = answer.read()
    return answer.status, json.loads(text) if text else None


def apply(
    server: Server, link: http.client.HTTPSConnection, path: str, value: object, manager: str
) -> Any:
    """A forced server-side apply that must succeed."""
    where = f"{path}?fieldManager={manager}&force=true"
    status, answer = send(server, link, "PATCH", where, value, APPLY)
    if status not in (200, 201):
        raise RuntimeError(f"{path}: {status} {answer}")
    return answer


def watch(server: Server, path: str) -> Iterator[dict[str, Any]]:
    """Events from now on, as they come; the watch is open when this returns."""
    link = server.connect()
    _, listed = send(server, link, "GET", path)
    version = listed["metadata"]["resourceVersion"]
    link.request("GET", f"{path}?watch=true&resourceVersion={version}", headers=server.headers())
    answer = link.getresponse()
    return (json.loads(line) for line in iter(answer.readline, b""))
