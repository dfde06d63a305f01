"""The rights under which the agent runs in tests: those of deploy/'s ServiceAccount, no others."""

from __future__ import annotations

from pathlib import Path

from tests.controlplane.plane import ControlPlane
from tests.controlplane.processes import until

DEPLOY = Path(__file__).parent.parent / "deploy"
FORMS = {"cluster": DEPLOY, "scoped": DEPLOY / "scoped"}
NAMESPACE = "fleet-system"
ACCOUNT = f"system:serviceaccount:{NAMESPACE}:fleet-reconciler"
_HOURS = 6 * 3600


class Rights:
    """Applies deploy/ in one of its FORMS, and changes over to the other where a test asks."""

    def __init__(self, plane: ControlPlane, folder: Path) -> None:
        self._plane = plane
        self._folder = folder
        self._binding = ""

    def kubeconfig(self, binding: str) -> Path:
        """A kubeconfig with the ServiceAccount's token, once the binding holds."""
        if binding != self._binding:
            self._change_to(binding)
        path = self._folder / "agent.kubeconfig"
        token = self._plane.token(NAMESPACE, "fleet-reconciler", _HOURS)
        return self._plane.kubeconfig(path, token=token)

    def _change_to(self, binding: str) -> None:
        self._plane.kubectl("apply", "--server-side", "-k", str(FORMS[binding]))
        if binding == "scoped":
            self._plane.kubectl(
                "delete", "--ignore-not-found", "clusterrolebinding", "fleet-reconciler-cluster"
            )
        everything = {"verb": "*", "group": "*", "resource": "*"}
        until(
            lambda: (
                may(self._plane, **everything) is (binding == "cluster")
                and may(self._plane, verb="patch", group="fleet-reconciler.dev", resource="sites")
            ),
            f"the binding {binding} holds",
        )
        self._binding = binding


def may(plane: ControlPlane, **attributes: str) -> bool:
    """Whether RBAC lets the agent's account do this: verb, group, resource, namespace, ..."""
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {
            "user": ACCOUNT,
            "groups": ["system:serviceaccounts", "system:authenticated"],
            "resourceAttributes": attributes,
        },
    }
    status, answer = plane.request(
        "POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review
    )
    assert status == 201, answer
    return bool(answer["status"]["allowed"])
