"""``reconciler render --all``: every site of a fleet, a file each.

In: the fleet's folder as it stands, or a local repository at a revision. Out: the files, and what
could not be rendered. There is a process a core; they are forked once the first site is there, so
that they share what all sites have in common.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from reconciler.adapters.files import FolderTree
from reconciler.adapters.system import workers
from reconciler.app import findings, layout
from reconciler.app.findings import Problem, Result
from reconciler.app.render import Form, of_site
from reconciler.model.errors import FileError, MissingBlobs, SourceUnavailable, UsageError
from reconciler.model.refs import SiteName
from reconciler.model.rendered import Tree
from reconciler.render import settings
from reconciler.render.cache import Cache
from reconciler.render.trees import Remembered

_REGIONS = 500  # turns of whole regions, at most
_LAST, _SMALL, _PARTS = 2, 5, 400  # regions in small parts; sites of each; parts, at most
_SAID = ("rule", "path", "line", "column", "message")  # of a finding
_ENDINGS = {"text": "yaml", "json": "json"}

Tell = Callable[[int, int], None]  # how many sites are done, and of how many


class Source(NamedTuple):
    """``opened`` may be called once more in each worker, which can share no process with others."""

    commit: str
    opened: Callable[[], Tree]


@contextmanager
def source(folder: str, repo: str | None, rev: str) -> Iterator[Source]:
    """``folder`` as it stands, or ``repo`` at a revision.

    Raises UsageError where there is none such here, SourceUnavailable for a damaged repository.
    """
    if repo is None:
        tree = Remembered(FolderTree(Path(folder), still=True))
        yield Source("", lambda: tree)
        return
    if not Path(repo).is_dir():
        raise UsageError(
            f"--all reads a repository on this machine: git clone {repo}, and give that"
        )
    from reconciler.app import checkout

    with checkout.opened(repo, rev, {}) as found:
        yield Source(found.commit, lambda: Remembered(found.tree(found.commit)))


def write(source: Source, into: Path, form: Form, tell: Tell = lambda done, total: None) -> Result:
    """Render all sites into files REGION/SITE.yaml (or .json) of an empty folder.

    A site that cannot be rendered is a finding, and the others are written all the same. Raises
    UsageError where there is no site or no room, SourceUnavailable, WorkerLost.
    """
    tree, cache = source.opened(), Cache(again=False)
    names = [str(site) for site in settings.sites(tree)]
    if not names:
        raise UsageError(f"the fleet has no site: {layout.SITE}")
    _make(into)

    def begin(tree: Tree) -> Callable[[str], dict[str, Any]]:
        return _Writer(tree, cache, source.commit, into, form).write

    answers = {names[0]: begin(tree)(names[0])}
    _check(answers[names[0]])
    count = os.cpu_count() or 1
    rest = workers.shared(turns(names[1:]), lambda: begin(source.opened()), count)
    with closing(rest):
        for name, answer in rest:
            answers[name] = answer
            _check(answer)
            tell(len(answers), len(names))
    rows = [(name, _found(answers[name])) for name in names]
    return Result(
        sites=len(names),
        objects=sum(answer.get("objects", 0) for answer in answers.values()),
        findings=tuple(findings.once(rows)),
    )


def turns(names: Sequence[str]) -> list[Sequence[str]]:
    """Sites, sorted, as a worker takes them: a region's together, the last regions in small parts.

    What sites of a region share is made once for them; the small parts let all workers end at the
    same time.
    """
    regions: dict[str, list[str]] = {}
    for name in names:
        regions.setdefault(name.partition("/")[0], []).append(name)
    whole = list(regions.values())
    first, last = whole[:-_LAST], [name for region in whole[-_LAST:] for name in region]
    many = -(-len(first) // _REGIONS) or 1
    small = max(_SMALL, -(-len(last) // _PARTS))
    return [
        *(
            [name for region in first[at : at + many] for name in region]
            for at in range(0, len(first), many)
        ),
        *(last[at : at + small] for at in range(0, len(last), small)),
    ]


def _make(into: Path) -> None:
    try:
        into.mkdir(parents=True, exist_ok=True)
        is_empty = not any(into.iterdir())
    except OSError as error:
        raise UsageError(f"--into {into}: {error.strerror}") from None
    if not is_empty:
        raise UsageError(f"--into {into}: the folder is not empty; give one that is, or a new one")


class _Writer(NamedTuple):
    tree: Tree
    cache: Cache
    commit: str
    into: Path
    form: Form

    def write(self, name: str) -> dict[str, Any]:
        """What became of a site, as JSON has it."""
        path = self.into / f"{name}.{_ENDINGS[self.form.output]}"
        site = SiteName.parse(name)
        try:
            count, text = of_site(self.tree, site, self.commit, self.form, self.cache)
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except FileError as error:
            found = findings.of_error(error)
            return {name: getattr(found, name) for name in _SAID}
        except OSError as error:
            return {"unwritten": f"cannot write {path}: {error.strerror}"}
        except (MissingBlobs, SourceUnavailable) as error:
            return {"unavailable": str(error)}
        return {"objects": count}


def _check(answer: dict[str, Any]) -> None:
    """Raises what ends the whole."""
    if "unwritten" in answer:
        raise UsageError(answer["unwritten"])
    if "unavailable" in answer:
        raise SourceUnavailable(answer["unavailable"])


def _found(answer: dict[str, Any]) -> list[Problem]:
    return [Problem(**answer)] if "rule" in answer else []
