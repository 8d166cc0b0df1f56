"""Which lines a car uses, as far as its charger's reports show it.

A charger offers one current for all its lines (IEC 61851-1: one pilot signal); how many of them carry it is a matter of the car's own
hardware, settled when the contactor closes. A car that charges on fewer lines therefore keeps to them: fresh reports of a charging car
that agree for half a minute free the other lines for others, and no longer bind this one to them, through pauses, too, while it stays.

If it takes up another line all the same (a charger that switches by itself, a car that balances its cells), its next report binds it
to all lines again, and the next list cuts at once what does not fit: an overload lasts as long as a report and a list take. So only a
charger that reports all of its lines, and keeps reporting, is believed to use fewer; a silence or a doubt ends that. After a pause it
begins at its minimum: so much at most is taken elsewhere until the next list. A charger that was told to use fewer lines and falls silent, or draws elsewhere, counts on all of them.

This file must not know limits, nor who chooses lines.
"""

from han_gateway.core.draw import reported, settled
from han_gateway.core.effects import Effect
from han_gateway.core.events import ChargerSaid, ChargerStatus
from han_gateway.core.people import notes
from han_gateway.core.site import Site
from han_gateway.core.state import ChargerView, Phasing
from han_gateway.core.times import SHOWN_MS
from han_gateway.core.units import Instant, Line, MilliAmps

FLOWS_MA: MilliAmps = 500
"""Less than this on a line is nothing: what a charger's own meter says of an open contactor."""
CHARGES_MA: MilliAmps = 3_000
"""At least this on a line is charging: cars take 5 A or more. What is between may become anything."""
SEEN_REPORTS = 3
"""Cars start their lines one after the other, and some need half a minute for it."""

NOBODY = Phasing()
"""What is known of a car that has not come yet."""
MOST_SWITCHES = 3
"""So often a charger may change its phases while a car stays."""
CHARGES = frozenset({None, ChargerStatus.CHARGING})
"""What a charger says when current flows, or may flow for all that it says."""


def observe(site: Site, view: ChargerView, report: ChargerSaid) -> tuple[ChargerView, tuple[Effect, ...]]:
    """Take a report as a sign of the lines that the car uses. ``view`` is as it was before the report."""
    if report.status is ChargerStatus.IDLE:
        return (view if view.phasing == NOBODY else view._replace(phasing=NOBODY)), ()
    flowing = frozenset(line for line in view.charger.lines if (report.current_ma[line.index] or 0) >= FLOWS_MA)
    if not flowing <= view.offered:
        if view.report is None:  # the lines are remembered from before a restart (``resume``), and hold no more
            return view._replace(mode=None, phasing=_unknown(view.phasing)), ()
        stubborn = Phasing(switches=MOST_SWITCHES, switched_at=report.at)
        return view._replace(mode=None, phasing=stubborn), (notes.keeps_phases(view.charger.name),)
    phasing = view.phasing
    seen = _fewer(site, view, report)
    if phasing.used is not None:
        kept = flowing <= phasing.used < view.offered
        return (view if kept else view._replace(phasing=_unknown(phasing))), ()
    if seen is None:
        return (view if phasing.seen is None else view._replace(phasing=_unknown(phasing))), ()
    return _agree(view, seen, report.at)


def _unknown(phasing: Phasing) -> Phasing:
    return phasing._replace(used=None, seen=None)


def _fewer(site: Site, view: ChargerView, report: ChargerSaid) -> frozenset[Line] | None:
    """The lines on which this report plainly shows a charge, if they are fewer than were offered; None in doubt."""
    drawn = {line: report.current_ma[line.index] for line in view.offered}
    using = frozenset(line for line, current in drawn.items() if current is not None and current >= CHARGES_MA)
    plain = all(current is not None and (line in using or current < FLOWS_MA) for line, current in drawn.items())
    charging = bool(view.grant.limit_ma) and report.status in CHARGES
    return using if plain and charging and site.grid.fewest <= len(using) < len(drawn) else None


def _agree(view: ChargerView, seen: frozenset[Line], at: Instant) -> tuple[ChargerView, tuple[Effect, ...]]:
    """One more report that shows fewer lines; enough of them in a row are believed."""
    if not settled(view, at):
        return view, ()  # a car that follows a new limit shows nothing
    phasing = view.phasing
    if phasing.seen != seen:
        return view._replace(phasing=phasing._replace(seen=seen, seen_since=at, reports=1)), ()
    phasing = phasing._replace(reports=phasing.reports + 1)
    if phasing.reports < SEEN_REPORTS or at - phasing.seen_since < SHOWN_MS:
        return view._replace(phasing=phasing), ()
    return view._replace(phasing=phasing._replace(used=seen, narrow_car=True)), (notes.uses(view.charger.name, seen),)


def renewed(site: Site, view: ChargerView, at: Instant) -> ChargerView:
    """Without fresh reports nobody knows which lines a car uses; without any, which ones a charger closes."""
    used, policy = view.phasing.used, site.policy
    if used is None:
        trusted = view.mode is None or heard(view, at, policy.lost_after_ms)
        return view if trusted else view._replace(phasing=view.phasing._replace(used=view.charger.lines))
    if not used < view.offered:
        return view  # until it is heard again
    return view if heard(view, at, policy.report_fresh_ms) else view._replace(phasing=_unknown(view.phasing))


def heard(view: ChargerView, at: Instant, fresh_ms: int) -> bool:
    """Tell whether it said lately what it draws on each of its lines."""
    return all(reported(view, line, at, fresh_ms) is not None for line in view.charger.lines)
