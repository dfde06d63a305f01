"""``replicas``: the number of replicas of a workload, by its present or any former name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.documents import styles
from reconciler.render import fieldspecs
from reconciler.render.context import Context
from reconciler.render.fieldspecs import Route, Specs, scalar_only
from reconciler.render.ids import Kind
from reconciler.render.items import Item, Step


def from_field(words: list[dict[str, Any]], context: Context) -> Iterator[Step]:
    """``replicas`` of a kustomization."""
    for index, row in enumerate(words):
        yield _step(row, context.config.replicas, context.under(index))


def from_file(words: dict[str, Any], context: Context) -> Step:
    """ReplicaCountTransformer: ``replica``, ``fieldSpecs``."""
    return _step(words.get("replica", {}), context.specs(words), context)


def _step(row: dict[str, Any], specs: Specs, context: Context) -> Step:
    name, count = row.get("name", ""), row.get("count", 0)

    def put(old: Any) -> Any:
        scalar_only(old)
        return styles.over(old, count) if old else count  # which is made where it is missing

    def step(items: list[Item]) -> list[Item]:
        result = list(items)
        named = [(n, _kinds(item, name)) for n, item in enumerate(items) if item.was_called(name)]
        found = False
        for spec in specs:
            change = fieldspecs.changer(
                Route(fieldspecs.split(spec.path), spec.create, spec.path), put, ""
            )
            for index, kinds in named:
                item = result[index]
                if any(map(spec.kind.selects, kinds)):
                    found = True
                    if spec.kind.selects(item.id.kind):
                        result[index] = context.changed(item, change)
        if not found:
            wanted = " ".join(str(spec.kind) for spec in specs)
            raise context.error(
                f"resource with name {name} does not match a config with the following GVK"
                f" [{wanted}]; objects of these kinds: {_names(items, specs)}"
            )
        return result

    return step


def _kinds(item: Item, name: str) -> set[Kind]:
    """The kinds of which it was while it was called so."""
    return {it.kind for it in (*item.formers(), item.id) if it.name == name}


def _names(items: list[Item], specs: Specs) -> str:
    names = sorted({i.id.name for i in items for s in specs if s.kind.selects(i.id.kind)})
    return ", ".join(names[:10]) or "none"
