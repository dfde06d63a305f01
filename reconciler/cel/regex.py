"""What CEL does with regular expressions."""

from __future__ import annotations

from reconciler.model.regex import compiled


def matches(text: str, pattern: str) -> bool:
    """Whether it matches anywhere; a pattern is compiled once. Raises ValueError."""
    return compiled(pattern).search(text) is not None


def find(text: str, pattern: str) -> str:
    """The first match, ``""`` where there is none. Raises ValueError."""
    found = compiled(pattern).search(text)
    return str(found.group(0)) if found else ""


def find_all(text: str, pattern: str, most: int = -1) -> list[str]:
    """Matches that do not overlap, at most ``most`` unless that is below 0. Raises ValueError.

    As in Go, an empty match right after another match is none.
    """
    found: list[str] = []
    end = -1
    for match in compiled(pattern).finditer(text):
        if 0 <= most <= len(found):
            break
        start, stop = match.span(0)
        if start == stop == end:
            continue
        found.append(str(match.group(0)))
        end = stop
    return found
