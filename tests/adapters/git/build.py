"""Remotes for the tests: a bare repository, and commits made by one `git fast-import` each."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from reconciler.adapters.git import Credentials, Mirror, NotesPusher
from reconciler.model.refs import SiteName

SITE = SiteName("north", "one")
Files = Mapping[str, str | bytes]
_CLEAN = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}


def git(folder: Path, *arguments: str, stdin: bytes = b"") -> str:
    """Run git as a user of the remote would."""
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=_CLEAN, input=stdin, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()


class Remote:
    """A bare repository that serves partial clones, as hosted Git does."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        git(folder, "init", "--quiet", "--bare", "--initial-branch=main")
        for key in ("uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant", "http.receivepack"):
            git(folder, "config", key, "true")

    @property
    def url(self) -> str:
        return self.folder.as_uri()

    def commit(
        self,
        files: Files,
        *,
        parent: str | None = "main",
        modes: Mapping[str, str] | None = None,
        subject: str = "a change",
        branch: str = "main",
    ) -> str:
        """Commit exactly these files on top of ``parent`` (None: a root) and move the branch."""
        head = self._tip(parent) if parent else ""
        lines = [b"reset refs/heads/new\n"] if not head else []
        lines += [b"commit refs/heads/new\n", b"committer a <a@b.invalid> 1700000000 +0000\n"]
        lines += [_data(subject.encode())]
        lines += [f"from {head}\n".encode()] if head else []
        lines += [b"deleteall\n"]
        for path, content in files.items():
            mode = (modes or {}).get(path, "100644")
            data = content.encode() if isinstance(content, str) else content
            if mode == "160000":
                lines.append(f"M {mode} {data.decode()} {path}\n".encode())
            else:
                lines += [f"M {mode} inline {path}\n".encode(), _data(data)]
        git(self.folder, "fast-import", "--quiet", "--force", stdin=b"".join(lines))
        made = git(self.folder, "rev-parse", "refs/heads/new")
        git(self.folder, "update-ref", f"refs/heads/{branch}", made)
        git(self.folder, "update-ref", "-d", "refs/heads/new")
        return made

    def _tip(self, revision: str) -> str:
        if len(revision) == 40:
            return revision
        return git(self.folder, "for-each-ref", "--format=%(objectname)", f"refs/heads/{revision}")


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)


def mirror(folder: Path, url: str, *, deadline: float = 60.0, ceiling: int = 2**26) -> Mirror:
    return Mirror(folder, url, "main", Credentials(), deadline=deadline, ceiling=ceiling)


def pusher(folder: Path, url: str, site: SiteName = SITE) -> NotesPusher:
    return NotesPusher(folder, url, Credentials(), site)
