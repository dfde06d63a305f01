"""More faults: poisonous commits, held objects, slow objects, and what must not grow."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from reconciler import ports
from reconciler.engine.grants import Grant
from reconciler.engine.messages import Rejected
from reconciler.model import errors
from reconciler.model.journal import Change, Outcome
from reconciler.model.refs import Kind
from reconciler.model.values import Sync
from tests.engine.test_faults import CM, A, B, Rig
from tests.manifests import config_map, definition, manifest, namespace

DEPENDS = "fleet-reconciler.dev/depends-on"


def later(rig: Rig, times: int = 50) -> None:
    for _ in range(times):
        rig.clock.advance(5)
        rig.engine._handle(rig.crew.inbox.take(256, 0))


def test_objects_that_depend_on_each_other_do_not_end_the_agent() -> None:
    rig = Rig()
    first = config_map("a", annotations={DEPENDS: "ConfigMap/app/b"})
    second = config_map("b", annotations={DEPENDS: "ConfigMap/app/a"})
    rig.give(A, namespace("app"), first, second)
    assert rig.crew.reconciler.situation.sync is Sync.FAILED


@pytest.mark.parametrize(
    "spec", ["x", [1], {"names": "x"}, {"names": {"kind": ["a"]}}, {"group": {}}]
)
def test_a_definition_without_sense_does_not_end_the_agent(spec: Any) -> None:
    rig = Rig()
    rig.give(A, namespace("app"), {**definition("example.com", "Widget"), "spec": spec})
    assert rig.crew.reconciler.situation.sync is Sync.FAILED


def test_drift_of_an_object_that_is_held_is_put_right() -> None:
    rig = Rig()
    rig.give(A, namespace("app"), config_map("held"))
    bad = {"apiVersion": "v1", "kind": "Nonsense", "metadata": {"name": "bad", "namespace": "app"}}
    held = config_map("held", {"key": "new"}, annotations={DEPENDS: "Nonsense/app/bad"})
    rig.give(B, namespace("app"), bad, held)
    assert rig.crew.reconciler.situation.objects.held == 1
    rig.clock.advance(5)
    rig.memory.edit(manifest(config_map("held")).ref, {"data": {"key": "foreign"}}, manager="m")
    rig.engine._handle([rig.seen(config_map("held"))])
    later(rig)
    assert rig.data("held") == {"key": "value"}


def test_drift_is_put_right_though_a_pass_was_cut_and_the_next_commit_is_broken() -> None:
    rig = Rig()
    rig.give(A, namespace("app"), config_map("x"))
    rig.client.unreachable = True
    rig.give(B, namespace("app"), config_map("x", {"key": "new"}))
    rig.client.unreachable = False
    rig.engine._handle(
        [Rejected(commit="c" * 40, sync=Sync.FAILED, reason="RenderFailed", message="no")]
    )
    rig.clock.advance(5)
    rig.memory.edit(manifest(config_map("x")).ref, {"data": {"key": "foreign"}}, manager="m")
    rig.engine._handle([rig.seen(config_map("x"))])
    later(rig)
    assert rig.data("x") != {"key": "foreign"}


def test_the_rest_of_the_last_good_commit_is_applied_though_the_newest_is_broken() -> None:
    rig = Rig()
    rig.give(A, namespace("app"), config_map("x"))
    rig.client.unreachable = True
    rig.give(B, namespace("app"), config_map("x", {"key": "new"}))
    rig.engine._handle(
        [Rejected(commit="c" * 40, sync=Sync.FAILED, reason="RenderFailed", message="no")]
    )
    rig.client.unreachable = False
    later(rig)
    assert rig.data("x") == {"key": "new"}


def test_a_refused_inventory_during_a_correction_does_not_hide_why_the_commit_is_refused() -> None:
    rig = Rig()
    rig.give(A, namespace("app"), config_map("x"))
    rig.engine._handle(
        [Rejected(commit="c" * 40, sync=Sync.BLOCKED, reason="HistoryRefused", message="no")]
    )
    found = rig.admin.read(CM, "app", "x")
    assert found is not None
    gone = rig.seen(config_map("x")).live
    rig.admin.delete(CM, "app", "x", found["metadata"]["uid"])
    inner = rig.client.apply
    refusing = [True]

    def apply(m: Any, **k: Any) -> Any:
        if m.ref.namespace == "fleet-system" and refusing:
            refusing.clear()
            raise errors.ClusterRefused("quota", reason="Forbidden", status=403)
        return inner(m, **k)

    rig.client.apply = apply  # type: ignore[method-assign, assignment] # a stand-in
    rig.engine._handle([ports.ObjectGone(live=gone)])
    later(rig)
    assert not refusing
    assert rig.crew.reconciler.situation.reason == "HistoryRefused"


def test_a_definition_is_pruned_though_another_kind_of_its_group_stays() -> None:
    rig = Rig()
    gadgets = definition("example.com", "Gadget")
    gadget = {
        "apiVersion": "example.com/v1",
        "kind": "Gadget",
        "metadata": {"name": "g", "namespace": "app"},
    }
    rig.give(A, namespace("app"), definition("example.com", "Widget"), gadgets, gadget)
    news = rig.candidate(B, namespace("app"), gadgets, gadget)
    grant = Grant(commit=B, words=frozenset(("all",)), objects=news.rendered.objects)
    rig.engine._handle([dataclasses.replace(news, grants=(grant,))])
    crd = Kind("apiextensions.k8s.io", "v1", "CustomResourceDefinition")
    assert rig.admin.read(crd, "", "widgets.example.com") is None


def test_what_is_not_pruned_is_said() -> None:
    rig = Rig()
    rig.give(A, namespace("app"), config_map("x"))
    rig.give(B, config_map("x"))
    assert rig.crew.reconciler.told().message or rig.crew.reconciler.situation.objects.held


def test_a_slow_object_does_not_hold_up_the_corrections_of_others() -> None:
    rig = Rig()
    rig.give(A, namespace("app"), config_map("slow"), config_map("x"))
    rig.clock.advance(5)
    for name in ("slow", "x"):
        rig.memory.edit(manifest(config_map(name)).ref, {"data": {"key": "foreign"}}, manager="m")
    inner = rig.client.apply

    def apply(m: Any, **k: Any) -> Any:
        if m.ref.name == "slow":
            rig.clock.advance(35)
            raise errors.ClusterUnavailable("it stopped answering")
        return inner(m, **k)

    rig.client.apply = apply  # type: ignore[method-assign, assignment] # a stand-in
    rig.engine._handle([rig.seen(config_map("slow"))])
    assert not rig.watcher.named("cluster.unavailable"), "one object is no cluster"


def test_appointments_that_pass_do_not_grow_allowances() -> None:
    rig = Rig()
    rig.give(A, namespace("app"), config_map("x"))
    for number in range(300):
        name = f"c-{number}"
        rig.give(f"{number:040x}", namespace("app"), config_map(name))
        rig.clock.advance(600)
        rig.memory.edit(manifest(config_map(name)).ref, {"data": {"key": "foreign"}}, manager="m")
        rig.engine._handle([rig.seen(config_map(name))])
    healer = rig.crew.reconciler._healer
    assert len(healer._corrections._acted) + len(healer._suspicions._acted) < 100


def test_the_criers_memory_does_not_grow() -> None:
    from reconciler.model.refs import ObjectRef
    from reconciler.status import event
    from tests.manifests import SITE

    rig = Rig()
    for number in range(2000):
        rig.clock.advance(3600)
        rig.crew.crier.cry(
            event.of_drift(
                SITE,
                ObjectRef("", "ConfigMap", "a", str(number)),
                CM,
                [Change(path="", wanted="present", found="absent")],
                Outcome.CORRECTED,
                uid="u-1",
            )
        )
    assert len(rig.crew.crier._allowance._acted) < 500


def test_retries_of_a_new_commit_do_not_inherit_the_back_off_of_the_old_one() -> None:
    rig = Rig()
    bad = {"apiVersion": "v1", "kind": "Nonsense", "metadata": {"name": "bad", "namespace": "app"}}
    rig.give(A, namespace("app"), bad)
    for _ in range(10):
        rig.clock.advance(400)
        rig.engine._handle(rig.crew.inbox.take(256, 0))
    rig.give(B, namespace("app"), {**bad, "metadata": {"name": "other", "namespace": "app"}})
    due = rig.crew.inbox._appointed["again"].at - rig.clock.monotonic()
    assert due <= 10, due


def test_a_thread_that_dies_while_the_engine_begins_is_told() -> None:

    rig = Rig()
    rig.stop.clear()

    def load() -> None:
        raise errors.ClusterUnavailable("away")

    rig.crew.books.load = load  # type: ignore[method-assign] # a stand-in

    def dies() -> None:
        raise RuntimeError("postman")

    rig.crew.postman.run = dies  # type: ignore[method-assign] # a stand-in
    with pytest.raises(RuntimeError):
        rig.engine.run()


def test_a_poll_of_nothing_is_no_storm_of_fetches() -> None:
    from reconciler import settings

    with pytest.raises(errors.UsageError):
        settings.read(
            None,
            {
                "RECONCILER_SITE": "a/b",
                "RECONCILER_SOURCE_URLS": "file:///x",
                "RECONCILER_SOURCE_POLL": "0s",
            },
            {},
        )


def test_an_inventory_with_an_absurd_number_of_pieces_is_read() -> None:
    from reconciler.plan import inventory

    assert inventory.pieces({"data": {"pieces": "9" * 5000}}) >= 1


def test_kinds_listed_after_refused_in_one_batch_is_watched() -> None:
    rig = Rig()
    rig.give(A, namespace("app"), config_map("x"))
    uids = {
        manifest(config_map("x")).ref: rig.crew.books.records[manifest(config_map("x")).ref].uid
    }
    from reconciler.engine import observe

    for event in (
        ports.KindListed(kind=CM, uids=uids),
        ports.KindRefused(kind=CM, reason="Forbidden", message="no"),
        ports.KindListed(kind=CM, uids=uids),
    ):
        rig.crew.inbox.put(observe.key_of(event), event)
    rig.engine._handle(rig.crew.inbox.take(256, 0))
    assert "not watched" not in rig.crew.reconciler.told().message
