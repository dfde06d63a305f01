"""``reconciler adopt``: what a site would take over is told before, with the rule that lets it."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from tests.e2e import process
from tests.e2e.test_moving import ADOPT, apply, declared, uids, write
from tests.e2e.world import World


def adopt(world: World, *more: str) -> subprocess.CompletedProcess[str]:
    place = ("--repo", world.fleet.remote.url, "--kubeconfig", str(world.kubeconfig))
    return process.reconciler("adopt", world.fleet.site, *place, *more)


@pytest.fixture
def values(world: World) -> list[dict[str, Any]]:
    """Six objects, all of them made by the other tool but the last."""
    listed = declared(world.namespace)[:6]
    for value in listed[:5]:
        apply(world, value)
    return listed


def test_what_would_be_taken_over_is_listed_with_owners_differences_and_the_rule(
    world: World, values: list[dict[str, Any]]
) -> None:
    before = uids(world, values[:5])
    world.edit("configmaps", "settings-1", {"data": {"rate": "31"}}, manager="kubectl-edit")
    values[1]["data"]["rate"] = "25"
    write(world, values)
    done = adopt(world)
    assert done.returncode == 1, done.stderr
    lines = done.stdout.splitlines()
    assert f"! ConfigMap/{world.namespace}/settings-0  {world.fleet.overlay}/extra.yaml" in [
        line.rpartition(":")[0] for line in lines
    ]
    at = lines.index("    data.rate")
    assert lines[at + 1 : at + 3] == ['    - "30"', '    + "25"']
    assert "5 of 6 objects are there and are not this site's" in lines
    assert "  kustomize-controller (Apply) holds fields of 4" in lines
    assert "  kubectl-edit (Update) holds fields of 1" in lines
    assert lines[-1] == '  adopt: [{managers: ["kubectl-edit", "kustomize-controller"]}]'
    assert uids(world, values[:5]) == before
    found = world.get("configmaps", "settings-0")
    assert found is not None
    entries = found["metadata"]["managedFields"]
    assert [each["manager"] for each in entries] == ["kustomize-controller"], "nothing was written"


def test_the_rule_that_was_printed_is_all_that_is_needed(
    world: World, values: list[dict[str, Any]]
) -> None:
    values[1]["data"]["rate"] = "25"
    write(world, values)
    rule = json.loads(adopt(world, "-o", "json").stdout)["rule"]
    assert rule == 'adopt: [{managers: ["kustomize-controller"]}]'
    write(world, values, f"{rule}\n")
    done = adopt(world)
    assert done.returncode == 1
    assert "the rules of this commit name all of whom they are taken over" in done.stdout
    assert not [line for line in done.stdout.splitlines() if line.startswith("!")]
    assert world.once()[0] == 0
    assert (world.data("settings-0") or {})["rate"] == "25"
    done = adopt(world)
    assert done.returncode == 0, done.stdout
    assert done.stdout == "0 of 6 objects are there and are not this site's\n"


def test_the_values_of_secrets_are_masked(world: World) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login"}}
    theirs = {**secret, "stringData": {"word": "0therw1se"}}
    namespace = declared(world.namespace)[0]
    apply(world, namespace)
    where = f"{world.path('secrets')}?fieldManager=theirs"
    assert world.plane.request("POST", where, theirs)[0] == 201
    write(world, [namespace, {**secret, "stringData": {"word": "k1ngdom"}}], ADOPT)
    for more in ((), ("-o", "json")):
        done = adopt(world, *more)
        assert "data.word" in done.stdout
        for word in ("k1ngdom", "azFuZ2RvbQ", "0therw1se", "MHRoZXJ3MXNl"):
            assert word not in done.stdout + done.stderr
