"""What is in the way on a cluster: looked for before anything is written, and written nowhere."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from reconciler.adapters import kube
from reconciler.app import NEWEST_KUBERNETES, OLDEST_KUBERNETES
from reconciler.app.bootstrap import owner
from reconciler.app.bootstrap import wanted as asked
from reconciler.model.errors import ClusterRefused
from reconciler.model.refs import Kind
from reconciler.model.rendered import Manifest

STORAGE_CLASS = Kind("storage.k8s.io", "v1", "StorageClass")
_DEFAULT = "storageclass.kubernetes.io/is-default-class"
_VERSION = re.compile(r"v(\d+)\.(\d+)")
_BINDING = Kind("rbac.authorization.k8s.io", "v1", "ClusterRoleBinding")
_ADMIN = "fleet-reconciler-cluster"  # the binding's name in deploy/cluster
_WRITES = ("create", "patch")


class Answer(StrEnum):
    OK = "ok"
    NOTE = "note"  # worth knowing, in nobody's way
    NO = "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One question, its answer, and what to do where that is no."""

    name: str
    answer: Answer
    message: str


def cluster(
    setup: kube.Setup, wanted: asked.Wanted, manifests: Sequence[Manifest], *, force: bool
) -> Iterator[Check]:
    """``force`` takes conflicts for settled. Raises ClusterUnavailable."""
    yield version(setup.version(), setup.server)
    yield _owner(setup, wanted)
    yield from _writes(setup, manifests, force=force)
    if wanted.options.rbac == "scoped":
        yield from _left_binding(setup)
    if any(each.ref.kind == "PersistentVolumeClaim" for each in manifests):
        yield _storage(setup, wanted, manifests)


def ready(found: Iterable[Check]) -> bool:
    """Whether nothing is in the way."""
    return all(check.answer is not Answer.NO for check in found)


def version(text: str, server: str) -> Check:
    """Of the API server: ``v1.31.4+k3s1``."""
    found = _VERSION.match(text)
    known = (int(found[1]), int(found[2])) if found else (0, 0)
    shown = f"{text} at {server}"
    oldest, newest = (".".join(map(str, each)) for each in (OLDEST_KUBERNETES, NEWEST_KUBERNETES))
    if known < OLDEST_KUBERNETES:
        said = f"{shown}: {oldest} is the oldest that the agent is made for"
        return Check(name="version", answer=Answer.NO, message=said)
    if known > NEWEST_KUBERNETES:
        said = f"{shown}: {newest} is the newest that the agent was tried with"
        return Check(name="version", answer=Answer.NOTE, message=said)
    return Check(name="version", answer=Answer.OK, message=shown)


def _owner(setup: kube.Setup, wanted: asked.Wanted) -> Check:
    try:
        found = owner.traces(setup)
    except ClusterRefused as error:
        said = f"whether it belongs to a site already cannot be seen: {error}"
        return Check(name="site", answer=Answer.NO, message=said)
    if said := owner.foreign(found, wanted.site):
        return Check(name="site", answer=Answer.NO, message=said)
    if found:
        said = f"it is {wanted.site} already, as {found[0].where} says"
    else:
        said = f"no site's yet, so it can be {wanted.site}"
    return Check(name="site", answer=Answer.OK, message=said)


def _writes(setup: kube.Setup, manifests: Iterable[Manifest], *, force: bool) -> Iterator[Check]:
    """Each object is applied for show; of one whose namespace is not there yet, rights are asked
    for."""
    denied, contested, refused = list[str](), list[str](), list[str]()
    count = 0
    for manifest in manifests:
        count += 1
        try:
            setup.apply(manifest, force=force, dry_run=True)
        except ClusterRefused as error:
            if error.reason == "NamespaceNotFound":
                denied += _missing_rights(setup, manifest)
            elif error.reason == "Forbidden":
                denied.append(f"{manifest.ref}: {error}")
            elif error.reason == "Conflict":
                contested.append(f"{manifest.ref}: {_managers(error)}")
            else:
                refused.append(f"{manifest.ref}: {error}")
    yield _listed("permissions", denied, f"all {count} objects may be written")
    hint = "; see who that is, or take these fields over with --force-conflicts"
    yield _listed("conflicts", contested, "no field is somebody else's", hint)
    if refused:
        yield _listed("objects", refused, "")


def _missing_rights(setup: kube.Setup, manifest: Manifest) -> list[str]:
    ref = manifest.ref
    missing = [
        verb for verb in _WRITES if not setup.may(verb, manifest.kind, ref.namespace, ref.name)
    ]
    return [f"{ref}: no right to {' and '.join(missing)} it"] if missing else []


def _managers(error: ClusterRefused) -> str:
    found = [f"{cause.field} is {cause.manager}'s" for cause in error.causes if cause.manager]
    return ", ".join(found) or str(error)


def _left_binding(setup: kube.Setup) -> Iterator[Check]:
    """Whoever changes over from ``cluster`` is cluster-admin until its binding is gone."""
    with contextlib.suppress(ClusterRefused):
        if setup.read(_BINDING, "", _ADMIN) is not None:
            said = (
                f"the agent stays cluster-admin until: kubectl delete clusterrolebinding {_ADMIN}"
            )
            yield Check(name="binding", answer=Answer.NOTE, message=said)


def _storage(setup: kube.Setup, wanted: asked.Wanted, manifests: Iterable[Manifest]) -> Check:
    (claim,) = (each for each in manifests if each.ref.kind == "PersistentVolumeClaim")
    try:
        there = setup.read(claim.kind, claim.ref.namespace, claim.ref.name)
        if there is not None and (there.get("status") or {}).get("phase") == "Bound":
            return Check(name="storage", answer=Answer.OK, message=f"{claim.ref} is bound already")
        classes = {
            str(each["metadata"]["name"]): (each["metadata"].get("annotations") or {})
            for each in setup.objects(STORAGE_CLASS)
        }
    except ClusterRefused as error:
        return Check(name="storage", answer=Answer.NOTE, message=f"cannot be seen: {error}")
    named = wanted.options.storage_class
    defaults = sorted(name for name, notes in classes.items() if notes.get(_DEFAULT) == "true")
    if named in classes or (not named and defaults):
        said = f"storage class {named or defaults[0]}"
        return Check(name="storage", answer=Answer.OK, message=said)
    known = f"there are {', '.join(sorted(classes))}" if classes else "there is none at all"
    lacking = f"no storage class {named}" if named else "no default storage class"
    said = f"{lacking} ({known}): give --storage-class, or --state-on-node to do without"
    return Check(name="storage", answer=Answer.NO, message=said)


def _listed(name: str, problems: list[str], fine: str, hint: str = "") -> Check:
    if problems:
        return Check(name=name, answer=Answer.NO, message="; ".join(problems) + hint)
    return Check(name=name, answer=Answer.OK, message=fine)
