"""What would become of the objects that a commit dropped: each read, and judged. Deletes nothing.

In: the prunes of a plan. Out: Prospects. ``prune`` acts on them, ``preview`` shows them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from reconciler import ports
from reconciler.engine.apply import THREADS
from reconciler.model import errors
from reconciler.model.refs import Kind, ObjectRef, SiteName
from reconciler.model.rendered import Manifest, SiteSettings
from reconciler.model.values import Failure, HeldPrune, Prune, Record
from reconciler.plan import allowance, budget, generated, pruning, rollout
from reconciler.plan.pruning import Fate


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """``kind`` is in the version that is served; ``found`` None where the object is gone."""

    prune: Prune
    kind: Kind
    found: Mapping[str, Any] | None
    fate: Fate


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospects:
    """``needed`` are generated objects that workloads in the middle of a rollout may still use;
    ``awaited`` are these workloads."""

    seen: tuple[Seen, ...]
    failed: tuple[Failure, ...]
    held: tuple[HeldPrune, ...]
    needed: frozenset[ObjectRef]
    awaited: frozenset[ObjectRef]

    def going(self) -> tuple[Seen, ...]:
        """What is to be deleted, or is being deleted already, in order."""
        stays = {each.ref for each in self.held} | self.needed
        return tuple(
            each
            for each in self.seen
            if each.fate is Fate.ENDING
            or (each.fate is Fate.DELETE and each.prune.ref not in stays)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """``objects`` are the commit's, ``allowed`` what trailers let go; ``now`` is Unix seconds."""

    objects: tuple[Manifest, ...]
    settings: SiteSettings
    records: Mapping[ObjectRef, Record]
    allowed: Collection[ObjectRef]
    now: float


class Prospector:
    """Reads up to THREADS objects at once; ``awaits`` hears of workloads before they are read."""

    def __init__(
        self,
        *,
        cluster: ports.Cluster,
        site: SiteName,
        awaits: Callable[[frozenset[ObjectRef]], None] = lambda _: None,
    ) -> None:
        self._cluster = cluster
        self._site = site
        self._awaits = awaits

    def look(self, prunes: Iterable[Prune], terms: Terms) -> Prospects:
        """Raises ClusterUnavailable."""
        seen: list[Seen] = []
        failed: list[Failure] = []
        for result in self._read_all(tuple(prunes)):
            if isinstance(result, Seen):
                seen.append(result)
            else:
                failed.append(result)
        asked = [each for each in seen if each.fate is Fate.DELETE]
        needed, awaited = self._in_use([each.prune for each in asked], terms.objects)
        held = _held([each for each in asked if each.prune.ref not in needed], terms)
        return Prospects(
            seen=tuple(seen), failed=tuple(failed), held=held, needed=needed, awaited=awaited
        )

    def read(self, prune: Prune) -> Seen:
        """The object, in the version that the API server has it in. Raises ClusterRefused."""
        ref = prune.ref
        kind = prune.kind
        try:
            found = self._cluster.read(kind, ref.namespace, ref.name)
        except errors.ClusterRefused as error:
            if error.reason != "KindUnknown":
                raise
            other = self._cluster.served(kind)  # it lives on in another version, or not at all
            found = None
            if other is not None and other != kind:
                kind, found = other, self._cluster.read(other, ref.namespace, ref.name)
        fate = pruning.fate(found, prune, self._site)
        return Seen(prune=prune, kind=kind, found=found, fate=fate)

    def attempt(self, prune: Prune) -> Seen | Failure:
        """The same; why it cannot be read, where that is refused."""
        try:
            return self.read(prune)
        except errors.ClusterRefused as error:
            return Failure(ref=prune.ref, reason=error.reason, message=str(error))

    def _read_all(self, prunes: tuple[Prune, ...]) -> list[Seen | Failure]:
        if len(prunes) < 2:
            return [self.attempt(prune) for prune in prunes]
        with ThreadPoolExecutor(THREADS, thread_name_prefix="look") as pool:
            return list(pool.map(self.attempt, prunes))

    def _in_use(
        self, prunes: Iterable[Prune], objects: tuple[Manifest, ...]
    ) -> tuple[frozenset[ObjectRef], frozenset[ObjectRef]]:
        """Superseded objects whose users are being rolled out, and these users."""
        users = {
            prune.ref: generated.users(objects, prune.ref, prune.successor)
            for prune in prunes
            if prune.successor
        }
        workloads = {user.ref: user for some in users.values() for user in some}
        # Watched from before they are read, so that no news of theirs is missed.
        self._awaits(frozenset(workloads))
        awaited = frozenset(
            ref for ref, workload in workloads.items() if not self._is_rolled_out(workload)
        )
        self._awaits(awaited)
        needed = (ref for ref, some in users.items() if any(user.ref in awaited for user in some))
        return frozenset(needed), awaited

    def _is_rolled_out(self, workload: Manifest) -> bool:
        ref = workload.ref
        try:
            return rollout.is_complete(self._cluster.read(workload.kind, ref.namespace, ref.name))
        except errors.ClusterRefused:
            return False


def _held(seen: list[Seen], terms: Terms) -> tuple[HeldPrune, ...]:
    rules = terms.settings.prune_allow
    refs = [each.prune.ref for each in seen]
    return budget.hold(
        [each.prune for each in seen],
        terms.records,
        budget.Terms(
            rendered=len(terms.objects),
            limits=terms.settings.prune_limits,
            allowed={
                ref
                for ref in refs
                if ref in terms.allowed or allowance.by_settings(rules, ref, terms.now)
            },
            marked={each.prune.ref for each in seen if budget.asks(each.found or {})},
        ),
    )
