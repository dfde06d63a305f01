"""What becomes of a changed field: the fleet's drift rules against an object and a field.

In: the settings' rules, an object's ref and labels, a field's path. Out: a mode, and for whole
manifests the paths that are left to others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from reconciler.model import fields
from reconciler.model.fields import Item, Path
from reconciler.model.refs import ObjectRef
from reconciler.model.rules import AdoptRule, DriftMode, DriftRule, matches


def selects(rule: DriftRule | AdoptRule, ref: ObjectRef) -> bool:
    """Whether the rule speaks of this object, its labels left aside."""
    group_kind = f"{ref.kind}.{ref.group}" if ref.group else ref.kind
    return (
        rule.kind in ("", group_kind)
        and matches(rule.namespace, ref.namespace)
        and matches(rule.name, ref.name)
    )


def of_object(
    rules: Iterable[DriftRule], ref: ObjectRef, labels: Mapping[str, str]
) -> tuple[DriftRule, ...]:
    """The rules that speak of this object, in their order."""
    return tuple(
        rule
        for rule in rules
        if selects(rule, ref)
        and all(labels.get(key) == value for key, value in rule.labels.items())
    )


def mode(rules: Iterable[DriftRule], path: Path) -> DriftMode:
    """The mode of a field, by the rules of its object: the last one that matches decides."""
    found = DriftMode.CORRECT
    for rule in rules:
        if not rule.fields or any(fields.covers(fields.parse(each), path) for each in rule.fields):
            found = rule.mode
    return found


def ignored(rules: tuple[DriftRule, ...], body: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields that the body sets and the rules leave to others, as rules' paths.

    Where a later rule takes back part of an ignored whole, the rest is named field by field. What
    names the object is never left to others, nor is our own label.
    """
    if not any(rule.mode is DriftMode.IGNORE for rule in rules):
        return ()
    found = list(_ignored(rules, body, ()))
    return tuple(sorted(dict.fromkeys(found)))


_NAMING = frozenset((("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace")))
_OURS = ("metadata", "labels")


def _ignored(rules: tuple[DriftRule, ...], value: Any, at: Path) -> Iterable[str]:
    if at in _NAMING or (at[:2] == _OURS and str(at[-1]).startswith("fleet-reconciler.dev/")):
        return
    whole = mode(rules, at) is DriftMode.IGNORE
    mixed = (
        not at
        or at in (("metadata",), _OURS)
        or any(
            fields.reaches(pattern, at) and len(pattern) > len(at)
            for rule in rules
            for pattern in map(fields.parse, rule.fields)
        )
    )
    if whole and not mixed:
        yield fields.rule(at)
        return
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _ignored(rules, each, (*at, name))
    elif isinstance(value, list) and mixed:
        for each in value:
            if isinstance(each, dict) and isinstance(each.get("name"), str):
                yield from _ignored(rules, each, (*at, Item((("name", each["name"]),))))
    elif whole:
        yield fields.rule(at)


def leave_out(body: bytes, paths: Iterable[str]) -> bytes:
    """The manifest without these fields; what they leave empty goes as well."""
    patterns = tuple(fields.parse(path) for path in paths)
    if not patterns:
        return body
    value = _cut(orjson.loads(body), patterns, ())
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _cut(value: Any, patterns: tuple[Path, ...], at: Path) -> Any:
    near = tuple(p for p in patterns if fields.reaches(p, at))
    if not near:
        return value
    if isinstance(value, dict):
        pairs = ((name, each, (*at, name)) for name, each in value.items())
        return {
            name: cut
            for name, each, path in pairs
            if not _covered(near, path)
            and ((cut := _cut(each, near, path)) or not each or cut == each)
        }
    if isinstance(value, list):
        kept_items = []
        for index, each in enumerate(value):
            path = (*at, _item_of(each, near, len(at)) or index)
            if not _covered(near, path):
                kept_items.append(_cut(each, near, path))
        return kept_items
    return value


def _covered(patterns: tuple[Path, ...], path: Path) -> bool:
    return any(fields.covers(pattern, path) for pattern in patterns)


def _item_of(value: Any, patterns: tuple[Path, ...], depth: int) -> Item | None:
    """The item as the patterns call it: by the keys that one of them names at this depth."""
    if not isinstance(value, dict):
        return None
    for pattern in patterns:
        step = pattern[depth] if len(pattern) > depth else None
        if isinstance(step, Item) and all(str(value.get(key)) == word for key, word in step.keys):
            return step
    return None


def adopters(rules: Iterable[AdoptRule], ref: ObjectRef) -> frozenset[str]:
    """The managers that hand over this object."""
    return frozenset(name for rule in rules if selects(rule, ref) for name in rule.managers)
