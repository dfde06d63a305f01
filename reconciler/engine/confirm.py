"""What the API server says of an object that is about to be applied, asked without writing.

In: a manifest whose verdict the judge is not sure of. Out: a Preview. Bounded by objects and by
time, as a render waits for it. Called by the render child's questions, through the courier.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from reconciler import ports
from reconciler.model import errors
from reconciler.model.refs import Kind
from reconciler.model.rendered import Manifest
from reconciler.model.values import Preview

MOST = 500  # objects of one render
SECONDS = 60.0  # that one render waits for the API server
_SPACE = Kind("", "v1", "Namespace")
_SECRET = ("", "Secret")
_DENIED = re.compile(r"ValidatingAdmissionPolicy '[^']+' with binding '[^']+' denied request")
_ABSENT = ("KindUnknown", "NamespaceNotFound")


class Confirmer:
    """Of one render. An API server that is not reached is not asked again by it."""

    def __init__(self, cluster: ports.Cluster, clock: ports.Clock) -> None:
        self._cluster = cluster
        self._clock = clock
        self._asked = 0
        self._until = clock.monotonic() + SECONDS
        self._spaces: dict[str, Mapping[str, Any] | None] = {}
        self._lost = ""

    def ask(self, manifest: Manifest) -> Preview:
        """Secrets are never asked for, as what is said of them leaves this process."""
        if (manifest.ref.group, manifest.ref.kind) == _SECRET:
            return Preview()
        self._asked += 1
        if self._asked > MOST:
            return Preview(failed=f"more than {MOST} objects of one commit are in doubt")
        if not self._lost and self._clock.monotonic() > self._until:
            self._lost = f"it took more than {SECONDS:.0f} s for those before"
        if self._lost:
            return Preview(failed=self._lost)
        try:
            return self._preview(manifest)
        except errors.ClusterUnavailable as error:
            self._lost = str(error)
            return Preview(failed=self._lost)
        except errors.ClusterRefused as error:
            return _refused(error)

    def _preview(self, manifest: Manifest) -> Preview:
        kind, ref = manifest.kind, manifest.ref
        space = None
        if self._cluster.namespaced(kind):
            space = self._space(ref.namespace or "default")
            if space is None:
                return Preview()
        old = self._cluster.read(kind, ref.namespace, ref.name)
        value = self._cluster.dry_run(manifest, force=True)
        return Preview(value=value, old=old, space=space)

    def _space(self, name: str) -> Mapping[str, Any] | None:
        if name not in self._spaces:
            self._spaces[name] = self._cluster.read(_SPACE, "", name)
        return self._spaces[name]


def _refused(error: errors.ClusterRefused) -> Preview:
    if error.reason in _ABSENT:
        return Preview()
    if _DENIED.search(str(error)):
        return Preview(denied=str(error))
    return Preview(failed=str(error))
