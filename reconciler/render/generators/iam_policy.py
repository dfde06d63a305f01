"""IAMPolicyGenerator, which only a file can configure: a ServiceAccount bound to a cloud's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.model.origins import Origin
from reconciler.render.context import Context
from reconciler.render.items import Item, Value


def from_file(words: dict[str, Any], context: Context) -> Iterator[Item]:
    """``cloud`` (gke), ``kubernetesService``, ``serviceAccount``."""
    cloud = words.get("cloud", "")
    if cloud != "gke":
        raise context.error(f"cloud provider {cloud} not supported yet", "cloud")
    service = words.get("kubernetesService") or {}
    account = words.get("serviceAccount") or {}
    metadata: Value = {
        "annotations": {
            "iam.gke.io/gcp-service-account": (
                f"{account.get('name', '')}@{account.get('projectId', '')}.iam.gserviceaccount.com"
            )
        },
        "name": service.get("name", ""),
    }
    if service.get("namespace"):
        metadata["namespace"] = service["namespace"]
    value: Value = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}
    yield Item(
        value, Origin(context.source.path, context.source.document.line, "IAMPolicyGenerator")
    )
