"""Where a field stands in an object: paths as they are shown, and as the fleet's rules name them.

Shown: ``spec.containers[name=main].image``. In rules: ``/spec/containers/*/image``, or
``/spec/containers/[name=main]/image``; in names ``~1`` stands for ``/`` and ``~0`` for ``~``, as
in a JSON Pointer (RFC 6901), and besides ``~2`` for ``,`` and ``~3`` for ``[``. A rule's path
covers the field and all below it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

ANY = "*"
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST = 512  # characters of a rule's path
_DEEPEST = 64  # steps of it


@dataclass(frozen=True, slots=True, order=True)
class Item:
    """A list's item, told from others by some of its fields: ``[name=main]``."""

    keys: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return f"[{','.join(f'{name}={value}' for name, value in self.keys)}]"


@dataclass(frozen=True, slots=True, order=True)
class Element:
    """An item of a set: ``[="finalizer.example.com"]``; ``value`` is its JSON text."""

    value: str

    def __str__(self) -> str:
        return f"[={self.value}]"


Step = str | int | Item | Element
Path = tuple[Step, ...]


def show(path: Path) -> str:
    """As a person reads it; ``.`` for the whole object."""
    words = [_shown(step) for step in path]
    return "".join(words).removeprefix(".") or "."


def rule(path: Path) -> str:
    """The path as a rule names it; an item of no name of its own is ``*``.

    Where no rule can name it (an empty name, a path too long or too deep): what is above it.
    """
    found = ""
    for step in path[:_DEEPEST]:
        word = _ruled(step)
        if not word or len(found) + len(word) >= _LONGEST:
            break
        found += f"/{word}"
    return found


def parse(text: str) -> Path:
    """A rule's path. Raises ValueError that says what is wrong."""
    if not text.startswith("/") or len(text) > _LONGEST:
        raise ValueError(f"must begin with / and have at most {_LONGEST} characters")
    steps = tuple(map(_step, text[1:].split("/")))
    if len(steps) > _DEEPEST:
        raise ValueError(f"must have at most {_DEEPEST} steps")
    return steps


def covers(pattern: Path, path: Path) -> bool:
    """Whether ``path`` is what the pattern names, or below it."""
    return len(pattern) <= len(path) and all(map(_fits, pattern, path))


def reaches(pattern: Path, path: Path) -> bool:
    """Whether what the pattern names may be at or below ``path``."""
    return len(pattern) >= len(path) and all(map(_fits, pattern, path))


def _shown(step: Step) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    if not isinstance(step, str):
        return str(step)
    return f".{step}" if _PLAIN.fullmatch(step) else f'["{step}"]'


def _ruled(step: Step) -> str:
    if isinstance(step, Item):
        return f"[{','.join(f'{name}={_escape(value)}' for name, value in step.keys)}]"
    return _escape(step) if isinstance(step, str) else ANY


_ESCAPES = {"/": "~1", ",": "~2", "[": "~3"}


def _escape(text: str) -> str:
    escaped = text.replace("~", "~0")
    for plain, written in _ESCAPES.items():
        escaped = escaped.replace(plain, written)
    return escaped


def _plain(text: str) -> str:
    for plain, written in _ESCAPES.items():
        text = text.replace(written, plain)
    return text.replace("~0", "~")


def _step(text: str) -> Step:
    if not text:
        raise ValueError("has an empty step")
    if re.search(r"~(?![0-3])", text):
        raise ValueError("has a ~ that is none of ~0, ~1, ~2 and ~3")
    if not text.startswith("["):
        return _plain(text)
    pairs = [pair.partition("=") for pair in text.removeprefix("[").removesuffix("]").split(",")]
    if not text.endswith("]") or not all(name and mark for name, mark, _ in pairs):
        raise ValueError("has a step in brackets that is not [KEY=VALUE]")
    return Item(tuple(sorted((_plain(name), _plain(value)) for name, _, value in pairs)))


def _fits(pattern: Step, step: Step) -> bool:
    if pattern == ANY:
        return True
    if isinstance(pattern, Item) and isinstance(step, Item):
        return set(pattern.keys) <= set(step.keys)
    return pattern == (str(step) if isinstance(step, int) else step)
