"""What of git's words may be repeated: few printable lines, and no credential in them."""

from __future__ import annotations

import re

_LINES = 4
_LENGTH = 400
_USERINFO = re.compile(r"(?<=://)[^/\s'\"@]*@")
_HEADER = re.compile(r"(?i)(authorization)\s*[:=].*")
_NOISE = ("hint:", "warning: redirecting", "warning: lazy fetching")


def clean(text: bytes | str, secrets: tuple[str, ...] = ()) -> str:
    """One bounded line out of git's stderr, without URL userinfo, headers or any of ``secrets``."""
    if isinstance(text, bytes):
        text = text[:65_536].decode("utf-8", "replace")
    for secret in secrets:
        text = text.replace(secret, "***")
    text = _HEADER.sub(r"\1: ***", _USERINFO.sub("", text))
    lines = [
        "".join(c if c.isprintable() else " " for c in line).strip() for line in text.split("\n")
    ]
    kept = [line for line in lines if line and not line.lower().startswith(_NOISE)]
    # The reason is in what git calls fatal or an error; what a server adds comes second.
    kept.sort(key=lambda line: not line.startswith(("fatal:", "error:", "!")))
    joined = "; ".join(kept[:_LINES])
    return joined if len(joined) <= _LENGTH else joined[: _LENGTH - 1] + "…"
