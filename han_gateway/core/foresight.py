"""Between two lists with currents: what the total power alone foretells, and what to do about it before the currents are known.

Kaifa and Aidon send the power every 2 to 2.5 s, the currents every 10 s. A rise that the chargers cannot have made themselves is taken
for one load on the worst line that a charger loads. If that would put the line well above its fuse, the chargers are cut now, though
never to a pause; the next list with currents decides as if nothing had been done. So a guess can cost a few amperes for a few seconds,
and never lasts; who was wrong again and again wants a surer sign. This file must not know what a meter is called, nor remember anything.
"""

from collections.abc import Mapping
from math import isqrt

from han_gateway.core.allocation import Room, lowest_ma
from han_gateway.core.decision import Grants, cut
from han_gateway.core.draw import in_force, spans
from han_gateway.core.effects import Cause, Grant, Reason
from han_gateway.core.headroom import granted_ma
from han_gateway.core.load import Load
from han_gateway.core.power import Watts, mean_mv, net_w
from han_gateway.core.seen.evidence import changed, shown_on
from han_gateway.core.site import Site
from han_gateway.core.state import Baseline, ChargerView, State
from han_gateway.core.times import SHOWN_MS
from han_gateway.core.units import LINES, Instant, Line, MilliAmps, PerLine
from han_gateway.meters.reading import Reading

WRONG = 3
"""After each so many wrong guesses in a row a surer sign is wanted."""
SURE_PERCENT = 30
"""So much of the fuse above the room is acted upon however often guesses were wrong: the fastest breaker bears it for half a minute."""

FOLLOWED_PERCENT = 80
"""Where the power has fallen by so much of what a guess took from the chargers, all of them have followed; with less, one may be on its way."""
STILL_MA: MilliAmps = 500
"""A current that has fallen by less than half the smallest step of most chargers has not fallen."""
ON_ITS_WAY_MS = 3_000
"""A list is heard so long after it was measured, at most: at 2400 baud a long one of Aidon's is on its way for two seconds."""


def baseline(site: Site, reading: Reading, load: Load, room: PerLine[MilliAmps], state: State, at: Instant) -> Baseline | None:
    """Remember what the next powers are to be compared with; None where this list does not say enough."""
    watts, volts_mv = net_w(reading), mean_mv(reading)
    if watts is None or volts_mv is None:
        return None
    return Baseline(watts, volts_mv, _drawn_ma(site, state, load, at), load.current_ma, room)


def foresee(site: Site, state: State, reading: Reading, at: Instant) -> Grants:
    """Lower limits, as far as a minimum, on a power that foretells an overload; nothing where it does not."""
    base = state.baseline
    watts = net_w(reading)
    if base is None or watts is None:
        return {}
    most = sum(_watts(site, view, _most_ma(view, at), base.volts_mv) for view in state.chargers)
    least = sum(_watts(site, view, drawn, base.volts_mv) for view, drawn in zip(state.chargers, base.drawn_ma, strict=True))
    rise_w = watts - base.watts - max(0, most - least)
    sums = granted_ma(state.chargers)
    loaded = [line for line, limits in zip(LINES, sums, strict=True) if limits]
    if rise_w <= 0 or not loaded:
        return {}
    rise_ma = rise_w * 1_000_000 // base.volts_mv
    worst = sorted(loaded, key=lambda line: base.current_ma[line.index] or 0, reverse=True)[: site.grid.fewest]
    room = PerLine(*(allowed - rise_ma * (line in worst) for line, allowed in zip(LINES, base.room_ma, strict=True)))
    over = max(sums[line.index] - room[line.index] for line in worst)
    if over * 100 <= site.root.fuse_ma * _wary_percent(site, state):
        return {}
    cuts = cut(site, state.chargers, Room(room), at)
    guesses = {
        view.charger.name: _not_paused(view, cuts[view.charger.name]) for view in state.chargers if view.charger.name in cuts
    }
    return {
        view.charger.name: guess
        for view in state.chargers
        if (guess := guesses.get(view.charger.name)) and guess.limit_ma < view.grant.limit_ma
    }


def followed(site: Site, state: State, reading: Reading, load: Load) -> tuple[ChargerView, ...]:
    """The chargers as a list finds them after a guess: where the power has fallen by most of what that took, they have obeyed.

    What they were offered before is in flight no more. Else it would be credited to them a second time, and given back beside a house that took
    it. A load of the house that is over by now looks alike, but for the lines on which it never was.
    """
    base, watts = state.baseline, net_w(reading)
    before = {grant.charger: grant.limit_ma for grant in state.guessed}
    if base is None or watts is None or not before:
        return state.chargers
    taken = {
        view.charger.name: max(0, min(before[view.charger.name], drawn or view.charger.maximum_ma) - view.grant.limit_ma)
        for view, drawn in zip(state.chargers, base.drawn_ma, strict=True)
    }
    taken_w = sum(_watts(site, view, taken[view.charger.name], base.volts_mv) for view in state.chargers)
    if not taken_w or (state.peak_w - watts) * 100 < FOLLOWED_PERCENT * taken_w:
        return state.chargers
    falls = {line: -(changed(base.current_ma, load, line) or 0) for line in LINES}
    return tuple(
        view._replace(commands=view.commands[-1:]) if (less := taken[view.charger.name]) and _fell(view, falls, less) else view
        for view in state.chargers
    )


def _fell(view: ChargerView, falls: Mapping[Line, MilliAmps], by_ma: MilliAmps) -> bool:
    """Tell whether all lines of a charger but one, on which the house may have risen, have fallen by about so much."""
    return all(2 * fall >= by_ma for fall in sorted(falls[line] for line in view.lines)[1:])


def look_back(site: Site, state: State, room: Room, at: Instant) -> Grants:
    """Answer a list as if no guess had been acted upon: what it would have left of the limits before is given back at once."""
    before = {grant.charger: grant for grant in state.guessed}
    views = tuple(view._replace(grant=before.get(view.charger.name, view.grant)) for view in state.chargers)
    cuts = cut(site, views, room, at)
    return {view.charger.name: cuts.get(view.charger.name, view.grant) for view in views}


def misled(state: State, grants: Grants) -> int:
    """How many guesses in a row were wrong, now that a list has been answered: a wrong one is given back whole."""
    if not state.guessed:
        return state.misled
    before = {grant.charger: grant.limit_ma for grant in state.guessed}
    wrong = all(grant.limit_ma >= before[name] for name, grant in grants.items() if name in before)
    return state.misled + 1 if wrong else 0


def _wary_percent(site: Site, state: State) -> int:
    """How much of the fuse above the room is worth a guess: 5 %, after three wrong ones in a row 10 %, and so on."""
    return min(SURE_PERCENT, (site.policy.foresee_above_percent - 100) * (1 + state.misled // WRONG))


def _not_paused(view: ChargerView, grant: Grant) -> Grant:
    """A pause on a guess would wear contactors and send cars to sleep."""
    limit = max(grant.limit_ma, min(view.grant.limit_ma, lowest_ma(view.charger)))
    reason = Reason(cause=Cause.POWER_ROSE, circuit=grant.reason.circuit, line=grant.reason.line)
    return Grant(charger=grant.charger, limit_ma=limit, reason=reason)


def _drawn_ma(site: Site, state: State, load: Load, at: Instant) -> tuple[MilliAmps, ...]:
    """The least that each charger draws in a list: what it drew in the one before, if no line of its own has fallen since.

    Without that, a guess that was taken back would hide the next rise: the car may have obeyed it, and be about to come up again.
    """
    base = state.baseline
    drawn = [_least_ma(site, view, at) for view in state.chargers]
    if base is None:
        return tuple(drawn)
    rises = {line: changed(base.current_ma, load, line) for line in LINES}
    still = {line for line, rise in rises.items() if rise is not None and rise > -STILL_MA}
    found = []
    for view, least, before in zip(state.chargers, drawn, base.drawn_ma, strict=True):
        kept = min(before, _most_ma(view, at)) if view.lines <= still else 0
        shown = before + max(0, shown_on(rises, view.lines) or 0)
        found.append(max(kept, min(least, shown) if _ahead(view, at) else least))
    return tuple(found)


def _ahead(view: ChargerView, at: Instant) -> bool:
    """Tell whether a report may know of a raise what the list did not yet: it came while that was on its way."""
    return view.report is not None and at - view.report.at < ON_ITS_WAY_MS and at - view.raised_at < SHOWN_MS


def _least_ma(site: Site, view: ChargerView, at: Instant) -> MilliAmps:
    """The least that a charger may be drawing on one of its lines: what it reports, or what it is believed to draw."""
    return min(drawn.low for drawn in spans(view, at, site.policy.report_fresh_ms).values())


def _most_ma(view: ChargerView, at: Instant) -> MilliAmps:
    """The most that a charger may be drawing: all that it was offered."""
    return max(command.limit_ma for command in in_force(view, at))


def _watts(site: Site, view: ChargerView, current_ma: MilliAmps, volts_mv: int) -> Watts:
    """The power of a charger: one voltage for each line to neutral, or between two lines, or three lines of a net without neutral."""
    lines = len(view.lines)
    voltages_percent = 100 * lines if not site.grid.three_wire else 100 if lines < 3 else isqrt(30_000)
    return current_ma * volts_mv // 1_000 * voltages_percent // 100_000
