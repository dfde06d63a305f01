"""A kube-apiserver and its etcd on loopback, for this folder's tests."""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

TOKENS = {"admin": "admin-token", "limited": "limited-token"}
GROUPS = {"admin": '"system:masters"', "limited": '"nobodies"'}


def poll(condition: Callable[[], object], seconds: float = 30.0) -> bool:
    """Whether ``condition`` came true within ``seconds``; looked at every 20 ms."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if condition():
            return True
        pause.wait(0.02)
    return bool(condition())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class ControlPlane:
    """One etcd, and a kube-apiserver that can be stopped and started on the same port."""

    def __init__(self, folder: Path, gates: str = "") -> None:
        self._folder = folder
        self._gates = gates
        self._assets = Path(os.environ["KUBEBUILDER_ASSETS"])
        self.port = free_port()
        self._etcd_port = free_port()
        self._etcd: subprocess.Popen[bytes] | None = None
        self._server: subprocess.Popen[bytes] | None = None
        self._write_files()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def ca_file(self) -> Path:
        return self._folder / "certs" / "apiserver.crt"

    @property
    def audit_file(self) -> Path:
        return self._folder / "audit.log"

    def start(self) -> None:
        client_url = f"http://127.0.0.1:{self._etcd_port}"
        peer_url = f"http://127.0.0.1:{free_port()}"
        self._etcd = self._spawn(
            "etcd",
            "--data-dir=" + str(self._folder / "etcd"),
            "--unsafe-no-fsync",
            f"--listen-client-urls={client_url}",
            f"--advertise-client-urls={client_url}",
            f"--listen-peer-urls={peer_url}",
            f"--initial-advertise-peer-urls={peer_url}",
            f"--initial-cluster=default={peer_url}",
            "--log-level=error",
        )
        self.start_server()

    def start_server(self) -> None:
        certs = self._folder / "certs"
        gates = [f"--feature-gates={self._gates}"] if self._gates else []
        self._server = self._spawn(
            "kube-apiserver",
            f"--etcd-servers=http://127.0.0.1:{self._etcd_port}",
            "--bind-address=127.0.0.1",
            f"--secure-port={self.port}",
            f"--cert-dir={certs}",
            f"--token-auth-file={self._folder / 'tokens.csv'}",
            "--authorization-mode=RBAC",
            f"--service-account-key-file={certs / 'sa.key'}",
            f"--service-account-signing-key-file={certs / 'sa.key'}",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--disable-admission-plugins=ServiceAccount",
            f"--audit-policy-file={self._folder / 'audit.yaml'}",
            f"--audit-log-path={self.audit_file}",
            *gates,
        )
        assert poll(self._ready, 60), (self._folder / "kube-apiserver.log").read_text()[-2000:]

    def stop_server(self) -> None:
        self._end(self._server)

    def kill_server(self) -> None:
        """As a power cut would end it: no stream is closed in order."""
        assert self._server is not None
        self._server.kill()
        self._server.wait()

    def stop(self) -> None:
        self._end(self._server)
        self._end(self._etcd)

    def kubeconfig(self, path: Path, user: str = "admin", token_file: str = "") -> str:
        """Write a kubeconfig for one of TOKENS' users, or with a token file; its path."""
        login = f"tokenFile: {token_file}" if token_file else f"token: {TOKENS[user]}"
        path.write_text(
            f"""apiVersion: v1
kind: Config
current-context: test
contexts: [{{name: test, context: {{cluster: test, user: test}}}}]
clusters:
- name: test
  cluster: {{server: "{self.url}", certificate-authority: {self.ca_file}}}
users:
- name: test
  user: {{{login}}}
"""
        )
        return str(path)

    def _write_files(self) -> None:
        certs = self._folder / "certs"
        certs.mkdir(parents=True)
        subprocess.run(
            ["openssl", "genrsa", "-out", certs / "sa.key", "2048"],
            check=True,
            capture_output=True,
        )
        rows = [f"{TOKENS[user]},{user},{user},{GROUPS[user]}" for user in TOKENS]
        (self._folder / "tokens.csv").write_text("\n".join(rows) + "\n")
        (self._folder / "audit.yaml").write_text(
            "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [ResponseStarted,"
            " ResponseComplete]\nrules: [{level: Metadata}]\n"
        )

    def _spawn(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (self._folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [self._assets / name, *arguments], stdout=log, stderr=log, cwd=self._folder
            )

    def _end(self, process: subprocess.Popen[bytes] | None) -> None:
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _ready(self) -> bool:
        if not self.ca_file.exists():
            return False
        trust = ssl.create_default_context(cafile=str(self.ca_file))
        link = http.client.HTTPSConnection("127.0.0.1", self.port, context=trust, timeout=5)
        try:
            link.request("GET", "/readyz", headers={"authorization": f"Bearer {TOKENS['admin']}"})
            return link.getresponse().status == 200
        except OSError:
            return False
        finally:
            link.close()
