"""A commit rendered: the objects of the commit that its settings pin, where they do.

In: a source, a renderer, and the newest commit. Out: what is to be applied. The settings are the
newest commit's in any case, so that a pin ends by a commit. Called by the courier, and by commands
that show what the agent would do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from reconciler import ports
from reconciler.model import errors
from reconciler.model.refs import SiteName
from reconciler.model.values import Rendered, Tree
from reconciler.render import settings, trees


class Files(Protocol):
    """What of ports.Source a render needs."""

    @property
    def tree(self) -> Callable[[str], Tree]: ...

    @property
    def fetch_blobs(self) -> Callable[[tuple[str, ...]], None]: ...

    @property
    def bring(self) -> Callable[[str], None]: ...


def built(files: Files, renderer: ports.Renderer, site: SiteName, commit: str) -> Rendered:
    """``commit`` of the answer is the one whose objects these are.

    Raises what ports.Renderer does, and SettingsError for a pin that the branch does not have.
    """
    newest = files.tree(commit)
    found = renderer.render(newest, site, commit, files.fetch_blobs)
    pin = found.settings.pin
    if pin in ("", commit):
        return found
    try:
        files.bring(pin)
    except errors.HistoryRefused:
        raise errors.SettingsError(
            f"pin: the branch has no commit {pin}", path=settings.path(site)
        ) from None
    own = (settings.FLEET_FILE, settings.path(site))
    laid = trees.Laid(files.tree(pin), newest, own)
    return renderer.render(laid, site, pin, files.fetch_blobs)
