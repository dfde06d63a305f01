"""What happened, told: the Site object, a Kubernetes event, and the note into its queue.

In: Situations. Each of the three is written only when it has news. A cluster that does not take
the Site object holds up nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import orjson

from reconciler import ports
from reconciler.engine.crier import Crier
from reconciler.model import errors
from reconciler.model.objects import live_of
from reconciler.model.origins import Origin
from reconciler.model.refs import SITE_LABEL, ObjectRef, SiteName
from reconciler.model.rendered import Manifest
from reconciler.model.values import Report
from reconciler.status import event, note, report, site_object

_DAY = 86_400.0
_CONDITIONS = "conditions"  # meta: JSON of the last conditions' status and time
_NEWS = "note-fingerprint"
_QUEUED = "note-queued"  # meta: Unix seconds of the last note


class Reporter:
    """Used by the loop's thread. ``agent`` is our name and version, as notes say it."""

    def __init__(
        self,
        *,
        cluster: ports.Cluster,
        state: ports.State,
        clock: ports.Clock,
        observer: ports.Observer,
        crier: Crier,
        site: SiteName,
        agent: str,
    ) -> None:
        self._cluster = cluster
        self._state = state
        self._clock = clock
        self._observer = observer
        self._crier = crier
        self._site = site
        self._agent = agent
        self._last: Report | None = None
        self._shown = ""  # digest of the Site status as it is in the cluster, ``""`` for unknown
        self._uid = ""  # of the Site object, as far as it is known

    def tell(self, situation: report.Situation, rendered: str) -> bool | None:
        """Tell what is new. ``rendered`` is a digest of all that the site renders.

        Returns whether a queued note is urgent, None where none was queued. Raises
        ClusterUnavailable after the note is safe.
        """
        now = report.make(situation, self._site, time=self._clock.now(), agent=self._agent)
        urgent = self._queue_note(now, rendered)
        before, self._last = self._last, now
        is_news = before is None or _words(before) != _words(now)
        if is_news:
            self._observer.event(
                "report.changed",
                state=str(now.state),
                sync=str(now.sync),
                health=str(now.health),
                reason=now.reason,
                message=now.message,
                objects=now.objects.total,
                held=len(now.held),
            )
        try:
            self._show(now, situation.offline)
        finally:
            if is_news:  # last, as only then the object is sure to be there to be told about
                self._crier.cry(event.of_report(now, self._uid))
        return urgent

    def forget(self) -> None:
        """The Site object is gone: show it again, news or not."""
        self._shown = self._uid = ""

    def _queue_note(self, now: Report, rendered: str) -> bool | None:
        if not now.commit:
            return None  # nothing that a note could be on
        fingerprint = note.fingerprint(now, rendered)
        queued = self._state.meta(_QUEUED)
        age = now.time - float(queued) if queued.isdecimal() else _DAY
        if fingerprint == self._state.meta(_NEWS) and 0 <= age < _DAY:
            return None
        self._state.queue_note(
            ports.QueuedNote(
                commit=now.commit,
                text=note.write(now),
                subject=f"{now.site} {now.state} {now.commit}",
                time=now.time,
            )
        )
        self._state.save(meta={_NEWS: fingerprint, _QUEUED: str(int(now.time))})
        return self._last is not None and report.worse(self._last.state, now.state)

    def _show(self, now: Report, offline: str) -> None:
        saved = self._state.meta(_CONDITIONS)
        before = orjson.loads(saved) if saved else {}
        conditions = site_object.conditions(now, offline, before)
        status = site_object.status(now, conditions)
        digest = _digest(status)
        if digest == (self._shown or self._left(site_object.ref(now))):
            self._shown = digest
            return
        if not self._write(site_object.ref(now), status):
            return  # tried again with the next look
        self._shown = digest
        kept = {condition.type: (condition.status, condition.since) for condition in conditions}
        self._state.save(meta={_CONDITIONS: orjson.dumps(kept).decode()})

    def _left(self, ref: ObjectRef) -> str:
        """The digest of what the agent before us left there: a start by itself is no news."""
        try:
            found = self._cluster.read(site_object.KIND, ref.namespace, ref.name) or {}
        except errors.ClusterRefused:
            return ""  # writing it says why
        self._uid = live_of(found).uid if found else ""
        status = found.get("status")
        return _digest(status) if isinstance(status, dict) else ""

    def _write(self, ref: ObjectRef, status: dict[str, object]) -> bool:
        bare: dict[str, object] = {
            "apiVersion": site_object.KIND.api_version,
            "kind": ref.kind,
            "metadata": {"name": ref.name},
        }
        whole = {**bare, "metadata": {"name": ref.name, "labels": {SITE_LABEL: ref.name}}}
        try:
            try:
                live = self._cluster.apply(
                    _manifest(ref, {**bare, "status": status}), force=True, subresource="status"
                )
            except errors.ClusterRefused as error:
                if error.reason != "NotFound":
                    raise
                self._cluster.apply(_manifest(ref, whole), force=True)
                live = self._cluster.apply(
                    _manifest(ref, {**bare, "status": status}), force=True, subresource="status"
                )
        except errors.ClusterRefused as error:
            self._observer.event(
                "object.failed",
                ref=str(ref),
                reason=error.reason,
                message=f"the site's own status: {error}",
                origin="",
            )
            return False
        self._uid = live.uid
        return True


def _digest(status: Mapping[str, object]) -> str:
    """Equal for what says the same, whenever it was said."""
    told = orjson.dumps({**status, "time": ""}, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(told).hexdigest()


def _words(said: Report) -> tuple[object, ...]:
    return (
        said.commit,
        said.applied,
        said.state,
        said.sync,
        said.health,
        said.reason,
        said.message,
    )


def _manifest(ref: ObjectRef, value: Mapping[str, object]) -> Manifest:
    body = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    return Manifest(
        ref=ref,
        api_version=site_object.KIND.api_version,
        body=body,
        digest=hashlib.sha256(body).hexdigest(),
        origin=Origin("status"),
    )
