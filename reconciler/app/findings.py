"""What ``validate`` found, in the forms that people, programs and CI systems read.

In: a Result. Out: text, JSON, SARIF 2.1.0, or the workflow commands that GitHub shows beside the
lines of a change.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import orjson

import reconciler
from reconciler.model.errors import FileError
from reconciler.model.rendered import Action

_SHOWN = 3  # sites that a line names


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong; ``sites`` is empty where it concerns the whole fleet.

    ``policy`` and ``object`` are empty where it is none's.
    """

    rule: str
    path: str
    line: int
    message: str
    sites: tuple[str, ...] = ()
    action: Action = Action.DENY
    policy: str = ""
    object: str = ""
    column: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    sites: int
    objects: int
    findings: tuple[Problem, ...]

    @property
    def denied(self) -> bool:
        return any(found.action is Action.DENY for found in self.findings)


def of_error(error: FileError) -> Problem:
    """Of any site; ``once`` says which."""
    return Problem(
        rule=type(error).__name__,
        path=error.path,
        line=error.line,
        column=error.column,
        message=error.message,
    )


def once(rows: Iterable[tuple[str, Iterable[Problem]]]) -> Iterator[Problem]:
    """Each thing once, with the sites that have it, in the order of the rows; a row's site is
    ``""`` for what concerns the whole fleet."""
    sites: defaultdict[Problem, list[str]] = defaultdict(list)
    for site, found in rows:
        for each in dict.fromkeys(found):
            sites[each] += [site] if site else []
    for problem, names in sites.items():
        yield dataclasses.replace(problem, sites=tuple(names))


def show(result: Result, output: str) -> str:
    """One of FORMATS."""
    return FORMATS[output](result)


def _text(result: Result) -> str:
    """Findings by file and line, and a closing sentence."""
    lines = [
        _line(f"{_place(found)}{_weak(found)}{found.message}{_named(found.sites)}")
        for found in result.findings
    ]
    ending = _count(len(lines), "finding") if lines else "no findings"
    totals = f"{_count(result.sites, 'site')}, {_count(result.objects, 'object')}"
    return "\n".join([*lines, f"{totals}: {ending}"]) + "\n"


def _json(result: Result) -> str:
    return orjson.dumps(result, option=orjson.OPT_INDENT_2).decode() + "\n"


_LEVELS: Mapping[Action, str] = {
    Action.DENY: "error",
    Action.WARN: "warning",
    Action.AUDIT: "note",
}


def _sarif(result: Result) -> str:
    """The log of one run, as code scanning reads it."""
    rules = list(dict.fromkeys(found.rule for found in result.findings))
    document = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "fleet-reconciler",
                        "version": reconciler.__version__,
                        "rules": [{"id": rule} for rule in rules],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_sarif_result(found, rules) for found in result.findings],
            }
        ],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n"


def _sarif_result(found: Problem, rules: list[str]) -> dict[str, Any]:
    words: dict[str, Any] = {
        "ruleId": found.rule,
        "ruleIndex": rules.index(found.rule),
        "level": _LEVELS[found.action],
        "message": {"text": f"{found.message}{_named(found.sites)}"},
    }
    if found.path:
        place: dict[str, Any] = {"artifactLocation": {"uri": quote(found.path)}}
        if found.line:
            place["region"] = {"startLine": found.line}
            if found.column:
                place["region"]["startColumn"] = found.column
        words["locations"] = [{"physicalLocation": place}]
    return words


_COMMANDS: Mapping[Action, str] = {
    Action.DENY: "error",
    Action.WARN: "warning",
    Action.AUDIT: "notice",
}
_ESCAPES = {"%": "%25", "\r": "%0D", "\n": "%0A"}


def _github(result: Result) -> str:
    """A workflow command a finding; nothing where there is none."""
    return "".join(f"{_command(found)}\n" for found in result.findings)


def _command(found: Problem) -> str:
    words = {"file": found.path, "line": found.line, "col": found.column, "title": found.rule}
    properties = ",".join(f"{key}={_property(value)}" for key, value in words.items() if value)
    message = _escaped(f"{found.message}{_named(found.sites)}", _ESCAPES)
    return f"::{_COMMANDS[found.action]} {properties}::{message}"


def _property(value: object) -> str:
    return _escaped(str(value), {**_ESCAPES, ":": "%3A", ",": "%2C"})


def _escaped(text: str, escapes: Mapping[str, str]) -> str:
    return "".join(escapes.get(character, character) for character in text)


FORMATS: Mapping[str, Callable[[Result], str]] = {
    "text": _text,
    "json": _json,
    "sarif": _sarif,
    "github": _github,
}


def _line(text: str) -> str:
    """A stranger chooses the words: they neither begin another line nor move the cursor."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _place(found: Problem) -> str:
    if not found.path:
        return ""
    parts = [found.path, *(str(part) for part in (found.line, found.column) if part)]
    return f"{':'.join(parts)}: "


def _weak(found: Problem) -> str:
    """What does not fail the check says so first."""
    return "" if found.action is Action.DENY else f"{found.action}: "


def _named(sites: tuple[str, ...]) -> str:
    if not sites:
        return ""
    more = len(sites) - _SHOWN
    shown = ", ".join(sites[:_SHOWN])
    return f" [{shown} and {more} more]" if more > 0 else f" [{shown}]"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
