"""Rows of the table that ``python -m bench`` prints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """``target`` is what must be reached, ``met`` whether it was; both empty for what is beside."""

    what: str
    figure: str
    target: str = ""
    met: bool | None = None

    def __str__(self) -> str:
        judged = {None: "", True: "met", False: "NOT MET"}[self.met]
        return f"{self.what:<62} {self.figure:<46} {self.target:<28} {judged}".rstrip()


def at_most(what: str, value: float, most: float, unit: str = "", digits: int = 2) -> Row:
    """A figure with a ceiling."""
    return Row(
        what=what,
        figure=f"{value:.{digits}f}{unit}",
        target=f"at most {most:g}{unit}",
        met=value <= most,
    )


def at_least(what: str, value: float, least: float, unit: str = "", digits: int = 2) -> Row:
    """A figure with a floor."""
    return Row(
        what=what,
        figure=f"{value:.{digits}f}{unit}",
        target=f"at least {least:g}{unit}",
        met=value >= least,
    )


def plain(rows: Iterable[tuple[str, str]]) -> Iterator[Row]:
    """Rows without a target."""
    return (Row(what=what, figure=figure) for what, figure in rows)


def is_missed(rows: Iterable[Row]) -> bool:
    """Whether a target was not met."""
    return any(row.met is False for row in rows)


def summary(rows: Iterable[Row]) -> str:
    """How many targets were met, and which were not."""
    judged = [row for row in rows if row.met is not None]
    missed = [row for row in judged if not row.met]
    lines = [f"{len(judged) - len(missed)} of {len(judged)} targets are met"]
    lines += [f"NOT MET: {row.what.strip()}: {row.figure}, not {row.target}" for row in missed]
    return "\n".join(lines)
