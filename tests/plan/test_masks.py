from __future__ import annotations

from typing import Any

import pytest

from reconciler.model.fields import Item, Path
from reconciler.model.refs import ObjectRef
from reconciler.plan import masks
from reconciler.plan.differ import ABSENT

SECRET = ObjectRef.parse("Secret/shop/db")
MAP = ObjectRef.parse("ConfigMap/shop/db")
WEB = ObjectRef.parse("Deployment.apps/shop/web")
ENV = Item((("name", "DB_PASSWORD"),))


@pytest.mark.parametrize(
    ("ref", "path", "value"),
    [
        (SECRET, ("data", "key"), "hush"),
        (SECRET, ("data",), {"key": "hush"}),
        (SECRET, ("stringData", "key"), "hush"),
        (SECRET, (), {"data": {"key": "hush"}}),
        (MAP, ("data", "api-key"), "hush"),
        (MAP, ("data",), {"apiToken": "hush"}),
        (WEB, ("spec", "env", ENV, "value"), "hush"),
        (WEB, ("spec", "env", ENV), {"name": "DB_PASSWORD", "value": "hush"}),
        (
            SECRET,
            ("metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"),
            "hush",
        ),
    ],
)
def test_a_secret_is_never_shown(ref: ObjectRef, path: Path, value: Any) -> None:
    assert "hush" not in masks.shown(ref, path, value)
    assert masks.MASK in masks.shown(ref, path, value)


@pytest.mark.parametrize(
    ("ref", "path", "value", "shown"),
    [
        (WEB, ("spec", "replicas"), 3, "3"),
        (WEB, ("spec", "volumes", "secretName"), "tls", '"tls"'),
        (MAP, ("data", "rate"), "10", '"10"'),
        (SECRET, ("metadata", "labels", "app"), "x", '"x"'),
        (SECRET, ("data", "key"), ABSENT, "absent"),
        (WEB, ("spec", "automountServiceAccountToken"), False, "false"),
    ],
)
def test_what_is_no_secret_is_shown(ref: ObjectRef, path: Path, value: Any, shown: str) -> None:
    assert masks.shown(ref, path, value) == shown


def test_a_long_value_is_cut() -> None:
    assert len(masks.shown(MAP, ("data", "text"), "x" * 1000)) == 200
