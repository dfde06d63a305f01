"""Which steps of a wave may go: what they need is there, and healthy where they wait for that.

Called by ``apply``; ``Gate`` is what ``vitals`` knows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

from reconciler.model.refs import ObjectRef
from reconciler.model.values import Step
from reconciler.plan import waves


class Gate(Protocol):
    """Knows which objects are healthy."""

    def written(self, refs: Iterable[ObjectRef]) -> None:
        """These were just applied: what was known of their health counts no more."""

    def closed(self, refs: Collection[ObjectRef]) -> frozenset[ObjectRef]:
        """Those of them for which others must wait still. Raises ClusterUnavailable."""


def split(
    wave: tuple[Step, ...],
    definitions: Mapping[tuple[str, str], ObjectRef],
    missing: set[ObjectRef],
) -> tuple[list[Step], set[ObjectRef]]:
    """Steps that may go, and the refs of those whose needs are missing."""
    ready = [
        step
        for step in wave
        if not (waves.needs(step.manifest, definitions) | step.after) & missing
    ]
    return ready, {step.manifest.ref for step in wave} - {step.manifest.ref for step in ready}


def late(
    steps: list[Step], waiting: Mapping[ObjectRef, ObjectRef], gate: Gate
) -> dict[ObjectRef, ObjectRef]:
    """Which of these must wait, and for what: where that waits itself, for what it waits for."""
    asked = frozenset().union(*(step.after for step in steps))
    shut = {ref: ref for ref in gate.closed(asked - waiting.keys())} if asked else {}
    shut |= {ref: waiting[ref] for ref in asked & waiting.keys()}
    if not shut:
        return {}
    return {
        step.manifest.ref: shut[min(step.after & shut.keys())]
        for step in steps
        if step.after & shut.keys()
    }
