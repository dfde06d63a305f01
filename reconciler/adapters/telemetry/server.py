"""HTTP for Prometheus and the kubelet: /metrics, /healthz, /readyz, and nothing else.

One request a connection. Whoever can reach the port can neither hold it nor fill memory: a
request has a deadline and a size, and where all connections are taken the oldest is cut, as
an honest one is answered within milliseconds.
"""

from __future__ import annotations

import io
import re
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from reconciler.adapters.telemetry.telemetry import Telemetry
from reconciler.model.errors import UsageError

CONNECTIONS = 32
DEADLINE = 5.0  # seconds for a request to arrive, and again for its answer to leave
REQUEST_LIMIT = 16_384  # bytes

Answer = tuple[HTTPStatus, str, bytes]
_PORT = re.compile(r"[0-9]{1,5}")
_PLAIN = "text/plain; charset=utf-8"


def serve(
    address: str, telemetry: Telemetry, health: Callable[[], bool], ready: Callable[[], bool]
) -> Server:
    """Listen on ``HOST:PORT`` and answer from threads of its own.

    HOST may be empty (all interfaces) or an IPv6 address in brackets, PORT 0 (any free one).
    Raises UsageError for an address that is malformed or cannot be had.
    """
    pages: dict[str, Callable[[], Answer]] = {
        "/metrics": lambda: (HTTPStatus.OK, *telemetry.exposition()),
        "/healthz": lambda: _verdict(health()),
        "/readyz": lambda: _verdict(ready()),
    }
    host, port = _parse(address)
    try:
        family, _, _, _, place = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return Server(_Listener(family, place, pages))
    except OSError as error:
        raise UsageError(
            f"cannot listen on {address}: {error.strerror}; name another HOST:PORT with"
            " --metrics-address"
        ) from None


def _parse(address: str) -> tuple[str, int]:
    host, colon, port = address.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not (
        colon and _PORT.fullmatch(port) and int(port) < 65_536 and (bracketed or ":" not in host)
    ):
        raise UsageError(
            f"the metrics address {address[:100]!r} is not HOST:PORT; examples: 127.0.0.1:9090,"
            " :9090, [::1]:9090"
        )
    return (host[1:-1] if bracketed else host), int(port)


def _verdict(good: bool) -> Answer:
    if good:
        return HTTPStatus.OK, _PLAIN, b"ok\n"
    return HTTPStatus.SERVICE_UNAVAILABLE, _PLAIN, b"no\n"


class Server:
    """``address`` is where it listens, with the real port."""

    def __init__(self, listener: _Listener) -> None:
        self._listener = listener
        host, port = listener.server_address[:2]
        shown = host.decode() if isinstance(host, bytes) else str(host)
        self.address = f"[{shown}]:{port}" if ":" in shown else f"{shown}:{port}"
        self._thread = threading.Thread(
            target=listener.serve_forever, name="metrics-server", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop listening, cut what is open, and wait until all threads have ended."""
        self._listener.shutdown()
        self._thread.join()
        self._listener.server_close()


class _Listener(ThreadingHTTPServer):
    request_queue_size = CONNECTIONS

    def __init__(self, family: int, place: Any, pages: dict[str, Callable[[], Answer]]) -> None:
        self.address_family = family
        self.pages = pages
        self._open: dict[socket.socket, threading.Thread] = {}
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(CONNECTIONS)
        super().__init__(place, _Handler)

    def server_bind(self) -> None:
        # HTTPServer asks the resolver for our own name here, which hangs where there is no link.
        socketserver.TCPServer.server_bind(self)

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._slots.acquire(blocking=False):
            self._cut_oldest()
            if not self._slots.acquire(timeout=1.0):
                self.shutdown_request(request)
                return
        thread = threading.Thread(
            target=self._answer, args=(request, client_address), name="metrics-request", daemon=True
        )
        with self._lock:
            self._open[request] = thread
        try:
            thread.start()
        except RuntimeError:  # the system has no thread left
            self._forget(request)
            self.shutdown_request(request)

    def _answer(self, request: Any, client_address: Any) -> None:
        try:
            self.process_request_thread(request, client_address)
        finally:
            self._forget(request)

    def _forget(self, request: socket.socket) -> None:
        with self._lock:
            del self._open[request]
        self._slots.release()

    def _cut_oldest(self) -> None:
        with self._lock:
            oldest = next(iter(self._open), None)
        if oldest is not None:
            _cut(oldest)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """The peer went away or was cut; that is no news of ours."""

    def server_close(self) -> None:
        super().server_close()
        with self._lock:
            open_now = dict(self._open)
        for request, thread in open_now.items():
            _cut(request)
            thread.join()


def _cut(request: socket.socket) -> None:
    try:
        request.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it ended by itself in the meantime


class _Bounded(io.RawIOBase):
    """A request's bytes, until DEADLINE or REQUEST_LIMIT; then the connection is dropped."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._end = time.monotonic() + DEADLINE
        self._left = REQUEST_LIMIT

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connection.settimeout(max(self._end - time.monotonic(), 0.001))
        if not self._left:
            raise ConnectionAbortedError("the request is too long")
        read = self._connection.recv_into(buffer, min(len(buffer), self._left))
        self._left -= read
        return read


class _Handler(BaseHTTPRequestHandler):
    server: _Listener

    def setup(self) -> None:
        super().setup()
        self.rfile = io.BufferedReader(_Bounded(self.connection))

    def do_GET(self) -> None:
        page = self.server.pages.get(self.path.partition("?")[0])
        try:
            answer = page() if page else (HTTPStatus.NOT_FOUND, _PLAIN, b"not found\n")
        except Exception as error:  # whatever a probe runs into, it gets an answer
            word = f"{type(error).__name__}\n".encode()
            answer = (HTTPStatus.INTERNAL_SERVER_ERROR, _PLAIN, word)
        self._send(*answer)

    def do_HEAD(self) -> None:
        self.do_GET()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """In one word what the base class would make a page of; every other method comes here."""
        status = HTTPStatus(code)
        if status is HTTPStatus.NOT_IMPLEMENTED:
            status = HTTPStatus.METHOD_NOT_ALLOWED
        self._send(status, _PLAIN, f"{status.phrase}\n".encode())

    def _send(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
        self.connection.settimeout(DEADLINE)
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        if status is HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "GET, HEAD")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def version_string(self) -> str:
        return "fleet-reconciler"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Probes come every few seconds; none of them is worth a line."""
