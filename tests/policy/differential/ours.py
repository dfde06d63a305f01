"""Our side: the same documents and objects, judged without any cluster, in the server's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from reconciler.documents import dump
from reconciler.model.origins import Origin
from reconciler.model.refs import SiteName
from reconciler.model.rendered import Manifest
from reconciler.policy import admit, asking
from reconciler.policy.admission.court import Decision
from reconciler.policy.admission.library import Library, Shelf
from reconciler.policy.admission.requests import Request
from reconciler.render.manifest import manifest
from tests.trees import DictTree

SITE = SiteName("north", "barn-7")


def library(documents: Iterable[Mapping[str, Any]]) -> Library:
    listed = [dict(document) for document in documents]
    pieces = [listed[at : at + 100] for at in range(0, len(listed), 100)]
    tree = DictTree(
        {f"policies/all-{n}.yaml": dump.dump_all(each).encode() for n, each in enumerate(pieces)}
    )
    return Shelf().load(tree, [f"all-{number}" for number in range(len(pieces))])


def refused(documents: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Policies that the loader refuses, with why."""
    return {problem.policy: problem.message for problem in library(documents).problems}


def thing(value: Mapping[str, Any]) -> Manifest:
    return manifest(orjson.loads(orjson.dumps(value)), Origin("object.yaml", 1), SITE)


class Ours:
    """Judges objects by a library, as they would be created; ``around`` are the site's others."""

    def __init__(
        self,
        found: Library,
        around: Iterable[Mapping[str, Any]] = (),
        ask: asking.Ask | None = None,
    ) -> None:
        self._ask = ask
        self._library = found
        self._around = [thing(value) for value in around]

    def decisions(self, value: Mapping[str, Any]) -> list[Decision]:
        return self._judged(value)[1]

    def _judged(
        self, value: Mapping[str, Any], old: Mapping[str, Any] | None = None
    ) -> tuple[Request | None, list[Decision]]:
        """Of the last object; None where no policy's rules fit it."""
        last = thing(value)
        found = admit.judged(
            [*self._around, last],
            self._library,
            before=[_before(old)] if old else (),
            user=admit.agent("fleet-system"),
            ask=self._ask,
        )
        for request, decisions in found:
            if (request.ref.kind, request.ref.name) == (last.ref.kind, last.ref.name):
                return request, decisions
        return None, []

    def told(
        self, value: Mapping[str, Any], old: Mapping[str, Any] | None = None
    ) -> tuple[str, bool]:
        """The same as ``message``, and whether the server was asked. ``old`` is there before."""
        request, decisions = self._judged(value, old)
        denied = (told(each) for each in decisions if "Deny" in each.actions)
        return next(denied, ""), request is not None and request.is_live

    def removal(self, value: Mapping[str, Any]) -> str:
        """The same of the object's removal."""
        found = admit.judged(
            self._around,
            self._library,
            before=[_before(value)],
            user=admit.agent("fleet-system"),
        )
        listed = [decisions for request, decisions in found if request.value is None]
        decisions = listed[-1] if listed else []
        return next((told(each) for each in decisions if "Deny" in each.actions), "")

    def message(self, value: Mapping[str, Any]) -> str:
        """What the server's answer would say of the policy, ``""`` where it is allowed."""
        for decision in self.decisions(value):
            if "Deny" in decision.actions:
                return told(decision)
        return ""


def _before(value: Mapping[str, Any]) -> admit.Before:
    old = thing(value)
    return admit.Before(ref=old.ref, api_version=old.api_version, body=old.body, origin=old.origin)


def told(decision: Decision) -> str:
    return (
        f"ValidatingAdmissionPolicy '{decision.policy}' with binding '{decision.binding}' denied"
        f" request: {decision.message}"
    )


def canonical(value: Mapping[str, Any]) -> Any:
    """The object as the agent sends it."""
    return orjson.loads(thing(value).body)
