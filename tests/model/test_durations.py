"""Durations as people write them."""

import pytest

from reconciler.model import durations


@pytest.mark.parametrize(
    ("text", "seconds"), [("0s", 0), ("90s", 90), ("5m", 300), ("1h30m", 5400), ("7d", 604_800)]
)
def test_a_duration_is_read(text: str, seconds: float) -> None:
    assert durations.parse(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "5 m", "m5", "-5m", "1.5h", "5m3h", "9" * 9 + "s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        durations.parse(text)


@pytest.mark.parametrize("seconds", [0, 59, 60, 5400, 86_400, 694_861])
def test_what_is_shown_reads_back(seconds: int) -> None:
    assert durations.parse(durations.show(seconds)) == seconds
