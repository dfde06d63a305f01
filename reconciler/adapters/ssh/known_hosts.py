"""known_hosts, as sshd(8) describes its lines: text in, answers out."""

from __future__ import annotations

import base64
import binascii
import fnmatch
import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass

_TYPE = re.compile(r"[a-z0-9@.-]{1,64}")
_REVOKED = "@revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An ssh server."""

    host: str
    port: int = 22

    @property
    def name(self) -> str:
        """As known_hosts writes it: the port only where it is another than usual."""
        return self.host if self.port == 22 else f"[{self.host}]:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostKey:
    """A host's public key; ``blob`` is its base64."""

    place: Place
    type: str
    blob: str

    @property
    def line(self) -> str:
        return f"{self.place.name} {self.type} {self.blob}"

    @property
    def fingerprint(self) -> str:
        """As ssh shows it: ``SHA256:...``."""
        digest = hashlib.sha256(base64.b64decode(self.blob)).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """``marker`` is ``""``, ``@cert-authority`` or ``@revoked``."""

    text: str
    marker: str
    patterns: str
    type: str
    blob: str


def keys(text: str, place: Place) -> tuple[HostKey, ...]:
    """The keys of one host in known_hosts' form; lines of another form are left out."""
    found = {}
    for line in _lines(text):
        if not line.marker and _TYPE.fullmatch(line.type) and _is_key(line.blob, line.type):
            found[line.type] = HostKey(place=place, type=line.type, blob=line.blob)
    return tuple(found[type_] for type_ in sorted(found))


def about(text: str, place: Place) -> tuple[str, ...]:
    """The lines about one host, revoked keys too; none where no line has a key or an authority."""
    found = [
        (line.marker, line.text)
        for line in _lines(text)
        if _is_named(line.patterns, place.name) and _is_key(line.blob, line.type)
    ]
    if all(marker == _REVOKED for marker, _ in found):
        return ()
    return tuple(line for _, line in found)


def _lines(text: str) -> Iterator[_Line]:
    for line in text.splitlines():
        words = line.split()
        marker = words.pop(0) if words and words[0].startswith("@") else ""
        if len(words) >= 3 and not words[0].startswith("#"):
            yield _Line(
                text=line.strip(), marker=marker, patterns=words[0], type=words[1], blob=words[2]
            )


def _is_key(blob: str, type_: str) -> bool:
    """The key's own bytes begin with the name of its type."""
    try:
        raw = base64.b64decode(blob, validate=True)
    except (binascii.Error, ValueError):
        return False
    return raw[4 : 4 + len(type_)] == type_.encode()


def _is_named(patterns: str, name: str) -> bool:
    if patterns.startswith("|"):
        return _is_hashed(patterns, name)
    found = False
    for pattern in patterns.lower().split(","):
        # fnmatch knows sets in brackets, which known_hosts does not: there they are a port's.
        escaped = pattern.removeprefix("!").replace("[", "[[]")
        if fnmatch.fnmatchcase(name.lower(), escaped):
            if pattern.startswith("!"):
                return False
            found = True
    return found


def _is_hashed(words: str, name: str) -> bool:
    """``|1|SALT|HASH``, an HMAC-SHA1 of the name."""
    _, version, *rest = words.split("|")
    if version != "1" or len(rest) != 2:
        return False
    try:
        salt, digest = (base64.b64decode(word, validate=True) for word in rest)
    except (binascii.Error, ValueError):
        return False
    return hmac.compare_digest(hmac.new(salt, name.encode(), "sha1").digest(), digest)
