"""What is read and printed, held against the real kustomize, which reads and prints it too.

``derandomize`` keeps the cases the same from run to run; raise the numbers to search further.
"""

from __future__ import annotations

import json
import re
from itertools import combinations
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from reconciler.documents import keys
from reconciler.documents.dump import dump_all
from reconciler.documents.load import load_all
from reconciler.documents.scalars import CONFIG, OBJECT
from reconciler.model.errors import FileError
from tests.documents.conftest import Build, Patch
from tests.documents.texts import TAGGED, TAGS, WORDS, Texts

pytestmark = pytest.mark.differential

PARTS = [
    *" abeyN10_.:#-?+!&*|>%@`~=,[]{}'\"\\\t\r\n/",
    *[
        "  ",
        "\n\n",
        ": ",
        " #",
        "- ",
        "word ",
        "x" * 20,
        "y" * 81,
        "---",
        "...",
        "0x",
        "null",
        "no",
    ],
    *[
        "é",
        "漢",
        "😀",
        "\u00a0",
        "\u0301",
        "\u1680",
        "\u2028",
        "\u2029",
        "\ufeff",
        "\ue000",
        "\ufffd",
    ],
    *["\0", "\x07", "\x1b", "2020-01-01", "T1:2:3Z", "true"],
]
STRINGS = st.one_of(
    st.sampled_from(WORDS),
    st.lists(st.sampled_from(PARTS), max_size=40).map("".join),
    st.lists(st.sampled_from(["word", "a", "it's", "x" * 30, "#", "1"]), max_size=40).map(" ".join),
)
KEYS = st.one_of(
    st.text("ab129_-.A", min_size=1, max_size=6),
    STRINGS.filter(lambda text: text != "<<" and not re.search("[0-9]{18}", text)),
)
SCALARS = st.one_of(
    STRINGS,
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
)


def one_order(mapping: dict[str, Any]) -> bool:
    """Whether they have but one order: where kustomize's rule goes in a circle, chance decides."""
    pairs = combinations(keys.in_order(mapping), 2)
    return all(keys.compare(first, second) < 0 for first, second in pairs)


VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(KEYS, inner, max_size=5).filter(one_order),
    ),
    max_leaves=12,
)


def compared(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],  # to shrink a failure takes minutes: add Phase.shrink for that
    )


@compared(25)
@given(values=st.lists(VALUES, min_size=20, max_size=60))
def test_values_are_printed_as_kustomize_prints_them(
    values: list[Any], kustomize_build: Build
) -> None:
    objects = [thing(f"n{number}", value) for number, value in enumerate(values)]
    texts = [f"{written(value)}\n" for value in objects]
    assert kustomize_build(texts) == dump_all(objects)


@pytest.mark.parametrize("seed", range(12))
def test_texts_are_read_as_kustomize_reads_them(seed: int, kustomize_build: Build) -> None:
    texts = Texts(Random(seed))
    accepted, refused = [], []
    for number in range(60):
        text = texts.document(f"n{number}")
        ours = printed(text)
        if ours is None:
            refused.append(text)
        else:
            accepted.append((text, ours))
    assert len(accepted) > 20
    assert kustomize_build([text for text, _ in accepted]) == "---\n".join(
        ours for _, ours in accepted
    )
    for text in refused[:2]:
        assert kustomize_build([text]) is None, text


ROUNDED = {"9007199254740993", "0xFFFFFFFFFFFFFFFF"}  # by the patch, not by its reader
CONFIGS = [
    *(word for word in WORDS if word not in ROUNDED),
    *(f"{tag} {word}" for tag in TAGS for word in TAGGED),
    *["{1: a, yes: b, 1.5: c, 2020-01-01: d, 010: e}", "{a: 1, a: 2}", "[a, ~]", "{a: }"],
    *["{<<: {a: 1}, a: 2}", "{a: 2, <<: {a: 1}}", "{a: 2, <<: [{a: 1}, {a: 3, b: 3}]}"],
    *['{"<<": {a: 1}}', "{~: 1}", "{[a]: 1}", "{<<: 1}", ".inf", "<<"],
]


@pytest.mark.parametrize("group", range(8))
def test_configuration_is_read_as_kustomize_reads_it(group: int, kustomize_patch: Patch) -> None:
    for word in CONFIGS[group::8]:
        text = f"- op: replace\n  path: /spec\n  value: {word}\n"
        try:
            (document,) = load_all(text.encode(), path="p.yaml", scalars=CONFIG)
        except FileError:
            assert kustomize_patch(text) is None, word
        else:
            ours = dump_all([thing("a", document.value[0]["value"])])
            assert kustomize_patch(text) == ours, word


def printed(text: str) -> str | None:
    try:
        documents = load_all(text.encode(), path="r.yaml", scalars=OBJECT)
    except FileError:
        return None
    return dump_all(document.value for document in documents)


def thing(name: str, value: Any) -> dict[str, Any]:
    return {
        "apiVersion": "example.com/v1",
        "kind": "Thing",
        "metadata": {"name": name},
        "spec": value,
    }


def written(value: Any) -> str:
    """A value as YAML that leaves no doubt: quoted, escaped, keys of any length."""
    if isinstance(value, str):
        return '"' + "".join(map(escaped, value)) + '"'
    if isinstance(value, dict):
        pairs = (f"? {written(key)} : {written(item)}" for key, item in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    return json.dumps(value)


def escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if " " <= character <= "~" or (character >= "\xa0" and character not in "\u2028\u2029\ufeff"):
        return character
    return f"\\u{ord(character):04x}"
