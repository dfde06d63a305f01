"""What a new site is to be: everything that can be wrong is said before a cluster is asked."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from reconciler import settings
from reconciler.app.bootstrap import wanted
from reconciler.documents import dump
from reconciler.model.errors import UsageError
from tests.adapters.ssh import fake
from tests.adapters.ssh.test_known_hosts import key
from tests.app.bootstrap import build

SSH = "git@git.example.com:fleet.git"


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """Paths of a key, a token, known_hosts with more than is needed, and a certificate."""
    public = key(tmp_path / "key")
    (tmp_path / "token").write_text("me:s3cret\n")
    (tmp_path / "hosts").write_text(f"private.example.com {public}\ngit.example.com {public}\n")
    (tmp_path / "ca").write_text("-----BEGIN CERTIFICATE-----\n")
    return {name: str(tmp_path / name) for name in ("key", "token", "hosts", "ca")}


def test_the_configuration_is_one_that_the_agent_reads(
    files: dict[str, str], tmp_path: Path
) -> None:
    made = build.read(
        repo=SSH,
        branch="stable",
        interval="1h",
        ssh_key_file=files["key"],
        known_hosts_file=files["hosts"],
        status_remote="https://git.example.com/status.git",
        status_token_file=files["token"],
        ca_file=files["ca"],
    )
    file = tmp_path / "config.yaml"
    file.write_text(dump.dump(wanted.configuration(made)))
    found = settings.read(file, {}, {})
    assert (str(found.site), found.url, found.branch, found.poll) == (
        "north/one",
        SSH,
        "stable",
        3600,
    )
    assert found.credentials == settings.Credentials(
        ssh_key_file="/var/run/secrets/fleet-reconciler/ssh-key",
        known_hosts_file="/etc/fleet-reconciler/known_hosts",
        ca_file="/etc/fleet-reconciler/ca.crt",
    )
    assert found.status_remote == "https://git.example.com/status.git"
    assert found.status_credentials.token_file == "/var/run/secrets/fleet-reconciler/status-token"
    assert set(made.secret) == {"ssh-key", "status-token"}
    assert set(made.public) == {"known_hosts", "ca.crt"}


def test_of_a_known_hosts_only_the_lines_about_the_remote_are_taken(files: dict[str, str]) -> None:
    made = build.read(repo=SSH, ssh_key_file=files["key"], known_hosts_file=files["hosts"])
    (line,) = made.public["known_hosts"].decode().splitlines()
    assert line.startswith("git.example.com ")


def test_host_keys_are_shown_and_confirmed_and_then_pinned(
    files: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    public = key(tmp_path / "host")
    fake.keyscan(tmp_path / "bin", f"git.example.com {public}\n")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    shown: list[str] = []

    def agree(text: str) -> bool:
        shown.append(text)
        return True

    asked = build.options(repo=SSH, ssh_key_file=files["key"])
    made = wanted.read(asked, agree)
    assert made.public["known_hosts"].decode() == f"git.example.com {public}\n"
    (text,) = shown
    assert "git.example.com shows these host keys" in text and "SHA256:" in text
    with pytest.raises(UsageError, match="were not confirmed: nothing is done"):
        wanted.read(asked, lambda _: False)


def test_without_anybody_to_ask_a_file_of_host_keys_is_required(files: dict[str, str]) -> None:
    with pytest.raises(UsageError, match=r"host keys of \[git\.example\.com\]:2222 are needed"):
        build.read(repo="ssh://git@git.example.com:2222/fleet.git", ssh_key_file=files["key"])


def test_a_known_hosts_without_the_remote_is_refused(files: dict[str, str]) -> None:
    with pytest.raises(UsageError, match=r"hosts has no key of \[git\.example\.com\]:2222"):
        build.read(
            repo="ssh://git@git.example.com:2222/fleet.git",
            ssh_key_file=files["key"],
            known_hosts_file=files["hosts"],
        )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"site": "north"}, "is not REGION/SITE"),
        ({"repo": "http://git.example.com/x"}, "a remote's URL must be"),
        ({"repo": "https://me:pass@git.example.com/x"}, "no credentials in a remote's URL"),
        ({"status_remote": "ftp://x/y"}, "a remote's URL must be"),
        ({"branch": "a..b"}, "is not a branch's name"),
        ({"interval": "5"}, "--interval: '5' is not a duration"),
        ({"image": "Registry/x:1"}, "is no image's reference"),
        ({"image": "registry.example.com/x"}, "needs a tag other than latest"),
        ({"image": "registry.example.com:5000/x"}, "needs a tag other than latest"),
        ({"image": "x:latest"}, "fails while the link is down"),
        ({"memory": "lots"}, "--memory: 'lots' is no quantity"),
        ({"cpu": "-1"}, "--cpu: '-1' is no quantity"),
        ({"storage_class": "a b"}, "--storage-class: 'a b' is no name"),
        ({"on_node": True, "storage": "1Gi"}, "needs neither --storage nor"),
        ({"repo": SSH}, "give --ssh-key-file"),
        ({"repo": SSH, "token_file": "x"}, "is reached by ssh, which takes --ssh-key-file"),
        ({"ssh_key_file": "x"}, "is not reached by ssh, it takes --token-file"),
        ({"status_remote": SSH}, "give --status-ssh-key-file"),
        ({"token_file": "/nowhere"}, "/nowhere cannot be read: No such file"),
    ],
)
def test_what_is_wrong_is_said(given: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError) as refused:
        build.read(**given)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    "image", ["x:1", "registry.example.com:5000/a/b_c:v1.2", "a/b@sha256:" + "0" * 64]
)
def test_an_image_may_lie_anywhere_if_it_is_fixed(image: str) -> None:
    assert build.read(image=image).options.image == image


def test_a_folder_is_its_url(tmp_path: Path) -> None:
    assert build.read(repo=str(tmp_path)).repo == f"file://{tmp_path}"


def test_an_agent_outside_is_given_no_credentials(tmp_path: Path) -> None:
    made = build.read(repo=SSH, outside=True)
    assert (made.secret, made.public) == ({}, {})


def test_a_key_is_handed_on_as_ssh_reads_it(files: dict[str, str], tmp_path: Path) -> None:
    content = Path(files["key"]).read_bytes()
    spoiled = tmp_path / "spoiled"
    spoiled.write_bytes(content.replace(b"\n", b"\r\n").rstrip() + b"\n\n")
    made = build.read(repo=SSH, ssh_key_file=str(spoiled), known_hosts_file=files["hosts"])
    assert made.secret["ssh-key"] == content


@pytest.mark.parametrize("form", ["RFC4716", "PKCS8", "PEM"])
def test_a_key_with_a_passphrase_is_refused(form: str, tmp_path: Path) -> None:
    file = tmp_path / "locked"
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ecdsa", "-N", "secret", "-m", form, "-f", file], check=True
    )
    with pytest.raises(UsageError, match="has a passphrase, which nobody can type on site"):
        build.read(repo=SSH, ssh_key_file=str(file))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("ssh-ed25519 AAAA", "does not hold a private key (it looks like the public half)"),
        ("hunter2", "does not hold a private key"),
        ("x" * 70_000, "is larger than"),
    ],
)
def test_what_is_no_key_is_refused_and_not_repeated(
    content: str, message: str, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_text(content)
    with pytest.raises(UsageError) as refused:
        build.read(repo=SSH, ssh_key_file=str(file))
    assert message in str(refused.value) and content not in str(refused.value)


def test_a_token_that_is_none_is_refused_and_not_repeated(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("hunter2 and more\n")
    with pytest.raises(UsageError) as refused:
        build.read(token_file=str(file))
    assert "hunter2" not in str(refused.value)


def test_a_private_key_among_certificates_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "ca"
    file.write_text("-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n")
    with pytest.raises(UsageError, match="holds a private key beside certificates"):
        build.read(ca_file=str(file))


def test_secrets_are_in_no_words_about_a_value(files: dict[str, str]) -> None:
    assert "s3cret" not in repr(build.read(token_file=files["token"]))
