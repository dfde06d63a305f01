"""What a kind is called in the API server's URLs, and so in the rules of policies."""

from __future__ import annotations

_ODD = {"Endpoints": "endpoints"}


def plural(kind: str) -> str:
    """As Kubernetes itself guesses it; its own kinds are all called so (a test asks a server)."""
    if kind in _ODD:
        return _ODD[kind]
    word = kind.lower()
    if word.endswith("s"):
        return f"{word}es"
    return f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"
