"""Files that let an agent in: read once, looked at, never repeated in an error."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

from reconciler.model.errors import UsageError

CA = "ca.crt"
_LARGEST = 64 * 1024  # bytes
_OPENSSH = b"openssh-key-v1\0"


def ssh_key(path: str) -> bytes:
    """A private key, as ssh reads it. Raises UsageError, of one with a passphrase too."""
    # ssh reads no key with \r in it, nor one whose last line has no end.
    content = read(path).replace(b"\r\n", b"\n").strip() + b"\n"
    first = content.split(b"\n", 1)[0]
    if not (first.startswith(b"-----BEGIN ") and first.endswith(b"PRIVATE KEY-----")):
        hint = (
            " (it looks like the public half)" if content.startswith((b"ssh-", b"ecdsa-")) else ""
        )
        raise UsageError(f"{path} does not hold a private key{hint}")
    if _is_locked(content):
        raise UsageError(
            f"the key in {path} has a passphrase, which nobody can type on site: make one for"
            " this site alone, with ssh-keygen -t ed25519 -N ''"
        )
    return content


def token(path: str) -> bytes:
    """``TOKEN`` or ``USER:TOKEN``."""
    content = read(path).strip()
    if not content or not content.isascii() or len(content.split()) != 1:
        raise UsageError(f"{path} does not hold one line with a token")
    return content


def authorities(path: str) -> bytes:
    """Certificates of authorities, as PEM."""
    content = read(path)
    if b"-----BEGIN CERTIFICATE-----" not in content:
        raise UsageError(f"{path} holds no certificate")
    if b"PRIVATE KEY-----" in content:
        raise UsageError(f"{path} holds a private key beside certificates: it is not secret there")
    return content


def read(path: str) -> bytes:
    """A small file. Raises UsageError."""
    try:
        with Path(path).open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    if len(content) > _LARGEST:
        raise UsageError(f"{path} is larger than {_LARGEST} bytes")
    return content


def _is_locked(content: bytes) -> bool:
    if b"ENCRYPTED" in content:  # in the first line of PKCS 8, in a header of older forms
        return True
    try:
        raw = base64.b64decode(b"".join(content.split(b"\n")[1:-2]))
    except (binascii.Error, ValueError):
        return False
    if not raw.startswith(_OPENSSH):
        return False
    # What follows is the cipher's name, behind its length.
    at = len(_OPENSSH) + 4
    return raw[at : at + 4] != b"none"
