"""Who made each version of an object, and whether the agent had a reason to.

In: versions as the ledger has them, and what the meddler did. Out: sentences, one for each write
that did not need to be. Pure. A write of the agent that changed an object needed to be if

- there was no such object, unless the agent itself had pruned it and no newer commit holds it;
- or it made the object what a newer commit says;
- or somebody had changed a field of ours since the agent's last write;
- or it took away nothing but others' ownership, after somebody had written the object.

It is never in order that an object becomes what an older commit said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.model.refs import FIELD_MANAGER
from tests.e2e.crash import objects
from tests.e2e.crash.ledger import Version

_CONTROLLERS = {"kube-controller-manager", "kube-apiserver"}
_TICKING = ("managedFields", "resourceVersion", "generation")
# The end of an object, and what the deployment controller notes on one.
_THEIRS = ("finalizers", "deletionTimestamp", "deletionGracePeriodSeconds")
_SHOWN = 8  # versions that a complaint shows
_REVISION = "deployment.kubernetes.io/revision"


@dataclass(slots=True)
class Account:
    """``counts`` are the agent's writes by their reason, ``complaints`` those without one."""

    edits: Mapping[int, bool]
    deleted: Collection[str]
    counts: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)

    def add(self, versions: Iterable[Version]) -> None:
        """Take in all versions of one object, in their order."""
        story = _Story(self)
        for version in versions:
            story.go_on(version)

    def agent_wrote(self, reason: str) -> None:
        self.counts[reason] += 1

    def complain(self, version: Version, why: str, before: Sequence[str]) -> None:
        story = "".join(f"\n    {line}" for line in before[-_SHOWN:])
        self.complaints.append(f"{version.ref} at {version.number}: {why}{story}")


class _Story:
    """One object's, from its first version to its last."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._now: Version | None = None
        self._serial = -1  # the newest manifest that the agent wrote
        self._pruned = False  # by the agent, and not made since
        self._dying = -1  # the manifest as of which its deletion began, where it takes its time
        self._drifted = False  # by somebody, since the agent's last write
        self._touched = False  # by somebody, since others' ownership was last taken away
        self._lines: list[str] = []

    def go_on(self, version: Version) -> None:
        self._lines.append(_line(version, self._account))
        before, self._now = self._now, None if version.gone else version
        if version.body["metadata"].get("deletionTimestamp") and self._dying < 0:
            self._dying = self._serial
        if version.gone:
            self._end(version)
        elif version.first:
            self._serial = max(self._serial, objects.serial_of(version.body))
            self._drifted = self._touched = True  # who knows
            self._pruned = False
        elif before is None or before.uid != version.uid:
            self._begin(version)
        elif version.number in self._account.edits:
            self._drifted |= self._account.edits[version.number]
            self._touched = True
        elif essence(before) != essence(version):
            self._change(before, version)

    def _end(self, version: Version) -> None:
        if version.first or version.uid in self._account.deleted or ours(version) is None:
            return
        # A later commit may have declared it again while it was on its way out.
        self._pruned = self._dying in (-1, self._serial)

    def _begin(self, version: Version) -> None:
        self._dying = -1
        if ours(version) is None:
            return  # somebody else's
        serial = objects.serial_of(version.body)
        if serial < self._serial:
            self._complain(version, f"made as of {serial}, after {self._serial}")
        elif self._pruned and serial == self._serial:
            self._complain(version, "made again after it was pruned")
        self._account.agent_wrote("made")
        self._wrote(serial)
        self._touched = False

    def _change(self, before: Version, version: Version) -> None:
        serial = objects.serial_of(version.body)
        if _only_others_lost(before, version):
            if not self._touched:
                self._complain(version, "ownership was taken from nobody who wrote")
            self._touched = False
            self._account.agent_wrote("ownership taken")
            return
        if serial < self._serial:
            self._complain(version, f"became {serial}, after it was {self._serial}")
        elif serial == self._serial and not self._drifted:
            self._complain(version, f"was written again as {serial}")
        self._account.agent_wrote("changed" if serial > self._serial else "put right")
        self._wrote(serial)

    def _complain(self, version: Version, why: str) -> None:
        self._account.complain(version, why, self._lines)

    def _wrote(self, serial: int) -> None:
        self._serial = max(self._serial, serial)
        self._pruned = self._drifted = False


def _line(version: Version, account: Account) -> str:
    words = [str(version.number), f"as of {objects.serial_of(version.body)}"]
    flags = {
        "gone": version.gone,
        "found": version.first,
        "edited": version.number in account.edits,
        "deleted by hand": version.gone and version.uid in account.deleted,
    }
    return ", ".join([*words, *(word for word, holds in flags.items() if holds)])


def ours(version: Version) -> Mapping[str, Any] | None:
    """The agent's entry of ownership."""
    for entry in version.body["metadata"].get("managedFields") or ():
        if (entry["manager"], entry["operation"]) == (FIELD_MANAGER, "Apply") and not entry.get(
            "subresource"
        ):
            return dict(entry)
    return None


def essence(version: Version) -> tuple[Any, Any]:
    """What only the agent and the meddler write: content, and who owns it; no status."""
    return _content(version), _owners(version)


def _content(version: Version) -> dict[str, Any]:
    body = {key: value for key, value in version.body.items() if key != "status"}
    metadata = {k: v for k, v in body["metadata"].items() if k not in (*_TICKING, *_THEIRS)}
    notes = {k: v for k, v in (metadata.get("annotations") or {}).items() if k != _REVISION}
    return {**body, "metadata": {**metadata, "annotations": notes}}


def _owners(version: Version) -> list[dict[str, Any]]:
    entries = version.body["metadata"].get("managedFields") or ()
    return [
        entry
        for entry in entries
        if entry.get("subresource") != "status" and entry["manager"] not in _CONTROLLERS
    ]


def _only_others_lost(before: Version, now: Version) -> bool:
    """Whether content and our own entry stayed, so that others' ownership is all that changed."""
    return _content(before) == _content(now) and ours(before) == ours(now)
