"""When a pause is on: rows in, rows out. The engine calls it and keeps the rows on disk.

A pause ends at its ``until``, and after its share of running time at the latest: seconds that the
agent ran while it was on, so that no clock, wound forth or back, makes it last for ever. What is
over stays over, even if it is asked for still.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.model import moments
from reconciler.model.pauses import Asked, Asker, Held, Pause
from reconciler.model.refs import ObjectRef

Rows = tuple[Asked, ...]

MOST = 20  # pauses that the Site object may ask for at once
_KEPT = 200  # rows; what was asked for last is kept longest
_KEYS = {"reason", "until", "object"}
_REASON = 1_000  # characters


def read(value: Any) -> tuple[tuple[Pause, ...], str]:
    """``spec.pause`` of a Site object: a list of pauses, or one. And what is wrong with the rest.

    The API server checks the form too; what stands here may be from before it did.
    """
    listed = value if isinstance(value, list) else [] if value is None else [value]
    found: list[Pause] = []
    wrong = f"more than {MOST} pauses" if len(listed) > MOST else ""
    for one in listed[:MOST]:
        try:
            found.append(_pause(one))
        except ValueError as error:
            wrong = wrong or str(error)
    return tuple(dict.fromkeys(found)), wrong


def _pause(value: Any) -> Pause:
    if not isinstance(value, Mapping) or not value.keys() <= _KEYS:
        raise ValueError("a pause has reason, until and object")
    reason, about = value.get("reason"), value.get("object", "")
    if not isinstance(reason, str) or not reason.strip() or len(reason) > _REASON:
        raise ValueError("a pause needs a reason")
    if not isinstance(about, str):
        raise ValueError("object: expected KIND[.GROUP]/[NAMESPACE/]NAME")
    if about:
        ObjectRef.parse(about)
    try:
        until = moments.parse(value.get("until"))
    except ValueError as error:
        raise ValueError(f"until: {error}") from None
    return Pause(reason=reason, until=until, object=about)


def ask(rows: Rows, asker: Asker, wanted: Iterable[Pause], now: float) -> Rows:
    """This is all that the asker asks for now. What is known goes on as far as it had come."""
    asked = set(wanted)
    known = {row.pause for row in rows if row.asker is asker}
    kept = [
        dataclasses.replace(row, asked=row.pause in asked) if row.asker is asker else row
        for row in rows
    ]
    new = [
        Asked(asker=asker, pause=pause, began=now, most=max(0.0, pause.until - now))
        for pause in sorted(asked - known, key=lambda pause: (pause.object, pause.until))
    ]
    both = sorted([*kept, *new], key=lambda row: row.asked)  # stable: the oldest go first
    return tuple(both[-_KEPT:])


def step(rows: Rows, elapsed: float, now: float, limit: float) -> Rows:
    """``elapsed`` seconds of running time later, at ``now`` by the clock on the wall."""
    return tuple(_stepped(row, elapsed, now) if is_on(row, limit) else row for row in rows)


def _stepped(row: Asked, elapsed: float, now: float) -> Asked:
    used = row.used + max(0.0, elapsed)
    # A clock that was put right tells that less is left than it had seemed; never that more is.
    most = min(row.most, used + max(0.0, row.pause.until - now))
    return dataclasses.replace(row, used=used, most=most)


def is_on(row: Asked, limit: float) -> bool:
    return row.asked and left(row, limit) > 0


def left(row: Asked, limit: float) -> float:
    """Seconds of running time until it ends."""
    return min(row.most, limit) - row.used


def held(rows: Rows, limit: float, *, suspended: bool) -> tuple[Held, ...]:
    """What is on, as reports say it: the whole site first."""
    found = [
        Held(
            by=str(row.asker),
            reason=row.pause.reason,
            until=min(row.pause.until, row.began + limit),
            object=row.pause.object,
        )
        for row in rows
        if is_on(row, limit)
    ]
    if suspended:
        reason = "suspended by the fleet repository"
        found.append(Held(by=str(Asker.COMMIT), reason=reason, until=None))
    return tuple(sorted(found, key=lambda each: (each.object, each.until or 0.0, each.reason)))
