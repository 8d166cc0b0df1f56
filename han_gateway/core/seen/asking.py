"""Where nothing else moves, one silent charger at a time is asked whether it follows: by a lower limit, at its minimum by a higher one.

A car that draws adds to the load what its limit is higher; but for a raise all limits must be free on top of what the meter shows, as if
nobody drew. So silent cars that filled a line at their minimums were never asked, with a third of the fuse free. A question upwards may go beyond
the room for raises by half of what is free: should all begin at once that were offered anything, a breaker that bears 1.3 In from full load
(``diversity``) bears so much more from less. Free is what cuts leave beyond all limits: there what a silent one was offered counts once, in
the load. This file must not know the answer.
"""

from han_gateway.core.allocation import Room, Want, allocate
from han_gateway.core.effects import Cause, Grant, Reason
from han_gateway.core.fairness import drawn_ma
from han_gateway.core.headroom import granted_ma
from han_gateway.core.seen.evidence import WORTH_ASKING_MA
from han_gateway.core.seen.question import higher, question
from han_gateway.core.site import Site
from han_gateway.core.state import ChargerView
from han_gateway.core.units import LINES, Instant, MilliAmps, PerLine

Questions = dict[str, Grant]


def ask_one(site: Site, chargers: tuple[ChargerView, ...], room: Room, for_cuts: PerLine[MilliAmps], at: Instant) -> Questions:
    """The limit of the one that is asked; nothing where nobody is. ``room`` is for raises; both are what a whole window leaves."""
    silent = [view for view in chargers if drawn_ma(site.policy, view, at) is None]
    if not silent:
        return {}
    return _by_less(chargers, silent, room, at) or _by_more(site, chargers, silent, _room_to_ask(chargers, room, for_cuts), at)


def _by_less(chargers: tuple[ChargerView, ...], silent: list[ChargerView], room: Room, at: Instant) -> Questions:
    """The first that could have more if it were known to follow."""
    unknown = {view.charger.name for view in silent if view.report is None}
    known = [view for view in chargers if view.charger.name not in unknown]
    for view in silent:
        # What is kept free for other silent ones is no reason to be silent: who is asked first frees it for the next.
        others = [sum(other.grant.limit_ma for other in known if other is not view and line in other.lines) for line in LINES]
        limit = question(view, min(room.main[line.index] - others[line.index] for line in view.lines), at)
        if limit is not None:
            return _asked(view, limit)
    return {}


def _by_more(site: Site, chargers: tuple[ChargerView, ...], silent: list[ChargerView], room: Room, at: Instant) -> Questions:
    """The one that has waited longest, where no other question is open on its lines: else the answer would be nobody's."""
    busy = {line for view in silent if view.belief.probe is not None for line in view.lines}
    for view in sorted(silent, key=lambda view: view.commands[-1].at):
        limit = higher(view, at)
        if limit is not None and not busy & view.lines:
            wants = [_want(each, limit if each is view else each.grant.limit_ma) for each in chargers]
            grant = next(grant for grant in allocate(site, room, wants) if grant.charger == view.charger.name)
            if grant.limit_ma >= view.grant.limit_ma + WORTH_ASKING_MA:
                return _asked(view, grant.limit_ma)
    return {}


def _room_to_ask(chargers: tuple[ChargerView, ...], room: Room, for_cuts: PerLine[MilliAmps]) -> Room:
    """The room for a question upwards: never so much that the answer would be cut."""
    lines = zip(room.main, for_cuts, granted_ma(chargers), strict=True)
    return room._replace(main=PerLine(*(min(most, raises + max(0, most - granted) // 2) for raises, most, granted in lines)))


def _want(view: ChargerView, ceiling_ma: MilliAmps) -> Want:
    return Want(charger=view.charger, ceiling_ma=ceiling_ma, floor_ma=view.grant.limit_ma, lines=view.lines)


def _asked(view: ChargerView, limit_ma: MilliAmps) -> Questions:
    return {view.charger.name: Grant(charger=view.charger.name, limit_ma=limit_ma, reason=Reason(cause=Cause.QUESTION))}
