"""Label selectors of strangers: what golden cases are too long for."""

from __future__ import annotations

import pytest

from reconciler.render.fieldspecs import Unfit
from reconciler.render.labelselectors import matcher

ZEROS = "0" * 10_000  # more digits than Python makes a number of


@pytest.mark.parametrize(
    ("selector", "value", "matches"),
    [
        ("a>1", f"{ZEROS}2", True),
        ("a<1", "-9223372036854775808", True),
        ("a<1", "-9223372036854775809", False),
        ("a>1", "9" * 10_000, False),
        (f"a>{'0' * 60}", "1", True),
    ],
)
def test_numbers_are_of_64_bits_however_many_zeros_they_begin_with(
    selector: str, value: str, matches: bool
) -> None:
    assert matcher(selector)({"a": value}) is matches


@pytest.mark.parametrize("number", ["9223372036854775808", "9" * 10_000, "-", "1.0", ""])
def test_what_is_no_number_of_64_bits_is_refused(number: str) -> None:
    with pytest.raises(Unfit, match="the value must be an integer"):
        matcher(f"a>{number}")


def test_a_limit_too_long_for_a_label_is_refused_and_no_crash() -> None:
    with pytest.raises(Unfit, match="invalid label value"):
        matcher(f"a>{ZEROS}1")


def test_blanks_cost_nothing() -> None:
    """A million of them took hours where each was looked at again for all that follow."""
    assert matcher(f"a{' ' * 1_000_000}")({"a": ""})
