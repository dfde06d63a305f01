"""The order in which kustomize prints a mapping's keys: ``a2`` before ``a10``, letters last."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cmp_to_key


def in_order(keys: Iterable[str]) -> list[str]:
    """Sort keys naturally."""
    keys = list(keys)
    if all(map(_simple, keys)):
        return sorted(keys)  # letters compare by code point, and the shorter one first
    return sorted(keys, key=_KEY)


def compare(left: str, right: str) -> int:
    """Below, above or equal to 0 as ``left`` goes before, after or with ``right``."""
    for place, (a, b) in enumerate(zip(left, right, strict=False)):
        if a == b:
            continue
        letters = a.isalpha(), b.isalpha()
        if all(letters):
            return -1 if a < b else 1
        if any(letters):
            return 1 if letters[0] else -1
        return _numbers(left, right, place)
    return len(left) - len(right)


def _numbers(left: str, right: str, place: int) -> int:
    """Compare from the first difference, neither side of which is a letter.

    Runs of digits compare as numbers. Where one side has a zero there, a digit before it
    that is not zero makes it part of a number on both sides: ``1`` and ``10``.
    """
    start = 0
    if "0" in (left[place], right[place]):
        before = place - 1
        while before >= 0 and left[before].isdecimal():
            if left[before] != "0":
                start = 1
                break
            before -= 1
    (first, first_end), (second, second_end) = (
        _number(text, place, start) for text in (left, right)
    )
    return first - second or first_end - second_end or ord(left[place]) - ord(right[place])


def _number(text: str, place: int, value: int) -> tuple[int, int]:
    """The number whose digits begin at ``place``, after ``value``, and where they end."""
    while place < len(text) and text[place].isdecimal():
        value = value * 10 + ord(text[place]) - ord("0")
        place += 1
    return value, place


def _simple(key: str) -> bool:
    return key.isascii() and key.isalpha()


_KEY = cmp_to_key(compare)
