"""Health rules: what an object of a custom kind is by the fleet's expressions."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.cel.errors import CompileError
from reconciler.cel.health import compile_rules
from reconciler.model.rules import HealthRule
from reconciler.model.values import Health

CONDITION = "status.conditions.exists(c, c.type == 'Ready' && c.status == '{}')"
RULE = HealthRule(
    api_version="example.org/v1",
    kind="Widget",
    current=CONDITION.format("True"),
    failed=CONDITION.format("False"),
    in_progress="has(status.phase) && status.phase == 'Working'",
)


def widget(**fields: Any) -> dict[str, Any]:
    return {"apiVersion": "example.org/v1", "kind": "Widget", "metadata": {}, **fields}


def ready(status: str, **more: Any) -> dict[str, Any]:
    return {"conditions": [{"type": "Ready", "status": status}], **more}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"status": ready("True")}, Health.HEALTHY),
        ({"status": ready("False")}, Health.DEGRADED),
        ({"status": ready("True", phase="Working")}, Health.PROGRESSING),
        ({"status": ready("Unknown")}, Health.PROGRESSING),
        ({}, Health.PROGRESSING),
        ({"status": {"phase": "Idle"}}, Health.UNKNOWN),
        (
            {"status": ready("True", observedGeneration=1), "metadata": {"generation": 2}},
            Health.PROGRESSING,
        ),
    ],
)
def test_the_first_expression_that_is_true_says_it(
    fields: dict[str, Any], expected: Health
) -> None:
    assert compile_rules([RULE])(widget(**fields)) is expected


def test_other_kinds_have_no_rule() -> None:
    judge = compile_rules([RULE])
    assert judge({"apiVersion": "example.org/v2", "kind": "Widget"}) is None
    assert judge({"kind": "Widget"}) is None


def test_an_expression_that_does_not_compile_is_refused() -> None:
    with pytest.raises(CompileError):
        compile_rules([HealthRule(api_version="v1", kind="Pod", current="stat.x")])
    with pytest.raises(CompileError):
        compile_rules([HealthRule(api_version="v1", kind="Pod", current="'text'")])
