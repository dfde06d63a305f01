"""A tree, a site and a commit in, the site's manifests out: settings, then the overlay, then both
joined. Called by the render child, and by whoever renders a site for its own sake.
"""

from __future__ import annotations

from reconciler.model.refs import SiteName
from reconciler.model.values import Rendered, SiteSettings, Tree, Verdict
from reconciler.render import build, settings
from reconciler.render.cache import Cache
from reconciler.render.manifest import manifest


def render_site(
    tree: Tree,
    site: SiteName,
    commit: str,
    cache: Cache | None = None,
    *,
    heeds_pin: bool = False,
) -> Rendered:
    """The Verdict is empty: nobody has judged yet. See ``build.build`` for ``cache``.

    ``heeds_pin``: a site that is pinned to another commit is not built, and has no objects here.

    Raises SettingsError, RenderError, and what the tree raises.
    """
    found = settings.read_settings(tree, site)
    is_left = heeds_pin and is_elsewhere(found, commit)
    resources = () if is_left else build.build(tree, site.folder, cache=cache)
    return Rendered(
        site=site,
        commit=commit,
        settings=found,
        objects=tuple(manifest(each.value, each.origin, site) for each in resources),
        verdict=Verdict(),
    )


def is_elsewhere(settings: SiteSettings, commit: str) -> bool:
    """Whether the site is pinned to another commit's objects."""
    return settings.pin not in ("", commit)
