"""The rules of drift that hold on this site now: the accepted commit's, kept for starts without it.

Written by the loop's thread; read by all that judge a change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import orjson

from reconciler import ports
from reconciler.model import typed
from reconciler.model.refs import ObjectRef
from reconciler.model.rendered import Manifest
from reconciler.model.rules import DriftRule
from reconciler.model.values import Record
from reconciler.plan import modes

RULES = "drift-rules"  # meta: JSON of them, for a start without a link, and for ``explain``


class House:
    def __init__(self, state: ports.State) -> None:
        self._state = state
        self.drift: tuple[DriftRule, ...] = ()

    def load(self) -> None:
        self.drift = read(self._state.meta(RULES))

    def follow(self, rules: tuple[DriftRule, ...]) -> bool:
        """These hold from now on; whether they are others than before."""
        if rules == self.drift:
            return False
        self._state.save(meta={RULES: orjson.dumps(rules).decode()})
        self.drift = rules
        return True

    def of(self, record: Record) -> tuple[DriftRule, ...]:
        """The rules that speak of this object."""
        if not self.drift:
            return ()
        return modes.of_manifest(self.drift, record.ref, orjson.loads(record.body))

    def leaving(
        self, objects: Iterable[Manifest], records: Mapping[ObjectRef, Record]
    ) -> tuple[Manifest, ...]:
        """Each object with the fields that are left to others: ignored ones, and those that differ
        and are only warned of, as long as the commit does not change what they should be."""
        return tuple(
            modes.leaving(manifest, records.get(manifest.ref), self.drift) for manifest in objects
        )

    def warned(self, record: Record) -> tuple[str, ...]:
        """Of the fields that are left to others, those that the rules only warn of."""
        return modes.warned(self.of(record), record.left)


def read(text: str) -> tuple[DriftRule, ...]:
    """The rules as they were kept; none where there are none that this version knows."""
    try:
        found: tuple[DriftRule, ...] = typed.decode(tuple[DriftRule, ...], orjson.loads(text))
    except (KeyError, TypeError, ValueError):
        return ()
    return found
