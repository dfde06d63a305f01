"""What the demo makes on a real cluster, and how exactly that is removed again.

Each object is known by its uid, so that nothing of the same name is ever taken for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from reconciler.adapters import kube
from reconciler.app import AGENT_NAMESPACE, bootstrap
from reconciler.app.bootstrap import owner
from reconciler.model import own
from reconciler.model.errors import ClusterRefused, UsageError
from reconciler.model.refs import SITE_LABEL, Kind, ObjectRef, SiteName
from reconciler.plan import inventory
from reconciler.status import site_object

_NAMESPACE = Kind("", "v1", "Namespace")
_DEFINITION = Kind(own.CRD[0], "v1", own.CRD[1])
_EVENT = Kind("", "v1", "Event")
# What in the agent's namespace would be somebody else's; what every namespace has left out.
_OTHERS = (
    (Kind("", "v1", "ConfigMap"), frozenset({"kube-root-ca.crt"})),
    (Kind("", "v1", "Secret"), frozenset[str]()),
    (Kind("", "v1", "ServiceAccount"), frozenset({"default"})),
    (Kind("", "v1", "Pod"), frozenset[str]()),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One object of the demo's; of a namespace, all that is in it too."""

    kind: Kind
    namespace: str
    name: str
    uid: str

    @property
    def ref(self) -> str:
        return str(ObjectRef(self.kind.group, self.kind.kind, self.namespace, self.name))

    @property
    def command(self) -> str:
        """How kubectl removes it."""
        where = f" -n {self.namespace}" if self.namespace else ""
        kind = str(self.kind).lower()
        return f"kubectl delete{where} {kind} {self.name}"


def check_free(setup: kube.Setup) -> None:
    """Raises UsageError where the cluster is a site, or is none that the agent is made for."""
    version = bootstrap.checks.version(setup.version(), setup.server)
    if version.answer is bootstrap.checks.Answer.NO:
        raise UsageError(version.message)
    if found := owner.traces(setup):
        where = " and ".join(trace.where for trace in found)
        raise UsageError(
            f"this cluster is site {found[0].site}, as {where} says, and one cluster is one site:"
            " the demo needs a cluster that is none; nothing was changed"
        )


def prepare(setup: kube.Setup, site: SiteName) -> Iterator[Made]:
    """Make the agent's namespace and the CRD where they are missing: each as it was made."""
    options = bootstrap.wanted.Options(site=str(site), repo="/", outside=True)
    wanted = bootstrap.wanted.read(options, None)
    for manifest in bootstrap.manifests.objects(wanted, needs_image=False):
        kind, name = manifest.kind, manifest.ref.name
        if kind in (_NAMESPACE, _DEFINITION) and setup.read(kind, "", name) is None:
            live = setup.apply(manifest, force=False, dry_run=False)
            yield Made(kind=kind, namespace="", name=name, uid=live.uid)


def of_agent(cluster: kube.KubeCluster, site: SiteName, namespace: str) -> tuple[Made, ...]:
    """What the site's agent, which has ended, made: in the order in which it is to go."""
    selector = f"{SITE_LABEL}={site.label}"
    listed = cluster.select(inventory.CONFIG_MAP, AGENT_NAMESPACE, selector)
    maps = (_of(inventory.CONFIG_MAP, each["metadata"]) for each in listed)
    single = ((_NAMESPACE, namespace), (site_object.KIND, site.label))
    ones = (_made(cluster, kind, "", name) for kind, name in single)
    return (*(each for each in ones if each is not None), *maps, *_events(cluster, site, namespace))


def _events(cluster: kube.KubeCluster, site: SiteName, namespace: str) -> Iterator[Made]:
    """Those about cluster-wide objects, which are in the namespace ``default``."""
    about = {(site_object.KIND.kind, site.label), (_NAMESPACE.kind, namespace)}
    for each in cluster.select(_EVENT, "default", ""):
        named = each.get("involvedObject") or {}
        is_ours = (each.get("source") or {}).get("component") == own.NAME
        if is_ours and (named.get("kind"), named.get("name")) in about:
            yield _of(_EVENT, each["metadata"])


def is_gone(cluster: kube.KubeCluster, made: Made) -> bool:
    now = _made(cluster, made.kind, made.namespace, made.name)
    return now is None or now.uid != made.uid


def why_kept(cluster: kube.KubeCluster, made: Made) -> str:
    """What somebody has come to use it for, ``""`` where it can go."""
    if made.kind == _DEFINITION:
        sites = cluster.select(site_object.KIND, "", "")
        return f"there is Site/{sites[0]['metadata']['name']} by now" if sites else ""
    if made.kind == _NAMESPACE and made.name == AGENT_NAMESPACE:
        for kind, usual in _OTHERS:
            for each in cluster.select(kind, made.name, ""):
                if (name := each["metadata"]["name"]) not in usual:
                    return f"it holds {kind}/{name} by now"
    return ""


def _made(reader: kube.Setup | kube.KubeCluster, kind: Kind, ns: str, name: str) -> Made | None:
    try:
        found = reader.read(kind, ns, name)
    except ClusterRefused as error:
        if error.reason == "KindUnknown":
            return None
        raise
    return _of(kind, found["metadata"]) if found else None


def _of(kind: Kind, metadata: Any) -> Made:
    return Made(
        kind=kind,
        namespace=metadata.get("namespace", ""),
        name=metadata["name"],
        uid=metadata["uid"],
    )
