"""How much of each line of the main fuse the chargers may have, given one measured load.

The meter measures house and chargers together, so the chargers' share has to be taken out first. What a charger draws at an
instant is known only within a span:

* It obeys some command that was in force during the last ``response_ms``. After a decrease it may still draw the old limit, after
  an increase it may still draw only the old one.
* A fresh report narrows the span. Current above the limit is never credited to the charger: it counts as house, so that a charger
  which ignores its limit is paid for by nobody's fuse.
* What it may obey without our having told it (``echo``) is reserved as far as it goes beyond that, and is not drawn yet.
* Without a report it may draw nothing at all (no car, a full car) or everything it was offered; the meter itself tells in time
  whether it follows (``belief``).

Cuts credit the high end (``house = load - high``): the prediction, house plus limits, then already contains what decreases in
flight will bring, and the same excess is never cut twice. For a settled charger without reports the prediction is the measured load
itself, so a real overload is always cut, in full. With a report of less than the limit the difference is *reserved*: the car may
take up its offer at any second (of several that have not for long only some, see ``diversity``). Raises credit the low end (``house = load - low``): nothing is given away that might already be in
use. A charger that never reports is therefore raised with reserve (its own draw counts as house) until it has been seen to follow.

The cap on power is measured in the same way, from what the house buys: imports less exports, so the sun makes room. It is credited as far
as it is proved: where nobody knows what a charger draws, a house that buys little may be one with the sun behind it or without a car.

This file must not know how the room is shared out, nor where the readings came from.
"""

from typing import NamedTuple

from han_gateway.core.allocation import Room
from han_gateway.core.belief import believed_ma
from han_gateway.core.diversity import idle_ma, lent_ma
from han_gateway.core.events import ChargerStatus
from han_gateway.core.load import Load
from han_gateway.core.power import NOMINAL_MV, Watts, as_ma, power_ma
from han_gateway.core.site import Site
from han_gateway.core.state import Caps, ChargerView, Command, Sample
from han_gateway.core.times import SETTLED_MS, SHOWN_MS
from han_gateway.core.units import LINES, Instant, Line, MilliAmps, PerLine

NOT_DRAWING = frozenset({ChargerStatus.IDLE, ChargerStatus.CONNECTED, ChargerStatus.FULL})
"""What a charger says when no current flows, even if it has no meter of its own to prove it."""


_NO_CAPS = Caps()


class Span(NamedTuple):
    """The least and the most a charger may be drawing on a line, in mA."""

    low: MilliAmps
    high: MilliAmps


class Headroom(NamedTuple):
    """What all chargers together may have (may be negative), for cuts and for raises."""

    for_cuts: Room
    for_raises: Room


class Power(NamedTuple):
    """What the house buys (less what it sells), and the voltage by which that is a current."""

    net_w: Watts
    volts_mv: int = NOMINAL_MV


def budget_ma(site: Site, caps: Caps) -> MilliAmps:
    """What may flow on each line of the main fuse: the fuse less its margin, or the phase cap."""
    budget = site.root.fuse_ma - site.root.margin_ma
    return budget if caps.line_ma is None else min(budget, caps.line_ma)


def measure(
    site: Site, load: Load, chargers: tuple[ChargerView, ...], at: Instant, caps: Caps = _NO_CAPS, power: Power | None = None
) -> Headroom:
    """Take the chargers out of the load: fuse (or phase cap) minus house, per line, and power cap minus house.

    A line that does not exist has no room. A line whose current is unknown has no room for raises and says nothing about cuts.
    """
    lines = measure_lines(budget_ma(site, caps), load, chargers, at, site.policy.report_fresh_ms)
    power_cuts, power_raises = measure_power(site, power, chargers, at, caps)
    return Headroom(lines.for_cuts._replace(power_ma=power_cuts), lines.for_raises._replace(power_ma=power_raises))


def measure_lines(budget: MilliAmps, load: Load, chargers: tuple[ChargerView, ...], at: Instant, fresh_ms: int) -> Headroom:
    """The same for the lines of any fuse, of which so much may be used."""
    spans = _spans_of_all(chargers, at, fresh_ms, budget)
    claims = claims_ma(chargers, at, fresh_ms)
    cuts, raises = [], []
    for line, span, current, claimed in zip(LINES, spans, load.current_ma, claims, strict=True):
        if line in load.absent:
            cuts.append(0)
            raises.append(0)
        elif current is None:
            cuts.append(budget - claimed)
            raises.append(0)
        else:
            cuts.append(budget - claimed - max(0, current - span.high))
            raises.append(budget - claimed - max(0, current - span.low))
    return Headroom(Room(PerLine(*cuts)), Room(PerLine(*raises)))


def measure_power(
    site: Site, power: Power | None, chargers: tuple[ChargerView, ...], at: Instant, caps: Caps
) -> tuple[MilliAmps | None, MilliAmps | None]:
    """What the power cap leaves for the chargers, for cuts and for raises, in mA at one voltage; None is no bound.

    A power that is unknown leaves nothing for raises and says nothing about cuts.
    """
    if caps.power_w is None:
        return None, None
    if power is None:
        return None, 0
    cap, net = as_ma(caps.power_w, power.volts_mv), as_ma(power.net_w, power.volts_mv)
    low, high = _power_of_all(site, chargers, at)
    claimed = power_claims_ma(site, chargers, at)
    for_cuts = max(net - high, min(0, net - low))
    for_raises = net - low if low == high else max(0, net - low)
    return cap - claimed - for_cuts, cap - claimed - for_raises


def slide(window: tuple[Sample, ...], sample: Sample, length_ms: int) -> tuple[Sample, ...]:
    """Add a sample and drop what is older than the window, but for the one that proves that the window is full."""
    window = (*window, sample)
    border = sample.at - length_ms
    while len(window) > 1 and window[1].at <= border:
        window = window[1:]
    return window


def least(window: tuple[Sample, ...]) -> Room:
    """What *each* sample of the window allows: the least of them, line by line, and of the powers."""
    main = PerLine(*(min(values) for values in zip(*(sample.room.main for sample in window), strict=True)))
    powers = (sample.room.power_ma for sample in window)
    return Room(main, min((power for power in powers if power is not None), default=None))


def settled(view: ChargerView, at: Instant) -> bool:
    """True once the last change of the limit has had time to act."""
    return at - view.commands[-1].at >= view.response_ms


def in_force(view: ChargerView, at: Instant, within_ms: int | None = None) -> tuple[Command, ...]:
    """The commands that the charger may be obeying at this instant, oldest first: all of its last ``response_ms``, or of so long."""
    since = at - (view.response_ms if within_ms is None else within_ms)
    first = 0
    for place, command in enumerate(view.commands):
        if command.at <= since:
            first = place
    return view.commands[first:]


def reported(view: ChargerView, line: Line, at: Instant, fresh_ms: int) -> MilliAmps | None:
    """What the charger itself says it draws on this line, or None when it did not say, or too long ago.

    Many chargers report every 30 s, so a report counts for a little longer (``report_fresh_ms``). That is longer than the raise window: a
    car that has stopped since its last report may lend its amperes to a raise, and the next list after it resumes takes them back.
    """
    report = view.report
    if report is None or at - report.at >= fresh_ms:
        return None
    current = report.current_ma[line.index]
    if current is None and report.status in NOT_DRAWING:
        return 0
    return current


def claims_ma(chargers: tuple[ChargerView, ...], at: Instant, fresh_ms: int) -> PerLine[MilliAmps]:
    """What all chargers together may take on each line beyond their limits, and are not seen to take yet."""
    claimers = [view for view in chargers if view.echo.claimed_ma]
    return PerLine(*(sum(claimed_ma(view, line, at, fresh_ms) for view in claimers) for line in LINES))


def claimed_ma(view: ChargerView, line: Line, at: Instant, fresh_ms: int) -> MilliAmps:
    """What it may take on this line beyond its limits in force, and is not seen to take yet: the meter shows what it takes."""
    if line not in view.lines or not view.echo.claimed_ma:
        return 0
    return max(0, view.echo.claimed_ma - max(_range(view, at)[1], reported(view, line, at, fresh_ms) or 0))


def beyond_ma(view: ChargerView, line: Line, at: Instant, fresh_ms: int) -> MilliAmps:
    """What it says that it draws on this line, or claims, beyond its limit."""
    if line not in view.lines:
        return 0
    return max(0, view.echo.claimed_ma - view.grant.limit_ma, (reported(view, line, at, fresh_ms) or 0) - view.grant.limit_ma)


def span(view: ChargerView, line: Line, at: Instant, fresh_ms: int) -> Span:
    """The least and the most that this charger may be drawing on this line of its own."""
    return _span(view, at, reported(view, line, at, fresh_ms), *_range(view, at))


def _least_ma(view: ChargerView, at: Instant) -> MilliAmps:
    """The least that a charger draws that does not say so: what was seen, and no more than its limits of late: it may not be back up yet."""
    return min(believed_ma(view), *(command.limit_ma for command in in_force(view, at, max(view.response_ms, SHOWN_MS))))


def _span(view: ChargerView, at: Instant, drawn: MilliAmps | None, lowest: MilliAmps, highest: MilliAmps) -> Span:
    """The same, given what was reported and the range of the limits in force."""
    if drawn is None or view.report is None:
        believed = believed_ma(view)
        changing = lowest != highest
        return Span(_least_ma(view, at), highest if changing or not believed else min(believed, highest))
    # A report from before a raise could act says nothing about how much is drawn by now.
    outdated = view.report.at - view.raised_at < view.response_ms
    return Span(min(drawn, lowest), highest if outdated else min(drawn, highest))


def _range(view: ChargerView, at: Instant) -> tuple[MilliAmps, MilliAmps]:
    """The smallest and the largest limit in force."""
    limits = [command.limit_ma for command in in_force(view, at)]
    return min(limits), max(limits)


def _spans_of_all(chargers: tuple[ChargerView, ...], at: Instant, fresh_ms: int, budget: MilliAmps) -> PerLine[Span]:
    """All chargers together, on each line of which so much may be used."""
    found: PerLine[list[tuple[Span, MilliAmps]]] = PerLine([], [], [])
    for view in chargers:
        limits, idle = _range(view, at), idle_ma(view, in_force(view, at, SETTLED_MS), at)
        for line in view.lines:
            found[line.index].append((_span(view, at, reported(view, line, at, fresh_ms), *limits), idle))
    return PerLine(*(_together(line, budget) for line in found))


def _together(drawn: list[tuple[Span, MilliAmps]], budget: MilliAmps) -> Span:
    """The sum of spans, each with the offer that stands: what of it need not be kept free counts as if it were drawn."""
    low = sum(span.low for span, _ in drawn) + lent_ma((idle - span.low for span, idle in drawn), budget)
    high = sum(span.high for span, _ in drawn) + lent_ma((idle - span.high for span, idle in drawn), budget)
    return Span(low, high)


def _power_of_all(site: Site, chargers: tuple[ChargerView, ...], at: Instant) -> Span:
    """All chargers together, in mA at one voltage."""
    low = high = 0
    for view in chargers:
        spans = [span(view, line, at, site.policy.report_fresh_ms) if line in view.lines else Span(0, 0) for line in LINES]
        low += power_ma(site.grid, PerLine(*(each.low for each in spans)))
        high += power_ma(site.grid, PerLine(*(each.high for each in spans)))
    return Span(low, high)


def power_claims_ma(site: Site, chargers: tuple[ChargerView, ...], at: Instant) -> MilliAmps:
    """What all chargers together may take beyond their limits, in mA at one voltage."""
    fresh_ms = site.policy.report_fresh_ms
    return sum(
        power_ma(site.grid, PerLine(*(claimed_ma(view, line, at, fresh_ms) for line in LINES)))
        for view in chargers
        if view.echo.claimed_ma
    )
