"""How Go writes and reads what CEL makes texts of: quotes, numbers, times, and ``format``.

The engine is more lenient where it reads numbers and times, and writes some of them otherwise.
Called by ``functions``. Raises ValueError with the server's words.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from reconciler.cel import durations

_ESCAPES = {
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    "\\": "\\\\",
    '"': '\\"',
}
_MOST_PRECISION = 1_000

# What each conversion reads of a text; what else Go reads (hexadecimal floats) is an error here.
TEXTS: Mapping[str, tuple[re.Pattern[str], str]] = {
    "int": (re.compile(r"[+-]?[0-9]+", re.A), "int"),
    "uint": (re.compile(r"[0-9]+", re.A), "uint"),
    "double": (
        re.compile(
            r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|inf|infinity|nan)",
            re.A | re.I,
        ),
        "double",
    ),
    "timestamp": (
        re.compile(
            r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9](?:\.[0-9]+)?"
            r"(?:Z|[+-][0-9]{2}:[0-9]{2})",
            re.A,
        ),
        "google.protobuf.Timestamp",
    ),
    "duration": (
        re.compile(r"[+-]?(?:0|(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+)", re.A),
        "google.protobuf.Duration",
    ),
}

_NAMES = {"inf": "+Inf", "-inf": "-Inf", "nan": "NaN", "-nan": "NaN"}
_MOMENT = re.compile(r"(.{19})(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})", re.A)


def quoted(text: str) -> str:
    """As Go's %q has it."""
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def checked(kind: str) -> Callable[[Any], Any]:
    """A text as it is, where Go reads it as this kind; what is no text is left alone."""
    pattern, name = TEXTS[kind]

    def check(value: Any) -> Any:
        if isinstance(value, str) and not pattern.fullmatch(value):
            raise ValueError(f"type conversion error from 'string' to '{name}'")
        if kind == "double" and isinstance(value, str) and _is_past_range(value):
            raise ValueError(f"type conversion error from 'string' to '{name}'")
        if kind == "duration" and isinstance(value, str) and durations.is_too_long(value):
            raise ValueError(f"type conversion error from 'string' to '{name}'")
        return value

    return check


def _is_past_range(text: str) -> bool:
    return math.isinf(float(text)) and "inf" not in text.lower()


def named(text: str) -> str:
    """A double's text with Go's names for what is no number."""
    return _NAMES.get(text, text)


def seconds(text: str) -> str:
    """A duration's text without what Go leaves out of it."""
    whole, point, rest = text.removesuffix("s").partition(".")
    rest = rest.rstrip("0")
    return f"{whole}{point}{rest}s" if rest else f"{whole}s"


def zoned(text: str, moment: str) -> str:
    """What a timestamp was read from, as Go writes it again: in its own zone. ``moment`` is the
    engine's text of it, which says that it is one."""
    found = _MOMENT.fullmatch(text)
    if found is None:
        return moment
    fraction = (found[2] or "").rstrip("0").rstrip(".")
    zone = "Z" if found[3] in ("Z", "+00:00", "-00:00") else found[3]
    return f"{found[1]}{fraction}{zone}"


def number(value: float) -> str:
    """A double, as short as it can be written."""
    text = repr(value)
    if text in _NAMES:
        return _NAMES[text]
    digits, _, exponent = text.partition("e")
    mantissa, power = _scientific(digits, int(exponent or 0))
    if value and not -5 < power < 21:
        return f"{mantissa}e{'-' if power < 0 else '+'}{abs(power):02d}"
    if exponent:
        return f"{value:.0f}" if power >= 0 else f"{value:.20f}".rstrip("0")
    return digits.removesuffix(".0")


def _scientific(digits: str, exponent: int) -> tuple[str, int]:
    sign = "-" if digits.startswith("-") else ""
    whole, _, part = digits.lstrip("-").partition(".")
    plain = (whole + part).lstrip("0")
    if not plain:
        return "0", 0
    lead = len(whole) - 1 if whole.strip("0") else -(len(part) - len(part.lstrip("0"))) - 1
    plain = plain.rstrip("0") or "0"
    rest = f".{plain[1:]}" if len(plain) > 1 else ""
    return f"{sign}{plain[0]}{rest}", lead + exponent


def substring(text: str, start: int, end: int) -> str:
    """From one character to another, that one not included."""
    if start > end:
        raise ValueError(f"invalid substring range. start: {start}, end: {end}")
    for each in (start, end):
        if not 0 <= each <= len(text):
            raise ValueError(f"index out of range: {each}")
    return text[start:end]


def index(text: str, part: str, start: int) -> int:
    if start < 0:
        raise ValueError(f"index out of range: {start}")
    return text.find(part, start) if part else start


def last_index(text: str, part: str, start: int) -> int:
    """Where it last begins, at ``start`` or before."""
    if start < 0:
        raise ValueError(f"index out of range: {start}")
    if not part:
        return start
    return text.rfind(part, 0, start + len(part)) if start < len(text) else -1


def formatted(text: str, values: list[Any]) -> str:
    """``format`` of the strings library as Kubernetes has it, in English."""
    out: list[str] = []
    at = used = 0
    while at < len(text):
        if text[at] != "%":
            out.append(text[at])
            at += 1
        elif text.startswith("%%", at):
            out.append("%")
            at += 2
        else:
            if used >= len(values):
                raise ValueError(f"index {used} out of range")
            letter, precision, at = clause(text, at + 1)
            out.append(_clause(letter, precision, values[used]))
            used += 1
    return "".join(out)


def clause(text: str, at: int) -> tuple[str, int | None, int]:
    """The letter of the clause that begins after a ``%``, its precision, and where it ends."""
    found = re.compile(r"(?:\.([0-9]*))?(.)?", re.A | re.S).match(text, at)
    assert found is not None
    if found[2] is None:
        raise ValueError("unexpected end of string")
    if found[1] is not None and not (found[1] and int(found[1]) <= _MOST_PRECISION):
        raise ValueError("could not parse formatting clause: error while parsing precision")
    if found[2] not in _LETTERS:
        raise ValueError(
            f'could not parse formatting clause: unrecognized formatting clause "{found[2]}"'
        )
    return found[2], int(found[1]) if found[1] else None, found.end()


def _clause(letter: str, precision: int | None, value: Any) -> str:
    return _LETTERS[letter](value, 6 if precision is None else precision)


def _wrong(words: str, value: Any) -> ValueError:
    return ValueError(f"error during formatting: {words}, was given {kind(value)}")


def kind(value: Any) -> str:
    """What CEL calls a value's type."""
    names: Mapping[type, str] = {
        bool: "bool",
        int: "int",
        float: "double",
        str: "string",
        bytes: "bytes",
        bytearray: "bytes",
        list: "list",
        dict: "map",
        type(None): "null_type",
        datetime.datetime: "google.protobuf.Timestamp",
        datetime.timedelta: "google.protobuf.Duration",
    }
    return names.get(type(value), "type")


def _string(value: Any, _: int) -> str:
    return _shown(value, inside=False)


def _shown(value: Any, *, inside: bool) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return quoted(value) if inside else value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _listed_number(value) if inside else number(value)
    if isinstance(value, bytes | bytearray):
        text = bytes(value).decode("utf-8", "replace")
        return f"b{quoted(text)}" if inside else text
    if isinstance(value, list):
        return f"[{', '.join(_shown(each, inside=True) for each in value)}]"
    if isinstance(value, dict):
        return _map(value)
    return _time(value, inside=inside)


def _listed_number(value: float) -> str:
    text = f"{value:.6f}"
    if text in ("inf", "-inf", "nan"):
        return quoted({"inf": "+Inf", "-inf": "-Inf", "nan": "NaN"}[text])
    return text


def _map(value: dict[Any, Any]) -> str:
    pairs = []
    for key, each in value.items():
        if not isinstance(key, str | bool | int):
            raise ValueError(
                f"error during formatting: no formatting function for map key of type {kind(key)}"
            )
        pairs.append((_shown(key, inside=True), _shown(each, inside=True)))
    return (
        "{"
        + ", ".join(f"{key}:{each}" for key, each in sorted(pairs, key=lambda pair: pair[0]))
        + "}"
    )


def _time(value: Any, *, inside: bool) -> str:
    if isinstance(value, datetime.datetime):
        text = value.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S")
        part = f".{value.microsecond:06d}".rstrip("0").rstrip(".")
        return f'timestamp("{text}{part}Z")' if inside else f"{text}{part}Z"
    if isinstance(value, datetime.timedelta):
        whole = value // datetime.timedelta(microseconds=1)
        sign, whole = ("-", -whole) if whole < 0 else ("", whole)
        part = f".{whole % 1_000_000:06d}".rstrip("0").rstrip(".")
        text = f"{sign}{whole // 1_000_000}{part}s"
        return f'duration("{text}")' if inside else text
    name = getattr(value, "name", None)
    if callable(name):  # a type
        return str(name())
    raise ValueError("error during formatting: the value cannot be shown")


def _decimal(value: Any, _: int) -> str:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong("decimal clause can only be used on integers", value)
    return str(value)


_WORDS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


def _double(value: Any, words: str) -> float:
    if isinstance(value, str) and value in _WORDS:
        return _WORDS[value]
    if not isinstance(value, float):
        raise _wrong(words, value)
    return value


def _fixed(value: Any, precision: int) -> str:
    found = _double(value, "fixed-point clause can only be used on doubles")
    return _special(found) or f"{found:,.{precision}f}"


_SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def _exponent(value: Any, precision: int) -> str:
    found = _double(value, "scientific clause can only be used on doubles")
    special = _special(found)
    if special:
        return special
    mantissa, _, power = f"{found:.{precision}e}".partition("e")
    shown = power.lstrip("+").translate(_SUPERSCRIPT)
    return f"{mantissa}\u202f\u00d7\u202f10{shown}"


def _special(value: float) -> str:
    text = str(value)
    return {"inf": "∞", "-inf": "-∞", "nan": "NaN"}.get(text, "")


def _binary(value: Any, _: int) -> str:
    if not isinstance(value, int):
        raise _wrong("only integers and bools can be formatted as binary", value)
    return f"{value:b}"


def _octal(value: Any, _: int) -> str:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong("octal clause can only be used on integers", value)
    return f"{value:o}"


def _hex(upper: bool) -> Callable[[Any, int], str]:
    def show(value: Any, _: int) -> str:
        if isinstance(value, str):
            text = value.encode().hex()
        elif isinstance(value, bytes | bytearray):
            text = bytes(value).hex()
        elif isinstance(value, int) and not isinstance(value, bool):
            text = f"{value:x}"
        else:
            words = "only integers, byte buffers, and strings can be formatted as hex"
            raise _wrong(words, value)
        return text.upper() if upper else text

    return show


_LETTERS: Mapping[str, Callable[[Any, int], str]] = {
    "s": _string,
    "d": _decimal,
    "f": _fixed,
    "e": _exponent,
    "b": _binary,
    "o": _octal,
    "x": _hex(False),
    "X": _hex(True),
}

# Which static types a clause takes, by the engine's encoding; ``s`` takes all that is no opaque.
TAKES: Mapping[str, frozenset[str]] = {
    "d": frozenset(("int", "uint")),
    "f": frozenset(("double", "string")),
    "e": frozenset(("double", "string")),
    "b": frozenset(("int", "uint", "bool")),
    "o": frozenset(("int", "uint")),
    "x": frozenset(("int", "uint", "string", "bytes")),
    "X": frozenset(("int", "uint", "string", "bytes")),
}
