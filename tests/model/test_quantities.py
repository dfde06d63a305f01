"""Quantities as exact numbers."""

from __future__ import annotations

from decimal import Decimal

import pytest

from reconciler.model import quantities


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("30", "30"),
        ("-1.5", "-1.5"),
        ("500m", "0.5"),
        ("2Gi", str(2 * 1024**3)),
        ("1k", "1000"),
        ("1e3", "1000"),
        ("1E", str(10**18)),
        ("+3", "3"),
    ],
)
def test_a_quantity_is_its_number(text: str, amount: str) -> None:
    assert quantities.parse(text) == Decimal(amount)


@pytest.mark.parametrize(
    "text",
    ["", "x", "1 ", " 1", "1\n", "0x10", "1e999", "1KiB", "9" * 31, "NaN", "inf", "1_0", "٣"],
)
def test_what_is_none_has_no_number(text: str) -> None:
    assert quantities.parse(text) is None
