"""The first half of the sentence: fetch, verify, render, judge. In threads of its own.

In: wake-ups and the poll. Out: news for the loop. A link that hangs or a render that takes long
holds up nobody who corrects drift.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable

from reconciler import ports
from reconciler.engine import pacing, pins
from reconciler.engine.confirm import Confirmer
from reconciler.engine.grants import Grants
from reconciler.engine.messages import Candidate, Offline, Online, Rejected, SourceNews
from reconciler.model import errors
from reconciler.model.refs import SiteName
from reconciler.model.rendered import UNCONFIRMED, Finding, Manifest, Rendered, Verdict
from reconciler.model.values import Preview, Snapshot, Sync

_RENDERING = "rendering"  # meta: "COMMIT ATTEMPTS" while a render is under way
_GOOD = "good"  # meta: the last commit that was rendered and passed the judge
_FINDINGS = 5  # named in a message
_ROOM = 10.0  # seconds between attempts to render again, where the machine has no room

_REASONS: tuple[tuple[type[errors.FileError], str], ...] = (
    (errors.SettingsError, "SettingsInvalid"),
    (errors.FileError, "RenderFailed"),
)


class Courier:
    """``poll`` is in seconds. ``begin`` comes before the first round."""

    def __init__(
        self,
        *,
        source: ports.Source,
        renderer: ports.Renderer,
        cluster: ports.Cluster,
        state: ports.State,
        clock: ports.Clock,
        observer: ports.Observer,
        site: SiteName,
        poll: float,
        stop: threading.Event,
    ) -> None:
        self._source = source
        self._renderer = renderer
        self._cluster = cluster
        self._state = state
        self._clock = clock
        self._observer = observer
        self._site = site
        self._accepted = ""
        self._grants = Grants(state)
        self._poll = poll
        self._stop = stop
        self._woken = threading.Event()
        self._outdated = threading.Event()
        self._turn = threading.Lock()  # of rendering, and of what is known of commits
        self._link = ""  # why the remote was not reached
        self._back_off = pacing.BackOff(pacing.FETCH, clock)
        self._considered = ""
        self._rejected: Rejected | None = None
        self._is_first = True  # nothing was rendered since the start
        self._embargo = ("", 0.0)  # a commit and the monotonic second before which it rests

    def begin(self, floor: str) -> None:
        """``floor`` is the last accepted commit, ``""`` for none: nothing older is considered."""
        self._accepted = floor
        self._grants.begin()

    def wake(self) -> None:
        """Something changed: fetch now."""
        self._woken.set()

    def render_again(self) -> None:
        """Something on site changed that a render takes in: do that one again, link or not."""
        self._outdated.set()

    def run(self, deliver: Callable[[SourceNews], None]) -> None:
        """Go on until the stop is set; ``deliver`` gets what each round brings."""
        while not self._stop.is_set():
            try:
                found = self._fetched()
                with self._turn:
                    news = self._news(found)
                    deliver(news)
            except errors.StateUnavailable as error:
                self._observer.event("state.unavailable", error=str(error), delay=error.delay)
                news = Offline(message=str(error))
                deliver(news)
            self._woken.wait(self._delay(offline=isinstance(news, Offline)))
            self._woken.clear()

    def run_again(self, deliver: Callable[[SourceNews], None]) -> None:
        """Beside ``run``, so that a fetch that hangs holds up nobody on site: what was considered
        last, rendered once more whenever that is due."""
        while self._outdated.wait() and not self._stop.is_set():
            try:
                with self._turn:
                    news = self._again()
                    if news is not None:
                        deliver(news)
            except errors.Transient as error:
                self._observer.event("render.postponed", error=str(error), delay=_ROOM)
                self._stop.wait(_ROOM)
                self._outdated.set()

    def _delay(self, *, offline: bool) -> float:
        if offline:
            return min(self._back_off.next(), max(self._poll, pacing.FETCH.first))
        self._back_off.reset()
        delay = self._poll + self._clock.jitter(self._poll / 10)
        left = self._embargo[1] - self._clock.monotonic()
        return min(delay, left) if left > 0 else delay

    def round(self) -> SourceNews:
        """One fetch, and what follows from it."""
        return self._news(self._fetched())

    def _fetched(self) -> Snapshot | Offline:
        try:
            return self._fetch()
        except errors.SourceUnavailable as error:
            return self._offline(error)

    def _news(self, found: Snapshot | Offline) -> SourceNews:
        if isinstance(found, Offline):
            return self._from_mirror(found)
        self._link = ""
        if found.commit == self._considered or self._is_embargoed(found.commit):
            return Online()
        try:
            return self._consider(found)
        except (errors.SourceUnavailable, errors.RenderUnavailable) as error:
            return self._offline(error)

    def _offline(self, error: errors.Transient) -> Offline:
        self._observer.event("source.failed", error=str(error), delay=error.delay)
        self._link = str(error)
        return Offline(message=str(error))

    def _again(self) -> SourceNews | None:
        """The commit that was considered last, rendered once more; None where there is none yet.

        Raises SourceUnavailable, RenderUnavailable, StateUnavailable.
        """
        self._outdated.clear()
        commit, rejected = self._considered, self._rejected
        if not commit:
            return None  # the first render takes it in
        if rejected is None or rejected.commit != commit:
            return dataclasses.replace(self._rendered(Snapshot(commit=commit)), offline=self._link)
        return dataclasses.replace(rejected, good=self._last_good(), offline=self._link)

    def _fetch(self) -> Snapshot:
        began = self._clock.monotonic()
        snapshot = self._source.fetch()
        seconds = self._clock.monotonic() - began
        self._observer.event("source.fetched", commit=snapshot.commit, seconds=seconds)
        if snapshot.commit != self._considered:
            self._state.mark_commit(snapshot.commit, self._clock.now(), "seen")
        return snapshot

    def _from_mirror(self, offline: Offline) -> SourceNews:
        """After a start without a link: the last accepted commit, as far as the mirror has it."""
        commit = self._accepted
        if self._considered or not commit or not self._source.has(commit):
            return offline
        try:
            news = self._rendered(Snapshot(commit=commit))
        except (errors.SourceUnavailable, errors.RenderUnavailable):
            return offline  # a file of it was never fetched, or the machine has no room
        return dataclasses.replace(news, offline=offline.message)

    def _consider(self, snapshot: Snapshot) -> SourceNews:
        commit = snapshot.commit
        try:
            verified = self._source.verify(commit, self._accepted)
        except errors.HistoryRefused as error:
            self._observer.event("source.refused", commit=commit, error=str(error))
            return self._reject(commit, Sync.BLOCKED, "HistoryRefused", str(error))
        self._observer.event("source.verified", commits=len(verified))
        self._accepted = commit
        self._grants.note(commit, verified)
        self._state.mark_commit(commit, self._clock.now(), "accepted")
        return self._rendered(snapshot)

    def _rendered(self, snapshot: Snapshot) -> Candidate | Rejected:
        commit = snapshot.commit
        attempts = self._attempts(commit)
        delay = pacing.FATAL_RENDER.delay(attempts)
        if delay and self._embargo[0] != commit:
            self._embargo = (commit, self._clock.monotonic() + delay)
            message = f"rendering ended the agent {attempts} times; tried again in {delay:.0f} s"
            return self._reject(commit, Sync.FAILED, "RenderFailed", message, rests=True)
        try:
            rendered = self._render(commit, attempts)
        except errors.FileError as error:
            reason = next(word for kind, word in _REASONS if isinstance(error, kind))
            self._observer.event("render.failed", commit=commit, reason=reason, error=str(error))
            return self._reject(commit, Sync.FAILED, reason, str(error))
        if not rendered.verdict.allowed:
            return self._deny(commit, rendered.verdict)
        granted = self._grants.gather(lambda each: self._declared(each, rendered))
        self._considered = commit
        self._state.save(meta={_GOOD: commit})
        self._is_first = False
        return Candidate(snapshot=snapshot, rendered=rendered, grants=granted)

    def _declared(self, commit: str, newest: Rendered) -> tuple[Manifest, ...] | None:
        """What a commit that allows deletions declares itself. Raises SourceUnavailable,
        RenderUnavailable."""
        if commit == newest.commit:
            return newest.objects
        try:
            return self._built(commit).objects
        except errors.FileError:
            return None

    def _built(self, commit: str, ask: Callable[[Manifest], Preview] | None = None) -> Rendered:
        return pins.built(
            self._source,
            self._renderer,
            self._site,
            commit,
            past=lambda: self._state.records().values(),
            ask=ask,
        )

    def _deny(self, commit: str, verdict: Verdict) -> Rejected:
        """By a policy of the fleet, or by what no API server would take."""
        findings = [str(finding) for finding in verdict.denied]
        self._observer.event("judge.denied", commit=commit, findings=len(findings))
        more = [f"and {len(findings) - _FINDINGS} more"] if len(findings) > _FINDINGS else []
        message = "; ".join([*findings[:_FINDINGS], *more])
        if all(finding.policy for finding in verdict.denied):
            rests = all(finding.rule == UNCONFIRMED for finding in verdict.denied)
            if rests:  # the API server may be back soon
                self._embargo = (commit, self._clock.monotonic() + pacing.CLUSTER.longest)
            return self._reject(
                commit,
                Sync.BLOCKED,
                "PolicyDenied",
                message,
                rests=rests,
                findings=verdict.findings,
            )
        return self._reject(commit, Sync.FAILED, "RenderFailed", message)

    def _render(self, commit: str, attempts: int) -> Rendered:
        attempt = {_RENDERING: f"{commit} {attempts + 1}"}
        self._state.save(meta={"accepted": commit, **attempt, **self._grants.meta()})
        began = self._clock.monotonic()
        try:
            rendered = self._built(commit, Confirmer(self._cluster, self._clock).ask)
        finally:
            self._state.save(meta={_RENDERING: ""})  # it ended in some way, and we are still here
        seconds = self._clock.monotonic() - began
        self._observer.event(
            "render.done", commit=commit, objects=len(rendered.objects), seconds=seconds
        )
        return rendered

    def _attempts(self, commit: str) -> int:
        """How often a render of this commit was begun and neither it nor the agent came back."""
        last, _, count = self._state.meta(_RENDERING).partition(" ")
        return int(count) if last == commit and count.isdecimal() else 0

    def _is_embargoed(self, commit: str) -> bool:
        return self._embargo[0] == commit and self._clock.monotonic() < self._embargo[1]

    def _reject(
        self,
        commit: str,
        sync: Sync,
        reason: str,
        message: str,
        *,
        rests: bool = False,
        findings: tuple[Finding, ...] = (),
    ) -> Rejected:
        """``rests``: it will be considered again."""
        if not rests:
            self._considered = commit
        self._state.mark_commit(commit, self._clock.now(), "refused", reason)
        good, self._is_first = self._last_good() if self._is_first else None, False
        self._rejected = Rejected(
            commit=commit,
            sync=sync,
            reason=reason,
            message=message,
            good=good,
            findings=findings,
        )
        return self._rejected

    def _last_good(self) -> Candidate | None:
        """The last commit that could be rendered, once more; None where it cannot be now."""
        commit = self._state.meta(_GOOD)
        if not commit or not self._source.has(commit):
            return None
        try:
            rendered = self._built(commit)
        except (errors.FileError, errors.SourceUnavailable, errors.RenderUnavailable):
            return None
        if not rendered.verdict.allowed:
            return None
        return Candidate(snapshot=Snapshot(commit=commit), rendered=rendered)
