"""One render under the child's limits, and what it cost the child and its parent.

A process's peak begins with the size of whoever started it, and pytest is large. So the parent
here is a small process of its own: ``python -m tests.adapters.child.measured LIMITS WHAT WORD...``.
"""

from __future__ import annotations

import dataclasses
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from reconciler.adapters.child import ChildRenderer
from reconciler.adapters.files import FolderTree
from reconciler.model.errors import RenderError, RenderUnavailable
from reconciler.model.refs import SiteName
from reconciler.model.rendered import Tree
from tests.adapters.child.fleet import FILES, SITE, children, no_fetch, renderer, tree
from tests.adapters.git import build
from tests.bombs import BOMBS, HEAVY
from tests.trees import DictTree

_ROOT = Path(__file__).parents[3]
_SECONDS = 240  # for the process as a whole, on a machine that is busy
Fetch = Callable[[tuple[str, ...]], None]
Given = tuple[Tree, SiteName, str, Fetch]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """``error`` is the name of the error's class, "" where ``objects`` were rendered.

    ``cpu`` (seconds) and ``resident`` (bytes, at most at once) are of all processes that the
    parent started; ``grown`` is by how many bytes the parent's own peak rose; ``left`` are children
    that were not ended; ``after`` is how many objects the parent rendered next.
    """

    objects: int
    error: str
    text: str
    cpu: float
    resident: int
    grown: int
    left: int
    after: int


def measured(what: str, *words: object, **limits: int) -> Measured:
    """``bomb NAME``, ``folder PATH SITE`` or ``git URL``, rendered by a process of its own."""
    command = [sys.executable, "-m", __name__, json.dumps(limits), what, *map(str, words)]
    done = subprocess.run(
        command, cwd=_ROOT, capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    return Measured(**json.loads(done.stdout))


class _End(NamedTuple):
    objects: int
    error: str = ""
    text: str = ""


def _ended(one: ChildRenderer, given: Given) -> _End:
    try:
        return _End(len(one.render(*given).objects))
    except (RenderError, RenderUnavailable) as error:
        return _End(0, type(error).__name__, str(error))


@contextmanager
def _bomb(name: str) -> Iterator[Given]:
    bomb = {**BOMBS, **HEAVY}[name]
    yield DictTree({**FILES, **bomb.files()}), SITE, "c0ffee", no_fetch


@contextmanager
def _folder(path: str, site: str) -> Iterator[Given]:
    yield FolderTree(Path(path)), SiteName.parse(site), "c0ffee", no_fetch


@contextmanager
def _git(url: str) -> Iterator[Given]:
    """The remote's newest commit, from a clone such as the agent's."""
    with tempfile.TemporaryDirectory() as folder:
        mirror = build.mirror(Path(folder) / "mirror.git", url, deadline=_SECONDS)
        try:
            commit = mirror.fetch().commit
            yield mirror.tree(commit), SITE, commit, mirror.fetch_blobs
        finally:
            mirror.close()


_GIVEN: Mapping[str, Any] = {"bomb": _bomb, "folder": _folder, "git": _git}


def _peak() -> int:
    """The most bytes that this process itself had; ``ru_maxrss`` begins with pytest's."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith("VmHWM:"))
    return int(line.split()[1]) << 10


def main(limits: str, what: str, *words: str) -> None:
    one = renderer(**json.loads(limits))
    with _GIVEN[what](*words) as given:
        before = _peak()
        end = _ended(one, given)
        used, grown = resource.getrusage(resource.RUSAGE_CHILDREN), _peak() - before
    found = Measured(
        **end._asdict(),
        cpu=used.ru_utime + used.ru_stime,
        resident=used.ru_maxrss << 10,
        grown=grown,
        left=len(children()),
        after=_ended(one, (tree(), SITE, "c0ffee", no_fetch)).objects,
    )
    print(json.dumps(dataclasses.asdict(found)))


if __name__ == "__main__":
    main(*sys.argv[1:])
