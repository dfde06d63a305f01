"""A tree, a site and a commit in, the site's manifests out: settings, then the overlay, then
what files on site lay over it. Called by the render child, and by whoever renders a site for its
own sake.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import NamedTuple

from reconciler.model.overrides import LocalFile
from reconciler.model.refs import SiteName
from reconciler.model.rendered import Manifest, Rendered, SiteSettings, Tree, Verdict
from reconciler.render import build, overriding, settings
from reconciler.render.answers import Answers
from reconciler.render.build import Resource
from reconciler.render.cache import Cache
from reconciler.render.manifest import manifest


class _Past(NamedTuple):
    """A site as it was rendered before: what its settings and its objects were made from."""

    answers: Answers
    resources: tuple[Resource, ...]
    rendered: Rendered


def render_site(
    tree: Tree,
    site: SiteName,
    commit: str,
    cache: Cache | None = None,
    *,
    heeds_pin: bool = False,
    local: tuple[LocalFile, ...] = (),
) -> Rendered:
    """The Verdict is empty: nobody has judged yet. See ``build.build`` for ``cache``.

    ``heeds_pin``: a site that is pinned to another commit is not built, and has no objects here.

    ``local``: the site's files for overrides, each laid over the objects or dropped.

    Raises SettingsError, RenderError, and what the tree raises.
    """
    cache = cache or Cache()
    past: _Past | None = cache.sites.get(site)
    if past is not None and past.answers.hold_for(tree):
        answers, found = past.answers, past.rendered.settings
    else:
        answers, found = _settings(tree, site)
    if heeds_pin and is_elsewhere(found, commit):
        return _rendered(site, commit, found, ())
    resources = build.build(tree, site.folder, cache=cache)
    if past is not None and resources is past.resources:
        rendered = replace(past.rendered, commit=commit, settings=found)
    else:
        rendered = _rendered(site, commit, found, resources)
    cache.keep_site(site, _Past(answers, resources, rendered))
    return _overridden(rendered, resources, local) if local else rendered


def _rendered(
    site: SiteName, commit: str, found: SiteSettings, resources: tuple[Resource, ...]
) -> Rendered:
    return Rendered(
        site=site,
        commit=commit,
        settings=found,
        objects=tuple(_manifest(site, each) for each in resources),
        verdict=Verdict(),
    )


def _overridden(
    rendered: Rendered, resources: tuple[Resource, ...], local: tuple[LocalFile, ...]
) -> Rendered:
    made = partial(_manifest, rendered.site)
    laid = overriding.lay(resources, local, rendered.settings.overrides, made)
    return replace(
        rendered,
        objects=tuple(map(made, laid.resources)),
        overridden=laid.overridden,
        dropped=laid.dropped,
    )


def _settings(tree: Tree, site: SiteName) -> tuple[Answers, SiteSettings]:
    answers = Answers(tree)
    found = settings.read_settings(answers, site)
    return answers.done(), found


def _manifest(site: SiteName, resource: Resource) -> Manifest:
    return manifest(resource.value, resource.origin, site)


def is_elsewhere(settings: SiteSettings, commit: str) -> bool:
    """Whether the site is pinned to another commit's objects."""
    return settings.pin not in ("", commit)
