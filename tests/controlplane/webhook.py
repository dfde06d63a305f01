"""An admission webhook on loopback over TLS, which does to requests what a test tells it to."""

from __future__ import annotations

import base64
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from tests.controlplane.plane import ControlPlane, free_port

_ROOT = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"


class Webhook:
    """Asked about writes of ``resources`` in one namespace; with failurePolicy Fail.

    It is registered from the beginning, and answers from ``start`` on: until then it is down. Its
    certificate is the API server's own, which is for loopback.
    """

    def __init__(self, plane: ControlPlane, name: str, namespace: str, *resources: str) -> None:
        self._plane = plane
        self._name = name
        self._port = free_port()
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None
        self.denies = ""  # why everything is denied
        self.asked = 0
        self.free = threading.Event()  # while it is cleared, answers wait
        self.free.set()
        hook = {
            "name": f"{name}.test.invalid",
            "clientConfig": {
                "url": f"https://127.0.0.1:{self._port}/",
                "caBundle": base64.b64encode(plane.ca.read_bytes()).decode(),
            },
            "rules": [
                {
                    "apiGroups": ["*"],
                    "apiVersions": ["*"],
                    "operations": ["CREATE", "UPDATE"],
                    "resources": list(resources),
                }
            ],
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
            "failurePolicy": "Fail",
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
            "timeoutSeconds": 20,
        }
        status, answer = plane.request(
            "POST", _ROOT, {"metadata": {"name": name}, "webhooks": [hook]}
        )
        assert status == 201, answer

    def __enter__(self) -> Webhook:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.free.set()
        self._plane.request("DELETE", f"{_ROOT}/{self._name}")
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()

    def start(self) -> None:
        """Answer from now on."""
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                answer = json.dumps(hook._answer(json.loads(body))).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                return

        trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trust.load_cert_chain(self._plane.ca, self._plane.ca.with_suffix(".key"))
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), Handler)
        self._server.socket = trust.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def _answer(self, review: dict[str, Any]) -> dict[str, Any]:
        self.asked += 1
        self.free.wait(20)
        response: dict[str, Any] = {
            "uid": review["request"]["uid"],
            "allowed": not self.denies,
        }
        if self.denies:
            response["status"] = {"code": 403, "message": self.denies}
        return {
            "apiVersion": "admission.k8s.io/v1",
            "kind": "AdmissionReview",
            "response": response,
        }
