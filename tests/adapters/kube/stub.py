"""An HTTP server that answers what a test tells it to, and remembers what it was asked."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from reconciler.adapters import kube

CORE = {
    "kind": "APIResourceList",
    "resources": [
        {"name": "configmaps", "kind": "ConfigMap", "namespaced": True},
        {"name": "namespaces", "kind": "Namespace", "namespaced": False},
        {"name": "namespaces/status", "kind": "Namespace", "namespaced": False},
    ],
}


@dataclass(frozen=True, kw_only=True)
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def watches(self) -> bool:
        return "watch" in self.query


@dataclass(frozen=True, kw_only=True)
class Answer:
    """``lines`` are streamed; then the answer ends, is cut, or stays open until the end."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    lines: tuple[bytes, ...] | None = None
    then: str = "end"  # end, cut, hold
    silent: bool = False  # never answers


def document(value: Any, status: int = 200, **headers: str) -> Answer:
    return Answer(status=status, body=json.dumps(value).encode(), headers=headers)


def refusal(status: int, reason: str, message: str = "no", **headers: str) -> Answer:
    said = {"kind": "Status", "message": message, "reason": reason, "code": status}
    return document(said, status, **{name.replace("_", "-"): v for name, v in headers.items()})


def event(kind: str, version: int, name: str = "a", **metadata: Any) -> bytes:
    metadata = {"name": name, "namespace": "d", "uid": f"uid-{name}", **metadata}
    metadata["resourceVersion"] = str(version)
    return json.dumps({"type": kind, "object": {"metadata": metadata}}).encode()


def list_end(version: int) -> bytes:
    return event("BOOKMARK", version, annotations={"k8s.io/initial-events-end": "true"})


Script = Callable[[Asked], Answer]


class Stub:
    """``script`` answers all but discovery of the core group."""

    def __init__(self, script: Script) -> None:
        self.asked: list[Asked] = []
        self.ended = threading.Event()
        self._links: list[socket.socket] = []
        self.script = script
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                stub._serve(self)

            def setup(self) -> None:
                stub._links.append(self.request)
                super().setup()

            def log_message(self, *_: Any) -> None:
                return

        for method in ("GET", "PATCH", "POST", "DELETE"):
            setattr(Handler, f"do_{method}", Handler._serve)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = False
        self._server.block_on_close = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def questions(self) -> list[Asked]:
        """What was asked beside discovery."""
        return [asked for asked in self.asked if asked.path != "/api/v1"]

    def close(self) -> None:
        self.ended.set()
        self._server.shutdown()
        for link in self._links:  # idle ones would keep their threads waiting
            with suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)
        self._server.server_close()
        self._thread.join()

    def kubeconfig(self, path: Path, token: str = "") -> str:
        user = {"token": token} if token else {}
        path.write_text(
            json.dumps(
                {
                    "current-context": "stub",
                    "contexts": [{"name": "stub", "context": {"cluster": "stub", "user": "stub"}}],
                    "clusters": [{"name": "stub", "cluster": {"server": self.url}}],
                    "users": [{"name": "stub", "user": user}],
                }
            )
        )
        return str(path)

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        url = urlsplit(handler.path)
        asked = Asked(
            method=handler.command,
            path=url.path,
            query=dict(parse_qsl(url.query)),
            headers={name.lower(): value for name, value in handler.headers.items()},
            body=handler.rfile.read(int(handler.headers.get("content-length") or 0)),
        )
        self.asked.append(asked)
        answer = document(CORE) if asked.path == "/api/v1" else self.script(asked)
        if answer.silent:
            self.ended.wait(30)
            handler.close_connection = True
            return
        handler.send_response(answer.status)
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        if answer.lines is None:
            handler.send_header("Content-Length", str(len(answer.body)))
            handler.end_headers()
            handler.wfile.write(answer.body)
        else:
            self._stream(handler, answer, answer.lines)

    def _stream(
        self, handler: BaseHTTPRequestHandler, answer: Answer, lines: tuple[bytes, ...]
    ) -> None:
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        try:
            for line in lines:
                handler.wfile.write(b"%x\r\n%s\n\r\n" % (len(line) + 1, line))
            handler.wfile.flush()
            if answer.then == "hold":
                self.ended.wait(30)
            if answer.then == "end":
                handler.wfile.write(b"0\r\n\r\n")
        except OSError:
            handler.close_connection = True
        handler.close_connection = handler.close_connection or answer.then != "end"


@contextmanager
def connected(script: Script, folder: Path) -> Iterator[tuple[Stub, kube.KubeCluster]]:
    stub = Stub(script)
    cluster = kube.connect(stub.kubeconfig(folder / "kubeconfig"), "")
    try:
        yield stub, cluster
    finally:
        cluster.close()
        stub.close()
