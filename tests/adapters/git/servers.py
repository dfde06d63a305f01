"""Git over HTTPS and over ssh, on this machine alone."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any


@dataclass
class Seen:
    """What the server was asked, and what it wants to see."""

    root: Path
    authorization: str = ""  # "" lets everybody in
    redirect: str = ""
    asked: list[str] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)


def backend(
    root: Path, method: str, target: str, headers: Message, body: bytes
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of `git http-backend`, which speaks CGI."""
    path, _, query = target.partition("?")
    environment = {
        "PATH": os.environ["PATH"],
        "GIT_PROJECT_ROOT": str(root),
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "REQUEST_METHOD": method,
        "REMOTE_USER": "tester",
        "CONTENT_TYPE": headers.get("Content-Type", ""),
        "HTTP_CONTENT_ENCODING": headers.get("Content-Encoding", ""),
        "GIT_PROTOCOL": headers.get("Git-Protocol", ""),
        "CONTENT_LENGTH": str(len(body)),
    }
    done = subprocess.run(
        ["git", "http-backend"], env=environment, input=body, capture_output=True, check=False
    )
    head, _, rest = done.stdout.partition(b"\r\n\r\n")
    answered = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
    return int(answered.pop("Status", "200").split()[0]), answered, rest


def _handler(seen: Seen) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            given = self.headers.get("Authorization", "")
            seen.asked.append(self.path)
            seen.headers.append(given)
            if seen.redirect:
                self._answer(302, {"Location": seen.redirect}, b"")
            elif given != seen.authorization:
                # What a careless server might say: it repeats what it was given.
                self._answer(401, {"WWW-Authenticate": 'Basic realm="git"'}, given.encode())
            else:
                self._backend()

        do_POST = do_GET  # noqa: N815 - the base's name

        def _backend(self) -> None:
            self._answer(*backend(seen.root, self.command, self.path, self.headers, self._body()))

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length", "0")))
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
            """Tests are quiet."""

    return Handler


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that refuses our certificate ends the handshake; that is a test's wish."""


class HttpsServer:
    """`git http-backend` behind TLS; ``certificate`` is what a client must trust."""

    def __init__(self, root: Path, scratch: Path) -> None:
        self.seen = Seen(root)
        self.certificate, key = scratch / "cert.pem", scratch / "key.pem"
        make_certificate(self.certificate, key)
        self._server = _Quiet(("127.0.0.1", 0), _handler(self.seen))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> HttpsServer:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def make_certificate(certificate: Path, key: Path) -> None:
    """A certificate for 127.0.0.1, by the openssl program that each build machine has."""
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command.split(), *names, *files], check=True, capture_output=True)


_SSH = """#!{python}
# Stands for ssh: writes down how it was called, and runs the remote's command here.
import json, os, sys
with open({record!r}, "a") as file:
    file.write(json.dumps([sys.argv[1:], dict(os.environ)]) + "\\n")
os.execvp("sh", ["sh", "-c", sys.argv[-1]])
"""


def fake_ssh(folder: Path) -> Path:
    """Put a program named ssh into ``folder``; its answer is the file that records its calls."""
    folder.mkdir()
    record = folder / "calls"
    program = folder / "ssh"
    program.write_text(_SSH.format(python=sys.executable, record=str(record)))
    program.chmod(0o755)
    return record
