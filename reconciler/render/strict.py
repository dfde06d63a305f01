"""Strict reading of the fleet's settings files: a table of keys in, checked values out.

A table maps each key, written with dots from the top (``kinds.forbid``), to how it is read and
how a site's value is laid over the fleet's default. What no table has is an error with its
place, the nearest name first. Called by ``settings``, which holds the tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

import reconciler
from reconciler.documents import load, scalars
from reconciler.model import durations, moments
from reconciler.model.errors import SettingsError
from reconciler.schema import names

# Words are read as in manifests (``yes`` is a string); what looks like a date stays as written.
_SCALARS = scalars.RESOURCE._replace(timestamp=scalars.CONFIG.timestamp)
_LIMITS = load.Limits(bytes=1 << 20, nodes=50_000, depth=20, aliases=1_000, documents=2)
_SHOWN = 60  # characters of what was found


class Node(NamedTuple):
    """A value in a settings file, and where it stands."""

    path: str
    data: bytes
    value: Any
    at: tuple[str | int, ...] = ()

    def under(self, key: str | int) -> Node:
        return self._replace(value=self.value[key], at=(*self.at, key))

    def error(self, message: str) -> SettingsError:
        line, column = load.locate(self.data, 0, self.at)
        return SettingsError(message, path=self.path, line=line, column=column)

    def unfit(self, expected: str) -> SettingsError:
        """An error that says what was expected and what was found."""
        name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.at)
        found = f"expected {expected}, found {_shown(self.value)}"
        return self.error(f"{name[1:]}: {found}" if name else found)


Reader = Callable[[Node], Any]


def _newest(under: Any, over: Any) -> Any:
    return over


class Key(NamedTuple):
    """How a key is read, and how a site's value is laid over the default (it replaces it)."""

    read: Reader
    lay: Callable[[Any, Any], Any] = _newest


Table = Mapping[str, Key]


def document(path: str, data: bytes) -> Node:
    """The one document of a settings file. Raises SettingsError."""
    found = load.load_all(data, path=path, scalars=_SCALARS, limits=_LIMITS, error=SettingsError)
    if not found:
        raise SettingsError("the file is empty", path=path)
    if len(found) > 1:
        raise SettingsError("expected one document, found another", path=path, line=found[1].line)
    return Node(path=path, data=data, value=found[0].value)


def read(
    node: Node, table: Table, refused: Callable[[str], str], prefix: str = ""
) -> dict[str, Any]:
    """The values of a mapping by their dotted keys. Raises SettingsError.

    ``refused`` says of an unknown key why it is not welcome, or ``""``.
    """
    values: dict[str, Any] = {}
    for name in _mapping(node):
        child, dotted = node.under(name), prefix + name
        key = table.get(dotted) if "." not in name else None
        if key is not None:
            values[dotted] = key.read(child)
        elif any(known.startswith(f"{dotted}.") for known in table):
            values |= read(child, table, refused, f"{dotted}.")
        else:
            raise _unknown(child, dotted, table, refused)
    return values


def lay(under: Mapping[str, Any], over: Mapping[str, Any], table: Table) -> dict[str, Any]:
    """A site's values laid over the defaults."""
    both = {name: table[name].lay(under[name], over[name]) for name in under if name in over}
    return {**under, **over, **both}


def _unknown(node: Node, dotted: str, table: Table, refused: Callable[[str], str]) -> SettingsError:
    inner = node.value if isinstance(node.value, dict) else {}
    for name in (dotted, *(f"{dotted}.{key}" for key in inner)):
        if why := refused(name):
            return node.error(f"{_shown(name)} {why}")
    expected = ", ".join(nearest(dotted, table, len(table)))
    return node.error(
        f"unknown key {_shown(dotted)}: fleet-reconciler {reconciler.__version__} expects one of"
        f" {expected}"
    )


def nearest(wanted: str, known: Iterable[str], most: int = 3) -> list[str]:
    """The known names, the most alike first."""
    # Imported late: only errors need it.
    from difflib import SequenceMatcher

    matcher = SequenceMatcher(b=wanted[:_SHOWN])

    def distance(name: str) -> tuple[float, str]:
        matcher.set_seq1(name)
        return -matcher.ratio(), name

    return sorted(known, key=distance)[:most]


def exactly(expected: str) -> Reader:
    """A key that says what the file is."""

    def check(node: Node) -> str:
        if node.value != expected:
            raise node.unfit(f"{expected} (as fleet-reconciler {reconciler.__version__} reads it)")
        return expected

    return check


def string(rule: names.Rule) -> Reader:
    """A string that obeys a rule."""

    def check(node: Node) -> str:
        if not isinstance(node.value, str):
            raise node.unfit("a string")
        if wrong := rule(node.value):
            raise node.error(f"{_shown(node.value)} {wrong}")
        return node.value

    return check


def strings(rule: names.Rule) -> Reader:
    """A list of different strings."""
    item = string(rule)

    def check(node: Node) -> tuple[str, ...]:
        if not isinstance(node.value, list):
            raise node.unfit("a list of strings")
        found: list[str] = []
        for index in range(len(node.value)):
            text = item(node.under(index))
            if text in found:
                raise node.under(index).error(f"{_shown(text)} is listed twice")
            found.append(text)
        return tuple(found)

    return check


def string_map(key_rule: names.Rule, value_rule: names.Rule) -> Reader:
    """A mapping of strings to strings."""
    item = string(value_rule)

    def check(node: Node) -> dict[str, str]:
        for key in _mapping(node):
            if wrong := key_rule(key):
                raise node.under(key).error(f"the key {_shown(key)} {wrong}")
        return {key: item(node.under(key)) for key in node.value}

    return check


def records(table: Table, *needed: str) -> Reader:
    """A list of mappings, each read by its own table; ``needed`` are the keys that none may lack.

    Gives a tuple of dicts of their values by key.
    """

    def check(node: Node) -> tuple[dict[str, Any], ...]:
        if not isinstance(node.value, list):
            raise node.unfit("a list of mappings")
        return tuple(map(one, (node.under(index) for index in range(len(node.value)))))

    one = record(table, *needed)
    return check


def record(table: Table, *needed: str) -> Callable[[Node], dict[str, Any]]:
    """A mapping that is read by its own table."""

    def check(node: Node) -> dict[str, Any]:
        values = read(node, table, lambda _: "")
        for name in needed:
            if name not in values:
                raise node.error(f"{name} is missing")
        return values

    return check


def integer(low: int, high: int) -> Reader:
    """A whole number from ``low`` to ``high``, both included."""

    def check(node: Node) -> int:
        value = node.value
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise node.unfit(f"a whole number from {low} to {high}")
        return value

    return check


def boolean(node: Node) -> bool:
    """``true`` or ``false``."""
    if not isinstance(node.value, bool):
        raise node.unfit("true or false")
    return node.value


def duration(longest: float) -> Reader:
    """Seconds, from such as ``5m``; at most ``longest``."""

    def check(node: Node) -> float:
        if not isinstance(node.value, str):
            raise node.unfit("a duration such as 5m or 24h")
        try:
            seconds = durations.parse(node.value)
        except ValueError as error:
            raise node.error(str(error)) from None
        if seconds > longest:
            raise node.unfit(f"a duration of at most {durations.show(longest)}")
        return seconds

    return check


def moment(node: Node) -> float:
    """Unix seconds, from an RFC 3339 time with its zone, such as ``2027-01-31T18:00:00Z``."""
    try:
        return moments.parse(node.value)
    except ValueError:
        raise node.unfit("a time with its zone, such as 2027-01-31T18:00:00Z") from None


def word_of(words: type[StrEnum]) -> Reader:
    """One of an enumeration's words."""

    def check(node: Node) -> StrEnum:
        try:
            return words(node.value)
        except ValueError:
            raise node.unfit(f"one of {', '.join(words)}") from None

    return check


def _mapping(node: Node) -> Mapping[str, Any]:
    if not isinstance(node.value, dict):
        raise node.unfit("a mapping")
    return node.value


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    if isinstance(value, bool):
        return f"{str(value).lower()} (a boolean; a string needs quotes)"
    if not isinstance(value, str):
        return f"{value} (a number; a string needs quotes)"
    return f'"{value}"' if len(value) <= _SHOWN else f'"{value[:_SHOWN]}..."'
