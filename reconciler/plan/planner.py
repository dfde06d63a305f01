"""What would change: rendered objects against what was last applied. Data in, data out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from reconciler.model.own import why_own
from reconciler.model.refs import ObjectRef
from reconciler.model.values import Manifest, Plan, Prune, Record, Step
from reconciler.plan.inventory import Entry
from reconciler.plan.waves import CRD, place, waves


def plan(
    objects: Iterable[Manifest],
    records: Mapping[ObjectRef, Record],
    inventory: Mapping[ObjectRef, Entry],
    *,
    agent_namespace: str,
    uncertain: Collection[ObjectRef] = (),
) -> Plan:
    """Waves of applies for what changed, then prunes of what the inventory lists alone.

    An object whose digest is what was last applied costs nothing. One that the inventory does
    not list with a uid is met for the first time, so its apply is unforced. What is ``uncertain``
    may have been written without our knowing, so that its record does not count.
    Raises RenderError where objects depend on each other.
    """
    ordered = waves(objects)
    wanted = {manifest.ref for wave in ordered for manifest in wave}
    steps = tuple(
        tuple(
            Step(manifest=manifest, force=_is_ours(manifest.ref, inventory))
            for manifest in wave
            if manifest.ref in uncertain or not _unchanged(manifest, records)
        )
        for wave in ordered
    )
    changed = sum(len(wave) for wave in steps)
    return Plan(
        waves=tuple(wave for wave in steps if wave),
        prunes=_prunes(wanted, inventory, agent_namespace),
        unchanged=len(wanted) - changed,
    )


def _is_ours(ref: ObjectRef, inventory: Mapping[ObjectRef, Entry]) -> bool:
    entry = inventory.get(ref)
    return entry is not None and bool(entry.uid)


def _unchanged(manifest: Manifest, records: Mapping[ObjectRef, Record]) -> bool:
    record = records.get(manifest.ref)
    return record is not None and record.digest == manifest.digest


def _prunes(
    wanted: set[ObjectRef], inventory: Mapping[ObjectRef, Entry], agent_namespace: str
) -> tuple[Prune, ...]:
    """In reverse of the order of applies: what needs others goes before what is needed.

    Left alone, and on the books, is what still holds something that is wanted (deleting it would
    delete that too), and what belongs to the agent.
    """
    homes = {ref.namespace for ref in wanted}
    kinds = {(ref.group, ref.kind) for ref in wanted}
    gone = [
        entry
        for ref, entry in inventory.items()
        if ref not in wanted
        and not _is_needed(ref, homes, kinds)
        and not why_own(ref, agent_namespace)
    ]
    gone.sort(key=lambda entry: (place(entry.ref), entry.ref), reverse=True)
    return tuple(
        Prune(ref=entry.ref, api_version=entry.api_version, uid=entry.uid) for entry in gone
    )


def _is_needed(ref: ObjectRef, homes: set[str], kinds: set[tuple[str, str]]) -> bool:
    """Whether a Namespace or a CustomResourceDefinition has something wanted in it."""
    if (ref.group, ref.kind) == ("", "Namespace"):
        return ref.name in homes
    if (ref.group, ref.kind) == CRD:  # PLURAL.GROUP; which kind it is, only its manifest knows
        return ref.name.partition(".")[2] in {group for group, _ in kinds}
    return False
