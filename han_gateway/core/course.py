"""What is remembered of how the meter's lists have gone on, immutable. It must not know who judges it (``freshness`` does)."""

from typing import NamedTuple

from han_gateway.core.units import Instant


class Course(NamedTuple):
    """How the meter's lists have gone on (``freshness``).

    Without a clock: ``measured`` is what the last list with currents measured, the same since ``same_since``; ``changes`` counts how many
    in a row were different, None before the first. ``set_back`` is where a clock that seems to have been set back went on from: arrival,
    and what it showed in ms. ``hourly_at`` is the last hourly list, or since when it is waited for; ``hourly`` tells that the meter sends it.
    """

    measured: tuple[object, ...] = ()
    changes: int | None = None
    same_since: Instant = 0
    same_told: bool = False
    set_back: tuple[Instant, int] | None = None
    hourly: bool = False
    hourly_at: Instant | None = None
    hourly_told: bool = False
