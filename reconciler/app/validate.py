"""``reconciler validate``: every site of a folder rendered and judged, with no cluster.

Several render children work side by side. What many sites have from one file is said once.
"""

from __future__ import annotations

import os
import queue
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import orjson

from reconciler.adapters.child import ChildRenderer
from reconciler.adapters.files import FolderTree
from reconciler.app import AGENT_NAMESPACE, layout
from reconciler.model.errors import FileError, UsageError
from reconciler.model.refs import SiteName
from reconciler.model.values import Finding, Tree
from reconciler.render import settings
from reconciler.render.trees import Remembered

_CHILDREN = 8  # at most, as each may take 256 MiB
_SHOWN = 3  # sites that a line names

Tell = Callable[[int, int], None]  # how many sites are done, and of how many


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong; ``sites`` is empty where it concerns the whole fleet."""

    sites: tuple[str, ...]
    rule: str
    path: str
    line: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    sites: int
    objects: int
    findings: tuple[Problem, ...]


_Found = tuple[str, str, int, str]  # a Problem without its sites
_Checked = tuple[int, list[_Found]]  # objects of a site, and what is wrong with it


def check(
    folder: Path, *, only: tuple[SiteName, ...] = (), tell: Tell = lambda done, total: None
) -> Result:
    """All sites, or ``only`` some. Raises UsageError where the folder is no fleet repository."""
    if not (folder / settings.FLEET_FILE).is_file():
        raise UsageError(f"{folder} holds no fleet.yaml: is it a fleet repository?")
    tree = Remembered(FolderTree(folder))
    try:
        settings.read_fleet(tree)
        sites = only or settings.sites(tree)
    except FileError as error:
        return Result(sites=0, objects=0, findings=tuple(_problems([("", [_error(error)])])))
    misplaced = [] if only else [_error(error) for error in layout.misplaced(tree)]
    checked = _check_all(tree, sites, tell)
    rows = [("", misplaced), *((str(site), checked[site][1]) for site in sites)]
    return Result(
        sites=len(sites),
        objects=sum(count for count, _ in checked.values()),
        findings=tuple(_problems(rows)),
    )


def show(result: Result, output: str) -> str:
    """Findings by file and line and a closing sentence, or one JSON document."""
    if output == "json":
        return orjson.dumps(result, option=orjson.OPT_INDENT_2).decode() + "\n"
    lines = [f"{_place(found)}{found.message}{_named(found.sites)}" for found in result.findings]
    ending = _count(len(lines), "finding") if lines else "no findings"
    totals = f"{_count(result.sites, 'site')}, {_count(result.objects, 'object')}"
    return "\n".join([*lines, f"{totals}: {ending}"]) + "\n"


def _check_all(tree: Tree, sites: tuple[SiteName, ...], tell: Tell) -> dict[SiteName, _Checked]:
    count = max(1, min(len(sites), os.cpu_count() or 1, _CHILDREN))
    renderers = [
        ChildRenderer(agent_namespace=AGENT_NAMESPACE, from_repository=False) for _ in range(count)
    ]
    free: queue.SimpleQueue[ChildRenderer] = queue.SimpleQueue()
    for renderer in renderers:
        free.put(renderer)

    def one(site: SiteName) -> _Checked:
        renderer = free.get()
        try:
            return _check_site(renderer, tree, site)
        finally:
            free.put(renderer)

    checked: dict[SiteName, _Checked] = {}
    pool = ThreadPoolExecutor(count)
    try:
        futures = {pool.submit(one, site): site for site in sites}
        for future in as_completed(futures):
            checked[futures[future]] = future.result()
            tell(len(checked), len(sites))
    finally:
        pool.shutdown(cancel_futures=True)
        for renderer in renderers:
            renderer.close()
    return checked


def _check_site(renderer: ChildRenderer, tree: Tree, site: SiteName) -> _Checked:
    try:
        rendered = renderer.render(tree, site, "", lambda _: None)
    except FileError as error:
        return 0, [_error(error)]
    return len(rendered.objects), [_finding(found) for found in rendered.verdict.findings]


def _problems(rows: Iterable[tuple[str, list[_Found]]]) -> Iterator[Problem]:
    """Each thing once, with the sites that have it, in the order of the sites."""
    sites: defaultdict[_Found, list[str]] = defaultdict(list)
    for site, found in rows:
        for each in dict.fromkeys(found):
            sites[each] += [site] if site else []
    for (rule, path, line, message), names in sites.items():
        yield Problem(sites=tuple(names), rule=rule, path=path, line=line, message=message)


def _error(error: FileError) -> _Found:
    return type(error).__name__, error.path, error.line, error.message


def _finding(finding: Finding) -> _Found:
    message = f"{finding.ref}: {finding.message}" if finding.ref else finding.message
    if finding.origin is None:
        return finding.rule, "", 0, message
    return finding.rule, finding.origin.path, finding.origin.line, message


def _place(found: Problem) -> str:
    if not found.path:
        return ""
    return f"{found.path}:{found.line}: " if found.line else f"{found.path}: "


def _named(sites: tuple[str, ...]) -> str:
    if not sites:
        return ""
    more = len(sites) - _SHOWN
    shown = ", ".join(sites[:_SHOWN])
    return f" [{shown} and {more} more]" if more > 0 else f" [{shown}]"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
