"""Which appliance a rise may have been: a table of what a house has that is large and comes at once. A guess for people to read.

Nothing is ever decided by it. This file must not know where a rise comes from, nor in which language it is told.
"""

from typing import NamedTuple

from han_gateway.core.power import Watts

MOST_NAMES = 2
"""A rise that fits more appliances than this fits the first of them as well as any."""


class Appliance(NamedTuple):
    """What takes so many watts at once when it is switched on, on one phase, two or three."""

    name: str
    phases: int
    least_w: Watts
    most_w: Watts

    def fits(self, watts: Watts, phases: frozenset[int]) -> bool:
        """Tell whether a rise of so many watts on one of these numbers of phases may be this."""
        return self.phases in phases and self.least_w <= watts <= self.most_w


APPLIANCES = (
    # Figures: the houses of the simulation (``simulation/town.py``, ``families.py``), and what NVE says that they take (Teknisk Ukeblad,
    # tu.no/artikler/515069, 2021: hob up to 7 kW, heat pump 2 to 3, boiler 2, heater 1 to 2). The other large heaters of a house (washing
    # machine, dishwasher, dryer) take what a kettle does.
    Appliance("kettle", 1, 1_750, 2_300),
    Appliance("water heater", 1, 1_900, 2_050),
    Appliance("water heater", 1, 2_900, 3_100),
    Appliance("oven", 1, 2_000, 2_800),
    Appliance("microwave", 1, 1_000, 1_500),
    Appliance("hob", 1, 1_200, 3_700),  # half of it: 16 A
    Appliance("hob", 2, 1_400, 7_400),
    Appliance("heater", 1, 1_000, 2_000),
    Appliance("heat pump", 3, 2_000, 5_000),
    Appliance(
        "sauna", 3, 4_800, 9_500
    ),  # Helo Saunatonttu 6 to Harvia's largest for a family; smaller ones have one phase or two
)
"""In the order in which they are named: what says most comes first, what takes anything last."""


def guess(watts: Watts, phases: frozenset[int]) -> tuple[str, ...]:
    """What a rise may have been: one name or two, or nothing that fits."""
    fitting = dict.fromkeys(each.name for each in APPLIANCES if each.fits(watts, phases))
    return tuple(fitting)[:MOST_NAMES]
