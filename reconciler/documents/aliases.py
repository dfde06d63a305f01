"""What is written once and meant more than once: aliases become copies, merge keys are merged.

Everything here is paid for from the file's Budget, as a few lines can mean gigabytes. Called
by ``build`` with the event that caused it, for the place of an error.
"""

from __future__ import annotations

from typing import Any


class Invalid(Exception):
    """The document's fault, with its line and column from 1 (0 where unknown)."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


def invalid(message: str, event: Any) -> Invalid:
    """The fault of what begins with ``event``."""
    mark = event.start_mark
    return Invalid(message, mark.line + 1, mark.column + 1)


class Budget:
    """What a file may still cost: nodes, characters repeated by aliases, aliases; and the depth."""

    __slots__ = ("aliases", "depth", "nodes", "text")

    def __init__(self, *, nodes: int, text: int, aliases: int, depth: int) -> None:
        self.nodes = nodes
        self.text = text
        self.aliases = aliases
        self.depth = depth


class Merge:
    """Stands for a ``<<`` key until its mapping ends."""


class Lost:
    """Stands for a quoted ``"<<"``, which kustomize drops in resources."""


def copied(value: Any, event: Any, budget: Budget, depth: int) -> Any:
    """A copy of what an alias at ``depth`` names, made level by level. Raises Invalid."""
    budget.aliases -= 1
    if budget.aliases < 0:
        raise invalid("document contains excessive aliasing: too many aliases", event)
    result = [value]
    level: list[tuple[Any, Any]] = [(result, 0)]
    while level:
        deeper: list[tuple[Any, Any]] = []
        for target, key in level:
            source = target[key]
            if isinstance(source, dict):
                target[key] = copy = dict(source)
                deeper.extend((copy, name) for name in copy)
            elif isinstance(source, list):
                target[key] = items = list(source)
                deeper.extend((items, index) for index in range(len(items)))
            elif isinstance(source, str):
                budget.text -= len(source)
        budget.nodes -= len(deeper)
        if budget.nodes < 0 or budget.text < 0:
            raise invalid("document contains excessive aliasing", event)
        if depth > budget.depth:
            raise invalid(f"nested deeper than {budget.depth} levels", event)
        level = deeper
        depth += 1
    return result[0]


def merge(mapping: dict[Any, Any], event: Any, *, own_win: bool) -> None:
    """Replace a mapping's Merge keys by what they stand for, and drop Lost ones. Raises Invalid.

    With ``own_win`` the mapping's own keys win wherever they stand; else what stands later does.
    """
    merged: dict[Any, Any] = {}
    for key, value in mapping.items():
        if isinstance(key, Merge):
            for source in reversed(_sources(value, event)):
                merged.update(source)
        elif not isinstance(key, Lost):
            merged[key] = value
    if own_win:
        merged.update((key, value) for key, value in mapping.items() if isinstance(key, str))
    mapping.clear()
    mapping.update(merged)


def _sources(value: Any, event: Any) -> list[dict[Any, Any]]:
    """The mappings that a merge key names, the first one the strongest."""
    sources = value if isinstance(value, list) else [value]
    if not all(isinstance(source, dict) for source in sources):
        raise invalid("map merge requires map or sequence of maps as the value", event)
    return sources
