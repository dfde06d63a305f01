"""known_hosts is read as OpenSSH reads it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from reconciler.adapters.ssh import Place, about, known_hosts

GIT = Place(host="git.example.com")
ODD = Place(host="git.example.com", port=2222)


@pytest.fixture
def public(tmp_path: Path) -> str:
    """A public key: its type and base64."""
    return key(tmp_path / "key")


def key(path: Path, kind: str = "ed25519") -> str:
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", path], check=True)
    return " ".join(path.with_suffix(".pub").read_text().split()[:2])


@pytest.mark.parametrize(
    ("patterns", "place", "found"),
    [
        ("git.example.com", GIT, True),
        ("git.example.com", ODD, False),
        ("[git.example.com]:2222", ODD, True),
        ("[git.example.com]:2222", GIT, False),
        ("other.example.com,GIT.example.com", GIT, True),
        ("*.example.com", GIT, True),
        ("g?t.example.com", GIT, True),
        ("*.example.com,!git.example.com", GIT, False),
        ("!other.example.com,*.example.com", GIT, True),
        ("git.example.org", GIT, False),
        ("|1|nonsense|nonsense", GIT, False),
        ("|2|bm8=|bm8=", GIT, False),
    ],
)
def test_the_lines_about_a_host_are_those_that_ssh_finds(
    patterns: str, place: Place, found: bool, public: str, tmp_path: Path
) -> None:
    line = f"{patterns} {public}"
    assert about(line, place) == ((line,) if found else ())
    file = tmp_path / "known_hosts"
    file.write_text(line + "\n")
    theirs = subprocess.run(
        ["ssh-keygen", "-F", place.name, "-f", file], capture_output=True, text=True, check=False
    )
    assert (patterns in theirs.stdout) is found


def test_hashed_names_are_found(public: str, tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    file.write_text(f"{GIT.name} {public}\n{ODD.name} {public}\n")
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", file], check=True, capture_output=True)
    text = file.read_text()
    assert "example" not in text
    assert about(text, GIT) == (text.splitlines()[0],)
    assert about(text, ODD) == (text.splitlines()[1],)
    assert about(text, Place(host="elsewhere")) == ()


def test_an_authority_counts_and_a_revoked_key_alone_does_not(public: str) -> None:
    authority, revoked = f"@cert-authority *.example.com {public}", f"@revoked * {public}"
    assert about(revoked, GIT) == ()
    assert about(f"{revoked}\n{authority}", GIT) == (revoked, authority)


@pytest.mark.parametrize("line", ["# a comment about git.example.com", "git.example.com", ""])
def test_what_holds_no_key_is_passed_over(line: str) -> None:
    assert about(line, GIT) == ()


@pytest.mark.parametrize(
    "rest", ["ssh-ed25519 !!!!", "ssh-ed25519 AAAA", "ssh-rsa c3NoLWVkMjU1MTk="]
)
def test_what_is_no_key_of_its_type_does_not_count(rest: str) -> None:
    assert about(f"git.example.com {rest}", GIT) == ()
    assert known_hosts.keys(f"git.example.com {rest}", GIT) == ()


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_a_fingerprint_is_that_of_ssh(kind: str, tmp_path: Path) -> None:
    public = key(tmp_path / kind, kind)
    (found,) = known_hosts.keys(f"whatever {public}", ODD)
    shown = subprocess.run(
        ["ssh-keygen", "-l", "-f", tmp_path / f"{kind}.pub"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.fingerprint == shown.stdout.split()[1]
    assert found.line == f"[git.example.com]:2222 {public}"
