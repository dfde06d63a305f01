"""The machine's clock."""

from __future__ import annotations

import time

from reconciler.adapters.system import SystemClock


def test_now_is_unix_time() -> None:
    before = time.time()
    assert before <= SystemClock().now() <= time.time()


def test_monotonic_never_goes_back() -> None:
    clock = SystemClock()
    readings = [clock.monotonic() for _ in range(100)]
    assert readings == sorted(readings)


def test_jitter_is_some_part_of_what_was_given() -> None:
    parts = [SystemClock().jitter(8.0) for _ in range(200)]
    assert all(0 <= part <= 8 for part in parts)
    assert len(set(parts)) > 100


def test_no_time_has_no_jitter() -> None:
    assert SystemClock().jitter(0.0) == 0.0
