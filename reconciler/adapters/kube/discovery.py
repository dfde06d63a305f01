"""Kinds to paths, by the API server's own discovery; one request a group version.

What is found is kept in memory, and in a file where there is a folder for it, so that a start
asks for nothing that it knew before. What is not found is asked for again each time, so that a
kind is known as soon as its CustomResourceDefinition is established.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from reconciler.adapters.kube import client, kept, parse
from reconciler.model import errors
from reconciler.model.refs import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A served kind. ``root`` is its group version's path, ``plural`` its name in paths."""

    kind: Kind
    root: str
    plural: str
    namespaced: bool

    def collection(self, namespace: str = "") -> str:
        """The path of all objects, of one namespace where one is given."""
        if namespace and self.namespaced:
            return f"{self.root}/namespaces/{segment(namespace)}/{self.plural}"
        return f"{self.root}/{self.plural}"

    def item(self, namespace: str, name: str, subresource: str = "") -> str:
        """The path of one object. Raises ClusterRefused where the names cannot be of one."""
        if self.namespaced and not namespace:
            raise errors.ClusterRefused(
                f"{self.kind} {name!r} needs a namespace", reason="Invalid", status=422
            )
        path = f"{self.collection(namespace)}/{segment(name)}"
        return f"{path}/{segment(subresource)}" if subresource else path


def segment(text: str) -> str:
    """``text`` as one part of a path. Raises ClusterRefused for what would be more or less.

    An empty name, ``.`` or ``..`` would make a request about one object one about its whole
    collection, as URLs are normalised on their way.
    """
    if text in ("", ".", "..") or "/" in text or "%" in text:
        raise errors.ClusterRefused(
            f"{text!r} cannot be a name in the API server's paths", reason="Invalid", status=422
        )
    return quote(text, safe="")


class Discovery:
    """Thread-safe; one request a group version, however many threads ask."""

    def __init__(self, api: client.Client, file: kept.File | None = None) -> None:
        self._client = api
        self._file = file
        self._guard = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._known: dict[str, Mapping[str, Resource]] = _resources(
            file.read(api.server) if file else {}
        )

    def find(self, kind: Kind) -> Resource:
        """Raises ClusterRefused (KindUnknown) and ClusterUnavailable."""
        with self._guard:
            lock = self._locks.setdefault(kind.api_version, threading.Lock())
        with lock:
            found = self._known.get(kind.api_version, {}).get(kind.kind)
            if found is None:
                self._keep(kind.api_version, self._fetch(kind))
                found = self._known[kind.api_version].get(kind.kind)
        if found is None:
            raise unknown(kind)
        return found

    def served(self, kind: Kind) -> Kind | None:
        """The kind in the first of its group's versions that has it, the preferred one first.

        Raises ClusterUnavailable, and ClusterRefused where discovery is forbidden.
        """
        for version in self._versions(kind):
            other = Kind(kind.group, version, kind.kind)
            try:
                self.find(other)
            except errors.ClusterRefused as error:
                if error.reason != "KindUnknown":
                    raise
                continue
            return other
        return None

    def _versions(self, kind: Kind) -> tuple[str, ...]:
        if not kind.group:
            return ("v1",)
        path = f"/apis/{segment(kind.group)}"
        request = client.Request(method="GET", path=path, query={}, kind=kind)
        try:
            document = parse.mapping(self._client.json(request))
        except errors.ClusterRefused as error:
            if error.reason == "KindUnknown":
                return ()
            raise
        preferred = parse.mapping(document.get("preferredVersion"))
        listed = [parse.mapping(entry) for entry in parse.sequence(document.get("versions"))]
        found = [parse.text(entry.get("version")) for entry in (preferred, *listed)]
        return tuple(dict.fromkeys(version for version in found if version))

    def forget(self, kind: Kind) -> None:
        """The server no longer serves what was found: ask again next time."""
        with self._guard:
            if self._known.pop(kind.api_version, None) is not None:
                self._write()

    def _keep(self, api_version: str, found: Mapping[str, Resource]) -> None:
        with self._guard:
            is_news = self._known.get(api_version) != found
            self._known[api_version] = found
            if is_news:
                self._write()

    def _write(self) -> None:
        """Under the guard, so that what is newer is written later."""
        if self._file is not None:
            found = {
                version: {name: (each.plural, each.namespaced) for name, each in kinds.items()}
                for version, kinds in self._known.items()
            }
            self._file.write(self._client.server, found)

    def _fetch(self, kind: Kind) -> Mapping[str, Resource]:
        root = _root(kind)
        request = client.Request(method="GET", path=root, query={}, kind=kind)
        try:
            document = parse.mapping(self._client.json(request))
        except errors.ClusterRefused as error:
            raise unknown(kind) if error.reason == "KindUnknown" else error from None
        listed = [parse.mapping(entry) for entry in parse.sequence(document.get("resources"))]
        return {
            parse.text(entry.get("kind")): Resource(
                kind=Kind(kind.group, kind.version, parse.text(entry.get("kind"))),
                root=root,
                plural=segment(parse.text(entry.get("name"))),
                namespaced=entry.get("namespaced") is True,
            )
            # "deployments/scale" is of kind Scale: subresources are no kinds of their own
            for entry in reversed(listed)
            if "/" not in parse.text(entry.get("name"))
        }


def _root(kind: Kind) -> str:
    group = f"/apis/{segment(kind.group)}" if kind.group else "/api"
    return f"{group}/{segment(kind.version)}"


def _resources(found: kept.Found) -> dict[str, Mapping[str, Resource]]:
    """What the file says; nothing at all where some of it cannot be so."""
    known: dict[str, Mapping[str, Resource]] = {}
    try:
        for version, kinds in found.items():
            known[version] = {
                name: Resource(
                    kind=(kind := Kind.of(version, name)),
                    root=_root(kind),
                    plural=segment(plural),
                    namespaced=namespaced,
                )
                for name, (plural, namespaced) in kinds.items()
            }
    except errors.ClusterRefused:
        return {}
    return known


def unknown(kind: Kind) -> errors.ClusterRefused:
    return errors.ClusterRefused(
        f"the API server does not serve {kind.kind} in {kind.api_version}",
        reason="KindUnknown",
        status=404,
    )
