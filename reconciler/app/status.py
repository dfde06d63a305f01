"""``reconciler status``: a table of all sites, from their notes alone."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from reconciler.adapters import git
from reconciler.app import tables
from reconciler.model.errors import UsageError
from reconciler.model.refs import SiteName
from reconciler.model.values import State
from reconciler.status import note

_COLUMNS = ("SITE", "STATE", "HEALTH", "REVISION", "OBJECTS", "DRIFT", "AT", "MESSAGE")
_MESSAGE = 60  # characters in the table


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A site's newest note; ``words`` is all that it says."""

    site: SiteName
    words: Mapping[str, Any]

    @property
    def in_sync(self) -> bool:
        return self.words.get("state") == State.SYNCED


def read(repo: str, access: Mapping[str, str], site: str | None) -> tuple[Row, ...]:
    """Rows by site. Raises UsageError for a site without a note, SourceUnavailable."""
    wanted = _site(site) if site else None
    notes = git.read_notes(repo, git.Credentials(**access), None)
    rows = tuple(Row(site=found.site, words=_words(found)) for found in notes)
    if not rows:
        raise UsageError(f"there are no notes of any site in {repo}{_hint(repo)}")
    if wanted is None:
        return rows
    chosen = tuple(row for row in rows if row.site == wanted)
    if not chosen:
        near = difflib.get_close_matches(str(wanted), [str(row.site) for row in rows], n=3)
        known = f"; did you mean {', '.join(near)}?" if near else ""
        raise UsageError(f"no note of site {wanted} in {repo}{known}")
    return chosen


def show(rows: Sequence[Row], output: str) -> str:
    """The table, or one JSON document."""
    if output == "json":
        listed = [{**row.words, "site": str(row.site)} for row in rows]
        return orjson.dumps({"sites": listed}, option=orjson.OPT_INDENT_2).decode() + "\n"
    lines = tables.lines([_COLUMNS, *map(_cells, rows)])
    details = _details(rows[0].words) if len(rows) == 1 else []
    return "\n".join([*lines, *details]) + "\n"


def _details(words: Mapping[str, Any]) -> list[str]:
    """What people on site asked for, a line each."""
    found = []
    for each in _rows(words, "paused"):
        until = f" until {each['until']}" if "until" in each else ""
        found.append(f"paused: {each.get('object', 'the site')}{until}: {each.get('reason', '')}")
    for each in _rows(words, "overrides"):
        where = f"{each.get('field', '')} of {each.get('object', '')} is {each.get('value', '')}"
        said = f"dropped: {each['dropped']}" if "dropped" in each else where
        found.append(f"override {each.get('file', '')}: {said}")
    return [f"  {note.short(line)}" for line in found]


def _rows(words: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = words.get(key)
    listed = found if isinstance(found, list) else []
    return [each for each in listed if isinstance(each, dict) and "more" not in each]


def _cells(row: Row) -> tuple[str, ...]:
    words = row.words
    objects, drift = _mapping(words, "objects"), _mapping(words, "drift")
    cells = (
        str(row.site),
        words.get("state", "Unknown"),
        words.get("health", "Unknown"),
        str(words.get("applied", ""))[:12],
        f"{objects.get('applied', '?')}/{objects.get('total', '?')}",
        f"{drift.get('open', '?')}",
        words.get("time", ""),
        words.get("message", ""),
    )
    return tuple(note.short(str(cell), _MESSAGE) for cell in cells)


def _mapping(words: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = words.get(key)
    return found if isinstance(found, dict) else {}


def _words(found: git.SiteNote) -> Mapping[str, Any]:
    """What the note says; of one that cannot be read, why."""
    try:
        return note.read(found.text)
    except ValueError as error:
        return {"state": "Unknown", "message": str(error), "time": note.timestamp(found.time)}


def _site(text: str) -> SiteName:
    try:
        return SiteName.parse(text)
    except ValueError as error:
        raise UsageError(str(error)) from None


def _hint(repo: str) -> str:
    if not Path(repo).is_dir():
        return ""
    return (
        "; a clone has them after: git fetch origin 'refs/notes/fleet/*:refs/notes/fleet/*'"
        " (or name the remote: --repo URL)"
    )
