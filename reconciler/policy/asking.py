"""What the API server says of an object whose verdict is uncertain, and what follows from it.

Called by ``admit`` for objects that the table of defaults, or an undeclared namespace, leaves in
doubt. The server's answer is judged like any object; where there is none, the table's verdict
stands and is unconfirmed, and where the table knows nothing of the kind, the answer is Deny.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator

from reconciler.model.rendered import Manifest
from reconciler.model.values import Preview
from reconciler.policy.admission.court import Applied, Court, Decision
from reconciler.policy.admission.requests import Namespace, Request
from reconciler.policy.case import mapping
from reconciler.schema import defaults

Ask = Callable[[Manifest], Preview]
_DENIED = re.compile(
    r"ValidatingAdmissionPolicy '([^']{1,253})' with binding '([^']{1,253})' denied request: (.*)",
    re.DOTALL,
)


def judged(
    court: Court, request: Request, decisions: list[Decision], preview: Preview
) -> tuple[Request, list[Decision]]:
    """``decisions`` are those without the server, and stay where it was not asked."""
    if preview.value is not None:
        sure = _confirmed(request, preview)
        return sure, list(court.judge(sure))
    if preview.denied:
        return request, [_denied(preview.denied)]
    if not preview.failed:
        return request, [*decisions, *unasked(court, decisions)]
    doubts = [each.doubt for each in court.applied if each.doubt]
    doubt = f"{doubts[0]}, and the API server gave no answer: {preview.failed}"
    if request.doubt == defaults.UNKNOWN_KIND:
        return request, [_held(court, doubt)]
    if not decisions:
        return request, [_told(court, doubt)]
    return request, [dataclasses.replace(each, doubt=doubt) for each in decisions]


def unasked(court: Court, decisions: list[Decision]) -> Iterator[Decision]:
    """That what is allowed is unconfirmed, by policies that are in doubt and found nothing."""
    found = {each.policy for each in decisions}
    doubts = [each for each in court.applied if each.doubt and each.policy not in found]
    if doubts:
        names = ", ".join(dict.fromkeys(each.policy for each in doubts))
        yield _allowed(doubts[0], names, doubts[0].doubt)


def _confirmed(request: Request, preview: Preview) -> Request:
    request = _placed(request, mapping(preview.value).get("metadata"))
    space = request.namespace
    if not space.known and preview.space is not None:
        space = Namespace(name=space.name, value=preview.space)
    return dataclasses.replace(
        request,
        value=preview.value,
        old=preview.old,
        operation="CREATE" if preview.old is None else "UPDATE",
        namespace=space,
        doubt="",
        is_live=True,
    )


def _placed(request: Request, metadata: object) -> Request:
    """A kind that nothing defines was taken to live in namespaces: the server knows."""
    if request.resource.known or mapping(metadata).get("namespace"):
        return request
    return dataclasses.replace(
        request,
        ref=dataclasses.replace(request.ref, namespace=""),
        resource=dataclasses.replace(request.resource, namespaced=False),
        namespace=Namespace(name="", value=None),
    )


def _denied(message: str) -> Decision:
    """By a policy of the cluster's own."""
    found = _DENIED.search(message)
    policy, binding, words = found.groups() if found else ("", "", message)
    return Decision(
        policy=policy or "cluster",
        binding=binding,
        actions=("Deny",),
        message=f"the cluster's own policies: {words}",
    )


def _held(court: Court, doubt: str) -> Decision:
    first = court.applied[0]
    return Decision(
        policy=first.policy,
        binding=first.binding,
        actions=("Deny",),
        message="it cannot be judged for now",
        failed=True,
        doubt=doubt,
        passing=True,
    )


def _told(court: Court, doubt: str) -> Decision:
    first = court.applied[0]
    return _allowed(first, ", ".join(dict.fromkeys(each.policy for each in court.applied)), doubt)


def _allowed(first: Applied, names: str, doubt: str) -> Decision:
    return Decision(
        policy=first.policy,
        binding=first.binding,
        actions=("Audit",),
        message=f"allowed by {names}",
        doubt=doubt,
    )
