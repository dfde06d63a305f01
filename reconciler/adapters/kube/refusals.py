"""What an answer other than 2xx means. Pure: status and body in, an error out.

Two tables, and the first row that matches decides: TRANSIENT names the answers that go away
by themselves, REASONS those that the server's own ``reason`` does not tell apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from reconciler.adapters.kube import parse
from reconciler.model import errors
from reconciler.model.refs import Kind

MESSAGE_LIMIT = 700  # characters, so that there is room for what to do about it
CAUSE_LIMIT = 300
CAUSES_LIMIT = 20

_IMMUTABLE = "field is immutable"  # the API server's own words for a Secret's type and data
_CONFLICT = re.compile(r'conflict with "((?:[^"\\]|\\.)*)"')
_DENIED = re.compile(
    r'cannot (?P<verb>[a-z]+) resource "(?P<resource>[^"]*)" in API group "(?P<group>[^"]*)"'
    r'(?: in the namespace "(?P<namespace>[^"]*)")?'
)
# As in: failed to create typed patch object (ns/name; /v1, Kind=Secret): .data.x: expected
_FIELD = re.compile(r"Kind=\w+\): (\.[^\s:]+):")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer other than 2xx. ``reason`` and ``details`` are empty where it is not a Status."""

    status: int
    kind: Kind | None
    message: str
    reason: str
    details: Mapping[str, Any]
    is_status: bool

    @property
    def causes(self) -> list[Mapping[str, Any]]:
        found = parse.sequence(self.details.get("causes"))
        return [parse.mapping(cause) for cause in found[:CAUSES_LIMIT]]

    def has_cause(self, reason: str) -> bool:
        return any(cause.get("reason") == reason for cause in self.causes)


Test = Callable[[Answer], bool]

_SCHEMA = ("failed to create typed patch object", "failed to convert new object")
_ETCD = ("etcdserver: ", "rpc error: code = Unavailable", "context deadline exceeded")

TRANSIENT: tuple[Test, ...] = (
    lambda a: a.status in (401, 429, 502, 504),
    lambda a: a.status == 503 and not _extension_down(a),
    lambda a: a.status < 400,  # a redirect, which is not followed: not an API server
    lambda a: a.reason in ("ServerTimeout", "Timeout"),
    lambda a: a.status >= 500 and a.message.startswith(_ETCD) and not _too_large(a),
)

REASONS: tuple[tuple[Test, str], ...] = (
    (lambda a: a.status == 404 and not a.details, "KindUnknown"),
    (lambda a: a.status == 404 and _namespace_missing(a), "NamespaceNotFound"),
    (lambda a: a.status == 403 and a.has_cause("NamespaceTerminating"), "NamespaceTerminating"),
    (lambda a: a.status == 413 or _too_large(a), "TooLarge"),
    (lambda a: a.status == 500 and a.message.startswith(_SCHEMA), "SchemaError"),
    (lambda a: bool(a.reason), ""),  # the server's own
    (lambda a: a.status == 503, "ServiceUnavailable"),
    (lambda a: a.status >= 500, "InternalError"),
    (lambda a: True, "BadRequest"),
)

# Reasons whose messages name objects, managers and rules, but never quote a value.
_QUOTES_NOTHING = frozenset(
    ("KindUnknown", "NamespaceNotFound", "NamespaceTerminating", "NotFound", "TooLarge", "Conflict")
)


def error_of(
    status: int, body: bytes, kind: Kind | None
) -> errors.ClusterRefused | errors.ClusterUnavailable:
    """The error that an answer other than 2xx stands for; ``kind`` is what was asked about."""
    answer = _read(status, body, kind)
    if any(test(answer) for test in TRANSIENT):
        return errors.ClusterUnavailable(_transient_message(answer))
    reason = next(name for test, name in REASONS if test(answer)) or answer.reason
    return _refused(answer, reason)


def _missing_rule(message: str) -> str:
    """The RBAC rule that would allow what is forbidden, or ``""`` if it is no RBAC denial.

    Reading and writing take their verbs together, as an object that is read is also watched:
    ``{apiGroups: ["apps"], resources: ["deployments"], verbs: ["get", "list", "watch"]}``.
    """
    denied = _DENIED.search(message)
    if denied is None:
        return ""
    verbs = next((group for group in _VERBS if denied["verb"] in group), (denied["verb"],))
    listed = ", ".join(f'"{verb}"' for verb in verbs)
    return (
        f'{{apiGroups: ["{denied["group"]}"], resources: ["{denied["resource"]}"],'
        f" verbs: [{listed}]}}"
    )


_VERBS = (("get", "list", "watch"), ("create", "patch"))


def _read(status: int, body: bytes, kind: Kind | None) -> Answer:
    try:
        document = parse.mapping(orjson.loads(body))
    except orjson.JSONDecodeError:
        document = {}
    is_status = document.get("kind") == "Status"
    plain = body[: 4 * MESSAGE_LIMIT].decode("utf-8", "replace")
    message = parse.text(document.get("message")) if is_status else plain
    return Answer(
        status=status,
        kind=kind,
        message=tidy(message, MESSAGE_LIMIT),
        reason=parse.text(document.get("reason")) if is_status else "",
        details=parse.mapping(document.get("details")) if is_status else {},
        is_status=is_status,
    )


def tidy(message: str, limit: int) -> str:
    """One line of printable characters: it goes into logs, notes and terminals.

    A long one loses its middle: the API server's own words come after the value that it quotes, as
    in ``spec.template: Invalid value: {...}: field is immutable``.
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in message).split())
    tail = limit // 3
    return line if len(line) <= limit else f"{line[: limit - tail - 3]}...{line[-tail:]}"


def _transient_message(answer: Answer) -> str:
    if answer.status == 401:
        return (
            "the API server refused our credentials (401): renew the token or certificate;"
            " files that change are read again"
        )
    if answer.status < 400:
        return f"a redirect ({answer.status}) was answered: is this the API server's address?"
    return f"the API server answered {answer.status}: {_shown(answer, 'Unavailable')}"


def _refused(answer: Answer, reason: str) -> errors.ClusterRefused:
    shown = _shown(answer, reason)
    rule = _missing_rule(shown) if reason == "Forbidden" else ""
    return errors.ClusterRefused(
        f"{shown}; the rule to add: {rule}" if rule else shown,
        reason=reason,
        status=answer.status,
        causes=tuple(_cause(answer, reason, cause) for cause in answer.causes),
    )


def _masks(answer: Answer, reason: str) -> bool:
    """Whether the server's words may quote the content of a secret."""
    if answer.kind is None or (answer.kind.group, answer.kind.kind) != ("", "Secret"):
        return False
    if reason == "Forbidden":  # RBAC names rules, admission may quote anything
        return not _DENIED.search(answer.message)
    return reason not in _QUOTES_NOTHING


def _shown(answer: Answer, reason: str) -> str:
    if not _masks(answer, reason):
        return answer.message or f"status {answer.status}"
    found = [parse.text(cause.get("field")) for cause in answer.causes]
    found += _FIELD.findall(answer.message)
    fields = ", ".join(tidy(field, CAUSE_LIMIT) for field in dict.fromkeys(found) if field)
    at = f" at {fields}" if fields else ""
    return f"a Secret is refused as {reason}{at} (the server's words may quote its values)"


def _cause(answer: Answer, reason: str, cause: Mapping[str, Any]) -> errors.Cause:
    message = tidy(parse.text(cause.get("message")), CAUSE_LIMIT)
    manager = _CONFLICT.search(message)
    is_conflict = cause.get("reason") == "FieldManagerConflict"
    if _masks(answer, reason):
        message = _IMMUTABLE if _IMMUTABLE in message else parse.text(cause.get("reason"))
    return errors.Cause(
        field=tidy(parse.text(cause.get("field")), CAUSE_LIMIT),
        message=message,
        manager=manager[1] if manager and is_conflict else "",
    )


def _namespace_missing(answer: Answer) -> bool:
    asked_for_one = answer.kind is not None and answer.kind.kind == "Namespace"
    return answer.details.get("kind") == "namespaces" and not asked_for_one


def _too_large(answer: Answer) -> bool:
    return answer.status == 500 and (
        "request is too large" in answer.message
        or "trying to send message larger than max" in answer.message
    )


def _extension_down(answer: Answer) -> bool:
    """An aggregated API whose server is down: the rest of the cluster is not."""
    text = answer.message.lower()
    extension = answer.kind is not None and bool(answer.kind.group)
    return (
        extension
        and not answer.is_status
        and text.startswith(("service unavailable", "error trying to reach service"))
    )
