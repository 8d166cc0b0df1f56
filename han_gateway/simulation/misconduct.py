"""What chargers do that they should not: not obey, not hear, not tell the truth. This file must not know why, nor how anybody copes."""

from enum import Enum
from typing import NamedTuple

from han_gateway.core.units import MilliAmps
from han_gateway.simulation.supply import Second

Spells = tuple[tuple[Second, Second], ...]
"""From when up to when, several times."""

ALONE_S = 60
"""After so long without a connection a charger takes its own failsafe current."""


class Untruth(Enum):
    """What a charger says instead of its current."""

    NOTHING = "zero"
    STALE = "what it drew when it began to lie"
    HALF = "half"


class Lie(NamedTuple):
    """A spell in which a charger reports wrong currents."""

    start: Second
    end: Second
    untruth: Untruth

    def told(self, current_ma: MilliAmps, then_ma: MilliAmps) -> MilliAmps:
        """What is said of a current; ``then_ma`` is what flowed when the lie began."""
        return {Untruth.NOTHING: 0, Untruth.STALE: then_ma, Untruth.HALF: current_ma // 2}[self.untruth]


def within(spells: Spells, second: Second) -> bool:
    """Tell whether a second is in one of the spells."""
    return any(start <= second < end for start, end in spells)
