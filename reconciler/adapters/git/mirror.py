"""The fleet repository's branch in a bare repository of ours. Implements ports.Source."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

from reconciler.adapters.git import config, history, process, remotes, repository, tree
from reconciler.adapters.git.credentials import Credentials, access
from reconciler.adapters.git.objects import ObjectReader
from reconciler.model.errors import HistoryRefused, ReconcilerError, SourceUnavailable
from reconciler.model.rendered import Tree
from reconciler.model.values import Snapshot, Verified

CEILING = 512 * 2**20  # bytes of one fetched pack
_FETCH = (*repository.FETCH, "--filter=blob:none")
# A lost mirror is deepened in steps, until the last accepted commit is in it; then all of it.
_DEEPEN = ("--deepen=100", "--deepen=2000", "--unshallow")
_TRACKED = "refs/remotes/origin/"


class Mirror:
    """The bare repository in ``folder`` and its remote. Safe for several threads.

    ``deadline`` is in seconds for each call of git, ``ceiling`` in bytes for each pack fetched.
    Raises UsageError for a URL or branch that cannot be one, or a folder that cannot be written.
    """

    def __init__(
        self,
        folder: Path,
        url: str,
        branch: str,
        credentials: Credentials,
        *,
        deadline: float = 120.0,
        ceiling: int = CEILING,
    ) -> None:
        self._folder = folder = folder.absolute()
        self._url = remotes.normalise(url)
        self._branch = remotes.check_branch(branch)
        self._ref = _TRACKED + self._branch
        self._credentials = credentials
        self._bounds = process.Bounds(deadline=deadline, file=ceiling)
        self._lock = threading.RLock()
        self._reader = ObjectReader(folder)
        self._distrusted = ""
        if self._old.exists() and self._aside.exists() and not folder.exists():
            self._aside.rename(folder)  # the power went amid the swap of a complete clone
        repository.remove(self._aside)
        repository.remove(self._old)
        self._prepare(folder)
        repository.clear_leftovers(folder)
        self._distrusted = self._damage()

    def close(self) -> None:
        """End the process that reads objects. The mirror can be used again."""
        self._reader.close()

    def fetch(self) -> Snapshot:
        """Bring the branch's tip; a mirror that is new or damaged is cloned aside, then put in."""
        with self._lock:
            if not self._distrusted and repository.resolve(self._folder, self._ref):
                try:
                    self._fetch(self._folder, (self._refspec,))
                    return self._snapshot()
                except SourceUnavailable:
                    self._distrusted = self._damage()
                    if not self._distrusted:
                        raise
            self._clone()
            return self._snapshot()

    def verify(self, commit: str, since: str) -> tuple[Verified, ...]:
        """What each commit after ``since`` changes, oldest first; of ``""``, the commit alone."""
        with self._lock:
            if since:
                self.bring(since)
            with self._trusting():
                return history.verify(self._folder, commit, since)

    def tree(self, commit: str) -> Tree:
        """Raises SourceUnavailable where the mirror has no such commit."""
        with self._trusting():
            return tree.commit_tree(self._reader, commit)

    def fetch_blobs(self, ids: tuple[str, ...]) -> None:
        """Bring these blobs in one request."""
        wanted = "".join(f"{id_}\n" for id_ in ids if history.is_id(id_))
        with self._lock:
            if wanted:
                # As git's own lazy fetch: no negotiation about history, the ids alone.
                arguments = ("-c", "fetch.negotiationAlgorithm=noop", *_FETCH, "--stdin", "origin")
                self._git_remote(self._folder, arguments, wanted.encode())
            absent = sum(info is None for info in self._reader.info(ids))
            if absent:
                self._distrusted = f"{absent} blobs were fetched and are not there"
                raise SourceUnavailable(f"the mirror is damaged: {self._distrusted}")

    def has(self, commit: str) -> bool:
        try:
            (info,) = self._reader.info([commit]) if history.is_id(commit) else [None]
        except SourceUnavailable:
            return False
        return info is not None and info.type == "commit"

    def bring(self, commit: str) -> None:
        """Deepen the history until this commit is in it."""
        with self._lock:
            if not self.has(commit):
                self._deepen(commit)

    @property
    def _aside(self) -> Path:
        return self._folder.with_name(self._folder.name + ".new")

    @property
    def _old(self) -> Path:
        return self._folder.with_name(self._folder.name + ".old")

    @property
    def _refspec(self) -> str:
        # Forced: the mirror shows what the remote has, and verify judges it.
        return f"+refs/heads/{self._branch}:{self._ref}"

    def _prepare(self, folder: Path) -> None:
        repository.prepare(folder, config.promisor(self._url))

    def _damage(self) -> str:
        """Why the mirror must be cloned again, or ``""``; a new one is simply empty."""
        found = repository.damaged(self._folder)
        tip = self._folder / self._ref
        if found or not (tip.exists() or (self._folder / "packed-refs").exists()):
            return found
        commit = repository.resolve(self._folder, self._ref)
        self._reader.close()  # it may know packs that are gone
        try:
            tree.commit_tree(self._reader, commit).names("")
        except ReconcilerError as error:
            return f"the tip cannot be read: {error}"
        return ""

    @contextlib.contextmanager
    def _trusting(self) -> Iterator[None]:
        """What cannot be read though it was fetched shows damage: the next fetch clones again."""
        try:
            yield
        except SourceUnavailable as error:
            self._distrusted = str(error)
            raise

    def _clone(self) -> None:
        """Fetch the tip alone into a new folder, which then takes the mirror's place."""
        repository.remove(self._aside)
        self._prepare(self._aside)
        try:
            self._fetch(self._aside, ("--depth=1", self._refspec))
        except ReconcilerError:
            repository.remove(self._aside)
            raise
        repository.remove(self._old)
        self._reader.close()
        self._folder.rename(self._old)
        self._aside.rename(self._folder)
        repository.remove(self._old)
        self._distrusted = ""

    def _deepen(self, since: str) -> None:
        for step in _DEEPEN:
            if not (self._folder / "shallow").exists():
                break
            self._fetch(self._folder, (step, self._refspec))
            if self.has(since):
                return
        raise HistoryRefused(f"branch {self._branch} has no commit {since} any more")

    def _fetch(self, folder: Path, options: tuple[str, ...]) -> None:
        *flags, refspec = options
        self._git_remote(folder, (*_FETCH, *flags, "origin", refspec))
        repository.tidy(folder)

    def _git_remote(self, folder: Path, arguments: tuple[str, ...], stdin: bytes = b"") -> None:
        using = access(self._credentials, self._url)
        self._prepare(folder)
        repository.clear_locks(folder, _TRACKED)
        try:
            result = process.run(
                folder,
                arguments,
                stdin=stdin,
                environment=using.environment,
                secrets=using.secrets,
                bounds=self._bounds,
            )
        except SourceUnavailable:
            repository.clear_leftovers(folder, _TRACKED)
            raise
        if result.code != 0:
            ceiling = self._bounds.file // process.BLOCK * process.BLOCK
            large = repository.largest_draft(folder) >= ceiling
            repository.clear_leftovers(folder, _TRACKED)
            raise SourceUnavailable(self._reason(result.error, large=large))

    def _reason(self, error: str, *, large: bool) -> str:
        if large:
            return f"the remote sends more than {self._bounds.file} bytes; the fetch was ended"
        if "couldn't find remote ref" in error:
            return f"the remote has no branch {self._branch}"
        return f"git fetch: {error or 'failed without a word'}"

    def _snapshot(self) -> Snapshot:
        with self._trusting():
            return history.snapshot(self._folder, self._ref)
