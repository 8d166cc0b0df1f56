"""A house in software: what its appliances draw, and what that makes of the three line currents.

Loads are complex powers and currents are phasors, so an IT net behaves as one: the line currents of loads between lines sum to
zero, and two loads that share a line add up to less than the sum of their currents. Everything is a pure function of virtual time.
This file must not know about meters, chargers, clocks or bytes.
"""

import cmath
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple
from zlib import crc32

from han_gateway.core.site import Grid
from han_gateway.core.units import LINES, Instant, Line, MilliAmps, PerLine

VOLTS = 230.0
"""Nominal voltage of a 1-phase load: line to neutral in a TN net, line to line in an IT or TT net."""

FLUTTER_MS = 2_000
"""How long a wavering load keeps one value."""


class Draw(NamedTuple):
    """One load at one moment: between which conductors it sits, and the power it takes.

    One line means line to neutral (TN only), two mean line to line, three a balanced 3-phase load. Inductive ``var`` are positive.
    """

    lines: frozenset[Line]
    watts: float
    var: float = 0.0


class Flow(NamedTuple):
    """The currents in the supply as phasors (A, into the house), and the power they carry."""

    amps: PerLine[complex]
    watts: float
    var: float

    @property
    def current_ma(self) -> PerLine[MilliAmps]:
        """How much current each line carries: magnitudes, as an ammeter shows them."""
        return PerLine(*(round(abs(amps) * 1000) for amps in self.amps))


class Spell(NamedTuple):
    """A time in which an appliance is in use; with ``on_ms`` it cycles, on first, as a thermostat does."""

    start: Instant
    end: Instant
    on_ms: int = 0
    off_ms: int = 0

    def heats(self, at: Instant) -> bool:
        """Tell whether the appliance draws its power at this instant."""
        if not self.start <= at < self.end:
            return False
        return not self.on_ms or (at - self.start) % (self.on_ms + self.off_ms) < self.on_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Appliance:
    """A load with its hours. ``waver`` is the share of its power by which it comes and goes at random (0 to 1)."""

    name: str
    lines: frozenset[Line]
    watts: int
    spells: tuple[Spell, ...]
    var_per_watt: float = 0.0
    waver: float = 0.0

    def draw(self, at: Instant, seed: int) -> Draw | None:
        """Give what it draws at this instant, or None while it is off."""
        if not any(spell.heats(at) for spell in self.spells):
            return None
        watts = self.watts * (1 + self.waver * (2 * chance(f"{seed} {self.name} {at // FLUTTER_MS}") - 1))
        return Draw(self.lines, watts, watts * self.var_per_watt)


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A supply and the appliances on it. The seed decides nothing but how loads and voltage waver."""

    grid: Grid
    appliances: tuple[Appliance, ...]
    seed: int = 0

    def volts(self, at: Instant) -> float:
        """Supply voltage, which drifts slowly by a few volts."""
        phase = chance(f"{self.seed} volts")
        return VOLTS + 2.5 * math.sin(2 * math.pi * (at / 900_000 + phase)) + math.sin(2 * math.pi * at / 137_000)

    def draws(self, at: Instant) -> tuple[Draw, ...]:
        """Every appliance that draws power at this instant."""
        return tuple(draw for appliance in self.appliances if (draw := appliance.draw(at, self.seed)))

    def flow(self, at: Instant, more: Iterable[Draw] = ()) -> Flow:
        """What the supply carries at this instant, with ``more`` (cars) beside the appliances."""
        return flow(self.grid, self.volts(at), (*self.draws(at), *more))


def flow(grid: Grid, volts: float, draws: Iterable[Draw]) -> Flow:
    """Turn loads into line currents.

    Raises ValueError for a load that the net has no conductor for: line to neutral where there is no neutral.
    """
    nodes = line_voltages(grid, volts)
    amps = [0j, 0j, 0j]
    watts = var = 0.0
    for draw in draws:
        watts, var = watts + draw.watts, var + draw.var
        for index, current in _currents(grid, nodes, draw):
            amps[index] += current
    return Flow(PerLine(*amps), watts, var)


def line_voltages(grid: Grid, volts: float) -> PerLine[complex]:
    """Voltages of L1, L2, L3 against the middle of the system, 120 degrees apart; ``volts`` is what a 1-phase load sees."""
    size = volts / math.sqrt(3) if grid.three_wire else volts
    return PerLine(*(cmath.rect(size, -2 * math.pi * index / 3) for index in range(3)))


def car(grid: Grid, volts: float, lines: frozenset[Line], current_ma: MilliAmps) -> Draw:
    """Give the load of a car that draws this current in each of its lines: a car holds its current, not its power."""
    line_to_line = volts if grid.three_wire else volts * math.sqrt(3)
    watts_per_amp = {1: volts, 2: line_to_line, 3: math.sqrt(3) * line_to_line}[len(lines)]
    return Draw(lines, current_ma / 1000 * watts_per_amp)


def chance(words: str) -> float:
    """Give a number from 0 up to 1 that looks random and is always the same for the same words."""
    return crc32(words.encode() * 2) / 2**32


def _currents(grid: Grid, nodes: PerLine[complex], draw: Draw) -> list[tuple[int, complex]]:
    """Currents of one load by line index: the conjugate of power over voltage."""
    power = complex(draw.watts, draw.var)
    where = sorted(line.index for line in draw.lines)
    if len(where) == 1:
        if grid.three_wire:
            raise ValueError(f"a load on {LINES[where[0]].value} alone needs a neutral, which an {grid.value} net does not have")
        return [(where[0], (power / nodes[where[0]]).conjugate())]
    if len(where) == 2:
        first, second = where
        current = (power / (nodes[first] - nodes[second])).conjugate()
        return [(first, current), (second, -current)]
    return [(index, (power / 3 / nodes[index]).conjugate()) for index in where]
