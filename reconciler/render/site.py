"""A tree, a site and a commit in, the site's manifests out: settings, then the overlay, then
what files on site lay over it. Called by the render child, and by whoever renders a site for its
own sake.
"""

from __future__ import annotations

from functools import partial

from reconciler.model.overrides import LocalFile
from reconciler.model.refs import SiteName
from reconciler.model.values import Manifest, Rendered, SiteSettings, Tree, Verdict
from reconciler.render import build, overriding, settings
from reconciler.render.cache import Cache
from reconciler.render.manifest import manifest


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
    found = settings.read_settings(tree, site)
    is_left = heeds_pin and is_elsewhere(found, commit)
    resources = () if is_left else build.build(tree, site.folder, cache=cache)
    made = partial(_manifest, site)
    if local and not is_left:
        laid = overriding.lay(resources, local, found.overrides, made)
    else:
        laid = overriding.Laid(resources)
    return Rendered(
        site=site,
        commit=commit,
        settings=found,
        objects=tuple(map(made, laid.resources)),
        verdict=Verdict(),
        overridden=laid.overridden,
        dropped=laid.dropped,
    )


def _manifest(site: SiteName, resource: build.Resource) -> Manifest:
    return manifest(resource.value, resource.origin, site)


def is_elsewhere(settings: SiteSettings, commit: str) -> bool:
    """Whether the site is pinned to another commit's objects."""
    return settings.pin not in ("", commit)
