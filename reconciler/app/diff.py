"""``reconciler diff``: a site at a commit against its live cluster. Writes nothing, anywhere.

In: a site, a repository, a revision, and where the cluster is. Out: a Preview, and its two forms.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import orjson

from reconciler.adapters import system
from reconciler.app import AGENT_NAMESPACE, desk
from reconciler.engine import grants, placing
from reconciler.engine.preview import Action, Line, Preview, Previewer
from reconciler.model import errors
from reconciler.model.fields import show
from reconciler.model.rendered import Manifest
from reconciler.plan import allowance, differ, masks

_SIGNS: Mapping[Action, tuple[str, str]] = {
    Action.CREATE: ("+", "green"),
    Action.CHANGE: ("~", "yellow"),
    Action.REPLACE: ("*", "red"),
    Action.DELETE: ("-", "red"),
    Action.HELD: ("=", "cyan"),
    Action.KEEP: ("=", "cyan"),
    Action.RELEASE: ("=", "cyan"),
    Action.REFUSED: ("!", "magenta"),
}
_COUNTED: Mapping[Action, str] = {
    Action.CREATE: "to create",
    Action.CHANGE: "to change",
    Action.REPLACE: "to replace",
    Action.DELETE: "to delete",
    Action.KEEP: "kept",
    Action.RELEASE: "released",
}


def look(name: str, repo: str, rev: str, access: Mapping[str, str], place: desk.Place) -> Preview:
    """Raises UsageError, SettingsError, RenderError, SourceUnavailable, ClusterUnavailable."""
    with desk.opened(name, repo, rev, access, place) as at:
        declared = {manifest.ref for manifest in at.objects}
        granted = grants.meant(
            _grants(at),
            at.inventory.entries,
            lambda each: placing.placed(each, at.cluster),
        )
        return Previewer(at.cluster, agent_namespace=AGENT_NAMESPACE).look(
            at.rendered,
            at.objects,
            at.inventory,
            allowed=(at.inventory.allowed | granted) - declared,
            now=system.SystemClock().now(),
        )


def _grants(at: desk.Desk) -> Iterator[grants.Grant]:
    """What trailers allow since the commit that the cluster has."""
    try:
        verified = at.found.since(at.inventory.accepted)
    except errors.HistoryRefused:
        return  # another branch, looked at as if it were to be applied
    for each in verified:
        words = allowance.words(each.allow_prune)
        objects = _objects(at, each.commit) if words else None
        if objects is not None:
            yield grants.Grant(commit=each.commit, words=words, objects=objects)


def _objects(at: desk.Desk, commit: str) -> tuple[Manifest, ...] | None:
    try:
        return at.render(commit).objects
    except errors.FileError:
        return None


def to_text(found: Preview) -> Iterator[tuple[str, str | None]]:
    """Lines and their colours."""
    for line in found.lines:
        yield from _text(line)
    counts = {action: sum(1 for line in found.lines if line.action is action) for action in Action}
    words = [f"{count} {_COUNTED.get(action, action)}" for action, count in counts.items() if count]
    yield ", ".join([*words, f"{found.unchanged} unchanged"]), None


def _text(line: Line) -> Iterator[tuple[str, str | None]]:
    sign, colour = _SIGNS[line.action]
    origin = f"  {line.origin}" if line.origin else ""
    word = f"  {line.action}" if sign in "*=!" or line.why else ""
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
