"""Whose turn it is: fair over a night, not only in an instant.

Each charger is remembered by the mean current it has had over the last hours. Whoever has had least is admitted first; who has just
been started keeps its turn for three hours, because contactors wear and cars that are paused too often fall asleep. Where the house does not
let all keep it, the one that started first has had most of its turn, and pauses. What a car has left unused for a while is lent to
others. This file must not know how much room there is.
"""

from han_gateway.core.allocation import highest_ma, lowest_ma, precedence
from han_gateway.core.draw import reported, settled
from han_gateway.core.effects import Cause
from han_gateway.core.events import ChargerStatus
from han_gateway.core.seen.belief import NOBODY_KNOWS, believed_ma, seems_empty
from han_gateway.core.seen.question import offer_ma
from han_gateway.core.seen.remainder import BARE_MA
from han_gateway.core.site import Policy, Site
from han_gateway.core.state import ChargerView
from han_gateway.core.times import QUIET_MS, SETTLED_MS, SHOWN_MS, TURN_MS
from han_gateway.core.units import Instant, MilliAmps, PerLine
from han_gateway.core.usage import FLOWS_MA

NO_CAR = frozenset({ChargerStatus.IDLE, ChargerStatus.FULL})
"""Nobody wants current here. Such a charger is offered its minimum where nobody else needs it, so that the next car can start at once."""

LOOK_AGAIN_MS = TURN_MS // 3
"""A place where no car was seen, or one that took nothing, is looked into anew when it has been paused for so long."""
LEAD_MA: MilliAmps = 500
"""By how much less the other must have had."""
MEMORY_MS = 2 * TURN_MS
"""The time constant of what a charger is remembered to have had."""
UNUSED_MA: MilliAmps = 1_500
"""A car that stays so far below its offer for a minute does not need it."""
SLACK_MA: MilliAmps = 2_000
"""What it keeps above what it draws, to grow into."""

FOR_WANT_OF_ROOM = frozenset({Cause.NO_ROOM, Cause.POWER_CAP, Cause.METER_STALE, Cause.RAISE_PENDING})
"""Why a charger is paused that would be started if there were room; the last two for as long as nothing may rise."""


def account(
    policy: Policy, view: ChargerView, since: Instant, at: Instant, left_ma: PerLine[MilliAmps | None] = NOBODY_KNOWS
) -> ChargerView:
    """Remember what a charger has had since the last list, when it drew anything, and since when it leaves its offer unused, or all of it.

    ``left_ma`` is what nobody is known to draw on each line (``remainder``).
    """
    drawn = drawn_ma(policy, view, at)
    limit = 0 if drawn is None and absent(policy, view, at) else view.grant.limit_ma
    had_ua = view.had_ua + (1000 * (limit if drawn is None else drawn) - view.had_ua) * min(at - since, MEMORY_MS) // MEMORY_MS
    spares = drawn is not None and drawn < limit - UNUSED_MA
    bare = drawn is None and _bare(view, left_ma)
    busy = _said(policy, view, at) is ChargerStatus.IDLE or (drawn or 0) >= FLOWS_MA
    return view._replace(
        had_ua=had_ua,
        unused_since=_unused_since(view, at) if spares else None,
        bare_since=view.bare_since if not view.grant.limit_ma else (view.bare_since or at) if bare else None,
        drew_at=at if busy else view.drew_at,
    )


def _unused_since(view: ChargerView, at: Instant) -> Instant | None:
    """Since when an offer is left unused: a raise begins it anew, once it has had time to act; what we lower it by changes nothing in that.

    Nor does a raise that asks a car that nobody hears: what it makes of that the meter tells, in time.
    """
    if settled(view, at):
        return view.unused_since or at
    return None if _was_raised(view) and view.report is not None else view.unused_since


def _was_raised(view: ChargerView) -> bool:
    """Tell whether the last change of its limit was upwards."""
    return view.raised_at == view.commands[-1].at


def _bare(view: ChargerView, left_ma: PerLine[MilliAmps | None]) -> bool:
    """Tell whether no line of this charger carries enough for a car beside what others draw."""
    left = [left_ma[line.index] for line in view.lines]
    return all(each is not None and each < BARE_MA for each in left)


def drawn_ma(policy: Policy, view: ChargerView, at: Instant) -> MilliAmps | None:
    """What a charger draws on the fullest of its lines, as it reports or as the meter has told; None where nobody knows."""
    most = 0
    for line in view.lines:
        current = reported(view, line, at, policy.report_fresh_ms)
        if current is None:
            return believed_ma(view) or None
        most = max(most, current)
    return most


def in_turn(view: ChargerView, at: Instant) -> bool:
    """Tell whether it charges and may go on."""
    return bool(view.grant.limit_ma) and at - view.started_at < TURN_MS and not seems_empty(view)


def absent(policy: Policy, view: ChargerView, at: Instant) -> bool:
    """Tell whether no car seems to be here, or one that takes nothing of what it is offered.

    A charger that did not say so itself is looked into anew now and then.
    """
    if _said(policy, view, at) is ChargerStatus.IDLE:
        return True
    charging = bool(view.grant.limit_ma)
    if at - view.started_at < SETTLED_MS if charging else not lately_paused(view, at):
        return False
    until = at if charging else view.paused_at
    if view.report is None:
        bare = view.bare_since is not None and until - max(view.bare_since, view.started_at) >= SETTLED_MS
        return bare or seems_empty(view)
    drawn = drawn_ma(policy, view, at) if charging else 0
    until = min(until, view.report.at) if charging else until  # who has woken up since has not said so yet
    return drawn is not None and drawn < FLOWS_MA and until - max(view.drew_at, view.started_at) >= SETTLED_MS


def lately_paused(view: ChargerView, at: Instant) -> bool:
    """Tell whether it was paused a short while ago. An empty place is not switched on and off with every kettle."""
    return not view.grant.limit_ma and at - view.paused_at < LOOK_AGAIN_MS


def starts(view: ChargerView, at: Instant) -> bool:
    """Tell whether it is paused, or was until a moment ago: cars wake up one by one, at the least current."""
    return not view.grant.limit_ma or at - view.started_at < SHOWN_MS


def no_car(policy: Policy, view: ChargerView, at: Instant) -> bool:
    """Tell whether it has said, not too long ago, that nobody wants current."""
    return _said(policy, view, at) in NO_CAR


def _said(policy: Policy, view: ChargerView, at: Instant) -> ChargerStatus | None:
    report = view.report
    return None if report is None or at - report.at >= policy.lost_after_ms else report.status


def rank(policy: Policy, view: ChargerView, at: Instant) -> tuple[int, ...]:
    """The order in which minimums are given: whose turn it is, the last to start first, then who has had least, a charger without a car last."""
    if absent(policy, view, at):
        return (2, view.had_ua)
    if in_turn(view, at):
        return (0, -view.started_at)
    return (1, view.had_ua - 1000 * LEAD_MA if view.grant.limit_ma else view.had_ua, view.paused_at)


def content(policy: Policy, view: ChargerView, at: Instant) -> Cause:
    """Why the largest offer that makes sense is less than the charger's maximum."""
    if no_car(policy, view, at):
        return Cause.NO_CAR
    if starts(view, at) and not absent(policy, view, at):
        return Cause.STARTING
    return Cause.UNSEEN if not drawn_ma(policy, view, at) else Cause.ENOUGH


def appetite_ma(policy: Policy, view: ChargerView, at: Instant, *, alone: bool) -> MilliAmps:
    """The largest offer that makes sense: the minimum without a car, a little more than it draws for a car that takes no more.

    Nobody but a lone charger is offered much without being seen to draw: others would miss it.
    """
    lowest, highest = lowest_ma(view.charger), highest_ma(view.charger)
    if no_car(policy, view, at) or starts(view, at):
        return lowest
    drawn = drawn_ma(policy, view, at)
    if drawn is None:
        return highest if alone else min(highest, offer_ma(view, at))
    if view.unused_since is None or at - view.unused_since < SETTLED_MS:
        return highest
    stood = at - view.commands[-1].at
    if view.report is None and stood >= QUIET_MS:  # it may want more by now: a raise asks
        return min(highest, view.grant.limit_ma + SLACK_MA)
    if view.report is None and stood < SETTLED_MS and _was_raised(view):  # and has a minute to show
        return view.grant.limit_ma
    step = view.charger.step_ma
    return min(highest, max(lowest, -(-(drawn + SLACK_MA) // step) * step))


def queue(site: Site, chargers: tuple[ChargerView, ...], at: Instant) -> tuple[str, ...]:
    """Who waits for room, the next one first: in the order in which minimums are given."""
    waiting = [view for view in chargers if waits(site.policy, view, at)]
    waiting.sort(key=lambda view: (precedence(view.charger, first=view.boosted), rank(site.policy, view, at), view.charger.name))
    return tuple(view.charger.name for view in waiting)


def waits(policy: Policy, view: ChargerView, at: Instant) -> bool:
    """Tell whether a car waits here that would be started if there were room."""
    return not view.grant.limit_ma and view.grant.reason.cause in FOR_WANT_OF_ROOM and not no_car(policy, view, at)
