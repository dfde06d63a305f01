"""Who owns what after a write, without a cluster around it."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.adapters.memory import entries, ownership
from reconciler.adapters.memory.entries import UPDATE, Entry
from tests.adapters.memory.build import TEXTS, UNIQUE, entry, paths, shape, updater, writer

SHAPE = shape(data=TEXTS, unique=UNIQUE)


def applied(
    live: Any, wanted: Any, *known: Entry, manager: str = "us", force: bool = True
) -> tuple[Any, tuple[Entry, ...]]:
    return ownership.apply(live, wanted, known, SHAPE, writer(manager), force=force)


def data(**values: str) -> dict[str, Any]:
    return {"data": values}


def test_an_applier_of_something_new_owns_it() -> None:
    assert applied({}, data(a="1")) == (data(a="1"), (entry("us", "data/a", time="t1"),))


def test_the_same_again_keeps_the_time() -> None:
    before = entry("us", "data/a")
    assert applied(data(a="1"), data(a="1"), before) == (data(a="1"), (before,))


def test_without_force_another_s_field_is_a_conflict() -> None:
    theirs = updater("them", "data/a")
    with pytest.raises(ownership.Conflicts) as raised:
        applied(data(a="1"), data(a="2"), theirs, force=False)
    (conflict,) = raised.value.conflicts
    assert conflict == ownership.Conflict(owner=theirs, path=("f:data", "f:a"))


def test_with_force_the_field_changes_hands() -> None:
    _, after = applied(data(a="1", b="1"), data(a="2"), updater("them", "data/a", "data/b"))
    assert after == (entry("us", "data/a", time="t1"), updater("them", "data/b"))


def test_an_entry_that_loses_its_last_field_is_gone() -> None:
    _, after = applied(data(a="1"), data(a="2"), updater("them", "data/a"))
    assert [one.manager for one in after] == ["us"]


def test_what_is_dropped_goes_unless_another_owns_it() -> None:
    live = {"data": {"a": "1", "b": "1", "c": "1"}, "unique": ["x", "y"]}
    ours = entry("us", "data/a", "data/b", 'unique/v:"x"')
    theirs = entry("them", "data/b", 'unique/v:"y"')
    merged, after = applied(live, {}, ours, theirs)
    assert merged == {"data": {"b": "1", "c": "1"}, "unique": ["y"]}
    assert after == (theirs,)


def test_a_list_that_nobody_owns_an_item_of_goes_with_the_last_that_was_applied() -> None:
    live = {"kind": "K", "unique": ["x", "nobody's"]}
    merged, _ = applied(live, {"kind": "K"}, entry("us", 'unique/v:"x"'))
    assert merged == {"kind": "K"}


def test_an_object_without_entries_was_made_by_someone_before() -> None:
    _, after = applied(data(a="1", b="1"), data(a="1"))
    assert after == (
        entry("us", "data/a", time=""),
        updater("before-first-apply", "data", "data/a", "data/b", time="t1"),
    )


def test_an_updater_adds_to_what_it_owns() -> None:
    before = (updater("them", "data/a"), entry("us", "data/b", "data/c"))
    new = data(a="1", b="2")
    after = ownership.update(data(a="1", b="1", c="1"), new, before, SHAPE, writer("them", UPDATE))
    assert after == (updater("them", "data/a", "data/b", time="t1"),)


def test_an_object_whose_owners_were_forgotten_is_not_followed() -> None:
    assert ownership.update(data(a="1"), data(a="2"), (), SHAPE, writer("them", UPDATE)) == ()


def test_what_only_the_server_sets_belongs_to_nobody() -> None:
    metadata = {"name": "x", "namespace": "y", "uid": "z", "labels": {"a": "b"}}
    _, after = applied({}, {"apiVersion": "v1", "kind": "K", "metadata": metadata})
    assert after == (entry("us", "metadata/labels/a", time="t1"),)


def test_ignored_fields_are_not_owned() -> None:
    quiet = entries.Writer(
        manager="us",
        operation=entries.APPLY,
        subresource="",
        api_version="v1",
        time="t1",
        ignored=(("f:unique",),),
    )
    wanted = {"unique": ["x"], **data(a="1")}
    _, after = ownership.apply({}, wanted, (), SHAPE, quiet, force=False)
    assert after == (entry("us", "data/a", time="t1"),)


def test_the_oldest_updaters_of_many_become_one() -> None:
    many = [updater(f"m{n:02}", f"data/{n}", time=f"t{n:02}") for n in range(12)]
    kept = entries.capped([entry("us", "data/x"), *many])
    assert len(kept) == 1 + entries.MOST_UPDATERS
    (oldest,) = [one for one in kept if one.manager == "ancient-changes"]
    assert oldest.fields == paths("data/0", "data/1", "data/2")
    assert oldest.time == "t02"


def test_entries_survive_the_wire() -> None:
    one = updater("them", "data", "data/a")
    assert entries.from_wire(entries.to_wire(one)) == one


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (None, "kept"),
        ([], "forgotten"),
        ([{}], "forgotten"),
        ([{"manager": "x"}], "kept"),
        (["nonsense"], "kept"),
    ],
)
def test_a_client_may_forget_owners_but_not_break_them(rows: Any, expected: str) -> None:
    known = (updater("them", "data/a"),)
    sent = entries.sent({"managedFields": rows}, known)
    assert sent == (known if expected == "kept" else ())
