"""A commit rendered: the objects of the commit that its settings pin, where they do.

In: a source, a renderer, and the newest commit. Out: what is to be applied. Settings and policies
are the newest commit's in any case, so that a pin ends by a commit, and gets round no policy.
Called by the courier, and by commands that show what the agent would do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from reconciler import ports
from reconciler.model import errors
from reconciler.model.refs import POLICIES, SiteName
from reconciler.model.rendered import Manifest, Rendered, Tree
from reconciler.model.values import Preview, Record
from reconciler.render import settings, trees
from reconciler.render.site import is_elsewhere


class Files(Protocol):
    """What of ports.Source a render needs."""

    @property
    def tree(self) -> Callable[[str], Tree]: ...

    @property
    def fetch_blobs(self) -> Callable[[tuple[str, ...]], None]: ...

    @property
    def bring(self) -> Callable[[str], None]: ...


def built(
    files: Files,
    renderer: ports.Renderer,
    site: SiteName,
    commit: str,
    *,
    past: Callable[[], Iterable[Record]] = tuple,
    ask: Callable[[Manifest], Preview] | None = None,
) -> Rendered:
    """``commit`` of the answer is the one whose objects these are. See ports.Renderer for ``past``
    and ``ask``.

    Raises what ports.Renderer does, and SettingsError for a pin that the branch does not have.
    """
    newest = files.tree(commit)
    found = renderer.render(newest, site, commit, files.fetch_blobs, past=past, ask=ask)
    if not is_elsewhere(found.settings, commit):
        return found
    pin = found.settings.pin
    try:
        files.bring(pin)
    except errors.HistoryRefused:
        raise errors.SettingsError(
            f"pin: the branch has no commit {pin}", path=settings.path(site)
        ) from None
    own = (settings.FLEET_FILE, settings.path(site), POLICIES)
    laid = trees.Laid(files.tree(pin), newest, own)
    return renderer.render(laid, site, pin, files.fetch_blobs, past=past, ask=ask)
