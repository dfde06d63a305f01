"""Quantities in the form in which the API server keeps them: ``1000m`` is ``1``.

One whose digits and power are those of that form already stays as it was written: ``12E6``, ``+5``.
"""

from __future__ import annotations

import functools
import re
from decimal import ROUND_UP, Decimal, InvalidOperation, localcontext

_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_LONGEST = 64  # characters
_POWER = 3  # digits of an exponent
_SHORT = 18  # digits of an amount that the server reads at once
_PRECISION = 10**_POWER + 2 * _LONGEST
_FORM = re.compile(
    rf"([+-]?[0-9.]+)([eE][+-]?[0-9]{{1,{_POWER}}}|Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|)", re.ASCII
)
_MOST = (1 << 63) - 1  # of those with a binary suffix


@functools.lru_cache(4096, typed=True)
def canonical(value: str | float, *, in_millis: bool = False) -> str | int | float:
    """The form; what is no quantity is left as it is, as the server refuses it.

    ``in_millis``: it is rounded up to thousandths, as in lists of resources.
    """
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
    with localcontext(prec=_PRECISION):
        return _canonical(text, number, found, in_millis)


def _canonical(text: str, number: Decimal, found: re.Match[str], in_millis: bool) -> str:
    suffix = found[2]
    if suffix in _BINARY:
        whole = min(number * 2 ** _BINARY[suffix], Decimal(_MOST))
        made = _binary(_rounded(whole) if in_millis else whole)
        is_whole = "." not in found[1].rstrip(".") and _is_short(found[1], _BINARY[suffix])
        return text if is_whole and made == f"{number:f}{suffix}" else made
    is_exponent = suffix[:1] in ("e", "E") and len(suffix) > 1
    power = int(suffix[1:]) if is_exponent else _DECIMAL[suffix]
    amount = number.scaleb(power)
    mantissa, least = _thousands(_rounded(amount) if in_millis else amount)
    is_short = len(found[1].lstrip("+-0").replace(".", "")) <= _SHORT
    if is_short and (number.as_tuple().digits, power - _places(found[1])) == (
        _digits(mantissa),
        least,
    ):
        return text if abs(number) >= 1 else _written(mantissa, least, is_exponent)
    return _written(mantissa, least, is_exponent)


def _rounded(number: Decimal) -> Decimal:
    """Up to thousandths."""
    return number.quantize(Decimal("0.001"), ROUND_UP)


def _is_short(digits: str, power: int) -> bool:
    """Whether the server reads such a binary amount at once, and leaves it as it is written."""
    return len(digits.lstrip("+-0").rstrip(".")) + int(power * 3 / 10) <= 14


def _places(digits: str) -> int:
    return len(digits.partition(".")[2])


def _digits(number: int) -> tuple[int, ...]:
    return Decimal(number).as_tuple().digits


def _written(mantissa: int, power: int, is_exponent: bool) -> str:
    if is_exponent:
        return f"{mantissa}e{power}" if power else str(mantissa)
    suffix = next((word for word, of in _DECIMAL.items() if of == power), "")
    return f"{mantissa}{suffix}"  # the server has no word for more than E, and leaves it out


def _thousands(number: Decimal) -> tuple[int, int]:
    """A whole number and the largest power of a thousand that it is a multiple of."""
    nanos = number.scaleb(9)
    whole = int(nanos) if nanos == int(nanos) else int(nanos) + (1 if nanos > 0 else -1)
    power = -9
    while whole and whole % 1000 == 0:
        whole, power = whole // 1000, power + 3
    return (whole, power) if whole else (0, 0)


def _binary(number: Decimal) -> str:
    if -1024 < number < 1024 or number != int(number):
        return _written(*_thousands(number), False)
    whole, power = int(number), 0
    suffixes = ("", *_BINARY)
    while whole % 1024 == 0 and power < len(suffixes) - 1:
        whole, power = whole // 1024, power + 1
    return f"{whole}{suffixes[power]}"
