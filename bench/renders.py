"""What ``bench.kustomize`` times: many sites rendered by a process that begins with nothing.

``python -m bench.renders ROOT OUT FORM SITES``: the parent renders the first site, so that workers,
one a core, share what all regions have in common; they are forked and take region after region.
FORM is ``yaml`` (each site's bytes to a file in OUT) or ``objects`` (each site's digests, as one
file a worker). ``warm GIT``: all sites of the commit before, then all of HEAD, timed.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from reconciler.adapters.files import FolderTree
from reconciler.model.refs import SiteName
from reconciler.model.values import Rendered, Tree
from reconciler.render import build, output
from reconciler.render.cache import Cache
from reconciler.render.site import render_site
from reconciler.render.trees import Remembered

_COMMIT = "0" * 40
_LAST, _SMALL = 2, 5  # regions, and sites of each of their parts
Work = Callable[[Tree, Cache, Iterable[str], Path, str], None]


def every(root: Path, out: Path, form: str, names: Sequence[str]) -> None:
    """Render all; raises RuntimeError where a worker failed."""
    work: Work = {"yaml": _yaml, "objects": _objects}[form]
    tree, cache = Remembered(FolderTree(root, still=True)), Cache()
    work(tree, cache, names[:1], out, "shared")
    gc.freeze()
    turns = _turns(names[1:])
    line, end = os.pipe()  # of turns that are left: a byte each, which one worker alone reads
    os.write(end, bytes(range(len(turns))))
    os.close(end)

    def taken() -> Iterator[str]:
        while number := os.read(line, 1):
            yield from turns[number[0]]

    children = [
        _forked(work, tree, cache, taken(), out, str(n)) for n in range(os.cpu_count() or 1)
    ]
    if any(os.waitpid(child, 0)[1] for child in children):
        raise RuntimeError("a worker failed")


def _turns(names: Sequence[str]) -> list[Sequence[str]]:
    """The names as a worker takes them: a region's together, the last regions in small parts.

    At most 255. What sites of a region share is made once for them; the small parts let all
    workers end at the same time.
    """
    regions: dict[str, list[str]] = {}
    for name in names:
        regions.setdefault(name.partition("/")[0], []).append(name)
    whole = list(regions.values())
    first, last = whole[:-_LAST], [name for region in whole[-_LAST:] for name in region]
    return [*first, *(last[at : at + _SMALL] for at in range(0, len(last), _SMALL))]


def _forked(
    work: Work, tree: Tree, cache: Cache, names: Iterable[str], out: Path, worker: str
) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        work(tree, cache, names, out, worker)
        code = 0
    finally:
        os._exit(code)


def _yaml(tree: Tree, cache: Cache, names: Iterable[str], out: Path, worker: str) -> None:
    for name in names:
        text = output.to_yaml(build.build(tree, f"sites/{name}", cache=cache))
        (out / f"{name.replace('/', '.')}.yaml").write_text(text)


def _objects(tree: Tree, cache: Cache, names: Iterable[str], out: Path, worker: str) -> None:
    with (out / f"digests.{worker}").open("w") as file:
        for rendered in _rendered(tree, cache, names):
            for manifest in rendered.objects:
                file.write(f"{rendered.site} {manifest.ref} {manifest.digest}\n")


def _rendered(tree: Tree, cache: Cache, names: Iterable[str]) -> Iterator[Rendered]:
    for name in names:
        yield render_site(tree, SiteName.parse(name), _COMMIT, cache)


def warm(repository: Path, before: str, after: str, names: Sequence[str]) -> tuple[float, float]:
    """Seconds for all sites of one commit, and then for all of the next."""
    from reconciler.adapters.git.objects import ObjectReader
    from reconciler.adapters.git.tree import commit_tree

    reader, cache = ObjectReader(repository), Cache()
    taken = []
    for commit in (before, after):
        began = time.perf_counter()
        tree = Remembered(commit_tree(reader, commit))
        for _ in _rendered(tree, cache, names):
            pass
        taken.append(time.perf_counter() - began)
    reader.close()
    return taken[0], taken[1]


def main() -> None:
    gc.disable()
    root, out, form, names = sys.argv[1:]
    sites = Path(names).read_text().split()
    if form == "warm":
        before, _, after = out.partition("..")
        cold, again = warm(Path(root), before, after, sites)
        print(cold, again)
    else:
        every(Path(root), Path(out), form, sites)


if __name__ == "__main__":
    main()
