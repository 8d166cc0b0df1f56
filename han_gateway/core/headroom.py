"""How much of each line of the main fuse the chargers may have, given one measured load.

The meter measures house and chargers together, so the chargers' share has to be taken out first. What they draw is known only within a span
(``draw``):

* Cuts credit the high end (``house = load - high``): the prediction, house plus limits, then already contains what decreases in
  flight will bring, and the same excess is never cut twice. For a settled charger without reports the prediction is the measured load
  itself, so a real overload is always cut, in full. With a report of less than the limit the difference is *reserved*: the car may
  take up its offer at any second (of several that have not for long only some, see ``diversity``).
* Raises credit the low end (``house = load - low``): nothing is given away that might already be in use. A charger that never reports is
  therefore raised with reserve (its own draw counts as house) until it has been seen to follow.
* What a charger may obey without our having told it (``echo``) is reserved as far as it goes beyond its limits, and is not drawn yet.

The cap on power is measured in the same way, from what the house buys: imports less exports, so the sun makes room. It is credited as far
as it is proved: where nobody knows what a charger draws, a house that buys little may be one with the sun behind it or without a car.

This file must not know how the room is shared out, nor where the readings came from.
"""

from collections.abc import Iterable
from typing import NamedTuple

from han_gateway.core.allocation import Room
from han_gateway.core.diversity import spans_of_all
from han_gateway.core.draw import Span, claimed_ma, claims_ma, spans
from han_gateway.core.load import Load
from han_gateway.core.power import NOMINAL_MV, Watts, as_ma, power_ma
from han_gateway.core.site import Site
from han_gateway.core.state import Caps, ChargerView, Sample
from han_gateway.core.tree import tree_of
from han_gateway.core.units import LINES, Instant, MilliAmps, PerLine

_NO_CAPS = Caps()


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
    drawn_on = spans_of_all(chargers, at, fresh_ms, budget)
    claims = claims_ma(chargers, at, fresh_ms)
    cuts, raises = [], []
    for line, drawn, current, claimed in zip(LINES, drawn_on, load.current_ma, claims, strict=True):
        if line in load.absent:
            cuts.append(0)
            raises.append(0)
        elif current is None:
            cuts.append(budget - claimed)
            raises.append(0)
        else:
            cuts.append(budget - claimed - max(0, current - drawn.high))
            raises.append(budget - claimed - max(0, current - drawn.low))
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


def granted_ma(chargers: tuple[ChargerView, ...]) -> PerLine[MilliAmps]:
    """The limits of all chargers together, on each line."""
    limits = [(view.lines, view.grant.limit_ma) for view in chargers]
    return PerLine(*(sum(limit for lines, limit in limits if line in lines) for line in LINES))


def granted_power(site: Site, chargers: Iterable[ChargerView]) -> int:
    """What the limits of all chargers together cost of the power, in mA at one voltage times ``POWER_SCALE``."""
    costs = tree_of(site).costs
    return sum(view.grant.limit_ma * costs[len(view.lines)] for view in chargers)


def slide(window: tuple[Sample, ...], sample: Sample, length_ms: int) -> tuple[Sample, ...]:
    """Add a sample and drop what is older than the window, but for the one that proves that the window is full."""
    window = (*window, sample)
    border = sample.at - length_ms
    while len(window) > 1 and window[1].at <= border:
        window = window[1:]
    return window


def least_for_cuts(window: tuple[Sample, ...]) -> PerLine[MilliAmps]:
    """What no sample of the window would have cut, line by line."""
    return _lowest(sample.for_cuts for sample in window)


def least(window: tuple[Sample, ...]) -> Room:
    """What *each* sample of the window allows: the least of them, line by line, and of the powers."""
    main = _lowest(sample.room.main for sample in window)
    powers = (sample.room.power_ma for sample in window)
    return Room(main, min((power for power in powers if power is not None), default=None))


def _lowest(rooms: Iterable[PerLine[MilliAmps]]) -> PerLine[MilliAmps]:
    return PerLine(*(min(values) for values in zip(*rooms, strict=True)))


def _power_of_all(site: Site, chargers: tuple[ChargerView, ...], at: Instant) -> Span:
    """All chargers together, in mA at one voltage."""
    low = high = 0
    for view in chargers:
        own = spans(view, at, site.policy.report_fresh_ms)
        drawn = [own.get(line, Span(0, 0)) for line in LINES]
        low += power_ma(site.grid, PerLine(*(each.low for each in drawn)))
        high += power_ma(site.grid, PerLine(*(each.high for each in drawn)))
    return Span(low, high)


def power_claims_ma(site: Site, chargers: tuple[ChargerView, ...], at: Instant) -> MilliAmps:
    """What all chargers together may take beyond their limits, in mA at one voltage."""
    fresh_ms = site.policy.report_fresh_ms
    return sum(
        power_ma(site.grid, PerLine(*(claimed_ma(view, line, at, fresh_ms) for line in LINES)))
        for view in chargers
        if view.echo.claimed_ma
    )
