"""``reconciler drift``: the journal of a site's state folder, and what is still open.

In: the state folder of the agent on this machine. Out: its rows, as a table or JSON. Nothing is
asked of the cluster.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from reconciler.adapters import state
from reconciler.app import tables
from reconciler.model import durations, errors, moments
from reconciler.model.journal import JournalRow, Outcome, rule_to_paste, sentence
from reconciler.model.refs import ObjectRef, SiteName
from reconciler.status import note, open_drift

_LINE = 400  # characters of one change
_COLUMNS = ("AT", "OUTCOME", "OBJECT", "CHANGE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An object that is not as it should be, and what the journal last said of that."""

    ref: ObjectRef
    outcome: Outcome
    rows: tuple[JournalRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """``total`` counts what is open, of which ``opened`` names the first 1,000."""

    site: str
    rows: tuple[JournalRow, ...]
    opened: tuple[Opened, ...]
    total: int


def since(text: str, now: float) -> float:
    """Unix seconds, from ``2h`` before ``now`` or a time; ``""`` is from the beginning.

    Raises UsageError.
    """
    if not text:
        return 0.0
    with contextlib.suppress(ValueError):
        return now - durations.parse(text)
    with contextlib.suppress(ValueError):
        return moments.parse(text)
    raise errors.UsageError(
        f"--since {text}: expected a duration such as 2h, or a time such as 2027-01-31T18:00:00Z"
    )


def read(folder: Path, site: str | None, begin: float) -> Journal:
    """Raises UsageError for another site's folder, StateDamaged and StateUnavailable."""
    reading = state.open_reading(folder)
    try:
        kept = reading.meta("site")
        _check(site, kept, folder)
        rows = reading.journal()
        standing = _standing(reading.meta(open_drift.KEY))
    finally:
        reading.close()
    opened = tuple(
        Opened(ref=ref, outcome=outcome, rows=_last(rows, ref, outcome))
        for ref, outcome in standing.objects.items()
    )
    chosen = tuple(row for row in rows if row.at >= begin)
    return Journal(site=kept, rows=chosen, opened=opened, total=standing.total)


def _check(site: str | None, kept: str, folder: Path) -> None:
    if site is None:
        return
    try:
        wanted = str(SiteName.parse(site))
    except ValueError as error:
        raise errors.UsageError(str(error)) from None
    if wanted != kept:
        raise errors.UsageError(
            f"the state folder {folder} is of {kept or 'no site yet'}, not of {wanted}: the journal"
            f" of {wanted} is with its agent; `reconciler status {wanted}` counts its drift"
        )


def _standing(text: str) -> open_drift.Standing:
    try:
        return open_drift.unpack(text)
    except ValueError as error:
        raise errors.StateDamaged(str(error)) from None


def _last(rows: Sequence[JournalRow], ref: ObjectRef, outcome: Outcome) -> tuple[JournalRow, ...]:
    """The newest row of each field."""
    found = {row.change.path: row for row in rows if row.ref == ref and row.outcome is outcome}
    return tuple(found.values())


def to_text(found: Journal) -> Iterator[str]:
    """The table, then what is open with the rules that would leave it so."""
    if found.rows:
        yield from tables.lines([_COLUMNS, *map(_cells, found.rows)])
    if found.rows and found.opened:
        yield ""
    for each in found.opened:
        yield from _open(each)
    more = found.total - len(found.opened)
    if more:
        yield f"and {more} more objects"
    if not found.rows and not found.total:
        yield "no drift"


def _cells(row: JournalRow) -> tuple[str, str, str, str]:
    said = "deleted" if row.kind == "deleted" else sentence(row.change)
    took = f" ({_milliseconds(row)})" if row.outcome is Outcome.CORRECTED else ""
    line = note.short(said + took, _LINE)
    return note.timestamp(row.at), str(row.outcome), note.short(str(row.ref)), line


def _milliseconds(row: JournalRow) -> str:
    return f"put right in {row.seconds * 1000:.0f} ms"


def _open(each: Opened) -> Iterator[str]:
    yield f"{note.short(str(each.ref))} is not as it should be: {each.outcome}"
    for row in each.rows:
        yield f"  {note.short(sentence(row.change), _LINE)}"
        yield "  to leave it so, in site.yaml or under defaults in fleet.yaml:"
        yield f"    {note.short(rule_to_paste(each.ref, row.change))}"


def to_json(found: Journal) -> str:
    words = {
        "site": found.site,
        "changes": [_words(row) for row in found.rows],
        "open": [
            {
                "object": str(each.ref),
                "outcome": str(each.outcome),
                "rules": [rule_to_paste(each.ref, row.change) for row in each.rows],
            }
            for each in found.opened
        ],
        "openTotal": found.total,
    }
    return orjson.dumps(words, option=orjson.OPT_INDENT_2).decode() + "\n"


def _words(row: JournalRow) -> dict[str, Any]:
    change = row.change
    words: dict[str, Any] = {
        "at": note.timestamp(row.at),
        "object": str(row.ref),
        "change": row.kind,
        "outcome": str(row.outcome),
        "field": change.path,
        "wanted": change.wanted,
        "found": change.found,
        "manager": change.manager,
        "operation": change.operation,
        "subresource": change.subresource,
        "since": change.since,
    }
    words = {key: value for key, value in words.items() if value}
    if row.outcome is Outcome.CORRECTED:
        words["seconds"] = round(row.seconds, 6)
    return words
