"""A cluster as whoever sets it up sees it: applies under a field manager of their own, tried first.

Used at a desk by ``app``, with an administrator's login; the agent itself uses ``cluster``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.adapters.kube import client, discovery, login, parse
from reconciler.adapters.kube.cluster import APPLY, PATCHES, KubeCluster
from reconciler.model import rendered, values
from reconciler.model.refs import Kind

_REVIEW = Kind("authorization.k8s.io", "v1", "SelfSubjectAccessReview")


def set_up(kubeconfig: str, context: str, manager: str) -> Setup:
    """As ``cluster.connect``; ``manager`` is the field manager of what is applied."""
    return Setup(client.Client(login.Login(kubeconfig, context)), manager)


class Setup:
    """Requests raise ClusterUnavailable and ClusterRefused."""

    def __init__(self, api: client.Client, manager: str) -> None:
        self._client = api
        self._manager = manager
        self._discovery = discovery.Discovery(api)
        self._cluster = KubeCluster(api)

    @property
    def server(self) -> str:
        """The API server's address."""
        return self._client.server

    def close(self) -> None:
        self._client.close()

    def version(self) -> str:
        return self._cluster.version()

    def read(self, kind: Kind, namespace: str, name: str) -> Mapping[str, Any] | None:
        """The whole object, or None."""
        return self._cluster.read(kind, namespace, name)

    def objects(self, kind: Kind) -> tuple[Mapping[str, Any], ...]:
        """All objects of a kind."""
        return self._cluster.select(kind, "", "")

    def apply(self, manifest: rendered.Manifest, *, force: bool, dry_run: bool) -> values.Live:
        """One server-side apply; a dry one is judged by the API server and written nowhere."""
        query = {
            "fieldManager": self._manager,
            "fieldValidation": "Strict",
            "force": "true" if force else "false",
        }
        request = client.Request(
            method="PATCH",
            path=self._discovery.find(manifest.kind).item(
                manifest.ref.namespace, manifest.ref.name
            ),
            query={**query, "dryRun": "All"} if dry_run else query,
            kind=manifest.kind,
            accept=client.METADATA,
            content_type=APPLY,
            body=manifest.body,
        )
        return parse.live_of(parse.named(manifest.kind, parse.mapping(self._client.json(request))))

    def edit(self, kind: Kind, namespace: str, name: str, patch: Mapping[str, Any]) -> values.Live:
        """A merge patch by the field manager, as ``kubectl edit`` sends one."""
        request = client.Request(
            method="PATCH",
            path=self._discovery.find(kind).item(namespace, name),
            query={"fieldManager": self._manager, "fieldValidation": "Strict"},
            kind=kind,
            accept=client.METADATA,
            content_type=PATCHES["merge"],
            body=dict(patch),
        )
        return parse.live_of(parse.named(kind, parse.mapping(self._client.json(request))))

    def may(self, verb: str, kind: Kind, namespace: str, name: str) -> bool:
        """Whether the API server would let us."""
        resource = self._discovery.find(kind)
        attributes = {
            "verb": verb,
            "group": kind.group,
            "resource": resource.plural,
            "namespace": namespace,
            "name": name,
        }
        request = client.Request(
            method="POST",
            path=self._discovery.find(_REVIEW).collection(),
            query={},
            kind=_REVIEW,
            content_type=client.JSON,
            body={
                "apiVersion": _REVIEW.api_version,
                "kind": _REVIEW.kind,
                "spec": {"resourceAttributes": attributes},
            },
        )
        answer = parse.mapping(self._client.json(request))
        return parse.mapping(answer.get("status")).get("allowed") is True
