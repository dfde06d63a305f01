"""Who we are is read from files, and read again when they change."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from kubernetes.client import ApiClient, Configuration
from kubernetes.config import incluster_config

from reconciler.adapters import kube
from reconciler.adapters.kube import login
from reconciler.model import errors
from tests.adapters.kube.stub import Stub, document, refusal

VERSION = document({"gitVersion": "v1.34.2"})
REFUSED = refusal(401, "Unauthorized")


@pytest.fixture
def stub() -> Iterator[Stub]:
    server = Stub(lambda asked: VERSION if asked.headers.get("authorization") else REFUSED)
    yield server
    server.close()


def tokens(stub: Stub) -> list[str]:
    return [asked.headers.get("authorization", "") for asked in stub.asked]


def test_a_changed_kubeconfig_is_read_again(stub: Stub, tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    cluster = kube.connect(stub.kubeconfig(path, "one"), "")
    cluster.version()
    stub.kubeconfig(path, "another")
    cluster.version()
    cluster.close()
    assert tokens(stub) == ["Bearer one", "Bearer another"]


def test_a_changed_token_file_is_read_again(stub: Stub, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("one\n")
    path = tmp_path / "kubeconfig"
    document = json.loads(Path(stub.kubeconfig(path)).read_text())
    document["users"][0]["user"] = {"tokenFile": "token"}  # relative to the kubeconfig
    path.write_text(json.dumps(document))
    cluster = kube.connect(str(path), "")
    cluster.version()
    (tmp_path / "token").write_text("another\n")
    cluster.version()
    cluster.close()
    assert tokens(stub) == ["Bearer one", "Bearer another"]


def test_refused_credentials_are_told_and_recover_without_a_restart(
    stub: Stub, tmp_path: Path
) -> None:
    path = tmp_path / "kubeconfig"
    cluster = kube.connect(stub.kubeconfig(path), "")
    with pytest.raises(errors.ClusterUnavailable, match="refused our credentials"):
        cluster.version()
    stub.kubeconfig(path, "good")
    assert cluster.version() == "v1.34.2"
    cluster.close()


def test_a_kubeconfig_that_broke_is_unavailable_until_it_is_mended(
    stub: Stub, tmp_path: Path
) -> None:
    path = tmp_path / "kubeconfig"
    cluster = kube.connect(stub.kubeconfig(path, "good"), "")
    path.write_text("users: [")
    with pytest.raises(errors.ClusterUnavailable, match="not valid YAML"):
        cluster.version()
    stub.kubeconfig(path, "good")
    assert cluster.version() == "v1.34.2"
    cluster.close()


def test_the_pods_service_account_is_used_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text("pod\n")
    (tmp_path / "ca.crt").write_text("not looked at before a connection is made")
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(tmp_path / "ca.crt"))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    pod = login.Login("", "")
    session, headers = pod.current()
    assert (session.server, headers["authorization"]) == ("https://10.0.0.1:443", "bearer pod")
    (tmp_path / "token").write_text("pod, an hour later\n")
    assert pod.current()[1]["authorization"] == "bearer pod, an hour later"


def test_without_a_pod_the_usual_places_are_read(
    stub: Stub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path / 'absent'}:{stub.kubeconfig(tmp_path / 'kc')}")
    assert login.Login("", "").current()[0].server == stub.url


SECRET = "s3cr3t"
BROKEN = [
    "users: [{name: u, user: {token: s3cr3t",
    "s3cr3t",
    "[]",
    "",
    "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
    "clusters: [{name: k, cluster: {server: 'http://x'}}]\nusers: [{name: u, token: s3cr3t}]\n",
    "current-context: absent\ncontexts: []\nusers: [{name: u, user: {token: s3cr3t}}]",
]


@pytest.mark.parametrize("text", BROKEN)
def test_a_kubeconfig_that_cannot_be_used_is_the_operators_error_and_is_not_quoted(
    text: str, tmp_path: Path
) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(text)
    with pytest.raises(errors.UsageError) as caught:
        kube.connect(str(path), "")
    assert str(path) in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_context_that_does_not_exist_is_named(stub: Stub, tmp_path: Path) -> None:
    path = stub.kubeconfig(tmp_path / "kubeconfig", "t")
    with pytest.raises(errors.UsageError, match="elsewhere"):
        kube.connect(path, "elsewhere")


def test_no_user_or_password_of_the_address_is_shown() -> None:
    api = ApiClient(Configuration(host="https://user:password@example.invalid:6443"))
    assert login.Session(api=api, files=(), read_at=0.0).server == "https://example.invalid:6443"


def test_a_kubeconfig_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "none"
    with pytest.raises(errors.UsageError, match=f"there is no kubeconfig {path}:"):
        kube.connect(str(path), "")
