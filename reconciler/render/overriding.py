"""Local overrides laid over built objects, as one more kustomize level, within the fleet's rules.

In: the overlay's objects, files from the site, and the rules ``overrides``. Out: the objects, which
fields are overridden by which file, and the files that were dropped. Each file is one patch as in
kustomize's ``patches``, and holds as a whole or not at all. Objects keep their names: a generated
ConfigMap that a file changes has the hash of what the overlay says. Called by ``site``.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from reconciler.documents.load import Document
from reconciler.model import fields
from reconciler.model.errors import RenderError
from reconciler.model.overrides import Dropped, LocalFile, Overridden
from reconciler.model.refs import ObjectRef
from reconciler.model.rules import OverrideRule
from reconciler.render import bounds, config, differences, openapi, trees
from reconciler.render.build import Resource
from reconciler.render.cache import Cache
from reconciler.render.context import Context
from reconciler.render.differences import Difference
from reconciler.render.fieldspecs import Unfit
from reconciler.render.folder import Folder
from reconciler.render.items import Item, Value
from reconciler.render.kept import Reads
from reconciler.render.sources import Source
from reconciler.render.transformers import patches

_MOST = 100  # fields that one file may change
_SHOWN = 300  # characters of a reason
_TARGET = frozenset(
    ("group", "version", "kind", "name", "namespace", "labelSelector", "annotationSelector")
)


class Laid(NamedTuple):
    resources: tuple[Resource, ...]
    overridden: tuple[Overridden, ...] = ()
    dropped: tuple[Dropped, ...] = ()


class _Refused(Exception):
    """Why a file is dropped."""


def lay(
    resources: tuple[Resource, ...],
    files: Sequence[LocalFile],
    rules: tuple[OverrideRule, ...],
    usable: Callable[[Resource], object],
) -> Laid:
    """``usable`` raises RenderError for an object that could not be applied."""
    base = [Item(dict(each.value), each.origin, each.former) for each in resources]
    now, owners, dropped = list(base), _Owners(), []
    for file in files:
        try:
            after = _patched(now, file)
            changed = _changed(now, after)
            for index in changed:
                _check(after[index], usable)
            found = {index: _allowed(base[index], after[index], rules) for index in changed}
        except _Refused as refused:
            dropped.append(Dropped(file=file.name, reason=str(refused)))
            continue
        for index, rows in found.items():
            owners.take(file.name, now[index], after[index], index, rows)
        now = after
    return Laid(
        tuple(
            each if item is was else each._replace(value=item.value)
            for each, was, item in zip(resources, base, now, strict=True)
        ),
        owners.rows(now),
        tuple(dropped),
    )


class _Owners:
    """Which file a field that differs comes from: the last one that changed it."""

    def __init__(self) -> None:
        self._files: dict[int, dict[fields.Path, tuple[str, Any]]] = {}

    def take(
        self, file: str, before: Item, after: Item, index: int, rows: Sequence[Difference]
    ) -> None:
        """``rows`` is how the object now differs from the overlay's."""
        own = {each.path for each in differences.between(before.value, after.value)}
        old = self._files.get(index, {})
        self._files[index] = {
            each.path: (file if each.path in own else old.get(each.path, (file,))[0], each.after)
            for each in rows
        }

    def rows(self, items: Sequence[Item]) -> tuple[Overridden, ...]:
        return tuple(
            Overridden(
                ref=ObjectRef.of(items[index].value),
                field=fields.show(path),
                rule=fields.rule(path),
                value=orjson.dumps(value, default=float).decode(),
                file=file,
            )
            for index, found in sorted(self._files.items())
            for path, (file, value) in found.items()
        )


def _patched(items: list[Item], file: LocalFile) -> list[Item]:
    """Raises _Refused."""
    try:
        after = patches.from_file(*_entry(file))(items)
        if len(after) != len(items):
            raise _Refused("it deletes an object")
        return [
            item.with_value(differences.in_order(was.value, item.value))
            for was, item in zip(items, after, strict=True)
        ]
    except RecursionError:
        raise _Refused("it is nested too deeply") from None
    except (RenderError, Unfit) as error:
        if "Secret" in file.text:
            raise _Refused("it cannot be applied; why is not told, as it names a Secret") from None
        message = error.message if isinstance(error, RenderError) else str(error)
        raise _Refused(_short(message)) from None


def _entry(file: LocalFile) -> tuple[dict[str, Any], Context]:
    """The file as an entry of ``patches``. Raises RenderError, Unfit."""
    data = file.text.encode()
    cache = Cache()
    tree = trees.Files({file.name: data})
    folder = Folder(tree, "", restrict=True, reads=Reads())
    documents = cache.files.settings(file.name, data)
    first = documents[0].value if len(documents) == 1 else None
    words: dict[str, Any] = {"path": file.name}
    if isinstance(first, dict) and "patch" in first and "kind" not in first:
        words = _targeted(first)
    source = Source(file.name, data, Document(words, 1))
    shapes = openapi.built_in().shapes
    return words, Context(folder, cache, config.EMPTY, shapes, source)


def _targeted(words: Mapping[str, Any]) -> dict[str, Any]:
    """``target`` and ``patch``; kustomize's ``options`` would let it change names."""
    target, patch = words.get("target"), words.get("patch")
    if words.keys() != {"target", "patch"} or not isinstance(patch, str):
        raise Unfit("expected target and patch, which is a text, and nothing else")
    if not isinstance(target, dict) or not target.keys() <= _TARGET:
        raise Unfit(f"target: expected a mapping with {', '.join(sorted(_TARGET))}")
    if not all(isinstance(value, str) for value in target.values()):
        raise Unfit("target: expected strings")
    return {"target": dict(target), "patch": patch}


def _changed(before: list[Item], after: list[Item]) -> list[int]:
    """Which objects are others now. Raises _Refused where that is not all."""
    for was, item in zip(before, after, strict=True):
        if item is not was and not _is_named_the_same(was.value, item.value):
            raise _Refused(f"it renames {was.id.kind.kind} {was.id.name}")
    found = [index for index, was in enumerate(before) if after[index].value is not was.value]
    if all(before[index].value == after[index].value for index in found):
        raise _Refused("it changes nothing")
    return found


def _is_named_the_same(before: Value, after: Value) -> bool:
    def name(value: Value) -> tuple[Any, ...]:
        metadata = value.get("metadata")
        metadata = metadata if isinstance(metadata, dict) else {}
        own = (value.get("apiVersion"), value.get("kind"))
        return (*own, metadata.get("name"), metadata.get("namespace"))

    return name(before) == name(after)


def _allowed(base: Item, after: Item, rules: tuple[OverrideRule, ...]) -> list[Difference]:
    """How the object differs from the overlay's. Raises _Refused where rules do not allow it."""
    try:
        bounds.check(after.value, "it")
        rows = differences.between(base.value, after.value)
        found = list(itertools.islice(rows, _MOST + 1))
    except Unfit as unfit:
        raise _Refused(str(unfit)) from None
    except RecursionError:
        raise _Refused("it nests an object too deeply") from None
    ref = ObjectRef.of(base.value)
    for each in found:
        if why := differences.refusal(each, ref, rules):
            raise _Refused(_short(why))
    if len(found) > _MOST:
        raise _Refused(f"it changes more than {_MOST} fields of {ref}")
    return found


def _check(item: Item, usable: Callable[[Resource], object]) -> None:
    try:
        usable(Resource(item.value, item.origin))
    except RenderError as error:
        raise _Refused(_short(error.message)) from None
    except RecursionError:
        raise _Refused("it nests an object too deeply") from None


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 3]}..."
