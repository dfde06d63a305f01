"""Requests have bounds, and every way to fail has its error."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from reconciler.adapters import kube
from reconciler.adapters.kube import client
from reconciler.model import errors
from tests.adapters.kube import build
from tests.adapters.kube.stub import Answer, Asked, Script, connected, document, refusal

LIVE = document({"metadata": {"name": "a", "namespace": "d", "uid": "u", "resourceVersion": "7"}})


def in_turn(*answers: Answer) -> Script:
    """A script that gives each answer once, the last one for ever."""
    left: Iterator[Answer] = iter(answers)
    lock = threading.Lock()

    def script(asked: Asked) -> Answer:
        with lock:
            return next(left, answers[-1])

    return script


def test_an_apply_is_one_patch_with_the_bytes_as_they_are(tmp_path: Path) -> None:
    manifest = build.config_map("a", "d", x="1")
    with connected(lambda _: LIVE, tmp_path) as (stub, cluster):
        live = cluster.apply(manifest, force=True)
    (asked,) = stub.questions
    assert (asked.method, asked.path) == ("PATCH", "/api/v1/namespaces/d/configmaps/a")
    assert asked.query == {
        "fieldManager": "fleet-reconciler",
        "fieldValidation": "Strict",
        "force": "true",
    }
    assert asked.headers["content-type"] == "application/apply-patch+yaml"
    assert "PartialObjectMetadata" in asked.headers["accept"]
    assert asked.body == manifest.body
    assert (live.ref, live.api_version, live.uid) == (manifest.ref, "v1", "u")


def test_a_subresource_is_part_of_the_path(tmp_path: Path) -> None:
    with connected(lambda _: LIVE, tmp_path) as (stub, cluster):
        cluster.apply(build.config_map("a", "d"), force=False, subresource="status")
    assert stub.questions[0].path == "/api/v1/namespaces/d/configmaps/a/status"
    assert stub.questions[0].query["force"] == "false"


@pytest.mark.parametrize(
    ("patch", "body", "content_type"),
    [
        ("merge", b'{"data":{"x":null}}', "application/merge-patch+json"),
        ("json", b'[{"op":"remove","path":"/data/x"}]', "application/json-patch+json"),
    ],
)
def test_patches_of_another_type_keep_their_type(
    patch: str, body: bytes, content_type: str, tmp_path: Path
) -> None:
    with connected(lambda _: LIVE, tmp_path) as (stub, cluster):
        cluster.replace(build.CONFIG_MAP, "d", "a", body, patch)
    (asked,) = stub.questions
    assert asked.headers["content-type"] == content_type
    assert orjson.loads(asked.body) == orjson.loads(body)


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again(status: int, tmp_path: Path) -> None:
    busy = refusal(status, "TooManyRequests", Retry_After="0")
    with connected(in_turn(busy, busy, LIVE), tmp_path) as (stub, cluster):
        assert cluster.apply(build.config_map("a", "d"), force=False).uid == "u"
    assert len(stub.questions) == 3


def test_a_server_that_stays_busy_is_unavailable_after_a_few_attempts(tmp_path: Path) -> None:
    busy = refusal(429, "TooManyRequests", Retry_After="0")
    with (
        connected(lambda _: busy, tmp_path) as (stub, cluster),
        pytest.raises(errors.ClusterUnavailable, match="429"),
    ):
        cluster.apply(build.config_map("a", "d"), force=False)
    assert len(stub.questions) == client.ATTEMPTS


def test_a_server_that_asks_for_a_long_wait_is_unavailable_at_once(tmp_path: Path) -> None:
    busy = refusal(503, "ServiceUnavailable", Retry_After="600")
    with (
        connected(lambda _: busy, tmp_path) as (stub, cluster),
        pytest.raises(errors.ClusterUnavailable) as raised,
    ):
        cluster.apply(build.config_map("a", "d"), force=False)
    assert len(stub.questions) == 1
    assert raised.value.delay == client.LONGEST_DELAY


def test_a_cut_connection_is_tried_again_for_an_apply_but_not_for_a_create(tmp_path: Path) -> None:
    cut = Answer(lines=(b"{",), then="cut")
    with connected(in_turn(cut, LIVE), tmp_path) as (stub, cluster):
        assert cluster.apply(build.config_map("a", "d"), force=False).uid == "u"
    assert len(stub.questions) == 2
    with (
        connected(in_turn(cut, LIVE), tmp_path) as (stub, cluster),
        pytest.raises(errors.ClusterUnavailable),
    ):
        cluster.create(build.CONFIG_MAP, "d", build.config_map("a", "d").body)
    assert len(stub.questions) == 1


def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    away = Answer(status=302, headers={"Location": "/elsewhere"})
    with (
        connected(lambda _: away, tmp_path) as (stub, cluster),
        pytest.raises(errors.ClusterUnavailable, match="redirect"),
    ):
        cluster.version()
    assert [asked.path for asked in stub.asked] == ["/version"]


def test_an_answer_that_is_not_json_is_no_api_server(tmp_path: Path) -> None:
    portal = Answer(body=b"<html>Welcome to the guest network</html>")
    with (
        connected(lambda _: portal, tmp_path) as (_, cluster),
        pytest.raises(errors.ClusterUnavailable, match="not JSON"),
    ):
        cluster.version()


def test_an_answer_without_end_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "BODY_LIMIT", 1000)
    flood = Answer(lines=tuple(b"x" * 500 for _ in range(5)))
    with (
        connected(lambda _: flood, tmp_path) as (_, cluster),
        pytest.raises(errors.ClusterUnavailable, match="more than 1000 bytes"),
    ):
        cluster.version()


def test_nobody_there_is_unavailable(tmp_path: Path) -> None:
    with connected(lambda _: LIVE, tmp_path) as (stub, cluster):
        stub.close()
        with pytest.raises(errors.ClusterUnavailable, match="refused") as caught:
            cluster.version()
    assert stub.url in str(caught.value)


NO_NAMES = ["", ".", "..", "a/b", "%2e%2e", "../../../secrets/x"]


@pytest.mark.parametrize("name", NO_NAMES)
def test_a_name_that_would_change_the_path_is_never_sent(name: str, tmp_path: Path) -> None:
    with connected(lambda _: LIVE, tmp_path) as (stub, cluster):
        for namespace, given in ((name, "a"), ("d", name)):
            with pytest.raises(errors.ClusterRefused) as caught:
                cluster.delete(build.CONFIG_MAP, namespace, given, "u")
            assert caught.value.reason == "Invalid"
    assert stub.questions == []


def test_an_odd_name_stays_one_part_of_the_path(tmp_path: Path) -> None:
    with connected(lambda _: LIVE, tmp_path) as (stub, cluster):
        cluster.read(build.CONFIG_MAP, "d", "system:a?b#c d")
    assert stub.questions[0].path == "/api/v1/namespaces/d/configmaps/system%3Aa%3Fb%23c%20d"


def test_nothing_is_deleted_without_a_uid(tmp_path: Path) -> None:
    with (
        connected(lambda _: LIVE, tmp_path) as (stub, cluster),
        pytest.raises(errors.ClusterRefused, match="uid"),
    ):
        cluster.delete(build.CONFIG_MAP, "d", "a", "")
    assert stub.asked == []


def test_a_delete_has_its_precondition_and_runs_in_the_background(tmp_path: Path) -> None:
    with connected(lambda _: LIVE, tmp_path) as (stub, cluster):
        assert cluster.delete(build.CONFIG_MAP, "d", "a", "u-1")
    assert orjson.loads(stub.questions[0].body) == {
        "preconditions": {"uid": "u-1"},
        "propagationPolicy": "Background",
    }


def test_a_selection_is_read_page_by_page(tmp_path: Path) -> None:
    pages = [
        document({"metadata": {"continue": "next"}, "items": [{"metadata": {"name": "a"}}]}),
        document({"metadata": {}, "items": [{"metadata": {"name": "b"}}]}),
    ]
    with connected(in_turn(*pages), tmp_path) as (stub, cluster):
        found = cluster.select(build.CONFIG_MAP, "d", "site=x")
    assert [(o["kind"], o["metadata"]["name"]) for o in found] == [
        ("ConfigMap", "a"),
        ("ConfigMap", "b"),
    ]
    assert [asked.query.get("continue") for asked in stub.questions] == [None, "next"]
    assert {asked.query["labelSelector"] for asked in stub.questions} == {"site=x"}


def test_discovery_is_asked_once_however_many_threads_want_it(tmp_path: Path) -> None:
    with connected(lambda _: LIVE, tmp_path) as (stub, cluster):
        threads = [
            threading.Thread(target=cluster.namespaced, args=(build.CONFIG_MAP,)) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert cluster.namespaced(build.CONFIG_MAP)
        assert not cluster.namespaced(build.NAMESPACE)
    assert [asked.path for asked in stub.asked] == ["/api/v1"]


def test_what_discovery_found_is_not_asked_for_after_a_start_and_forgotten_when_it_is_gone(
    tmp_path: Path,
) -> None:
    gone = Answer(status=404, body=b"404 page not found")
    manifest = build.config_map("a", "d")
    discovered = []
    with connected(in_turn(LIVE, LIVE, gone, LIVE), tmp_path) as (stub, _):
        for attempt in range(4):
            login = stub.kubeconfig(tmp_path / "kubeconfig")
            cluster = kube.connect(login, "", tmp_path / "cache")
            if attempt == 2:
                with pytest.raises(errors.ClusterRefused):
                    cluster.apply(manifest, force=False)
            else:
                cluster.apply(manifest, force=False)
            cluster.close()
            discovered.append(len(stub.asked) - len(stub.questions))
    assert discovered == [1, 1, 1, 2]


def test_an_unknown_kind_is_asked_for_again_each_time(tmp_path: Path) -> None:
    gone = Answer(status=404, body=b"404 page not found\n")
    served = document(
        {"resources": [{"name": "deployments", "kind": "Deployment", "namespaced": True}]}
    )
    with connected(in_turn(gone, served), tmp_path) as (stub, cluster):
        with pytest.raises(errors.ClusterRefused) as caught:
            cluster.namespaced(build.DEPLOYMENT)
        assert caught.value.reason == "KindUnknown"
        assert cluster.namespaced(build.DEPLOYMENT)
    assert [asked.path for asked in stub.asked] == ["/apis/apps/v1"] * 2


def test_a_kind_that_stopped_being_served_is_discovered_anew(tmp_path: Path) -> None:
    gone = Answer(status=404, body=b"404 page not found\n")
    with connected(in_turn(gone, LIVE), tmp_path) as (stub, cluster):
        with pytest.raises(errors.ClusterRefused) as caught:
            cluster.read(build.CONFIG_MAP, "d", "a")
        assert caught.value.reason == "KindUnknown"
        cluster.read(build.CONFIG_MAP, "d", "a")
    assert [asked.path for asked in stub.asked].count("/api/v1") == 2


def test_a_namespaced_object_needs_a_namespace(tmp_path: Path) -> None:
    with (
        connected(lambda _: LIVE, tmp_path) as (stub, cluster),
        pytest.raises(errors.ClusterRefused, match="needs a namespace"),
    ):
        cluster.apply(build.config_map("a", ""), force=False)
    assert stub.questions == []
