"""The API server, over kubernetes' ApiClient and raw paths.

``connect`` gives the port ``Cluster``; ``missing_rule`` says what RBAC lacks for a refusal.
"""

from reconciler.adapters.kube.cluster import KubeCluster, connect
from reconciler.adapters.kube.refusals import missing_rule

__all__ = ["KubeCluster", "connect", "missing_rule"]
