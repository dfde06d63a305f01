"""Whether a live object may be deleted, object by object."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.model.refs import ObjectRef
from reconciler.model.values import Prune
from reconciler.plan import pruning
from reconciler.plan.pruning import Fate
from tests.manifests import SITE

REF = ObjectRef("", "ConfigMap", "app", "a")
OURS = [{"manager": "fleet-reconciler", "operation": "Apply"}]


def found(uid: str = "u", site: str | None = SITE.label, **metadata: Any) -> dict[str, Any]:
    labels = {"fleet-reconciler.dev/site": site} if site else {}
    return {"metadata": {"uid": uid, "labels": labels, **metadata}}


@pytest.mark.parametrize(
    ("live", "uid", "fate"),
    [
        (None, "u", Fate.GONE),
        (found(), "u", Fate.DELETE),
        (found(deletionTimestamp="2026-01-01T00:00:00Z"), "u", Fate.ENDING),
        (found(site=None), "u", Fate.RELEASED),
        (found(site="south.other"), "u", Fate.RELEASED),
        (found("other"), "u", Fate.REPLACED),
        (found("other", managedFields=[{"manager": "kubectl", "operation": "Apply"}]), "u",
         Fate.REPLACED),
        (found("new"), "", Fate.REPLACED),
        (found("new", managedFields=OURS), "", Fate.DELETE),
        (found("new", site=None, managedFields=OURS), "", Fate.RELEASED),
        (found("new", managedFields=[{"manager": "fleet-reconciler", "operation": "Update"}]), "",
         Fate.REPLACED),
        ({"metadata": {"uid": "u", "labels": "none"}}, "u", Fate.RELEASED),
        ({}, "", Fate.REPLACED),
    ],
)  # fmt: skip
def test_inventory_label_and_uid_must_agree(live: Any, uid: str, fate: Fate) -> None:
    assert pruning.fate(live, Prune(ref=REF, api_version="v1", uid=uid), SITE) is fate


def test_finalizers_are_what_a_deletion_waits_for() -> None:
    assert pruning.finalizers(found(finalizers=["a/b", "c/d"])) == ("a/b", "c/d")
    assert pruning.finalizers({"metadata": {"finalizers": "x"}}) == ()
