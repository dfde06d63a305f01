"""Faults between two events, and what must still hold after them; events are made by hand."""

from __future__ import annotations

import dataclasses
import threading
from typing import Any

import orjson
import pytest

from reconciler import ports
from reconciler.adapters.memory import MemoryCluster
from reconciler.engine import assembly
from reconciler.engine.crier import Crier
from reconciler.engine.inbox import Inbox
from reconciler.engine.messages import Candidate, Died, Message, Offline, Online
from reconciler.engine.observe import Observatory
from reconciler.model import errors
from reconciler.model.journal import Change, Outcome
from reconciler.model.origins import Origin
from reconciler.model.refs import Kind, ObjectRef
from reconciler.model.rendered import Manifest, Rendered, SiteSettings, Verdict
from reconciler.model.values import Failure, Health, Report, Snapshot, State, Sync
from reconciler.status import note
from tests.clock import StoppedClock
from tests.engine.fakes import Commits, Mailbox, Renders, Watcher
from tests.fakes.state import MemoryState
from tests.manifests import SITE, config_map, definition, deployment, manifest, namespace

A, B = "a" * 40, "b" * 40
CM = Kind("", "v1", "ConfigMap")


class Rig:
    def __init__(self, cluster: Any = None) -> None:
        self.clock = StoppedClock()
        self.memory = MemoryCluster(self.clock)
        self.client = self.memory.client()
        self.cluster: Any = cluster(self.client) if cluster else self.client
        admin = self.memory.client("admin")
        admin.apply(manifest(namespace("fleet-system")), force=True)
        site = definition("fleet-reconciler.dev", "Site", scope="Cluster")
        site["spec"]["versions"][0] |= {"name": "v1alpha1", "subresources": {"status": {}}}
        admin.apply(manifest(site), force=True)
        self.admin = admin
        self.state = MemoryState()
        self.watcher = Watcher()
        self.mailbox = Mailbox()
        self.stop = threading.Event()
        self.start()

    def start(self) -> None:
        self.engine = assembly.assemble(
            assembly.Parts(
                source=Commits(),
                renderer=Renders(),
                cluster=self.cluster,
                state=self.state,
                notes=self.mailbox,
                clock=self.clock,
                observer=self.watcher,
                give_back=lambda: None,
            ),
            assembly.Options(
                site=SITE,
                namespace="fleet-system",
                agent="fleet-reconciler 0",
                poll=300,
                interval=300,
            ),
            self.stop,
        )
        self.crew = self.engine._crew
        # No threads: events are made by hand.
        self.crew.observatory.watch = lambda kinds: None  # type: ignore[method-assign] # a stand-in
        self.engine._begin(attempts=1)

    def candidate(self, commit: str, *objects: dict[str, Any]) -> Candidate:
        return Candidate(
            snapshot=Snapshot(commit=commit),
            rendered=Rendered(
                site=SITE,
                commit=commit,
                settings=SiteSettings(fleet="f", labels={}),
                objects=tuple(manifest(o) for o in objects),
                verdict=Verdict(),
            ),
        )

    def give(self, commit: str, *objects: dict[str, Any]) -> None:
        self.engine._handle([self.candidate(commit, *objects)])

    def watch(self, event: ports.WatchEvent) -> None:
        """What a watch's thread does with it."""
        self.crew.observatory._see(event)

    def handle(self) -> None:
        """What the loop does with all that is due."""
        self.engine._handle(self.crew.inbox.take(256, 0))

    def seen(self, obj: dict[str, Any]) -> ports.ObjectSeen:
        m = manifest(obj)
        return ports.ObjectSeen(
            live=self.admin.replace(m.kind, m.ref.namespace, m.ref.name, b"{}", "merge")
        )

    def data(self, name: str) -> Any:
        found = self.admin.read(CM, "app", name)
        return found and found["data"]


def test_a_commit_is_not_lost_to_a_correction_that_fails_in_the_same_batch() -> None:
    rig = Rig()
    rig.give(A, namespace("app"), config_map("x"))
    ref = manifest(config_map("x")).ref
    rig.memory.edit(ref, {"data": {"key": "foreign"}}, manager="m")
    drifted = rig.seen(config_map("x"))
    rig.client.unreachable = True
    rig.engine._handle(
        [drifted, rig.candidate(B, namespace("app"), config_map("x", {"key": "new"}))]
    )
    rig.client.unreachable = False
    for _ in range(50):
        rig.clock.advance(5)
        rig.engine._handle(rig.crew.inbox.take(256, 0))
    assert rig.data("x") == {"key": "new"}
    assert rig.crew.reconciler.situation.applied == B


class _AnswerLost:
    """The write arrives, its answer does not."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.lose: set[str] = set()
        self.bodies: list[tuple[str, bytes]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def apply(self, m: Manifest, *, force: bool, subresource: str = "") -> Any:
        self.bodies.append((m.ref.name, m.body))
        live = self.inner.apply(m, force=force, subresource=subresource)
        if m.ref.name in self.lose:
            self.lose.discard(m.ref.name)
            raise errors.ClusterUnavailable("cut")
        return live


def test_a_write_whose_answer_was_lost_is_not_undone_as_drift() -> None:
    rig = Rig(_AnswerLost)
    rig.give(A, namespace("app"), config_map("x", {"key": "old"}))
    rig.cluster.lose.add("x")
    rig.cluster.bodies.clear()
    rig.clock.advance(5)
    rig.give(B, namespace("app"), config_map("x", {"key": "new"}))
    assert rig.data("x") == {"key": "new"}
    rig.engine._handle([rig.seen(config_map("x"))])  # the watch shows our own write
    written = [
        orjson.loads(body)["data"]["key"] for name, body in rig.cluster.bodies if name == "x"
    ]
    assert "old" not in written


def test_after_a_kill_between_write_and_record_the_old_commit_is_not_put_back() -> None:
    rig = Rig(_AnswerLost)
    rig.give(A, namespace("app"), config_map("x", {"key": "old"}))
    rig.clock.advance(5)
    # What the killed agent still wrote of commit B:
    rig.client.apply(manifest(config_map("x", {"key": "new"})), force=True)
    rig.state.save(meta={"unfinished": str(manifest(config_map("x")).ref)})
    rig.start()
    rig.cluster.bodies.clear()
    rig.engine._handle([rig.seen(config_map("x"))])  # the watch is there long before the render
    rig.give(B, namespace("app"), config_map("x", {"key": "new"}))
    written = [
        orjson.loads(body)["data"]["key"] for name, body in rig.cluster.bodies if name == "x"
    ]
    assert "old" not in written


def test_a_list_from_before_our_write_shows_no_deletion() -> None:
    rig = Rig()
    rig.give(A, namespace("app"), config_map("x"))
    listed = ports.KindListed(kind=CM, uids={manifest(config_map("x")).ref: "u"})
    rig.give(B, namespace("app"), config_map("x"), config_map("y"))
    rig.engine._handle([listed])
    assert rig.watcher.named("drift.corrected") == []


def test_what_a_restore_of_etcd_brings_back_is_put_right() -> None:
    rig = Rig()
    rig.give(A, namespace("app"), config_map("x"))
    live = rig.seen(config_map("x")).live
    rig.memory.edit(live.ref, {"data": {"key": "from the backup"}}, manager="m")
    rig.watch(ports.ObjectSeen(live=dataclasses.replace(live, resource_version="3", managed=())))
    rig.watch(ports.KindListed(kind=CM, uids={live.ref: live.uid}))
    rig.handle()
    rig.clock.advance(6)
    rig.handle()
    assert rig.data("x") == {"key": "value"}
    assert len(rig.watcher.named("drift.corrected")) == 1


class _During:
    """Calls back between the API server's answer and what is kept of it."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.answered: Any = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def apply(self, wanted: Any, **options: Any) -> Any:
        live = self._inner.apply(wanted, **options)
        if self.answered is not None and wanted.ref.name == "x":
            answered, self.answered = self.answered, None
            answered(live)
        return live


@pytest.mark.parametrize("missing", [True, False])
@pytest.mark.parametrize("first", [True, False])
def test_what_a_restore_of_etcd_takes_back_before_it_is_kept_is_put_right(
    missing: bool, first: bool
) -> None:
    rig = Rig(_During)
    ref = manifest(config_map("x")).ref
    told: list[str] = []

    def restored(live: Any) -> None:
        """The watch lists anew, and shows nothing after it."""
        told.append(live.resource_version)
        if not missing:
            old = dataclasses.replace(live, resource_version="3", managed=())
            rig.watch(ports.ObjectSeen(live=old))
        uids = {} if missing else {ref: live.uid}
        rig.watch(ports.KindListed(kind=CM, uids=uids, version="3"))

    if not first:
        rig.give(A, namespace("app"), config_map("x"))
    rig.cluster.answered = restored
    rig.give(B, namespace("app"), config_map("x", {"key": "new"}))
    assert told and int(told[0]) > 3
    rig.memory.edit(ref, {"data": {"key": "from the backup"}}, manager="m")
    for _ in range(10):
        rig.handle()
        rig.clock.advance(1)
    assert rig.data("x") == {"key": "new"}


@pytest.mark.parametrize("shown", [True, False])
def test_a_list_handled_after_the_event_of_our_write_makes_no_second_write(
    shown: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = Rig()
    rig.give(A, namespace("app"), config_map("x"))
    live = rig.seen(config_map("x")).live
    rig.watch(ports.KindListed(kind=CM, uids={}, version="1"))  # from before the write
    if shown:
        rig.watch(ports.ObjectSeen(live=live))
    written: list[str] = []
    apply = rig.client.apply

    def spying(manifest: Any, **options: Any) -> Any:
        written.append(manifest.ref.name)
        return apply(manifest, **options)

    monkeypatch.setattr(rig.client, "apply", spying)
    rig.handle()
    rig.clock.advance(6)
    rig.handle()
    assert written.count("x") == (0 if shown else 1)  # where no event comes, it was lost


def test_an_event_from_before_our_write_is_not_drift() -> None:
    rig = Rig()
    rig.give(A, namespace("app"), config_map("x"))
    before = rig.seen(config_map("x"))
    rig.give(B, namespace("app"), config_map("x", {"key": "new"}))
    rig.engine._handle([before, ports.KindListed(kind=CM, uids={before.live.ref: "u"})])
    rig.engine._handle([rig.seen(config_map("x"))])
    rig.clock.advance(6)
    asked = rig.client.requests["patch", CM]
    rig.engine._handle(rig.crew.inbox.take(256, 0))
    assert rig.client.requests["patch", CM] == asked


def test_the_order_in_which_objects_fail_is_no_news() -> None:
    first = Failure(ref=ObjectRef("", "Service", "a", "x"), reason="Invalid", message="m")
    second = Failure(ref=ObjectRef("", "Service", "a", "y"), reason="Invalid", message="m")
    base = Report(
        site=SITE,
        commit=A,
        applied=A,
        time=0,
        agent="a",
        state=State.FAILED,
        sync=Sync.FAILED,
        health=Health.UNKNOWN,
        failed=(first, second),
    )
    other = dataclasses.replace(base, failed=(second, first))
    assert note.fingerprint(base, "") == note.fingerprint(other, "")


def test_a_link_that_comes_and_goes_writes_no_note() -> None:
    rig = Rig()
    rig.give(A, namespace("app"), config_map("x"))
    note_ = rig.state.queued_note()
    assert note_ is not None
    rig.state.note_sent(note_)
    for _ in range(3):
        rig.engine._handle([Offline(message="git fetch: no route to host")])
        rig.engine._handle([Online()])
    assert rig.state.queued_note() is None


def test_a_note_keeps_to_its_bound() -> None:
    failed = tuple(
        Failure(
            ref=ObjectRef("example.com", "K" * 60, "n" * 63, "x" * 250),
            reason="Invalid",
            message="漢" * 2000,
            origin=Origin("p" * 1000, 3),
        )
        for _ in range(20)
    )
    report = Report(
        site=SITE,
        commit=A,
        applied=A,
        time=0,
        agent="a",
        state=State.FAILED,
        sync=Sync.FAILED,
        health=Health.UNKNOWN,
        failed=failed,
    )
    assert len(note.write(report).encode()) <= note.MAX_BYTES


def test_a_version_that_is_no_longer_served_does_not_hide_an_object_from_pruning() -> None:
    rig = Rig()
    crd = definition("example.com", "Widget")
    v1 = crd["spec"]["versions"][0]
    crd["spec"]["versions"] = [{**v1, "name": "v1beta1", "storage": False}, v1]
    old = {
        "apiVersion": "example.com/v1beta1",
        "kind": "Widget",
        "metadata": {"name": "w", "namespace": "app"},
    }
    rig.give(A, namespace("app"), crd, old)
    kind = Kind("example.com", "v1", "Widget")
    assert rig.admin.read(kind, "app", "w") is not None
    only = definition("example.com", "Widget")
    rig.give(B, namespace("app"), only)  # the version goes, and so does the object
    assert rig.admin.read(kind, "app", "w") is None, rig.crew.reconciler.situation


def test_a_namespace_that_still_holds_wanted_objects_is_not_pruned() -> None:
    rig = Rig()
    rig.give(A, namespace("app"), config_map("x"))
    rig.give(B, config_map("x"))
    found = rig.admin.read(Kind("", "v1", "Namespace"), "", "app")
    assert found is not None and not found["metadata"].get("deletionTimestamp")


class _Slow:
    """One object's request is never answered in time."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def apply(self, m: Manifest, *, force: bool, subresource: str = "") -> Any:
        if m.ref.name == "slow":
            raise errors.ClusterUnavailable("it stopped answering")
        return self.inner.apply(m, force=force, subresource=subresource)


def test_one_object_that_times_out_does_not_stop_the_others() -> None:
    rig = Rig(_Slow)
    watched: list[set[Kind]] = []
    rig.crew.observatory.watch = watched.append  # type: ignore[method-assign, assignment] # a stand-in
    rig.give(A, namespace("app"), config_map("slow"), deployment("d"))
    for _ in range(20):
        rig.clock.advance(60)
        rig.engine._handle(rig.crew.inbox.take(256, 0))
    assert rig.admin.read(Kind("apps", "v1", "Deployment"), "app", "d") is not None
    assert watched


class _Dying:
    def watch(self, kind: Kind, selector: str, sink: Any, stop: Any) -> None:
        raise RuntimeError("can't start new thread")


def test_a_watch_that_dies_ends_the_engine() -> None:
    inbox: Inbox[Message] = Inbox(StoppedClock())
    observatory = Observatory(
        cluster=_Dying(),  # type: ignore[arg-type] # no more than a watch is asked of it
        books=Rig().crew.books,
        site=SITE,
        sink=lambda event: None,
        concerns=lambda live: False,
        died=lambda error: inbox.put("died", Died(error=error)),
    )
    observatory.watch({CM})
    observatory.close(5)
    (message,) = inbox.take(1, 5)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        Rig().engine._handle([message])


def test_attempts_while_the_api_server_is_away_use_up_no_allowance() -> None:
    rig = Rig()
    rig.give(A, namespace("app"), config_map("x"))
    rig.memory.edit(manifest(config_map("x")).ref, {"data": {"key": "foreign"}}, manager="m")
    drifted = rig.seen(config_map("x"))
    rig.client.unreachable = True
    rig.engine._handle([drifted])
    for _ in range(120):
        rig.clock.advance(1)
        rig.engine._handle(rig.crew.inbox.take(256, 0))
    rig.client.unreachable = False
    waited = 0
    while rig.data("x") != {"key": "value"} and waited < 100:
        waited += 1
        rig.clock.advance(1)
        rig.engine._handle(rig.crew.inbox.take(256, 0))
    assert waited <= 5, f"corrected {waited} s after the API server was back"
    rig.memory.edit(manifest(config_map("x")).ref, {"data": {"key": "again"}}, manager="m")
    rig.engine._handle([rig.seen(config_map("x"))])
    assert rig.data("x") == {"key": "value"}, "the next edit waits, as if somebody fought with us"


def test_the_inbox_does_not_grow_by_what_replaces_appointments() -> None:
    clock = StoppedClock()
    inbox: Inbox[str] = Inbox(clock)
    for _ in range(10_000):
        inbox.put_later("heal", "x", 60)
    assert len(inbox._later) < 100


def test_the_end_does_not_wait_for_events_that_nobody_takes() -> None:
    class Hanging:
        def create(self, *a: Any) -> Any:
            threading.Event().wait(30)
            raise errors.ClusterUnavailable("x")

    crier = Crier(cluster=Hanging(), clock=StoppedClock(), component="c")  # type: ignore[arg-type] # a stand-in
    from reconciler.status import event

    for number in range(300):
        crier.cry(
            event.of_drift(
                SITE,
                ObjectRef("", "ConfigMap", "a", str(number)),
                CM,
                [Change(path="", wanted="present", found="absent")],
                Outcome.CORRECTED,
                uid="u-1",
            )
        )
    ender = threading.Thread(target=crier.end, daemon=True)
    ender.start()
    ender.join(2)
    assert not ender.is_alive()


def test_a_kind_that_is_no_longer_there_is_not_called_unwatched() -> None:
    rig = Rig()
    rig.give(A, namespace("app"), config_map("x"))
    rig.engine._handle([ports.KindRefused(kind=CM, reason="Forbidden", message="no")])
    rig.give(B, namespace("app"))
    assert rig.crew.reconciler.told().message == ""


def test_a_deleted_site_object_comes_back() -> None:
    rig = Rig()
    rig.give(A, namespace("app"), config_map("x"))
    kind = Kind("fleet-reconciler.dev", "v1alpha1", "Site")
    found = rig.admin.read(kind, "", SITE.label)
    assert found
    live = rig.admin.replace(kind, "", SITE.label, b"{}", "merge")
    rig.admin.delete(kind, "", SITE.label, live.uid)
    rig.engine._handle([ports.ObjectGone(live=live)])
    assert rig.admin.read(kind, "", SITE.label) is not None


def test_the_same_object_twice_after_placing_is_refused() -> None:
    rig = Rig()
    crd = definition("example.com", "Widget")
    rig.admin.apply(manifest(crd), force=True)

    def widget(size: int, **m: Any) -> dict[str, Any]:
        return {
            "apiVersion": "example.com/v1",
            "kind": "Widget",
            "metadata": {"name": "w", **m},
            "spec": {"size": size},
        }

    rig.admin.apply(manifest(namespace("default")), force=True)
    rig.give(A, widget(1), widget(2, namespace="default"))
    situation = rig.crew.reconciler.situation
    assert situation.sync is Sync.FAILED, situation


def test_a_definition_that_is_not_served_stays_a_failure() -> None:
    rig = Rig()
    crd = definition("example.com", "Widget")
    made = Kind("apiextensions.k8s.io", "v1", "CustomResourceDefinition")
    inner = rig.client

    class Never:
        def __getattr__(self, name: str) -> Any:
            return getattr(inner, name)

        def read(self, kind: Kind, namespace: str, name: str) -> Any:
            found = inner.read(kind, namespace, name)
            if kind == made and found:
                rig.clock.advance(10)
                return {
                    **found,
                    "status": {"conditions": [{"type": "NamesAccepted", "status": "False"}]},
                }
            return found

    rig.crew.applier._cluster = Never()
    rig.give(A, namespace("app"), crd)
    assert rig.crew.reconciler.situation.sync is Sync.FAILED
    rig.clock.advance(60)
    rig.engine._handle(rig.crew.inbox.take(256, 0))
    assert rig.crew.reconciler.situation.sync is Sync.FAILED, rig.crew.reconciler.situation


def test_ready_waits_for_watches_at_the_first_start() -> None:
    rig = Rig()
    rig.client.forbid(CM, "patch")  # the inventory cannot be written
    rig.give(A, namespace("app"), config_map("x"))
    assert not rig.engine.ready


def test_an_announced_object_whose_answer_was_lost_is_still_ours_after_a_refusal() -> None:
    rig = Rig(_AnswerLost)
    rig.give(A, namespace("app"))
    rig.cluster.lose.add("x")
    rig.give(B, namespace("app"), config_map("x"))
    assert rig.data("x") is not None
    # Somebody changes it, so that the unforced second attempt is refused.
    rig.memory.edit(manifest(config_map("x")).ref, {"data": {"key": "foreign"}}, manager="m")
    rig.clock.advance(10)
    rig.engine._handle(rig.crew.inbox.take(256, 0))
    assert manifest(config_map("x")).ref in rig.crew.books.entries, rig.crew.reconciler.situation


def test_a_failing_disk_loses_no_drift() -> None:
    rig = Rig()
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "j", "namespace": "app"},
        "spec": {
            "template": {
                "spec": {"restartPolicy": "Never", "containers": [{"name": "m", "image": "i"}]}
            }
        },
    }
    rig.give(A, namespace("app"), config_map("x"), job)
    ref = manifest(config_map("x")).ref
    rig.memory.edit(ref, {"data": {"key": "foreign"}}, manager="m")
    drifted = rig.seen(config_map("x"))
    gone = ports.ObjectGone(live=rig.seen(job).live)
    real, failing = rig.state.meta, [True]

    def meta(key: str) -> str:
        if key.startswith("finished/") and failing:
            failing.clear()
            raise errors.StateUnavailable("disk I/O error")
        return real(key)

    rig.state.meta = meta  # type: ignore[method-assign] # a stand-in
    rig.engine._handle([drifted, gone])
    for _ in range(50):
        rig.clock.advance(5)
        rig.engine._handle(rig.crew.inbox.take(256, 0))
    assert rig.data("x") == {"key": "value"}


def test_the_uid_of_what_was_made_again_by_others_reaches_the_inventory() -> None:
    rig = Rig()
    rig.give(A, namespace("app"), config_map("x"))
    found = rig.admin.read(CM, "app", "x")
    assert found is not None
    rig.admin.delete(CM, "app", "x", found["metadata"]["uid"])
    rig.admin.apply(manifest(config_map("x", {"key": "other"})), force=True)
    seen = rig.seen(config_map("x"))
    rig.engine._handle([seen])
    assert rig.data("x") == {"key": "value"}
    inventory_map = rig.admin.read(CM, "fleet-system", "fleet-inventory-0")
    assert inventory_map is not None and seen.live.uid in inventory_map["data"]["objects"]


def test_a_refused_inventory_is_said_in_the_report() -> None:
    rig = Rig()
    rig.client.forbid(CM, "patch")
    rig.give(A, namespace("app"), config_map("x"))
    rig.engine._handle([])
    assert rig.crew.reconciler.told().message


def test_depends_on_follows_an_object_into_its_namespace() -> None:
    rig = Rig()
    rig.admin.apply(manifest(namespace("default")), force=True)
    first = config_map("first")
    second = config_map(
        "second", annotations={"fleet-reconciler.dev/depends-on": "ConfigMap/first"}
    )
    for value in (first, second):
        del value["metadata"]["namespace"]
    rig.give(A, second, first)
    applied = [event["ref"] for event in rig.watcher.named("object.applied")]
    assert applied == ["ConfigMap/default/first", "ConfigMap/default/second"]


def test_a_loop_that_stands_still_is_not_alive() -> None:
    rig = Rig()
    rig.engine._handle([])
    assert rig.engine.alive
    rig.clock.advance(121)
    assert not rig.engine.alive
