"""How fast the past goes by. This file must not know what happens in it."""

import time

from han_gateway.adapters.clock import SystemClock
from han_gateway.core.units import Instant

MAX = float("inf")
"""A speed: without waiting."""


class Pace:
    """Waits so that instants come ``speed`` times as fast as they did; a gap of more than an hour is skipped."""

    def __init__(self, speed: float) -> None:
        self.waits = speed != MAX
        self._speed = speed
        self._clock = SystemClock()
        self._ahead: float | None = None  # ms between an instant, at our speed, and the clock
        self._last = 0

    def wait_for(self, at: Instant) -> None:
        """Return when it is time for ``at``."""
        if not self.waits:
            return
        now = self._clock.now()
        if self._ahead is None or not 0 <= at - self._last < 3_600_000:
            self._ahead = at / self._speed - now
        self._last = at
        time.sleep(max(0.0, (at / self._speed - now - self._ahead) / 1000))
