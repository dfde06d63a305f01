"""The judge within the render child: rules first, then the policies that the site names.

CEL is imported by the first site that names a policy, and by no other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from reconciler.adapters.child import codec
from reconciler.model.rendered import Manifest, Rendered, Tree, Verdict
from reconciler.model.values import Preview
from reconciler.policy.judge import judge

if TYPE_CHECKING:
    from reconciler.policy.admission.library import Shelf
    from reconciler.policy.admit import Before


class Past(Protocol):
    """What the other side of the pipe knows."""

    def applied(self, number: int) -> list[Any]:
        """What was last applied, in pieces; the first that is empty is the last."""

    def preview(self, manifest: Manifest) -> Preview:
        """What the API server says of an object."""


class Judge:
    """Keeps compiled policies from one render to the next."""

    def __init__(self) -> None:
        self._shelf: Shelf | None = None

    def verdict(
        self, rendered: Rendered, request: Mapping[str, Any], tree: Tree, past: Past
    ) -> Verdict:
        """Where rules deny, objects may be no objects, and policies are not asked."""
        verdict = judge(
            rendered.objects,
            rendered.settings,
            agent_namespace=request["agentNamespace"],
            from_repository=request["fromRepository"],
        )
        if not rendered.settings.policies or not verdict.allowed:
            return verdict
        found = self._admitted(rendered, request["agentNamespace"], tree, past)
        return Verdict(findings=(*verdict.findings, *found.findings), idle=found.idle)

    def _admitted(self, rendered: Rendered, namespace: str, tree: Tree, past: Past) -> Verdict:
        from reconciler.policy import admit
        from reconciler.policy.admission import library

        if self._shelf is None:
            self._shelf = library.Shelf()
        return admit.admit(
            rendered.objects,
            self._shelf.load(tree, rendered.settings.policies),
            before=_before(past),
            user=admit.agent(namespace),
            ask=past.preview,
        )


def _before(past: Past) -> Iterator[Before]:
    number = 0
    while rows := past.applied(number):
        yield from map(codec.decode_before, rows)
        number += 1
