"""Local overrides as a report tells them: which file sets which field, and what was dropped.

In: what was rendered. Out: rows with secrets masked, and sentences. Called by ``reconcile``.
"""

from __future__ import annotations

import dataclasses

import orjson

from reconciler.model import fields
from reconciler.model.overrides import Overridden
from reconciler.model.rendered import Rendered
from reconciler.plan import masks
from reconciler.status.report import Situation


def told(situation: Situation, rendered: Rendered) -> Situation:
    rows = tuple(dataclasses.replace(row, value=_shown(row)) for row in rendered.overridden)
    return dataclasses.replace(situation, overridden=rows, dropped=rendered.dropped)


def sentences(rendered: Rendered) -> list[str]:
    found = [f"override {each.file} is dropped: {each.reason}" for each in rendered.dropped]
    if rendered.overridden:
        names = ", ".join(sorted({row.file for row in rendered.overridden}))
        count = len(rendered.overridden)
        what = "1 field is" if count == 1 else f"{count} fields are"
        found.append(f"{what} overridden on site by {names}")
    return found


def _shown(row: Overridden) -> str:
    try:
        return masks.shown(row.ref, fields.parse(row.rule), orjson.loads(row.value))
    except ValueError:  # a name that no rule's path can hold, or a text that was cut
        return masks.MASK
