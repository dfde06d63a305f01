"""What ``bench.kustomize`` times: many sites rendered by a process that begins with nothing.

``python -m bench.renders ROOT OUT objects SITES``: the digests of all sites' objects, to the file
OUT, by workers as ``reconciler render --all`` has them. ``GIT BEFORE..AFTER warm SITES``: all
sites of the one commit, then all of the other, in one process, timed.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from reconciler.adapters.files import FolderTree
from reconciler.adapters.system import workers
from reconciler.app import everywhere
from reconciler.model.refs import SiteName
from reconciler.render.cache import Cache
from reconciler.render.site import render_site
from reconciler.render.trees import Remembered

_COMMIT = "0" * 40


def objects(root: Path, out: Path, names: Sequence[str]) -> None:
    """A line for each object; the first site is rendered before the workers are forked."""
    tree, cache = Remembered(FolderTree(root, still=True)), Cache(again=False)

    def digests(name: str) -> str:
        rendered = render_site(tree, SiteName.parse(name), _COMMIT, cache)
        return "".join(f"{name} {each.ref} {each.digest}\n" for each in rendered.objects)

    with out.open("w") as file:
        file.write(digests(names[0]))
        turns = everywhere.turns(names[1:])
        for _, lines in workers.shared(turns, lambda: digests, os.cpu_count() or 1):
            file.write(lines)


def warm(repository: Path, before: str, after: str, names: Sequence[str]) -> tuple[float, float]:
    """Seconds for all sites of one commit, and then for all of the next, which changes the first.

    Raises AssertionError where the second are not what they are with nothing kept.
    """
    from reconciler.adapters.git.objects import ObjectReader
    from reconciler.adapters.git.tree import commit_tree

    reader, cache = ObjectReader(repository), Cache()

    def digests(commit: str, cache: Cache) -> tuple[float, list[list[str]]]:
        began = time.perf_counter()
        tree = Remembered(commit_tree(reader, commit))
        found = [
            [each.digest for each in render_site(tree, SiteName.parse(name), commit, cache).objects]
            for name in names
        ]
        return time.perf_counter() - began, found

    cold, first = digests(before, cache)
    again, second = digests(after, cache)
    assert second == digests(after, Cache())[1], "what was kept is not what is there"
    assert [at for at in range(len(names)) if first[at] != second[at]] == [0]
    reader.close()
    return cold, again


def main() -> None:
    gc.disable()
    root, out, form, names = sys.argv[1:]
    sites = Path(names).read_text().split()
    if form == "warm":
        before, _, after = out.partition("..")
        cold, again = warm(Path(root), before, after, sites)
        print(cold, again)
    else:
        objects(Path(root), Path(out), sites)


if __name__ == "__main__":
    main()
