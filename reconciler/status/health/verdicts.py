"""Short ways to say what a rule found."""

from __future__ import annotations

from reconciler.model.values import Health
from reconciler.model.vital import HEALTHY, PATIENCE, Vital
from reconciler.status.health.fields import Condition

__all__ = ["HEALTHY", "degraded", "progressing", "told"]


def progressing(
    reason: str, message: str, *, patience: float = PATIENCE, gate: bool | None = None
) -> Vital:
    return Vital(
        health=Health.PROGRESSING, reason=reason, message=message, patience=patience, gate=gate
    )


def degraded(reason: str, message: str) -> Vital:
    return Vital(health=Health.DEGRADED, reason=reason, message=message)


def told(health: Health, condition: Condition) -> Vital:
    """In the condition's own words."""
    message = condition.message or f"condition {condition.type} is {condition.status}"
    return Vital(health=health, reason=condition.reason or condition.type, message=message)
