"""A cluster of its own for bootstrap, made as new before each test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from reconciler import cli
from tests.controlplane.plane import ControlPlane
from tests.e2e.process import eventually

NAMESPACE = "/api/v1/namespaces/fleet-system"
CRD = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/sites.fleet-reconciler.dev"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
IMAGE = "registry.example.com/fleet-reconciler:0.1.0"
URL = "https://git.invalid/fleet.git"


class Bootstrap:
    """``run`` is the command, with the administrator's login."""

    def __init__(self, plane: ControlPlane, folder: Path) -> None:
        self.plane = plane
        self.folder = folder
        self.kubeconfig = plane.admin
        self.token = folder / "token"
        self.token.write_text("s3cret-token\n")

    def run(self, *more: str, site: str = "north/one", repo: str = URL) -> Result:
        login = ["--kubeconfig", str(self.kubeconfig)]
        arguments = ["bootstrap", site, "--repo", repo, *login, *more]
        return CliRunner().invoke(cli.main, arguments)  # a process takes longer to start than to do

    def inside(self, *more: str, site: str = "north/one") -> Result:
        """With all that a Pod needs, where there is no storage class."""
        given = ["--image", IMAGE, "--token-file", str(self.token), "--state-on-node"]
        return self.run(*given, *more, site=site)

    def get(self, path: str) -> dict[str, Any] | None:
        status, answer = self.plane.request("GET", path)
        return answer if status == 200 else None

    def written(self) -> list[str]:
        """What somebody changed with our user agent, dry runs left out."""
        return [
            request.uri
            for request in self.plane.audit(agent="fleet-reconciler/")
            if request.verb in ("patch", "create", "delete")
            and "dryRun=All" not in request.uri
            and "selfsubjectaccessreviews" not in request.uri
        ]

    def clear(self) -> None:
        """As it was before the first of us."""
        rbac = (
            "clusterrolebindings/fleet-reconciler-cluster",
            "clusterrolebindings/fleet-reconciler-agent",
            "clusterrolebindings/fleet-reconciler-fleet",
            "clusterroles/fleet-reconciler-agent",
            "clusterroles/fleet-reconciler-fleet",
        )
        for path in (CRD, *(f"{RBAC}/{name}" for name in rbac), CLASSES, NAMESPACE):
            self.plane.request("DELETE", path)
        eventually(lambda: not self.get(NAMESPACE) and not self.get(CRD), "an empty cluster", 60)
