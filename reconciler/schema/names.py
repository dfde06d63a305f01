"""Names as the API server accepts them: each rule says in words what is wrong, or ``""``.

Called with what a stranger wrote, so every pattern runs in linear time and no message quotes
more than a line of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

Rule = Callable[[str], str]

_LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?")
_LETTER_LABEL = re.compile(r"[a-z](?:[-a-z0-9]*[a-z0-9])?")
_WORD = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?")
_KIND = re.compile(r"[A-Za-z](?:[-A-Za-z0-9]*[A-Za-z0-9])?")
_VERSION = _LETTER_LABEL


def label(text: str) -> str:
    """A DNS label, as namespaces have it."""
    if len(text) <= 63 and _LABEL.fullmatch(text):
        return ""
    return "must be 1 to 63 of a-z, 0-9 and '-', and begin and end with a letter or digit"


def letter_label(text: str) -> str:
    """A DNS label that begins with a letter, as Services have it."""
    if len(text) <= 63 and _LETTER_LABEL.fullmatch(text):
        return ""
    return (
        "must be 1 to 63 of a-z, 0-9 and '-', begin with a letter, and end with a letter or digit"
    )


def subdomain(text: str) -> str:
    """A DNS subdomain, as most objects have it."""
    if len(text) <= 253 and all(_LABEL.fullmatch(part) for part in text.split(".")):
        return ""
    return (
        "must be 1 to 253 of a-z, 0-9, '-' and '.', and each part between dots must begin and end"
        " with a letter or digit"
    )


def path_segment(text: str) -> str:
    """What every name obeys, as it becomes part of a URL; RBAC objects have no other rule."""
    if text in ("", ".", ".."):
        return "must not be empty, '.' or '..'"
    if "/" in text or "%" in text:
        return "must not contain '/' or '%'"
    if len(text) > 253 or not text.isprintable():
        return "must be at most 253 printable characters"
    return ""


def word(text: str) -> str:
    if len(text) <= 63 and _WORD.fullmatch(text):
        return ""
    return (
        "must be 1 to 63 letters, digits, '-', '_' and '.', and begin and end with a letter or"
        " digit"
    )


def qualified(text: str) -> str:
    """The key of a label or annotation: ``[PREFIX/]NAME``."""
    prefix, slash, name = text.rpartition("/")
    if slash and subdomain(prefix):
        return f"has a prefix that {subdomain(prefix)}"
    return f"has a name that {word(name)}" if word(name) else ""


def label_value(text: str) -> str:
    """A word, or nothing."""
    return word(text) if text else ""


def kind(text: str) -> str:
    if len(text) <= 63 and _KIND.fullmatch(text):
        return ""
    return "must be 1 to 63 letters and digits, and begin with a letter"


def api_version(text: str) -> str:
    """``VERSION`` for the core group, ``GROUP/VERSION`` for the others."""
    group, slash, version = text.rpartition("/")
    if slash and subdomain(group):
        return "must be VERSION or GROUP/VERSION, where GROUP is a DNS subdomain"
    if len(version) <= 63 and _VERSION.fullmatch(version):
        return ""
    return "must be VERSION or GROUP/VERSION, where VERSION is as in v1 or v1beta1"


def group_kind(text: str) -> str:
    """``KIND[.GROUP]``."""
    name, dot, group = text.partition(".")
    if not kind(name) and (not dot or not subdomain(group)):
        return ""
    return "must be KIND.GROUP, as in Ingress.networking.k8s.io, or KIND for the core group"


def pattern(text: str) -> str:
    """An object's name in which ``*`` stands for any run of characters."""
    return path_segment(text.replace("*", "x"))


def file_word(text: str) -> str:
    """A file's name without its ending."""
    return "" if len(text) <= 63 and _LABEL.fullmatch(text) else label(text)
