"""What flows into a house second by second: one table of line currents, made once and then only looked up.

Currents are phasors (A), each turned so that its own line's voltage lies along the real axis: the magnitude is what an ammeter
shows, the real part is active current, negative while the line exports. That works on four wires and on three alike, and what several
loads add to a line is the plain sum. This file must not know what the loads are, nor who measures or limits them.
"""

import cmath
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import NamedTuple

from han_gateway.core.site import Grid
from han_gateway.core.units import LINES, PerLine
from han_gateway.simulation.house import VOLTS, Draw, flow

Second = int
"""Whole seconds since the simulation began: the grain of the physical world here."""

_TURN = tuple(cmath.rect(1, 2 * math.pi * line.index / 3) for line in LINES)


class Pulse(NamedTuple):
    """A load that flows from ``start`` up to ``end``."""

    start: Second
    end: Second
    amps: PerLine[complex]


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """The three line currents of every second."""

    grid: Grid
    amps: PerLine[Sequence[complex]]

    @property
    def seconds(self) -> int:
        """How long the table is."""
        return len(self.amps[0])

    def magnitudes(self) -> PerLine[list[float]]:
        """What ammeters would show (A)."""
        return PerLine(*(list(map(abs, line)) for line in self.amps))

    def plus(self, more: "Supply") -> "Supply":
        """Both together."""
        sums = (list(map(complex.__add__, ours, theirs)) for ours, theirs in zip(self.amps, more.amps, strict=True))
        return Supply(grid=self.grid, amps=PerLine(*sums))


def node_volts(grid: Grid) -> float:
    """Nominal voltage between a line and the middle of the system, by which active current is worth power."""
    return VOLTS / math.sqrt(3) if grid.three_wire else VOLTS


def phasors(grid: Grid, draw: Draw) -> PerLine[complex]:
    """The line currents of one load at nominal voltage. Raises ValueError where the net has no conductor for it."""
    return PerLine(*(amps * turn for amps, turn in zip(flow(grid, VOLTS, (draw,)).amps, _TURN, strict=True)))


def add_up(grid: Grid, seconds: int, pulses: Iterable[Pulse]) -> Supply:
    """Put loads into a table: each changes the current when it comes and when it goes, and the table is the running sum."""
    changes = PerLine(*([0j] * (seconds + 1) for _ in LINES))
    for start, end, amps in pulses:
        first, last = max(start, 0), min(end, seconds)
        if first < last:
            for line, current in zip(changes, amps, strict=True):
                line[first] += current
                line[last] -= current
    return Supply(grid=grid, amps=PerLine(*(list(accumulate(line[:-1])) for line in changes)))


def hold(grid: Grid, samples: Sequence[tuple[Second, PerLine[float]]], end: Second) -> Supply:
    """A table from measurements: each holds until the next. Nothing is known of their angles, so all count as active current."""
    marks = [*samples, (end, PerLine(0.0, 0.0, 0.0))]
    pulses = (Pulse(at, then, PerLine(*map(complex, amps))) for (at, amps), (then, _) in pairwise(marks))
    return add_up(grid, end, pulses)
