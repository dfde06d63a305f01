"""The words of trailers and of prune.allow."""

from __future__ import annotations

import pytest

from reconciler.model.refs import ObjectRef
from reconciler.model.rules import PruneAllowance
from reconciler.plan import allowance

REF = ObjectRef("apps", "Deployment", "app", "d")


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (("all",), {"all"}),
        ((" ALL ",), {"all"}),
        (("Deployment.apps/app/d, Namespace/x",), {"Deployment.apps/app/d", "Namespace/x"}),
        (("Namespace/x", "Namespace/y"), {"Namespace/x", "Namespace/y"}),
        (("everything",), set()),
        (("*", ",,", "", "a/b/c/d/e", "Namespace/"), set()),
    ],
)
def test_a_word_is_a_ref_or_all_and_anything_else_means_nothing(
    texts: tuple[str, ...], words: set[str]
) -> None:
    assert allowance.words(texts) == words


def test_words_are_bounded() -> None:
    assert len(allowance.words(f"Namespace/n{number}," for number in range(100_000))) <= 2_000


def test_a_rule_of_the_settings_holds_until_its_time() -> None:
    rules = (PruneAllowance(refs=("Deployment.apps/app/d",), until=100.0),)
    assert allowance.by_settings(rules, REF, 99.0)
    assert not allowance.by_settings(rules, REF, 100.0)
    assert not allowance.by_settings(rules, ObjectRef("apps", "Deployment", "app", "e"), 99.0)
    assert allowance.by_settings((PruneAllowance(refs=("all",), until=100.0),), REF, 99.0)
