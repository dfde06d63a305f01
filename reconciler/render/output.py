"""What is printed for a build's objects: a text that is bounded, as few may share what is long."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import orjson

from reconciler.documents import dump
from reconciler.model.errors import RenderError
from reconciler.render import bounds
from reconciler.render.build import Resource


def to_yaml(resources: Iterable[Resource]) -> str:
    """The bytes of ``kustomize build``, as text. Raises RenderError where there are too many."""
    return "---\n".join(_bounded(_texts(tuple(resources))))


def to_json(resources: Iterable[Resource]) -> str:
    """A list of the objects. Raises RenderError where it is too long."""
    values = [resource.value for resource in resources]
    for _ in _bounded(orjson.dumps(value, default=float).decode() for value in values):
        pass
    return orjson.dumps(values, option=orjson.OPT_INDENT_2, default=float).decode() + "\n"


def _texts(resources: tuple[Resource, ...]) -> Iterator[str]:
    texts = dump.each(resource.value for resource in resources)
    for resource in resources:
        try:
            yield next(texts)
        except RenderError as error:
            path, line = resource.origin.path, resource.origin.line
            raise RenderError(str(error), path=path, line=line) from None


def _bounded(texts: Iterable[str]) -> Iterator[str]:
    size = 0
    for text in texts:
        size += len(text)
        if size > bounds.OUTPUT:
            raise RenderError(f"the objects are longer than {bounds.OUTPUT >> 20} MiB")
        yield text
