"""Every site's newest note, from the remote or a local repository: for ``reconciler status``."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from reconciler.adapters.git import history, process, remotes, repository
from reconciler.adapters.git.credentials import Credentials, access
from reconciler.adapters.git.entries import parse
from reconciler.adapters.git.objects import ObjectReader
from reconciler.adapters.git.tree import LARGEST_FOLDER
from reconciler.model.errors import FileError, SourceUnavailable
from reconciler.model.refs import SiteName

_PREFIX = "refs/notes/fleet/"
_SITES = 50_000
_LARGEST_NOTE = 64_000  # bytes, as the contract has it
_LARGEST_COMMIT = 16_384
_BOUNDS = process.Bounds(deadline=300, file=512 * 2**20)
_FETCH = (*repository.FETCH, "--prune", "--depth=1")


class SiteNote(NamedTuple):
    """A site's newest note: the commit it is about, its text, and its date in Unix seconds."""

    site: SiteName
    commit: str
    text: str
    time: float


def read_notes(url: str, credentials: Credentials, scratch: Path | None) -> Iterator[SiteNote]:
    """The newest note of each site, by name. What is no site's note is passed over.

    ``url`` may be a folder. ``scratch`` is a bare repository kept between calls, so that only
    news is fetched; without one a temporary folder is used. Raises SourceUnavailable, UsageError.
    """
    remote = remotes.normalise(str(Path(url).resolve()) if Path(url).is_dir() else url)
    if scratch is not None:
        yield from _read(remote, credentials, scratch.absolute())
        return
    with tempfile.TemporaryDirectory(prefix="fleet-notes-") as folder:
        yield from _read(remote, credentials, Path(folder))


def _read(url: str, credentials: Credentials, folder: Path) -> Iterator[SiteNote]:
    repository.prepare(folder, {})
    repository.clear_leftovers(folder)
    if repository.damaged(folder):
        repository.remove(folder)
        repository.prepare(folder, {})
    _fetch(url, credentials, folder)
    objects = ObjectReader(folder)
    try:
        for site, commit, time, subject in _refs(folder):
            note = _note(objects, commit, subject)
            if note is not None:
                yield SiteNote(site, *note, time)
    finally:
        objects.close()


def _fetch(url: str, credentials: Credentials, folder: Path) -> None:
    using = access(credentials, url)
    result = process.run(
        folder,
        (*_FETCH, url, f"+{_PREFIX}*:{_PREFIX}*"),
        environment=using.environment,
        secrets=using.secrets,
        bounds=_BOUNDS,
    )
    # A shallow fetch of no refs at all fails without a word.
    if result.code != 0 and (result.code != 1 or result.error):
        raise SourceUnavailable(f"git fetch of the notes: {result.error}")


def _refs(folder: Path) -> Iterator[tuple[SiteName, str, float, str]]:
    """Site, notes commit, its date and subject, of at most 50,000 refs."""
    form = "--format=%(refname)%00%(objectname)%00%(committerdate:unix)%00%(contents:subject)"
    result = process.run(folder, ("for-each-ref", f"--count={_SITES}", form, _PREFIX))
    if result.code != 0:
        raise SourceUnavailable(f"the fetched notes cannot be listed: {result.error}")
    for line in result.out.decode("utf-8", "replace").split("\n"):
        parts = line.split("\0")
        if len(parts) != 4 or not parts[2].isdigit():
            continue
        try:
            site = SiteName.parse(parts[0].removeprefix(_PREFIX))
        except ValueError:
            continue
        yield site, parts[1], float(parts[2]), parts[3]


def _note(objects: ObjectReader, commit: str, subject: str) -> tuple[str, str] | None:
    """The note that the notes commit's subject names by its last word, or the only one there is."""
    tree = _bytes(objects, commit, "commit", _LARGEST_COMMIT)
    first = (tree or b"").partition(b"\n")[0].split()
    if len(first) != 2:
        return None
    entries = _entries(objects, first[1].decode("ascii", "replace"), "")
    about = (subject.split() or [""])[-1]
    named = [name for name in entries if about and name.startswith(about)] or list(entries)
    if len(named) != 1:
        return None
    text = _bytes(objects, entries[named[0]], "blob", _LARGEST_NOTE)
    return None if text is None else (named[0], text.decode("utf-8", "replace"))


def _entries(objects: ObjectReader, tree: str, prefix: str) -> dict[str, str]:
    """Note blobs by the commit they are about; one level of folders is what git itself makes."""
    data = _bytes(objects, tree, "tree", LARGEST_FOLDER)
    found: dict[str, str] = {}
    try:
        rows = dict(parse(data or b"", ""))
    except FileError:
        return found
    for name, entry in rows.items():
        if entry.kind == "folder" and len(name) == 2 and len(prefix) < 4:
            found |= _entries(objects, entry.id, prefix + name)
        elif entry.kind == "file" and history.is_id(prefix + name):
            found[prefix + name] = entry.id
    return found


def _bytes(objects: ObjectReader, object_id: str, kind: str, most: int) -> bytes | None:
    (info,) = objects.info([object_id])
    if info is None or info.type != kind or info.size > most:
        return None
    return objects.read(object_id, info.size)
