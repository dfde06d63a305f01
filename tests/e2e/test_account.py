"""The account of test_kill finds each kind of write that did not need to be, and no other."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.model.refs import FIELD_MANAGER, ObjectRef
from tests.e2e.crash.account import Account
from tests.e2e.crash.ledger import Version
from tests.e2e.crash.objects import SERIAL

REF = ObjectRef("", "ConfigMap", "app", "a")
OURS = {"manager": FIELD_MANAGER, "operation": "Apply", "fieldsV1": {"f:data": {"f:key": {}}}}
THEIRS = {"manager": "meddler", "operation": "Update", "fieldsV1": {"f:data": {"f:key": {}}}}
EDITS = {13: True, 14: False}  # drift and a harmless edit, by their versions
DELETED = ("by-hand",)


def at(
    number: int, serial: int, key: str = "v", *, uid: str = "u", gone: bool = False, **how: Any
) -> Version:
    metadata = {
        "name": REF.name,
        "uid": uid,
        "resourceVersion": str(number),
        "annotations": {SERIAL: str(serial)},
        "managedFields": how.get("owners", [OURS]),
    }
    body = {"metadata": metadata, "data": {"key": key}, "status": how.get("status")}
    return Version(ref=REF, number=number, body=body, gone=gone)


def judged(*versions: Version) -> Account:
    account = Account(edits=EDITS, deleted=DELETED)
    account.add(versions)
    return account


NEEDED = {
    "made, and changed by a newer commit": [at(10, 1), at(11, 2)],
    "put right after drift": [at(10, 1), at(13, 1, "theirs", owners=[THEIRS]), at(15, 1)],
    "made again after it was deleted": [
        at(10, 1, uid="by-hand"),
        at(11, 1, uid="by-hand", gone=True),
        at(12, 1, uid="next"),
    ],
    "made again by a newer commit": [at(10, 1), at(11, 1, gone=True), at(12, 2, uid="next")],
    "ownership taken after drift": [
        at(10, 1),
        at(13, 1, owners=[THEIRS]),
        at(15, 1, owners=[OURS, THEIRS]),
        at(16, 1),
    ],
    "a status of somebody else": [at(10, 1), at(11, 1, status={"ready": True})],
}


@pytest.mark.parametrize("versions", NEEDED.values(), ids=NEEDED)
def test_what_needed_to_be_is_in_order(versions: list[Version]) -> None:
    assert judged(*versions).complaints == []


NEEDLESS = {
    "an older commit's bytes": ([at(10, 2), at(11, 1)], "became 1, after it was 2"),
    "the same bytes, and nobody had changed them": (
        [at(10, 1), at(11, 1, "other")],
        "was written again as 1",
    ),
    "the same bytes after a harmless edit": (
        [at(10, 1), at(14, 1, "theirs"), at(15, 1)],
        "was written again as 1",
    ),
    "twice after one drift": (
        [at(10, 1), at(13, 1, "theirs"), at(15, 1), at(16, 1, "other")],
        "was written again as 1",
    ),
    "a pruned object": (
        [at(10, 1), at(11, 1, gone=True), at(12, 1, uid="next")],
        "made again after it was pruned",
    ),
    "made as of an older commit": (
        [at(10, 2), at(11, 2, gone=True), at(12, 1, uid="next")],
        "made as of 1, after 2",
    ),
    "ownership taken from nobody who wrote": (
        [at(10, 1, owners=[OURS, THEIRS]), at(11, 1)],
        "from nobody who wrote",
    ),
}


@pytest.mark.parametrize(("versions", "why"), NEEDLESS.values(), ids=NEEDLESS)
def test_what_did_not_need_to_be_is_complained_of(versions: list[Version], why: str) -> None:
    (complaint,) = judged(*versions).complaints
    assert why in complaint


def test_the_agents_writes_are_counted_by_their_reason() -> None:
    account = judged(at(10, 1), at(11, 2), at(13, 2, "theirs", owners=[THEIRS]), at(15, 2))
    assert account.counts == {"made": 1, "changed": 1, "put right": 1}
