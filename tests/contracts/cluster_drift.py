"""Foreign edits, and what plan.drift says of them: the same on every ports.Cluster.

Each row of EDITS is what someone does to an object that we applied, and the verdict. The rule
reads managedFields, so that a cluster that keeps other books would say something else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from reconciler.plan.drift import Drift, compare, signature
from tests.contracts import objects
from tests.contracts.suite import ClusterSuite, apply, changed, look, partial, read, serve
from tests.contracts.world import Obj, World

Act = Callable[[World, Obj], None]

CONTAINERS = "/spec/template/spec/containers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    what: str
    make: Callable[[str], Obj]
    act: Act
    verdict: Drift

    def __str__(self) -> str:
        return f"{self.make.__name__}: {self.what}"


def merge(patch: Any, *, status: bool = False) -> Act:
    return lambda world, obj: world.patch(obj, patch, status=status)


def json(*operations: dict[str, Any]) -> Act:
    return lambda world, obj: world.patch(obj, list(operations), sort="json")


def put(path: str, value: Any) -> Act:
    return json({"op": "add", "path": path, "value": value})


def drop(path: str) -> Act:
    return json({"op": "remove", "path": path})


def applied(fields: dict[str, Any], *, by: str = "other") -> Act:
    return lambda world, obj: world.apply(partial(obj, fields), by=by)


def then(*acts: Act) -> Act:
    def act(world: World, obj: Obj) -> None:
        for each in acts:
            each(world, obj)

    return act


def remade(world: World, obj: Obj) -> None:
    world.delete(obj)
    world.create(obj)


# Drift that ownership does not show: a repeated apply finds and heals it.
HIDDEN: set[Act] = set()


def hidden(act: Act) -> Act:
    HIDDEN.add(act)
    return act


def reversed_list(path: str) -> Act:
    def act(world: World, obj: Obj) -> None:
        place: Any = read(world, obj)
        for word in path.split("/")[1:]:
            place = place[int(word)] if isinstance(place, list) else place[word]
        world.patch(obj, [{"op": "replace", "path": path, "value": place[::-1]}], sort="json")

    return hidden(act)


def forged(patch: dict[str, Any]) -> Act:
    """A change, and the books written back as they were."""

    def act(world: World, obj: Obj) -> None:
        books = read(world, obj)["metadata"]["managedFields"]
        world.patch(obj, patch)
        world.patch(obj, {"metadata": {"managedFields": books}})

    return hidden(act)


def under_our_name(path: str, value: Any) -> Act:
    return hidden(lambda world, obj: world.apply(changed(obj, path, value), by="fleet-reconciler"))


def paused(home: str) -> Obj:
    """A Deployment that its controller leaves alone."""
    return changed(objects.deployment(home), "spec/paused", True)


def rows(make: Callable[[str], Obj], verdicts: dict[Drift, dict[str, Act]]) -> list[Edit]:
    return [
        Edit(what=what, make=make, act=act, verdict=verdict)
        for verdict, acts in verdicts.items()
        for what, act in acts.items()
    ]


LABEL = objects.LABEL
THEIRS = {"metadata": {"labels": {"theirs": "1"}}}
NOTE = {"metadata": {"annotations": {"theirs": "1"}}}
HOLD = put("/metadata/finalizers", ["example.dev/hold"])
BACKEND = {"service": {"name": "x", "port": {"number": 1}}}

EDITS = [
    *rows(
        paused,
        {
            Drift.CERTAIN: {
                "replicas": merge({"spec": {"replicas": 5}}),
                "replicas, applied": applied({"spec": {"replicas": 5}}),
                "replicas, away and back": then(
                    merge({"spec": {"replicas": 5}}), merge({"spec": {"replicas": 2}})
                ),
                "an image": put(f"{CONTAINERS}/0/image", "other:1"),
                "a variable's value": put(f"{CONTAINERS}/0/env/0/value", "9"),
                "a variable twice": put(f"{CONTAINERS}/0/env/0", {"name": "A", "value": "9"}),
                "a variable less": drop(f"{CONTAINERS}/0/env/0"),
                "a container less": drop(f"{CONTAINERS}/1"),
                "an argument more": put(f"{CONTAINERS}/0/args/-", "--three"),
                "a port's number": put(f"{CONTAINERS}/0/ports/0/containerPort", 9090),
                "our label": merge({"metadata": {"labels": {LABEL: "south.two"}}}),
                "our label less": merge({"metadata": {"labels": {LABEL: None}}}),
                "not paused any more": merge({"spec": {"paused": None}}),
                "owners forgotten": merge({"metadata": {"managedFields": [{}]}}),
                "made again": remade,
            },
            Drift.SUSPECTED: {
                "variables in another order": reversed_list(f"{CONTAINERS}/0/env"),
                "containers in another order": reversed_list(CONTAINERS),
                "ports in another order": reversed_list(f"{CONTAINERS}/0/ports"),
                "a variable more": put(f"{CONTAINERS}/0/env/-", {"name": "C", "value": "3"}),
                "a container more": put(f"{CONTAINERS}/-", {"name": "third", "image": "x:1"}),
                "an annotation, which counts for Deployments": merge(NOTE),
                "an annotation of its pods": merge({"spec": {"template": NOTE}}),
                "a field that we do not set": merge({"spec": {"minReadySeconds": 7}}),
                "a value with the books written back": forged({"spec": {"replicas": 5}}),
                "a value under our name": under_our_name("spec/replicas", 5),
            },
            Drift.NONE: {
                "a label": merge(THEIRS),
                "a finalizer": HOLD,
                "the same value": merge({"spec": {"replicas": 2}}),
                "the same value, applied": applied({"spec": {"replicas": 2}}),
                "a status": merge({"status": {"readyReplicas": 1, "replicas": 1}}, status=True),
                "nothing": merge({}),
            },
        },
    ),
    *rows(
        objects.config_map,
        {
            Drift.CERTAIN: {
                "a value": merge({"data": {"key": "other"}}),
                "a value, applied": applied({"data": {"key": "other"}}),
                "a key less": merge({"data": {"key": None}}),
                "all data less": merge({"data": None}),
                "our label": merge({"metadata": {"labels": {LABEL: "south.two"}}}),
                "made again": remade,
            },
            Drift.SUSPECTED: {
                "a key more": merge({"data": {"more": "1"}}),
                "a label": merge(THEIRS),
                "an annotation": merge(NOTE),
                "a finalizer": HOLD,
                "the same value, applied": applied({"data": {"key": "value"}}),
                "a value with the books written back": forged({"data": {"key": "other"}}),
            },
            Drift.NONE: {
                "the same value": merge({"data": {"key": "value"}}),
                "nothing": merge({}),
            },
        },
    ),
    *rows(
        objects.secret,
        {
            Drift.CERTAIN: {
                "a value": merge({"data": {"token": "Yg=="}}),
                "a value in plain text": merge({"stringData": {"token": "b"}}),
                "a value less": merge({"data": {"token": None}}),
            },
            Drift.SUSPECTED: {
                "a value more": merge({"data": {"more": "Yg=="}}),
                "a value more in plain text": merge({"stringData": {"more": "b"}}),
            },
            Drift.NONE: {"the same in plain text": merge({"stringData": {"token": "a"}})},
        },
    ),
    *rows(
        objects.service,
        {
            Drift.CERTAIN: {
                "a port's name": put("/spec/ports/0/name", "www"),
                "a port less": drop("/spec/ports/1"),
                "the selector": merge({"spec": {"selector": {"app": "other"}}}),
                "the selector, one more": merge({"spec": {"selector": {"more": "1"}}}),
            },
            Drift.SUSPECTED: {
                "a port more": put("/spec/ports/-", {"port": 443, "name": "tls"}),
                "a field that we do not set": merge({"spec": {"sessionAffinity": "ClientIP"}}),
                "an annotation": merge(NOTE),
                "ports in another order": reversed_list("/spec/ports"),
            },
        },
    ),
    *rows(
        objects.ingress,
        {
            Drift.CERTAIN: {
                "a host": put("/spec/rules/0/host", "b.example"),
                "a rule less": merge({"spec": {"rules": None, "defaultBackend": BACKEND}}),
            },
            Drift.SUSPECTED: {"a class": merge({"spec": {"ingressClassName": "other"}})},
            Drift.NONE: {
                "an annotation": merge(NOTE),
                "an address": merge(
                    {"status": {"loadBalancer": {"ingress": [{"ip": "10.0.0.1"}]}}}, status=True
                ),
            },
        },
    ),
    *rows(
        objects.cron_job,
        {
            Drift.CERTAIN: {"the schedule": merge({"spec": {"schedule": "0 4 * * *"}})},
            Drift.SUSPECTED: {"suspended": merge({"spec": {"suspend": True}})},
            Drift.NONE: {"an annotation": merge(NOTE)},
        },
    ),
    *rows(
        objects.role,
        {
            Drift.CERTAIN: {
                "a verb more": put("/rules/0/verbs/-", "watch"),
                "no rules": merge({"rules": None}),
            },
            Drift.SUSPECTED: {"a label": merge(THEIRS)},
        },
    ),
    *rows(
        objects.role_binding,
        {Drift.CERTAIN: {"a subject less": merge({"subjects": None})}},
    ),
    *rows(
        objects.account,
        {
            Drift.CERTAIN: {"the token": merge({"automountServiceAccountToken": True})},
            Drift.SUSPECTED: {"a secret": merge({"imagePullSecrets": [{"name": "x"}]})},
        },
    ),
    *rows(
        objects.autoscaler,
        {
            Drift.CERTAIN: {"the most": merge({"spec": {"maxReplicas": 9}})},
            Drift.SUSPECTED: {"a label": merge(THEIRS)},
            Drift.NONE: {
                "a status": merge(
                    {"status": {"currentReplicas": 1, "desiredReplicas": 1}}, status=True
                )
            },
        },
    ),
    *rows(
        objects.budget,
        {
            Drift.CERTAIN: {"the least": merge({"spec": {"minAvailable": 2}})},
            Drift.NONE: {"an annotation": merge(NOTE)},
        },
    ),
    *rows(
        objects.network_policy,
        {
            Drift.CERTAIN: {"its pods": merge({"spec": {"podSelector": {"matchLabels": None}}})},
            Drift.SUSPECTED: {"a rule more": merge({"spec": {"egress": [{}]}})},
        },
    ),
    *rows(
        objects.model,
        {
            Drift.CERTAIN: {
                "a value": merge({"spec": {"size": 8}}),
                "a value less": merge({"spec": {"size": None}}),
            },
            Drift.SUSPECTED: {
                "a field more": merge({"spec": {"url": "x"}}),
                "a value with the books written back": forged({"spec": {"size": 8}}),
                "a value under our name": under_our_name("spec/size", 8),
            },
            Drift.NONE: {
                "a status": merge({"status": {"ready": True}}, status=True),
                "an annotation": merge(NOTE),
                "a label": merge(THEIRS),
            },
        },
    ),
]


class DriftContract(ClusterSuite):
    @pytest.mark.parametrize("edit", EDITS, ids=str)
    def test_a_foreign_edit_has_the_same_verdict_everywhere(
        self, world: World, home: str, edit: Edit
    ) -> None:
        if edit.make is objects.model:
            serve(world, objects.definition())
        wanted = edit.make(home)
        signed = signature(apply(world, wanted))
        edit.act(world, wanted)
        assert compare(signed, look(world, wanted)) is edit.verdict
        healed = apply(world, wanted)
        assert compare(signature(healed), look(world, wanted)) is Drift.NONE
        found = read(world, wanted)
        assert covers(found, wanted)
        if edit.act is HOLD:
            world.patch(wanted, {"metadata": {"finalizers": None}})


def covers(found: Any, wanted: Any) -> bool:
    """Whether all that is wanted is there; lists may have more items, in between and after."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(
            name in found and covers(found[name], value) for name, value in wanted.items()
        )
    if isinstance(wanted, list):
        left = iter(found)
        return all(any(covers(item, one) for item in left) for one in wanted)
    return bool(found == wanted)
