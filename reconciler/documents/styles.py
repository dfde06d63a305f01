"""How a file writes a scalar, remembered with its value: kustomize keeps both in one node.

It counts where a patch lays one scalar over another (``cpu: 2`` over ``"one"`` is ``"2"``), and
where a number is taken as text (``1.10`` is not ``1.1``). What is remembered is only what the
value does not tell: a plain ``str`` had quotes if it is printed in them, and none if it is not.
All of these are equal to, and printed as, what they are made from. Made by ``build`` for
resources and patches; what passes through JSON has no style (``without``).
"""

from __future__ import annotations

from typing import Any

import orjson

from reconciler.documents import folded, strings
from reconciler.documents.scalars import (
    BRACED,
    FIRST,
    Blank,
    Unsupported,
    Word,
    is_spelled_as_float,
)


class Quoted(str):
    """A text in quotes, or a block, which it could do without."""

    __slots__ = ()


class Unquoted(str):
    """A text without the quotes that it is printed in: ``yes``, ``1:30``."""

    __slots__ = ()


class Date(Unquoted):
    """A date without quotes: ``2020-01-01`` is a time to the value, and a date as text."""

    written: str


class Untyped(str):
    """A text that ``images`` set: a number may still be put in its place, and be one."""

    __slots__ = ()


class Folded(str):
    """A text that stands behind ``>``; ``written`` is what was read, the text what is printed."""

    written: str


class Whole(int):
    """``0x1F`` or ``1.0``."""

    written: str


class Real(float):
    """``1.10`` or ``1e-3``."""

    __slots__ = ("written",)
    written: str


class Truth:
    """``True`` or ``FALSE``. Only patches hold such; a merge ends with none (``settled``)."""

    __slots__ = ("value", "written")

    def __init__(self, value: bool, written: str) -> None:
        self.value = value
        self.written = written


class Unreadable:
    """``.inf``, which JSON has not. Only patches hold such: over a text in quotes it is text."""

    __slots__ = ("refusal", "written")

    def __init__(self, refusal: str, written: str) -> None:
        self.refusal = refusal
        self.written = written


def plain(value: Any, text: str, *, patch: bool) -> Any:
    """``value``, which a file writes as ``text`` without quotes."""
    kind = value.__class__
    if kind is str:
        if value != text:
            return _written(Date(value), text)
        harmless = text[:1] not in FIRST and "\n" not in text
        return value if harmless or strings.is_plain(text) else Unquoted(text)
    if kind is bool:
        return Truth(value, text) if patch and text not in ("true", "false") else value
    if kind is int or kind is float:
        return value if repr(value) == text else _written(_NUMBERS[kind](value), text)
    return value


def quoted(text: str) -> str:
    """A text in quotes or behind ``|``."""
    return Quoted(text) if strings.is_plain(text) else text


def tagged(value: Any) -> Any:
    """A value with a tag (``!!str 5``): quotes or not, none stay for what is laid over it."""
    if value.__class__ is not str or strings.is_plain(value):
        return value
    return Unquoted(value)


def fold(text: str) -> Folded:
    """A text behind ``>``."""
    made: Folded = _written(Folded(folded.again(text)), text)
    return made


def over(old: Any, new: Any) -> Any:
    """The scalar ``new`` in the place of ``old``: the quotes there, or that there are none, stay.

    So a number over a text in quotes becomes text.
    """
    kind = new.__class__
    if kind is Word and not has_quotes(old):
        return new
    if not isinstance(new, str) or kind is Date:
        if new is not None and has_quotes(old):
            return quoted(getattr(new, "written", None) or _shown(new))
        return new
    text: str = getattr(new, "written", None) or str(new)
    if old.__class__ is Folded:
        return fold(text)
    if strings.is_plain(text):
        return Quoted(text) if has_quotes(old) else text
    return text if has_quotes(old) else Unquoted(text)


def added(new: Any) -> Any:
    """A scalar where there was none, or which a patch passes by: ``yes`` gets its quotes."""
    return str(new) if new.__class__ is Unquoted and "\n" not in new else new


def kind(value: Any) -> type:
    """A value's type, whatever its style."""
    return next((one for one in (str, bool, int, float) if isinstance(value, one)), type(value))


def is_float(value: Any) -> bool:
    """Whether YAML calls a number a float, as it is spelled."""
    if value.__class__ is not Whole:
        return isinstance(value, float)
    return is_spelled_as_float(value.written)


def is_unsettled(patch: Any) -> bool:
    """Whether a patch holds what may not stay in what it was merged with (``settled``)."""
    return _holds(patch, _UNSETTLED)


def settled(value: Any) -> Any:
    """What a patch was merged with, each Truth as its value, and text for nothing between braces.

    Raises Unsupported.
    """
    if value.__class__ is Truth:
        return value.value
    if value is BRACED:
        return ""
    if value.__class__ is Unreadable:
        raise Unsupported(value.refusal)
    return _changed(value, settled)


def without(value: Any) -> Any:
    """The value as it comes out of JSON, itself if it has no style."""
    return value if _is_bare(value) or not _holds(value, _STYLES) else _bare(value)


def _is_bare(value: Any) -> bool:
    """Whether certainly nothing in it has a style: orjson, told so, refuses all but plain types."""
    try:
        orjson.dumps(value, option=_AS_IS)
    except TypeError:
        return False
    return True


def _holds(value: Any, kinds: frozenset[type]) -> bool:
    level = [value]
    while level:
        deeper: list[Any] = []
        for item in level:
            kind = item.__class__
            if kind is dict:
                deeper += item.values()
            elif kind is list:
                deeper += item
            elif kind in kinds:
                return True
        level = deeper
    return False


def _bare(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.__class__ is str else str(value)
    if value.__class__ is Whole:
        return int(value)
    if value.__class__ is Real:
        return float(value)
    return _changed(value, _bare)


def _changed(value: Any, change: Any) -> Any:
    result = value
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            new = change(item)
            if new is not item:
                result = value.copy() if result is value else result
                result[key] = new
    return result


def has_quotes(value: Any) -> bool:
    """Whether a scalar stands in quotes or a block."""
    kind = value.__class__
    if kind is str:
        return not strings.is_plain(value)
    return kind is Quoted or kind is Folded


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _written(made: Any, text: str) -> Any:
    made.written = text
    return made


_UNSETTLED = frozenset((Truth, Unreadable, Blank))
_STYLES = frozenset((Quoted, Unquoted, Untyped, Date, Folded, Whole, Real))
_AS_IS = orjson.OPT_PASSTHROUGH_SUBCLASS
_NUMBERS: dict[type, type] = {int: Whole, float: Real}
