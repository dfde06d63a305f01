"""Objects at rest, and the feeds of watches."""

from __future__ import annotations

from reconciler import ports
from reconciler.adapters.memory import selectors, store
from reconciler.model.refs import Kind

CONFIG_MAP = Kind("", "v1", "ConfigMap")
KEY = ("", "ConfigMap")


def item(name: str, version: str, **labels: str) -> store.Stored:
    metadata = {
        "name": name,
        "namespace": "app",
        "uid": f"u-{name}",
        "resourceVersion": version,
        "labels": labels,
    }
    return store.stored({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}, ())


def feed(selector: str = "", kind: Kind = CONFIG_MAP) -> store.Feed:
    return store.Feed(kind, selectors.parse(selector))


def test_what_is_read_is_the_reader_s_own() -> None:
    objects = store.Store()
    objects.put(item("a", "1", x="1"))
    found = objects.get(KEY, "app", "a")
    assert found is not None
    found.whole(CONFIG_MAP)["metadata"]["labels"]["x"] = "2"
    assert found.whole(CONFIG_MAP)["metadata"]["labels"] == {"x": "1"}


def test_a_feed_begins_with_what_matches() -> None:
    objects = store.Store()
    objects.put(item("a", "1", x="1"))
    objects.put(item("b", "2", x="2"))
    assert [one.live.ref.name for one in objects.open(feed("x=1"))] == ["a"]


def test_a_feed_tells_each_change_once_and_in_order() -> None:
    objects, watched = store.Store(), feed()
    objects.open(watched)
    first, second = item("a", "1"), item("a", "2")
    objects.put(first)
    objects.put(second)
    objects.remove(second)
    events = watched.take(0) or ()
    assert [type(event) for event in events] == [
        ports.ObjectSeen,
        ports.ObjectSeen,
        ports.ObjectGone,
    ]
    assert watched.take(0) == ()


def test_a_closed_feed_hears_nothing() -> None:
    objects, watched = store.Store(), feed()
    objects.open(watched)
    objects.close(watched)
    objects.put(item("a", "1"))
    assert watched.take(0) == ()


def test_a_feed_that_nobody_takes_from_is_broken_and_holds_nothing() -> None:
    objects, watched = store.Store(), feed()
    objects.open(watched)
    for number in range(store.FEED_LIMIT + 1):
        objects.put(item("a", str(number)))
    assert watched.take(0) is None
    objects.put(item("a", "later"))
    assert watched.take(0) is None


def test_the_feeds_of_a_kind_can_be_ended() -> None:
    objects, watched = store.Store(), feed()
    objects.open(watched)
    objects.end(KEY)
    assert watched.take(0) is None
    objects.close(watched)


def test_a_feed_tells_of_objects_in_the_version_that_is_watched() -> None:
    objects, watched = store.Store(), feed(kind=Kind("", "v2", "ConfigMap"))
    objects.open(watched)
    objects.put(item("a", "1"))
    (event,) = watched.take(0) or ()
    assert isinstance(event, ports.ObjectSeen)
    assert event.live.api_version == "v2"
