"""What would change: rendered objects against what was last applied. Data in, data out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.model.refs import ObjectRef
from reconciler.model.values import Manifest, Plan, Prune, Record, Step
from reconciler.plan.inventory import Entry
from reconciler.plan.waves import place, waves


def plan(
    objects: Iterable[Manifest],
    records: Mapping[ObjectRef, Record],
    inventory: Mapping[ObjectRef, Entry],
) -> Plan:
    """Waves of applies for what changed, then prunes of what the inventory lists alone.

    An object whose digest is what was last applied costs nothing. One that the inventory does
    not list with a uid is met for the first time, so its apply is unforced.
    Raises RenderError where objects depend on each other.
    """
    ordered = waves(objects)
    wanted = {manifest.ref for wave in ordered for manifest in wave}
    steps = tuple(
        tuple(
            _step(manifest, inventory.get(manifest.ref))
            for manifest in wave
            if not _unchanged(manifest, records)
        )
        for wave in ordered
    )
    changed = sum(len(wave) for wave in steps)
    return Plan(
        waves=tuple(wave for wave in steps if wave),
        prunes=_prunes(wanted, inventory),
        unchanged=len(wanted) - changed,
    )


def _step(manifest: Manifest, entry: Entry | None) -> Step:
    is_ours = entry is not None and bool(entry.uid)
    return Step(manifest=manifest, force=is_ours, announced=entry is not None and not is_ours)


def _unchanged(manifest: Manifest, records: Mapping[ObjectRef, Record]) -> bool:
    record = records.get(manifest.ref)
    return record is not None and record.digest == manifest.digest


def _prunes(wanted: set[ObjectRef], inventory: Mapping[ObjectRef, Entry]) -> tuple[Prune, ...]:
    """In reverse of the order of applies: what needs others goes before what is needed."""
    gone = [entry for ref, entry in inventory.items() if ref not in wanted]
    gone.sort(key=lambda entry: (place(entry.ref), entry.ref), reverse=True)
    return tuple(
        Prune(ref=entry.ref, api_version=entry.api_version, uid=entry.uid) for entry in gone
    )
