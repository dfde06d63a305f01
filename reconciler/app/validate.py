"""``reconciler validate``: every site of a folder rendered and judged, with no cluster."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import orjson

from reconciler.adapters.child import ChildRenderer
from reconciler.adapters.files import FolderTree
from reconciler.app import AGENT_NAMESPACE
from reconciler.model.errors import FileError, UsageError
from reconciler.model.refs import SiteName
from reconciler.model.values import Finding
from reconciler.render import settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong; ``site`` is ``""`` where it concerns the whole fleet."""

    site: str
    rule: str
    path: str
    line: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    sites: int
    objects: int
    findings: tuple[Problem, ...]


def check(folder: Path) -> Result:
    """Raises UsageError where the folder is no fleet repository."""
    if not (folder / "fleet.yaml").is_file():
        raise UsageError(f"{folder} holds no fleet.yaml: is it a fleet repository?")
    tree = FolderTree(folder)
    try:
        settings.read_fleet(tree)
        sites = settings.sites(tree)
    except FileError as error:
        return Result(sites=0, objects=0, findings=(_problem("", error),))
    objects, findings = 0, list[Problem]()
    renderer = ChildRenderer(agent_namespace=AGENT_NAMESPACE, from_repository=False)
    try:
        for site in sites:
            count, found = _check_site(renderer, tree, site)
            objects += count
            findings += found
    finally:
        renderer.close()
    return Result(sites=len(sites), objects=objects, findings=tuple(findings))


def show(result: Result, output: str) -> str:
    """Findings by file and line and a closing sentence, or one JSON document."""
    if output == "json":
        return orjson.dumps(result, option=orjson.OPT_INDENT_2).decode() + "\n"
    lines = [
        f"{_place(found)}{found.message}" + (f" [{found.site}]" if found.site else "")
        for found in result.findings
    ]
    ending = f"{len(lines)} findings" if lines else "no findings"
    lines.append(f"{result.sites} sites, {result.objects} objects: {ending}")
    return "\n".join(lines) + "\n"


def _check_site(
    renderer: ChildRenderer, tree: FolderTree, site: SiteName
) -> tuple[int, list[Problem]]:
    try:
        rendered = renderer.render(tree, site, "", lambda _: None)
    except FileError as error:
        return 0, [_problem(str(site), error)]
    found = [_finding(str(site), finding) for finding in rendered.verdict.findings]
    return len(rendered.objects), found


def _place(found: Problem) -> str:
    if not found.path:
        return ""
    return f"{found.path}:{found.line}: " if found.line else f"{found.path}: "


def _problem(site: str, error: FileError) -> Problem:
    return Problem(
        site=site,
        rule=type(error).__name__,
        path=error.path,
        line=error.line,
        message=error.message,
    )


def _finding(site: str, finding: Finding) -> Problem:
    origin = finding.origin
    message = f"{finding.ref}: {finding.message}" if finding.ref else finding.message
    return Problem(
        site=site,
        rule=finding.rule,
        path=origin.path if origin else "",
        line=origin.line if origin else 0,
        message=message,
    )
