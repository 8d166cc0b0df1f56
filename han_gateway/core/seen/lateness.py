"""How late a charger and its reports are, as far as the answers of the meter show it.

A charger that was deaf for a while, a car that comes up slowly, an adapter that reads its registers seldom: what is reported meanwhile is not
all that it draws. This file must not know what is believed of a charger for it.
"""

from han_gateway.core.seen.answers import Probe
from han_gateway.core.seen.evidence import WORTH_ASKING_MA
from han_gateway.core.state import ChargerView
from han_gateway.core.units import Instant, MilliAmps

SAME_MOMENT_MS = 1_000
"""A report and a list that come within a second of each other tell of the same moment."""


def followed_at(view: ChargerView, probe: Probe) -> Instant | None:
    """When the charger itself has reported since that it follows (then the house hides it); None where it has not."""
    report = view.report
    if report is None or report.at <= probe.at:
        return None
    drawn = [report.current_ma[line.index] for line in view.lines]
    return report.at if all(current is not None and current <= probe.to_ma + WORTH_ASKING_MA for current in drawn) else None


def told_ms(view: ChargerView, probe: Probe, now_ma: MilliAmps, waited: int) -> int:
    """How long its reports tell what was before a change: as long as the last one did when it shows, no longer once one tells it sooner.

    The report that comes with the list of a raise is right: it is the house that rose. And a car that wakes up takes longer than any raise.
    """
    up, known = probe.to_ma > probe.from_ma, view.belief.told_ms
    age = 0 if view.report is None else view.report.at - probe.at
    if view.report is None or age <= 0 or not probe.from_ma:
        return known
    least = min(view.report.current_ma[line.index] or 0 for line in view.lines)
    if least >= now_ma - WORTH_ASKING_MA if up else followed_at(view, probe) is not None:
        return min(known, age)
    older = not up or age + SAME_MOMENT_MS < waited
    return max(known, age) if older and age >= view.response_ms else known


def quicker(view: ChargerView, waited: int) -> int | None:
    """How slow it is in our eyes when a cut has been followed within so long: a deaf spell is not remembered for ever."""
    slowest = min(view.response_ms, max(waited, view.charger.response_ms))
    return None if slowest == view.charger.response_ms else slowest
