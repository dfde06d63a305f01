"""Watches on a real API server: what they tell, and that nothing is missed in their gaps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest

from reconciler.adapters import kube
from reconciler.model import rendered, values
from reconciler.model.refs import Kind
from tests.adapters.kube import build
from tests.adapters.kube.build import CONFIG_MAP
from tests.adapters.kube.relay import Relay
from tests.adapters.kube.watching import Told, watching
from tests.controlplane.audit import Request
from tests.controlplane.plane import ControlPlane
from tests.controlplane.processes import until

GADGET = Kind("watch.test", "v1", "Gadget")
MANY = 520  # objects, more than a page


def config_map(name: str, namespace: str, **data: str) -> rendered.Manifest:
    """Labelled by its namespace, which is the test's own."""
    return build.manifest(
        CONFIG_MAP, name, namespace=namespace, labels={"site": namespace}, data=data
    )


def asked(plane: ControlPlane, namespace: str) -> list[Request]:
    """The requests with this test's selector."""
    selector = quote(f"labelSelector=site={namespace}", safe="=")
    return [r for r in plane.audit(agent="fleet-reconciler/") if selector in _plain(r.uri)]


def _plain(uri: str) -> str:
    return uri.replace("%3D", "=")


@pytest.fixture
def linked(
    plane: ControlPlane, agent_kubeconfig: Callable[[str], Path], tmp_path: Path
) -> Iterator[tuple[Relay, kube.KubeCluster]]:
    """The adapter over a link that can be cut."""
    agent_kubeconfig("cluster")
    login = tmp_path / "kubeconfig"
    with Relay(int(plane.url.rpartition(":")[2])) as relay:
        plane.kubeconfig(login, token=plane.token("fleet-system", "fleet-reconciler"))
        login.write_text(login.read_text().replace(plane.url, f"https://127.0.0.1:{relay.port}"))
        cluster = kube.connect(str(login), "")
        yield relay, cluster
        cluster.close()


@pytest.fixture(scope="module")
def old_plane(
    binaries: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ControlPlane]:
    """A server without streamed lists, as Kubernetes 1.30 to 1.33 have it in most clusters."""
    folder = tmp_path_factory.mktemp("old-plane")
    with ControlPlane(folder, binaries, gates="WatchList=false", controllers=False) as started:
        yield started


def test_a_watch_tells_the_whole_set_and_then_each_change(
    cluster: kube.KubeCluster, namespace: str
) -> None:
    ref = cluster.apply(first := config_map("a", namespace, x="1"), force=False).ref
    cluster.apply(build.config_map("other", namespace), force=False)  # another label
    with watching(cluster, CONFIG_MAP, f"site={namespace}") as told:
        (listed,) = told.listed
        assert list(listed.uids) == [ref]
        changed = cluster.apply(config_map("a", namespace, x="2"), force=False)
        told.wait(_shows(changed), "the change is seen")
        assert cluster.delete(CONFIG_MAP, namespace, "a", listed.uids[ref])
        told.wait(lambda told: told.gone == [ref], "the delete is seen")
        again = cluster.apply(first, force=False)
        told.wait(_shows(again), "the new one is seen")
        assert len(told.listed) == 1


def test_a_server_that_streams_lists_is_asked_for_none(
    cluster: kube.KubeCluster, plane: ControlPlane, namespace: str
) -> None:
    cluster.apply(config_map("a", namespace), force=False)
    with watching(cluster, CONFIG_MAP, f"site={namespace}"):
        assert [request.verb for request in asked(plane, namespace)] == ["watch"]


def test_a_watch_of_nothing_has_an_empty_set(cluster: kube.KubeCluster, namespace: str) -> None:
    with watching(cluster, CONFIG_MAP, f"site={namespace}") as told:
        assert dict(told.listed[0].uids) == {}


def test_a_cut_link_is_resumed_where_it_broke(
    linked: tuple[Relay, kube.KubeCluster],
    cluster: kube.KubeCluster,
    plane: ControlPlane,
    namespace: str,
) -> None:
    relay, watcher = linked
    ref = (live := cluster.apply(config_map("a", namespace), force=False)).ref
    with watching(watcher, CONFIG_MAP, f"site={namespace}") as told:
        assert relay.cut() > 0
        assert cluster.delete(CONFIG_MAP, namespace, "a", live.uid)
        other = cluster.apply(config_map("b", namespace), force=False)
        assert told.gone == []
        relay.mend()
        told.wait(lambda told: told.gone == [ref], "the delete in the gap is told")
        told.wait(lambda told: told.seen(other.ref), "what was made in the gap is told")
        assert len(told.listed) == 1
    verbs = [request.verb for request in asked(plane, namespace)]
    assert verbs == ["watch", "watch"]


def test_a_delete_is_noticed_though_the_server_forgot_what_happened_since(
    linked: tuple[Relay, kube.KubeCluster],
    cluster: kube.KubeCluster,
    plane: ControlPlane,
    namespace: str,
) -> None:
    relay, watcher = linked
    ref = (live := cluster.apply(config_map("a", namespace), force=False)).ref
    kept = cluster.apply(config_map("b", namespace), force=False).ref
    with watching(watcher, CONFIG_MAP, f"site={namespace}") as told:
        assert relay.cut() > 0
        assert cluster.delete(CONFIG_MAP, namespace, "a", live.uid)
        plane.kill_api_server()  # its watch cache begins anew, after that delete
        plane.start_api_server()
        relay.mend()
        told.wait(lambda told: ref in told.gone or len(told.listed) > 1, "the gap is told")
        if ref not in told.gone:
            assert list(told.listed[-1].uids) == [kept]
        later = cluster.apply(config_map("b", namespace, x="1"), force=False)
        told.wait(_shows(later), "the watch goes on")


@pytest.mark.parametrize("end", ["stop_api_server", "kill_api_server"])
def test_a_watch_outlives_its_server(
    end: str, cluster: kube.KubeCluster, plane: ControlPlane, namespace: str
) -> None:
    cluster.apply(config_map("a", namespace), force=False)
    with watching(cluster, CONFIG_MAP, f"site={namespace}") as told:
        getattr(plane, end)()
        plane.start_api_server()
        live = cluster.apply(config_map("a", namespace, x="1"), force=False)
        told.wait(_shows(live), "the watch goes on")


def test_a_server_without_streamed_lists_is_read_in_pages(
    old_plane: ControlPlane,
) -> None:
    cluster = kube.connect(str(old_plane.admin), "")
    with ThreadPoolExecutor(8) as pool:
        for made in [
            pool.submit(cluster.apply, config_map(f"m-{number}", "default"), force=False)
            for number in range(MANY)
        ]:
            made.result()
    with watching(cluster, CONFIG_MAP, "site=default") as told:
        assert len(told.listed[0].uids) == MANY
        live = cluster.apply(config_map("m-0", "default", x="1"), force=False)
        told.wait(_shows(live), "the watch goes on")
    requests = asked(old_plane, "default")
    assert [request.verb for request in requests] == ["watch", "list", "list", "watch"]
    assert requests[0].status == 422
    assert "continue=" in requests[2].uri
    cluster.close()


def test_a_forbidden_kind_is_refused_with_the_rule_to_add_until_it_is_added(
    plane: ControlPlane, agent_kubeconfig: Callable[[str], Path]
) -> None:
    cluster = kube.connect(str(agent_kubeconfig("scoped")), "")
    rule = '["networking.k8s.io"], resources: ["ingresses"], verbs: ["get", "list", "watch"]}'
    ingress = Kind("networking.k8s.io", "v1", "Ingress")
    with watching(cluster, ingress, "site=x", listed=False) as told:
        told.wait(lambda told: told.refused, "the refusal is told")
        assert told.refused[0].reason == "Forbidden"
        assert told.refused[0].message.endswith(f"the rule to add: {{apiGroups: {rule}")
        plane.kubectl(
            "create", "clusterrole", "ingresses", "--verb=get,list,watch",
            "--resource=ingresses.networking.k8s.io",
        )  # fmt: skip
        label = "fleet-reconciler.dev/aggregate-to-agent=true"
        plane.kubectl("label", "clusterrole", "ingresses", label)
        told.wait(lambda told: told.listed, "the kind is watched once the rule is there")
        assert len(told.refused) == 1
    plane.kubectl("delete", "clusterrole", "ingresses")
    cluster.close()


def test_a_kind_is_watched_as_soon_as_it_is_served_and_refused_once_it_is_not(
    cluster: kube.KubeCluster, namespace: str
) -> None:
    with watching(cluster, GADGET, f"site={namespace}", listed=False) as told:
        told.wait(lambda told: told.refused, "it is told that the kind is not served")
        assert told.refused[0].reason == "KindUnknown"
        definition = cluster.apply(build.crd(GADGET.group, "gadgets", GADGET.kind), force=False)
        told.wait(lambda told: told.listed, "the kind is watched")
        assert cluster.delete(build.CRD, "", definition.ref.name, definition.uid)
        told.wait(lambda told: len(told.refused) > 1, "it is told that the kind is gone")
        assert told.refused[-1].reason == "KindUnknown"


def test_a_watch_with_a_refused_token_goes_on_once_the_file_changed(
    plane: ControlPlane,
    cluster: kube.KubeCluster,
    agent_kubeconfig: Callable[[str], Path],
    tmp_path: Path,
    namespace: str,
) -> None:
    token = tmp_path / "token"
    token.write_text("of nobody")
    login = plane.kubeconfig(tmp_path / "kubeconfig", token_file=str(token))
    ref = cluster.apply(config_map("a", namespace), force=False).ref
    watcher = kube.connect(str(login), "")
    with watching(watcher, CONFIG_MAP, f"site={namespace}", listed=False) as told:
        until(lambda: _unauthorized(plane), "the token was refused")
        assert told.events == []
        token.write_text(plane.token("fleet-system", "fleet-reconciler"))
        told.wait(lambda told: told.listed, "the kind is watched")
        assert list(told.listed[0].uids) == [ref]
    watcher.close()


def _shows(live: values.Live) -> Callable[[Told], bool]:
    return lambda told: told.seen(live.ref)[-1].live == live


def _unauthorized(plane: ControlPlane) -> bool:
    return any(request.status == 401 for request in plane.audit(agent="fleet-reconciler/"))
