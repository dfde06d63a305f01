"""A site's status notes: built by plumbing in a bare repository, pushed without force.

Implements ports.Notes. The notes' tree is flat, one entry of 40 hexadecimal digits for each
commit, which ``git log --notes=fleet/REGION/SITE`` reads.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

from reconciler.adapters.git import config, history, process, redact, remotes, repository
from reconciler.adapters.git.credentials import Credentials, access
from reconciler.model.errors import SourceUnavailable
from reconciler.model.refs import SiteName

_TRIES = 5  # a ref that moves more often than this within one push is somebody's loop
_CEILING = 64 * 2**20  # bytes of one fetched pack
_MOVED = (
    "fetch first",
    "non-fast-forward",
    "failed to update ref",
    "cannot lock ref",
    "stale info",
)
_SPOILED = ("is corrupt", "inflate:", "unable to", "bad object", "bad tree", "missing blob")


class _Moved(Exception):
    """The remote's ref is not where we left it."""


class _Damaged(Exception):
    """Git could not read or write our own repository."""


class NotesPusher:
    """Writes one site's ref. ``folder`` is a bare repository that is made where there is none.

    It may be the mirror's; the commits that notes are about need not be in it.
    """

    def __init__(
        self,
        folder: Path,
        url: str,
        credentials: Credentials,
        site: SiteName,
        *,
        deadline: float = 120.0,
    ) -> None:
        self._folder = folder.absolute()
        self._url = remotes.normalise(url)
        self._credentials = credentials
        self._ref = site.notes_ref
        self._bounds = process.Bounds(deadline=deadline, file=_CEILING)
        self._person = {
            "name": "fleet-reconciler",
            "email": f"fleet-reconciler@{site.label}.invalid",
        }
        self._lock = threading.Lock()
        self._opened = False

    def push(self, commit: str, text: str, subject: str, time: float) -> None:
        if not history.is_id(commit):
            raise SourceUnavailable(f"{commit[:60]!r} is no commit that a note could be about")
        with self._lock:
            try:
                self._open()
                self._push_note(commit, text, subject, time)
            except _Damaged:
                self._begin_anew(commit, text, subject, time)
            repository.tidy(self._folder)

    def _begin_anew(self, commit: str, text: str, subject: str, time: float) -> None:
        try:
            self._forget()
            self._fetch()
            self._push_note(commit, text, subject, time)
        except _Damaged as error:
            raise SourceUnavailable(f"the notes cannot be written: {error}") from None

    def _push_note(self, commit: str, text: str, subject: str, time: float) -> None:
        said = ""
        for _ in range(_TRIES):
            try:
                self._write(commit, text, subject, time)
                return
            except _Moved as moved:
                said = str(moved)
                self._fetch()
        raise SourceUnavailable(f"{self._ref} was not taken {_TRIES} times: {said}")

    def _open(self) -> None:
        """Clear what a power cut left, and without notes of our own begin with the remote's."""
        self._prepare()
        repository.drop_empty(self._folder)
        if not self._opened:
            self._clear()
        if not repository.resolve(self._folder, self._ref):
            if (self._folder / self._ref).exists():
                self._forget()
            self._fetch()
        self._opened = True

    def _prepare(self) -> None:
        if not _is_mirror(self._folder):
            repository.prepare(self._folder, {})

    def _clear(self) -> None:
        """Remove what a killed git left of ours; in the mirror's folder a fetch may be at work."""
        if _is_mirror(self._folder):
            repository.clear_locks(self._folder, "refs/notes")
        else:
            repository.clear_leftovers(self._folder, "refs/notes")

    def _forget(self) -> None:
        """Drop what we have of the notes: the remote has them too."""
        if _is_mirror(self._folder):
            # What was fetched is in packs (fetch.unpackLimit), so that the loose ones are ours.
            for folder in (self._folder / "objects").glob("[0-9a-f][0-9a-f]"):
                repository.remove(folder)
            repository.remove(self._folder / self._ref)
        else:
            repository.remove(self._folder)
        self._prepare()

    def _write(self, commit: str, text: str, subject: str, time: float) -> None:
        parent = repository.resolve(self._folder, self._ref)
        entries = dict(self._entries(parent)) if parent else {}
        blob = self._git(("hash-object", "-w", "--stdin"), text.encode())
        if entries.get(commit) == blob:
            return  # pushed before: the agent was killed before it could take it off the queue
        entries[commit] = blob
        listing = "".join(f"100644 blob {blob}\t{name}\0" for name, blob in sorted(entries.items()))
        tree = self._git(("mktree", "-z", "--missing"), listing.encode())
        parents = ("-p", parent) if parent else ()
        message = " ".join(subject.split()) + "\n"
        made = self._git(("commit-tree", tree, *parents), message.encode(), self._author(time))
        self._push(made)
        self._git(("update-ref", self._ref, made))

    def _author(self, time: float) -> Mapping[str, str]:
        who = {**self._person, "date": f"@{int(time)} +0000"}
        return {
            f"GIT_{role}_{key.upper()}": value
            for role in ("AUTHOR", "COMMITTER")
            for key, value in who.items()
        }

    def _entries(self, commit: str) -> list[tuple[str, str]]:
        """The notes so far; folders, which git makes of many notes, are laid flat."""
        out = self._git(("ls-tree", "-r", "-z", commit))
        rows = [row.partition("\t") for row in out.split("\0") if row]
        flat = [(path.replace("/", ""), head.split()[2]) for head, _, path in rows]
        return [(name, blob) for name, blob in flat if history.is_id(name)]

    def _git(
        self, arguments: tuple[str, ...], stdin: bytes = b"", extra: Mapping[str, str] | None = None
    ) -> str:
        result = process.run(self._folder, arguments, stdin=stdin, environment=extra)
        if result.code != 0:
            raise _Damaged(result.error)
        return result.text()

    def _push(self, made: str) -> None:
        arguments = (
            "push",
            "--quiet",
            "--porcelain",
            "--no-verify",
            self._url,
            f"{made}:{self._ref}",
        )
        result = self._remote(arguments)
        if result.code == 0:
            return
        said = f"{result.error}\n{result.text()}"
        if any(sign in said for sign in _MOVED):
            raise _Moved(redact.clean(said))
        if any(sign in said for sign in _SPOILED):
            raise _Damaged(redact.clean(said))
        raise SourceUnavailable(f"git push: {redact.clean(said)}")

    def _fetch(self) -> None:
        """Take the remote's notes in the place of ours; only the newest where we have none."""
        depth = () if repository.resolve(self._folder, self._ref) else ("--depth=1",)
        result = self._remote((*repository.FETCH, *depth, self._url, f"+{self._ref}:{self._ref}"))
        if result.code != 0 and "couldn't find remote ref" not in result.error:
            raise SourceUnavailable(f"git fetch of the notes: {result.error}")
        if result.code != 0:
            self._git(("update-ref", "-d", self._ref))

    def _remote(self, arguments: tuple[str, ...]) -> process.Result:
        using = access(self._credentials, self._url)
        try:
            return process.run(
                self._folder,
                arguments,
                environment=using.environment,
                secrets=using.secrets,
                bounds=self._bounds,
            )
        except SourceUnavailable:
            self._clear()
            raise


def _is_mirror(folder: Path) -> bool:
    try:
        return config.ORIGIN in (folder / "config").read_text()
    except (OSError, UnicodeDecodeError):
        return False
