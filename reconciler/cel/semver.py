"""Semantic versions as the API server reads them, with or without its normalising."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from reconciler.cel.gotext import quoted

_NUMBERS = frozenset("0123456789")
_WORDS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-0123456789")
_MOST = (1 << 64) - 1
_Pre = tuple[int, int, str]  # a number sorts before words


@dataclass(frozen=True, slots=True, order=True)
class Semver:
    """Sorts as versions do: ``released`` is 1 for one without a pre-release."""

    major: int
    minor: int
    patch: int
    released: int
    pre: tuple[_Pre, ...]


@functools.lru_cache(4096)
def parse(text: str) -> Semver:
    """Raises ValueError."""
    if not text:
        raise ValueError("Version string empty")
    parts = text.split(".", 2)
    if len(parts) != 3:
        raise ValueError("No Major.Minor.Patch elements found")
    major = _number(parts[0], "major number", "Major number")
    minor = _number(parts[1], "minor number", "Minor number")
    rest, plus, build = parts[2].partition("+")
    rest, dash, pre = rest.partition("-")
    patch = _number(rest, "patch number", "Patch number")
    found = tuple(_pre(word) for word in pre.split(".")) if dash else ()
    if plus:
        _check_build(build)
    return Semver(major, minor, patch, 0 if found else 1, found)


def normalised(text: str) -> Semver:
    """Also ``v1``, ``1.2`` and leading zeros. Raises ValueError."""
    parts = text.removeprefix("v").split(".", 2)
    for at, part in enumerate(parts):
        if len(part) > 1:
            bare = part.lstrip("0")
            parts[at] = bare if bare and bare[0] in _NUMBERS else f"0{bare}"
    if len(parts) < 3:
        if "+" in parts[-1] or "-" in parts[-1]:
            raise ValueError("short version cannot contain PreRelease/Build meta data")
        parts += ["0"] * (3 - len(parts))
    return parse(".".join(parts))


def words(version: Semver) -> str:
    """A text that ``parse`` takes back; build metadata counts for nothing and is left out."""
    pre = ".".join(text or str(number) for _, number, text in version.pre)
    text = f"{version.major}.{version.minor}.{version.patch}"
    return f"{text}-{pre}" if pre else text


def _number(text: str, what: str, title: str) -> int:
    if not _only(text, _NUMBERS):
        raise ValueError(f"Invalid character(s) found in {what} {quoted(text)}")
    if len(text) > 1 and text[0] == "0":
        raise ValueError(f"{title} must not contain leading zeroes {quoted(text)}")
    return _unsigned(text)


def _unsigned(text: str) -> int:
    if not text:
        raise ValueError('strconv.ParseUint: parsing "": invalid syntax')
    if len(text) > 20 or int(text) > _MOST:
        raise ValueError(f"strconv.ParseUint: parsing {quoted(text)}: value out of range")
    return int(text)


def _pre(text: str) -> _Pre:
    if not text:
        raise ValueError("Prerelease is empty")
    if _only(text, _NUMBERS):
        if len(text) > 1 and text[0] == "0":
            raise ValueError(
                f"Numeric PreRelease version must not contain leading zeroes {quoted(text)}"
            )
        return (0, _unsigned(text), "")
    if not _only(text, _WORDS):
        raise ValueError(f"Invalid character(s) found in prerelease {quoted(text)}")
    return (1, 0, text)


def _check_build(build: str) -> None:
    for word in build.split("."):
        if not word:
            raise ValueError("Build meta data is empty")
        if not _only(word, _WORDS):
            raise ValueError(f"Invalid character(s) found in build meta data {quoted(word)}")


def _only(text: str, allowed: frozenset[str]) -> bool:
    """Whether there is nothing else in it; nothing at all is nothing else."""
    return not set(text) - allowed
