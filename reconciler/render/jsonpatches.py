"""JSON 6902 patches: parsed as kustomize does, applied by jsonpatch with Go's differences.

Those are: ``replace``, ``test`` and ``copy`` of a missing key of a map work (a missing value
counts as null), ``remove`` of one fails, ``test`` minds how a text is spelled (``spelling``), and
an integer that a float cannot hold is rounded wherever the patch or the object mentions it, as
both go through Go's JSON. The object itself is copied, never changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jsonpatch
import jsonpointer
import orjson

from reconciler.documents import canonical, scalars
from reconciler.model.errors import RenderError
from reconciler.render import bounds, gonames, spelling
from reconciler.render.context import Context
from reconciler.render.fieldspecs import Unfit, node_kind
from reconciler.render.items import Value
from reconciler.render.scalars import CONTAINERS

Operation = dict[str, Any]
_EXACT = 2**53
_LONG = b"0" * 16  # digits
_MISSING = ": missing value"
_INDEX = re.compile(r"[-+]?[0-9]{1,18}")


def parse(text: bytes, path: str, context: Context) -> list[Operation]:
    """The operations of a patch: strict JSON if it starts with ``[``, YAML if not.

    ``path`` is the file it stands in, for errors. Raises RenderError, and Unfit where the text
    is well-formed but no patch.
    """
    if text.startswith(b"["):
        text = spelling.paired(text)
        try:
            operations: Any = spelling.minded(text, orjson.loads(text))
        except orjson.JSONDecodeError as error:
            raise RenderError(
                f"invalid JSON patch: {error}", path=path, line=error.lineno, column=error.colno
            ) from None
    else:
        sources = context.files.settings(path, text)
        operations = sources[0].value if sources else None
    return _checked(operations)


def _checked(operations: Any) -> list[Operation]:
    if operations is None:
        return []
    if not isinstance(operations, list):
        raise Unfit(
            f"json: cannot unmarshal {gonames.json(operations)} into Go value of type"
            " jsonpatch.Patch:"
            " a JSON patch is a list of operations"
        )
    for operation in operations:
        if not isinstance(operation, dict):
            raise Unfit(
                f"json: cannot unmarshal {gonames.json(operation)} into Go value of type"
                " jsonpatch.Operation: expected a mapping with op and path"
            )
    return operations


def apply(value: Value, operations: Sequence[Operation]) -> Value:
    """The object with the operations applied in order. Raises Unfit."""
    document: Any = value
    room = bounds.Room("copying in a JSON patch")
    known: dict[Any, _Operation] = {**_OPERATIONS, "copy": partial(_copy, room=room)}
    for operation in operations:
        kind = operation.get("op")
        perform = known.get(kind) if isinstance(kind, str) else None
        if perform is None:
            raise Unfit(_unknown(kind))
        document = perform(document, operation)
    if not isinstance(document, dict):
        raise Unfit(f"the patch leaves no object: found {node_kind(document)}")
    rounded: Value = _rounded(document)
    return rounded


def _unknown(kind: Any) -> str:
    shown = kind if isinstance(kind, str) else "unknown"
    return f"Unexpected kind: {shown}: op must be one of {', '.join(_NAMES)}"


# -- one operation; each gives back the document, copied where it changed --------


def _add(document: Any, operation: Operation) -> Any:
    return _put(document, _path(operation, "add"), operation.get("value"), "add")


def _remove(document: Any, operation: Operation) -> Any:
    path = _path(operation, "remove")
    document, parent, key = _open(
        document, path, f'remove operation does not apply: doc is missing path: "{path}"{_MISSING}'
    )
    if isinstance(parent, dict) and key not in parent:
        raise Unfit(
            f"error in remove for path: '{path}': Unable to remove nonexistent key: {key}{_MISSING}"
        )
    _engine(parent, {"op": "remove", "path": _pointer(parent, key, path, "remove")})
    return document


def _replace(document: Any, operation: Operation) -> Any:
    path, value = _path(operation, "replace"), operation.get("value")
    if not path:
        if not isinstance(value, CONTAINERS):
            raise Unfit("replace operation value must be object or array")
        return value
    document, parent, key = _open(
        document, path, f"replace operation does not apply: doc is missing path: {path}{_MISSING}"
    )
    if isinstance(parent, dict):
        _engine(parent, {"op": "add", "path": _escaped(key), "value": value})
        return document
    pointer = _pointer(
        parent,
        key,
        path,
        "replace",
        f"replace operation does not apply: doc is missing key: {path}{_MISSING}",
    )
    _engine(parent, {"op": "replace", "path": pointer, "value": value})
    return document


def _move(document: Any, operation: Operation) -> Any:
    source = operation.get("from")
    moved = _get(document, source, "move", "from path")
    document = _remove(document, {"path": source})
    return _put(document, _path(operation, "move"), moved, "move")


def _copy(document: Any, operation: Operation, room: bounds.Room) -> Any:
    copied = _get(document, operation.get("from"), "copy", "from path", missing=True)
    document = _put(document, _path(operation, "copy"), copied, "copy")
    room.take(copied, document)
    return document


def _test(document: Any, operation: Operation) -> Any:
    path = _path(operation, "test")
    found = document if not path else _get(document, path, "test", "path", missing=True)
    if not _equal(found, operation.get("value")):
        raise Unfit(f"testing value {path} failed: test failed: found another value")
    return document


_NAMES = ("add", "remove", "replace", "move", "copy", "test")
_Operation = Callable[[Any, Operation], Any]
_OPERATIONS: dict[str, _Operation] = {
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "move": _move,
    "test": _test,
}


# As a patch of one operation would have it, which makes and checks it twice.
_ENGINE = {
    "add": jsonpatch.AddOperation,
    "remove": jsonpatch.RemoveOperation,
    "replace": jsonpatch.ReplaceOperation,
}


def _engine(parent: Any, operation: Operation) -> None:
    """Let the library change one container, which is ours alone."""
    try:
        _ENGINE[operation["op"]](operation).apply(parent)
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException) as error:
        raise Unfit(str(error)) from None


def _put(document: Any, path: str, value: Any, name: str) -> Any:
    what = "path: " if name == "add" else "destination path: "
    shown = f'"{path}"' if name == "add" else path
    document, parent, key = _open(
        document, path, f"{name} operation does not apply: doc is missing {what}{shown}{_MISSING}"
    )
    if isinstance(parent, list) and key != "-":
        pointer = _escaped(str(_index(parent, key, path, name, len(parent) + 1)))
    else:
        pointer = _escaped(key)
    _engine(parent, {"op": "add", "path": pointer, "value": value})
    return document


def _get(document: Any, path: Any, name: str, what: str, *, missing: bool = False) -> Any:
    """What is there; with ``missing``, null where a map has no such key."""
    if not isinstance(path, str):
        raise Unfit(
            f"{name} operation failed to decode from: operation, missing from field{_MISSING}"
        )
    refusal = f"{name} operation does not apply: doc is missing {what}: {path}{_MISSING}"
    parent, key = _walk(document, path, refusal)
    if isinstance(parent, dict):
        if key not in parent and not missing:
            raise Unfit(
                f"error in {name} for path: '{key}': Unable to remove nonexistent key: {key}"
                f"{_MISSING}"
            )
        return parent.get(key)
    return parent[_index(parent, key, path, name, len(parent))]


# -- paths -----------------------------------------------------------------------


def _path(operation: Operation, name: str) -> str:
    path = operation.get("path")
    if not isinstance(path, str):
        found = "none" if path is None else f"a {gonames.json(path)}"
        raise Unfit(f"{name} operation failed to decode path{_MISSING}: found {found}")
    return path


def _parts(path: str, refusal: str) -> list[str]:
    words = path.split("/")[1:]
    if not words:
        raise Unfit(refusal)
    return [word.replace("~1", "/").replace("~0", "~") for word in words]


def _walk(document: Any, path: str, refusal: str) -> tuple[Any, str]:
    """The container that holds the path's last part, and that part."""
    *before, key = _parts(path, refusal)
    for part in before:
        document = _step(document, part, refusal)
    if not isinstance(document, CONTAINERS):
        raise Unfit(refusal)
    return document, key


def _open(document: Any, path: str, refusal: str) -> tuple[Any, Any, str]:
    """As ``_walk``, with the containers on the way copied: the new document comes first."""
    *before, key = _parts(path, refusal)
    result = parent = _own(document, refusal)
    for part in before:
        child = _own(_step(parent, part, refusal), refusal)
        if isinstance(parent, dict):
            parent[part] = child
        else:
            parent[int(part)] = child
        parent = child
    return result, parent, key


def _own(container: Any, refusal: str) -> Any:
    if not isinstance(container, CONTAINERS):
        raise Unfit(refusal)
    return container.copy()


def _step(container: Any, part: str, refusal: str) -> Any:
    if isinstance(container, dict):
        found = container.get(part)
    elif isinstance(container, list) and _INDEX.fullmatch(part):
        index = int(part)
        found = container[index] if -len(container) <= index < len(container) else None
    else:
        found = None
    if found is None:
        raise Unfit(refusal)
    return found


def _index(container: list[Any], key: str, path: str, name: str, size: int) -> int:
    """A position, counted from the end where negative."""
    if not _INDEX.fullmatch(key):
        raise Unfit(
            f"error in {name} for path: '{path}': value was not a proper array index: '{key}'"
        )
    index = int(key)
    if not -size <= index < size:
        raise Unfit(
            f"error in {name} for path: '{path}': Unable to access invalid index: {index}:"
            f" invalid index referenced: the list has {len(container)} items"
        )
    return index + size if index < 0 else index


def _pointer(container: Any, key: str, path: str, name: str, refusal: str = "") -> str:
    if isinstance(container, dict):
        return _escaped(key)
    try:
        return f"/{_index(container, key, path, name, len(container))}"
    except Unfit as unfit:
        raise Unfit(f"{refusal}: {unfit}" if refusal else str(unfit)) from None


def _escaped(key: str) -> str:
    return "/" + key.replace("~", "~0").replace("/", "~1")


# -- numbers and sizes -----------------------------------------------------------


def _rounded(value: Any) -> Any:
    """Integers as they come back from a float, where any is large enough to differ."""
    try:
        text = orjson.dumps(value, default=str)
    except TypeError as error:
        raise Unfit(f"the patch makes an object that is no JSON: {error}") from None
    return _round(value) if _LONG in text.translate(canonical.DIGITS) else value


def _round(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _round(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_round(item) for item in value]
    if isinstance(value, int) and abs(value) > _EXACT:
        return scalars.number(float(value))
    return value


def _equal(found: Any, wanted: Any) -> bool:
    if isinstance(found, bool) or isinstance(wanted, bool):
        return found is wanted
    if isinstance(found, dict) and isinstance(wanted, dict):
        return found.keys() == wanted.keys() and all(_equal(v, wanted[k]) for k, v in found.items())
    if isinstance(found, list) and isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(_equal, found, wanted))
    return bool(found == wanted)
