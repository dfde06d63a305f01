"""What a stranger's repository must not be able to do: each bomb ends in one clear error."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from reconciler.model.errors import RenderError
from reconciler.render import bounds, output
from reconciler.render.build import build
from tests.trees import DictTree

THING = "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: thing}\nspec: {a: 1}\n"


def refusal(files: Mapping[str, str], folder: str = "") -> str:
    with pytest.raises(RenderError) as caught:
        build(DictTree(files), folder)
    return str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(
            f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 10)}]\n"
            for n in range(9)
        ),
        "[" + "1," * 5_000_000 + "1]",
    ],
    ids=["brackets", "aliases", "flow sequence"],
)
@pytest.mark.parametrize("path", ["kustomization.yaml", "thing.yaml", "patch.yaml"])
def test_a_file_that_unfolds_is_refused_by_name_wherever_it_is_read(text: str, path: str) -> None:
    files = {
        "kustomization.yaml": "resources: [thing.yaml]\npatches: [{path: patch.yaml}]\n",
        "thing.yaml": THING,
        "patch.yaml": THING,
    }
    assert path in refusal(files | {path: text})


def test_a_patch_that_copies_an_object_into_itself_is_ended() -> None:
    operations = [{"op": "copy", "from": "/spec", "path": f"/spec/c{n}"} for n in range(40)]
    text = json.dumps([{"target": {"kind": "Thing"}, "patch": json.dumps(operations)}])
    shown = refusal(
        {"kustomization.yaml": f"resources: [t.yaml]\npatches: {text}\n", "t.yaml": THING}
    )
    assert f"larger than {bounds.VALUES} values" in shown


def test_what_copies_put_over_each_other_does_not_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "VALUES", 100)
    counted = 0
    size = bounds.size

    def counting(value: object, most: int = bounds.VALUES) -> int:
        nonlocal counted
        found = size(value, most)
        counted += found
        return found

    monkeypatch.setattr(bounds, "size", counting)
    operations = [{"op": "copy", "from": "/spec/a", "path": "/spec/b"} for _ in range(1_000)]
    text = json.dumps([{"target": {"kind": "Thing"}, "patch": json.dumps(operations)}])
    files = {"kustomization.yaml": f"resources: [t.yaml]\npatches: {text}\n", "t.yaml": THING}
    (built,) = build(DictTree(files), "")
    assert built.value["spec"] == {"a": 1, "b": 1}
    assert counted < 2_000  # once a copy, and the whole object of 8 values once in some 90


def test_a_patch_that_nests_an_object_for_ever_is_ended() -> None:
    operations = []
    path = "/spec"
    for _ in range(400):
        path += "/x"
        operations.append({"op": "add", "path": path, "value": {}})
    text = json.dumps([{"target": {"kind": "Thing"}, "patch": json.dumps(operations)}])
    shown = refusal(
        {"kustomization.yaml": f"resources: [t.yaml]\npatches: {text}\n", "t.yaml": THING}
    )
    assert "no JSON" in shown


def test_replacements_that_double_an_object_are_ended() -> None:
    row = {
        "source": {"kind": "Thing", "fieldPath": "spec"},
        "targets": [{"select": {"kind": "Thing"}, "options": {"create": True}}],
    }
    rows = []
    for number in range(40):
        target = {**row["targets"][0], "fieldPaths": [f"spec.c{number}"]}  # type: ignore[index]
        rows.append({**row, "targets": [target]})
    text = f"resources: [t.yaml]\nreplacements: {json.dumps(rows)}\n"
    assert "values" in refusal({"kustomization.yaml": text, "t.yaml": THING})


def test_a_base_that_comes_twice_at_every_level_is_ended() -> None:
    files = {"l0/kustomization.yaml": "resources: [t.yaml]\n", "l0/t.yaml": THING}
    for level in range(1, 40):
        for side in "ab":
            files[f"{side}{level}/kustomization.yaml"] = (
                f"namePrefix: {side}{level}-\nresources: [../l{level - 1}]\n"
            )
        files[f"l{level}/kustomization.yaml"] = f"resources: [../a{level}, ../b{level}]\n"
    assert f"more than {bounds.OBJECTS} objects" in refusal(files, "l39")


def test_a_thousand_bases_that_lead_to_one_another_are_refused() -> None:
    files = {f"l{n}/kustomization.yaml": f"resources: [../l{n + 1}]\n" for n in range(1000)}
    files |= {"l1000/kustomization.yaml": "resources: [t.yaml]\n", "l1000/t.yaml": THING}
    assert f"more than {bounds.FOLDERS} kustomizations" in refusal(files, "l0")


def test_as_many_bases_as_are_allowed_can_be_built() -> None:
    last = bounds.FOLDERS
    files = {f"l{n}/kustomization.yaml": f"resources: [../l{n + 1}]\n" for n in range(last)}
    files |= {f"l{last}/kustomization.yaml": "resources: [t.yaml]\n", f"l{last}/t.yaml": THING}
    assert len(build(DictTree(files), "l0")) == 1


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "a/../../x.yaml"])
def test_a_path_that_leaves_the_repository_is_refused(path: str) -> None:
    assert path in refusal({"s/kustomization.yaml": f"resources: ['{path}']\n"}, "s")


@pytest.mark.parametrize(
    "path",
    [
        "https://example.com/a.yaml",
        "github.com/org/repo?ref=v1",
        "git@example.com:org/repo.git",
        "ssh://git@example.com/org/repo",
        "git::https://example.com/org/repo",
    ],
)
def test_nothing_is_ever_fetched(path: str) -> None:
    assert "not supported: nothing is fetched" in refusal(
        {"kustomization.yaml": f"resources: ['{path}']\n"}
    )


def test_a_folder_that_looks_like_a_host_is_a_folder() -> None:
    files = {"kustomization.yaml": "resources: [example.com/t.yaml]\n", "example.com/t.yaml": THING}
    assert len(build(DictTree(files), "")) == 1


@pytest.mark.parametrize(
    "plugin",
    [
        "apiVersion: example.com/v1\nkind: Exec\nmetadata: {name: x}\n",
        "apiVersion: v1\nkind: Fn\nmetadata:\n  name: x\n  annotations:\n"
        "    config.kubernetes.io/function: 'container: {image: x}'\n",
    ],
)
def test_nothing_is_ever_executed(plugin: str) -> None:
    shown = refusal({"kustomization.yaml": "transformers: [p.yaml]\n", "p.yaml": plugin})
    assert "nothing is executed" in shown


def test_helm_is_refused_by_name() -> None:
    shown = refusal({"kustomization.yaml": "helmCharts: [{name: x}]\n"})
    assert "helmCharts is not supported" in shown


def test_a_long_text_that_many_objects_share_is_not_printed_without_end() -> None:
    rows = "---\n".join(THING.replace("{name: thing}", f"{{name: thing-{n}}}") for n in range(300))
    text = f"resources: [t.yaml]\ncommonAnnotations: {{a: {'b' * 2_000_000}}}\n"
    built = build(DictTree({"kustomization.yaml": text, "t.yaml": rows}), "")
    for printed in (output.to_yaml, output.to_json):
        with pytest.raises(RenderError, match="longer than 256 MiB"):
            printed(built)


def test_an_error_about_something_long_is_short() -> None:
    shown = refusal({"kustomization.yaml": f"resources: [{'y' * 1_000_000}]"})
    assert "yyy ... yyy" in shown
    assert len(shown) < 5_000
