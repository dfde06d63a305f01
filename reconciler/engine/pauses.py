"""Break-glass: what is held still, asked for by a commit or by the Site object's spec.

In: settings of the newest commit, the Site object, and time that passes. Out: which objects must
not be written now. Used by the loop's thread. How long a pause has lasted is on disk, in running
time: a restart goes on where it was, and counts as one step, so that not even an agent that dies
every minute keeps one on for ever.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from reconciler import ports
from reconciler.model import errors, moments
from reconciler.model.pauses import LONGEST, Asker, Held
from reconciler.model.refs import ObjectRef, SiteName
from reconciler.model.rendered import SiteSettings
from reconciler.model.values import Plan
from reconciler.plan import pauses
from reconciler.status import site_object

STEP = 30.0  # seconds of running time at most between two looks while something is paused
_LIMIT = "pause-limit"  # meta: seconds
_SUSPENDED = "suspended"  # meta: "yes" while the newest commit says so


def kept(rows: pauses.Rows, meta: Callable[[str], str]) -> tuple[Held, ...]:
    """What is held still, as the state folder has it; for commands."""
    limit = float(meta(_LIMIT) or LONGEST)
    return pauses.held(rows, limit, suspended=bool(meta(_SUSPENDED)))


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """What a look brought: anything new, and whether something may be written again."""

    news: bool
    released: bool


class Pauses:
    """``held`` is what is on now, as reports say it; ``wrong`` why the Site asks in vain."""

    def __init__(
        self,
        *,
        cluster: ports.Cluster,
        state: ports.State,
        clock: ports.Clock,
        observer: ports.Observer,
        site: SiteName,
    ) -> None:
        self._cluster = cluster
        self._state = state
        self._clock = clock
        self._observer = observer
        self._site = site
        self._rows: pauses.Rows = ()
        self._limit = LONGEST
        self._suspended = False
        self._looked = clock.monotonic()
        self._kept = clock.monotonic()
        self.held: tuple[Held, ...] = ()
        self.wrong = ""

    def begin(self) -> None:
        """Go on with what was on before, and ask the Site object. Raises ClusterUnavailable."""
        limit = self._state.meta(_LIMIT)
        self._limit = float(limit) if limit else LONGEST
        self._suspended = bool(self._state.meta(_SUSPENDED))
        self._rows = self._state.pauses()
        self._looked = self._clock.monotonic() - STEP  # what ran before the end, and was not kept
        self.read_site()
        self.look()

    def read_site(self) -> None:
        """The Site object's spec as it is now. Raises ClusterUnavailable."""
        kind = site_object.KIND
        try:
            found = self._cluster.read(kind, "", self._site.label) or {}
        except errors.ClusterRefused:
            return  # what was asked for before still ends by itself
        spec: Any = found.get("spec")
        wanted, self.wrong = pauses.read(spec.get("pause") if isinstance(spec, dict) else None)
        self._rows = pauses.ask(self._rows, Asker.SITE, wanted, self._clock.now())

    def settle(self, settings: SiteSettings) -> None:
        """What the newest commit says."""
        self._limit, self._suspended = settings.pause_limit, settings.suspend
        wanted = [settings.pause] if settings.pause else []
        self._rows = pauses.ask(self._rows, Asker.COMMIT, wanted, self._clock.now())
        meta = {_LIMIT: str(self._limit), _SUSPENDED: "yes" if self._suspended else ""}
        if any(self._state.meta(key) != value for key, value in meta.items()):
            self._state.save(meta=meta)

    def look(self) -> Change:
        """Count the time that passed, and see what is on now."""
        monotonic, now = self._clock.monotonic(), self._clock.now()
        rows = pauses.step(self._rows, monotonic - self._looked, now, self._limit)
        self._looked = monotonic
        before, self.held = self.held, pauses.held(rows, self._limit, suspended=self._suspended)
        self._rows = rows
        if self.held != before or (self.held and monotonic - self._kept >= STEP):
            self._state.keep_pauses(rows)
            self._kept = monotonic
        return self._tell(before)

    def _tell(self, before: tuple[Held, ...]) -> Change:
        began = [held for held in self.held if held not in before]
        ended = [held for held in before if held not in self.held]
        for held in began:
            self._observer.event(
                "pause.began",
                object=held.object,
                reason=held.reason,
                until="" if held.until is None else moments.show(held.until),
                by=held.by,
            )
        for held in ended:
            self._observer.event("pause.ended", object=held.object, by=held.by)
        return Change(news=bool(began or ended), released=bool(ended))

    def next(self) -> float | None:
        """Seconds until the next look; None where nothing is on that ends by itself."""
        on = [row for row in self._rows if pauses.is_on(row, self._limit)]
        ends = [pauses.left(row, self._limit) for row in on]
        return min(*ends, STEP) if ends else None

    def holds(self, ref: ObjectRef) -> bool:
        """Whether this object must not be written now."""
        return any(held.covers(ref) for held in self.held)

    def withhold(self, plan: Plan) -> tuple[Plan, bool]:
        """The plan without what is held still, and whether that is less than all of it.

        Where a write is withheld nothing is pruned: prunes come after every write.
        """
        waves = tuple(
            tuple(step for step in wave if not self.holds(step.manifest.ref)) for wave in plan.waves
        )
        withheld = sum(map(len, waves)) < sum(map(len, plan.waves))
        prunes = tuple(prune for prune in plan.prunes if not withheld and not self.holds(prune.ref))
        less = withheld or len(prunes) < len(plan.prunes)
        kept = tuple(wave for wave in waves if wave)
        return dataclasses.replace(plan, waves=kept, prunes=prunes), less
