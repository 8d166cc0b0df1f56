"""Chargers and their cars as people have them: slow, shy, sleepy, deaf, silent, or simply away.

What they are; how a charge on them goes is told in ``sockets``. This file must not know the house, nor who decides the limits.
"""

from dataclasses import dataclass
from typing import NamedTuple

from han_gateway.core.site import Charger
from han_gateway.core.units import Line, MilliAmps
from han_gateway.simulation.misconduct import Lie, Spells, within
from han_gateway.simulation.supply import Second


class Visit(NamedTuple):
    """A car that is plugged in from ``start`` up to ``end``; ``wants_as`` is its fill, None for a bottomless one.

    It counts in ampere seconds on all lines that the car uses; on fewer of them it fills more slowly.
    """

    start: Second
    end: Second
    wants_as: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Car:
    """A charger as configured, and the truth about it and its car. Currents in mA per line, times in whole seconds.

    ``takes_ma`` is what the car can take and ``shy_ma`` by how much it stays below what it is offered. ``down_s``, ``up_s`` and
    ``wake_s`` are how long it takes to follow a cut, a raise and the end of a pause. After ``naps_after`` pauses it
    sleeps for an hour, whatever it is offered. ``report_s`` is None for a charger that never reports; ``offline`` are spells without a
    connection, ``deaf`` those in which it hears and does not obey, ``lies`` those in which it reports what is not true. ``failsafe_ma`` is
    None for a charger that keeps its last limit for ever. ``latency_ms`` is the way from the gateway to the charger. ``poles`` is on how
    many lines the car itself can charge, beginning with the charger's own L1.
    """

    charger: Charger
    visits: tuple[Visit, ...]
    takes_ma: MilliAmps = 16_000
    shy_ma: MilliAmps = 0
    down_s: int = 3
    up_s: int = 5
    wake_s: int = 15
    naps_after: int | None = None
    report_s: int | None = 10
    offline: Spells = ()
    failsafe_ma: MilliAmps | None = 6_000
    latency_ms: int = 200
    deaf: Spells = ()
    lies: tuple[Lie, ...] = ()
    poles: int = 3

    @property
    def loads(self) -> frozenset[Line]:
        """The lines on which it draws current while its charger connects all that it is wired to."""
        return self.loads_of(self.charger.lines)

    def loads_of(self, connected: frozenset[Line]) -> frozenset[Line]:
        """Of the lines that the charger connects, those that the car has a use for."""
        return frozenset([line for line in self.charger.order if line in connected][: self.poles])

    def hears(self, second: Second) -> bool:
        """Tell whether it is connected."""
        return not within(self.offline, second)

    def obeys(self, second: Second) -> bool:
        """Tell whether it does what it is told."""
        return not within(self.deaf, second) and self.hears(second)
