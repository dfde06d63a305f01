"""What the next pass would do to a cluster, and would not: read, tried dry, written nowhere.

In: a commit's objects and settings, and the cluster with its inventory. Out: a Line for each object
that would not stay as it is. Called by ``reconciler diff``, beside an agent that may be running.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

from reconciler import ports
from reconciler.engine import mend, prospects
from reconciler.engine.apply import THREADS
from reconciler.model import errors
from reconciler.model.objects import live_of
from reconciler.model.origins import Origin
from reconciler.model.refs import ObjectRef
from reconciler.model.rendered import Manifest, Rendered
from reconciler.model.rules import DriftMode
from reconciler.model.values import Failure, Plan, Step
from reconciler.plan import differ, fieldtrees, intruders, modes, planner, waves, wholes
from reconciler.plan.differ import Difference
from reconciler.plan.inventory import Inventory
from reconciler.plan.pruning import Fate


class Action(StrEnum):
    """What would become of an object."""

    CREATE = "create"
    CHANGE = "change"
    REPLACE = "replace"  # deleted and made anew, as its annotation allows
    DELETE = "delete"
    HELD = "held"  # not deleted, until that is allowed
    KEEP = "keep"  # not deleted, as something declared needs it
    RELEASE = "release"  # not deleted, as it is not ours any more
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One object; ``differences`` from what is found to what is wanted, ``why`` in words."""

    action: Action
    ref: ObjectRef
    origin: Origin | None = None
    why: str = ""
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    lines: tuple[Line, ...]
    unchanged: int


class Previewer:
    """``allowed`` are objects that trailers let go; ``now`` is Unix seconds."""

    def __init__(self, cluster: ports.Cluster, *, agent_namespace: str) -> None:
        self._cluster = cluster
        self._agent_namespace = agent_namespace

    def look(
        self,
        rendered: Rendered,
        objects: tuple[Manifest, ...],
        inventory: Inventory,
        *,
        allowed: Collection[ObjectRef],
        now: float,
    ) -> Preview:
        """``objects`` are the rendered ones in their places. Raises RenderError,
        ClusterUnavailable."""
        plan = planner.plan(
            objects,
            {},
            inventory.entries,
            agent_namespace=self._agent_namespace,
            adopt=rendered.settings.adopt,
        )
        steps = [step for wave in plan.waves for step in wave]
        tried = self._try_all(steps, rendered)
        lines = [line for line in tried if line is not None]
        terms = prospects.Terms(
            objects=objects,
            settings=rendered.settings,
            records={},
            allowed=allowed,
            now=now,
        )
        found = prospects.Prospector(cluster=self._cluster, site=rendered.site).look(
            plan.prunes, terms
        )
        lines += _dropped(found, plan)
        return Preview(lines=tuple(lines), unchanged=len(objects) - sum(map(bool, tried)))

    def _try_all(self, steps: list[Step], rendered: Rendered) -> list[Line | None]:
        coming = _coming(rendered.objects)
        with ThreadPoolExecutor(THREADS, thread_name_prefix="dry-run") as pool:
            return list(pool.map(lambda step: self._try(step, rendered, coming), steps))

    def _try(self, step: Step, rendered: Rendered, coming: Collection[str]) -> Line | None:
        """None where nothing would change. What only the commit itself brings is taken as there."""
        manifest = step.manifest
        ref, origin = manifest.ref, manifest.origin
        found = None
        try:
            found = self._cluster.read(manifest.kind, ref.namespace, ref.name)
            wanted = self._dry_run(step)
        except errors.ClusterRefused as error:
            is_coming = ref.namespace if error.reason == "NamespaceNotFound" else str(manifest.kind)
            if error.reason in ("NamespaceNotFound", "KindUnknown") and is_coming in coming:
                return Line(action=Action.CREATE, ref=ref, origin=origin)
            return _mended(step, found, error, rendered) or _not_so(manifest, error)
        if found is None:
            return Line(action=Action.CREATE, ref=ref, origin=origin)
        differences = tuple(_ours(wholes.differences(wanted, found), manifest, rendered))
        if not differences:
            return None
        return Line(action=Action.CHANGE, ref=ref, origin=origin, differences=differences)

    def _dry_run(self, step: Step) -> Mapping[str, Any]:
        """Forced where the books say that it is ours, or where ``adopt`` lets us take it over."""
        try:
            return self._cluster.dry_run(step.manifest, force=step.force)
        except errors.ClusterRefused as error:
            holders = {cause.manager for cause in error.causes}
            is_handed_over = bool(holders) and holders <= step.adopters
            if step.force or error.reason != "Conflict" or not is_handed_over:
                raise
            return self._cluster.dry_run(step.manifest, force=True)


def _mended(
    step: Step, found: Mapping[str, Any] | None, error: errors.ClusterRefused, rendered: Rendered
) -> Line | None:
    """An apply that is refused because of others' fields, which are taken out first."""
    manifest = step.manifest
    if found is None or not step.force or error.reason != "Invalid" or mend.is_immutable(error):
        return None
    wanted = orjson.loads(manifest.body)
    taken = intruders.found(wanted, found, error.causes)
    if not taken:
        return None
    guide = fieldtrees.union(fieldtrees.parsed(each.fields) for each in live_of(found).managed)
    body = {name: part for name, part in wanted.items() if name not in ("apiVersion", "kind")}
    ours = _ours(iter(differ.differences(body, found, guide)), manifest, rendered)
    theirs = (Difference(path=path, wanted=differ.ABSENT, found=value) for path, value in taken)
    return Line(
        action=Action.CHANGE,
        ref=manifest.ref,
        origin=manifest.origin,
        why="fields of others are in the way, and are taken out",
        differences=(*theirs, *ours),
    )


def _not_so(manifest: Manifest, error: errors.ClusterRefused) -> Line:
    """An apply that is refused; what can never be changed may be made anew."""
    ref, origin = manifest.ref, manifest.origin
    if not mend.is_immutable(error):
        why = f"{error.reason}: {error}"
        return Line(action=Action.REFUSED, ref=ref, origin=origin, why=why)
    action = Action.REPLACE if mend.allows(manifest) else Action.REFUSED
    return Line(action=action, ref=ref, origin=origin, why=f"{mend.IMMUTABLE}: {error}")


def _ours(
    found: Iterator[Difference], manifest: Manifest, rendered: Rendered
) -> Iterator[Difference]:
    """Without the fields that the fleet leaves to others."""
    body = orjson.loads(manifest.body)
    labels = body["metadata"].get("labels") or {}
    rules = modes.of_object(rendered.settings.drift, manifest.ref, labels)
    for each in found:
        if modes.mode_in(rules, each.path, body) is not DriftMode.IGNORE:
            yield each


def _coming(objects: tuple[Manifest, ...]) -> frozenset[str]:
    """Namespaces and kinds that the commit itself brings."""
    spaces = {each.ref.name for each in objects if (each.ref.group, each.ref.kind) == NAMESPACE}
    kinds = {f"{kind}.{group}" for group, kind in waves.definitions(objects)}
    return frozenset(spaces | kinds)


NAMESPACE = ("", "Namespace")


_FATES = {
    Fate.RELEASED: Action.RELEASE,
    Fate.REPLACED: Action.RELEASE,
    Fate.ENDING: Action.DELETE,
}


def _dropped(found: prospects.Prospects, plan: Plan) -> Iterator[Line]:
    """What the commit no longer has, in the order in which it would go."""
    held = {each.ref: each.why for each in found.held}
    for each in found.seen:
        ref = each.prune.ref
        if ref in held:
            yield Line(action=Action.HELD, ref=ref, why=held[ref])
        elif ref in found.needed:
            why = "it is deleted once the workloads that use it are rolled out"
            yield Line(action=Action.KEEP, ref=ref, why=why)
        elif each.fate in _FATES:
            yield Line(action=_FATES[each.fate], ref=ref, why=str(each.fate))
        elif each.fate is Fate.DELETE:
            yield Line(action=Action.DELETE, ref=ref)
    for ref in plan.kept:
        yield Line(action=Action.KEEP, ref=ref, why="declared objects need it")
    for failure in found.failed:
        yield _refused(failure)


def _refused(failure: Failure) -> Line:
    why = f"{failure.reason}: {failure.message}"
    return Line(action=Action.REFUSED, ref=failure.ref, why=why)
