"""What a watch shows of an object, and what our own writes left of it."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from reconciler import ports
from reconciler.engine.sightings import Sightings
from reconciler.model.refs import Kind, ObjectRef
from reconciler.model.values import Live

REF = ObjectRef.parse("ConfigMap/app/x")
CONFIG_MAPS = Kind(group="", version="v1", kind="ConfigMap")


def _live(version: str) -> Live:
    return Live(
        ref=REF,
        api_version="v1",
        uid="u",
        resource_version=version,
        generation=0,
        deleting=False,
        labels={},
        managed=(),
    )


def _list(version: str, uids: dict[ObjectRef, str]) -> ports.KindListed:
    return ports.KindListed(kind=CONFIG_MAPS, uids=uids, version=version)


@pytest.mark.parametrize(("shown", "outdated"), [("4", True), ("5", False), ("6", False)])
def test_what_is_shown_while_it_is_written_is_judged_once_its_version_is_known(
    shown: str, outdated: bool
) -> None:
    for is_list in (False, True):
        sightings = Sightings()
        sightings.depart(REF)
        if is_list:
            sightings.show_list(_list(shown, {}), [REF])
        else:
            sightings.show(_live(shown))
        assert not sightings.is_outdated(REF)
        sightings.arrive(REF, "5")
        assert sightings.is_outdated(REF) is outdated


def test_a_list_that_has_the_object_says_nothing_of_its_version() -> None:
    sightings = Sightings()
    sightings.arrive(REF, "5")
    sightings.show_list(_list("4", {REF: "u"}), [REF])
    assert not sightings.is_outdated(REF)
    sightings.show_list(_list("4", {}), [REF])
    assert sightings.is_outdated(REF)
    sightings.show(_live("6"))
    assert not sightings.is_outdated(REF)


def test_a_write_that_becomes_known_while_a_watch_shows_an_older_state_is_seen_after_it() -> None:
    """After a restore of etcd no event follows the one that a watch is just telling of."""
    judging, go_on = threading.Event(), threading.Event()

    class Slow(Sightings):
        def is_after(self, ref: ObjectRef, version: str) -> bool:
            found = super().is_after(ref, version)
            if threading.current_thread().name == "watch":
                judging.set()
                assert go_on.wait(10)
            return found

    sightings = Slow()
    sightings.arrive(REF, "3")
    sightings.depart(REF)
    watch = threading.Thread(target=sightings.show, args=(_live("3"),), name="watch")
    pool = threading.Thread(target=sightings.arrive, args=(REF, "5"))
    watch.start()
    assert judging.wait(10)
    pool.start()
    pool.join(0.05)
    assert pool.is_alive()  # it waits until the watch has told all of it
    go_on.set()
    watch.join(10)
    pool.join(10)
    assert sightings.is_outdated(REF)


@pytest.mark.parametrize(
    "end",
    [Sightings.land, lambda s: s.land(REF), lambda s: s.forget(REF)],
    ids=["all landed", "this one landed", "this one forgotten"],
)
def test_nothing_is_left_of_a_write_that_came_to_nothing(end: Any) -> None:
    sightings = Sightings()
    sightings.depart(REF)
    sightings.show(_live("4"))
    end(sightings)
    assert not sightings.is_in_flight(REF)
    sightings.arrive(REF, "5")
    assert not sightings.is_outdated(REF)
