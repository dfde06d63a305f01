"""The embedded cluster beyond the port: switches, counts, clients, and many threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from reconciler import ports
from reconciler.adapters.memory import MemoryClient, MemoryCluster
from reconciler.model import errors
from reconciler.model.refs import Kind, ObjectRef
from tests import manifests
from tests.clock import StoppedClock
from tests.controlplane.processes import until

CONFIG_MAP = Kind("", "v1", "ConfigMap")
NAMESPACE = Kind("", "v1", "Namespace")
CM = manifests.manifest(manifests.config_map("cm"))


@pytest.fixture
def server() -> MemoryCluster:
    return MemoryCluster(StoppedClock())


@pytest.fixture
def cluster(server: MemoryCluster) -> MemoryClient:
    client = server.client()
    client.apply(manifests.manifest(manifests.namespace("app")), force=False)
    return client


Watch = Callable[[], list[ports.WatchEvent]]


@pytest.fixture
def watch(cluster: MemoryClient) -> Iterator[Watch]:
    """Begins a watch of all ConfigMaps; gives what it shows, while it runs."""
    stop = threading.Event()
    threads: list[threading.Thread] = []

    def begin() -> list[ports.WatchEvent]:
        events: list[ports.WatchEvent] = []
        thread = threading.Thread(
            target=cluster.watch, args=(CONFIG_MAP, "", events.append, stop), daemon=True
        )
        threads.append(thread)
        thread.start()
        return events

    yield begin
    stop.set()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def kinds(events: list[ports.WatchEvent]) -> list[type]:
    return [type(event) for event in events]


def test_an_unreachable_cluster_answers_nothing(cluster: MemoryClient) -> None:
    cluster.unreachable = True
    asks: tuple[Callable[[], object], ...] = (
        cluster.version,
        lambda: cluster.namespaced(CONFIG_MAP),
        lambda: cluster.apply(CM, force=True),
        lambda: cluster.read(CONFIG_MAP, "app", "cm"),
        lambda: cluster.select(CONFIG_MAP, "", ""),
        lambda: cluster.replace(CONFIG_MAP, "app", "cm", b"{}", "merge"),
        lambda: cluster.create(CONFIG_MAP, "app", b"{}"),
        lambda: cluster.delete(CONFIG_MAP, "app", "cm", "uid"),
    )
    for ask in asks:
        with pytest.raises(errors.ClusterUnavailable):
            ask()
    cluster.unreachable = False
    assert cluster.read(CONFIG_MAP, "app", "cm") is None


def test_only_the_client_whose_link_is_cut_is_cut_off(
    server: MemoryCluster, cluster: MemoryClient
) -> None:
    live = cluster.apply(CM, force=False)
    cluster.unreachable = True
    server.edit(live.ref, {"data": {"key": "other"}}, manager="kubectl-edit")
    assert (server.client("other").read(CONFIG_MAP, "app", "cm") or {})["data"] == {"key": "other"}


def test_a_watch_shows_nothing_while_cut_off_and_the_whole_set_after(
    server: MemoryCluster, cluster: MemoryClient, watch: Watch
) -> None:
    live = cluster.apply(CM, force=False)
    events = watch()
    until(lambda: kinds(events)[-1:] == [ports.KindListed], "it began")
    cluster.unreachable = True
    server.edit(live.ref, {"data": {"key": "other"}}, manager="kubectl-edit")
    with pytest.raises(errors.ClusterUnavailable):
        cluster.version()
    assert kinds(events) == [ports.ObjectSeen, ports.KindListed]
    cluster.unreachable = False
    until(lambda: len(events) == 4, "it went on")
    assert kinds(events)[2:] == [ports.ObjectSeen, ports.KindListed]
    seen = events[2]
    assert isinstance(seen, ports.ObjectSeen)
    assert {entry.manager for entry in seen.live.managed} == {"fleet-reconciler", "kubectl-edit"}


def test_a_forbidden_verb_is_refused_with_the_rule_to_add(cluster: MemoryClient) -> None:
    cluster.forbid(CONFIG_MAP, "patch")
    with pytest.raises(errors.ClusterRefused) as raised:
        cluster.apply(CM, force=True)
    assert (raised.value.reason, raised.value.status) == ("Forbidden", 403)
    assert '{apiGroups: [""], resources: ["configmaps"], verbs: ["create", "patch"]}' in str(
        raised.value
    )
    assert cluster.read(CONFIG_MAP, "app", "cm") is None
    cluster.allow(CONFIG_MAP)
    cluster.apply(CM, force=True)


def test_a_forbidden_watch_is_told_once_and_begins_when_it_is_allowed(
    cluster: MemoryClient, watch: Watch
) -> None:
    cluster.forbid(CONFIG_MAP, "watch")
    events = watch()
    until(lambda: events, "it is refused")
    (refused,) = events
    assert isinstance(refused, ports.KindRefused)
    assert (refused.kind, refused.reason) == (CONFIG_MAP, "Forbidden")
    cluster.allow(CONFIG_MAP)
    until(lambda: kinds(events)[1:] == [ports.KindListed], "it begins")


def test_a_watch_that_loses_its_right_ends(cluster: MemoryClient, watch: Watch) -> None:
    events = watch()
    until(lambda: events, "it began")
    cluster.forbid(CONFIG_MAP, "watch")
    until(lambda: kinds(events)[-1] is ports.KindRefused, "it is refused")
    cluster.apply(CM, force=False)
    cluster.allow(CONFIG_MAP)
    until(lambda: kinds(events)[-1] is ports.KindListed, "it begins again")
    assert ports.ObjectSeen in kinds(events)


def test_requests_are_counted_by_verb_and_kind(cluster: MemoryClient) -> None:
    cluster.requests.clear()
    live = cluster.apply(CM, force=False)
    cluster.apply(CM, force=True)
    cluster.read(CONFIG_MAP, "app", "cm")
    cluster.select(NAMESPACE, "", "")
    cluster.delete(CONFIG_MAP, "app", "cm", live.uid)
    assert dict(cluster.requests) == {
        ("patch", CONFIG_MAP): 2,
        ("get", CONFIG_MAP): 1,
        ("list", NAMESPACE): 1,
        ("delete", CONFIG_MAP): 1,
    }


def test_a_refused_request_is_counted_too(cluster: MemoryClient) -> None:
    cluster.forbid(CONFIG_MAP, "get")
    with pytest.raises(errors.ClusterRefused):
        cluster.read(CONFIG_MAP, "app", "cm")
    assert cluster.requests["get", CONFIG_MAP] == 1


def test_an_edit_is_someone_else_s(server: MemoryCluster, cluster: MemoryClient) -> None:
    live = cluster.apply(CM, force=False)
    edited = server.edit(live.ref, {"data": {"key": "other"}}, manager="kubectl-edit")
    assert [(entry.manager, entry.operation) for entry in edited.managed] == [
        ("fleet-reconciler", "Apply"),
        ("kubectl-edit", "Update"),
    ]
    applied = server.edit(live.ref, {"data": {"more": "1"}}, manager="helm", operation="Apply")
    assert ("helm", "Apply") in [(entry.manager, entry.operation) for entry in applied.managed]


def test_an_edit_of_nothing_is_not_found(server: MemoryCluster) -> None:
    with pytest.raises(errors.ClusterRefused) as raised:
        server.edit(ObjectRef("", "ConfigMap", "app", "no"), {}, manager="kubectl-edit")
    assert raised.value.reason == "NotFound"


def test_times_are_the_clock_s() -> None:
    clock = StoppedClock()
    server = MemoryCluster(clock)
    cluster = server.client()
    cluster.apply(manifests.manifest(manifests.namespace("app")), force=False)
    before = cluster.apply(CM, force=False)
    clock.advance(60)
    after = server.edit(before.ref, {"data": {"key": "other"}}, manager="kubectl-edit")
    assert [entry.time for entry in after.managed] == [
        "2023-11-14T22:13:20Z",
        "2023-11-14T22:14:20Z",
    ]


def test_nothing_of_an_object_is_shared_with_who_reads_it(cluster: MemoryClient) -> None:
    cluster.apply(CM, force=False)
    found = cluster.read(CONFIG_MAP, "app", "cm")
    assert found is not None
    found["data"]["key"] = "spoiled"
    found["metadata"]["managedFields"].clear()
    again = cluster.read(CONFIG_MAP, "app", "cm")
    assert again is not None
    assert again["data"] == {"key": "value"}
    assert again["metadata"]["managedFields"]


def test_clients_in_many_threads_lose_nothing(server: MemoryCluster, cluster: MemoryClient) -> None:
    def write(number: int) -> str:
        data = {f"k{number}": "1"}
        wanted = manifests.config_map("shared", data)
        client = server.client(f"client-{number % 4}-{number}")
        return client.apply(manifests.manifest(wanted), force=False).resource_version

    with ThreadPoolExecutor(8) as pool:
        versions = list(pool.map(write, range(40)))
    found = cluster.read(CONFIG_MAP, "app", "shared")
    assert found is not None
    assert found["data"] == {f"k{number}": "1" for number in range(40)}
    assert len(set(versions)) == 40


def test_a_secret_s_content_is_in_no_refusal(cluster: MemoryClient) -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s", "namespace": "app"},
        "data": {"token": "aHVzaA=="},
    }
    cluster.apply(manifests.manifest(secret), force=False)
    wrong = {**secret, "data": {"token": 7654321}}
    with pytest.raises(errors.ClusterRefused) as raised:
        cluster.apply(manifests.manifest(wrong), force=True)
    assert "7654321" not in str(raised.value)
