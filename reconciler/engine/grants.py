"""What commits' trailers allow to be deleted, from the verified commit to the books.

A trailer allows what was removed up to its commit, and not what later ones remove. So the courier
notes it with the commit that it accepts, in one durable write, and renders that commit too where
it is not the newest; the loop then names the objects that it means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import orjson

from reconciler import ports
from reconciler.model.refs import ObjectRef
from reconciler.model.rendered import Manifest
from reconciler.model.values import Verified
from reconciler.plan import allowance

_NOTED = "grants"  # meta: JSON of the tip that was accepted, and of each commit with its words
GRANTED = "granted"  # meta: the tip whose trailers the loop has taken in
_MOST = 10  # commits with a trailer between two looks; of more, the newest


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """``objects`` is what the commit still declared: those are not meant."""

    commit: str
    words: frozenset[str]
    objects: tuple[Manifest, ...]


class Grants:
    """The courier's half: trailers that the loop has not taken in yet, oldest first."""

    def __init__(self, state: ports.State) -> None:
        self._state = state
        self._noted: dict[str, frozenset[str]] = {}
        self._tip = ""

    def begin(self) -> None:
        """Take up what the agent before us noted."""
        noted = self._state.meta(_NOTED)
        if noted:
            self._tip, rows = orjson.loads(noted)
            self._noted = {commit: frozenset(words) for commit, words in rows}

    def note(self, tip: str, verified: Iterable[Verified]) -> None:
        """The commits up to ``tip`` were verified."""
        self._forget_taken()
        for each in verified:
            words = allowance.words(each.allow_prune)
            if words:
                self._noted[each.commit] = words
        self._noted = dict(list(self._noted.items())[-_MOST:])
        self._tip = tip

    def meta(self) -> Mapping[str, str]:
        """To be saved with the commit that is accepted."""
        rows = [[commit, sorted(words)] for commit, words in self._noted.items()]
        return {_NOTED: orjson.dumps([self._tip, rows]).decode() if rows else ""}

    def gather(self, declared: Callable[[str], tuple[Manifest, ...] | None]) -> tuple[Grant, ...]:
        """``declared`` renders a commit; None where that cannot be, and then it allows nothing."""
        self._forget_taken()
        found = ((commit, words, declared(commit)) for commit, words in self._noted.items())
        return tuple(
            Grant(commit=commit, words=words, objects=objects)
            for commit, words, objects in found
            if objects is not None
        )

    def _forget_taken(self) -> None:
        if self._tip and self._state.meta(GRANTED) == self._tip:
            self._noted.clear()


def meant(
    grants: Iterable[Grant],
    entries: Iterable[ObjectRef],
    placed: Callable[[tuple[Manifest, ...]], Iterable[Manifest]],
) -> set[ObjectRef]:
    """The objects on the books that trailers allow to be deleted."""
    listed = tuple(entries)
    found: set[ObjectRef] = set()
    for grant in grants:
        declared = {manifest.ref for manifest in placed(grant.objects)}
        found |= {
            ref for ref in listed if ref not in declared and allowance.covers(grant.words, ref)
        }
    return found
