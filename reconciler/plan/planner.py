"""What would change: rendered objects against what was last applied. Data in, data out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import groupby

from reconciler.model.own import why_own
from reconciler.model.refs import ObjectRef
from reconciler.model.rendered import Manifest
from reconciler.model.rules import AdoptRule
from reconciler.model.values import Plan, Prune, Record, Step
from reconciler.plan import generated, modes
from reconciler.plan.inventory import Entry
from reconciler.plan.waves import CRD, awaited, defined_kind, place, placed_again, waves


def plan(
    objects: Iterable[Manifest],
    records: Mapping[ObjectRef, Record],
    inventory: Mapping[ObjectRef, Entry],
    *,
    agent_namespace: str,
    uncertain: Collection[ObjectRef] = (),
    adopt: Collection[AdoptRule] = (),
) -> Plan:
    """Waves of applies for what changed, then prunes of what the inventory lists alone.

    An object whose digest is what was last applied costs nothing. One that the inventory does
    not list with a uid is met for the first time, so its apply is unforced. What is ``uncertain``
    may have been written without our knowing, so that its record does not count. ``adopt`` names
    managers that hand over at first contact.
    Raises RenderError where objects depend on each other.
    """
    ordered = waves(objects)
    wanted = {manifest.ref for wave in ordered for manifest in wave}
    steps = tuple(
        tuple(
            _step(manifest, inventory, adopt, after)
            for manifest, after in zip(wave, gates, strict=True)
            if manifest.ref in uncertain
            or not _unchanged(manifest, records.get(manifest.ref), inventory.get(manifest.ref))
        )
        for wave, gates in zip(ordered, awaited(ordered), strict=True)
    )
    dropped = {
        ref: entry
        for ref, entry in inventory.items()
        if ref not in wanted and not why_own(ref, agent_namespace)
    }
    needed = _needed(dropped, wanted, records)
    gone = _in_reverse([entry for ref, entry in dropped.items() if ref not in needed], records)
    successors = generated.successors(
        dropped, records, (manifest for wave in ordered for manifest in wave)
    )
    changed = sum(len(wave) for wave in steps)
    return Plan(
        waves=tuple(wave for wave in steps if wave),
        prunes=tuple(
            Prune(
                ref=entry.ref,
                api_version=entry.api_version,
                uid=entry.uid,
                stage=stage,
                successor=successors.get(entry.ref),
            )
            for stage, entries in enumerate(gone)
            for entry in entries
        ),
        unchanged=len(wanted) - changed,
        kept=tuple(sorted(dropped.keys() & needed)),
    )


def _step(
    manifest: Manifest,
    inventory: Mapping[ObjectRef, Entry],
    adopt: Collection[AdoptRule],
    after: frozenset[ObjectRef],
) -> Step:
    if _is_ours(manifest.ref, inventory):
        return Step(manifest=manifest, force=True, after=after)
    adopters = modes.adopters(adopt, manifest.ref)
    return Step(manifest=manifest, force=False, adopters=adopters, after=after)


def _is_ours(ref: ObjectRef, inventory: Mapping[ObjectRef, Entry]) -> bool:
    entry = inventory.get(ref)
    return entry is not None and bool(entry.uid)


def _unchanged(manifest: Manifest, record: Record | None, entry: Entry | None) -> bool:
    if record is not None:
        return record.digest == manifest.digest and set(record.left) == set(manifest.left)
    # The database was lost. A Job that cleans itself up has run, and must not run again.
    known = entry.digest if entry else ""
    return bool(known) and manifest.digest.startswith(known)


def _in_reverse(gone: Iterable[Entry], records: Mapping[ObjectRef, Record]) -> list[list[Entry]]:
    """The reverse of the order of applies, in stages: what needs others goes before what is needed.

    Wave and depends-on are what the manifest said that was last applied; without a record, the
    kind alone decides.
    """
    entries = {entry.ref: entry for entry in gone}
    applied = [placed_again(records[ref]) for ref in sorted(entries) if ref in records]
    ordered = [[entries[manifest.ref] for manifest in wave] for wave in waves(applied)]
    unknown = sorted(
        (entry for ref, entry in entries.items() if ref not in records),
        key=lambda entry: (place(entry.ref), entry.ref),
    )
    rest = [list(found) for _, found in groupby(unknown, lambda entry: place(entry.ref))]
    return [list(reversed(stage)) for stage in reversed([*rest, *ordered])]


def _needed(
    dropped: Mapping[ObjectRef, Entry],
    wanted: set[ObjectRef],
    records: Mapping[ObjectRef, Record],
) -> set[ObjectRef]:
    """Namespaces and CustomResourceDefinitions that hold something wanted: deleting them would
    delete that too, and whatever others have in them."""
    homes = {ref.namespace for ref in wanted}
    kinds = {(ref.group, ref.kind) for ref in wanted}
    groups = {group for group, _ in kinds}
    found = set()
    for ref in dropped:
        kind = (ref.group, ref.kind)
        if kind == ("", "Namespace") and ref.name in homes:
            found.add(ref)
        elif kind == CRD:
            record = records.get(ref)
            # Without its manifest only its name is known, PLURAL.GROUP: then the group decides.
            defined = defined_kind(record.body) if record else None
            if defined in kinds if defined else ref.name.partition(".")[2] in groups:
                found.add(ref)
    return found
