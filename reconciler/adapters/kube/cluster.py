"""The port ``Cluster`` on a real API server: single requests here, watches in ``watch``."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from reconciler import ports
from reconciler.adapters.kube import client, discovery, interrupts, kept, login, parse, watch
from reconciler.model import errors, rendered, values
from reconciler.model.refs import FIELD_MANAGER, Kind

PAGE = 500  # objects
APPLY = "application/apply-patch+yaml"
PATCHES = {"merge": "application/merge-patch+json", "json": "application/json-patch+json"}

# Strict: with the default, Warn, a typo in a custom resource's field is dropped in silence and
# the object reported as applied. Built-in kinds refuse unknown fields in an apply either way.
_WRITE = {"fieldManager": FIELD_MANAGER, "fieldValidation": "Strict"}


def connect(kubeconfig: str, context: str, cache: Path | None = None) -> KubeCluster:
    """A cluster by its kubeconfig (a path or several, ``""`` for the usual) and context.

    With neither, the pod's service account where there is one. ``cache`` is a folder for what
    discovery finds. Sends nothing. Raises UsageError where there is nothing to log in with.
    """
    file = kept.File(cache / "discovery.json") if cache else None
    return KubeCluster(client.Client(login.Login(kubeconfig, context)), file)


class KubeCluster:
    """See ports.Cluster; thread-safe, for up to 8 threads that write."""

    def __init__(self, api: client.Client, file: kept.File | None = None) -> None:
        self._client = api
        self._discovery = discovery.Discovery(api, file)
        self._interrupts = interrupts.Interrupts()

    def close(self) -> None:
        """Close idle connections; watches end by their own ``stop``."""
        self._client.close()

    def version(self) -> str:
        request = client.Request(method="GET", path="/version", query={})
        return parse.text(parse.mapping(self._client.json(request)).get("gitVersion"))

    def namespaced(self, kind: Kind) -> bool:
        return self._discovery.find(kind).namespaced

    def served(self, kind: Kind) -> Kind | None:
        return self._discovery.served(kind)

    def apply(
        self, manifest: rendered.Manifest, *, force: bool, subresource: str = ""
    ) -> values.Live:
        return self._write(self._applying(manifest, force, subresource), manifest.kind)

    def dry_run(self, manifest: rendered.Manifest, *, force: bool) -> Mapping[str, Any]:
        request = self._applying(manifest, force, "")
        query = {**request.query, "dryRun": "All"}
        request = dataclasses.replace(request, query=query, accept=client.JSON)
        return parse.named(manifest.kind, parse.mapping(self._about(request)))

    def _applying(
        self, manifest: rendered.Manifest, force: bool, subresource: str
    ) -> client.Request:
        kind, ref = manifest.kind, manifest.ref
        return client.Request(
            method="PATCH",
            path=self._discovery.find(kind).item(ref.namespace, ref.name, subresource),
            query={**_WRITE, "force": "true" if force else "false"},
            kind=kind,
            accept=client.METADATA,
            content_type=APPLY,
            body=manifest.body,
        )

    def replace(
        self, kind: Kind, namespace: str, name: str, body: bytes, patch: str
    ) -> values.Live:
        request = client.Request(
            method="PATCH",
            path=self._discovery.find(kind).item(namespace, name),
            query=_WRITE,
            kind=kind,
            accept=client.METADATA,
            content_type=PATCHES[patch],
            body=json.loads(body),
            repeatable=False,  # a JSON patch's tests and removals hold once
        )
        return self._write(request, kind)

    def create(self, kind: Kind, namespace: str, body: bytes) -> values.Live:
        request = client.Request(
            method="POST",
            path=self._discovery.find(kind).collection(namespace),
            query=_WRITE,
            kind=kind,
            accept=client.METADATA,
            content_type=client.JSON,
            body=json.loads(body),
            repeatable=False,
        )
        return self._write(request, kind)

    def read(self, kind: Kind, namespace: str, name: str) -> Mapping[str, Any] | None:
        path = self._discovery.find(kind).item(namespace, name)
        request = client.Request(method="GET", path=path, query={}, kind=kind)
        try:
            return parse.mapping(self._about(request))
        except errors.ClusterRefused as error:
            if error.status == 404 and error.reason != "KindUnknown":
                return None
            raise

    def select(self, kind: Kind, namespace: str, selector: str) -> tuple[Mapping[str, Any], ...]:
        path = self._discovery.find(kind).collection(namespace)
        found: list[Mapping[str, Any]] = []
        query = {"labelSelector": selector, "limit": str(PAGE)}
        while True:
            request = client.Request(method="GET", path=path, query=query, kind=kind)
            page = parse.mapping(self._about(request))
            found += (
                parse.named(kind, parse.mapping(item)) for item in parse.sequence(page.get("items"))
            )
            token = parse.text(parse.mapping(page.get("metadata")).get("continue"))
            if not token:
                return tuple(found)
            query = {**query, "continue": token}

    def delete(
        self,
        kind: Kind,
        namespace: str,
        name: str,
        uid: str,
        *,
        version: str = "",
        foreground: bool = False,
    ) -> ports.Deleted:
        if not uid:
            raise errors.ClusterRefused(
                f"{kind} {name!r} is not deleted without its uid", reason="Invalid", status=422
            )
        conditions = {"uid": uid, "resourceVersion": version} if version else {"uid": uid}
        policy = "Foreground" if foreground else "Background"
        options = {"preconditions": conditions, "propagationPolicy": policy}
        request = client.Request(
            method="DELETE",
            path=self._discovery.find(kind).item(namespace, name),
            query={},
            kind=kind,
            accept=client.METADATA,
            content_type=client.JSON,
            body=options,
        )
        try:
            answer = parse.mapping(self._about(request))
        except errors.ClusterRefused as error:
            if error.reason == "NotFound" or (error.status == 409 and "UID" in str(error)):
                return ports.Deleted.NOT
            raise
        # A Status, or the object as it is left.
        is_left = parse.mapping(answer.get("metadata")).get("deletionTimestamp")
        return ports.Deleted.BEGUN if is_left else ports.Deleted.DONE

    def watch(
        self,
        kind: Kind,
        selector: str,
        sink: Callable[[ports.WatchEvent], None],
        stop: threading.Event,
    ) -> None:
        """See ports.Cluster. What ``sink`` raises ends the watch."""
        watch.Watch(
            api=self._client,
            kinds=self._discovery,
            guards=self._interrupts,
            kind=kind,
            selector=selector,
            sink=sink,
            stop=stop,
        ).run()

    def _write(self, request: client.Request, kind: Kind) -> values.Live:
        return parse.live_of(parse.named(kind, parse.mapping(self._about(request))))

    def _about(self, request: client.Request) -> Any:
        """Send a request about a kind; where that is gone, its discovery is forgotten."""
        try:
            return self._client.json(request)
        except errors.ClusterRefused as error:
            if error.reason == "KindUnknown" and request.kind:
                self._discovery.forget(request.kind)
            raise
