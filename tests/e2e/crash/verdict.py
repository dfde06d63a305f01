"""What must be true in the end, each with a sentence of its own.

Used by test_kill and test_soak.
"""

from __future__ import annotations

import json
from itertools import pairwise

import yaml

from reconciler.engine.loop import REPORT_AFTER
from reconciler.model.refs import ObjectRef
from reconciler.plan import inventory
from tests.controlplane.audit import Request
from tests.e2e.crash import left, objects
from tests.e2e.crash.account import Account
from tests.e2e.crash.ledger import Ledger, Version
from tests.e2e.crash.trial import Trial
from tests.e2e.crash.victim import Victim
from tests.e2e.process import eventually

_AGENT = "serviceaccount:fleet-system:fleet-reconciler"


def converge(trial: Trial) -> None:
    """One agent that nobody kills brings everything about, and ends in order."""
    victim = trial.start()
    try:
        settle(trial, victim)
    finally:
        victim.discard()


def settle(trial: Trial, victim: Victim) -> None:
    """This agent brings everything about, and ends in order."""
    trial.rest(victim)
    head = trial.world.fleet.head

    def is_told() -> bool:
        note = yaml.safe_load(trial.world.fleet.note() or "{}")
        return (note.get("commit"), note.get("applied")) == (head, head)

    def is_gone() -> bool:
        """What was pruned: the garbage collector takes its time on a busy machine."""
        return not any("deletionTimestamp" in v.body["metadata"] for v in trial.there().values())

    eventually(is_told, "the newest commit's note")
    eventually(is_gone, "the end of what was pruned", 60)
    # Longer than news waits to be reported: an agent that ends leaves such a note queued.
    assert victim.wait_for_silence(REPORT_AFTER + 1)
    trial.note_passes(victim.events)
    assert victim.end() == 0


def differences(trial: Trial) -> list[str]:
    """Objects that are not what the newest commit says, or should not be there, or should."""
    namespace, label = trial.world.namespace, trial.world.fleet.site.replace("/", ".")
    there, wanted = trial.there(), trial.churn.present
    wrong = [
        ref
        for ref in there.keys() & wanted.keys()
        if not objects.holds(objects.expected(ref, wanted[ref], namespace, label), there[ref].body)
    ]
    return sorted(map(str, [*wrong, *(there.keys() ^ wanted.keys())]))


def check_cluster(trial: Trial) -> None:
    """Every object is what the newest commit says, and nothing else of ours is there."""
    wrong = differences(trial)
    assert not wrong, f"not as committed: {wrong}"


def check_books(trial: Trial) -> None:
    """Inventory and database list the agent's objects with their uids, and nothing else."""
    there = {ref: version.uid for ref, version in trial.there().items()}
    listed = trial.inventory()
    named = {ref: entry.uid for ref, entry in listed.entries.items()}
    other = {
        f"{ref}: the inventory has {named.get(ref)}, the cluster {there.get(ref)}"
        for ref in named.keys() | there.keys()
        if named.get(ref) != there.get(ref)
    }
    assert not other, sorted(other)
    kept = left.kept(trial.world.state)
    assert kept is not None
    made_of = {ref: (uid, trial.churn.present[ref]) for ref, uid in there.items()}
    assert kept.objects == made_of
    assert listed.accepted == kept.accepted == trial.world.fleet.head
    assert not kept.queued and not kept.rendering


def check_foreigners(trial: Trial) -> None:
    """What is not ours was not written."""
    for path, version in trial.meddler.foreign.items():
        _, found = trial.world.plane.request("GET", path)
        assert found["metadata"]["resourceVersion"] == version, f"{path} was written"


def check_note(trial: Trial) -> None:
    """The newest note is about the newest state, and none was pushed twice."""
    note = yaml.safe_load(trial.world.fleet.note())
    head, total = trial.world.fleet.head, len(trial.churn.present)
    assert (note["commit"], note["applied"], note["state"]) == (head, head, "Synced")
    assert (note["objects"]["total"], note["objects"]["applied"]) == (total, total)
    ref = f"refs/notes/fleet/{trial.world.fleet.site}"
    trees = trial.world.fleet.git("log", "--format=%T", ref).splitlines()
    assert len(set(trees)) == len(trees)


def check_writes(trial: Trial, ledger: Ledger) -> Account:
    """No write that did not need to be; each is accounted for."""
    ledger.catch_up()
    account = Account(edits=trial.meddler.edits, deleted=trial.meddler.deleted)
    for ref, versions in ledger.versions().items():
        if ref in trial.churn.universe:
            account.add(versions)
    assert not account.complaints, "\n".join(account.complaints)
    return account


def check_own(ledger: Ledger) -> None:
    """The inventory and the Site object were written only to say something else."""
    for ref, versions in ledger.versions().items():
        said = [_said(version) for version in versions if not version.gone]
        if ref.kind == "Site" or ref.name.startswith(inventory.PREFIX):
            same = [str(two) for one, two in pairwise(said) if one == two]
            assert not same, f"{ref} was written to say the same: {same[:3]}"


def _said(version: Version) -> object:
    """What it tells; when that was is not told."""
    status = version.body.get("status") or {}
    return version.body.get("data"), {k: v for k, v in status.items() if k != "time"}


def check_deletions(trial: Trial) -> int:
    """No object was deleted that the commit in force held; how many were deleted."""
    by_name = {
        (trial.churn.kinds[ref.kind].path.rpartition("/")[2], ref.name): ref
        for ref in trial.churn.universe
    }
    deletions = [
        (by_name[key], request.at)
        for request in trial.world.plane.audit(user=_AGENT, verb="delete")
        if request.status == 200 and (key := _key(trial, request)) in by_name
    ]
    for ref, at in deletions:
        commit = _in_force(trial, at)
        assert ref not in trial.churn.contents[commit], f"{ref} is in {commit}, and was deleted"
    return len(deletions)


def _key(trial: Trial, request: Request) -> tuple[str, str]:
    here = request.namespace in ("", trial.world.namespace)
    return (request.resource, request.name) if here else ("", "")


def _in_force(trial: Trial, at: str) -> str:
    """The commit whose pass was under way; times are RFC 3339 in UTC with microseconds."""
    return max((began, commit) for began, commit in trial.passes if began <= at)[1]


def check_rest(trial: Trial, ledger: Ledger) -> None:
    """One more start with nothing to do writes nothing."""
    before = ledger.versions()
    victim = trial.start()
    try:
        trial.rest(victim)
        assert victim.wait_for_silence(REPORT_AFTER + 1)
        assert victim.end() == 0
    finally:
        victim.discard()
    ledger.catch_up()
    after, was = _numbers(ledger.versions()), _numbers(before)
    written = [ref for ref in after if after[ref] != was.get(ref)]
    told = [_told(version) for ref in written for version in ledger.versions()[ref][-2:]]
    assert not written, "\n".join([*told, victim.tail()])


def _told(version: Version) -> str:
    return f"{version.number} {version.ref} {json.dumps(version.body)[:4000]}"


def _numbers(versions: object) -> dict[ObjectRef, list[int]]:
    assert isinstance(versions, dict)
    return {ref: [version.number for version in listed] for ref, listed in versions.items()}
