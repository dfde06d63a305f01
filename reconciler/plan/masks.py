"""Values that must not be told: what a Secret holds, and what is called like one.

In: a field's value and where it stands. Out: the text that a journal, a diff or an event shows.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from reconciler.model.fields import Item, Path
from reconciler.model.refs import ObjectRef
from reconciler.plan.differ import ABSENT

MASK = "***"
_LONGEST = 200  # characters of a value that is shown
_SECRET = frozenset(("data", "stringData"))
_TELLING = re.compile(
    r"pass(word|wd|phrase)|token|secret|credential|api[-_]?key|private[-_]?key|access[-_]?key",
    re.IGNORECASE,
)
# Copies of the whole object, in which a value stands under no name of its own.
_COPY = "kubectl.kubernetes.io/last-applied-configuration"
# Names of secrets are no secrets, and which one is used is what a person looks for.
_NAMES = frozenset(("secretName", "secretRef", "secretKeyRef", "imagePullSecrets", "name", "key"))


def shown(ref: ObjectRef, path: Path, value: Any) -> str:
    """At most 200 characters; ``absent`` for what is not there."""
    if value is ABSENT:
        return "absent"
    text = orjson.dumps(masked(ref, path, value)).decode()
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def masked(ref: ObjectRef, path: Path, value: Any) -> Any:
    """The value with each secret in it replaced by MASK."""
    if value is None or value is ABSENT or isinstance(value, bool):
        return value
    if _hidden(ref, path):
        return MASK
    if isinstance(value, dict):
        telling = _TELLING.search(str(value.get("name", "")))
        return {
            name: MASK if telling and name == "value" else masked(ref, (*path, name), each)
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [masked(ref, (*path, index), each) for index, each in enumerate(value)]
    return value


def _hidden(ref: ObjectRef, path: Path) -> bool:
    if not path:
        return False
    if (ref.group, ref.kind) == ("", "Secret") and path[0] in _SECRET and len(path) > 1:
        return True
    last = path[-1]
    if last == _COPY:
        return True
    if last == "value" and len(path) > 1:
        item = path[-2]
        return isinstance(item, Item) and any(_TELLING.search(value) for _, value in item.keys)
    return (
        isinstance(last, str)
        and last not in _NAMES
        and bool(_TELLING.search(last))
        and ((ref.group, ref.kind) == ("", "ConfigMap") or path[0] != "metadata")
    )
