"""What every ports.Cluster shows of a kind while it is watched."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from reconciler import ports
from reconciler.model.refs import Kind, ObjectRef
from tests.contracts import objects
from tests.contracts.suite import ClusterSuite, apply, serve, unique
from tests.contracts.world import World
from tests.controlplane.processes import until

CONFIG_MAP = Kind("", "v1", "ConfigMap")


class Watcher:
    """A watch in a thread of its own, and what it has shown so far."""

    def __init__(self, world: World, kind: Kind, selector: str) -> None:
        self.events: list[ports.WatchEvent] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=world.cluster.watch,
            args=(kind, selector, self.events.append, self._stop),
            daemon=True,
        )
        self._thread.start()

    def end(self) -> None:
        self._stop.set()
        self._thread.join(30)
        assert not self._thread.is_alive()

    def seen(self, name: str) -> list[ports.ObjectSeen]:
        found = [event for event in self.events if isinstance(event, ports.ObjectSeen)]
        return [event for event in found if event.live.ref.name == name]

    def gone(self, name: str) -> list[ports.ObjectGone]:
        found = [event for event in self.events if isinstance(event, ports.ObjectGone)]
        return [event for event in found if event.live.ref.name == name]

    def lists(self) -> list[ports.KindListed]:
        return [event for event in self.events if isinstance(event, ports.KindListed)]

    def refusals(self) -> list[ports.KindRefused]:
        return [event for event in self.events if isinstance(event, ports.KindRefused)]


class WatchContract(ClusterSuite):
    @pytest.fixture
    def mark(self) -> str:
        """The value of our label in this test."""
        return unique("site")

    @pytest.fixture
    def watch(self, world: World, mark: str) -> Iterator[Any]:
        """Begins a watch of ConfigMaps that carry the mark; all end with the test."""
        running: list[Watcher] = []

        def begin(kind: Kind = CONFIG_MAP) -> Watcher:
            running.append(Watcher(world, kind, f"{objects.LABEL}={mark}"))
            return running[-1]

        yield begin
        for watcher in running:
            watcher.end()

    def test_it_begins_with_all_that_is_there(
        self, world: World, home: str, mark: str, watch: Any
    ) -> None:
        lives = [apply(world, marked(home, mark, name)) for name in ("a", "b")]
        apply(world, objects.config_map(home, "unmarked"))
        watcher = watch()
        until(watcher.lists, "the list is complete")
        *shown, listed = watcher.events
        assert listed == ports.KindListed(
            kind=CONFIG_MAP, uids={live.ref: live.uid for live in lives}
        )
        assert {event.live.ref.name: event.live for event in shown} == {
            live.ref.name: live for live in lives
        }

    def test_a_kind_without_objects_is_listed_as_empty(self, watch: Any) -> None:
        watcher = watch()
        until(watcher.lists, "the list is complete")
        assert watcher.events == [ports.KindListed(kind=CONFIG_MAP, uids={})]

    def test_it_shows_what_becomes_of_an_object(
        self, world: World, home: str, mark: str, watch: Any
    ) -> None:
        watcher = watch()
        until(watcher.lists, "the list is complete")
        made = apply(world, marked(home, mark))
        until(lambda: len(watcher.seen("cm")) == 1, "it was made")
        assert watcher.seen("cm")[0].live == made
        world.patch(marked(home, mark), {"data": {"key": "other"}})
        until(lambda: len(watcher.seen("cm")) == 2, "it was edited")
        edited = watcher.seen("cm")[1].live
        assert (edited.uid, edited.resource_version) != (made.uid, made.resource_version)
        assert edited.managed != made.managed
        world.delete(marked(home, mark))
        until(lambda: watcher.gone("cm"), "it was deleted")
        last = watcher.gone("cm")[0].live
        assert (last.ref, last.uid) == (made.ref, made.uid)
        assert last.managed == edited.managed

    def test_an_apply_that_changes_nothing_shows_nothing(
        self, world: World, home: str, mark: str, watch: Any
    ) -> None:
        apply(world, marked(home, mark))
        watcher = watch()
        until(watcher.lists, "the list is complete")
        apply(world, marked(home, mark))
        apply(world, marked(home, mark, "later"))
        until(lambda: watcher.seen("later"), "what came after is seen")
        assert len(watcher.seen("cm")) == 1

    def test_an_object_that_loses_the_label_is_gone(
        self, world: World, home: str, mark: str, watch: Any
    ) -> None:
        apply(world, marked(home, mark))
        watcher = watch()
        until(watcher.lists, "the list is complete")
        world.patch(marked(home, mark), {"metadata": {"labels": {objects.LABEL: None}}})
        until(lambda: watcher.gone("cm"), "it left")
        apply(world, marked(home, mark))
        until(lambda: len(watcher.seen("cm")) == 2, "it came back")

    def test_an_object_that_is_kept_by_a_finalizer_is_shown_as_deleting(
        self, world: World, home: str, mark: str, watch: Any
    ) -> None:
        kept = marked(home, mark)
        kept["metadata"]["finalizers"] = ["example.dev/hold"]
        apply(world, kept)
        watcher = watch()
        until(watcher.lists, "the list is complete")
        world.delete(kept)
        until(lambda: any(e.live.deleting for e in watcher.seen("cm")), "it is being deleted")
        assert not watcher.gone("cm")
        world.patch(kept, {"metadata": {"finalizers": None}})
        until(lambda: watcher.gone("cm"), "it is gone")

    def test_what_happened_between_two_watches_is_in_the_second_s_list(
        self, world: World, home: str, mark: str, watch: Any
    ) -> None:
        apply(world, marked(home, mark, "stays"))
        apply(world, marked(home, mark, "goes"))
        first = watch()
        until(first.lists, "the list is complete")
        first.end()
        world.delete(marked(home, mark, "goes"))
        world.patch(marked(home, mark, "stays"), {"data": {"key": "other"}})
        second = watch()
        until(second.lists, "the list is complete")
        (listed,) = second.lists()
        assert set(listed.uids) == {ObjectRef("", "ConfigMap", home, "stays")}
        assert len(second.seen("stays")[0].live.managed) == 2

    def test_it_goes_on_once_the_cluster_is_reached_again(
        self, world: World, home: str, mark: str, watch: Any
    ) -> None:
        apply(world, marked(home, mark, "before"))
        watcher = watch()
        until(watcher.lists, "the list is complete")
        world.cut()
        apply(world, marked(home, mark, "after"))
        until(lambda: watcher.seen("after"), "it goes on")
        world.delete(marked(home, mark, "before"))
        until(
            lambda: (
                watcher.gone("before")
                or ObjectRef("", "ConfigMap", home, "before") not in watcher.lists()[-1].uids
            ),
            "the delete is known",
        )

    def test_a_kind_that_is_not_served_is_refused_until_it_is(
        self, world: World, home: str, mark: str, watch: Any
    ) -> None:
        name = unique("Late").replace("-", "")
        kind = Kind(objects.GROUP, "v1", name)
        watcher = watch(kind)
        until(watcher.refusals, "it is refused")
        refused = watcher.refusals()[0]
        assert (refused.kind, refused.reason) == (kind, "KindUnknown")
        definition = objects.definition(name)
        serve(world, definition)
        until(watcher.lists, "it is listed")
        assert len(watcher.refusals()) == 1
        world.delete(definition)

    def test_a_custom_kind_is_watched_like_any_other(
        self, world: World, home: str, mark: str, watch: Any
    ) -> None:
        serve(world, objects.definition())
        one = objects.model(home)
        one["metadata"]["labels"] = {objects.LABEL: mark}
        watcher = watch(Kind(objects.GROUP, "v1", "Model"))
        until(watcher.lists, "the list is complete")
        live = apply(world, one)
        until(lambda: watcher.seen("llama"), "it was made")
        assert watcher.seen("llama")[0].live == live
        world.patch(one, {"status": {"ready": True}}, status=True)
        until(lambda: len(watcher.seen("llama")) == 2, "its status changed")
        assert watcher.seen("llama")[1].live.generation == live.generation


def marked(home: str, mark: str, name: str = "cm") -> dict[str, Any]:
    """A ConfigMap that the watches of this test show."""
    one = objects.config_map(home, name)
    one["metadata"]["labels"] = {objects.LABEL: mark}
    return one
