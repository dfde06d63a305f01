"""Quantities as the API server keeps them; ``differential`` holds them against the real one."""

from __future__ import annotations

import pytest

from reconciler.schema.amounts import canonical


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("1000m", "1"),
        ("12E6", "12E6"),
        ("+5", "+5"),
        ("1e0", "1e0"),
        ("500u", "1m"),
        ("0.5", "500m"),
        ("1024Ki", "1Mi"),
        ("+1Ki", "+1Ki"),
        ("+1Ei", "1Ei"),
        ("5.Ei", "5Ei"),
        ("1e21", "1e21"),
        ("1000E", "1"),  # the API server has no word for it
        ("12345678901234567890.123456P", "12345678901234567890123456G"),
        ("much", "much"),
        (True, True),
    ],
)
def test_a_listed_amount_is_kept_in_its_one_form(written: str, kept: str) -> None:
    assert canonical(written, in_millis=True) == kept


@pytest.mark.parametrize("written", [1e300, -1e300, 5e-324, "9" * 60 + "e999", "1e-999", "1" * 65])
def test_an_amount_beyond_all_measure_is_no_fault_of_ours(written: str | float) -> None:
    assert canonical(written, in_millis=True)
    assert canonical(written)
