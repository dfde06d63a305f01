"""A fleet repository at a revision, as commands at a desk read it: a folder, or a remote.

A folder is read where it is. A remote is fetched into a mirror that is gone with the block.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from reconciler.adapters import git
from reconciler.model.errors import SourceUnavailable, UsageError
from reconciler.model.refs import SiteName
from reconciler.model.rendered import Rendered, Tree
from reconciler.model.values import Verified

Render = Callable[[str], Rendered]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """``since`` is as ports.Source.verify is, up to ``commit``; the others as there too."""

    commit: str
    tree: Callable[[str], Tree]
    fetch_blobs: Callable[[tuple[str, ...]], None]
    since: Callable[[str], tuple[Verified, ...]]
    bring: Callable[[str], None]


def site_name(text: str) -> SiteName:
    """Raises UsageError."""
    try:
        return SiteName.parse(text)
    except ValueError as error:
        raise UsageError(str(error)) from None


@contextmanager
def opened(repo: str, rev: str, access: Mapping[str, str]) -> Iterator[Checkout]:
    """Raises UsageError, SourceUnavailable."""
    if Path(repo).is_dir():
        folder = Path(repo)
        commit, _ = git.open_tree(folder, rev or "HEAD")
        yield Checkout(
            commit=commit,
            tree=lambda wanted: git.open_tree(folder, wanted)[1],
            fetch_blobs=_none_here,
            since=lambda since: git.verified(folder, commit, since),
            bring=lambda _: None,  # what is not there, ``tree`` refuses
        )
        return
    with tempfile.TemporaryDirectory(prefix="fleet-mirror-") as scratch:
        mirror = git.Mirror(
            Path(scratch) / "mirror.git", repo, rev or "main", git.Credentials(**access)
        )
        try:
            commit = mirror.fetch().commit
            yield Checkout(
                commit=commit,
                tree=mirror.tree,
                fetch_blobs=mirror.fetch_blobs,
                since=lambda since: mirror.verify(commit, since),
                bring=mirror.bring,
            )
        finally:
            mirror.close()


def _none_here(ids: tuple[str, ...]) -> None:
    raise SourceUnavailable(
        f"{len(ids)} files are not in the local repository, a partial clone: git checkout brings"
        " them"
    )
