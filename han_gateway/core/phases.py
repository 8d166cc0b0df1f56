"""One phase rather than none, for chargers that can change: when, to which, and back.

A charger changes its phases only while it is paused and draws nothing. If three phases have no room for its minimum, it comes back on
the one phase (or pair of lines) that had the most in the whole raise window. It goes back to three after ten minutes at least, when
three would have carried more on the average of about as long, and have room now. Cars dislike it and contactors wear, so it changes at
most ``MOST_SWITCHES`` times while a car stays, and one change is kept for the way back. Only reports prove that it did as it was told
(``usage``): a charger that does not report is not told.

This file must not know how the room is shared out, nor how a limit is published.
"""

from collections.abc import Sequence
from typing import NamedTuple

from han_gateway.core.allocation import Room, highest_ma, lowest_ma
from han_gateway.core.circuits import rooms_for_raises
from han_gateway.core.draw import reported, settled
from han_gateway.core.effects import Cause, Effect, Grant, Reason
from han_gateway.core.events import ChargerStatus
from han_gateway.core.fairness import absent, waits
from han_gateway.core.headroom import granted_power, least
from han_gateway.core.patience import window_ms
from han_gateway.core.people import notes
from han_gateway.core.site import Charger, Circuit, Site
from han_gateway.core.state import ChargerView, State
from han_gateway.core.times import QUIET_MS, SETTLED_MS
from han_gateway.core.tree import POWER_SCALE, tree_of
from han_gateway.core.units import LINES, Instant, Line, MilliAmps, PerLine
from han_gateway.core.usage import CHARGES, FLOWS_MA, MOST_SWITCHES, heard, renewed

SPARE_MA: MilliAmps = 2_000
"""So much more than the minimum must fit where a charger changes to."""


class _Left(NamedTuple):
    """What one charger could have on each line, and of the power (None: there is no cap) in the units of ``tree``, with what lines cost of it."""

    lines_ma: PerLine[MilliAmps]
    power: int | None
    costs: tuple[int, ...]

    def on(self, lines: frozenset[Line]) -> MilliAmps:
        """What fits on all of these lines."""
        fits = min(self.lines_ma[line.index] for line in lines)
        return fits if self.power is None else min(fits, self.power // self.costs[len(lines)])


def arrange(site: Site, state: State, at: Instant) -> tuple[State, tuple[Effect, ...]]:
    """With each list, before limits are chosen: end beliefs that nobody renews, watch for room on all lines, change a paused charger.

    One charger at a time: what the next could have depends on what the first takes.
    """
    views = [renewed(site, view, at) for view in state.chargers]
    full = bool(state.window) and state.window[-1].at - state.window[0].at >= window_ms(site.policy, state)
    ready = full and all(settled(view, at) for view in views)
    effects: list[Effect] = []
    for place, view in enumerate(views):
        if view.charger.modes and state.window:
            views[place], told = _arranged(site, state, views, view, at, may_change=ready and not effects)
            effects += told
    if all(new is old for new, old in zip(views, state.chargers, strict=True)):
        return state, ()
    return state._replace(chargers=tuple(views)), tuple(effects)


def widen(site: Site, state: State, at: Instant) -> dict[str, Grant]:
    """Pause a charger that would charge faster on all of its lines. It comes back on them when the pause has settled.

    Not while another waits: it would take the room.
    """
    if any(waits(site.policy, view, at) for view in state.chargers):
        return {}
    for view in state.chargers:
        rested = at - view.commands[-1].at > SETTLED_MS  # a pause sooner would be taken for a raise undone (``patience``)
        if rested and _patient(view, at) and _may_gain(site, state, view, at):
            return {view.charger.name: Grant(charger=view.charger.name, limit_ma=0, reason=Reason(cause=Cause.CHANGING))}
    return {}


def changing(site: Site, view: ChargerView, at: Instant) -> bool:
    """Tell whether it was paused to change and may still draw: to start it now would be on the old lines."""
    return not view.grant.limit_ma and view.grant.reason.cause is Cause.CHANGING and _draws(site, view, at)


def there_and_back(view: ChargerView) -> bool:
    """Tell whether a change is left for it, and another for the way back."""
    return view.phasing.switches + 2 <= MOST_SWITCHES


def _arranged(
    site: Site, state: State, views: Sequence[ChargerView], view: ChargerView, at: Instant, *, may_change: bool
) -> tuple[ChargerView, tuple[Effect, ...]]:
    """One charger that can change its phases."""
    now, lasting = (_beside(site, state, views, view, room, at) for room in (state.window[-1].room, least(state.window)))
    view = _weighed(site, view, lasting)
    lines = _best(site, view, lasting, at) if may_change else view.offered
    if lines == view.offered or (lines < view.offered and now.on(view.offered) >= lowest_ma(view.charger)):
        return view, ()  # where the last list has room again, the window will soon have it, too
    return _changed(view, lines, at), (notes.changes(view.charger.name, lines),)


def _beside(site: Site, state: State, views: Sequence[ChargerView], one: ChargerView, room: Room, at: Instant) -> _Left:
    """What this charger could have on each line of every fuse above it, and of the power cap, beside what the others hold.

    Who has no car makes room where limits are chosen, for one that has one, so what it holds keeps nobody on one phase.
    """
    left, measured = list(room.main), rooms_for_raises(site, state, at)
    stays = absent(site.policy, one, at)
    rivals = [view for view in views if view.charger is not one.charger and (stays or not absent(site.policy, view, at))]
    for fuse in _path(site.root, one.charger):
        below = {each.name for each in fuse.chargers()}
        others = [view for view in rivals if view.charger.name in below]
        unmeasured = PerLine(*(fuse.fuse_ma - fuse.margin_ma for _ in LINES))
        budget = room.main if fuse is site.root else measured.get(fuse.name, unmeasured)
        for line in LINES:
            held = sum(view.grant.limit_ma for view in others if line in view.lines)
            left[line.index] = min(left[line.index], budget[line.index] - held)
    used = granted_power(site, rivals)
    power = None if room.power_ma is None else room.power_ma * POWER_SCALE - used
    return _Left(PerLine(*left), power, tree_of(site).costs)


def _path(circuit: Circuit, charger: Charger) -> tuple[Circuit, ...]:
    """The fuses above a charger, from this one down."""
    for part in circuit.parts:
        if part is charger:
            return (circuit,)
        if isinstance(part, Circuit) and (below := _path(part, charger)):
            return (circuit, *below)
    return ()


def _weighed(site: Site, view: ChargerView, room: _Left) -> ChargerView:
    """Compare what all lines would carry now with what these few do: a running mean over about ten minutes."""
    if view.mode is None:
        return view
    gain = view.phasing.gain_ma
    more = _carried(view.charger, room.on(view.charger.lines)) * (1_732 if site.grid.three_wire else 3_000) // 1_000
    gain += (more - _carried(view.charger, room.on(view.offered)) - gain) * site.policy.list_period_ms // QUIET_MS
    return view._replace(phasing=view.phasing._replace(gain_ma=gain))


def _carried(charger: Charger, room: MilliAmps) -> MilliAmps:
    """What a charger makes of this room."""
    return min(room, highest_ma(charger)) if room >= lowest_ma(charger) else 0


def _best(site: Site, view: ChargerView, room: _Left, at: Instant) -> frozenset[Line]:
    """The lines on which a charger had best come back, if it is paused; the ones that it uses now, if not."""
    charger, offered = view.charger, view.offered
    lowest, everything = lowest_ma(charger), room.on(charger.lines)
    report = view.report
    if report and report.status is ChargerStatus.IDLE and at - report.at < site.policy.report_fresh_ms:  # ready for the next car
        return charger.lines if everything >= max(lowest, view.grant.limit_ma) else offered
    if view.grant.limit_ma or view.paused or _draws(site, view, at):
        return offered
    if _patient(view, at) and everything >= lowest:
        return charger.lines
    enough = room.on(offered) >= lowest or not there_and_back(view)
    # A kettle is worth waiting for: it boils before a charger has changed to one phase and back.
    if enough or at - view.paused_at < SETTLED_MS or not heard(view, at, site.policy.report_fresh_ms):
        return offered
    best = max(charger.modes, key=room.on)
    return best if room.on(best) >= lowest + SPARE_MA else offered


def _draws(site: Site, view: ChargerView, at: Instant) -> bool:
    """A charger that still reports a current is not paused yet, whatever it was told."""
    return any((reported(view, line, at, site.policy.report_fresh_ms) or 0) >= FLOWS_MA for line in view.charger.lines)


def _patient(view: ChargerView, at: Instant) -> bool:
    """Tell whether a charger that uses few lines would have done better on all of them, and has waited long enough."""
    phasing = view.phasing
    waited = view.mode is not None and at - phasing.switched_at >= QUIET_MS
    return waited and phasing.gain_ma > 0 and not phasing.narrow_car and phasing.switches < MOST_SWITCHES


def _may_gain(site: Site, state: State, view: ChargerView, at: Instant) -> bool:
    """Tell whether a car charges here, and all lines have room for it now."""
    room = _beside(site, state, state.chargers, view, least(state.window), at)
    charging = view.report is None or view.report.status in CHARGES
    return charging and room.on(view.charger.lines) >= lowest_ma(view.charger) + SPARE_MA


def _changed(view: ChargerView, lines: frozenset[Line], at: Instant) -> ChargerView:
    """Other lines from now on."""
    phasing = view.phasing._replace(
        used=None, seen=None, gain_ma=-highest_ma(view.charger), switches=view.phasing.switches + 1, switched_at=at
    )
    return view._replace(mode=None if lines == view.charger.lines else lines, phasing=phasing)
