"""The API server, over kubernetes' ApiClient and raw paths.

``connect`` gives the port ``Cluster``, ``set_up`` what an administrator needs before there is one.
"""

from reconciler.adapters.kube.cluster import KubeCluster, connect
from reconciler.adapters.kube.setup import Setup, set_up

__all__ = ["KubeCluster", "Setup", "connect", "set_up"]
