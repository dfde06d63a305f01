"""The second half of the sentence: plan, apply, report. One pass at a time, in the loop's thread.

In: news of the source, and watch events. Out: a cluster that is as the accepted commit says, and
a Situation for the reporter.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from reconciler import ports
from reconciler.engine import grants, overrides, placing
from reconciler.engine.apply import Applier
from reconciler.engine.books import Books
from reconciler.engine.examine import Examiner
from reconciler.engine.grants import Grant
from reconciler.engine.heal import Healer
from reconciler.engine.house import House
from reconciler.engine.messages import Candidate, Offline, Online, Rejected, SourceNews
from reconciler.engine.pauses import Pauses
from reconciler.engine.prune import Pruned, Pruner
from reconciler.engine.suspects import Suspect, Told
from reconciler.engine.vitals import Vitals
from reconciler.model import errors
from reconciler.model.journal import Outcome
from reconciler.model.refs import Kind, ObjectRef
from reconciler.model.rendered import Manifest, Rendered
from reconciler.model.values import Applied, Counts, Failure, Health, Sync
from reconciler.plan import manifests, planner
from reconciler.status import held, note, open_drift, unwell
from reconciler.status.report import Situation

_RUNNING = "applied"  # meta: the commit that is in the cluster
_CORRECTED = "corrected"  # meta: how often drift was put right, over all starts
_PRUNED = "pruned"  # meta: a commit, and how many objects its passes have pruned so far
_DIGEST = "rendered"  # meta: digest of all its objects


class Reconciler:
    """Keeps ``situation`` true through news, passes and corrections."""

    def __init__(
        self,
        *,
        books: Books,
        applier: Applier,
        pruner: Pruner,
        healer: Healer,
        pauses: Pauses,
        examiner: Examiner,
        vitals: Vitals,
        house: House,
        cluster: ports.Cluster,
        state: ports.State,
        clock: ports.Clock,
        observer: ports.Observer,
        namespace: str,
    ) -> None:
        self._books = books
        self._applier = applier
        self._pruner = pruner
        self._healer = healer
        self._pauses = pauses
        self._examiner = examiner
        self._vitals = vitals
        self._house = house
        self._cluster = cluster
        self._state = state
        self._clock = clock
        self._observer = observer
        self._namespace = namespace
        self._rendered: Rendered | None = None
        self._tip = ""  # the commit that it is of; its objects may be a pinned one's
        self._grants: tuple[Grant, ...] = ()
        self._is_rejected = False  # whether the newest commit is another one, which cannot be
        self._corrected = 0
        self.heard = False  # anything of the source since the start
        self._unwatched: dict[Kind, str] = {}
        self._kept: tuple[ObjectRef, ...] = ()  # dropped by the commit, and still needed
        self.rendered_digest = ""
        self.situation = Situation()

    def begin(self) -> None:
        """Start from what the books, once loaded, say is there."""
        self._house.load()
        self._healer.begin()
        self._vitals.begin()
        self.rendered_digest = self._state.meta(_DIGEST)
        counted = self._state.meta(_CORRECTED)
        self._corrected = int(counted) if counted.isdecimal() else 0
        self.situation = Situation(
            commit=self._books.accepted,
            applied=self._state.meta(_RUNNING),
            objects=Counts(total=len(self._books.entries), applied=len(self._books.records)),
            drift_open=self._standing(),
            drift_corrected=self._corrected,
        )

    def hear(self, news: SourceNews) -> bool:
        """Take in what the courier brought; True where a pass is due."""
        self.heard = True
        if isinstance(news, Offline):
            self._go_without_pass()
            self._change(offline=news.message)
            return False
        if isinstance(news, Online):
            self._change(offline="")
            return False
        self._change(offline=news.offline)
        if isinstance(news, Rejected):
            if news.good is not None:
                self._take(news.good)
            self._go_without_pass()
            self._is_rejected = True  # what is retried of the commit before it goes on
            self._change(
                commit=news.commit,
                sync=news.sync,
                reason=news.reason,
                message=news.message,
                findings=news.findings,
            )
            return news.good is not None
        self._is_rejected = False
        self._take(news)
        self._grants = news.grants
        self._books.accept(news.snapshot.commit)
        self._pauses.settle(news.rendered.settings)
        self._vitals.await_(())  # deadlines are the commit's
        self._change(
            commit=news.snapshot.commit,
            sync=Sync.PROGRESSING,
            reason="",
            message="",
            failed=(),
            findings=news.rendered.verdict.findings,
        )
        return True

    def _take(self, news: Candidate) -> None:
        before = self._rendered.dropped if self._rendered else ()
        self._rendered, self._tip = news.rendered, news.snapshot.commit
        for each in news.rendered.dropped:
            if each not in before:
                self._observer.event("override.dropped", file=each.file, reason=each.reason)

    def run_pass(self) -> bool:
        """Plan and apply the commit; True where it is now in the cluster as a whole.

        Raises ClusterUnavailable and Interrupted with what was done kept.
        """
        rendered = self._rendered
        if rendered is None:
            return True  # nothing to apply: the last good state stays
        began = self._clock.monotonic()
        objects = self._placed(rendered.objects)
        twice = manifests.twice(objects)
        if twice is not None:
            self._change(sync=Sync.FAILED, reason="RenderFailed", message=twice)
            return True
        if self._house.follow(rendered.settings.drift):
            self._healer.reconsider()
        try:
            plan = planner.plan(
                self._house.leaving(objects, self._books.records),
                self._books.records,
                self._books.entries,
                agent_namespace=self._namespace,
                uncertain=self._books.pending,
                adopt=rendered.settings.adopt,
            )
        except errors.RenderError as error:
            self._change(sync=Sync.FAILED, reason="RenderFailed", message=str(error))
            return True  # trying again would not help
        plan, withheld = self._pauses.withhold(plan)
        self._allow(objects, self._tip)
        changes = sum(len(wave) for wave in plan.waves)
        if not plan.empty:
            self._observer.event(
                "apply.started",
                commit=rendered.commit,
                changes=changes,
                prunes=len(plan.prunes),
            )
        self._kept = plan.kept
        self._vitals.follow(rendered.settings.health)
        applied = self._applier.run(plan, self._vitals)
        self._vitals.await_(applied.waiting)
        pruned = Pruned()
        if applied.complete:
            pruned = self._pruner.run(plan.prunes, objects, rendered.settings)
            applied = self._with_prunes(applied, pruned)
        self._healer.forget([*applied.applied, *applied.pruned])
        self._healer.forget_finished(applied.pruned)
        self._vitals.sweep()
        self._books.settle()
        self._conclude(rendered, objects, applied, pruned, withheld=withheld)
        self._observer.event(
            "apply.done",
            commit=rendered.commit,
            applied=len(applied.applied),
            pruned=len(applied.pruned),
            failed=len(applied.failed),
            held=len(applied.held) + len(applied.waiting),
            seconds=self._clock.monotonic() - began,
        )
        return not self._is_to_be_retried(applied, pruned)

    def _allow(self, objects: tuple[Manifest, ...], commit: str) -> None:
        """What trailers allow to be deleted, until it is; what is declared again is not meant."""
        if self._grants or self._books.allowed:
            found = grants.meant(self._grants, self._books.entries, self._placed)
            declared = {manifest.ref for manifest in objects}
            self._books.allow((self._books.allowed | found) - declared, commit)
        self._grants = ()

    def _with_prunes(self, applied: Applied, pruned: Pruned) -> Applied:
        return dataclasses.replace(
            applied, pruned=pruned.gone, failed=(*pruned.failed, *pruned.stuck)
        )

    def _is_to_be_retried(self, applied: Applied, pruned: Pruned) -> bool:
        """What was deleted and is not gone yet is seen to go by a watch, where there is one."""
        stuck = {failure.ref for failure in pruned.stuck}
        unseen = {(kind.group, kind.kind) for kind in self._unwatched}
        late = any((ref.group, ref.kind) in unseen for ref in (*stuck, *pruned.ending))
        return late or bool(applied.held or {each.ref for each in applied.failed} - stuck)

    def _go_without_pass(self) -> None:
        """Where no commit is there to be applied, the records say how things should be."""
        if self._rendered is None:
            self._books.pending.clear()

    def hear_kind(self, event: ports.KindListed | ports.KindRefused) -> None:
        """Whether a kind's drift is seen; that it is not is told where nothing worse is."""
        if isinstance(event, ports.KindRefused):
            self._unwatched[event.kind] = event.message
        else:
            self._unwatched.pop(event.kind, None)

    def served(self, kind: Kind) -> Kind | None:
        """The kind in a version that the API server has; None where that is not known."""
        try:
            return self._cluster.served(kind)
        except (errors.ClusterRefused, errors.ClusterUnavailable):
            return None

    @property
    def may_vouch(self) -> bool:
        """Whether all of the commit is applied and healthy, and that is not noted yet."""
        now = self.situation
        is_whole = now.sync is Sync.SYNCED and now.applied == now.commit != self._books.healthy
        return is_whole and self._vitals.health is Health.HEALTHY

    def vouch(self) -> None:
        """Mark the commit as healthy, where it is. Raises ClusterUnavailable."""
        if self.may_vouch:
            commit = self.situation.applied
            self._state.mark_commit(commit, self._clock.now(), "healthy")
            self._books.vouch(commit)

    def told(self) -> Situation:
        """What the reporter should tell now."""
        return unwell.told(
            self._with_words(),
            health=self._vitals.health,
            unwell=self._vitals.unwell(),
            awaited=self._vitals.awaited(),
        )

    def _with_words(self) -> Situation:
        """Nothing that is left undone in silence."""
        ours = {(ref.group, ref.kind) for ref in self._books.entries}
        unseen = sorted(
            f"{kind} is not watched: {why}"
            for kind, why in self._unwatched.items()
            if (kind.group, kind.kind) in ours
        )
        words = [*unseen, *(f"{ref} is not pruned: declared objects need it" for ref in self._kept)]
        situation = dataclasses.replace(self.situation, paused=self._pauses.held)
        if self._rendered is not None:
            situation = overrides.told(situation, self._rendered)
            words += overrides.sentences(self._rendered)
            if self._rendered.settings.pin:
                words.append(f"pinned by the fleet repository to {self._rendered.commit}")
        if self._pauses.wrong:
            words.append(f"the Site object asks for a pause in vain: {self._pauses.wrong}")
        if situation.message or not words:
            return situation
        return dataclasses.replace(situation, message="; ".join(words))

    def fail(self, error: errors.ClusterRefused) -> None:
        """The API server refuses what a pass cannot do without, such as the inventory."""
        if not self._is_rejected:
            self._change(sync=Sync.FAILED, reason=note.APPLY_FAILED, message=str(error))

    def release(self) -> None:
        """A pause is over: what it held is put right, beside the pass that follows."""
        self._healer.release()

    def suspects(self, events: Iterable[ports.WatchEvent]) -> list[Suspect]:
        """What these events show to be different from what was applied."""
        return [suspect for event in events for suspect in self._healer.suspects(event)]

    def put_right(self, suspects: list[Suspect]) -> tuple[Told, ...]:
        """Correct drift. Raises ClusterUnavailable with the suspects appointed again."""
        told = self._healer.put_right(suspects)
        corrected = {each.ref for each in told if each.outcome is Outcome.CORRECTED}
        if corrected:
            self._corrected += len(corrected)
            self._state.save(meta={_CORRECTED: str(self._corrected)})
        if self._books.unsettled:
            self._books.settle()  # what was made again has another uid
        self._change(drift_corrected=self._corrected, **self._drift())
        return told

    def _drift(self) -> dict[str, object]:
        return {"drift_open": self._standing(), "contested": self._examiner.contests()}

    def _standing(self) -> int:
        """How many objects are not as they should be; which, is kept for ``drift``."""
        found = self._healer.open
        packed = open_drift.pack(found)
        if packed != self._state.meta(open_drift.KEY):
            self._state.save(meta={open_drift.KEY: packed})
        return len(found)

    def _placed(self, objects: tuple[Manifest, ...]) -> tuple[Manifest, ...]:
        return placing.placed(objects, self._cluster)

    def _conclude(
        self,
        rendered: Rendered,
        objects: tuple[Manifest, ...],
        applied: Applied,
        pruned: Pruned,
        *,
        withheld: bool,
    ) -> None:
        waiting = [ref for ref, _ in applied.waiting]
        missing = {*(failure.ref for failure in applied.failed), *applied.held, *waiting}
        counts = Counts(
            total=len(objects),
            applied=sum(
                1 for m in objects if m.ref in self._books.records and m.ref not in missing
            ),
            failed=len(applied.failed),
            pruned=self._count_pruned(rendered.commit, len(applied.pruned)),
            held=len(applied.held) + len(waiting) + len(pruned.held),
        )
        self._books.finish([*applied.held, *waiting])
        self._change(objects=counts, failed=applied.failed, held=pruned.held, **self._drift())
        self.rendered_digest = manifests.digest(objects)
        is_complete = applied.complete and pruned.complete and not withheld
        if is_complete:
            self._state.save(meta={_RUNNING: rendered.commit, _DIGEST: self.rendered_digest})
            self._state.mark_commit(rendered.commit, self._clock.now(), "synced")
            self._change(applied=rendered.commit)
        if self._is_rejected:
            return  # the newest commit's reason is what the site has to say
        if applied.failed or applied.held:
            self._change(sync=Sync.FAILED, reason=note.APPLY_FAILED, message=_first(applied.failed))
        elif applied.waiting:
            self._change(sync=Sync.PROGRESSING, reason=note.WAITING, message="")
        elif pruned.held:
            self._change(sync=Sync.BLOCKED, reason=note.PRUNE_HELD, message=held.words(pruned.held))
        elif pruned.ending:
            message = f"{len(pruned.ending)} objects are being deleted"
            self._change(sync=Sync.PROGRESSING, reason="", message=message)
        else:
            sync = Sync.PROGRESSING if withheld else Sync.SYNCED
            self._change(sync=sync, reason="", message="")

    def _count_pruned(self, commit: str, now: int) -> int:
        """All that this commit's passes have pruned, over all starts: another look that finds
        nothing to do must not change what the site says of itself."""
        of, _, counted = self._state.meta(_PRUNED).partition(" ")
        before = int(counted) if of == commit and counted.isdecimal() else 0
        if now:
            self._state.save(meta={_PRUNED: f"{commit} {before + now}"})
        return before + now

    def _change(self, **fields: object) -> None:
        changes: Any = fields
        self.situation = dataclasses.replace(self.situation, **changes)


def _first(failed: tuple[Failure, ...]) -> str:
    if not failed:
        return "objects are held, as what they need is not there"
    first = failed[0]
    origin = f" ({first.origin})" if first.origin else ""
    more = f", and {len(failed) - 1} more" if len(failed) > 1 else ""
    return f"{first.ref}{origin}: {first.message}{more}"
