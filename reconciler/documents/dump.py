"""Plain values in, exactly the bytes that ``kustomize build`` prints for them out.

Keys in natural order, sequences not indented, strings as ``strings`` writes them. Written
straight to text, without events: it is quicker than libyaml, and exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from reconciler.documents import keys, strings
from reconciler.documents.scalars import INT64_MIN, UINT64_MAX, number

_REMEMBERED = 200  # characters; longer strings are written anew each time


def dump(value: Any) -> str:
    """One document. Values are dict with string keys, list, str, int, float, bool and None."""
    return _Writer().document(value)


def dump_all(values: Iterable[Any]) -> str:
    """Documents with ``---`` between them, as kustomize joins them."""
    return "---\n".join(each(values))


def each(values: Iterable[Any]) -> Iterator[str]:
    """The documents' texts, one by one."""
    return map(_Writer().document, values)


class _Writer:
    """Writes documents; what it learned of names and short strings serves all of them."""

    def __init__(self) -> None:
        self._orders: dict[tuple[str, ...], list[tuple[str, str | None]]] = {}
        self._strings: dict[str, str] = {}
        self._out: list[str] = []

    def document(self, value: Any) -> str:
        self._out = []
        self._value(value, "", "", 0)
        text = "".join(self._out)
        if strings.NO_LINE_END in text:
            text = text.replace(strings.NO_LINE_END + "\n", "")
        return text

    def _mapping(self, mapping: dict[str, Any], pad: str, lead: str) -> None:
        """Write entries behind ``pad``, the first of them behind ``lead``, which is as wide."""
        names = tuple(mapping)
        order = self._orders.get(names)
        if order is None:
            order = self._orders[names] = [(name, _key(name)) for name in keys.in_order(names)]
        out, known, width = self._out, self._strings, len(pad)
        for name, shown in order:
            value = mapping[name]
            kind = value.__class__
            if shown is None:
                self._long_key(name, value, pad, lead)
            elif kind is str:
                text = known.get(value) or self._string(value, width + 2, width + len(shown) + 1)
                out.append(f"{lead}{shown} {text}\n")
            elif kind is dict and value:
                out.append(f"{lead}{shown}\n")
                self._mapping(value, pad + "  ", pad + "  ")
            elif kind is list and value:
                out.append(f"{lead}{shown}\n")
                self._sequence(value, pad, pad)
            elif isinstance(value, str):
                text = known.get(value) or self._string(value, width + 2, width + len(shown) + 1)
                out.append(f"{lead}{shown} {text}\n")
            else:
                out.append(f"{lead}{shown} {_atom(value)}\n")
            lead = pad

    def _sequence(self, items: list[Any], pad: str, lead: str) -> None:
        for item in items:
            self._value(item, pad + "  ", lead + "- ", len(pad) + 2)
            lead = pad

    def _value(self, value: Any, pad: str, lead: str, column: int) -> None:
        """Write any value that begins right behind ``lead``."""
        kind = value.__class__
        if kind is dict and value:
            self._mapping(value, pad, lead)
        elif kind is list and value:
            self._sequence(value, pad, lead)
        elif isinstance(value, str):
            text = self._strings.get(value) or self._string(value, max(len(pad), 2), column)
            self._out.append(f"{lead}{text}\n")
        else:
            self._out.append(f"{lead}{_atom(value)}\n")

    def _long_key(self, name: str, value: Any, pad: str, lead: str) -> None:
        """Write a key that is too long, or has lines, with ``? ``; its value follows ``: ``."""
        width = len(pad) + 2
        self._out.append(f"{lead}? {self._string(name, width, width)}\n")
        self._value(value, pad + "  ", pad + ": ", width)

    def _string(self, text: str, indent: int, column: int) -> str:
        if "\x85" in text:
            text = strings.without_next_line(text)
        written = strings.write(text, indent=indent, column=column)
        if len(text) <= _REMEMBERED and strings.fits_anywhere(text):
            self._strings[text] = written
        return written


def _key(name: str) -> str | None:
    """A key with its colon; None where it needs the long form."""
    if "\x85" in name:
        name = strings.without_next_line(name)
    written = strings.key(name)
    return None if written is None else written + ":"


def _atom(value: Any) -> str:
    """Anything but strings and what has parts. Raises ValueError for what YAML cannot carry."""
    if value is None:
        return "null"
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if INT64_MIN <= value <= UINT64_MAX else _float(float(value))
    if isinstance(value, float):
        whole = number(value)
        return str(whole) if isinstance(whole, int) else _float(value)
    if value in ({}, []):
        return "{}" if isinstance(value, dict) else "[]"
    raise ValueError(f"a value of type {type(value).__name__} is not YAML")


def _float(value: float) -> str:
    """The shortest digits; an exponent below 1e-4 and from 1e6 on, as 1.5e+06 and 1e-05."""
    from decimal import Decimal

    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    text = "".join(map(str, digits)).rstrip("0")
    power = len(digits) + int(exponent) - 1
    minus = "-" if sign else ""
    if -4 <= power < 6:
        return f"{minus}{format(Decimal(repr(abs(value))), 'f')}"
    point = "." if len(text) > 1 else ""
    return f"{minus}{text[0]}{point}{text[1:]}e{'-' if power < 0 else '+'}{abs(power):02}"
