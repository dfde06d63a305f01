"""``reconciler validate``: every site of a folder rendered and judged, with no cluster.

Several render children work side by side. What many sites have from one file is said once.
"""

from __future__ import annotations

import dataclasses
import os
import queue
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from reconciler.adapters.child import ChildRenderer
from reconciler.adapters.files import FolderTree
from reconciler.app import AGENT_NAMESPACE, findings, layout
from reconciler.app.findings import Problem, Result
from reconciler.model.errors import FileError, UsageError
from reconciler.model.limits import Limits
from reconciler.model.origins import Origin
from reconciler.model.refs import SiteName
from reconciler.model.rendered import Finding, Tree
from reconciler.render import settings
from reconciler.render.trees import Remembered

_CHILDREN = 8  # at most, as each may take 256 MiB
_DEFAULT = Limits()

Tell = Callable[[int, int], None]  # how many sites are done, and of how many


_Found = Problem  # without its sites


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Checked:
    """Of one site. ``idle`` are policies that judged nothing, of those files that it names."""

    objects: int = 0
    found: tuple[_Found, ...]
    idle: tuple[_Found, ...] = ()
    policies: tuple[str, ...] = ()


def check(
    folder: Path,
    *,
    only: tuple[SiteName, ...] = (),
    tell: Tell = lambda done, total: None,
    limits: Limits = _DEFAULT,
) -> Result:
    """All sites, or ``only`` some, each within ``limits``.

    Raises UsageError where the folder is no fleet repository.
    """
    if not (folder / settings.FLEET_FILE).is_file():
        raise UsageError(f"{folder} holds no fleet.yaml: is it a fleet repository?")
    tree = Remembered(FolderTree(folder, still=True))
    try:
        settings.read_fleet(tree)
        sites = only or settings.sites(tree)
    except FileError as error:
        return Result(
            sites=0, objects=0, findings=tuple(findings.once([("", [findings.of_error(error)])]))
        )
    misplaced = () if only else tuple(findings.of_error(error) for error in layout.misplaced(tree))
    checked = _check_all(tree, sites, tell, limits)
    rows = [("", misplaced), *((str(site), checked[site].found) for site in sites)]
    rows.append(("", tuple(_idle(checked.values()))))
    return Result(
        sites=len(sites),
        objects=sum(each.objects for each in checked.values()),
        findings=tuple(findings.once(rows)),
    )


def _check_all(
    tree: Tree, sites: tuple[SiteName, ...], tell: Tell, limits: Limits
) -> dict[SiteName, _Checked]:
    count = max(1, min(len(sites), os.cpu_count() or 1, _CHILDREN))
    renderers = [
        ChildRenderer(agent_namespace=AGENT_NAMESPACE, from_repository=False, limits=limits)
        for _ in range(count)
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
        return _Checked(found=(findings.of_error(error),))
    return _Checked(
        objects=len(rendered.objects),
        found=tuple(_finding(found) for found in rendered.verdict.findings),
        idle=tuple(_finding(found) for found in rendered.verdict.idle),
        policies=rendered.settings.policies,
    )


def _idle(checked: Iterable[_Checked]) -> Iterator[_Found]:
    """What is idle at every site that has it."""
    listed = list(checked)
    for each in dict.fromkeys(found for site in listed for found in site.idle):
        users = [site for site in listed if _names(site, each)]
        if all(each in site.idle for site in users):
            yield each


def _names(site: _Checked, problem: _Found) -> bool:
    return problem.path in {f"policies/{name}.yaml" for name in site.policies}


def _finding(finding: Finding) -> _Found:
    origin = finding.origin or Origin("")
    return Problem(
        rule=finding.rule,
        path=origin.path,
        line=origin.line,
        column=finding.column,
        message=f"{finding.ref}: {finding.message}" if finding.ref else finding.message,
        action=finding.action,
        policy=finding.policy,
        object=str(finding.ref) if finding.ref else "",
    )
