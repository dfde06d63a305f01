"""``reconciler adopt``: what a site would take over at first contact. Writes nothing, anywhere.

In: a site, a repository, a revision, and where the cluster is. Out: Claims, and their two forms.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from reconciler.app import desk
from reconciler.engine import adoption
from reconciler.engine.adoption import Claim
from reconciler.model.fields import show
from reconciler.plan import differ, masks
from reconciler.status import note

_LINE = 400  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """``objects`` counts those that the commit declares."""

    claims: tuple[Claim, ...]
    objects: int

    @property
    def unnamed(self) -> tuple[str, ...]:
        """The managers that a rule would have to name."""
        return tuple(sorted({name for claim in self.claims for name in claim.unnamed}))

    @property
    def rule(self) -> str:
        """What to paste; ``""`` where all are named already."""
        names = orjson.dumps(self.unnamed).decode().replace(",", ", ")
        return f"adopt: [{{managers: {names}}}]" if self.unnamed else ""


def look(name: str, repo: str, rev: str, access: Mapping[str, str], place: desk.Place) -> Adoption:
    """Raises UsageError, SettingsError, RenderError, SourceUnavailable, ClusterUnavailable."""
    with desk.opened(name, repo, rev, access, place) as at:
        claims = adoption.look(at.cluster, at.objects, at.inventory, at.rendered.settings.adopt)
        return Adoption(claims=claims, objects=len(at.objects))


def to_text(found: Adoption) -> Iterator[tuple[str, str | None]]:
    """Lines and their colours."""
    for claim in found.claims:
        yield from _text(claim)
    yield f"{len(found.claims)} of {found.objects} objects are there and are not this site's", None
    counts = Counter(_holder(each) for claim in found.claims for each in claim.holders)
    for holder, count in sorted(counts.items()):
        yield f"  {holder} holds fields of {count}", None
    if found.rule:
        yield "to take over from all of them, in site.yaml or under defaults in fleet.yaml:", None
        yield f"  {note.short(found.rule)}", None
    elif found.claims:
        yield "the rules of this commit name all of whom they are taken over", None


def _text(claim: Claim) -> Iterator[tuple[str, str | None]]:
    if claim.refused:
        yield f"! {claim.ref}  {claim.origin}: {note.short(claim.refused, _LINE)}", "magenta"
        return
    sign, colour = ("!", "red") if set(claim.conflicts) & set(claim.unnamed) else ("~", "yellow")
    yield f"{sign} {claim.ref}  {claim.origin}", colour
    for each in claim.holders:
        yield f"    {_holder(each)} holds {each.fields} of our fields", None
    if sign == "!":
        names = ", ".join(note.short(name, 64) for name in claim.conflicts)
        yield f"    without a rule it stays as it is: a conflict with {names}", None
    for difference in claim.differences:
        yield f"    {show(difference.path)}", None
        rows = (("-", difference.found, "red"), ("+", difference.wanted, "green"))
        for mark, value, tone in rows:
            if value is not differ.ABSENT:
                yield f"    {mark} {masks.shown(claim.ref, difference.path, value)}", tone


def _holder(each: adoption.Holder) -> str:
    return f"{note.short(each.manager, 64)} ({each.operation})"


def to_json(found: Adoption) -> str:
    words = {
        "objects": [_words(claim) for claim in found.claims],
        "declared": found.objects,
        "rule": found.rule,
    }
    return orjson.dumps(words, option=orjson.OPT_INDENT_2).decode() + "\n"


def _words(claim: Claim) -> dict[str, Any]:
    holders = [
        {"manager": each.manager, "operation": each.operation, "fields": each.fields}
        for each in claim.holders
    ]
    fields = [
        {
            "field": show(each.path),
            "found": masks.shown(claim.ref, each.path, each.found),
            "wanted": masks.shown(claim.ref, each.path, each.wanted),
        }
        for each in claim.differences
    ]
    words: dict[str, Any] = {
        "object": str(claim.ref),
        "origin": str(claim.origin),
        "holders": holders,
        "conflicts": list(claim.conflicts),
        "unnamed": list(claim.unnamed),
        "fields": fields,
        "refused": claim.refused,
    }
    return {key: value for key, value in words.items() if value}
