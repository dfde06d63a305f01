"""HTTPS and ssh as sites use them: trust, tokens that change, nothing secret said or shown."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.adapters.git import Credentials, Mirror, NotesPusher, read_notes
from reconciler.model.errors import MissingBlobs, SourceUnavailable
from tests.adapters.git.build import SITE, Remote
from tests.adapters.git.servers import HttpsServer, fake_ssh

TOKEN = "s3cr3t-t0ken"


def _basic(pair: str) -> str:
    return "Basic " + base64.b64encode(pair.encode()).decode()


@pytest.fixture
def server(tmp_path: Path, remote: Remote) -> Iterator[HttpsServer]:
    with HttpsServer(remote.folder.parent, tmp_path) as running:
        yield running


def _mirror(folder: Path, server: HttpsServer, token_file: str = "") -> Mirror:
    credentials = Credentials(ca_file=str(server.certificate), token_file=token_file)
    return Mirror(folder, f"{server.url}/remote.git", "main", credentials, deadline=30)


def test_a_partial_fetch_and_its_blobs_travel_over_https(
    tmp_path: Path, remote: Remote, server: HttpsServer
) -> None:
    remote.commit({"a/b": "text"})
    mirror = _mirror(tmp_path / "m.git", server)
    tree = mirror.tree(mirror.fetch().commit)
    with pytest.raises(MissingBlobs) as missed:
        tree.read("a/b")
    mirror.fetch_blobs(missed.value.ids)
    assert tree.read("a/b") == b"text"
    mirror.close()


def test_a_certificate_that_is_not_trusted_is_refused(
    tmp_path: Path, remote: Remote, server: HttpsServer
) -> None:
    remote.commit({"a": "1"})
    mirror = Mirror(tmp_path / "m.git", f"{server.url}/remote.git", "main", Credentials())
    with pytest.raises(SourceUnavailable, match="certificate"):
        mirror.fetch()
    assert server.seen.asked == []


def test_a_token_that_changes_is_used_at_once_and_never_said(
    tmp_path: Path, remote: Remote, server: HttpsServer
) -> None:
    tip = remote.commit({"a": "1"})
    server.seen.authorization = _basic(f"x-access-token:{TOKEN}")
    token = tmp_path / "token"
    token.write_text("0ld-s3cret\n")
    mirror = _mirror(tmp_path / "m.git", server, str(token))
    with pytest.raises(SourceUnavailable) as refused:
        mirror.fetch()
    assert _basic("x-access-token:0ld-s3cret") in server.seen.headers  # the fault fired
    said = str(refused.value)
    assert "0ld-s3cret" not in said and _basic("x-access-token:0ld-s3cret").split()[1] not in said
    token.write_text(TOKEN + "\n")
    assert mirror.fetch().commit == tip
    stored = b"".join(p.read_bytes() for p in (tmp_path / "m.git").rglob("*") if p.is_file())
    assert TOKEN.encode() not in stored
    mirror.close()


def test_a_token_file_may_name_its_user(
    tmp_path: Path, remote: Remote, server: HttpsServer
) -> None:
    tip = remote.commit({"a": "1"})
    server.seen.authorization = _basic(f"deploy:{TOKEN}")
    (tmp_path / "token").write_text(f"deploy:{TOKEN}")
    assert _mirror(tmp_path / "m.git", server, str(tmp_path / "token")).fetch().commit == tip


@pytest.mark.parametrize("content", [b"", b"two words", b"two\nlines", b"\xff", b"x" * 20_000])
def test_a_token_file_that_holds_no_token_is_named_and_not_repeated(
    tmp_path: Path, server: HttpsServer, content: bytes
) -> None:
    token = tmp_path / "token"
    token.write_bytes(content)
    with pytest.raises(SourceUnavailable, match="token file") as refused:
        _mirror(tmp_path / "m.git", server, str(token)).fetch()
    assert "words" not in str(refused.value) and server.seen.asked == []


def test_a_missing_token_file_is_transient(tmp_path: Path, server: HttpsServer) -> None:
    with pytest.raises(SourceUnavailable, match="cannot be read"):
        _mirror(tmp_path / "m.git", server, str(tmp_path / "none")).fetch()


def test_a_token_is_never_an_argument(tmp_path: Path, remote: Remote, server: HttpsServer) -> None:
    remote.commit({"a": "1"})
    (tmp_path / "token").write_text(TOKEN)
    server.seen.authorization = _basic(f"x-access-token:{TOKEN}")
    mirror = _mirror(tmp_path / "m.git", server, str(tmp_path / "token"))
    stop, lines = threading.Event(), set[bytes]()
    watcher = threading.Thread(target=_watch_arguments, args=(stop, lines))
    watcher.start()
    try:
        for _ in range(5):
            mirror.fetch()
    finally:
        stop.set()
        watcher.join()
    mirror.close()
    assert any(b"fetch" in line for line in lines)  # the watcher saw git
    secrets = (TOKEN.encode(), base64.b64encode(f"x-access-token:{TOKEN}".encode()))
    assert not [line for line in lines if any(secret in line for secret in secrets)]


def _watch_arguments(stop: threading.Event, lines: set[bytes]) -> None:
    while not stop.is_set():
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                with contextlib.suppress(OSError):  # it has ended
                    lines.add((folder / "cmdline").read_bytes())


def test_a_redirect_is_not_followed(tmp_path: Path, remote: Remote, server: HttpsServer) -> None:
    remote.commit({"a": "1"})
    server.seen.redirect = "https://127.0.0.1:1/elsewhere"
    with pytest.raises(SourceUnavailable):
        _mirror(tmp_path / "m.git", server).fetch()
    assert len(server.seen.asked) == 1


def test_notes_travel_over_https_with_a_token(
    tmp_path: Path, remote: Remote, server: HttpsServer
) -> None:
    tip = remote.commit({"a": "1"})
    (tmp_path / "token").write_text(TOKEN)
    server.seen.authorization = _basic(f"x-access-token:{TOKEN}")
    credentials = Credentials(ca_file=str(server.certificate), token_file=str(tmp_path / "token"))
    url = f"{server.url}/remote.git"
    notes = NotesPusher(tmp_path / "n.git", url, credentials, SITE)
    notes.push(tip, "state: Synced\n", f"{SITE} Synced {tip}", 5.0)
    (note,) = read_notes(url, credentials, None)
    assert (note.site, note.commit, note.text, note.time) == (SITE, tip, "state: Synced\n", 5.0)


@pytest.fixture
def ssh_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    record = fake_ssh(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    return record


def test_ssh_is_called_with_this_sites_key_and_known_hosts_only(
    tmp_path: Path, remote: Remote, ssh_calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_SECRET", TOKEN)
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    tip = remote.commit({"a": "1"})
    credentials = Credentials(ssh_key_file="/keys/it's mine", known_hosts_file="/keys/known hosts")
    mirror = Mirror(tmp_path / "m.git", f"git@host:{remote.folder}", "main", credentials)
    assert mirror.fetch().commit == tip
    mirror.close()
    arguments, environment = json.loads(ssh_calls.read_text().splitlines()[0])
    for option in ("BatchMode=yes", "StrictHostKeyChecking=yes", "IdentitiesOnly=yes"):
        assert f"-o{option}" in arguments
    assert any(a.startswith("-oConnectTimeout=") for a in arguments)
    assert arguments[arguments.index("-i") + 1] == "/keys/it's mine"
    assert 'UserKnownHostsFile="/keys/known hosts"' in arguments
    assert "git@host" in arguments
    assert TOKEN not in environment.values() and "RECONCILER_SECRET" not in environment


def test_an_ssh_url_is_served_too(tmp_path: Path, remote: Remote, ssh_calls: Path) -> None:
    tip = remote.commit({"a": "1"})
    url = f"ssh://git@host:2222{remote.folder}"
    mirror = Mirror(tmp_path / "m.git", url, "main", Credentials())
    assert mirror.fetch().commit == tip
    mirror.close()
    assert "2222" in json.loads(ssh_calls.read_text().splitlines()[0])[0]
