"""Kubernetes quantities as its API server reads them: ``100m``, ``1.5Gi``, ``1e3``.

What Go keeps as a 64-bit number with a scale and what it keeps as a big decimal differ where a
whole number is asked for, so ``exact`` says which it is. Raises ValueError with the server's words.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from fractions import Fraction

_FORM = re.compile(
    r"([+-]?)(0*)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)", re.ASCII | re.DOTALL
)
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_EXPONENT = re.compile(r"[eE]([+-]?[0-9]+)", re.ASCII)
_MOST = (1 << 63) - 1
_DIGITS = 18  # decimal digits that surely fit 64 bits
_NANO = -9
_FURTHEST = 1 << 31  # an exponent beyond it wraps in Go
_SANE = 2_000  # a power of ten past which nobody means it, and which would cost us

_WRONG = (
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
)
_SUFFIX = "unable to parse quantity's suffix"


@dataclass(frozen=True, slots=True)
class Quantity:
    """``value`` is exact; ``scale`` is Go's power of ten where it keeps a 64-bit number."""

    value: Fraction
    scale: int | None

    @property
    def whole(self) -> int | None:
        """As Go's AsInt64: None for what has a fraction's scale, or does not fit."""
        if self.scale is None or self.scale < 0 or not -_MOST - 1 <= self.value <= _MOST:
            return None
        return int(self.value)

    @property
    def words(self) -> str:
        """A text that is equal for equal quantities alone; ``read`` takes it back."""
        where = "" if self.scale is None else str(self.scale)
        return f"{self.value.numerator}/{self.value.denominator}:{where}"


@functools.lru_cache(4096)
def parse(text: str) -> Quantity:
    """Raises ValueError."""
    if not text:
        raise ValueError(_WRONG)
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError(_WRONG)
    sign, zeroes, digits, decimals, suffix = found.groups()
    if not digits and decimals is None and not suffix and (zeroes or sign):
        return Quantity(Fraction(0), 0)  # "+" alone is nothing to Go, too
    return _scaled(-1 if sign == "-" else 1, digits or "0", decimals or "", suffix)


def _scaled(sign: int, digits: str, decimals: str, suffix: str) -> Quantity:
    if suffix in _BINARY:
        return _binary(sign, digits, decimals, _BINARY[suffix])
    exponent = _exponent(suffix)
    scale = exponent - len(decimals)
    number = int(digits + decimals)
    value = sign * number * Fraction(10) ** scale
    if len(digits) + len(decimals) <= _DIGITS and scale >= _NANO:
        return Quantity(value, scale)
    return Quantity(_rounded(value), None)


def _exponent(suffix: str) -> int:
    if suffix in _DECIMAL:
        return _DECIMAL[suffix]
    found = _EXPONENT.fullmatch(suffix)
    if found is None:
        raise ValueError(_SUFFIX)
    exponent = int(found[1]) if len(found[1]) < 12 else _FURTHEST
    if abs(exponent) > _SANE:
        raise ValueError(_SUFFIX)  # stricter than Go, which goes on with a number that it wrapped
    return exponent


def _binary(sign: int, digits: str, decimals: str, exponent: int) -> Quantity:
    value = Fraction(int(digits + decimals), 10 ** len(decimals)) * 2**exponent
    precision = 15 - len(digits) - int(exponent * 3 / 10) - 1
    if not decimals and precision >= 0 and value <= _MOST:
        return Quantity(sign * value, 0)
    return Quantity(sign * min(abs(_rounded(value)), Fraction(_MOST)), None)


def _rounded(value: Fraction) -> Fraction:
    """Up to a whole number of billionths, away from zero, as Go does."""
    nanos = abs(value) * 10**9
    whole = -(-nanos.numerator // nanos.denominator)
    return Fraction(whole if value >= 0 else -whole, 10**9)


@functools.lru_cache(4096)
def read(words: str) -> Quantity:
    """What ``Quantity.words`` wrote."""
    value, _, scale = words.partition(":")
    return Quantity(Fraction(value), int(scale) if scale else None)


def add(left: Quantity, right: Quantity) -> Quantity:
    """Go keeps a 64-bit number where both are and the sum fits."""
    return _sum(left, right, left.value + right.value)


def subtract(left: Quantity, right: Quantity) -> Quantity:
    return _sum(left, right, left.value - right.value)


def _sum(left: Quantity, right: Quantity, value: Fraction) -> Quantity:
    if left.scale is None or right.scale is None:
        return Quantity(value, None)
    if not right.value:
        return Quantity(value, left.scale)
    scale = right.scale if not left.value else min(left.scale, right.scale)
    fits = abs(value / Fraction(10) ** scale) <= _MOST
    return Quantity(value, scale if fits else None)
