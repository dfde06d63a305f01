"""What an agent was doing when it was killed, told from what it left.

In: its log, the processes below it, its database and what the cluster holds. Out: names of
phases; several hold at once, as fetching, applying and pushing have threads of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.model.refs import ObjectRef
from tests.e2e.crash.victim import Events, Process

PHASES = (
    "starting",  # no commit fetched and no kind listed yet
    "fetching",  # git runs for the mirror
    "rendering",  # the database says so
    "announcing",  # a pass began and nothing of it is in the cluster
    "applying",  # some of its objects are in the cluster
    "unsaved",  # objects are in the cluster otherwise than in the database
    "pruning",  # all is applied, and not all pruned
    "settling",  # all is applied and pruned, and not concluded
    "noting",  # a note is queued or on its way
    "healing",  # somebody changed a field, and it is not put right yet
    "idle",  # none of these
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remains:
    """``unsaved`` are objects in the cluster that the database knows otherwise."""

    events: Events
    processes: Collection[Process]
    rendering: bool
    unsaved: Collection[ObjectRef]
    queued: bool  # a note
    drifted: Collection[ObjectRef]  # by the meddler, while this agent ran


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """The newest pass of a log: what it set out to do and what of it is told as done."""

    changes: int
    prunes: int
    applied: int
    pruned: int

    @property
    def all_applied(self) -> bool:
        return self.applied >= self.changes

    @property
    def all_done(self) -> bool:
        return self.all_applied and self.pruned >= self.prunes


def names(events: Events) -> list[str]:
    return [str(event.get("name", "")) for event in events]


def current_pass(events: Sequence[Mapping[str, Any]]) -> Pass | None:
    """The pass that is under way, or None."""
    listed = names(events)
    if "apply.started" not in listed:
        return None
    begin = len(listed) - 1 - listed[::-1].index("apply.started")
    since = listed[begin:]
    if "apply.done" in since:
        return None
    return Pass(
        changes=int(events[begin]["changes"]),
        prunes=int(events[begin]["prunes"]),
        applied=since.count("object.applied") + since.count("object.failed"),
        pruned=since.count("object.pruned"),
    )


def at_rest(events: Events, commit: str, kinds: int) -> bool:
    """Whether this commit's pass is over and so many kinds are watched."""
    listed = {event["kind"] for event in events if event.get("name") == "watch.listed"}
    return len(listed) >= kinds and any(
        event.get("name") == "apply.done" and event.get("commit") == commit for event in events
    )


def of(remains: Remains) -> frozenset[str]:
    """The phases that the agent was in."""
    said = names(remains.events)
    found = set()
    if "source.fetched" not in said and "watch.listed" not in said:
        found.add("starting")
    if any(_is_fetch(process) for process in remains.processes):
        found.add("fetching")
    if remains.rendering:
        found.add("rendering")
    if remains.unsaved:
        found.add("unsaved")
    if (remains.queued and "report.changed" in said) or any(map(_is_note, remains.processes)):
        found.add("noting")
    if _open_drift(remains):
        found.add("healing")
    found |= _in_pass(remains)
    return frozenset(found or {"idle"})


def _in_pass(remains: Remains) -> set[str]:
    now = current_pass(remains.events)
    if now is None:
        return set()
    if now.all_done:
        return {"settling"}
    if now.all_applied:
        return {"pruning"}
    return {"applying" if now.applied or remains.unsaved else "announcing"}


def _open_drift(remains: Remains) -> bool:
    healed = {event["ref"] for event in remains.events if event.get("name") == "drift.corrected"}
    return any(str(ref) not in healed for ref in remains.drifted)


def is_git(process: Process, folder: str) -> bool:
    """Whether this is git at work on that repository, whatever its part in it."""
    return process.repository.removesuffix(".new") == folder


def _is_fetch(process: Process) -> bool:
    return is_git(process, "mirror.git") and "fetch" in process.command


def _is_note(process: Process) -> bool:
    return is_git(process, "notes.git")
