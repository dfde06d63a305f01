"""Make the tables in reconciler/schema/data from the sources that they are facts of.

Run as ``python tools/schema/generate.py``; needs ``go``. Everything comes from Go modules:
kustomize's definitions by the program beside this file, its field specs, scopes and order
from its sources, Kubernetes' scopes from the swagger.json in its module.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
DATA = HERE.parent.parent / "reconciler" / "schema" / "data"
KUSTOMIZE = "v0.21.1"  # of kustomize v5.8.1; kyaml's is in go.mod
KUBERNETES = "v1.34.2"
REFERENCE = "#/definitions/"
KINDS = "x-kubernetes-group-version-kind"
STRATEGY = "x-kubernetes-patch-strategy"
KEPT = ("type", STRATEGY, "x-kubernetes-patch-merge-key", "x-kubernetes-list-map-keys")
FIELD_SPECS = "internal/konfig/builtinpluginconsts"


def main() -> int:
    DATA.mkdir(exist_ok=True)
    api, kyaml = module("sigs.k8s.io/kustomize/api", KUSTOMIZE), module_here("kyaml")
    kustomize = {
        "fieldSpecs": field_specs(api / FIELD_SPECS),
        "clusterScoped": cluster_scoped(kyaml / "openapi" / "openapi.go"),
        "order": order(kyaml / "resid" / "gvk.go"),
    }
    if kustomize["order"] != order(api / "internal" / "builtins" / "SortOrderTransformer.go"):
        raise SystemExit("kustomize's two orders of kinds differ")
    write("kustomize", kustomize)
    shapes, short = pruned(json.loads(go("run", ".")))
    write("shapes", shapes)
    write("shapenames", short)
    swagger = module("k8s.io/kubernetes", KUBERNETES) / "api" / "openapi-spec" / "swagger.json"
    write("kubernetes", scopes(json.loads(swagger.read_bytes())))
    return 0


def go(*arguments: str) -> str:
    return subprocess.run(
        ["go", *arguments], cwd=HERE, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def module(path: str, version: str) -> Path:
    return Path(json.loads(go("mod", "download", "-json", f"{path}@{version}"))["Dir"])


def module_here(name: str) -> Path:
    return Path(go("list", "-m", "-f", "{{.Dir}}", f"sigs.k8s.io/kustomize/{name}").strip())


def write(name: str, table: Any) -> None:
    text = json.dumps(table, separators=(",", ":"), sort_keys=True)
    (DATA / f"{name}.json").write_text(text + "\n")


# -- kustomize's field specs, scopes and order -----------------------------------------------


def field_specs(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The YAML in the package's constants; a constant may end with another one."""
    constants: dict[str, tuple[str, str]] = {}
    for path in sorted(folder.glob("*.go")):
        for match in re.finditer(r"(\w+FieldSpecs) = `([^`]*)`(?: \+ (\w+))?", path.read_text()):
            constants[match[1]] = (match[2], match[3] or "")
    result: dict[str, list[dict[str, Any]]] = {}
    for text, rest in constants.values():
        document = yaml.safe_load(text + (constants[rest][0] if rest else ""))
        if isinstance(document, dict):
            result |= {name: list(map(row, rows)) for name, rows in document.items()}
    return result


def row(spec: dict[str, Any]) -> dict[str, Any]:
    """A spec without what is the default."""
    shorter = {key: value for key, value in spec.items() if value not in (False, "")}
    if "fieldSpecs" in shorter:
        shorter["fieldSpecs"] = list(map(row, shorter["fieldSpecs"]))
    return shorter


def cluster_scoped(path: Path) -> dict[str, list[str]]:
    pattern = r'\{APIVersion: "([^"]+)", Kind: "([^"]+)"\}:\s+false'
    result: dict[str, list[str]] = {}
    for api_version, kind in re.findall(pattern, path.read_text()):
        result.setdefault(api_version, []).append(kind)
    return result


def order(path: Path) -> dict[str, list[str]]:
    lists = re.findall(
        r"var (?:defaultO|o)rder(First|Last) = \[\]string\{(.*?)\n\}", path.read_text(), re.DOTALL
    )
    return {name.lower(): re.findall(r'^\s*"(\w+)"', text, re.MULTILINE) for name, text in lists}


# -- kustomize's definitions -----------------------------------------------------------------


def pruned(definitions: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Only what leads to a list that is merged, and the kinds that have one; and the short names
    that the definitions have there, by their own."""
    kept: dict[str, Any] = {}
    names: set[str] = set()
    while True:  # a definition leads there if one that it refers to does
        kept = {name: leading(schema, names) for name, schema in definitions.items()}
        found = {name for name, schema in kept.items() if schema}
        if found == names:
            break
        names = found
    reachable: set[str] = set()
    waiting = [name for name in sorted(names) if definitions[name].get(KINDS)]
    while waiting:
        name = waiting.pop()
        if name not in reachable:
            reachable.add(name)
            waiting += references(kept[name])
    short = {name: f"{number}" for number, name in enumerate(sorted(reachable))}
    result = {}
    for name in sorted(reachable):
        text = re.sub(
            f'"{REFERENCE}([^"]+)"', lambda m: f'"{REFERENCE}{short[m[1]]}"', json.dumps(kept[name])
        )
        result[short[name]] = json.loads(text)
        if kinds := definitions[name].get(KINDS):
            result[short[name]][KINDS] = kinds
    return result, short


def leading(schema: Any, names: set[str]) -> dict[str, Any]:
    """What of a schema is a merged list or leads to one; {} where nothing does."""
    if reference := schema.get("$ref"):
        return {"$ref": reference} if reference.removeprefix(REFERENCE) in names else {}
    result: dict[str, Any] = {}
    fields = {
        name: kept
        for name, field in (schema.get("properties") or {}).items()
        if (kept := leading(field, names))
    }
    if fields:
        result["properties"] = fields
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), dict) and (kept := leading(schema[name], names)):
            result[name] = kept
    merges = "merge" in schema.get(STRATEGY, "").split(",") and schema.get("type") == "array"
    if merges:
        result |= {name: schema[name] for name in KEPT if name in schema}
    elif "items" in result:
        result["type"] = "array"
    return result


def references(schema: Any) -> Iterator[str]:
    for match in re.finditer(f'"{REFERENCE}([^"]+)"', json.dumps(schema)):
        yield match[1]


# -- Kubernetes' scopes ----------------------------------------------------------------------


def scopes(swagger: dict[str, Any]) -> dict[str, dict[str, list[str]]]:
    """Kinds by group: cluster-scoped if an object of the kind is served outside namespaces."""
    spaces: dict[tuple[str, str], bool] = {}
    for path, item in swagger["paths"].items():
        if "/watch/" in path or not re.search(r"/\{name\}$", path):
            continue
        for operation in ("get", "put", "delete"):
            kind = item.get(operation, {}).get(KINDS)
            if kind:
                spaces[kind["group"], kind["kind"]] = "/namespaces/{namespace}/" in path
    result: dict[str, dict[str, list[str]]] = {"clusterScoped": {}, "namespaced": {}}
    for (group, kind), namespaced in sorted(spaces.items()):
        result["namespaced" if namespaced else "clusterScoped"].setdefault(group, []).append(kind)
    return result


if __name__ == "__main__":
    sys.exit(main())
