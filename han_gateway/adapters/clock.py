"""The only place that reads a clock.

This file must not know what the time is used for.
"""

import time
from datetime import UTC, datetime

from han_gateway.core.units import Instant


class SystemClock:
    """Instants that never jump, and the wall time for people.

    An instant is the epoch in milliseconds as it was believed at the start, plus what has passed since by CLOCK_BOOTTIME: setting
    the clock of the machine changes nothing, and a suspended machine counts as silence.
    """

    def __init__(self) -> None:
        self._offset_ns = time.time_ns() - time.clock_gettime_ns(time.CLOCK_BOOTTIME)

    def now(self) -> Instant:
        """Milliseconds; never less than the last answer."""
        return (self._offset_ns + time.clock_gettime_ns(time.CLOCK_BOOTTIME)) // 1_000_000

    def set_by_ms(self) -> int:
        """By how much the clock of the machine was set since the start (a Pi believes that it is 1970 until it hears of the time)."""
        return time.time_ns() // 1_000_000 - self.now()

    def monotonic_us(self) -> int:
        """CLOCK_MONOTONIC in microseconds, as systemd asks for it."""
        return time.monotonic_ns() // 1_000

    def wall(self) -> datetime:
        """The present UTC, as the machine believes it now."""
        return datetime.now(UTC)
