"""A commit of a site beside its live cluster, as ``diff`` and ``adopt`` begin: nothing is written.

In: a site, a repository, a revision, and where the cluster is. Out: a Desk for as long as the
block lasts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from reconciler.adapters import child, kube, system
from reconciler.app import AGENT_NAMESPACE, checkout
from reconciler.engine import books, pins, placing
from reconciler.engine.confirm import Confirmer
from reconciler.model import errors
from reconciler.model.refs import SiteName
from reconciler.model.rendered import Manifest, Rendered
from reconciler.plan.inventory import Inventory


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the cluster is, as kubectl's flags name it."""

    kubeconfig: str = ""
    context: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """``objects`` are the rendered ones in their places; ``render`` builds another commit."""

    site: SiteName
    found: checkout.Checkout
    cluster: kube.KubeCluster
    rendered: Rendered
    objects: tuple[Manifest, ...]
    inventory: Inventory
    render: checkout.Render


@contextmanager
def opened(
    name: str, repo: str, rev: str, access: Mapping[str, str], place: Place
) -> Iterator[Desk]:
    """Raises UsageError, also for another site's cluster, SettingsError, RenderError,
    SourceUnavailable and ClusterUnavailable."""
    site = checkout.site_name(name)
    cluster = kube.connect(place.kubeconfig, place.context)
    renderer = child.ChildRenderer(
        agent_namespace=AGENT_NAMESPACE, from_repository=False, heeds_pin=True
    )
    try:
        with checkout.opened(repo, rev, access) as found:
            asked = Confirmer(cluster, system.SystemClock()).ask

            def render(commit: str) -> Rendered:
                return pins.built(found, renderer, site, commit, ask=asked)

            rendered = render(found.commit)
            _check(rendered)
            inventory = _inventory(cluster)
            if inventory.site and inventory.site != str(site):
                raise errors.UsageError(f"this cluster is site {inventory.site}, not {site}")
            yield Desk(
                site=site,
                found=found,
                cluster=cluster,
                rendered=rendered,
                objects=placing.placed(rendered.objects, cluster),
                inventory=inventory,
                render=render,
            )
    finally:
        renderer.close()
        cluster.close()


def _inventory(cluster: kube.KubeCluster) -> Inventory:
    try:
        return books.read_inventory(cluster, AGENT_NAMESPACE)
    except errors.ClusterRefused as error:
        raise errors.ClusterUnavailable(f"the inventory cannot be read: {error}") from None


def _check(rendered: Rendered) -> None:
    """Raises RenderError for a commit that the agent would not take."""
    denied = rendered.verdict.denied
    if not denied:
        return
    finding, more = denied[0], len(denied) - 1
    words = f"{finding.ref}: {finding.message}" if finding.ref else finding.message
    raise errors.RenderError(
        f"{words}; and {more} more, see reconciler validate" if more else words,
        path=finding.origin.path if finding.origin else "",
        line=finding.origin.line if finding.origin else 0,
    )
