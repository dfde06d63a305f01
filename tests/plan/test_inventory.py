"""The inventory reads back as it was written, and is bounded."""

from __future__ import annotations

import dataclasses

import orjson
import pytest

from reconciler.model.refs import ObjectRef
from reconciler.plan import inventory
from tests.manifests import SITE


def entry(text: str, uid: str = "u-1") -> inventory.Entry:
    return inventory.Entry(ref=ObjectRef.parse(text), version="v1", uid=uid)


def inventory_of(*entries: inventory.Entry) -> inventory.Inventory:
    return inventory.Inventory(
        accepted="a" * 40, healthy="b" * 40, entries={one.ref: one for one in entries}
    )


def test_an_inventory_reads_back_as_it_was_written() -> None:
    wanted = inventory_of(entry("Deployment.apps/app/a"), entry("Namespace/app", uid=""))
    packed = inventory.pack(wanted, SITE, "fleet-system")
    found = inventory.unpack(orjson.loads(piece.body) for piece in packed)
    assert found.entries == wanted.entries
    assert (found.site, found.accepted, found.healthy) == (str(SITE), "a" * 40, "b" * 40)


def test_what_is_allowed_reads_back_as_far_as_it_is_listed_and_there_is_room() -> None:
    entries = [entry(f"ConfigMap/app/{'n' * 200}{i}") for i in range(1000)]
    wanted = dataclasses.replace(
        inventory_of(*entries),
        allowed=frozenset([one.ref for one in entries] + [ObjectRef.parse("Namespace/x")]),
    )
    packed = inventory.pack(wanted, SITE, "fleet-system")
    assert max(len(piece.body) for piece in packed) <= 500_000
    found = inventory.unpack(orjson.loads(piece.body) for piece in packed).allowed
    assert found < wanted.allowed and len(found) > 400
    assert not found - wanted.entries.keys()


def test_a_large_one_is_spread_over_pieces_of_at_most_500_kb() -> None:
    many = [entry(f"ConfigMap/app/{'n' * 200}{i}", uid="0" * 36) for i in range(5000)]
    packed = inventory.pack(inventory_of(*many), SITE, "fleet-system")
    assert len(packed) > 1
    assert max(len(piece.body) for piece in packed) <= 500_000
    values = [orjson.loads(piece.body) for piece in packed]
    assert inventory.pieces(values[0]) == len(packed)
    assert len(inventory.unpack(values).entries) == 5000


@pytest.mark.parametrize(
    "line", ["", "nonsense", "ConfigMap/a/b v1", "a b c d", "ConfigMap//b v1 u"]
)
def test_a_line_without_sense_is_never_pruned(line: str) -> None:
    assert inventory.unpack([{"data": {"objects": line}}]).entries == {}


@pytest.mark.parametrize("data", [None, [], {"pieces": "-1"}, {"pieces": "9" * 30}, {"objects": 3}])
def test_an_edited_inventory_does_no_harm(data: object) -> None:
    assert 0 < inventory.pieces({"data": data}) <= 1000
    assert inventory.unpack([{"data": data}]).entries == {}
