"""Random histories of a custom object: who did what to it, one write after another.

Everything that a schema can say about ownership is in ``definition``: declared fields, maps,
lists with one key and two, sets, atomic lists and maps, fields without a schema, and a status.
Custom resources, as the API server fills in nothing of its own there.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from reconciler.model.refs import FIELD_MANAGER
from tests.contracts import objects
from tests.contracts.world import Obj, World, manifest

KIND = "Sample"
APPLIERS = (FIELD_MANAGER, FIELD_MANAGER, "other")
EDITORS = ("editor", "other-editor", FIELD_MANAGER)

_TEXT = {"type": "string"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One write; ``what`` says it in a failure's words."""

    what: str
    act: Callable[[World], None]

    def __str__(self) -> str:
        return self.what


class Author:
    """Writes the history of one object; the same one for the same seed."""

    def __init__(self, seed: int, home: str, name: str) -> None:
        self._chance = random.Random(seed)
        self._home = home
        self._name = name

    def length(self) -> int:
        return self._chance.randint(3, 9)

    def next(self, found: Obj | None) -> Write:
        """What comes next for an object that is as ``found`` now."""
        if found is None:
            return self._chance.choice((self._apply, self._apply, self._create))()
        writes = (self._apply, self._merge, self._status, self._apply_status)
        picked = self._chance.choices(writes, weights=(5, 2, 1, 1))[0]
        return picked() if self._maybe(0.8) else self._replace_spec(found)

    def _apply(self) -> Write:
        wanted, by = self._object(), self._chance.choice(APPLIERS)
        if by != FIELD_MANAGER:
            return Write(what=f"{by} applies {wanted}", act=lambda w: w.apply(wanted, by=by))
        force = self._maybe(0.7)
        return Write(
            what=f"we apply {wanted}, force {force}",
            act=lambda w: _drop(w.cluster.apply(manifest(wanted), force=force)),
        )

    def _create(self) -> Write:
        wanted = self._object()
        return Write(what=f"create {wanted}", act=lambda w: w.create(wanted, by="creator"))

    def _merge(self) -> Write:
        spec = self._spec()
        patch: dict[str, Any] = {
            "spec": {name: None if self._maybe(0.3) else value for name, value in spec.items()}
        }
        if self._maybe(0.3):
            patch["metadata"] = {"labels": {"l1": self._chance.choice(("x", None))}}
        by = self._chance.choice(EDITORS)
        return self._patch(patch, "merge", by)

    def _replace_spec(self, found: Obj) -> Write:
        fresh = {**(found.get("spec") or {}), **self._some(self._spec())}
        spec = {name: value for name, value in fresh.items() if self._maybe(0.85)}
        patch = [{"op": "add", "path": "/spec", "value": spec}]
        return self._patch(patch, "json", self._chance.choice(EDITORS))

    def _patch(self, patch: Any, sort: str, by: str) -> Write:
        bare = self._bare()
        return Write(
            what=f"{by} patches {patch}", act=lambda w: w.patch(bare, patch, sort=sort, by=by)
        )

    def _status(self) -> Write:
        bare, patch = self._bare(), {"status": self._words("s", "t")}
        return Write(
            what=f"controller patches {patch}",
            act=lambda w: w.patch(bare, patch, by="controller", status=True),
        )

    def _apply_status(self) -> Write:
        wanted = {**self._object(), "status": self._words("s", "t")}
        return Write(
            what=f"controller applies the status of {wanted}",
            act=lambda w: w.apply(wanted, by="controller", status=True),
        )

    def _bare(self) -> dict[str, Any]:
        metadata = {"name": self._name, "namespace": self._home}
        return {"apiVersion": f"{objects.GROUP}/v1", "kind": KIND, "metadata": metadata}

    def _object(self) -> dict[str, Any]:
        made = self._bare()
        if self._maybe(0.6):
            made["metadata"]["labels"] = self._words("l1", "l2")
        if self._maybe(0.3):
            made["metadata"]["annotations"] = self._words("a1", "a2")
        if self._maybe(0.9):
            made["spec"] = self._spec()
        return made

    def _spec(self) -> dict[str, Any]:
        makers: dict[str, Callable[[], Any]] = {
            "text": self._word,
            "number": lambda: self._chance.randint(0, 2),
            "flag": lambda: self._maybe(0.5),
            "map": lambda: self._words("j", "k", "l"),
            "oneMap": lambda: self._words("j", "k", "l"),
            "nested": lambda: {**self._words("x", "y"), **self._some({"deep": self._words("z")})},
            "free": lambda: {**self._words("f", "g"), **self._some({"h": self._words("i")})},
            "items": lambda: [self._item(name) for name in self._picked("1", "2", "3")],
            "ports": lambda: [self._port(number) for number in self._picked(80, 81)],
            "set": lambda: self._picked("q", "r", "s"),
            "list": lambda: [self._word() for _ in range(self._chance.randint(0, 3))],
        }
        return {name: make() for name, make in makers.items() if self._maybe(0.4)}

    def _item(self, name: str) -> dict[str, Any]:
        rest = {"value": self._word(), "sub": self._words("p", "q")}
        return {"name": name, **self._some(rest)}

    def _port(self, number: int) -> dict[str, Any]:
        rest = {"protocol": self._chance.choice(("TCP", "UDP")), "name": self._word()}
        return {"port": number, **self._some(rest)}

    def _word(self) -> str:
        return self._chance.choice("uvw")

    def _words(self, *names: str) -> dict[str, str]:
        return {name: self._word() for name in self._picked(*names)}

    def _picked(self, *values: Any) -> list[Any]:
        return self._chance.sample(values, self._chance.randint(0, len(values)))

    def _some(self, value: dict[str, Any]) -> dict[str, Any]:
        return {name: below for name, below in value.items() if self._maybe(0.5)}

    def _maybe(self, probability: float) -> bool:
        return self._chance.random() < probability


def definition() -> dict[str, Any]:
    texts = {"type": "object", "additionalProperties": _TEXT}
    made = objects.definition(KIND)
    schema = made["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    schema["properties"]["spec"]["properties"] = {
        "text": _TEXT,
        "number": {"type": "integer"},
        "flag": {"type": "boolean"},
        "map": texts,
        "oneMap": {**texts, "x-kubernetes-map-type": "atomic"},
        "nested": _fields(x=_TEXT, y=_TEXT, deep=_fields(z=_TEXT)),
        "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        "items": _keyed(("name",), name=_TEXT, value=_TEXT, sub=_fields(p=_TEXT, q=_TEXT)),
        "ports": _keyed(
            ("port", "protocol"),
            port={"type": "integer"},
            protocol={"type": "string", "default": "TCP"},
            name=_TEXT,
        ),
        "set": {"type": "array", "x-kubernetes-list-type": "set", "items": _TEXT},
        "list": {"type": "array", "items": _TEXT},
    }
    return made


def _fields(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def _keyed(keys: tuple[str, ...], **properties: Any) -> dict[str, Any]:
    return {
        "type": "array",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": list(keys),
        "items": {**_fields(**properties), "required": [keys[0]]},
    }


def _drop(_: object) -> None:
    """What a write answers is looked at by other tests."""
