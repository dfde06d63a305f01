"""What stands in the way of our own apply: fields of others that cannot live beside ours.

In: what we want, what is there, and the fields that the API server named when it refused the
apply (422). Out: a JSON patch (RFC 6902) that takes the intruders out, or None where none is
found; and the intruders alone. ``engine.mend`` sends the patch, and then applies again;
``engine.preview`` shows what would go. Three things are known to need it:

- a union whose member somebody swapped: emptyDir for hostPath, ``value`` for ``valueFrom``;
- an item with a field that must be unique, such as the name of a Service's port, that is kept
  alive by another owner after we dropped it;
- a list of which we drop the last item while another owns the list: a null would be left.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from reconciler.model.errors import Cause
from reconciler.model.fields import Item, Path, Step
from reconciler.plan import fieldtrees

Place = tuple[str | int, ...]

_STEP = re.compile(r"\[(\d+)\]|\[([^\]]*)\]|([^.\[\]]+)")
_PLACES = 100  # places that one cause may stand for
# What items of a list are told apart by; the first that both have decides.
_KEYS = ("containerPort", "port", "name", "mountPath", "devicePath", "key", "ip", "topologyKey")
_DUPLICATE = "Duplicate value"


def patch(
    wanted: Mapping[str, Any], live: Mapping[str, Any], causes: Iterable[Cause]
) -> bytes | None:
    """Holds only for the object as ``live`` shows it: its resourceVersion is a precondition."""
    ops = _all_ops(wanted, live, causes)
    if not ops:
        return None
    # What comes later in a list goes first, so that places stay what they were.
    ordered = [ops[place] for place in sorted(ops, key=_late, reverse=True)]
    version = {
        "op": "replace",
        "path": "/metadata/resourceVersion",
        "value": live["metadata"]["resourceVersion"],
    }
    return orjson.dumps([{**op, "path": _pointer(op["path"])} for op in [version, *ordered]])


def found(
    wanted: Mapping[str, Any], live: Mapping[str, Any], causes: Iterable[Cause]
) -> tuple[tuple[Path, Any], ...]:
    """What the patch would take out: where it stands, its items by a key, and its value."""
    ops = _all_ops(wanted, live, causes)
    taken = sorted((place for place, op in ops.items() if op["op"] != "add"), key=_late)
    return tuple(_shown(live, place) for place in taken)


def _shown(value: Any, place: Place) -> tuple[Path, Any]:
    path: list[Step] = []
    for step in place:
        value = value[step]
        key = next((key for key in _KEYS if isinstance(value, dict) and key in value), None)
        is_item = isinstance(step, int) and key is not None
        path.append(Item(((str(key), fieldtrees.text(value[key])),)) if is_item else step)
    return tuple(path), value


def _all_ops(
    wanted: Mapping[str, Any], live: Mapping[str, Any], causes: Iterable[Cause]
) -> dict[Place, dict[str, Any]]:
    ops: dict[Place, dict[str, Any]] = {}
    for cause in causes:
        for op in _ops(wanted, live, cause):
            ops.setdefault(_place(op), op)
    return ops


def _ops(
    wanted: Mapping[str, Any], live: Mapping[str, Any], cause: Cause
) -> Iterator[dict[str, Any]]:
    steps = [int(m[1]) if m[1] else m[2] or m[3] for m in _STEP.finditer(cause.field)]
    if not steps or isinstance(steps[-1], int):
        return
    *heads, leaf = steps
    if cause.message.startswith(_DUPLICATE) and heads and isinstance(heads[-1], int):
        yield from _duplicates(wanted, live, heads[:-1], leaf)
        return
    places = list(_walk(live, wanted, heads, ()))[:_PLACES]
    exact = [place for place in places if list(place[0]) == heads]
    for at, found, ours in exact or places:
        if isinstance(found, dict) and isinstance(ours, dict):
            yield from _members(at, found, ours, str(leaf))


def _members(
    at: Place, found: Mapping[str, Any], ours: Mapping[str, Any], leaf: str
) -> Iterator[dict[str, Any]]:
    """Take out what we do not want of a union, and put in what we want of it."""
    foreign = [key for key in found if key not in ours]
    if leaf in ours:  # the server names whichever of the two comes second
        blocks = [key for key in foreign if isinstance(found[key], dict)]
        out = blocks or [key for key in foreign if not isinstance(found[key], list)]
    else:
        out = [key for key in foreign if key == leaf]
    if not out:
        return
    for key in out:
        if isinstance(found[key], list):
            yield {"op": "replace", "path": (*at, key), "value": []}
        else:
            yield {"op": "remove", "path": (*at, key)}
    # With a union left empty, the server would put in a member of its own choice.
    for key, value in ours.items():
        plain = not isinstance(value, dict | list)
        if (plain and found.get(key) != value) or (not plain and key not in found):
            yield {"op": "add", "path": (*at, key), "value": value}


def _duplicates(
    wanted: Mapping[str, Any], live: Mapping[str, Any], heads: list[Any], leaf: Any
) -> Iterator[dict[str, Any]]:
    """Items that we do not want, with a value that one of ours has to have."""
    for at, found, ours in _walk(live, wanted, heads, ()):
        if not (isinstance(found, list) and isinstance(ours, list)):
            continue
        taken = [item.get(leaf) for item in ours if isinstance(item, dict)]
        for number, item in enumerate(found):
            if isinstance(item, dict) and item.get(leaf) in taken and _match(item, ours) is None:
                yield {"op": "remove", "path": (*at, number)}


def _walk(found: Any, ours: Any, steps: list[Any], at: Place) -> Iterator[tuple[Place, Any, Any]]:
    """Each place that ``steps`` may mean, what is there, and what we want there.

    The server counts items in what our apply would have made of the list: any item that stands
    for one of ours may be the one that is meant.
    """
    if not steps:
        yield at, found, ours
        return
    step, *rest = steps
    if isinstance(step, int):
        for number, item in enumerate(found if isinstance(found, list) else []):
            match = _match(item, ours if isinstance(ours, list) else [])
            if match is not None:
                yield from _walk(item, match, rest, (*at, number))
    elif isinstance(found, dict) and isinstance(ours, dict) and step in found and step in ours:
        yield from _walk(found[step], ours[step], rest, (*at, step))


def _match(item: Any, ours: list[Any]) -> Any:
    """The item of ours that has the same key, or None."""
    if not isinstance(item, dict):
        return None
    for one in (one for one in ours if isinstance(one, dict)):
        key = next((key for key in _KEYS if key in item and key in one), None)
        if key is None or item[key] != one[key]:
            continue
        if item.get("protocol", "TCP") == one.get("protocol", "TCP"):
            return one
    return None


def _place(op: Mapping[str, Any]) -> Place:
    place: Place = op["path"]
    return place


def _late(place: Place) -> tuple[tuple[int, str], ...]:
    return tuple((step, "") if isinstance(step, int) else (-1, step) for step in place)


def _pointer(place: str | Place) -> str:
    if isinstance(place, str):
        return place
    words = (str(step).replace("~", "~0").replace("/", "~1") for step in place)
    return "".join(f"/{word}" for word in words)
