"""What holds a site still: a pause, asked for by a commit or by the Site object's spec.

A pause names a reason, an end and, where it is not the whole site, one object. It always ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.refs import ObjectRef

LONGEST = 24 * 3600.0  # seconds of running time, where the fleet says nothing else


class Asker(StrEnum):
    """Who asked: a commit (``pause`` in site.yaml), or somebody on site (the Site object)."""

    COMMIT = "commit"
    SITE = "site"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """``until`` is in Unix seconds; ``object`` is a ref's text, ``""`` for the whole site."""

    reason: str
    until: float
    object: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A pause in the books. ``began`` is when it was first seen, Unix seconds.

    ``most`` is how long it may last from then on and ``used`` how long it did: seconds in which
    the agent ran, whatever the clock said. ``asked`` is whether it is asked for still.
    """

    asker: Asker
    pause: Pause
    began: float
    most: float
    used: float = 0.0
    asked: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is held still now, as reports say it. ``until`` is None for a suspended site."""

    by: str  # commit or site
    reason: str
    until: float | None
    object: str = ""

    def covers(self, ref: ObjectRef) -> bool:
        return not self.object or self.object == str(ref)
