"""One site at one commit: settings, the overlay built, and each object as it will be applied.

Called by the render child, and by commands that show a site. Pure; MissingBlobs from the tree
passes through.
"""

from __future__ import annotations

from reconciler.model.refs import SiteName
from reconciler.model.values import Rendered, Tree, Verdict
from reconciler.render.build import build
from reconciler.render.cache import Cache
from reconciler.render.manifest import manifest
from reconciler.render.settings import read_settings


def render_site(tree: Tree, site: SiteName, commit: str, *, cache: Cache | None = None) -> Rendered:
    """Not yet judged. Raises SettingsError and RenderError with the place in the repository."""
    settings = read_settings(tree, site)
    resources = build(tree, site.folder, cache=cache)
    return Rendered(
        site=site,
        commit=commit,
        settings=settings,
        objects=tuple(manifest(found.value, found.origin, site) for found in resources),
        verdict=Verdict(),
    )
