"""What the mirror knows of commits: descent, changed paths, subject and date."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from reconciler.adapters.git import process, redact, tree
from reconciler.model.errors import HistoryRefused, SourceUnavailable
from reconciler.model.values import Snapshot, Verified

ALLOW_PRUNE = "Fleet-Allow-Prune"
_ID = re.compile(r"[0-9a-f]{40}")
_COMMITS = 20_000  # at most in one answer
_TRAILERS = 64_000  # bytes of a commit's trailers; one with more is taken to have none
# Raw output tells ids from paths; a merge is compared with its first parent.
_LOG = (
    "log",
    "-z",
    "--raw",
    "--no-abbrev",
    "--no-renames",
    "--no-color",
    "--no-show-signature",
    "--diff-merges=first-parent",
    "--topo-order",
    "--reverse",
    f"--format=tformat:%H%x1f%(trailers:key={ALLOW_PRUNE},valueonly,unfold,separator=%x1f)",
    f"--max-count={_COMMITS + 1}",
)


def is_id(text: str) -> bool:
    """Whether this is a full object id."""
    return _ID.fullmatch(text) is not None


def snapshot(folder: Path, ref: str) -> Snapshot:
    """The commit that ``ref`` names. Raises SourceUnavailable."""
    result = process.run(
        folder, ("log", "-1", "--no-show-signature", "--format=%H%x00%ct%x00%s", ref, "--")
    )
    commit, _, rest = result.text().partition("\0")
    time, _, subject = rest.partition("\0")
    if result.code != 0 or not is_id(commit):
        raise SourceUnavailable(f"the mirror cannot show its tip: {result.error}")
    return Snapshot(commit=commit, subject=redact.clean(subject), time=int(time or 0))


def verify(folder: Path, commit: str, since: str) -> tuple[Verified, ...]:
    """Each commit after ``since`` up to ``commit``, oldest first; of ``""``, the commit alone.

    Raises HistoryRefused where ``commit`` does not descend from ``since``.
    """
    if not is_id(commit) or (since and not is_id(since)):
        raise HistoryRefused("a commit is named by 40 hexadecimal digits")
    if since and not _descends(folder, commit, since):
        raise HistoryRefused(f"commit {commit} does not descend from {since}, the last accepted")
    span = (f"{since}..{commit}",) if since else ("--no-walk", commit)
    options = tuple(o for o in _LOG if since or o not in ("--reverse", "--topo-order"))
    result = process.run(folder, (*options, *span, "--"), bounds=process.Bounds(output=64 * 2**20))
    if result.code != 0:
        raise SourceUnavailable(f"the mirror cannot show its history: {result.error}")
    verified = tuple(_parse(result.out))
    if len(verified) > _COMMITS:
        raise HistoryRefused(f"more than {_COMMITS} commits since {since}")
    return verified


def verified(folder: Path, commit: str, since: str) -> tuple[Verified, ...]:
    """The same in a local repository, a work tree or bare. Raises UsageError too."""
    return verify(tree.git_folder(folder), commit, since)


def _descends(folder: Path, commit: str, since: str) -> bool:
    result = process.run(folder, ("merge-base", "--is-ancestor", since, commit))
    if result.code not in (0, 1):
        raise SourceUnavailable(f"the mirror cannot compare commits: {result.error}")
    return result.code == 0


def _parse(out: bytes) -> Iterator[Verified]:
    """``ID US TRAILER [US TRAILER...] NUL`` for a commit, ``:MODES IDS STATUS NUL PATH NUL`` for
    each path that it changes. What a trailer is, git says: the message's last paragraph."""
    commit, paths, allowed = "", set[str](), b""
    parts = iter(out.split(b"\0"))
    for part in parts:
        if part.lstrip(b"\n").startswith(b":"):
            paths.add(next(parts, b"").decode("utf-8", "replace"))
            continue
        head, _, trailers = part.partition(b"\x1f")
        if is_id(text := head.decode("ascii", "replace").strip()):
            if commit:
                yield _verified(commit, paths, allowed)
            commit, paths, allowed = text, set(), trailers
    if commit:
        yield _verified(commit, paths, allowed)


def _verified(commit: str, paths: set[str], trailers: bytes) -> Verified:
    texts = trailers.split(b"\x1f") if len(trailers) <= _TRAILERS else []
    words = (text.decode("utf-8", "replace").strip() for text in texts)
    return Verified(
        commit=commit,
        changed=tuple(sorted(paths)),
        allow_prune=tuple(word for word in words if word),
    )
