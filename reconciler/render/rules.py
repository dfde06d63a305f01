"""The rules among a site's settings from YAML to frozen values: drift, adopt, pruning and
pause."""

from __future__ import annotations

import re

from reconciler.model import fields
from reconciler.model.pauses import Pause
from reconciler.model.refs import ObjectRef
from reconciler.model.rules import (
    AdoptRule,
    DriftMode,
    DriftRule,
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
