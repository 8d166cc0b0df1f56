"""What a line carries that no charger is known to draw: the house, and chargers that report nothing.

It tells two things of a charger that is silent: where too little for a car is left on its lines, it draws nothing; and where more is believed
to be drawn than a line carries, one of those beliefs is wrong, and corrected. Neither is known on three wires, where currents are no plain
sums, nor in a house that has sold power within a day: the sun may feed a car without a sign on the meter. This file must not know what limits
are made of it.
"""

from han_gateway.core.draw import spans
from han_gateway.core.load import Load
from han_gateway.core.seen.belief import NOBODY_KNOWS, believed_ma
from han_gateway.core.seen.evidence import WORTH_ASKING_MA
from han_gateway.core.site import Site
from han_gateway.core.state import ChargerView, State
from han_gateway.core.times import SETTLED_MS
from han_gateway.core.units import LINES, Instant, Line, MilliAmps, PerLine

BARE_MA: MilliAmps = 4_000
"""Where less than this is left for it on each of its lines, one that reports nothing draws nothing: cars take 5 A or more."""
SUN_MS = 86_400_000
"""So long after it sold power a house may have a sun that does not show."""


def sunny(state: State, at: Instant) -> bool:
    """Tell whether the house has sold power within a day: the sun may feed it now without a sign on the meter."""
    return state.exported_at is not None and at - state.exported_at < SUN_MS


def remainder(site: Site, state: State, load: Load, at: Instant) -> PerLine[MilliAmps | None]:
    """What is left of each line's current when the least that each charger draws is taken off, in mA; below 0 where that is more than there is.

    None where nobody can tell.
    """
    if site.grid.three_wire or sunny(state, at):
        return NOBODY_KNOWS

    left = list(load.current_ma)
    for view in state.chargers:
        for line, drawn in spans(view, at, site.policy.report_fresh_ms).items():
            current = left[line.index]
            left[line.index] = None if current is None else current - drawn.low
    return PerLine(*left)


def corrected(
    views: tuple[ChargerView, ...], left_ma: PerLine[MilliAmps | None], at: Instant
) -> tuple[tuple[ChargerView, ...], PerLine[MilliAmps | None]]:
    """Take from beliefs what is not there: no car draws more than its lines carry beside the others (``left_ma`` below nothing).

    A car that takes less and less while its limit stands never falls by much between two lists.
    """
    found = []
    elsewhere = PerLine(*(sum(believed_ma(view) for view in views if line in _unseen(view)) for line in LINES))
    for view in views:
        stands = view.belief.probe is None and at - view.commands[-1].at >= SETTLED_MS
        short = max((left_ma[line.index] or 0) + elsewhere[line.index] for line in view.lines)
        if view.report is None and stands and believed_ma(view) and short < -WORTH_ASKING_MA:
            drawn = max(0, view.belief.drawn_ma + short)
            belief = view.belief._replace(drawn_ma=drawn) if drawn >= BARE_MA else view.belief.forgotten().doubted()
            taken = view.belief.drawn_ma - believed_ma(view._replace(belief=belief))
            left_ma = PerLine(
                *(
                    None if left is None else left + taken * (line in view.lines)
                    for line, left in zip(LINES, left_ma, strict=True)
                )
            )
            found.append(view._replace(belief=belief))
        else:
            found.append(view)
    return tuple(found), left_ma


def _unseen(view: ChargerView) -> frozenset[Line]:
    """The lines of a silent charger on which none of its changes has shown: what is not there on them it may be that draws on others."""
    return frozenset() if view.report is not None or view.belief.lines is None else view.lines - view.belief.lines
