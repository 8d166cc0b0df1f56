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


def test_the_wall_time_knows_its_zone() -> None:
    """Times for people are UTC and say so."""
    assert SystemClock().wall().utcoffset() == datetime.now(UTC).utcoffset()
