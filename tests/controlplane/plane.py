"""etcd, kube-apiserver and kube-controller-manager on loopback, as a small cluster has them.

RBAC and the default admission plugins act (Pod Security, ServiceAccount), every request is in
the audit log, and the controllers make Pods of Deployments; there is no kubelet, so no Pod ever
runs. ``tests.conftest`` starts one for each pytest worker.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import secrets
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.controlplane import audit
from tests.controlplane.processes import Child, Nursery, until

STARTS = 3  # attempts, as a free port may be taken before it is used
ADMIN = "admin"
CONTROLLERS = "system:kube-controller-manager"


class StartFailed(Exception):
    """A program ended, or was not ready in time; the message has its log's end."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class ControlPlane:
    """Started and stopped by ``with``, or ``start`` and ``stop``.

    Threads may share ``request``, ``kubectl`` and ``audit``.

    ``gates`` are feature gates as ``WatchList=false``. Without ``controllers`` nothing makes
    Pods, collects garbage or ends namespaces.
    """

    def __init__(
        self,
        folder: Path,
        binaries: Mapping[str, Path],
        *,
        gates: str = "",
        controllers: bool = True,
    ) -> None:
        self._folder = folder
        self._binaries = binaries
        self._gates = gates
        self._with_controllers = controllers
        self._tokens = {name: secrets.token_hex(16) for name in (ADMIN, CONTROLLERS)}
        self._nursery = Nursery(folder)
        self._children: dict[str, Child] = {}
        self._log = audit.Log(folder / "audit.log")
        self._write_files()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self._port}"

    @property
    def ca(self) -> Path:
        """The certificate that the API server's is signed by; the same over restarts."""
        return self._folder / "certs" / "apiserver.crt"

    @property
    def admin(self) -> Path:
        """The kubeconfig of a member of system:masters."""
        return self._folder / "admin.kubeconfig"

    def __enter__(self) -> ControlPlane:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Raises StartFailed."""
        for left in reversed(range(STARTS)):
            self._port, self._etcd_port = free_port(), free_port()
            try:
                shutil.rmtree(self._folder / "etcd", ignore_errors=True)
                self._start_etcd()
                self.start_api_server()
                break
            except StartFailed as error:
                self._end("kube-apiserver", "etcd")
                if not left or "address already in use" not in str(error):
                    raise
        self.kubeconfig(self.admin, token=self._tokens[ADMIN])
        if self._with_controllers:
            self._start_controllers()

    def stop(self) -> None:
        self._end("kube-controller-manager", "kube-apiserver", "etcd")
        self._nursery.close()
        shutil.rmtree(self._folder / "etcd", ignore_errors=True)

    def start_api_server(self) -> None:
        """On the same port and with the same keys as before. Raises StartFailed."""
        keys = self._folder / "sa.key"
        gates = [f"--feature-gates={self._gates}"] if self._gates else []
        self._run(
            "kube-apiserver",
            f"--etcd-servers=http://127.0.0.1:{self._etcd_port}",
            "--bind-address=127.0.0.1",
            f"--secure-port={self._port}",
            "--endpoint-reconciler-type=none",  # it refuses loopback
            f"--cert-dir={self._folder / 'certs'}",
            f"--token-auth-file={self._folder / 'tokens.csv'}",
            "--authorization-mode=RBAC",
            "--allow-privileged=true",
            f"--service-account-key-file={keys}",
            f"--service-account-signing-key-file={keys}",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-cluster-ip-range=10.0.0.0/16",
            f"--audit-policy-file={self._folder / 'audit.yaml'}",
            f"--audit-log-path={self._folder / 'audit.log'}",
            "--audit-log-maxsize=100000",  # MB: never put aside
            "--shutdown-watch-termination-grace-period=1s",  # else open watches hold up its end
            *gates,
        )
        self._ready("kube-apiserver", lambda: self.ca.exists() and self._answers("/readyz"))

    def stop_api_server(self) -> None:
        self._end("kube-apiserver")

    def kill_api_server(self) -> None:
        """As a power cut would: no stream is closed in order."""
        self._children["kube-apiserver"].kill()
        self._end("kube-apiserver")

    def restart_api_server(self) -> None:
        self.stop_api_server()
        self.start_api_server()

    @contextmanager
    def stopped(self) -> Iterator[Path]:
        """All of it stopped while the block runs, which gets etcd's folder; then on again."""
        self._end("kube-controller-manager", "kube-apiserver", "etcd")
        yield self._folder / "etcd"
        self._start_etcd()
        self.start_api_server()
        if self._with_controllers:
            self._start_controllers()

    def compact(self) -> None:
        """Let etcd forget all revisions before the newest one."""
        status, answer = self.request("GET", "/api/v1/namespaces")
        assert status == 200, answer
        link = http.client.HTTPConnection("127.0.0.1", self._etcd_port, timeout=30)
        try:
            wanted = {"revision": answer["metadata"]["resourceVersion"], "physical": True}
            link.request("POST", "/v3/kv/compaction", body=json.dumps(wanted))
            done = link.getresponse()
            assert done.status == 200, done.read()
        finally:
            link.close()

    def request(
        self, method: str, path: str, body: object = None, content_type: str = "application/json"
    ) -> tuple[int, dict[str, Any]]:
        """One request as admin: the status, and the answer's JSON (empty if it is not JSON).

        ``body`` is a JSON value. Raises OSError where the server is not reached.
        """
        trust = ssl.create_default_context(cafile=str(self.ca))
        link = http.client.HTTPSConnection("127.0.0.1", self._port, context=trust, timeout=30)
        headers = {"authorization": f"Bearer {self._tokens[ADMIN]}", "content-type": content_type}
        try:
            content = None if body is None else json.dumps(body).encode()
            link.request(method, path, body=content, headers=headers)
            answer = link.getresponse()
            return answer.status, _json(answer.read())
        except http.client.HTTPException as error:
            raise OSError(f"{type(error).__name__}: {error}") from None
        finally:
            link.close()

    def token(self, namespace: str, service_account: str, seconds: int = 3600) -> str:
        """A service account's token, by TokenRequest, as a pod gets it."""
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{service_account}/token"
        wanted = {"spec": {"expirationSeconds": seconds}}
        status, answer = self.request("POST", path, wanted)
        assert status == 201, answer
        return str(answer["status"]["token"])

    def kubeconfig(self, path: Path, *, token: str = "", token_file: str = "") -> Path:
        """Write a kubeconfig with a token or the path of a file that has one; its path."""
        user = {"tokenFile": token_file} if token_file else {"token": token}
        cluster = {"server": self.url, "certificate-authority": str(self.ca)}
        context = {"cluster": "plane", "user": "plane"}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "plane",
            "clusters": [{"name": "plane", "cluster": cluster}],
            "contexts": [{"name": "plane", "context": context}],
            "users": [{"name": "plane", "user": user}],
        }
        path.write_text(json.dumps(config))
        path.chmod(0o600)
        return path

    def kubectl(self, *arguments: str, kubeconfig: Path | None = None, stdin: str = "") -> str:
        """What kubectl prints, as admin or another. Fails the test if it fails."""
        program = shutil.which("kubectl")
        assert program, "kubectl is not on PATH: install kubectl 1.27 or newer for these tests"
        login, cache = kubeconfig or self.admin, self._folder / "kubectl-cache"
        ended = subprocess.run(
            [program, f"--kubeconfig={login}", f"--cache-dir={cache}", *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env={**os.environ, "HOME": str(self._folder)},
        )
        assert ended.returncode == 0, f"kubectl {' '.join(arguments)}: {ended.stderr}"
        return ended.stdout

    def audit(
        self, *, user: str = "", agent: str = "", verb: str = ""
    ) -> tuple[audit.Request, ...]:
        """Requests so far: a part of the user's name, a part of the user agent, a verb."""
        return audit.select(self._log.requests(), user=user, agent=agent, verb=verb)

    def _write_files(self) -> None:
        (self._folder / "sa.key").write_text(_signing_key())
        rows = [
            f'{self._tokens[ADMIN]},{ADMIN},{ADMIN},"system:masters"',
            f"{self._tokens[CONTROLLERS]},{CONTROLLERS},{CONTROLLERS}",
        ]
        (self._folder / "tokens.csv").write_text("\n".join(rows) + "\n")
        (self._folder / "audit.yaml").write_text(audit.POLICY)

    def _start_etcd(self) -> None:
        client = f"http://127.0.0.1:{self._etcd_port}"
        peer = f"http://127.0.0.1:{free_port()}"
        self._run(
            "etcd",
            f"--data-dir={self._folder / 'etcd'}",
            "--unsafe-no-fsync",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--log-level=warn",
        )
        self._ready("etcd", lambda: _listens(self._etcd_port))

    def _start_controllers(self) -> None:
        login = self._folder / "controllers.kubeconfig"
        self.kubeconfig(login, token=self._tokens[CONTROLLERS])
        self._run(
            "kube-controller-manager",
            f"--kubeconfig={login}",
            "--secure-port=0",  # nobody asks it anything
            "--leader-elect=false",
            "--use-service-account-credentials",
            f"--service-account-private-key-file={self._folder / 'sa.key'}",
            f"--root-ca-file={self.ca}",
            "--kube-api-qps=200",  # ending namespaces takes minutes at the default 20
            "--kube-api-burst=400",
        )
        made = "/api/v1/namespaces/default/serviceaccounts/default"
        self._ready("kube-controller-manager", lambda: self._answers(made))

    def _run(self, name: str, *arguments: str) -> None:
        self._children[name] = self._nursery.start(self._binaries[name], *arguments)

    def _ready(self, name: str, condition: Any) -> None:
        child = self._children[name]
        try:
            until(lambda: child.ended or condition(), f"{name} is ready", 120)
        except AssertionError as error:
            raise StartFailed(f"{error}\n{child.tail()}") from None
        if child.ended:
            raise StartFailed(f"{name} ended with {child.process.returncode}\n{child.tail()}")

    def _end(self, *names: str) -> None:
        for name in names:
            if child := self._children.pop(name, None):
                child.end()
                self._nursery.ended(child)

    def _answers(self, path: str) -> bool:
        try:
            return self.request("GET", path)[0] == 200
        except OSError:
            return False


def _signing_key() -> str:
    """A P-256 key for service account tokens (SEC 1: the number and the curve's name)."""
    number = secrets.token_bytes(32)
    curve = bytes.fromhex("a00a06082a8648ce3d030107")
    inner = b"\x02\x01\x01" + b"\x04\x20" + number + curve
    encoded = base64.b64encode(b"\x30" + bytes([len(inner)]) + inner).decode()
    return f"-----BEGIN EC PRIVATE KEY-----\n{encoded}\n-----END EC PRIVATE KEY-----\n"


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _json(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
