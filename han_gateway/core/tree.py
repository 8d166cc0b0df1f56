"""The tree of fuses as allocation reads it: every limit of the house has a number, and each charger a list of those that it loads.

A *limit* is one line of one fuse, or the power of the whole site. An ampere of a charger costs each line that it loads one ampere, and
the site as many amperes at one nominal voltage as the charger loads voltages: with a neutral 1 for each line; with three wires 1
between two lines and the square root of 3 on all three. So power is linear, and all limits are of one kind.

With three wires the currents of two chargers on one line are up to 60 degrees apart, and together up to 13.4 % less than their sum, for
which they are taken here. That is on purpose. The house is what the meter measured less what the chargers draw, so what a raise adds must
hold at any angle to the house, and only the sum does: |house + cars + more| <= |house + cars| + sum of more. By phasors, 10 A of house and
6 A of car on the next pair leave room for 7.5 A more under a 20 A fuse, and it may carry 21.1 A. Under a fuse that carries nothing but
chargers they would hold if all cars had one power factor: at 0.95, one leading and one lagging, 2.1 % of the 13.4 % remain, and a charger
on three lines may have a car that uses two of them.

This file must not know what is asked for, nor what is free: it holds only what never changes while the program runs.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from han_gateway.core.site import Charger, Circuit, Site
from han_gateway.core.units import LINES, Line, MilliAmps

POWER_SCALE = 1000
"""The power is counted in thousandths of a mA at one nominal voltage, so that the square root of 3 is an integer."""

_COSTS_WITH_NEUTRAL = (0, 1000, 2000, 3000)
_COSTS_WITH_THREE_WIRES = (0, 1000, 1000, 1733)
"""What an ampere on so many lines costs the site; 1.733 is the square root of 3, rounded up."""


class Limit(NamedTuple):
    """One line of one fuse; None instead of a line is the power of all that is below it."""

    circuit: str
    line: Line | None


class Load(NamedTuple):
    """What one ampere of a charger costs one limit: the limit's number, and how many of its units a mA takes."""

    limit: int
    cost: int


class Tree(NamedTuple):
    """Limits by number: the three lines of the main fuse, those of each fuse below it, and the power at the end.

    ``budgets`` are the fuses less their margins, one for each limit but the power. ``first`` is the number of the first line of each
    circuit. ``wired`` is what each charger loads with all its lines, the nearest fuse first. ``costs`` are those of the power.
    """

    limits: tuple[Limit, ...]
    budgets: tuple[MilliAmps, ...]
    first: dict[str, int]
    wired: dict[str, tuple[Load, ...]]
    costs: tuple[int, ...]

    def loads(self, charger: Charger, lines: frozenset[Line] | None, *, power: bool) -> tuple[Load, ...]:
        """What a charger loads that uses these of its lines (None: all), with or without the power of the site."""
        loads = self.wired[charger.name]
        used = charger.lines if lines is None else charger.lines & lines
        if used != charger.lines:
            loads = tuple(load for load in loads if self.limits[load.limit].line in used)
        return (*loads, Load(len(self.budgets), self.costs[len(used)])) if power else loads


def tree_of(site: Site) -> Tree:
    """The tree of a site. It is worked out once."""
    return _tree(site.root, site.grid.three_wire)


@lru_cache(maxsize=8)
def _tree(root: Circuit, three_wire: bool) -> Tree:
    circuits = tuple(_circuits(root))
    first = {circuit.name: 3 * place for place, circuit in enumerate(circuits)}
    return Tree(
        limits=(*(Limit(circuit.name, line) for circuit in circuits for line in LINES), Limit(root.name, None)),
        budgets=tuple(circuit.fuse_ma - circuit.margin_ma for circuit in circuits for _ in LINES),
        first=first,
        wired=dict(_wired(root, (), first)),
        costs=_COSTS_WITH_THREE_WIRES if three_wire else _COSTS_WITH_NEUTRAL,
    )


def _circuits(circuit: Circuit) -> Iterator[Circuit]:
    """A fuse, and all fuses below it."""
    yield circuit
    for part in circuit.parts:
        if isinstance(part, Circuit):
            yield from _circuits(part)


def _wired(circuit: Circuit, above: tuple[int, ...], first: dict[str, int]) -> Iterator[tuple[str, tuple[Load, ...]]]:
    path = (first[circuit.name], *above)
    for part in circuit.parts:
        if isinstance(part, Circuit):
            yield from _wired(part, path, first)
        else:
            yield part.name, tuple(Load(fuse + line.index, 1) for fuse in path for line in LINES if line in part.lines)
