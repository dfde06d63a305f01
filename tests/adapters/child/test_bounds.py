"""Whatever happens to the child, the parent goes on, and says in one sentence what it was."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from reconciler.adapters.child import Limits, ending
from reconciler.model.errors import RenderError, RenderUnavailable
from tests.adapters.child.fleet import OBJECTS, SITE, Watching, children, render, tree
from tests.trees import DictTree

SECRET = "hunter2"


def limits_of(child: int) -> dict[str, tuple[str, str]]:
    rows = Path(f"/proc/{child}/limits").read_text().splitlines()[1:]
    return {row[:26].strip(): (row[26:47].strip(), row[47:68].strip()) for row in rows}


def killed(by: signal.Signals) -> str:
    """What is said of a child that a signal ends in the middle of a render."""
    hit: list[int] = []

    def strike(child: int) -> None:
        hit.append(child)
        os.kill(child, by)

    with pytest.raises(RenderError) as caught:
        render(Watching(strike))
    assert len(hit) == 1
    assert children() == []
    assert render(tree()).objects  # the parent goes on
    return str(caught.value)


def test_the_child_has_an_empty_environment_and_three_pipes(tmp_path: Path) -> None:
    seen: list[tuple[bytes, list[str], int]] = []

    def look(child: int) -> None:
        place = Path(f"/proc/{child}")
        links = sorted(str(name.readlink()) for name in (place / "fd").iterdir())
        kinds = [link.partition(":")[0] for link in links]
        seen.append(((place / "environ").read_bytes(), kinds, os.getsid(child)))

    with (tmp_path / "open").open("w") as stream:
        os.set_inheritable(stream.fileno(), True)
        render(Watching(look))
    ((environment, kinds, session),) = seen
    # The interpreter itself chooses UTF-8 where no locale is set.
    assert environment in (b"", b"LC_CTYPE=C.UTF-8\0")
    assert kinds == ["pipe", "pipe", "pipe"]
    assert session != os.getsid(0)


def test_the_child_is_limited_before_it_reads_a_file() -> None:
    seen: list[dict[str, tuple[str, str]]] = []
    render(Watching(lambda child: seen.append(limits_of(child))), memory=200 << 20, cpu=5)
    (found,) = seen
    assert found["Max address space"] == (str(200 << 20), str(200 << 20))
    assert int(found["Max cpu time"][0]) <= 10
    assert found["Max file size"] == found["Max core file size"] == ("0", "0")
    assert found["Max processes"] == ("0", "0")


@pytest.mark.parametrize("by", [signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS])
def test_a_crash_is_told_with_its_place_and_its_likely_reason(by: signal.Signals) -> None:
    message = killed(by)
    assert f"the renderer crashed ({by.name} in reconciler/adapters/child/" in message
    assert "most likely as it needs more than 256 MiB of memory (render.memory)" in message
    assert message.startswith(f"{SITE.folder}: ")
    assert f"the file that was read last is {OBJECTS}" in message


def test_a_child_that_ends_itself_is_told() -> None:
    assert "the renderer crashed (SIGTERM)" in killed(signal.SIGTERM)


def test_a_child_that_works_for_too_long_is_ended() -> None:
    with pytest.raises((RenderError, RenderUnavailable), match=r"1 s \(render\.wall\)"):
        render(slow(), wall=1)
    assert children() == []


def test_whose_fault_lateness_is_says_the_share_of_a_processor() -> None:
    mine, machines = (ending.late(used, 10.0, Limits(wall=10)) for used in (5.0, 4.9))
    assert str(mine) == "rendering took longer than 10 s (render.wall) and was ended"
    assert not mine.starved and not mine.by_chance
    assert str(machines).startswith("rendering got 4.9 s of CPU time within 10 s (render.wall)")
    assert machines.starved


def test_a_child_that_the_machine_has_no_time_for_is_tried_later() -> None:
    stopped: list[int] = []

    def stop(child: int) -> None:
        os.kill(child, signal.SIGSTOP)
        stopped.append(child)

    with pytest.raises(RenderUnavailable, match=r"within 3 s \(render\.wall\): .* busy"):
        render(Watching(stop), wall=3)
    assert len(stopped) == 1
    assert children() == []


def test_a_child_that_does_not_listen_is_ended() -> None:
    """Its pipe is full before the file is through."""
    stopped: list[int] = []

    class Large(Watching):
        def read(self, path: str) -> bytes:
            found = super().read(path)
            return found + b"#" * 1_000_000 if stopped else found

    def stop(child: int) -> None:
        os.kill(child, signal.SIGSTOP)
        stopped.append(child)

    with pytest.raises(RenderUnavailable, match="the machine is too busy"):
        render(Large(stop), wall=3)
    assert len(stopped) == 1


def test_a_child_that_someone_else_killed_is_replaced() -> None:
    hit: list[int] = []

    def strike(child: int) -> None:
        if not hit:
            os.kill(child, signal.SIGKILL)
        hit.append(child)

    assert render(Watching(strike)).objects
    assert len(set(hit)) == 2


def test_children_that_are_always_killed_are_the_machines_fault() -> None:
    hit: list[int] = []

    def strike(child: int) -> None:
        hit.append(child)
        os.kill(child, signal.SIGKILL)

    with pytest.raises(RenderUnavailable, match="killed from outside"):
        render(Watching(strike))
    assert len(hit) == 2


def flow(items: int) -> str:
    """Much to parse, and a secret in it."""
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
    words = ", ".join(f"word-{number}" for number in range(items))
    return f"{head}data: [{SECRET}, {words}]\n"


def test_too_much_memory_is_told() -> None:
    with pytest.raises(RenderError, match="rendering needs more than 64 MiB of memory") as caught:
        render(tree(objects=flow(450_000)), memory=64 << 20)
    assert SECRET not in str(caught.value)
    assert children() == []


def test_a_pattern_that_would_backtrack_for_ever_does_not() -> None:
    patch = "- {op: add, path: /data, value: {}}"
    kustomization = (
        "resources: [objects.yaml]\npatches:\n"
        f"- target: {{name: '(a|a)*(a|a)*c'}}\n  patch: |-\n    {patch}\n"
    )
    name = "a" * 60 + "b"
    objects = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{a: b}}"
    (found,) = render(tree(kustomization=kustomization, objects=objects), cpu=1).objects
    assert found.ref.name == name


def slow() -> DictTree:
    """Some seconds of work, and a secret in it."""
    change = '[{"op": "add", "path": "/data/b", "value": "c"}]'
    patch = f"- target: {{kind: ConfigMap}}\n  patch: '{change}'\n"
    objects = "\n---\n".join(
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a{n}}}\ndata: {{a: {SECRET}}}"
        for n in range(700)
    )
    kustomization = "resources: [objects.yaml]\npatches:\n" + patch * 700
    return tree(kustomization=kustomization, objects=objects)


def test_a_render_that_needs_too_much_time_is_ended() -> None:
    with pytest.raises(RenderError, match="rendering needs more than 1 s of CPU time") as caught:
        render(slow(), cpu=1)
    assert "(render.cpu)" in str(caught.value)
    assert SECRET not in str(caught.value)
    assert children() == []


def test_too_much_output_is_told() -> None:
    large = [
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a{n}}}\ndata: {{a: {'x' * 1_000_000}}}"
        for n in range(3)
    ]
    with pytest.raises(RenderError, match=r"objects are larger than 2 MiB .* and was ended"):
        render(tree(objects="\n---\n".join(large)), output=2 << 20)


def test_long_texts_take_no_more_memory_than_they_are_long() -> None:
    """A hundred of 300 kB, which JSON's writer makes room of megabytes for."""
    many = "---\n".join(
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a{n}}}\n" for n in range(100)
    )
    text = f"resources: [objects.yaml]\ncommonAnnotations: {{a: {'b' * 300_000}}}\n"
    found = render(tree(kustomization=text, objects=many), output=64 << 20).objects
    assert [len(each.body) > 300_000 for each in found] == [True] * 100


def test_too_much_input_is_told() -> None:
    with pytest.raises(RenderError, match="reads more than 1 MiB of files"):
        render(tree(objects="#" * 2_000_000), reads=1 << 20)


def test_too_many_objects_are_told() -> None:
    many = [f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a{n}}}\n" for n in range(20)]
    with pytest.raises(RenderError, match="20 objects; at most 10"):
        render(tree(objects="---\n".join(many)), objects=10)


@pytest.mark.parametrize(
    ("name", "objects"),
    [
        ("brackets", "a: " + "[" * 100_000),
        ("merge keys", "a0: &a0 {k: v}\n" + "".join(
            f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 20)}]}}\n" for n in range(1, 25))),
        ("aliases", "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
            f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10))),
    ],
    ids=lambda found: found if len(found) < 20 else "",
)  # fmt: skip
def test_a_bomb_ends_in_one_clear_error(name: str, objects: str) -> None:
    with pytest.raises(RenderError) as caught:
        render(tree(objects=objects))
    assert caught.value.path.startswith(SITE.folder)
    assert 10 < len(str(caught.value)) < 500
    assert children() == []
