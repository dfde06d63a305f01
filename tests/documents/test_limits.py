"""Small texts that ask for much: each ends quickly, in little memory, in one clear error."""

from __future__ import annotations

import subprocess
import sys

import pytest

from reconciler.documents.load import Limits, load_all
from reconciler.model.errors import RenderError

MIB = 1024 * 1024
SECONDS = 60  # far above what any takes; a test that needs it has failed
MEMORY = 256 * MIB  # address space, with the interpreter's own


def bomb(width: int, levels: int) -> bytes:
    lines = [f"a0: &a0 [{'x,' * width}]"]
    for level in range(1, levels):
        lines.append(f"a{level}: &a{level} [{f'*a{level - 1},' * width}]")
    return "\n".join(lines).encode()


def merge_bomb(levels: int) -> bytes:
    lines = ["a0: &a0 {" + ",".join(f"k{n}: 1" for n in range(500)) + "}"]
    for level in range(1, levels):
        inner = ", ".join([f"*a{level - 1}"] * 40)
        lines.append(f"a{level}: &a{level} {{<<: [{inner}], k{level}x: 1}}")
    return "\n".join(lines).encode()


def chain(links: int) -> bytes:
    return b"a0: &a0 [1]\n" + b"".join(
        b"a%d: &a%d [*a%d]\n" % (n, n, n - 1) for n in range(1, links)
    )


ATTACKS = {
    "brackets": (b"[" * 100_000, "nested deeper than 200 levels"),
    "brackets and braces": (b"[{a: " * 50_000, "nested deeper than 200 levels"),
    "dashes": (b"- " * 100_000, "nested deeper than 200 levels"),
    "mappings": (
        b"".join(b" " * n + b"a:\n" for n in range(1000)),
        "nested deeper than 200 levels",
    ),
    "aliases of aliases": (bomb(10, 10), "document contains excessive aliasing"),
    "merge keys": (merge_bomb(40), "document contains excessive aliasing"),
    "a chain of aliases": (chain(9000), "nested deeper than 200 levels"),
    "a long text, repeated": (
        b'a: &a "' + b"x" * MIB + b'"\nb: [' + b"*a," * 9000 + b"1]",
        "document contains excessive aliasing",
    ),
    "many aliases": (b"a: &a 1\nb: [" + b"*a," * 500_000 + b"]", "too many aliases"),
    "a long flow sequence": (b"[" + b"1," * (4 * MIB - 2) + b"1]", "too many nodes"),
    "lists in a flow sequence": (b"[" + b"[]," * (2 * MIB) + b"]", "too many nodes"),
    "one-key mappings": (b"[" + b"a: 1," * 1_600_000 + b"]", "too many nodes"),
    "a long block sequence": (b"- a\n" * (2 * MIB), "too many nodes"),
    "many keys": (b"".join(b"k%d:\n" % n for n in range(700_000)), "too many nodes"),
    "many documents": (b"---\na\n" * MIB, "more than 20000 documents"),
    "many directives": (b"%TAG !a! b\n" * 100_000 + b"---\na", "YAML directives"),
    "a large file": (b" " * (8 * MIB + 1), "larger than 8388608 bytes"),
    "an open quote": (b"'" + b"x\n" * (4 * MIB - 4), "unexpected end of stream"),
    "equal keys": (b"{" + b"a: 1, " * 1_000_000 + b"}", "already defined"),
    "16 bits a character": (
        ("\ufeff" + "[" * 100_000).encode("utf-16-le"),
        "nested deeper than 200 levels",
    ),
}

# Runs in a process of its own, as what is tested might end it.
PROGRAM = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]), int(sys.argv[1])))
from reconciler.documents.load import load_all
from reconciler.model.errors import RenderError
try:
    load_all(sys.stdin.buffer.read(), path="r.yaml")
except RenderError as error:
    print(error)
"""


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_ends_in_one_clear_error(name: str) -> None:
    data, said = ATTACKS[name]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(MEMORY)],
        input=data,
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert said in done.stdout.decode()
    assert done.stdout.startswith(b"r.yaml")


@pytest.mark.parametrize(
    ("limits", "data", "said"),
    [
        (Limits(bytes=3), b"abcd", "larger than 3 bytes"),
        (Limits(nodes=3), b"[1, 2, 3]", "1:8: the file has too many nodes"),
        (Limits(nodes=4), b"[1]\n---\n[2, 3]\n", "3:5: the file has too many nodes"),
        (Limits(depth=1), b"[[1]]", "1:2: nested deeper than 1 levels"),
        (Limits(aliases=1), b"a: &a 1\nb: *a\nc: *a", "3:4: document contains excessive"),
        (Limits(documents=1), b"a\n---\nb\n", "more than 1 documents"),
    ],
)
def test_limits_can_be_given(limits: Limits, data: bytes, said: str) -> None:
    with pytest.raises(RenderError, match=said):
        load_all(data, path="r.yaml", limits=limits)


def test_what_is_just_within_the_limits_is_read() -> None:
    limits = Limits(bytes=24, nodes=7, depth=2, aliases=1, documents=1)
    (document,) = load_all(b"{a: &a [1, 2], b: *a}\n", path="r.yaml", limits=limits)
    assert document.value == {"a": [1, 2], "b": [1, 2]}
