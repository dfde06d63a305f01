"""The list of open drift in the state: what is packed comes back, and no more than is bounded."""

from __future__ import annotations

import pytest

from reconciler.model.journal import Outcome
from reconciler.model.refs import ObjectRef
from reconciler.status import open_drift


def test_what_is_packed_comes_back() -> None:
    standing = {ObjectRef("", "ConfigMap", "app", "a"): Outcome.WARNED}
    found = open_drift.unpack(open_drift.pack(standing))
    assert (found.total, found.objects) == (1, standing)
    assert open_drift.pack({}) == ""
    assert open_drift.unpack("").total == 0


def test_beyond_a_thousand_objects_it_counts() -> None:
    standing = {ObjectRef("", "ConfigMap", "app", f"a{n}"): Outcome.FAILED for n in range(1500)}
    found = open_drift.unpack(open_drift.pack(standing))
    assert (found.total, len(found.objects)) == (1500, 1000)


@pytest.mark.parametrize("text", ["{", "[]", '{"total": 1}', '{"total": 1, "objects": {"x": "y"}}'])
def test_what_it_did_not_pack_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        open_drift.unpack(text)
