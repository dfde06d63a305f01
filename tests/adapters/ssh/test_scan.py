"""A host is asked for its keys, once, and what it says is taken for no more than that."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reconciler.adapters import ssh
from reconciler.model.errors import SourceUnavailable, UsageError
from tests.adapters.ssh import fake
from tests.adapters.ssh.test_known_hosts import key
from tests.controlplane.plane import free_port


def test_each_kind_of_key_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ed, rsa = key(tmp_path / "ed"), key(tmp_path / "rsa", "rsa")
    answer = f"# a banner\n[x]:2222 {rsa}\n[x]:2222 {ed}\n[x]:2222 {ed}\nnonsense\n"
    calls = fake.keyscan(tmp_path / "bin", answer)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    place = ssh.Place(host="git.example.com", port=2222)
    found = ssh.scan(place)
    assert [each.line for each in found] == [f"{place.name} {ed}", f"{place.name} {rsa}"]
    assert calls.read_text() == "-T 10 -p 2222 -t ed25519,ecdsa,rsa git.example.com\n"


def test_a_host_that_is_not_there_is_said_to_give_none() -> None:
    with pytest.raises(SourceUnavailable, match="gave no host key: is it an ssh server"):
        ssh.scan(ssh.Place(host="127.0.0.1", port=free_port()))


@pytest.mark.parametrize("host", ["-f", "", "a b", "a,b"])
def test_what_is_no_host_is_not_asked(host: str) -> None:
    with pytest.raises(UsageError, match="is no host's name"):
        ssh.scan(ssh.Place(host=host))


def test_without_the_program_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="there is no ssh-keyscan here"):
        ssh.scan(ssh.Place(host="git.example.com"))
