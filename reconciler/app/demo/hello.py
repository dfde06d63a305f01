"""A site that is small, and at home on any cluster; the template's own sites are neither."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model.refs import SiteName

SITE = SiteName("demo", "here")
BASE = "bases/hello/kustomization.yaml"

_FILES = {
    "bases/hello/hello.yaml": """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: hello
  labels:
    app.kubernetes.io/name: hello
spec:
  selector:
    matchLabels:
      app.kubernetes.io/name: hello
  template:
    metadata:
      labels:
        app.kubernetes.io/name: hello
    spec:
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: true
        runAsUser: 65535
        seccompProfile:
          type: RuntimeDefault
      containers:
      - name: hello
        image: docker.io/library/busybox:1.37.0
        command: [httpd, -f, -p, "8080"]
        envFrom:
        - configMapRef:
            name: settings
        resources:
          requests:
            cpu: 10m
            memory: 16Mi
          limits:
            memory: 16Mi
        securityContext:
          allowPrivilegeEscalation: false
          capabilities:
            drop: [ALL]
""",
    BASE: """\
resources:
- hello.yaml
configMapGenerator:
- name: settings
  literals:
  - greeting=hello
""",
    f"{SITE.folder}/kustomization.yaml": """\
namespace: {namespace}
resources:
- namespace.yaml
- ../../../bases/hello
""",
    f"{SITE.folder}/namespace.yaml": """\
apiVersion: v1
kind: Namespace
metadata:
  name: {namespace}
""",
    f"{SITE.folder}/site.yaml": """\
apiVersion: fleet-reconciler.dev/v1alpha1
kind: SiteSettings
""",
}


def files(namespace: str) -> Mapping[str, str]:
    """The site's files, by their paths in the fleet repository."""
    return {path: text.replace("{namespace}", namespace) for path, text in _FILES.items()}
