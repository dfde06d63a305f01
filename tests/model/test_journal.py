from __future__ import annotations

import pytest
import yaml

from reconciler.model import journal
from reconciler.model.journal import Change
from reconciler.model.refs import ObjectRef


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("settings", "/data/rate"),
        ("1234", "/data/a\\b"),
        ("1e3", '/data/"quoted"'),
        ("yes", "/spec/mounts/[mountPath=~1a~2b]/subPath"),
        ("system:reader", "/rules"),
    ],
)
def test_the_rule_to_paste_is_read_as_it_was_meant(name: str, rule: str) -> None:
    change = Change(path="x", wanted="1", found="2", rule=rule)
    ref = ObjectRef("rbac.example.com", "Role", "true", name)
    (read,) = yaml.safe_load(journal.rule_to_paste(ref, change))["drift"]
    assert read == {
        "mode": "ignore",
        "kind": "Role.rbac.example.com",
        "namespace": "true",
        "name": name,
        "fields": [rule],
    }
