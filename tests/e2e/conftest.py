"""A site for each test, under the rights of ``deploy/``'s ServiceAccount."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.controlplane.plane import ControlPlane
from tests.e2e.process import eventually
from tests.e2e.world import World
from tests.rights import may

# What the fleet's owner fills the aggregated ClusterRole with; Secrets are left out on purpose.
OWNERS_RULES = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: test-workloads
  labels: {fleet-reconciler.dev/aggregate-to-agent: "true"}
rules:
- apiGroups: ["", apps]
  resources: [namespaces, configmaps, deployments]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [services]
  verbs: [create, patch, delete]
"""


@pytest.fixture
def world(
    request: pytest.FixtureRequest,
    plane: ControlPlane,
    agent_kubeconfig: Callable[[str], Path],
    tmp_path: Path,
) -> Iterator[World]:
    """Parametrise it indirectly with ``scoped`` for the smaller rights, with OWNERS_RULES."""
    binding = getattr(request, "param", "cluster")
    made = World(plane, agent_kubeconfig(binding), tmp_path)
    if binding == "scoped":
        plane.kubectl("apply", "--server-side", "-f", "-", stdin=OWNERS_RULES)
        eventually(lambda: may(plane, verb="watch", group="apps", resource="deployments"), "rules")
    yield made
    made.clear()
    if binding == "scoped":
        plane.kubectl("delete", "--ignore-not-found", "clusterrole", "test-workloads")
