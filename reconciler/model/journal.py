"""The drift journal's rows: what somebody changed, and what became of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

import orjson

from reconciler.model.refs import ObjectRef


class Outcome(StrEnum):
    """What became of a change."""

    CORRECTED = "corrected"
    WARNED = "warned"  # left as it is: the field's mode is warn
    CONTESTED = "contested"  # left for a while: a manager takes it back again and again
    PAUSED = "paused"  # left until the pause ends
    FAILED = "failed"  # the API server refused the correction


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field of one object, or the whole object where ``path`` is empty.

    ``path``, ``wanted`` and ``found`` are as shown to people, secrets masked. ``manager``,
    ``operation``, ``subresource`` and ``since`` (RFC 3339) are what managedFields claims of who
    wrote it, ``""`` where nobody owns it. ``rule`` is the path as drift rules name it.
    """

    path: str
    wanted: str
    found: str
    manager: str = ""
    operation: str = ""
    subresource: str = ""
    since: str = ""
    rule: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRow:
    """``at`` is Unix seconds; ``seconds`` from the event to the correction's answer, else 0."""

    at: float
    ref: ObjectRef
    kind: str  # edited, deleted
    change: Change
    outcome: Outcome
    seconds: float = 0.0


def rule_to_paste(ref: ObjectRef, change: Change) -> str:
    """The line of site.yaml (or fleet.yaml's defaults) that leaves this field to others."""
    kind = f"{ref.kind}.{ref.group}" if ref.group else ref.kind
    where = f", namespace: {_word(ref.namespace)}" if ref.namespace else ""
    field = f", fields: [{orjson.dumps(change.rule).decode()}]" if change.rule else ""
    return f"drift: [{{mode: ignore, kind: {kind}{where}, name: {_word(ref.name)}{field}}}]"


def _word(name: str) -> str:
    """Quoted where YAML might take it for something else than a string."""
    plain = _PLAIN.fullmatch(name) and name.lower() not in _TAKEN
    return name if plain else orjson.dumps(name).decode()


_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9.-]*")
_TAKEN = frozenset(("true", "false", "yes", "no", "on", "off", "null", "y", "n"))


def sentence(change: Change) -> str:
    """``spec.replicas: wanted 3, found 5, held by kubectl-edit (Update)``."""
    if not change.path:
        return f"wanted {change.wanted}, found {change.found}"
    said = f"{change.path}: wanted {change.wanted}, found {change.found}"
    if change.wanted == change.found:
        said = f"{change.path}: the value is as wanted"
    if not change.manager:
        return said
    part = f", {change.subresource}" if change.subresource else ""
    return f"{said}, held by {change.manager} ({change.operation}{part})"
