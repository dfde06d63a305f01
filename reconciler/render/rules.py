"""The rules among the settings from YAML to frozen values: drift, adoption, pruning, pauses,
overrides, health."""

from __future__ import annotations

import re

import orjson

from reconciler.model import fields, quantities, regex
from reconciler.model.pauses import Pause
from reconciler.model.refs import ObjectRef
from reconciler.model.rules import (
    AdoptRule,
    DriftMode,
    DriftRule,
    HealthRule,
    OverrideRule,
    PruneAllowance,
    PruneLimits,
)
from reconciler.render import strict
from reconciler.render.strict import Key, Node
from reconciler.schema import names

MOST_OBJECTS = 10_000  # of a site

_SELECTORS = {
    "kind": Key(read=strict.string(names.group_kind)),
    "namespace": Key(read=strict.string(names.pattern)),
    "name": Key(read=strict.string(names.pattern)),
}


def field_path(text: str) -> str:
    """A names.Rule for a field's path as rules write it."""
    try:
        fields.parse(text)
    except ValueError as error:
        return f"is no field's path such as /spec/replicas: it {error}"
    return ""


def _manager(text: str) -> str:
    fits = 0 < len(text) <= 128 and text.isprintable()
    return "" if fits else "must be 1 to 128 printable characters"


def _prunable(text: str) -> str:
    try:
        if text != "all":
            ObjectRef.parse(text)
    except ValueError:
        return "must be KIND[.GROUP]/[NAMESPACE/]NAME, or all"
    return ""


_DRIFT = {
    **_SELECTORS,
    "mode": Key(read=strict.word_of(DriftMode)),
    "labels": Key(read=strict.string_map(names.qualified, names.label_value)),
    "fields": Key(read=strict.strings(field_path)),
}
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_ADOPT = {**_SELECTORS, "managers": Key(read=strict.strings(_manager))}
_LIMITS = {
    "percent": Key(read=strict.integer(0, 100)),
    "least": Key(read=strict.integer(0, MOST_OBJECTS)),
    "most": Key(read=strict.integer(0, MOST_OBJECTS)),
}
_ALLOW = {"refs": Key(read=strict.strings(_prunable)), "until": Key(read=strict.moment)}


def drift(node: Node) -> tuple[DriftRule, ...]:
    """Raises SettingsError."""
    return tuple(DriftRule(**values) for values in strict.records(_DRIFT, "mode")(node))


def adopt(node: Node) -> tuple[AdoptRule, ...]:
    """Raises SettingsError."""
    return tuple(AdoptRule(**values) for values in strict.records(_ADOPT, "managers")(node))


def prune_limits(node: Node) -> PruneLimits:
    """Raises SettingsError."""
    limits = PruneLimits(**strict.record(_LIMITS)(node))
    if limits.least > limits.most:
        raise node.error(f"least ({limits.least}) is more than most ({limits.most})")
    return limits


def prune_allow(node: Node) -> tuple[PruneAllowance, ...]:
    """Raises SettingsError."""
    rows = strict.records(_ALLOW, "refs", "until")(node)
    return tuple(PruneAllowance(**values) for values in rows)


def commit(text: str) -> str:
    """A names.Rule for a commit's whole id: a shorter one may come to mean another commit."""
    return "" if _COMMIT.fullmatch(text) else "must be a commit's id, of 40 or 64 of 0-9 and a-f"


def _reason(text: str) -> str:
    fits = text.strip() and len(text) <= 1_000 and text.isprintable()
    return "" if fits else "must be 1 to 1000 printable characters"


def _ref(text: str) -> str:
    try:
        ObjectRef.parse(text)
    except ValueError:
        return "must be KIND[.GROUP]/[NAMESPACE/]NAME"
    return ""


_PAUSE = {
    "reason": Key(read=strict.string(_reason)),
    "until": Key(read=strict.moment),
    "object": Key(read=strict.string(_ref)),
}


def pause(node: Node) -> Pause:
    """Raises SettingsError."""
    return Pause(**strict.record(_PAUSE, "reason", "until")(node))


_VALUES = 100  # of an enum


def _enum(node: Node) -> tuple[str, ...]:
    """Plain values as JSON texts, so that ``1`` and ``"1"`` are told apart."""
    if not isinstance(node.value, list) or not 0 < len(node.value) <= _VALUES:
        raise node.unfit(f"a list of 1 to {_VALUES} values")
    for index, value in enumerate(node.value):
        if not isinstance(value, str | int | float | bool):
            raise node.under(index).unfit("a string, a number or a boolean")
    return tuple(orjson.dumps(value).decode() for value in node.value)


def _bound(node: Node) -> str:
    text = str(node.value)
    if isinstance(node.value, bool) or quantities.parse(text) is None:
        raise node.unfit("a number or a quantity such as 500m or 2Gi")
    return text


def _regex(text: str) -> str:
    try:
        regex.matcher(text)
        regex.whole(text)
    except regex.Malformed as error:
        return f"is no pattern: {error}"
    return "" if len(text) <= 1_000 else "must be at most 1000 characters"


_OVERRIDE = {
    "kind": Key(read=strict.string(names.group_kind)),
    "name": Key(read=strict.string(names.pattern)),
    "field": Key(read=strict.string(field_path)),
    "enum": Key(read=_enum),
    "min": Key(read=_bound),
    "max": Key(read=_bound),
    "pattern": Key(read=strict.string(_regex)),
}
_WORDS = {"min": "least", "max": "most"}


def overrides(node: Node) -> tuple[OverrideRule, ...]:
    """Raises SettingsError; a rule without any bound is one that nobody meant."""
    found = []
    for index, values in enumerate(strict.records(_OVERRIDE, "kind", "name", "field")(node)):
        here = node.under(index)
        bounds = [name for name in ("enum", "min", "max", "pattern") if name in values]
        if not bounds:
            raise here.error("a bound is missing: give enum, min, max or pattern")
        if len(bounds) > 1 and set(bounds) != {"min", "max"}:
            raise here.error("give enum, or min and max, or pattern: a value has one form")
        if fields.parse(values["field"])[0] in _UNTOUCHED:
            raise here.under("field").error("an override touches no apiVersion, kind or metadata")
        found.append(OverrideRule(**{_WORDS.get(key, key): text for key, text in values.items()}))
    return tuple(found)


_UNTOUCHED = ("apiVersion", "kind", "metadata", "status", fields.ANY)


def _expression(text: str) -> str:
    return "" if text.strip() and len(text) <= 16_384 else "must be a CEL expression"


_HEALTH = {
    "apiVersion": Key(read=strict.string(names.api_version)),
    "kind": Key(read=strict.string(names.kind)),
    **{key: Key(read=strict.string(_expression)) for key in ("current", "inProgress", "failed")},
}


def health(node: Node) -> tuple[HealthRule, ...]:
    """Raises SettingsError, for expressions that do not compile as well."""
    found = strict.records(_HEALTH, "apiVersion", "kind", "current")(node)
    for number, values in enumerate(found):
        for key in ("current", "inProgress", "failed"):
            if key in values:
                _check_health(node.under(number).under(key))
    return tuple(
        HealthRule(
            api_version=values["apiVersion"],
            kind=values["kind"],
            current=values["current"],
            in_progress=values.get("inProgress", ""),
            failed=values.get("failed", ""),
        )
        for values in found
    )


def _check_health(node: Node) -> None:
    # Only a fleet that has such rules needs CEL.
    from reconciler.cel import health as expressions
    from reconciler.cel.errors import CompileError

    try:
        expressions.check(node.value)
    except CompileError as error:
        raise node.error(f"does not compile: {error.message}") from None
