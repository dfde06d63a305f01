"""``namespace``: puts every namespaced object, and what refers to its namespace, into one.

Cluster-scoped objects keep none; the Namespace object itself is renamed by the table of field
specs. Of role bindings' subjects only accounts named ``default`` move here: the others follow
by name reference at the end of the build.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from weakref import WeakKeyDictionary

from reconciler.render import fieldspecs
from reconciler.render.context import Context
from reconciler.render.fieldspecs import Route, Specs, Unfit, scalar_only
from reconciler.render.ids import Kind, is_cluster_scoped
from reconciler.render.items import Item, Step, Value
from reconciler.schema.openapi import Shapes

_BINDINGS = ("RoleBinding", "ClusterRoleBinding")
_NO_SCHEMAS = Shapes({})
_NO_SPECS = Specs()
_MODES = ("defaultOnly", "none", "allServiceAccounts")
_Plan = tuple[bool, bool, list[Route]]
"""Whether objects of a kind are in a namespace, and have subjects; what else of them changes."""
# By their specs, which are those of many sites, and gone with them.
_PLANS = WeakKeyDictionary[Specs, dict[Kind, _Plan]]()


def from_field(words: str, context: Context) -> Iterator[Step]:
    """``namespace`` of a kustomization."""
    if words:
        yield _step(words, context.config.namespace, context)


def from_file(words: dict[str, Any], context: Context) -> Step:
    """NamespaceTransformer: ``metadata.namespace``, ``fieldSpecs``, ``unsetOnly``,
    ``setRoleBindingSubjects``."""
    mode = words.get("setRoleBindingSubjects") or "defaultOnly"
    if mode not in _MODES:
        raise context.error(
            f'invalid value "{mode}" for setRoleBindingSubjects: must be one of'
            ' "defaultOnly", "none" or "allServiceAccounts"'
        )
    name = (words.get("metadata") or {}).get("namespace", "")
    specs = context.specs(words)
    if not name:
        return list
    return _step(name, specs, context, unset_only=bool(words.get("unsetOnly")), mode=mode)


def in_namespace(item: Item, value: Value, name: str) -> Value:
    """One object's value, moved, without any fields but its own. Raises Unfit."""
    change = _change(name, _NO_SPECS, _NO_SCHEMAS, unset_only=False, mode="defaultOnly")
    return change(item.id.kind, value)


def _step(
    name: str,
    specs: Specs,
    context: Context,
    *,
    unset_only: bool = False,
    mode: str = "defaultOnly",
) -> Step:
    change = _change(name, specs, context.schemas, unset_only=unset_only, mode=mode)

    def step(items: list[Item]) -> list[Item]:
        keys = [item.id.key for item in items]
        taken = dict(zip(keys, items, strict=True))
        result = []
        for item, before in zip(items, keys, strict=True):
            try:
                value = change(item.id.kind, item.value)
            except Unfit as unfit:
                raise context.misfit(item, unfit) from None
            moved = item.remembering(value)
            key = moved.id.key
            if key != before:
                if taken.get(before) is item:
                    del taken[before]
                other = taken.setdefault(key, moved)
                if other is not moved:
                    raise context.error(
                        f"namespace transformation produces ID conflict: {moved.id} from"
                        f" {item.origin} and from {other.origin}"
                    )
            result.append(moved)
        return result

    return step


def _change(
    name: str, specs: Specs, schemas: Shapes, *, unset_only: bool, mode: str
) -> Callable[[Kind, Value], Value]:
    def put(old: Any) -> Any:
        scalar_only(old)
        return old if old == name or (unset_only and old not in (None, "")) else name

    plans = _PLANS.setdefault(specs, {})

    def change(kind: Kind, value: Value) -> Value:
        plan = plans.get(kind)
        if plan is None:
            plan = plans[kind] = _plan(specs, kind)
        is_namespaced, has_subjects, routes = plan
        if is_namespaced and not schemas.is_cluster_scoped(kind.api_version, kind.kind):
            value = fieldspecs.change_metadata(value, "namespace", put, "")
        if has_subjects and mode != "none":
            value = _move_subjects(value, put, mode)
        for route in routes:
            value = fieldspecs.change(value, route, put, "")
        return value

    return change


def _plan(specs: Specs, kind: Kind) -> _Plan:
    binding = kind.kind in _BINDINGS
    routes = [r for r in specs.routes(kind) if not _reserved(r, kind.api_version, binding)]
    return not is_cluster_scoped(kind), binding, routes


def _reserved(route: Route, api_version: str, binding: bool) -> bool:
    """Specs that are overruled by what stands above."""
    return (
        route.path == "metadata/namespace"
        or (route.path == "metadata/name" and api_version != "v1")
        or (binding and route.path == "subjects/namespace")
    )


def _move_subjects(value: Value, put: Callable[[Any], Any], mode: str) -> Value:
    subjects = value.get("subjects")
    if not isinstance(subjects, list):
        return value
    field, wanted = ("name", "default") if mode == "defaultOnly" else ("kind", "ServiceAccount")

    def moved(subject: Any) -> Any:
        if not isinstance(subject, dict) or subject.get(field) != wanted:
            return subject
        old = subject.get("namespace")
        new = put(old)
        return subject if new is old else {**subject, "namespace": new}

    after = [moved(subject) for subject in subjects]
    same = all(a is b for a, b in zip(after, subjects, strict=True))
    return value if same else {**value, "subjects": after}
