"""Generators, transformers and validators that stand in files of their own.

Only kustomize's built-in ones (``apiVersion: builtin``): nothing is ever executed. An entry is
the configuration itself, a file of it, or a folder whose kustomization builds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from reconciler.documents.load import Document
from reconciler.model.errors import RenderError
from reconciler.render import generators, provenance, resources, shapes, telling, transformers
from reconciler.render.context import Context
from reconciler.render.items import Item, Step
from reconciler.render.shapes import Misshapen
from reconciler.render.sources import Source

_NOTHING = frozenset(("", "---", "{}", "[]", "null", "~"))  # configures nothing, and is no path
_HELM = "HelmChartInflationGenerator"
_FUNCTIONS = ("config.kubernetes.io/function", "config.k8s.io/function")


class Plugin(NamedTuple):
    """One configuration: its fields as its kind has them, and where they stand.

    ``called`` is its file's path as ``buildMetadata`` has it, where that is known of no object.
    """

    kind: str
    item: Item
    words: dict[str, Any]
    context: Context
    called: str = ""

    @property
    def provenance(self) -> provenance.Step | None:
        """What is noted of what it makes and changes; None if nothing is known of itself."""
        it, trace = self.item.id, self.item.books.trace
        return provenance.Step(
            configured_in=trace.origin.path if trace else self.called,
            api_version=it.kind.api_version,
            kind=it.kind.kind,
            name=it.name,
            namespace=it.namespace,
        )

    def items(self) -> Iterator[Item]:
        """What a generator makes. Raises RenderError."""
        make = generators.KINDS.get(self.kind)
        if make is None:
            raise self.context.error(f"plugin {self.item.original} not a generator")
        return make(self.words, self.context)

    def step(self) -> Step:
        """What a transformer does. Raises RenderError."""
        configure = transformers.KINDS.get(self.kind)
        if configure is None:
            raise self.context.error(f"plugin {self.item.original} not a transformer")
        try:
            return configure(self.words, self.context)
        except RenderError as error:
            raise telling.told(error, f"plugin {self.item.id} fails configuration") from None


def inline(entry: str, context: Context, called: str) -> list[Plugin] | None:
    """The plugins that an entry holds itself; None if it is a path. Raises RenderError."""
    if entry.strip() in _NOTHING or (entry.lstrip().startswith("#") and "\n" not in entry):
        return []
    if "\n" not in entry and ":" not in entry:
        return None
    try:
        sources = context.files.objects(context.source.path, entry.encode())
        items = resources.of(sources)
    except RenderError as error:
        if "\n" in entry.strip():
            raise context.inline(error) from None
        return None
    return [_plugin(item, context, called) for item in items]


def from_file(sources: tuple[Source, ...], context: Context, called: str) -> list[Plugin]:
    """The plugins in a file's documents. Raises RenderError."""
    items = resources.of(sources)
    return [_plugin(item, _place(item, sources, context), called) for item in items]


def from_items(items: tuple[Item, ...], context: Context) -> list[Plugin]:
    """The plugins that a folder's kustomization built. Raises RenderError."""
    return [_plugin(item, context) for item in items]


def join(
    found: list[Plugin], more: list[Plugin], doing: str, told: Callable[[str], str] = str
) -> None:
    """Add to ``found`` in place. Raises RenderError for two of one kind and name.

    ``doing`` is what the error begins with, and ``told`` puts it as kustomize does.
    """
    taken = {plugin.item.id.key for plugin in found}
    for plugin in more:
        if plugin.item.id.key in taken:
            text = f"{doing}may not add resource with an already registered id: {plugin.item.id}"
            raise plugin.context.error(told(text))
        taken.add(plugin.item.id.key)
    found += more


def _place(item: Item, sources: tuple[Source, ...], context: Context) -> Context:
    for source in sources:
        if source.value is item.value:
            return context.within(source)
    return context.within(Source(item.origin.path, b"", Document(item.value, item.origin.line)))


def _plugin(item: Item, context: Context, called: str = "") -> Plugin:
    kind = item.id.kind
    if kind.group or kind.version != "builtin":
        raise context.error(_refusal(item))
    if kind.kind == _HELM:
        raise context.error(f"{_HELM} is not supported: Helm charts are not rendered")
    shape = shapes.FILES.get(kind.kind)
    if shape is None:
        raise context.error(f"unable to load builtin {kind}: it is no generator or transformer")
    try:
        words = shapes.fit(item.value, shape, lenient=True)
    except Misshapen as error:
        raise context.error(f"plugin {item.id} fails configuration: {error}", *error.path) from None
    return Plugin(kind.kind, item, words, context, called)


def _refusal(item: Item) -> str:
    annotations = item.value["metadata"].get("annotations") or {}
    what = "a function" if any(key in annotations for key in _FUNCTIONS) else "a plugin"
    return (
        f"external plugins disabled; unable to load external plugin '{item.id.kind.kind}':"
        f" {item.id} asks for {what}, and nothing is executed while rendering"
    )
