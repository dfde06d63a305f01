"""Quantities in the one form in which the API server keeps them: ``1000m`` is ``1``."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

_FORM = re.compile(r"([+-]?[0-9.]+)([eE][+-]?[0-9]{1,3}|Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|)", re.ASCII)
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_LONGEST = 64  # characters


def canonical(value: str | float) -> str | int | float:
    """The form; what is no quantity is left as it is, as the server refuses it."""
    if isinstance(value, bool):
        return value
    text = str(value)
    found = _FORM.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None:
        return value
    try:
        number = Decimal(found[1])
    except InvalidOperation:
        return value
    suffix = found[2]
    if suffix in _BINARY:
        return _binary(number * 2 ** _BINARY[suffix])
    if suffix[:1] in ("e", "E") and len(suffix) > 1:
        return _exponent(number.scaleb(int(suffix[1:])))
    return _decimal(number.scaleb(_DECIMAL[suffix]))


def _decimal(number: Decimal) -> str:
    mantissa, power = _thousands(number)
    suffix = next((word for word, of in _DECIMAL.items() if of == power), None)
    return f"{mantissa}{suffix}" if suffix is not None else f"{mantissa}e{power}"


def _exponent(number: Decimal) -> str:
    mantissa, power = _thousands(number)
    return f"{mantissa}e{power}" if power else str(mantissa)


def _thousands(number: Decimal) -> tuple[int, int]:
    """A whole number and the largest power of a thousand that it is a multiple of."""
    nanos = number.scaleb(9)
    whole = int(nanos) if nanos == int(nanos) else int(nanos) + (1 if nanos > 0 else -1)
    power = -9
    while whole and whole % 1000 == 0 and power < 18:
        whole, power = whole // 1000, power + 3
    return (whole, power) if whole else (0, 0)


def _binary(number: Decimal) -> str:
    if -1024 < number < 1024 or number != int(number):
        return _decimal(number)
    whole, power = int(number), 0
    suffixes = ("", *_BINARY)
    while whole % 1024 == 0 and power < len(suffixes) - 1:
        whole, power = whole // 1024, power + 1
    return f"{whole}{suffixes[power]}"
