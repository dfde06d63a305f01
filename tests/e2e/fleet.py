"""A fleet repository for end-to-end tests: plain files, changed and committed as a user would."""

from __future__ import annotations

from pathlib import Path

from tests.adapters.git import build

SITE = "north/one"
_FLEET = """\
apiVersion: fleet-reconciler.dev/v1alpha1
kind: Fleet
name: test
defaults:
  labels: {purpose: test}
rings: [first, rest]
"""
SETTINGS = """\
apiVersion: fleet-reconciler.dev/v1alpha1
kind: SiteSettings
ring: first
"""
_OVERLAY = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: {namespace}
resources: [../../../bases/app, extra.yaml]
"""
_BASE = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [app.yaml]
"""
_APP = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {rate: "30", mode: quiet}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: camera}
spec:
  replicas: 1
  selector: {matchLabels: {app: camera}}
  template:
    metadata: {labels: {app: camera}}
    spec:
      containers:
      - {name: main, image: "camera:1"}
"""


class Fleet:
    """The repository and its files; ``namespace`` is the overlay's own on the cluster."""

    def __init__(self, folder: Path, namespace: str, site: str = SITE) -> None:
        self.remote = build.Remote(folder)
        self.namespace = namespace
        self.site = site
        self.overlay = f"sites/{site}"
        self.files = {
            "fleet.yaml": _FLEET,
            "bases/app/kustomization.yaml": _BASE,
            "bases/app/app.yaml": _APP,
            f"{self.overlay}/site.yaml": SETTINGS,
            f"{self.overlay}/kustomization.yaml": _OVERLAY.format(namespace=namespace),
            f"{self.overlay}/extra.yaml": self.namespace_manifest(),
        }
        self.links: dict[str, str] = {}  # symbolic ones, with their targets
        self.head = self.commit(parent=None)

    def namespace_manifest(self) -> str:
        return f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {self.namespace}}}\n"

    def commit(self, message: str = "a change", *, parent: str | None = "main") -> str:
        """Commit ``files`` and ``links`` as they are; the commit's id."""
        modes = dict.fromkeys(self.links, "120000")
        files = {**self.files, **self.links}
        self.head = self.remote.commit(files, parent=parent, modes=modes, subject=message)
        return self.head

    def extra(self, text: str) -> str:
        """Put these manifests beside the namespace, and commit."""
        self.files[f"{self.overlay}/extra.yaml"] = f"{self.namespace_manifest()}---\n{text}"
        return self.commit()

    def git(self, *arguments: str) -> str:
        return build.git(self.remote.folder, *arguments)

    def note(self) -> str:
        """The site's newest note as a person reads it; ``""`` where there is none."""
        shown = self.git(
            "log", "-1", f"--notes=fleet/{self.site}", "--format=%N", "refs/heads/main"
        )
        return shown.strip()

    def notes_written(self) -> int:
        ref = f"refs/notes/fleet/{self.site}"
        if not self.git("for-each-ref", ref):
            return 0
        return int(self.git("rev-list", "--count", ref))


def config_map(name: str, value: str = "v") -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{key: {value}}}\n"
