"""Two whole objects compared, as the API server has one and would have the other.

In: what is found and what a dry run answered. Out: Differences, without what the API server keeps
of itself and without status, which nobody declares.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from reconciler.model.fields import Path
from reconciler.plan import differ, fieldtrees
from reconciler.plan.differ import ABSENT, Difference

_SERVER_SET = ("managedFields", "resourceVersion", "generation", "creationTimestamp", "uid")


def differences(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[Difference]:
    """From the one whole object to the other: what is otherwise, and what goes."""
    guide = fieldtrees.union(tree for each in (wanted, found) for tree in _trees(each))
    now, then = _told(found), _told(wanted)
    changed = differ.differences(then, now, guide)
    yield from changed
    known = {each.path for each in changed}
    for each in differ.differences(now, then, guide):
        if each.found is ABSENT and not _within(each.path, known):
            yield Difference(path=each.path, wanted=ABSENT, found=each.wanted)


def _within(path: Path, known: Collection[Path]) -> bool:
    return any(path[:length] in known for length in range(len(path) + 1))


def _trees(value: Mapping[str, Any]) -> Iterator[fieldtrees.Tree]:
    entries = (value.get("metadata") or {}).get("managedFields")
    for entry in entries if isinstance(entries, list) else []:
        tree = entry.get("fieldsV1")
        if isinstance(tree, dict):
            yield tree


def _told(value: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {
        name: part
        for name, part in (value.get("metadata") or {}).items()
        if name not in _SERVER_SET
    }
    rest = {name: part for name, part in value.items() if name != "status"}
    return {**rest, "metadata": metadata}
