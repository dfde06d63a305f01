"""``reconciler bootstrap``: a cluster made ready to be a site.

``wanted`` is what was asked for, ``manifests`` makes objects of it out of ``deploy/``, ``checks``
and ``repository`` look for what is in the way, ``install`` applies, ``words`` says it.
"""

from __future__ import annotations

from reconciler.adapters import kube
from reconciler.app.bootstrap import checks, install, manifests, repository, wanted, words

__all__ = ["MANAGER", "checks", "connect", "install", "manifests", "repository", "wanted", "words"]

MANAGER = "fleet-reconciler-bootstrap"  # field manager


def connect(kubeconfig: str, context: str) -> kube.Setup:
    """The cluster, as kubectl's flags name it. Raises UsageError."""
    return kube.set_up(kubeconfig, context, MANAGER)
