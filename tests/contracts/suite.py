"""What the suites for ports.Cluster share: their fixtures, and how they ask.

A test module brings the fixture ``world`` and subclasses the suites beside this module. Each
test has a namespace of its own.
"""

from __future__ import annotations

import copy
import uuid
from typing import Any

import pytest

from reconciler.model import errors
from reconciler.model.values import Live
from tests.contracts import objects
from tests.contracts.world import Obj, World, kind_of, manifest, place_of
from tests.controlplane.processes import until


class ClusterSuite:
    @pytest.fixture
    def world(self) -> World:
        """The cluster under test; what others do to it besides."""
        raise NotImplementedError

    @pytest.fixture
    def home(self, world: World) -> str:
        """A namespace that no other test uses."""
        name = unique("home")
        apply(world, objects.namespace(name))
        return name


def unique(prefix: str) -> str:
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def apply(world: World, obj: Obj, *, force: bool = True, status: bool = False) -> Live:
    subresource = "status" if status else ""
    return world.cluster.apply(manifest(obj), force=force, subresource=subresource)


def read(world: World, obj: Obj) -> dict[str, Any]:
    found = world.cluster.read(kind_of(obj), *place_of(obj))
    assert found is not None
    return dict(found)


def look(world: World, obj: Obj) -> Live:
    """How an object is, by a patch of nothing."""
    return world.cluster.replace(kind_of(obj), *place_of(obj), b"{}", "merge")


def gone(world: World, obj: Obj) -> bool:
    return world.cluster.read(kind_of(obj), *place_of(obj)) is None


def changed(obj: Obj, path: str, value: Any) -> dict[str, Any]:
    """A copy with one field set, or taken out where ``value`` is None: ``spec/replicas``."""
    result = copy.deepcopy(dict(obj))
    place: Any = result
    *heads, last = path.split("/")
    for head in heads:
        place = place[int(head)] if isinstance(place, list) else place.setdefault(head, {})
    if value is None:
        del place[int(last) if isinstance(place, list) else last]
    else:
        place[last] = value
    return result


def partial(obj: Obj, fields: dict[str, Any]) -> dict[str, Any]:
    """The same object's name with these fields alone."""
    metadata = {name: obj["metadata"][name] for name in ("name", "namespace")}
    return {"apiVersion": obj["apiVersion"], "kind": obj["kind"], "metadata": metadata, **fields}


def refusal(call: Any) -> errors.ClusterRefused:
    with pytest.raises(errors.ClusterRefused) as raised:
        call()
    return raised.value


def serve(world: World, definition: Obj) -> Live:
    """Apply a definition and wait until its kind is established."""
    live = apply(world, definition)

    def established() -> bool:
        conditions = read(world, definition).get("status", {}).get("conditions") or []
        return ("Established", "True") in {(c["type"], c["status"]) for c in conditions}

    until(established, "the kind is established")
    return live


def tried(call: Any) -> Any:
    """What ``call`` gives, or None while its kind is unknown."""
    try:
        return call()
    except errors.ClusterRefused as error:
        assert error.reason == "KindUnknown", error
        return None
