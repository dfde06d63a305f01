"""What becomes of a changed field: the fleet's drift rules against an object and a field.

In: the settings' rules, an object's ref and labels, a field's path. Out: a mode, and for whole
manifests the paths that are left to others.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from reconciler.model import fields
from reconciler.model.fields import Item, Path
from reconciler.model.refs import ObjectRef
from reconciler.model.rendered import Manifest
from reconciler.model.rules import AdoptRule, DriftMode, DriftRule, matches
from reconciler.model.values import Record
from reconciler.plan import fieldtrees


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


def of_manifest(
    rules: Iterable[DriftRule], ref: ObjectRef, body: Mapping[str, Any]
) -> tuple[DriftRule, ...]:
    """The same, by the labels that the manifest sets."""
    metadata = body.get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    return of_object(rules, ref, labels if isinstance(labels, dict) else {})


def leaving(manifest: Manifest, record: Record | None, rules: tuple[DriftRule, ...]) -> Manifest:
    """The manifest with the fields that are left to others.

    They are those that the rules ignore, and those that differed when the record was made and
    that the rules only warn of, unless the manifest now wants something else of them.
    """
    if not rules and not manifest.left:
        return manifest
    body = orjson.loads(manifest.body)
    own = of_manifest(rules, manifest.ref, body)
    left = set(ignored(own, body))
    if record is not None and (kept := warned(own, record.left)):
        before = orjson.loads(record.body)
        left |= {path for path in kept if _same_at(before, body, path)}
    return dataclasses.replace(manifest, left=tuple(sorted(left)))


def warned(rules: tuple[DriftRule, ...], left: Iterable[str]) -> tuple[str, ...]:
    """Of fields that are left to others, those that the rules only warn of."""
    return tuple(path for path in left if mode(rules, fields.parse(path)) is DriftMode.WARN)


def _same_at(before: Any, now: Any, path: str) -> bool:
    pattern = fields.parse(path)
    return list(_values(before, pattern)) == list(_values(now, pattern))


def _values(value: Any, pattern: Path) -> Iterable[Any]:
    """All that stands where the pattern points."""
    if not pattern:
        yield value
    elif isinstance(value, dict):
        for name, each in value.items():
            if pattern[0] in (fields.ANY, name):
                yield from _values(each, pattern[1:])
    elif isinstance(value, list):
        for each in value:
            step = pattern[0]
            if step == fields.ANY or (isinstance(step, Item) and fieldtrees.is_item(each, step)):
                yield from _values(each, pattern[1:])


def mode(rules: Iterable[DriftRule], path: Path) -> DriftMode:
    """The mode of a field, by the rules of its object: the last one that matches decides.

    Our own labels are always put back, as an object without them is out of sight.
    """
    found = DriftMode.CORRECT
    if _is_own_label(path):
        return found
    for rule in rules:
        if not rule.fields or any(fields.covers(fields.parse(each), path) for each in rule.fields):
            found = rule.mode
    return found


_LABELS = ("metadata", "labels")


def _is_own_label(path: Path) -> bool:
    return (
        len(path) > 2 and path[:2] == _LABELS and str(path[2]).startswith("fleet-reconciler.dev/")
    )


def mode_in(rules: tuple[DriftRule, ...], path: Path, wanted: Any) -> DriftMode:
    """The mode of a field whose items are told by the API server's keys: a rule may name any other
    field of an item that ``wanted`` sets."""
    return mode(rules, fieldtrees.told_at(path, wanted)) if rules else DriftMode.CORRECT


def ignored(rules: tuple[DriftRule, ...], body: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields that the body sets and the rules leave to others, as rules' paths.

    Where a later rule takes back part of an ignored whole, the rest is named field by field. What
    names the object is never left to others, nor is our own label.
    """
    if not any(rule.mode is DriftMode.IGNORE for rule in rules):
        return ()
    found = list(_ignored(rules, body, (), ()))
    return tuple(sorted(dict.fromkeys(found)))


def ignored_of(rules: tuple[DriftRule, ...], record: Record) -> tuple[str, ...]:
    """The same for what was applied."""
    if not rules:
        return ()
    body = orjson.loads(record.body)
    return ignored(of_manifest(rules, record.ref, body), body)


_NAMING = frozenset((("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace")))


def _ignored(rules: tuple[DriftRule, ...], value: Any, at: Path, named: Path) -> Iterable[str]:
    """``at`` has all that a rule may call an item by, ``named`` what tells it from the others."""
    if at in _NAMING or _is_own_label(at):
        return
    whole = mode(rules, at) is DriftMode.IGNORE
    mixed = (
        not at
        or at in (("metadata",), _LABELS)
        or any(
            fields.reaches(pattern, at) and len(pattern) > len(at)
            for rule in rules
            for pattern in map(fields.parse, rule.fields)
        )
    )
    if whole and not mixed:
        yield fields.rule(named)
        return
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _ignored(rules, each, (*at, name), (*named, name))
    elif isinstance(value, list) and mixed:
        for each in value:
            if isinstance(each, dict) and (item := _name(each, value)).keys:
                told = fieldtrees.told(item, each)
                yield from _ignored(rules, each, (*at, told), (*named, item))
    elif whole:
        yield fields.rule(named)


# What the lists of Kubernetes' own kinds tell their items apart by; more of them do no harm.
_KEYS = frozenset(
    (
        "containerPort",
        "devicePath",
        "ip",
        "key",
        "mountPath",
        "name",
        "port",
        "protocol",
        "topologyKey",
    )
)

_LONGEST = 100  # characters of a field that an item is called by


def _name(item: Mapping[str, Any], items: list[Any]) -> Item:
    """What tells the item from the others: its name if no other has it, else its keys, or where
    it has none of those all its plain fields."""
    names = [each.get("name") for each in items if isinstance(each, dict)]
    if isinstance(item.get("name"), str) and names.count(item["name"]) == 1:
        return Item((("name", item["name"]),))
    keys = {name for name in item if name in _KEYS} or set(item)
    plain = ((name, each) for name, each in item.items() if isinstance(each, str | int))
    words = sorted((name, fieldtrees.text(each)) for name, each in plain if name in keys)
    return Item(tuple((name, word) for name, word in words if len(word) <= _LONGEST))


def leave_out(body: bytes, patterns: tuple[Path, ...]) -> bytes:
    """The manifest without these fields; what they leave empty goes as well."""
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
        if isinstance(step, Item) and fieldtrees.is_item(value, step):
            return step
    return None


def adopters(rules: Iterable[AdoptRule], ref: ObjectRef) -> frozenset[str]:
    """The managers that hand over this object."""
    return frozenset(name for rule in rules if selects(rule, ref) for name in rule.managers)
