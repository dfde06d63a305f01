"""One agent's life full of deaths: commits, meddling, kills, and what must hold after each.

``test_kill`` makes a Trial, kills, and asks for the final account.
"""

from __future__ import annotations

import random
import threading
from collections import Counter

from reconciler.model.refs import ObjectRef
from reconciler.plan import inventory
from tests.e2e.crash import account, left, moments, objects, phases
from tests.e2e.crash.churn import Churn, Meddler
from tests.e2e.crash.ledger import Version, versions_in
from tests.e2e.crash.victim import Events, Process, Victim
from tests.e2e.world import World

_ALONE = 0.2  # of the kills leave the agent's children running
OWN = (
    "/api/v1/namespaces/fleet-system/configmaps",
    "/apis/fleet-reconciler.dev/v1alpha1/sites",
)  # collections of the agent's own objects
_INVENTORY = f"{OWN[0]}/fleet-inventory-0"


class Trial:
    """``hits`` counts the kills by the phases that they met; ``chance`` decides everything."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.chance = random.Random(seed)
        self.churn = Churn(world, self.chance)
        self.meddler = Meddler(world, self.churn, self.chance)
        self.hits: Counter[str] = Counter()
        self.kills = 0
        self.missed = 0  # moments that did not come
        self.passes: list[tuple[str, str]] = []  # when a pass began, and with which commit
        self._pause = threading.Event()
        self._floors = {"the database": 0, "the inventory": 0}
        configuration = world.folder / "config.yaml"
        configuration.write_text("status: {interval: 0s}\n")
        self._arguments = world.arguments("--interval", "1h", "--config", str(configuration))

    @property
    def paths(self) -> tuple[str, ...]:
        """The collections of all kinds in play, the agent's own objects not among them."""
        return tuple(dict.fromkeys(kind.path for kind in self.churn.kinds.values()))

    def start(self) -> Victim:
        return Victim(self._arguments)

    def choose(self) -> str:
        """A phase to aim at: the less it was hit, the likelier."""
        weights = [1 / (1 + self.hits[name]) ** 2 for name in phases.PHASES]
        return self.chance.choices(phases.PHASES, weights)[0]

    def kill(self, aim: str) -> frozenset[str]:
        """Start an agent, kill it, and look at what is left; the phases that it was in."""
        plan = moments.PLANS[aim]
        live = self.chance.random() < plan.live
        self.meddler.stand_by()
        if self.chance.random() < 0.4:
            self.meddler.meddle(self.chance.randint(1, 4))
        if not live:
            self._commit(plan)
        victim = self.start()
        try:
            if live:
                self.rest(victim)
                self._commit(plan)
            drifted = self.meddler.meddle(plan.meddle or self.chance.choice((0, 0, 1)))
            self.missed += not plan.moment(victim, self.chance)
            self._pause.wait(self.chance.random() * plan.delay / 1000)
            processes = victim.kill(alone=self.chance.random() < _ALONE)
        finally:
            victim.discard()
        self.kills += 1
        self.note_passes(victim.events)
        found = self._look(victim.events, processes, drifted)
        self.hits.update(found)
        return found

    def rest(self, victim: Victim) -> None:
        """Wait until the newest commit is applied and its kinds are watched."""
        kinds = len({ref.kind for ref in self.churn.present})
        head = self.world.fleet.head
        came = victim.wait(lambda events: phases.at_rest(events, head, kinds), 90)
        assert came, f"{head} did not come to rest\n{victim.tail()}"

    def summary(self) -> str:
        met = ", ".join(f"{phase} {self.hits[phase]}" for phase in phases.PHASES)
        return f"{self.kills} kills, {self.missed} moments missed, phases met: {met}"

    def lacks(self, least: int) -> tuple[str, ...]:
        """The phases that fewer kills met."""
        return tuple(phase for phase in phases.PHASES if self.hits[phase] < least)

    def clear(self) -> None:
        """Take out of the cluster what is not in the namespace."""
        for ref in self.churn.universe:
            if not ref.namespace:
                self.world.plane.request("DELETE", self.meddler.path(ref))

    def note_passes(self, events: Events) -> None:
        self.passes += [
            (event["timestamp"], event["commit"])
            for event in events
            if event.get("name") == "apply.started"
        ]

    def _commit(self, plan: moments.Plan) -> None:
        if plan.changes or plan.drops:
            self.churn.commit(changes=plan.changes, drops=plan.drops)

    def _look(
        self, events: Events, processes: tuple[Process, ...], drifted: tuple[ObjectRef, ...]
    ) -> frozenset[str]:
        kept, there = left.kept(self.world.state), self.there()
        self._check_inventory(there)
        self._check_floor("the database", kept.accepted if kept else "")
        unsaved = [
            ref
            for ref, version in there.items()
            if kept is None or _is_newer(version, kept.objects.get(ref))
        ]
        return phases.of(
            phases.Remains(
                events=events,
                processes=processes,
                rendering=kept is not None and kept.rendering,
                unsaved=unsaved,
                queued=kept is not None and kept.queued,
                drifted=drifted,
            )
        )

    def there(self) -> dict[ObjectRef, Version]:
        """The agent's objects, as the API server has them now."""
        found = {}
        # Other tests leave objects of the same manager behind, on the same control plane.
        declared = {ref for contents in self.churn.contents.values() for ref in contents}
        for path in self.paths:
            _, answer = self.world.plane.request("GET", path)
            for version in versions_in(answer):
                if version.ref in declared and account.ours(version) is not None:
                    found[version.ref] = version
        return found

    def inventory(self) -> inventory.Inventory:
        code, found = self.world.plane.request("GET", _INVENTORY)
        return inventory.unpack([found] if code == 200 else [])

    def _check_inventory(self, there: dict[ObjectRef, Version]) -> None:
        listed = self.inventory()
        self._check_floor("the inventory", listed.accepted)
        lost = there.keys() - listed.entries.keys()
        assert not lost, f"made and not in the inventory: {sorted(map(str, lost))}"

    def _check_floor(self, where: str, commit: str) -> None:
        order = list(self.churn.contents)
        now = order.index(commit) if commit else 0
        assert now >= self._floors[where], f"the accepted commit in {where} went back"
        self._floors[where] = now


def _is_newer(version: Version, kept: tuple[str, int] | None) -> bool:
    """Whether the cluster is ahead of the database."""
    uid, serial = kept or ("", -1)
    return uid != version.uid or serial < objects.serial_of(version.body)
