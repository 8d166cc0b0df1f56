"""The appliances of a family, as a table, and the nets they can be plugged into.

One table serves every net: each load names the conductors it uses on four wires, on three, and where there is but one phase.
This file must not know how currents follow from loads.
"""

from typing import NamedTuple

from han_gateway.core.site import Grid
from han_gateway.core.units import LINES, Line
from han_gateway.simulation.house import Appliance, House, Spell

MINUTE = 60_000
L1, L2, L3 = LINES
ALWAYS = (-60.0, 24 * 60.0)


class Load(NamedTuple):
    """A row: name, where it is plugged in on four wires and on three, power, hours (minutes), and its manners."""

    name: str
    on_four: frozenset[Line]
    on_three: frozenset[Line]
    watts: int
    spells: tuple[tuple[float, float], ...]
    cycle_s: tuple[int, int] = (0, 0)
    var_per_watt: float = 0.0
    waver: float = 0.0


FAMILY = (
    Load("lights", frozenset({L1}), frozenset({L1, L2}), 290, (ALWAYS,), var_per_watt=-0.3, waver=0.1),
    Load("fridge and screens", frozenset({L2}), frozenset({L2, L3}), 340, (ALWAYS,), var_per_watt=-0.25, waver=0.3),
    Load("floor heating", frozenset({L3}), frozenset({L1, L3}), 600, (ALWAYS,), (420, 300)),
    Load("heat pump", frozenset(LINES), frozenset(LINES), 2_300, (ALWAYS,), (840, 300), 0.3, 0.05),
    Load("oven, heating up", frozenset({L1}), frozenset({L1, L2}), 2_400, ((3.0, 9.0),)),
    Load("oven, holding", frozenset({L1}), frozenset({L1, L2}), 2_400, ((9.0, 31.0),), (35, 55)),
    Load("kettle", frozenset({L2}), frozenset({L2, L3}), 2_000, ((5.5, 8.2), (26.0, 28.7))),
    Load("microwave", frozenset({L2}), frozenset({L2, L3}), 1_200, ((9.0, 9.8),)),
    Load("hob", frozenset({L2, L3}), frozenset({L2, L3}), 1_800, ((12.0, 25.0),), (12, 9)),
    Load("water heater", frozenset({L3}), frozenset({L1, L3}), 1_950, ((16.0, 36.0),)),
)
"""An evening meal: the oven heats up and cycles, the kettle boils twice, the hob pulses, the water heater comes on after."""


def family(grid: Grid, seed: int, *, phases: int = 3, early_min: float = 0.0) -> House:
    """Give the house of this family on that net, and have it eat earlier by so many minutes."""
    return House(grid=grid, appliances=tuple(_plugged(load, grid, phases, early_min) for load in FAMILY), seed=seed)


def _plugged(load: Load, grid: Grid, phases: int, early_min: float) -> Appliance:
    """One row on this net; with a single phase, everything is on it."""
    lines = load.on_three if grid.three_wire else load.on_four
    on_ms, off_ms = (second * 1000 for second in load.cycle_s)
    return Appliance(
        name=load.name,
        lines=lines if phases == len(LINES) else frozenset({L1}),
        watts=load.watts if phases == len(LINES) else load.watts * 2 // 3,
        spells=tuple(Spell(_ms(start - early_min), _ms(end - early_min), on_ms, off_ms) for start, end in load.spells),
        var_per_watt=load.var_per_watt,
        waver=load.waver,
    )


def _ms(minutes: float) -> int:
    return round(minutes * MINUTE)
