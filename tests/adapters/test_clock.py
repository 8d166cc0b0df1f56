"""The one clock: instants that never jump."""

import time
from datetime import UTC, datetime

import pytest

from han_gateway.adapters.clock import SystemClock


def test_instants_follow_the_boot_clock_and_not_the_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    """Setting the machine's clock back by ten years changes nothing."""
    elapsed_ns = 0
    monkeypatch.setattr(time, "time_ns", lambda: 1_700_000_000_123_000_000)
    monkeypatch.setattr(time, "clock_gettime_ns", lambda _clock: 5_000_000_000 + elapsed_ns)
    clock = SystemClock()
    assert clock.now() == 1_700_000_000_123
    elapsed_ns = 1_500_900_000
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    assert clock.now() == 1_700_000_001_623


def test_how_far_the_clock_was_set_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that started in 1970 and heard of the time later can say when something happened before that."""
    monkeypatch.setattr(time, "time_ns", lambda: 30_000_000_000)
    clock = SystemClock()
    assert abs(clock.set_by_ms()) < 1_000
    then = clock.now()
    monkeypatch.setattr(time, "time_ns", lambda: 1_700_000_000_000_000_000)
    assert abs(then + clock.set_by_ms() - 1_700_000_000_000) < 1_000


def test_the_wall_time_knows_its_zone() -> None:
    """Times for people are UTC and say so."""
    assert SystemClock().wall().utcoffset() == datetime.now(UTC).utcoffset()
