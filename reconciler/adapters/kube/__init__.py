"""The API server, over kubernetes' ApiClient and raw paths.

``connect`` gives the port ``Cluster``.
"""

from reconciler.adapters.kube.cluster import KubeCluster, connect

__all__ = ["KubeCluster", "connect"]
