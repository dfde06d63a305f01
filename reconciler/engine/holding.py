"""What a pause held still before the start, and was told: it is not told again.

In: the state. Out: for each object that was open for a pause, what the journal says of it.
"""

from __future__ import annotations

from reconciler import ports
from reconciler.model.journal import Outcome
from reconciler.model.refs import ObjectRef
from reconciler.status import open_drift

Left = frozenset[tuple[str, str, Outcome]]  # path, what was found, why it stays


def held_before(state: ports.State) -> dict[ObjectRef, Left]:
    """Raises StateDamaged, StateUnavailable."""
    try:
        standing = open_drift.unpack(state.meta(open_drift.KEY)).objects
    except ValueError:
        return {}
    found = {ref: Left() for ref, outcome in standing.items() if outcome is Outcome.PAUSED}
    for row in state.journal() if found else ():
        if row.ref in found and row.outcome is Outcome.PAUSED:
            found[row.ref] |= {(row.change.path, row.change.found, row.outcome)}
        elif row.ref in found and row.outcome is Outcome.CORRECTED:
            found[row.ref] = Left()
    return found
