"""Names by Kubernetes' rules."""

from __future__ import annotations

import pytest

from reconciler.schema import names

GOOD: dict[names.Rule, list[str]] = {
    names.label: ["a", "1", "a-1", "x" * 63],
    names.letter_label: ["a", "a-1"],
    names.subdomain: ["a", "a.b", "1.a-b", ".".join(["x" * 63] * 3), "x" * 253],
    names.path_segment: ["a", "system:node", "A b", "...", "ü"],
    names.word: ["a", "A_b.c-1"],
    names.qualified: ["a", "A_b", "example.org/A_b"],
    names.label_value: ["", "a", "A_b.c-1"],
    names.kind: ["ConfigMap", "Widget2", "myKind"],
    names.api_version: ["v1", "v1beta1", "apps/v1", "a.b.c/v2"],
    names.group_kind: ["Secret", "Ingress.networking.k8s.io"],
}
BAD: dict[names.Rule, list[str]] = {
    names.label: ["", "-a", "a-", "a.b", "A", "x" * 64, "a\n", "ü"],
    names.letter_label: ["1a", "", "a.b"],
    names.subdomain: ["", ".a", "a.", "a..b", "A", "a_b", "x" * 254, "a\n"],
    names.path_segment: ["", ".", "..", "a/b", "a%2fb", "a\nb", "x" * 254],
    names.word: ["", "-a", "a b", "x" * 64, "a\n"],
    names.qualified: ["", "/a", "a/", "A/b", "a/b/c", "example.org/" + "x" * 64],
    names.label_value: ["a b", "x" * 64, "-"],
    names.kind: ["", "1A", "A.b", "A/b", "x" * 64, "A\n"],
    names.api_version: ["", "/v1", "apps/", "a/b/c", "V1", "1"],
    names.group_kind: ["", ".apps", "A.", "A.B", "apps/v1", "A/b"],
}


@pytest.mark.parametrize("rule", GOOD, ids=lambda rule: rule.__name__)
def test_what_the_api_server_takes_is_fine(rule: names.Rule) -> None:
    assert {text: rule(text) for text in GOOD[rule]} == dict.fromkeys(GOOD[rule], "")


@pytest.mark.parametrize("rule", BAD, ids=lambda rule: rule.__name__)
def test_what_it_refuses_is_told(rule: names.Rule) -> None:
    assert [text for text in BAD[rule] if not rule(text)] == []


@pytest.mark.parametrize("rule", BAD, ids=lambda rule: rule.__name__)
def test_a_megabyte_of_name_is_refused_in_one_short_sentence(rule: names.Rule) -> None:
    for text in ("a" * 1_000_000, "a-" * 500_000, "." * 1_000_000):
        assert 0 < len(rule(text)) < 200
