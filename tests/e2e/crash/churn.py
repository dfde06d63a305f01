"""A fleet repository that keeps changing, and people who meddle with the cluster meanwhile."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from reconciler.model.refs import SITE_LABEL, ObjectRef
from tests.e2e.crash import objects
from tests.e2e.world import MERGE, World

_LEAST = 22  # objects that a commit holds
_SETTINGS = """\
apiVersion: fleet-reconciler.dev/v1alpha1
kind: SiteSettings
prune: {allow: [{refs: [all], until: "2200-01-01T00:00:00Z"}]}
"""
_MANAGER = "fieldManager=meddler"
Way = Callable[[ObjectRef], bool]


class Churn:
    """``contents`` maps each commit to the objects in it, and each of them to its number."""

    def __init__(self, world: World, chance: random.Random) -> None:
        self._world = world
        self._chance = chance
        self.kinds = objects.kinds(world.namespace)
        self.universe = objects.universe(world.namespace)
        self.contents: dict[str, Mapping[ObjectRef, int]] = {}
        self._present = dict.fromkeys(self.universe, 0)
        self._serial = 0
        self._commit()

    @property
    def present(self) -> Mapping[ObjectRef, int]:
        return self.contents[self._world.fleet.head]

    def commit(self, *, changes: int, drops: int) -> str:
        """Change and drop as many as asked for, and bring back some of what was dropped."""
        self._serial += 1
        absent = [ref for ref in self.universe if ref not in self._present]
        back = self._some(absent, self._chance.randint(0, 4))
        self._drop(drops)
        if not self._chance.randrange(12):
            self._flip_gadgets()
        for ref in (*self._some(list(self._present), changes), *back):
            self._present[ref] = self._serial
        return self._commit()

    def _drop(self, count: int) -> None:
        free = [ref for ref in self._present if ref.namespace and ref.kind != "Gadget"]
        for ref in self._some(free, min(count, len(self._present) - _LEAST)):
            del self._present[ref]

    def _flip_gadgets(self) -> None:
        """A definition and its objects go and come together."""
        gadgets = [ref for ref in self.universe if "adget" in f"{ref.kind} {ref.name}"]
        for ref in gadgets:
            if self._present.pop(ref, None) is None:
                self._present[ref] = self._serial

    def _some(self, refs: list[ObjectRef], count: int) -> list[ObjectRef]:
        free = [ref for ref in refs if ref.kind != "Gadget" and not ref.name.startswith("gadgets")]
        return self._chance.sample(free, max(0, min(count, len(free))))

    def _commit(self) -> str:
        listed = [
            json.dumps(objects.manifest(ref, serial, self._world.namespace))
            for ref, serial in self._present.items()
        ]
        fleet = self._world.fleet
        fleet.files[f"{fleet.overlay}/extra.yaml"] = "\n---\n".join(listed) + "\n"
        fleet.files["bases/app/kustomization.yaml"] = "resources: []\n"
        fleet.files[f"{fleet.overlay}/site.yaml"] = _SETTINGS
        commit = fleet.commit()
        self.contents[commit] = dict(self._present)
        return commit


class Meddler:
    """Speaks to the API server as an administrator, and remembers what came of it."""

    def __init__(self, world: World, churn: Churn, chance: random.Random) -> None:
        self._plane = world.plane
        self._churn = churn
        self._chance = chance
        self.edits: dict[int, bool] = {}  # resourceVersion: whether a field of ours was changed
        self.deleted: set[str] = set()  # uids
        self.foreign: dict[str, str] = {}  # path: resourceVersion, of objects that are not ours

    def path(self, ref: ObjectRef) -> str:
        return f"{self._churn.kinds[ref.kind].path}/{quote(ref.name)}"

    def get(self, ref: ObjectRef) -> dict[str, Any] | None:
        code, found = self._plane.request("GET", self.path(ref))
        return found if code == 200 else None

    def stand_by(self) -> None:
        """Make objects of nobody's business, one of them with our label, once that can be."""
        collection = self._churn.kinds["ConfigMap"].path
        if self.foreign or self.get(self._churn.universe[0]) is None:
            return
        for name, labels in (("theirs", {}), ("theirs-labelled", {SITE_LABEL: "north.one"})):
            body = {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": name, "labels": labels},
                "data": {"key": "theirs"},
            }
            code, made = self._plane.request("POST", collection, body)
            assert code == 201, made
            self.foreign[f"{collection}/{name}"] = made["metadata"]["resourceVersion"]

    def meddle(self, count: int) -> tuple[ObjectRef, ...]:
        """Edit or delete some objects; the refs of those that now have to be put right."""
        return self._some(count, (*self._edits(), self._delete))

    def edit(self, count: int) -> tuple[ObjectRef, ...]:
        """The same, and none is deleted."""
        return self._some(count, self._edits())

    def delete(self, count: int) -> tuple[ObjectRef, ...]:
        """The same, and all are deleted that may be: the others are edited."""
        deleted = len(self.deleted)
        refs = self._some(count, (self._delete,))
        return refs if len(self.deleted) > deleted else ()

    def _edits(self) -> tuple[Way, ...]:
        return (self._edit, self._edit, self._annotate, self._unlabel, self._return)

    def _some(self, count: int, ways: tuple[Way, ...]) -> tuple[ObjectRef, ...]:
        refs = self._chance.sample(list(self._churn.present), count)
        return tuple(ref for ref in refs if self._chance.choice(ways)(ref))

    def _edit(self, ref: ObjectRef) -> bool:
        return self._patch(ref, self._churn.kinds[ref.kind].drift, drift=True)

    def _annotate(self, ref: ObjectRef) -> bool:
        """A field that the manifests leave alone: no business of the agent's."""
        text = f"edit {len(self.edits)}"  # a new one each time: no edit is without effect
        self._patch(ref, self._churn.kinds[ref.kind].harmless(text), drift=False)
        return False

    def _unlabel(self, ref: ObjectRef) -> bool:
        return self._patch(ref, {"metadata": {"labels": {SITE_LABEL: None}}}, drift=True)

    def _return(self, ref: ObjectRef) -> bool:
        """Away and back: the value is right and the field is co-owned."""
        before = self.get(ref)
        if before is None or not self._edit(ref):
            return False
        back = _former(self._churn.kinds[ref.kind].drift, before)
        # Where the agent was quicker there is nothing to take back.
        back.setdefault("metadata", {})["resourceVersion"] = str(max(self.edits))
        self._patch(ref, back, drift=True)
        return True

    def _delete(self, ref: ObjectRef) -> bool:
        if not ref.namespace:
            return self._edit(ref)
        found = self.get(ref)
        if found is None:
            return False
        uid = found["metadata"]["uid"]
        options = {"preconditions": {"uid": uid}}
        code, _ = self._plane.request("DELETE", self.path(ref), options)
        if code == 200:
            self.deleted.add(uid)
        return code == 200

    def _patch(self, ref: ObjectRef, change: object, *, drift: bool) -> bool:
        code, found = self._plane.request("PATCH", f"{self.path(ref)}?{_MANAGER}", change, MERGE)
        if code == 200:
            self.edits.setdefault(int(found["metadata"]["resourceVersion"]), drift)
        return code == 200


def _former(change: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """The merge patch that takes ``change`` back."""
    return {
        key: _former(value, before.get(key) or {}) if isinstance(value, dict) else before.get(key)
        for key, value in change.items()
    }
