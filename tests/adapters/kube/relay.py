"""A link that can be cut: TCP from a port of its own to the API server."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from types import TracebackType


class Relay:
    """Forwards connections to ``port`` on loopback, until they are cut or it is closed."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._cut = threading.Event()
        self._lock = threading.Lock()
        self._links: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._start(self._accept)

    def __enter__(self) -> Relay:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.cut()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def cut(self) -> int:
        """Break what is open, and refuse what comes; how many connections were open."""
        self._cut.set()
        with self._lock:
            broken, self._links = self._links, []
        for link in broken:
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)
        return len(broken) // 2

    def mend(self) -> None:
        self._cut.clear()

    def _start(self, target: object, *arguments: object) -> None:
        assert callable(target)
        thread = threading.Thread(target=target, args=arguments, name="relay")
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return  # closed
            if self._cut.is_set():
                near.close()
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                near.close()  # the API server is down
                continue
            with self._lock:
                self._links += (near, far)
            self._start(self._forward, near, far)

    def _forward(self, near: socket.socket, far: socket.socket) -> None:
        other = {near: far, far: near}
        with near, far, selectors.DefaultSelector() as selector, contextlib.suppress(OSError):
            selector.register(near, selectors.EVENT_READ)
            selector.register(far, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    link = key.fileobj
                    assert isinstance(link, socket.socket)
                    if not (data := link.recv(1 << 16)):
                        return
                    other[link].sendall(data)
