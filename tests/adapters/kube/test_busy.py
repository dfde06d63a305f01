"""An API server whose flow control refuses us: 429 and its Retry-After, on every verb."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from reconciler.adapters import kube
from reconciler.model.refs import Kind
from tests.adapters.kube import build
from tests.adapters.kube.build import CONFIG_MAP, DEPLOYMENT
from tests.adapters.kube.test_real import deployment
from tests.adapters.kube.watching import watching
from tests.controlplane import flow
from tests.controlplane.audit import Request
from tests.controlplane.plane import ControlPlane
from tests.controlplane.processes import until

ACCOUNT = "fleet-system/fleet-reconciler"
EVENT = Kind("", "v1", "Event")
Call = Callable[[kube.KubeCluster, str], object]


def _status(cluster: kube.KubeCluster, namespace: str) -> object:
    value = build.manifest(
        DEPLOYMENT, "d", namespace=namespace, labels={}, status={"observedGeneration": 7}
    )
    return cluster.apply(value, force=True, subresource="status")


def _event(cluster: kube.KubeCluster, namespace: str) -> object:
    about = f'{{"kind":"ConfigMap","namespace":"{namespace}","name":"a"}}'
    name = f'{{"generateName":"a-","namespace":"{namespace}"}}'
    body = f'{{"apiVersion":"v1","kind":"Event","metadata":{name},"involvedObject":{about}}}'
    return cluster.create(EVENT, namespace, body.encode())


def _delete(cluster: kube.KubeCluster, namespace: str) -> object:
    found = cluster.read(CONFIG_MAP, namespace, "a")
    assert found is not None
    return cluster.delete(CONFIG_MAP, namespace, "a", found["metadata"]["uid"])


# What is refused, and the call that is.
CALLS: dict[str, tuple[str, str, Call]] = {
    "apply": ("patch", "configmaps", lambda c, n: c.apply(build.config_map("b", n), force=True)),
    "replace": (
        "patch",
        "configmaps",
        lambda c, n: c.replace(CONFIG_MAP, n, "a", b'{"data":{"x":"1"}}', "merge"),
    ),
    "read": ("get", "configmaps", lambda c, n: c.read(CONFIG_MAP, n, "a") or pytest.fail("gone")),
    "select": ("list", "configmaps", lambda c, n: c.select(CONFIG_MAP, n, "")),
    "status": ("patch", "deployments/status", _status),
    "event": ("create", "events", _event),
    "delete": ("delete", "configmaps", _delete),
}


def refused(plane: ControlPlane, verb: str, namespace: str) -> list[Request]:
    """What flow control refused in this test's namespace."""
    return [
        r
        for r in plane.audit(user="fleet-reconciler", verb=verb)
        if r.status == 429 and namespace in r.uri
    ]


def seconds(earlier: Request, later: Request) -> float:
    begin, end = (datetime.datetime.fromisoformat(at) for at in (earlier.done, later.at))
    return (end - begin).total_seconds()


@pytest.mark.parametrize("name", CALLS)
def test_a_refused_request_waits_as_long_as_it_is_told_and_is_sent_again(
    name: str, cluster: kube.KubeCluster, plane: ControlPlane, namespace: str
) -> None:
    verb, resource, call = CALLS[name]
    cluster.apply(build.config_map("a", namespace), force=False)
    cluster.apply(deployment("d", namespace, app="d"), force=False)
    cluster.namespaced(EVENT)
    with ThreadPoolExecutor(1) as pool:
        with flow.busy(plane, verb, resource, account=ACCOUNT, namespace=namespace):
            under_way = pool.submit(call, cluster, namespace)
            until(lambda: refused(plane, verb, namespace) or under_way.done(), "it was refused")
        assert under_way.result(60)
    (first, *others) = refused(plane, verb, namespace)
    answered = [
        r
        for r in plane.audit(user="fleet-reconciler", verb=verb)
        if r.status < 300 and namespace in r.uri and r.at > first.at
    ]
    following = [*others, *answered]
    assert seconds(first, following[0]) >= 1.0  # what Retry-After said


def test_a_refused_watch_begins_once_the_server_is_free(
    cluster: kube.KubeCluster, plane: ControlPlane, namespace: str
) -> None:
    cluster.namespaced(CONFIG_MAP)
    free = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        with flow.busy(plane, "watch", "configmaps", account=ACCOUNT, namespace=namespace):

            def watch() -> int:
                with watching(cluster, CONFIG_MAP, f"site={namespace}", listed=False) as told:
                    free.wait(60)
                    told.wait(lambda told: told.listed, "the kind is watched")
                    return len(told.refused)

            running = pool.submit(watch)
            until(lambda: refused(plane, "watch", namespace), "it was refused")
        free.set()
        assert running.result(60) == 0
    first, *_ = refused(plane, "watch", namespace)
    tried = [
        r
        for r in plane.audit(user="fleet-reconciler", verb="watch")
        if namespace in r.uri and r.at > first.at
    ]
    assert seconds(first, tried[0]) >= 1.0
