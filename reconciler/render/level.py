"""One kustomization, accumulated: its resources, generators and components, transformed.

The stages follow kustomize: resources, configuration, generators, components, transformers,
validators, vars. Hashes, name references and the values of vars come once, at the root
(``build``). A level is a value: it can be kept and laid under any number of overlays.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, cast

from reconciler.model.errors import RenderError
from reconciler.render import (
    braced,
    collection,
    config,
    configurations,
    crds,
    generators,
    kustomization,
    openapi,
    plugins,
    provenance,
    resources,
    telling,
    transformers,
    variables,
)
from reconciler.render.cache import Cache
from reconciler.render.collection import Collision
from reconciler.render.config import Config
from reconciler.render.context import Context
from reconciler.render.folder import Folder, Problem, rooted
from reconciler.render.items import Item, Step
from reconciler.render.kept import Reads
from reconciler.render.kustomization import Kustomization
from reconciler.render.openapi import Schemas
from reconciler.render.plugins import Plugin
from reconciler.render.tracing import Tracer
from reconciler.render.transformers import Stage
from reconciler.render.variables import Variable

_VALIDATED = "validated-by"


class Level(NamedTuple):
    """What a kustomization hands up. ``schemas`` are those in force after it."""

    schemas: Schemas
    items: tuple[Item, ...] = ()
    config: Config = config.EMPTY
    variables: tuple[Variable, ...] = ()


def build(folder: Folder, cache: Cache) -> tuple[Level, Kustomization]:
    """The level of the folder that a build starts from. Raises RenderError."""
    try:
        own = kustomization.read(folder, cache.files)
    except Problem as problem:
        raise RenderError(str(problem), path=folder.path) from None
    tracing = bool(own.list("buildMetadata"))
    work = _Work(folder, cache, own, Level(schemas=openapi.built_in()), tracing=tracing)
    return work.run(), own


class _Work:
    """A level while it is built up; ``tracing`` notes what makes and changes each object."""

    def __init__(
        self, folder: Folder, cache: Cache, own: Kustomization, start: Level, *, tracing: bool
    ) -> None:
        self._folder = folder
        self._cache = cache
        self._own = own
        self._trace = Tracer(tracing, folder.called(own.name))
        self._items = list(start.items)
        self._config = start.config
        self._variables = start.variables
        self._schemas = start.schemas

    def _level(self) -> Level:
        return Level(
            items=tuple(self._items),
            config=self._config,
            variables=self._variables,
            schemas=self._met(),
        )

    def _met(self, *, merged: bool = False) -> Schemas:
        return self._schemas.after(self._items, merged=merged)

    def run(self) -> Level:
        """Go through the stages. Raises RenderError."""
        self._folder.reads.roots.add(self._folder.path)
        self._choose_schema()
        self._resources()
        self._configure()
        self._generate()
        self._components()
        merger = self._cache.merger(self._schemas.shapes)
        before = merger.merges
        self._transform()
        self._validate()
        self._name_variables()
        self._schemas = self._met(merged=merger.merges > before)
        return self._level()

    def _context(self, *at: str | int) -> Context:
        return Context(
            self._folder,
            self._cache,
            self._config,
            self._schemas.shapes,
            self._own.source,
            at,
        )

    # -- stages ------------------------------------------------------------------

    def _choose_schema(self) -> None:
        words = self._own.fields.get("openapi")
        if words:
            self._schemas = openapi.chosen(words, self._schemas, self._context("openapi"))

    def _resources(self) -> None:
        taken = {item.id.key for item in self._items}
        for index, path in enumerate(self._own.list("resources")):
            here = self._context(*self._own.place("resources", index))
            if self._folder.is_folder(path):
                self._merge(*self._child(path, here, component=False), path, here, taken)
                continue
            where, data = self._file(path, here)
            try:
                items = resources.of(here.files.objects(where, data, self._digest(where)))
                items = self._trace.read(items, self._folder.called(path))
                collection.append(self._items, items, taken)
            except RenderError as error:
                raise telling.unreadable(error, path, self._folder) from None
            except Collision as collision:
                text = f"merging resources from '{path}': {collision}"
                text = telling.as_file(text, path, self._folder)
                raise here.error(f"accumulating resources: {text}{collision.places}") from None

    def _file(self, path: str, here: Context) -> tuple[str, bytes]:
        """A file of objects: its path in the tree, and its bytes. Raises RenderError."""
        try:
            return self._folder.read(path)
        except Problem as problem:
            text = f"accumulating resources from '{path}': {problem}"
            text = telling.as_file(text, path, self._folder)
            raise here.error(f"accumulating resources: {text}") from None

    def _digest(self, where: str) -> str:
        return self._folder.reads.seen[where] or ""

    def _configure(self) -> None:
        with self._context("configurations").placing():
            own = config.EMPTY
            for index, path in enumerate(self._own.list("configurations")):
                more = configurations.load(path, self._context("configurations", index))
                own = own.merged(more)
            self._config = self._config.merged(config.default().merged(own))
        for index, path in enumerate(self._own.list("crds")):
            here = self._context("crds", index)
            try:
                with here.placing():
                    self._config = self._config.merged(crds.load(path, here))
            except RenderError as error:
                raise telling.told(error, f"loading CRDs [{path}]") from None

    def _generate(self) -> None:
        options = self._own.fields.get("generatorOptions")
        taken = collection.names(self._items)
        for field, (kind, make) in generators.FIELDS.items():
            if field in self._own.fields:
                here, by = self._context(field), self._trace.builtin(kind)
                for index, item in enumerate(make(self._own.fields[field], options, here)):
                    made = self._trace.made(item, by)
                    collection.absorb(self._items, made, here.under(index), taken)
        try:
            for plugin in self._plugins("generators"):
                for item in plugin.items():
                    made = self._trace.made(item, plugin.provenance)
                    collection.absorb(self._items, made, plugin.context, taken)
        except RenderError as error:
            raise telling.told(error, "loading generator plugins") from None

    def _components(self) -> None:
        for index, path in enumerate(self._own.list("components")):
            here = self._context("components", index)
            level, _ = self._child(path, here, component=True)
            self._items = []
            try:
                collection.append(self._items, level.items)
            except Collision as collision:
                raise here.error(
                    f"accumulating components: recursed merging from path '{path}':"
                    f" {collision}{collision.places}"
                ) from None
            self._config, self._variables = level.config, level.variables
            self._schemas = level.schemas

    def _transform(self) -> None:
        fields = self._own.fields
        for stage in transformers.STAGES:
            if any(fields.get(field) for field in stage.fields):
                words, here = fields.get(stage.field), self._context(stage.field)
                for step in _configured(stage, words, here):
                    ran = braced.step(stage.kind, step)
                    self._apply(ran, self._trace.builtin(stage.kind), here)
        for plugin in self._plugins("transformers"):
            step = braced.step(plugin.kind, plugin.step())
            self._apply(step, plugin.provenance, plugin.context)

    def _apply(self, step: Step, by: provenance.Step | None, here: Context) -> None:
        with here.placing():
            self._items = self._trace.changed(step(self._items), by)

    def _validate(self) -> None:
        """Validators are transformers that may change nothing but a label that says so."""
        for plugin in self._plugins("validators"):
            after = plugin.step()(self._items)
            changed = collection.difference(self._items, after, _VALIDATED)
            if changed:
                what = "validator shouldn't modify the resource map"
                raise plugin.context.error(f"{what}: {changed}")
            self._items = after

    def _plugins(self, field: str) -> list[Plugin]:
        found: list[Plugin] = []
        paths: list[int] = []
        entries = self._own.list(field)
        for index, entry in enumerate(entries):
            more = plugins.inline(entry, self._context(field, index), self._trace.file)
            if more is None:
                paths.append(index)
            else:
                kind = "generator" if field == "generators" else "transformer"
                plugins.join(found, more, f"configuring external {kind}: ")
        for index in paths:
            self._join_plugins(found, entries[index], self._context(field, index))
        return found

    def _join_plugins(self, found: list[Plugin], path: str, here: Context) -> None:
        if self._folder.is_folder(path):
            level, _ = self._child(path, here, component=False)
            more = plugins.from_items(level.items, here)
        else:
            where, data = self._file(path, here)
            sources = here.files.objects(where, data, self._digest(where))
            more = plugins.from_file(sources, here, self._folder.called(path))

        merging = f"merging resources from '{path}': "
        plugins.join(found, more, merging, lambda text: telling.as_file(text, path, self._folder))

    def _name_variables(self) -> None:
        found = self._own.list("vars")
        if found:
            here = self._context("vars")
            self._items = variables.attached(self._items, found, here)
            more = variables.of(found, here)
            self._variables = variables.added(self._variables, more, "merging vars")

    # -- levels below --------------------------------------------------------------

    def _merge(
        self, level: Level, where: str, path: str, here: Context, taken: set[collection.Key]
    ) -> None:
        """Lay what a base, which is really at ``where``, hands up beside what is there."""
        doing = telling.as_folder(path, self._folder.resolve(path))
        doing += f": recursed merging from path '{rooted(where)}'"
        try:
            collection.append(self._items, level.items, taken)
        except Collision as collision:
            raise here.error(f"{doing}: {collision}{collision.places}") from None
        with here.placing():
            self._config = self._config.merged(level.config)
        self._variables = variables.added(self._variables, level.variables, doing, here)
        self._schemas = level.schemas

    def _child(self, path: str, here: Context, *, component: bool) -> tuple[Level, str]:
        """The level of another folder, and where that really is. Raises RenderError."""
        reads = Reads()
        try:
            folder = self._folder.child(path, reads)
            kept = None if component or self._trace.on else self._kept(folder)
        except Problem as problem:
            raise here.error(self._around(path, str(problem), component=component)) from None
        if kept is not None:
            return kept, folder.path
        level = self._built(folder, path, here, component=component)
        self._folder.reads.add(reads)
        if not component and not self._trace.on:
            self._cache.levels.add(self._key(folder), reads, level)
        return level, folder.path

    def _key(self, folder: Folder) -> tuple[str, bool, int, bool, bool]:
        now = self._met()
        return (folder.path, folder.restrict, id(now.shapes), now.merged, now.wondered)

    def _kept(self, folder: Folder) -> Level | None:
        """The folder's level from an earlier build. Raises Problem."""
        found = self._cache.levels.find(self._key(folder), folder.tree)
        if found is None:
            return None
        reads, level = found
        for root in reads.roots:
            folder.refuse_cycle(root, folder.trail)
        self._folder.reads.add(reads)
        return cast(Level, level)

    def _around(self, path: str, problem: str, *, component: bool) -> str:
        """What is wrong with the entry of a base or component, in kustomize's words."""
        if component:
            return f'accumulating components: loader.New "{problem}"'
        return f"{telling.as_folder(path, self._folder.resolve(path))}: {problem}"

    def _built(self, folder: Folder, path: str, here: Context, *, component: bool) -> Level:
        accumulating = f"accumulating {'components' if component else 'resources'}"
        shown = rooted(folder.path)
        making = f"couldn't make target for path '{shown}'"
        try:
            own = kustomization.read(folder, self._cache.files)
        except Problem as problem:
            text = f"{making}: {problem}"
            raise here.error(self._around(path, text, component=component)) from None
        except RenderError as error:
            raise telling.told(error, f"{accumulating}: {making}") from None
        if own.is_component != component:
            raise here.error(
                f"{accumulating}: accumulateDirectory: \"expected kind '{kustomization.COMPONENT}'"
                f" for path '{shown}' but got '{own.fields['kind']}'\""
                if component
                else f"{accumulating}: expected kind != '{kustomization.COMPONENT}' for path"
                f" '{shown}'"
            )
        start = self._level() if component else Level(schemas=self._met())
        try:
            return _Work(folder, self._cache, own, start, tracing=self._trace.on).run()
        except RenderError as error:
            raise telling.below(error, folder.path, accumulating) from None


def _configured(stage: Stage, words: Any, here: Context) -> Iterator[Step]:
    """A stage's steps; what is wrong with how it is configured is told as that."""
    steps = stage.configure(words, here)
    while True:
        try:
            step = next(steps, None)
        except RenderError as error:
            doing = f"trouble configuring builtin {stage.kind} with config"
            raise telling.told(error, doing) from None
        if step is None:
            return
        yield step
