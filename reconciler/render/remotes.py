"""Which entries of a kustomization lead to another machine: none of them is fetched."""

from __future__ import annotations

import posixpath
import re

_LOOKS = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://|git::|(?:[\w.-]+@)?[\w.-]+:(?!/*$)|[\w-]+(?:\.[\w-]+)+/[^/]+/.*\?ref="
    r"|(?:[\w-]+\.)+(?:com|org|io|net|dev)[:/])",
    re.IGNORECASE,
)
_HOST = re.compile(
    r"(?:git::)?(?:(?:ssh|https?)://[^/]*/|[a-z][a-z0-9-]*@[^/:]*[/:]|github\.com[/:])([^?]*)",
    re.IGNORECASE,
)
_FILE = re.compile(r"(?:git::)?file://[^?]", re.IGNORECASE)
# Where a repository ends, and the path in it begins; the first of these that is there counts.
_ENDS = tuple(map(re.compile, (r".*?_git/[^/]*", r".+?//", r".*?\.git", r"[^/]*/[^/]*")))


def looks_remote(entry: str) -> bool:
    """Whether what is not in the repository is meant to be somewhere else."""
    return _LOOKS.match(entry) is not None


def is_repository(entry: str) -> bool:
    """Whether kustomize clones this, be there a folder of that name or not.

    That is an address with host and repository (kustomize's api, ``internal/git/repospec.go``):
    with a scheme or a user, or at github.com; ``./github.com/a/b`` is a folder.
    """
    host = _HOST.match(entry)
    if host is None:
        return _FILE.match(entry) is not None
    ends = next(filter(None, (pattern.match(host[1]) for pattern in _ENDS)), None)
    if ends is None:
        return False
    within = posixpath.normpath(host[1][ends.end() :].lstrip("/"))
    return bool(ends[0]) and within.split("/")[0] != ".."
