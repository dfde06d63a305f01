"""Make reconciler/schema/data/typed.json: Kubernetes' own types, and how they are served.

Run as ``python -m tools.schema.typed``; needs ``go``. The source is the OpenAPI v3 of the
k8s.io/kubernetes module, its generally available versions alone: others are not served unless
asked for. Kept is what decides who owns a field: fields, kinds of lists and maps, and the
defaults of keys.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from typing import Any

from tools.schema.generate import KINDS, KUBERNETES, module, write

STABLE = re.compile(r"(api__v1|apis__[a-z0-9.]+__v\d+)_openapi\.json")
ITEM = re.compile(r"/(?P<plural>[a-z]+)/\{name\}(?P<status>/status)?$")
REFERENCE = "#/components/schemas/"
KEPT = (
    "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-map-type",
    "x-kubernetes-patch-merge-key",
    "x-kubernetes-patch-strategy",
    "x-kubernetes-preserve-unknown-fields",
)


def main() -> int:
    folder = module("k8s.io/kubernetes", KUBERNETES) / "api" / "openapi-spec" / "v3"
    schemas: dict[str, Any] = {}
    paths: dict[str, Any] = {}
    for path in sorted(folder.iterdir()):
        if STABLE.fullmatch(path.name):
            document = json.loads(path.read_bytes())
            schemas |= document["components"]["schemas"]
            paths |= document["paths"]
    resources = served(paths)
    roots = {kind: name for kind, name in named(schemas) if kind in resources}
    kept = closure(schemas, roots.values())
    numbers = {name: f"{number}" for number, name in enumerate(sorted(kept))}
    for kind, row in resources.items():
        row["type"] = numbers[roots[kind]]
    write(
        "typed",
        {
            "resources": resources,
            "types": {numbers[name]: short(schemas[name], numbers) for name in sorted(kept)},
        },
    )
    return 0


def served(paths: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """``apiVersion kind`` to plural, scope and whether there is a status of its own."""
    result: dict[str, dict[str, Any]] = {}
    for path, item in paths.items():
        match = ITEM.search(path)
        kind = item.get("patch", {}).get(KINDS)
        if match is None or kind is None or "/watch/" in path:
            continue
        key = text_of(kind)
        row = result.setdefault(
            key, {"plural": match["plural"], "namespaced": "{namespace}" in path}
        )
        if match["status"]:
            row["status"] = True
    return result


def named(schemas: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, schema in schemas.items():
        for kind in schema.get(KINDS, ()):
            yield text_of(kind), name


def text_of(kind: dict[str, str]) -> str:
    group = f"{kind['group']}/" if kind["group"] else ""
    return f"{group}{kind['version']} {kind['kind']}"


def closure(schemas: dict[str, Any], roots: Any) -> set[str]:
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += re.findall(f'"{REFERENCE}([^"]+)"', json.dumps(schemas[name]))
    return found


def short(schema: dict[str, Any], numbers: dict[str, str]) -> dict[str, Any]:
    """What of a schema decides about ownership."""
    result = {name: schema[name] for name in KEPT if name in schema}
    reference = schema.get("$ref") or next(
        (part["$ref"] for part in schema.get("allOf", ()) if "$ref" in part), ""
    )
    if reference:
        return {**result, "$ref": numbers[reference.removeprefix(REFERENCE)]}
    result |= {name: schema[name] for name in ("type", "format") if name in schema}
    if result.get("format") in ("int32", "int64", "double", "byte"):
        del result["format"]
    if "properties" in schema:
        keys = {key for key in schema["properties"] if schema["properties"][key].get("default")}
        result["properties"] = {
            name: short(field, numbers)
            | ({"default": field["default"]} if name in keys and field["default"] != {} else {})
            for name, field in schema["properties"].items()
        }
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            result[name] = short(schema[name], numbers)
    return result


if __name__ == "__main__":
    sys.exit(main())
