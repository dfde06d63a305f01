"""Whose cluster it is: the site that its Site objects, its inventory or its agent name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.adapters import kube
from reconciler.app import AGENT_NAMESPACE
from reconciler.app.bootstrap import manifests
from reconciler.documents import load
from reconciler.model.errors import ClusterRefused, FileError
from reconciler.model.refs import SiteName
from reconciler.plan import inventory
from reconciler.status import site_object

_PLACEHOLDER = "region/site"  # in deploy/base/config.yaml, for whoever applies it without bootstrap


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Something in the cluster that names a site."""

    site: str
    where: str


def traces(setup: kube.Setup) -> tuple[Trace, ...]:
    """Raises ClusterRefused where one may not look, and ClusterUnavailable."""
    return tuple(trace for trace in _all(setup) if trace.site and trace.site != _PLACEHOLDER)


def foreign(found: tuple[Trace, ...], site: SiteName) -> str:
    """What to say of a cluster that is another site's, ``""`` where it is not."""
    others = [trace for trace in found if trace.site != str(site)]
    if not others:
        return ""
    other, where = others[0].site, " and ".join(trace.where for trace in others)
    return (
        f"this cluster is site {other}, as {where} says, and one cluster is one site. To make it"
        f" {site}: kubectl delete namespace {AGENT_NAMESPACE}, and kubectl delete site"
        f" {other.replace('/', '.')}, then again; what {other} applied stays as it is until"
        f" {site} declares it or you delete it"
    )


def _all(setup: kube.Setup) -> Iterator[Trace]:
    for name in _site_objects(setup):
        yield Trace(site=name.replace(".", "/"), where=f"the object Site/{name}")
    first = setup.read(inventory.CONFIG_MAP, AGENT_NAMESPACE, inventory.name(0))
    if first is not None:
        where = f"ConfigMap {AGENT_NAMESPACE}/{inventory.name(0)}"
        yield Trace(site=inventory.unpack([first]).site, where=where)
    configured = setup.read(inventory.CONFIG_MAP, AGENT_NAMESPACE, manifests.NAME)
    if configured is not None:
        where = f"ConfigMap {AGENT_NAMESPACE}/{manifests.NAME}"
        yield Trace(site=_configured(configured), where=where)


def _site_objects(setup: kube.Setup) -> list[str]:
    try:
        found = setup.objects(site_object.KIND)
    except ClusterRefused as error:
        if error.reason == "KindUnknown":
            return []
        raise
    return [str(each["metadata"]["name"]) for each in found]


def _configured(config_map: Mapping[str, Any]) -> str:
    """The site in the agent's configuration, ``""`` where that cannot be told."""
    text = (config_map.get("data") or {}).get("config.yaml", "")
    try:
        documents = load.load_all(str(text).encode(), path="config.yaml")
    except FileError:
        return ""
    value = documents[0].value if documents else None
    site = value.get("site") if isinstance(value, dict) else None
    return site if isinstance(site, str) else ""
