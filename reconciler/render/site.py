"""A tree, a site and a commit in, the site's manifests out: settings, then the overlay, then both
joined. Called by the render child, and by whoever renders a site for its own sake.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from reconciler.model.refs import SiteName
from reconciler.model.values import Rendered, SiteSettings, Tree, Verdict
from reconciler.render import build, settings
from reconciler.render.answers import Answers
from reconciler.render.build import Resource
from reconciler.render.cache import Cache
from reconciler.render.manifest import manifest


class _Past(NamedTuple):
    """A site as it was rendered before: what its settings and its objects were made from."""

    answers: Answers
    resources: tuple[Resource, ...]
    rendered: Rendered


def render_site(tree: Tree, site: SiteName, commit: str, cache: Cache | None = None) -> Rendered:
    """The Verdict is empty: nobody has judged yet. See ``build.build`` for ``cache``.

    Raises SettingsError, RenderError, and what the tree raises.
    """
    cache = cache or Cache()
    past: _Past | None = cache.sites.get(site)
    if past is not None and past.answers.hold_for(tree):
        answers, found = past.answers, past.rendered.settings
    else:
        answers, found = _settings(tree, site)
    resources = build.build(tree, site.folder, cache=cache)
    if past is not None and resources is past.resources:
        rendered = replace(past.rendered, commit=commit, settings=found)
    else:
        rendered = Rendered(
            site=site,
            commit=commit,
            settings=found,
            objects=tuple(manifest(each.value, each.origin, site) for each in resources),
            verdict=Verdict(),
        )
    cache.keep_site(site, _Past(answers, resources, rendered))
    return rendered


def _settings(tree: Tree, site: SiteName) -> tuple[Answers, SiteSettings]:
    answers = Answers(tree)
    found = settings.read_settings(answers, site)
    return answers.done(), found
