"""What a kustomization may be told of kinds that it does not know: crds, openapi, configurations.

CONFIGURATION and CRDS both lay labels into ``spec/tags``, which is refused unless they agree.
"""

from __future__ import annotations

from tests.render.overlays.text import Value

CRDS: Value = {
    "example.com/v1.Thing": {
        "Schema": {
            "properties": {
                "apiVersion": {"type": "string"},
                "kind": {"type": "string"},
                "metadata": {"type": "object"},
                "spec": {"$ref": "example.com/v1.Spec"},
            }
        }
    },
    "example.com/v1.Spec": {
        "Schema": {
            "properties": {
                "settings": {
                    "x-kubernetes-object-ref-api-version": "v1",
                    "x-kubernetes-object-ref-kind": "ConfigMap",
                    "x-kubernetes-object-ref-name-key": "name",
                },
                "tags": {"x-kubernetes-label-selector": ""},
            }
        }
    },
}

OPENAPI: Value = {
    "definitions": {
        "v1.Thing": {
            "type": "object",
            "properties": {
                "spec": {
                    "type": "object",
                    "properties": {
                        "list": {
                            "type": "array",
                            "items": {"type": "object"},
                            "x-kubernetes-patch-merge-key": "name",
                            "x-kubernetes-patch-strategy": "merge",
                        }
                    },
                }
            },
            "x-kubernetes-group-version-kind": [
                {"group": "example.com", "kind": "Thing", "version": "v1"}
            ],
        }
    }
}

CONFIGURATION: Value = {
    "nameReference": [
        {
            "kind": "ConfigMap",
            "version": "v1",
            "fieldSpecs": [{"kind": "Thing", "path": "spec/settings/name"}],
        }
    ],
    "commonLabels": [{"kind": "Thing", "path": "spec/tags"}],
    "images": [{"kind": "Thing", "path": "spec/picture"}],
    "varReference": [{"kind": "Thing", "path": "spec/text"}],
    "namespace": [{"kind": "Thing", "path": "spec/space", "create": True}],
}
