"""When to kill: for each phase what is prepared, and the event after which the agent dies.

A moment is an event of the agent and a random few milliseconds, drawn from the test's seed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.e2e.crash import phases
from tests.e2e.crash.victim import Events, Victim

Moment = Callable[[Victim, random.Random], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How to meet an agent in a phase.

    ``live``: the chance that the agent is first let come to rest and the commit comes then.
    ``changes`` and ``drops`` are of that commit, 0 and 0 for none. ``meddle``: objects that are
    changed right before the moment. ``moment`` waits for the event, and says whether it came;
    ``delay`` is the most that is waited after it, in milliseconds.
    """

    live: float = 0.4
    changes: int = 6
    drops: int = 0
    meddle: int = 0
    moment: Moment
    delay: float = 30.0


def _said(name: str, most: int = 1) -> Moment:
    """After this event came, or came up to ``most`` times more, since the watching began."""

    def moment(victim: Victim, chance: random.Random) -> bool:
        before = phases.names(victim.events).count(name)
        wanted = before + chance.randint(1, most)
        return victim.wait(lambda events: phases.names(events).count(name) >= wanted)

    return moment


def _in_pass(condition: Callable[[phases.Pass], bool]) -> Moment:
    def look(events: Events) -> bool:
        now = phases.current_pass(events)
        return now is not None and condition(now)

    return lambda victim, _: victim.wait(look)


def _git(folder: str, word: str) -> Moment:
    return lambda victim, _: victim.wait_for_process(
        lambda process: phases.is_git(process, folder) and word in process.command
    )


def _at_once(victim: Victim, chance: random.Random) -> bool:
    return True


def _starting(victim: Victim, chance: random.Random) -> bool:
    """From the interpreter's first instruction to the first words of the engine."""
    if chance.random() < 0.5:
        return victim.wait(bool)
    victim.wait(bool, chance.random() * 0.5)
    return True


def _quiet(victim: Victim, chance: random.Random) -> bool:
    return victim.wait_for_silence(0.4)


PLANS: Mapping[str, Plan] = {
    "starting": Plan(live=0, changes=0, moment=_starting),
    "fetching": Plan(moment=_git("mirror.git", "fetch"), delay=10),
    "rendering": Plan(moment=_said("source.verified"), delay=60),
    "announcing": Plan(moment=_said("apply.started"), delay=5),
    "applying": Plan(changes=12, moment=_said("object.applied", most=6), delay=3),
    "unsaved": Plan(changes=8, moment=_said("object.applied", most=8), delay=3),
    "pruning": Plan(changes=3, drops=6, moment=_in_pass(lambda now: now.all_applied), delay=10),
    "settling": Plan(changes=3, drops=2, moment=_in_pass(lambda now: now.all_done), delay=4),
    "noting": Plan(changes=2, moment=_said("report.changed"), delay=100),
    "healing": Plan(live=1, changes=0, meddle=5, moment=_at_once),
    "idle": Plan(live=1, changes=2, moment=_quiet),
}
