"""Names of remotes and branches, checked before git sees them."""

from __future__ import annotations

import re
import urllib.parse

from reconciler.model.errors import UsageError

_FORMS = "https://, ssh://, git@host:path, file:// or an absolute path"
_SCP = re.compile(r"(?:[A-Za-z0-9._-]+@)?[A-Za-z0-9][A-Za-z0-9.-]*:[^:\s][^\s]*")
_HOST = re.compile(r"[A-Za-z0-9\[][A-Za-z0-9.:\]-]*")
_USER = re.compile(r"[A-Za-z0-9._-]+")
_BRANCH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/+=-]*")
_BAD_BRANCH = re.compile(r"\.\.|//|/\.|\.lock(/|$)|[./]$")


def normalise(url: str) -> str:
    """The URL as git gets it; an absolute path becomes ``file://``. Raises UsageError."""
    if url.startswith("/") and url.isprintable():
        return "file://" + urllib.parse.quote(url)
    if not url or not url.isprintable() or any(c in url for c in " \"'\\"):
        raise UsageError(f"a remote's URL must be {_FORMS}, without spaces and quotes")
    if "://" not in url:
        if _SCP.fullmatch(url) and "::" not in url:
            return url
        raise UsageError(f"a remote's URL must be {_FORMS}")
    return _checked(url)


def _checked(url: str) -> str:
    try:
        parts = urllib.parse.urlsplit(url)
        port = parts.port
    except ValueError:
        raise UsageError("the remote's URL cannot be read") from None
    if parts.scheme not in ("https", "ssh", "file"):
        raise UsageError(f"a remote's URL must be {_FORMS}, not {parts.scheme[:20]}://")
    if parts.scheme == "file":
        if parts.netloc or not parts.path.startswith("/"):
            raise UsageError("a file:// URL has three slashes and an absolute path")
        return url
    if parts.password is not None or (parts.scheme == "https" and parts.username is not None):
        # A token in the place of the user name is common, so that a name alone is refused too.
        raise UsageError("no credentials in a remote's URL: name a tokenFile or an sshKeyFile")
    if parts.query or parts.fragment:
        raise UsageError("a remote's URL has no query and no fragment")
    if port == 0 or not _HOST.fullmatch(parts.netloc.rpartition("@")[2]):
        raise UsageError("the remote's URL names no host")
    if parts.username is not None and not _USER.fullmatch(parts.username):
        raise UsageError(
            "the user in the remote's URL holds other characters than letters, digits, ._-"
        )
    return url


def origin(url: str) -> str:
    """``https://HOST[:PORT]/`` of an https URL, ``""`` for every other."""
    parts = urllib.parse.urlsplit(url) if url.startswith("https://") else None
    return f"https://{parts.netloc}/" if parts else ""


def ssh_server(url: str) -> tuple[str, int] | None:
    """Host and port of a normalised URL that is reached by ssh, None of every other."""
    if url.startswith("ssh://"):
        parts = urllib.parse.urlsplit(url)
        return (parts.hostname or "", parts.port or 22)
    if "://" in url:
        return None
    return (url.partition(":")[0].rpartition("@")[2], 22)


def check_branch(branch: str) -> str:
    """The branch's name as given. Raises UsageError for what cannot be one."""
    if not _BRANCH.fullmatch(branch) or _BAD_BRANCH.search(branch) or len(branch) > 200:
        raise UsageError(f"{branch[:60]!r} is not a branch's name")
    return branch
