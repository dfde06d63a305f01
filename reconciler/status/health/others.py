"""Kinds that are no workloads: Jobs, claims, Services, definitions, and custom resources."""

from __future__ import annotations

from reconciler.model.values import Health
from reconciler.model.vital import FOREVER, Vital
from reconciler.status.health import fields
from reconciler.status.health.fields import Object
from reconciler.status.health.verdicts import HEALTHY, degraded, progressing, told


def job(obj: Object) -> Vital:
    conditions = fields.conditions(obj)
    failed, target = conditions.get("Failed"), conditions.get("FailureTarget")
    for condition in (failed, target):
        if condition is not None and condition.true:
            return told(Health.DEGRADED, condition)
    complete, suspended = conditions.get("Complete"), conditions.get("Suspended")
    if complete is not None and complete.true:
        return HEALTHY
    if suspended is not None and suspended.true:
        return Vital(
            health=Health.HEALTHY, reason="Suspended", message="the Job is suspended", gate=False
        )
    active, ready = (fields.number(obj, "status", name) for name in ("active", "ready"))
    done = fields.number(obj, "status", "succeeded")
    if not fields.text(obj, "status", "startTime") or (active and not ready and not done):
        return progressing("JobStarting", "its pods are not running yet")
    words = f"at work: {active} pods active, {done} succeeded"
    return Vital(health=Health.HEALTHY, reason="JobRunning", message=words, gate=False)


def claim(obj: Object) -> Vital:
    """A claim may wait for its first consumer for ever, so nothing may wait for the claim."""
    phase = fields.text(obj, "status", "phase")
    if phase == "Bound":
        return HEALTHY
    if phase == "Lost":
        return degraded("ClaimLost", "the volume that it was bound to is gone")
    return progressing(
        "ClaimPending", "it is not bound to a volume yet", patience=FOREVER, gate=True
    )


def volume(obj: Object) -> Vital:
    if fields.text(obj, "status", "phase") == "Failed":
        return degraded("VolumeFailed", fields.text(obj, "status", "message") or "it failed")
    return HEALTHY


def service(obj: Object) -> Vital:
    if fields.text(obj, "spec", "type") != "LoadBalancer":
        return HEALTHY
    if any(fields.listed(obj, "status", "loadBalancer", "ingress")):
        return HEALTHY
    return progressing("LoadBalancerPending", "the load balancer has no address yet")


def disruption_budget(obj: Object) -> Vital:
    have, wanted = (
        fields.number(obj, "status", name) for name in ("currentHealthy", "desiredHealthy")
    )
    if have < wanted:
        return progressing("BudgetInsufficient", f"{have} of {wanted} wanted pods are healthy")
    return HEALTHY


def definition(obj: Object) -> Vital:
    conditions = fields.conditions(obj)
    names, established = conditions.get("NamesAccepted"), conditions.get("Established")
    if names is not None and names.false:
        return told(Health.DEGRADED, names)
    if established is None or not established.true:
        return progressing("NotEstablished", "the API server does not serve its kind yet")
    return HEALTHY


def autoscaler(obj: Object) -> Vital:
    conditions = fields.conditions(obj)
    for name in ("AbleToScale", "ScalingActive"):
        found = conditions.get(name)
        if found is not None and found.false and found.reason != "ScalingDisabled":
            return told(Health.PROGRESSING, found)  # metrics take a while to come
    return HEALTHY


def api_service(obj: Object) -> Vital:
    available = fields.conditions(obj).get("Available")
    if available is None:
        return progressing("NotAvailable", "the aggregated API was not reached yet")
    return HEALTHY if available.true else told(Health.PROGRESSING, available)


def custom(obj: Object) -> Vital:
    """By the conditions that kstatus knows: Stalled, Reconciling, Ready."""
    conditions = fields.conditions(obj)
    stalled, working = conditions.get("Stalled"), conditions.get("Reconciling")
    ready = conditions.get("Ready")
    if stalled is not None and stalled.true:
        return told(Health.DEGRADED, stalled)
    if working is not None and working.true:
        return told(Health.PROGRESSING, working)
    if ready is not None and not ready.true:
        return told(Health.PROGRESSING, ready)
    if ready is None and any(
        fields.text(each, "type") == "Ready" for each in fields.listed(obj, "status", "conditions")
    ):
        return progressing("NotObserved", "its condition Ready is about an earlier generation")
    return HEALTHY
