"""Faults at random for as long as it is told to, and what the agent weighs while one lives on.

``test_soak`` makes a Soak, lets it run, and asks for the final account. For two thirds of the time
agents are killed as well; the last third is one agent's, so that what it leaks shows.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.crash import verdict
from tests.e2e.crash.trial import Trial
from tests.e2e.crash.victim import Victim
from tests.e2e.process import eventually

_LIVING = 2 / 3  # of the time, after which no agent is killed any more
FEWEST = 12  # faults that the last agent lives through, however late it is
_GONE = 240  # seconds; Kubernetes' garbage collector ends deletions, and is slow after a restart
_RESTS = 0.4  # of the faults are seen to their end before the next one, until then


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """What an agent at rest holds."""

    memory: int  # bytes of its own: anonymous pages that are in memory
    descriptors: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """``act`` says whether it came about; ``deadly`` ones end the agent."""

    act: Callable[[Soak], bool]
    share: int  # of all faults, against the others' shares
    deadly: bool = False


class Soak:
    """``fired`` counts the faults by their names; ``weights`` are the last agent's, in order."""

    def __init__(self, trial: Trial, seconds: float) -> None:
        self.fired: Counter[str] = Counter()
        self.weights: list[Weight] = []
        self.lives = 0
        self.trial = trial
        self._chance = trial.chance
        self._seconds = seconds
        self._pause = threading.Event()
        self._victim = self._begin()

    def run(self) -> None:
        """Until the time is up and all is at rest; the last agent has ended in order then."""
        began = time.monotonic()
        due = list(FAULTS)
        self._chance.shuffle(due)
        try:
            self.trial.rest(self._victim)
            self.trial.meddler.stand_by()
            while due or time.monotonic() < began + self._seconds * _LIVING:
                self._fault(due, list(FAULTS))
                if self._chance.random() < _RESTS:
                    self._rest()
                else:
                    self._pause.wait(self._chance.random())
            self._rest()
            kind = [name for name, fault in FAULTS.items() if not fault.deadly]
            while time.monotonic() < began + self._seconds or len(self.weights) < FEWEST:
                self._fault([], kind)
                self._rest()
                self.weights.append(weigh(self._victim.process.pid))
            verdict.settle(self.trial, self._victim)
        finally:
            self._victim.discard()

    def discard(self) -> None:
        self._victim.discard()

    def summary(self) -> str:
        counts = ", ".join(f"{name} {self.fired[name]}" for name in FAULTS)
        first, last = self.weights[0], self.weights[-1]
        return (
            f"{counts}; {self.lives} agents, the last one through {len(self.weights)} faults with"
            f" {first.memory / 2**20:.1f} MiB and {first.descriptors} descriptors at first,"
            f" {last.memory / 2**20:.1f} MiB and {last.descriptors} in the end"
        )

    def _fault(self, due: list[str], others: list[str]) -> None:
        """One that is due, or any; what did not come about, as its object was gone, is no fault."""
        shares = [FAULTS[name].share for name in others]
        name = due[-1] if due else self._chance.choices(others, shares)[0]
        if FAULTS[name].act(self):
            self.fired[name] += 1
            print(f"fault {self.fired.total()}: {name}", flush=True)
            del due[-1:]

    def _rest(self) -> None:
        """Wait until the cluster is as the newest commit says, and nothing goes on any more."""
        self.trial.rest(self._victim)
        try:
            eventually(
                lambda: not verdict.differences(self.trial), "the cluster as committed", _GONE
            )
        except AssertionError as error:
            left = verdict.differences(self.trial)
            raise AssertionError(f"{error}: {left}\n{self._victim.tail()}") from None
        assert self._victim.wait_for_silence(0.5), self._victim.tail()

    def _begin(self) -> Victim:
        self.lives += 1
        return self.trial.start()

    def commit(self) -> bool:
        changes, drops = self._chance.randint(1, 6), self._chance.choice((0, 0, 1, 4))
        self.trial.churn.commit(changes=changes, drops=drops)
        return True

    def edit(self) -> bool:
        return bool(self.trial.meddler.edit(self._chance.randint(1, 4)))

    def delete(self) -> bool:
        return bool(self.trial.meddler.delete(self._chance.randint(1, 2)))

    def stop_server(self) -> bool:
        self.trial.world.plane.stop_api_server()
        return self._without_server()

    def kill_server(self) -> bool:
        self.trial.world.plane.kill_api_server()
        return self._without_server()

    def _without_server(self) -> bool:
        """While it is away, the repository goes on now and then."""
        if self._chance.random() < 0.5:
            self.commit()
        self._pause.wait(self._chance.random() * 2)
        self.trial.world.plane.start_api_server()
        return True

    def kill_agent(self) -> bool:
        self._victim.kill(alone=self._chance.random() < 0.2)
        return self._next()

    def end_agent(self) -> bool:
        self._victim.wait_for("agent.started")  # before, it is not ready for a signal
        assert self._victim.end() == 0, self._victim.tail()
        return self._next()

    def _next(self) -> bool:
        self.trial.note_passes(self._victim.events)
        self._victim = self._begin()
        return True


FAULTS: Mapping[str, Fault] = {
    "commit": Fault(act=Soak.commit, share=8),
    "edit": Fault(act=Soak.edit, share=8),
    "delete": Fault(act=Soak.delete, share=5),
    "API server stopped": Fault(act=Soak.stop_server, share=1),
    "API server killed": Fault(act=Soak.kill_server, share=1),
    "agent killed": Fault(act=Soak.kill_agent, share=3, deadly=True),
    "agent ended": Fault(act=Soak.end_agent, share=1, deadly=True),
}


def weigh(pid: int) -> Weight:
    rows = Path(f"/proc/{pid}/status").read_text().splitlines()
    own = next(row for row in rows if row.startswith("RssAnon:"))
    descriptors = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return Weight(memory=int(own.split()[1]) * 1024, descriptors=descriptors)


def growth(values: Sequence[int]) -> int:
    """By how much all of the last quarter lie above all of the first; 0 where they do not."""
    quarter = max(len(values) // 4, 1)
    return max(min(values[-quarter:]) - max(values[:quarter]), 0)
