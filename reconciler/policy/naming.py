"""Rules on names: what the API server would refuse for its name, kind, labels or annotations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.model.refs import (
    ALLOW,
    CONFIRM,
    DEPENDS_ON,
    PREFIX,
    PRUNE,
    REPLACE,
    SITE_LABEL,
    TRUE,
    WAIT,
    WAVE,
)
from reconciler.policy.case import Case, mapping, shown
from reconciler.schema import kubernetes, names

ANNOTATION_BYTES = 256 << 10  # of all keys and values of an object, the API server's limit
_RBAC = "rbac.authorization.k8s.io"
_ANNOTATIONS = frozenset((WAVE, WAIT, DEPENDS_ON, PRUNE, REPLACE))
_ONE_WORD = {PRUNE: CONFIRM, REPLACE: ALLOW, WAIT: TRUE}  # annotations that have one value


def _cron_job(text: str) -> str:
    """Its Jobs get 11 characters more."""
    return "must be at most 52 characters" if len(text) > 52 else names.subdomain(text)


# How Kubernetes names its own kinds where it is not a DNS subdomain.
NAMES: Mapping[tuple[str, str], names.Rule] = {
    ("", "Namespace"): names.label,
    ("", "Service"): names.letter_label,
    ("batch", "CronJob"): _cron_job,
    ("certificates.k8s.io", "CertificateSigningRequest"): names.path_segment,
    ("networking.k8s.io", "IPAddress"): names.path_segment,
    (_RBAC, "ClusterRole"): names.path_segment,
    (_RBAC, "ClusterRoleBinding"): names.path_segment,
    (_RBAC, "Role"): names.path_segment,
    (_RBAC, "RoleBinding"): names.path_segment,
}


def kind_words(case: Case) -> Iterator[str]:
    """apiVersion and kind."""
    yield from _wrong(case.value.get("apiVersion"), "apiVersion", names.api_version)
    yield from _wrong(case.value.get("kind"), "kind", names.kind)


def object_names(case: Case) -> Iterator[str]:
    """metadata.name by the kind's rule, and metadata.namespace."""
    metadata = case.metadata
    if "name" in metadata or "generateName" not in metadata:
        yield from _wrong(metadata.get("name"), "metadata.name", _rule(case.group_kind))
    if metadata.get("namespace") not in (None, ""):
        yield from _wrong(metadata["namespace"], "metadata.namespace", names.label)


def generated_names(case: Case) -> Iterator[str]:
    """An object with a name that the API server makes up is another one at every apply."""
    if case.metadata.get("generateName"):
        yield "metadata.generateName is refused: an applied object needs a name of its own"


def label_words(case: Case) -> Iterator[str]:
    """Keys and values of labels."""
    for key, value in mapping(case.metadata.get("labels")).items():
        yield from _wrong(key, "a label's key", names.qualified)
        yield from _wrong(value, f"label {shown(key)}", names.label_value)


def annotation_words(case: Case) -> Iterator[str]:
    """Keys of annotations, that values are strings, and the size of all."""
    size = 0
    for key, value in mapping(case.metadata.get("annotations")).items():
        yield from _wrong(key.lower(), "an annotation's key", names.qualified)
        if isinstance(value, str):
            size += len(key.encode()) + len(value.encode())
        else:
            yield f"annotation {shown(key)} must be a string: quote it"
    if size > ANNOTATION_BYTES:
        yield f"annotations of {size} bytes; at most {ANNOTATION_BYTES}"


def our_words(case: Case) -> Iterator[str]:
    """A misspelt word of our own would be ignored in silence."""
    known = ", ".join(sorted(_ANNOTATIONS))
    for key in mapping(case.metadata.get("annotations")):
        if key.lower().startswith(PREFIX) and key not in _ANNOTATIONS:
            yield f"unknown annotation {shown(key)}: expected one of {known}"
    for key, word in _ONE_WORD.items():
        if mapping(case.metadata.get("annotations")).get(key, word) != word:
            yield f"annotation {key} must be {word}"
    for key in mapping(case.metadata.get("labels")):
        if key.lower().startswith(PREFIX) and key != SITE_LABEL and not _fills_a_role(case):
            yield f"unknown label {shown(key)}: labels under {PREFIX} are the agent's own"


def _fills_a_role(case: Case) -> bool:
    """The rule on the agent's own objects judges the labels of ClusterRoles."""
    return case.group_kind == (_RBAC, "ClusterRole")


def _rule(group_kind: tuple[str, str]) -> names.Rule:
    """Kinds that Kubernetes does not bring may have a server of their own, with its own rule."""
    brought = kubernetes.is_cluster_scoped(*group_kind) is not None
    return NAMES.get(group_kind, names.subdomain if brought else names.path_segment)


def _wrong(value: Any, what: str, rule: names.Rule) -> Iterator[str]:
    if value is None:
        yield f"{what} is missing"
    elif not isinstance(value, str):
        yield f"{what} must be a string, and is {shown(value)}: quote it"
    elif wrong := rule(value):
        yield f"{what} {shown(value)} {wrong}"
