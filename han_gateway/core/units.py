"""The words of the house in numbers: instants, lines, one value per line.

Everything is an integer: milliamperes, milliseconds. Decimals exist only where a person or a charger reads them.
This file must not know about meters, MQTT or configuration.
"""

from enum import Enum
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")

Instant = int
"""Milliseconds on a clock that never jumps: boot time live, the recording's own time in a replay."""

FIRST: Instant = -(1 << 62)
"""Before anything: what is due then is due with the first event."""
NEVER: Instant = 1 << 62
"""After everything: what is due then does not happen."""

MilliAmps = int
"""Thousandths of an ampere."""


def thousandths(value: int | None) -> float | None:
    """MA in A, mV in V, ms in s, Wh in kWh."""
    return None if value is None else value / 1000


def tenths(current: MilliAmps | None) -> float | None:
    """Amperes with one decimal, as people read them."""
    return None if current is None else (current + 50) // 100 / 10


class Line(Enum):
    """A line conductor; the value is its name on every topic, metric and page."""

    L1 = "L1"
    L2 = "L2"
    L3 = "L3"

    # Members are unique objects, so identity will do, at a fifth of the time: lines are looked up thousands of times a list.
    __hash__ = object.__hash__

    def __init__(self, name: str) -> None:
        """``index`` is 0, 1 or 2: the place of this line in a ``PerLine``."""
        self.index = int(name[1:]) - 1


LINES = (Line.L1, Line.L2, Line.L3)


class PerLine(NamedTuple, Generic[T]):
    """One value for each of L1, L2, L3."""

    l1: T
    l2: T
    l3: T
