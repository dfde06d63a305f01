"""What strangers may commit to hurt whoever renders it: files by path, laid over a site's own.

Each ends in words that its error holds, or, with none, in what kustomize would print.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import NamedTuple

from tests.adapters.child.fleet import SITE

Files = dict[str, str]
_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: thing}\ndata: {a: b}\n"
_OWN = "resources: [objects.yaml]\n"


class Bomb(NamedTuple):
    """``files`` are made when they are needed; ``words`` are of the error, "" for none."""

    files: Callable[[], Files]
    words: str


def _site(**files: str) -> Files:
    return {f"{SITE.folder}/{name}.yaml": text for name, text in files.items()}


def _aliases() -> Files:
    rows = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)]
    return _site(objects="a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(rows))


def _merge_keys() -> Files:
    rows = [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 20)}]}}\n" for n in range(1, 25)]
    return _site(objects="a0: &a0 {k: v}\n" + "".join(rows))


def _wide_merge() -> Files:
    """One mapping of many keys, merged again and again."""
    wide = ", ".join(f"k{n}: v" for n in range(5_000))
    rows = [f"- {{<<: *wide, own: {n}}}\n" for n in range(5_000)]
    return _site(objects=f"wide: &wide {{{wide}}}\nall:\n" + "".join(rows))


def _copies() -> Files:
    copies = [{"op": "copy", "from": "/data", "path": f"/data/c{n}"} for n in range(40)]
    rows = json.dumps([{"target": {"kind": "ConfigMap"}, "patch": json.dumps(copies)}])
    return _site(objects=_MAP, kustomization=f"{_OWN}patches: {rows}\n")


def _backtracking() -> Files:
    patch = "[{op: add, path: /data/c, value: d}]"
    rows = json.dumps([{"target": {"name": "(a+)+(a|a)*(.*a)*c"}, "patch": f"- {patch[1:-1]}"}])
    named = _MAP.replace("thing", "a" * 200)
    return _site(objects=named, kustomization=f"{_OWN}patches: {rows}\n")


def _own_component() -> Files:
    part = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ncomponents: [.]\n"
    return {
        f"{SITE.folder}/kustomization.yaml": f"{_OWN}components: [part]\n",
        f"{SITE.folder}/objects.yaml": _MAP,
        f"{SITE.folder}/part/kustomization.yaml": part,
    }


def _chain() -> Files:
    files = {f"chain/b{n}/kustomization.yaml": f"resources: [../b{n + 1}]\n" for n in range(1_000)}
    files["chain/b1000/kustomization.yaml"] = _OWN
    files["chain/b1000/objects.yaml"] = _MAP
    return files | _site(kustomization="resources: [../../../chain/b0]\n")


def _twice_everywhere() -> Files:
    files = {"twice/l0/kustomization.yaml": _OWN, "twice/l0/objects.yaml": _MAP}
    for level in range(1, 40):
        for side in "ab":
            files[f"twice/{side}{level}/kustomization.yaml"] = (
                f"namePrefix: {side}-\nresources: [../l{level - 1}]\n"
            )
        files[f"twice/l{level}/kustomization.yaml"] = f"resources: [../a{level}, ../b{level}]\n"
    return files | _site(kustomization="resources: [../../../twice/l39]\n")


def _generators() -> Files:
    rows = "".join(f"- {{name: m{n}, literals: [a=b]}}\n" for n in range(20_000))
    return _site(kustomization=f"configMapGenerator:\n{rows}")


def _doubling() -> Files:
    """An object's data put into itself, forty times."""
    rows = [
        {
            "source": {"kind": "ConfigMap", "fieldPath": "data"},
            "targets": [
                {
                    "select": {"kind": "ConfigMap"},
                    "fieldPaths": [f"data.c{n}"],
                    "options": {"create": True},
                }
            ],
        }
        for n in range(40)
    ]
    text = f"{_OWN}replacements: {json.dumps(rows)}\n"
    return _site(objects=_MAP, kustomization=text)


def _long_prefix() -> Files:
    """A megabyte before each of two thousand names."""
    rows = "---\n".join(_MAP.replace("thing", f"thing-{n}") for n in range(2_000))
    return _site(objects=rows, kustomization=f"{_OWN}namePrefix: {'p' * 1_000_000}\n")


def _text_doubling() -> Files:
    """A text that is put into itself, forty times."""
    row = {
        "source": {"kind": "ConfigMap", "fieldPath": "data.a"},
        "targets": [
            {
                "select": {"kind": "ConfigMap"},
                "fieldPaths": ["data.a"],
                "options": {"delimiter": "x", "index": 9_999},
            }
        ],
    }
    objects = _MAP.replace("{a: b}", f"{{a: {'v' * 1_000}}}")
    return _site(objects=objects, kustomization=f"{_OWN}replacements: {json.dumps([row] * 40)}\n")


def _text_copies() -> Files:
    """A megabyte of text, three thousand times in one object."""
    copies = [{"op": "copy", "from": "/data/a", "path": f"/data/c{n}"} for n in range(3_000)]
    rows = json.dumps([{"target": {"kind": "ConfigMap"}, "patch": json.dumps(copies)}])
    objects = _MAP.replace("{a: b}", f"{{a: {'v' * 1_000_000}}}")
    return _site(objects=objects, kustomization=f"{_OWN}patches: {rows}\n")


def _many_copies() -> Files:
    """Ten thousand of a small value: no bomb."""
    copies = [{"op": "copy", "from": "/data/a", "path": f"/data/c{n}"} for n in range(10_000)]
    rows = json.dumps([{"target": {"kind": "ConfigMap"}, "patch": json.dumps(copies)}])
    return _site(objects=_MAP, kustomization=f"{_OWN}patches: {rows}\n")


def _many_patches() -> Files:
    """Each of three hundred changes each of four thousand objects."""
    rows = "---\n".join(_MAP.replace("thing", f"thing-{n}") for n in range(4_000))
    patch = '[{{"op": "add", "path": "/data/c{}", "value": "d"}}]'
    patches = [{"target": {"kind": "ConfigMap"}, "patch": patch.format(n)} for n in range(300)]
    return _site(objects=rows, kustomization=f"{_OWN}patches: {json.dumps(patches)}\n")


def _long_annotation() -> Files:
    rows = "---\n".join(_MAP.replace("thing", f"thing-{n}") for n in range(3_000))
    text = f"{_OWN}commonAnnotations: {{a: {'b' * 3_000_000}}}\n"
    return _site(objects=rows, kustomization=text)


def _long_lists() -> Files:
    """Two lists of twenty thousand items, merged item by item."""
    items, patches = (
        ", ".join(f"{{name: c{n}{more}}}" for n in range(20_000)) for more in ("", ", image: x")
    )
    head = "apiVersion: v1, kind: Pod, metadata: {name: thing}, spec"
    patch = json.dumps([{"patch": f"{{{head}: {{containers: [{patches}]}}}}"}])
    objects = f"{{{head}: {{containers: [{items}]}}}}\n"
    return _site(objects=objects, kustomization=f"{_OWN}patches: {patch}\n")


def _many_labels() -> Files:
    rows = "---\n".join(_MAP.replace("thing", f"thing-{n}") for n in range(500))
    pairs = ", ".join(f"{{pairs: {{a{n}: b}}}}" for n in range(20_000))
    return _site(objects=rows, kustomization=f"{_OWN}labels: [{pairs}]\n")


def _many_objects() -> Files:
    """As many as the bench has for one site: no bomb."""
    rows = "---\n".join(_MAP.replace("thing", f"thing-{n}") for n in range(4_000))
    text = f"{_OWN}namePrefix: p-\ncommonAnnotations: {{a: b}}\nlabels: [{{pairs: {{c: d}}}}]\n"
    return _site(objects=rows, kustomization=text)


BOMBS: Mapping[str, Bomb] = {
    "brackets": Bomb(lambda: _site(objects="a: " + "[" * 100_000), "nested deeper than"),
    "bare brackets": Bomb(lambda: _site(kustomization="[" * 100_000), "nested deeper than"),
    "aliases": Bomb(_aliases, "excessive aliasing"),
    "merge keys": Bomb(_merge_keys, "missing Resource metadata"),
    "wide merge": Bomb(_wide_merge, "excessive aliasing"),
    "copies": Bomb(_copies, "larger than"),
    "flow sequence": Bomb(lambda: _site(objects="[" + "1," * 5_000_000 + "1]"), "larger than"),
    "many numbers": Bomb(lambda: _site(objects="[" + "1," * 3_900_000 + "1]"), "too many nodes"),
    "backtracking": Bomb(_backtracking, ""),
    "own component": Bomb(_own_component, "cycle detected"),
    "chain": Bomb(_chain, "kustomizations lead to one another"),
    "twice": Bomb(_twice_everywhere, "objects"),
    "generators": Bomb(_generators, "20000 objects; at most 10000"),
    "doubling": Bomb(_doubling, "larger than"),
    "text doubling": Bomb(_text_doubling, "larger than"),
    "text copies": Bomb(_text_copies, "larger than"),
    "long prefix": Bomb(_long_prefix, "the name gets longer than 10000 characters"),
    "many objects": Bomb(_many_objects, ""),
    "many copies": Bomb(_many_copies, ""),
}
# What no bound of its own ends, but the process's limits.
HEAVY: Mapping[str, Bomb] = {
    "long annotation": Bomb(_long_annotation, "render.memory"),
    "long lists": Bomb(_long_lists, "render.cpu|render.wall"),
    "many labels": Bomb(_many_labels, "render.cpu|render.wall"),
    "many patches": Bomb(_many_patches, "render.cpu|render.wall|render.memory"),
}
