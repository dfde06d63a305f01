"""Foreign edits under a running agent: is it drift, is it healed, and at what cost.

One site holds an object for each row of the contract's table and of MORE. All edits are made, one
after the other; then the agent's log says what it put right, and the audit log what that took.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import pytest

from reconciler.model import errors
from reconciler.model.refs import ObjectRef
from reconciler.plan.drift import Drift
from tests.contracts import objects
from tests.contracts.cluster_drift import (
    CONTAINERS,
    EDITS,
    HIDDEN,
    HOLD,
    NOTE,
    THEIRS,
    Edit,
    applied,
    covers,
    drop,
    merge,
    put,
    remade,
    rows,
    then,
)
from tests.contracts.world import KubeWorld, Obj, kind_of, place_of
from tests.e2e.process import Agent, eventually
from tests.e2e.world import World

LEAST, LEAST_DRIFT, LEAST_KINDS = 128, 83, 13
_ROOTS = {"size": 8}

MORE = [
    *rows(
        objects.stateful_set,
        {
            Drift.CERTAIN: {
                "replicas": merge({"spec": {"replicas": 3}}),
                "an image": put(f"{CONTAINERS}/0/image", "other:1"),
                "a variable less": drop(f"{CONTAINERS}/0/env/1"),
                "an argument less": drop(f"{CONTAINERS}/0/args/0"),
            },
            Drift.NONE: {"a label": merge(THEIRS)},
        },
    ),
    *rows(
        objects.daemon_set,
        {
            Drift.CERTAIN: {
                "an image": put(f"{CONTAINERS}/0/image", "other:1"),
                "a container less": drop(f"{CONTAINERS}/1"),
                "a variable's value": put(f"{CONTAINERS}/0/env/1/value", "9"),
            },
            Drift.SUSPECTED: {"a pod's annotation": merge({"spec": {"template": NOTE}})},
        },
    ),
    *rows(
        objects.config_map,
        {
            Drift.CERTAIN: {
                "a value in another case": merge({"data": {"key": "VALUE"}}),
                "a value of many lines": merge({"data": {"key": "value\n" * 20}}),
                "a value made empty": merge({"data": {"key": ""}}),
                "a value, away and back": then(
                    merge({"data": {"key": "x"}}), merge({"data": {"key": "value"}})
                ),
                "a value and a key more": merge({"data": {"key": "x", "more": "1"}}),
                "our label less": merge({"metadata": {"labels": None}}),
            },
        },
    ),
    *rows(
        objects.secret,
        {
            Drift.CERTAIN: {
                "all data less": merge({"data": None}),
                "a value, away and back": then(
                    merge({"data": {"token": "eA=="}}), merge({"data": {"token": "YQ=="}})
                ),
                "a value, applied": applied({"data": {"token": "eA=="}}),
            },
        },
    ),
    *rows(
        objects.service,
        {
            Drift.CERTAIN: {
                "all ports but one": drop("/spec/ports/0"),
                "a port's name": put("/spec/ports/0/name", "web"),
                "the selector, applied": applied({"spec": {"selector": {"app": "x"}}}),
                "our label": merge({"metadata": {"labels": {objects.LABEL: "south.two"}}}),
            },
        },
    ),
    *rows(
        objects.ingress,
        {
            Drift.CERTAIN: {
                "a path": put("/spec/rules/0/http/paths/0/path", "/other"),
                "a backend": put("/spec/rules/0/http/paths/0/backend/service/name", "other"),
                "a rule more": put("/spec/rules/-", {"host": "c.example"}),
            },
        },
    ),
    *rows(
        objects.cron_job,
        {
            Drift.CERTAIN: {
                "an image": put(
                    "/spec/jobTemplate/spec/template/spec/containers/0/image", "other:1"
                ),
                "the schedule, applied": applied({"spec": {"schedule": "1 1 * * *"}}),
            },
        },
    ),
    *rows(
        objects.role,
        {
            Drift.CERTAIN: {
                "a verb less": drop("/rules/0/verbs/0"),
                "a rule more": put(
                    "/rules/-", {"apiGroups": [""], "resources": ["nodes"], "verbs": ["get"]}
                ),
                "another resource": put("/rules/0/resources/0", "secrets"),
            },
        },
    ),
    *rows(
        objects.role_binding,
        {
            Drift.CERTAIN: {
                "a subject more": put(
                    "/subjects/-", {"kind": "ServiceAccount", "name": "x", "namespace": "default"}
                ),
                "another subject": put("/subjects/0/name", "other"),
            },
            Drift.SUSPECTED: {"a label": merge(THEIRS)},
        },
    ),
    *rows(
        objects.account,
        {Drift.CERTAIN: {"the token, left out": merge({"automountServiceAccountToken": None})}},
    ),
    *rows(
        objects.autoscaler,
        {
            Drift.CERTAIN: {
                "the least": merge({"spec": {"minReplicas": 2}}),
                "the target": merge({"spec": {"scaleTargetRef": {"name": "other"}}}),
            },
        },
    ),
    *rows(
        objects.budget,
        {
            Drift.CERTAIN: {
                "the selector": merge({"spec": {"selector": {"matchLabels": {"app": "x"}}}}),
                "the least as a share": merge({"spec": {"minAvailable": "50%"}}),
            },
        },
    ),
    *rows(
        objects.network_policy,
        {
            Drift.CERTAIN: {
                "its types": merge({"spec": {"policyTypes": ["Ingress", "Egress"]}}),
                "other pods": merge({"spec": {"podSelector": {"matchLabels": {"app": "x"}}}}),
            },
        },
    ),
    *rows(
        objects.model,
        {
            Drift.CERTAIN: {
                "a value, applied": applied({"spec": {"size": 9}}),
                "a value, away and back": then(
                    merge({"spec": _ROOTS}), merge({"spec": {"size": 7}})
                ),
            },
        },
    ),
]


def is_real(edit: Edit) -> bool:
    """Whether what we set is no longer as we set it, or no longer ours."""
    return edit.verdict is Drift.CERTAIN or edit.act in HIDDEN


def named(edit: Edit, home: str, number: int) -> dict[str, Any]:
    """The row's object under a name of its own, as the repository declares it."""
    value = json.loads(json.dumps(edit.make(home)))
    value["metadata"] |= {"name": f"edit-{number}", "labels": {}}
    return dict(value)


def labelled(value: Obj) -> Obj:
    """As the agent applies it."""
    return {**value, "metadata": {**value["metadata"], "labels": dict(objects.LABELS)}}


@pytest.fixture
def meddler(world: World) -> Iterator[KubeWorld]:
    connected = KubeWorld(world.plane, Path(world.kubeconfig))
    yield connected
    connected.close()


def put_right(agent: Agent) -> set[str]:
    return {event["ref"] for event in agent.events("drift.corrected")}


def test_each_foreign_edit_is_healed_if_it_is_drift_and_left_if_it_is_not(
    world: World, meddler: KubeWorld, record_property: Any
) -> None:
    edits = [*EDITS, *MORE]
    wanted = [named(edit, world.namespace, number) for number, edit in enumerate(edits)]
    refs = [str(ObjectRef.of(value)) for value in wanted]
    real = {ref for ref, edit in zip(refs, edits, strict=True) if is_real(edit)}
    assert len(edits) >= LEAST
    assert len(real) >= LEAST_DRIFT
    assert len({value["kind"] for value in wanted}) >= LEAST_KINDS
    world.fleet.extra(
        "---\n".join(json.dumps(value) + "\n" for value in [objects.definition(), *wanted])
    )
    with world.running() as agent:
        world.synced(agent, seconds=120)
        kinds = {ref.split("/")[0] for ref in refs}
        for kind in kinds:
            agent.wait("watch.listed", kind=kind)
        before = {r.id for r in world.plane.audit(user="fleet-reconciler")}
        for edit, value in zip(edits, wanted, strict=True):
            # Who deletes and creates may find that the agent was quicker.
            with suppress(errors.ClusterRefused) if edit.act is remade else nullcontext():
                edit.act(meddler, labelled(value))
        try:
            eventually(lambda: real <= put_right(agent), "every drift is put right", 90)
        except AssertionError:
            missing = real - put_right(agent)
            what = [str(e) for r, e in zip(refs, edits, strict=True) if r in missing]
            raise AssertionError(f"not put right: {what}\n{agent.tail()}") from None
        assert put_right(agent) <= real
        cost = Counter(
            r.name
            for r in world.plane.audit(user="fleet-reconciler")
            if r.id not in before
            and r.namespace == world.namespace
            and r.verb != "watch"
            and r.name.startswith("edit-")
            and r.resource != "events"
        )
    table = []
    for number, (edit, value, ref) in enumerate(zip(edits, wanted, refs, strict=True)):
        found = meddler.cluster.read(kind_of(value), *place_of(value))
        assert covers(found, value), str(edit)
        if edit.act is HOLD:
            meddler.patch(value, {"metadata": {"finalizers": None}})
        table.append(
            f"{edit!s:<60} {'drift' if ref in real else 'no drift':<9}"
            f" {'healed' if ref in put_right(agent) else 'left':<7} {cost[f'edit-{number}']}"
        )
    report = world.folder / "edits.txt"
    report.write_text("\n".join(table) + "\n")
    print(report.read_text())
    asked = sum(cost.values())
    record_property(
        "told",
        f"{len(edits)} edits of {len(kinds)} kinds, {len(real)} drift, all healed;"
        f" {asked} requests",
    )
