"""The library's policies decide as they do in the API server, for all that they are tried on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest

from reconciler.adapters import kube
from reconciler.adapters.system import SystemClock
from reconciler.engine.confirm import Confirmer
from reconciler.model.rendered import Manifest
from reconciler.model.values import Preview
from reconciler.schema import defaults, resources
from tests.controlplane.plane import ControlPlane
from tests.policy import library
from tests.policy.differential import ours, server

Documents = list[dict[str, Any]]


def _own(documents: Documents, name: str) -> Documents:
    """The documents with a binding that applies to the objects of this policy's trials alone."""
    for document in documents:
        if document["kind"] == "ValidatingAdmissionPolicyBinding":
            selector = {"matchLabels": {"trial": name}}
            document["spec"]["matchResources"] = {"objectSelector": selector}
    return documents


def _labelled(trial: library.Trial, number: int) -> dict[str, Any]:
    value = dict(trial.value)
    metadata = value["metadata"]
    labels = {**metadata.get("labels", {}), "trial": trial.policy}
    value["metadata"] = {**metadata, "name": f"{metadata['name']}-{number}", "labels": labels}
    return value


def _path(value: Mapping[str, Any]) -> str:
    version = value["apiVersion"]
    root = "/api/v1" if version == "v1" else f"/apis/{version}"
    space = value["metadata"].get("namespace")
    within = f"/namespaces/{space}" if space else ""
    return f"{root}{within}/{resources.plural(value['kind'])}"


@pytest.fixture(scope="module")
def installed(plane: ControlPlane) -> Iterator[dict[str, Documents]]:
    plane.request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", server.CRD)
    for space in library.spaces():
        plane.request("POST", "/api/v1/namespaces", space)
        name = space["metadata"]["name"]
        for account in ("default", "app"):
            body = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account}}
            plane.request("POST", f"/api/v1/namespaces/{name}/serviceaccounts", body)
    found = {name: _own(library.documents(name), name) for name in library.NAMES}
    maps = [each for all_ in found.values() for each in all_ if each["kind"] == "ConfigMap"]
    for each in maps:
        assert plane.request("POST", _path(each), each)[0] in (201, 409)
    policies = [each for all_ in found.values() for each in all_ if each["kind"] != "ConfigMap"]
    assert server.install(plane, policies) == {}
    server.install(plane, server.sentinel("library"))
    server.ready(plane, "library")
    yield found
    server.remove(plane, [*policies, *server.sentinel("library")])
    for each in maps:
        plane.request("DELETE", f"{_path(each)}/{each['metadata']['name']}")


def test_the_library_decides_as_the_server_does(
    plane: ControlPlane,
    installed: dict[str, Documents],
    record_property: Callable[[str, object], None],
) -> None:
    trials = [trial for name in library.NAMES for trial in library.trials(name)]
    values = [_labelled(trial, number) for number, trial in enumerate(trials)]
    loaded = {name: ours.library(documents) for name, documents in installed.items()}
    spaces = list(library.spaces())
    wrong, denied = [], 0
    for trial, value in zip(trials, values, strict=True):
        judge = ours.Ours(loaded[trial.policy], spaces)
        mine = judge.removal(value) if trial.removed else judge.message(value)
        theirs = (_removed if trial.removed else _created)(plane, ours.canonical(value))
        denied += bool(theirs)
        if not theirs.endswith(mine) or bool(mine) != bool(theirs):
            wrong.append(f"{trial.id}: {mine!r}, and the server {theirs!r}")
    told = f"{len(trials)} objects, {denied} denied, {len(loaded)} policies: {len(wrong)} differ"
    record_property("told", told)
    assert not wrong, "\n".join(wrong)


def test_what_is_asked_of_the_server_is_as_the_server_decides(
    plane: ControlPlane,
    installed: dict[str, Documents],
    agent_kubeconfig: Callable[[str], Path],
    record_property: Callable[[str, object], None],
) -> None:
    """Kinds whose objects the server fills in by itself; it is asked for one that no policy of
    its own looks at, and judged is what it answers."""
    cluster = kube.connect(str(agent_kubeconfig("cluster")), "")
    asking = Confirmer(cluster, SystemClock())
    spaces, wrong, denied, count = list(library.spaces()), [], 0, 0
    for name, documents in installed.items():
        judge = ours.Ours(ours.library(documents), spaces, ask=lambda each: _unseen(asking, each))
        for number, trial in enumerate(library.trials(name)):
            kind = (trial.value["apiVersion"], trial.value["kind"])
            if trial.removed or kind not in defaults.GENERATED:
                continue
            value = _labelled(trial, number)
            (mine, confirmed), theirs = judge.told(value), _created(plane, ours.canonical(value))
            count += confirmed
            denied += bool(theirs)
            if not theirs.endswith(mine) or bool(mine) != bool(theirs):
                wrong.append(f"{trial.id}: {mine!r}, and the server {theirs!r}")
    cluster.close()
    record_property("told", f"{count} objects asked for, {denied} denied: {len(wrong)} differ")
    assert count and not wrong, "\n".join(wrong)


def _unseen(asking: Confirmer, wanted: Manifest) -> Preview:
    """The server's answer to the object without the label that its policies look for."""
    value = orjson.loads(wanted.body)
    trial = value["metadata"]["labels"].pop("trial")
    found = asking.ask(ours.thing(value))
    if found.value is None:
        return found
    metadata = found.value["metadata"]
    labels = {**metadata.get("labels", {}), "trial": trial}
    return Preview(value={**found.value, "metadata": {**metadata, "labels": labels}})


def _created(plane: ControlPlane, value: Mapping[str, Any]) -> str:
    return server.send(plane, _path(value), value).message


def _removed(plane: ControlPlane, value: Mapping[str, Any]) -> str:
    """The object is there, and a dry-run takes it away."""
    status, answer = plane.request("POST", _path(value), value)
    assert status in (201, 409), answer
    name = f"{_path(value)}/{value['metadata']['name']}"
    status, answer = plane.request("DELETE", f"{name}?dryRun=All")
    return "" if status < 300 else str(answer["message"])


def test_kinds_are_called_as_the_server_calls_them(plane: ControlPlane) -> None:
    groups = [group["preferredVersion"]["groupVersion"] for group in _groups(plane)]
    for root in ("/api/v1", *(f"/apis/{version}" for version in groups)):
        for found in plane.request("GET", root)[1]["resources"]:
            if "/" not in found["name"] and "create" in found["verbs"] and "list" in found["verbs"]:
                assert resources.plural(found["kind"]) == found["name"]


def _groups(plane: ControlPlane) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = plane.request("GET", "/apis")[1]["groups"]
    return [group for group in listed if "example" not in group["name"]]
