"""Each answer other than 2xx has one meaning. The bodies are a real server's."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from reconciler.adapters.kube import refusals
from reconciler.model import errors
from reconciler.model.refs import Kind
from tests.adapters.kube.build import CONFIG_MAP, DEPLOYMENT, NAMESPACE, SECRET

WIDGET = Kind("example.com", "v1", "Widget")


def status(message: str, reason: str = "", **details: Any) -> bytes:
    document: dict[str, Any] = {"kind": "Status", "apiVersion": "v1", "message": message}
    if reason:
        document["reason"] = reason
    return orjson.dumps({**document, "details": details})


def cause(reason: str, message: str, field: str) -> dict[str, str]:
    return {"reason": reason, "message": message, "field": field}


TYPED = "failed to create typed patch object (/d; apps/v1, Kind=Deployment): .spec.replcas: field"
CONVERT = "failed to convert new object (/b; /v1, Kind=Secret) to proper version: illegal base64"
NOT_HERE = "the server could not find the requested resource"
ENDING = cause("NamespaceTerminating", "namespace term is being terminated", "metadata.namespace")
CLASH = cause("FieldManagerConflict", 'conflict with "kubectl" using apps/v1', ".spec.replicas")

REFUSED = [
    (500, status(TYPED), DEPLOYMENT, "SchemaError"),
    (500, status(CONVERT), SECRET, "SchemaError"),
    (404, status('namespaces "n" not found', "NotFound", name="n", kind="namespaces"), CONFIG_MAP,
     "NamespaceNotFound"),
    (404, status('namespaces "n" not found', "NotFound", name="n", kind="namespaces"), NAMESPACE,
     "NotFound"),
    (404, status('configmaps "b" not found', "NotFound", name="b", kind="configmaps"), CONFIG_MAP,
     "NotFound"),
    (404, b"404 page not found\n", WIDGET, "KindUnknown"),
    (404, status(NOT_HERE, "NotFound"), WIDGET, "KindUnknown"),
    (403, status("no", "Forbidden", name="x", causes=[ENDING]), CONFIG_MAP, "NamespaceTerminating"),
    (403, status("exceeded quota", "Forbidden", name="x"), CONFIG_MAP, "Forbidden"),
    (409, status("Apply failed", "Conflict", causes=[CLASH]), DEPLOYMENT, "Conflict"),
    (409, status("exists", "AlreadyExists", name="a"), CONFIG_MAP, "AlreadyExists"),
    (410, status("too old resource version", "Expired"), CONFIG_MAP, "Expired"),
    (413, b"", CONFIG_MAP, "TooLarge"),
    (413, status("body too large", "RequestEntityTooLarge"), CONFIG_MAP, "TooLarge"),
    (500, status("etcdserver: request is too large"), CONFIG_MAP, "TooLarge"),
    (422, status("invalid", "Invalid", name="d"), DEPLOYMENT, "Invalid"),
    (400, status("the name does not match", "BadRequest"), CONFIG_MAP, "BadRequest"),
    (400, b"<html>", CONFIG_MAP, "BadRequest"),
    (500, status("failed calling webhook", "InternalError"), CONFIG_MAP, "InternalError"),
    (500, b"panic", CONFIG_MAP, "InternalError"),
    (503, b"service unavailable\n", WIDGET, "ServiceUnavailable"),
    (503, b"error trying to reach service: dial tcp", WIDGET, "ServiceUnavailable"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "body", "kind", "reason"), REFUSED)
def test_an_answer_about_one_object_is_refused_with_its_reason(
    code: int, body: bytes, kind: Kind, reason: str
) -> None:
    error = refusals.error_of(code, body, kind)
    assert isinstance(error, errors.ClusterRefused)
    assert (error.reason, error.status) == (reason, code)


UNAVAILABLE = [
    (401, status("Unauthorized", "Unauthorized")),
    (429, status("too many", "TooManyRequests")),
    (503, b"service unavailable\n"),
    (503, status("apiserver is shutting down", "ServiceUnavailable")),
    (502, b"<html>bad gateway</html>"),
    (504, status("timeout", "Timeout")),
    (500, status("server timeout", "ServerTimeout")),
    (500, status("etcdserver: leader changed")),
    (500, status("etcdserver: request timed out")),
    (302, b""),
]


@pytest.mark.parametrize(("code", "body"), UNAVAILABLE)
def test_an_answer_about_the_server_is_unavailable(code: int, body: bytes) -> None:
    assert isinstance(refusals.error_of(code, body, CONFIG_MAP), errors.ClusterUnavailable)


def test_a_conflict_names_the_field_and_its_manager() -> None:
    body = status("Apply failed", "Conflict", causes=[CLASH])
    error = refusals.error_of(409, body, DEPLOYMENT)
    assert isinstance(error, errors.ClusterRefused)
    assert error.causes == (
        errors.Cause(field=".spec.replicas", message=CLASH["message"], manager="kubectl"),
    )


def test_each_invalid_field_is_a_cause() -> None:
    found = [cause("FieldValueInvalid", f"bad {n}", f"spec.f{n}") for n in range(2)]
    error = refusals.error_of(422, status("two", "Invalid", causes=found), DEPLOYMENT)
    assert isinstance(error, errors.ClusterRefused)
    assert [(c.field, c.message, c.manager) for c in error.causes] == [
        ("spec.f0", "bad 0", ""),
        ("spec.f1", "bad 1", ""),
    ]


HIDDEN = "hunter2"
QUOTED = cause("FieldValueInvalid", f'Invalid value: "{HIDDEN}": too short', "data[password]")
SECRETIVE = [
    (422, status(f'data[password]: Invalid value: "{HIDDEN}"', "Invalid", causes=[QUOTED])),
    (500, status(f"failed to create typed patch object (/b; /v1, Kind=Secret): .data.password:"
                 f" expected string, got &value.valueUnstructured{{Value:{HIDDEN}}}")),
    (403, status(f"admission webhook denied the request: {HIDDEN} is weak", "Forbidden")),
    (400, status(f"cannot decode {HIDDEN}", "BadRequest")),
    (400, f"cannot decode {HIDDEN}".encode()),
    (500, status(f"webhook says {HIDDEN}", "InternalError", causes=[{"message": HIDDEN}])),
    (500, status(f"context deadline exceeded {HIDDEN}")),
    (503, f"upstream: {HIDDEN}".encode()),
]  # fmt: skip


@pytest.mark.parametrize(("code", "body"), SECRETIVE)
def test_no_message_about_a_secret_quotes_its_values(code: int, body: bytes) -> None:
    error = refusals.error_of(code, body, SECRET)
    assert HIDDEN not in f"{error} {error!r} {getattr(error, 'causes', ())}"


@pytest.mark.parametrize(("code", "body"), SECRETIVE[:2])
def test_a_masked_message_still_says_which_field(code: int, body: bytes) -> None:
    assert "password" in str(refusals.error_of(code, body, SECRET))


def test_what_rbac_denies_of_a_secret_is_told_in_full() -> None:
    words = 'User "u" cannot patch resource "secrets" in API group "" in the namespace "d"'
    error = refusals.error_of(403, status(words, "Forbidden"), SECRET)
    assert str(error).startswith(words)


DENIED = [
    ('User "u" cannot watch resource "deployments" in API group "apps" at the cluster scope',
     '{apiGroups: ["apps"], resources: ["deployments"], verbs: ["get", "list", "watch"]}'),
    ('User "u" cannot patch resource "pods/status" in API group "" in the namespace "d"',
     '{apiGroups: [""], resources: ["pods/status"], verbs: ["create", "patch"]}'),
    ('User "u" cannot delete resource "secrets" in API group "" in the namespace "d"',
     '{apiGroups: [""], resources: ["secrets"], verbs: ["delete"]}'),
    ("exceeded quota: q, requested: configmaps=1", ""),
]  # fmt: skip


@pytest.mark.parametrize(("words", "rule"), DENIED)
def test_a_denial_leads_to_the_rule_that_is_missing(words: str, rule: str) -> None:
    error = refusals.error_of(403, status(words, "Forbidden"), CONFIG_MAP)
    assert isinstance(error, errors.ClusterRefused)
    assert str(error) == (f"{words}; the rule to add: {rule}" if rule else words)


def test_only_a_denial_has_a_missing_rule() -> None:
    error = refusals.error_of(422, status(DENIED[0][0], "Invalid"), CONFIG_MAP)
    assert str(error) == DENIED[0][0]


def test_messages_are_one_bounded_printable_line() -> None:
    error = refusals.error_of(400, b"a\x1b[31m\nb" + b"x" * 100_000, CONFIG_MAP)
    assert str(error).startswith("a [31m b")
    assert len(str(error)) <= refusals.MESSAGE_LIMIT


def test_the_number_of_causes_is_bounded() -> None:
    found = [cause("FieldValueInvalid", "y" * 5000, "z" * 5000)] * 100
    error = refusals.error_of(422, status("many", "Invalid", causes=found), CONFIG_MAP)
    assert isinstance(error, errors.ClusterRefused)
    assert len(error.causes) == refusals.CAUSES_LIMIT
    assert len(error.causes[0].message) == len(error.causes[0].field) == refusals.CAUSE_LIMIT
