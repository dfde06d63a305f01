"""``reconciler diff``: a site at a commit against its live cluster. Writes nothing, anywhere.

In: a site, a repository, a revision, and where the cluster is. Out: a Preview, and its two forms.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import orjson

from reconciler.adapters import child, kube, system
from reconciler.app import AGENT_NAMESPACE, checkout
from reconciler.engine import books, grants, pins, placing
from reconciler.engine.preview import Action, Line, Preview, Previewer
from reconciler.model import errors
from reconciler.model.fields import show
from reconciler.model.refs import SiteName
from reconciler.model.values import Manifest, Rendered
from reconciler.plan import allowance, differ, masks
from reconciler.plan.inventory import Inventory

_SIGNS: Mapping[Action, tuple[str, str]] = {
    Action.CREATE: ("+", "green"),
    Action.CHANGE: ("~", "yellow"),
    Action.DELETE: ("-", "red"),
    Action.HELD: ("=", "cyan"),
    Action.KEEP: ("=", "cyan"),
    Action.RELEASE: ("=", "cyan"),
    Action.REFUSED: ("!", "magenta"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the cluster is, as kubectl's flags name it."""

    kubeconfig: str = ""
    context: str = ""


def look(name: str, repo: str, rev: str, access: Mapping[str, str], place: Place) -> Preview:
    """Raises UsageError, SettingsError, RenderError, SourceUnavailable, ClusterUnavailable."""
    site = checkout.site_name(name)
    cluster = kube.connect(place.kubeconfig, place.context)
    renderer = child.ChildRenderer(
        agent_namespace=AGENT_NAMESPACE, from_repository=False, heeds_pin=True
    )
    try:
        with checkout.opened(repo, rev, access) as found:
            return _look(site, found, cluster, renderer)
    finally:
        renderer.close()
        cluster.close()


def _look(
    site: SiteName,
    found: checkout.Checkout,
    cluster: kube.KubeCluster,
    renderer: child.ChildRenderer,
) -> Preview:
    def rendered_at(commit: str) -> Rendered:
        return pins.built(found, renderer, site, commit)

    rendered = rendered_at(found.commit)
    _check(rendered)
    inventory = _inventory(cluster)
    if inventory.site and inventory.site != str(site):
        raise errors.UsageError(f"this cluster is site {inventory.site}, not {site}")
    objects = placing.placed(rendered.objects, cluster)
    declared = {manifest.ref for manifest in objects}
    granted = grants.meant(
        _grants(found, inventory, rendered_at),
        inventory.entries,
        lambda each: placing.placed(each, cluster),
    )
    return Previewer(cluster, agent_namespace=AGENT_NAMESPACE).look(
        rendered,
        objects,
        inventory,
        allowed=(inventory.allowed | granted) - declared,
        now=system.SystemClock().now(),
    )


def _inventory(cluster: kube.KubeCluster) -> Inventory:
    try:
        return books.read_inventory(cluster, AGENT_NAMESPACE)
    except errors.ClusterRefused as error:
        raise errors.ClusterUnavailable(f"the inventory cannot be read: {error}") from None


def _check(rendered: Rendered) -> None:
    """Raises RenderError for a commit that the agent would not take."""
    for finding in rendered.verdict.findings:
        origin = finding.origin
        raise errors.RenderError(
            f"{finding.ref}: {finding.message}" if finding.ref else finding.message,
            path=origin.path if origin else "",
            line=origin.line if origin else 0,
        )


def _grants(
    found: checkout.Checkout, inventory: Inventory, rendered_at: checkout.Render
) -> Iterator[grants.Grant]:
    """What trailers allow since the commit that the cluster has."""
    try:
        verified = found.since(inventory.accepted)
    except errors.HistoryRefused:
        return  # another branch, looked at as if it were to be applied
    for each in verified:
        words = allowance.words(each.allow_prune)
        objects = _objects(rendered_at, each.commit) if words else None
        if objects is not None:
            yield grants.Grant(commit=each.commit, words=words, objects=objects)


def _objects(rendered_at: checkout.Render, commit: str) -> tuple[Manifest, ...] | None:
    try:
        return rendered_at(commit).objects
    except errors.FileError:
        return None


def to_text(found: Preview) -> Iterator[tuple[str, str | None]]:
    """Lines and their colours."""
    for line in found.lines:
        yield from _text(line)
    counts = {action: sum(1 for line in found.lines if line.action is action) for action in Action}
    words = [f"{count} to {action}" for action, count in counts.items() if count]
    yield ", ".join([*words, f"{found.unchanged} unchanged"]), None


def _text(line: Line) -> Iterator[tuple[str, str | None]]:
    sign, colour = _SIGNS[line.action]
    origin = f"  {line.origin}" if line.origin else ""
    word = f"  {line.action}" if sign in "=!" else ""
    why = f": {line.why}" if line.why and word else ""
    yield f"{sign} {line.ref}{origin}{word}{why}", colour
    for each in line.differences:
        yield f"    {show(each.path)}", None
        for mark, value, tone in (("-", each.found, "red"), ("+", each.wanted, "green")):
            if value is not differ.ABSENT:
                yield f"    {mark} {masks.shown(line.ref, each.path, value)}", tone


def to_json(found: Preview) -> str:
    words = {
        "objects": [_words(line) for line in found.lines],
        "unchanged": found.unchanged,
    }
    return orjson.dumps(words, option=orjson.OPT_INDENT_2).decode() + "\n"


def _words(line: Line) -> dict[str, object]:
    fields = [
        {
            "field": show(each.path),
            "found": masks.shown(line.ref, each.path, each.found),
            "wanted": masks.shown(line.ref, each.path, each.wanted),
        }
        for each in line.differences
    ]
    words = {
        "object": str(line.ref),
        "action": str(line.action),
        "origin": str(line.origin) if line.origin else "",
        "why": line.why,
        "fields": fields,
    }
    return {key: value for key, value in words.items() if value}
