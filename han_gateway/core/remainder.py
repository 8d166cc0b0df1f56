"""What a line carries that no charger is known to draw: the house, and chargers that report nothing.

It tells two things of a charger that is silent: where too little for a car is left on its lines, it draws nothing; and where more is believed
to be drawn than a line carries, one of those beliefs is wrong. Neither is known on three wires, where currents are no plain sums, nor in a
house that has sold power within a day: the sun may feed a car without a sign on the meter. This file must not know what is made of it.
"""

from han_gateway.core.belief import NOBODY_KNOWS
from han_gateway.core.draw import spans
from han_gateway.core.load import Load
from han_gateway.core.site import Site
from han_gateway.core.state import ChargerView
from han_gateway.core.units import Instant, MilliAmps, PerLine

SUN_MS = 86_400_000
"""So long after it sold power a house may have a sun that does not show."""


def remainder(
    site: Site, load: Load, chargers: tuple[ChargerView, ...], at: Instant, exported_at: Instant | None
) -> PerLine[MilliAmps | None]:
    """What is left of each line's current when the least that each charger draws is taken off, in mA; below 0 where that is more than there is.

    None where nobody can tell.
    """
    if site.grid.three_wire or (exported_at is not None and at - exported_at < SUN_MS):
        return NOBODY_KNOWS

    left = list(load.current_ma)
    for view in chargers:
        for line, drawn in spans(view, at, site.policy.report_fresh_ms).items():
            current = left[line.index]
            left[line.index] = None if current is None else current - drawn.low
    return PerLine(*left)
