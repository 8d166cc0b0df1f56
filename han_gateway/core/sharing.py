"""Fair shares: what each charger would have if nothing were granted yet, who may start by that, and who gives way to whom.

Who charges and is in its turn keeps its minimum: it gives way to a higher precedence and to nobody else. Else it would be paused for one
that is paused for it a minute later, as a share is reckoned from the least room of a while, which is less than what is in use. In a house
that is restless, one that is paused starts beside others when there are some amperes more than its minimum: the next kettle would take it back, while those who charge
take the same amperes without a contactor that opens and closes for them. Where it takes the place of another the minimum is enough. This file must not know when limits rise or fall.
"""

from collections.abc import Iterable
from operator import sub

from han_gateway.core.allocation import Room, Want, allocate, lowest_ma, precedence
from han_gateway.core.effects import Grant
from han_gateway.core.fairness import appetite_ma, drawn_ma, in_turn, no_car
from han_gateway.core.site import Site
from han_gateway.core.state import ChargerView
from han_gateway.core.units import LINES, Instant, Line, MilliAmps, PerLine

SPARE_MA: MilliAmps = 4_000
"""So much more than its minimum must be there in a restless house for one that starts beside others, if one of them could take it."""


def fair_shares(
    site: Site,
    chargers: tuple[ChargerView, ...],
    room: Room,
    wants: list[Want],
    at: Instant,
    *,
    restless: bool,
    unheard: frozenset[str] = frozenset(),
) -> dict[str, Grant]:
    """What each would have, by name, if nothing were granted yet but the minimums of those whose turn it is.

    In a ``restless`` house limits had to be cut not long ago. Who is ``unheard`` (below a meter that is silent) keeps what it has. With three
    wires a line falls by less than somebody gives up (``decision.cut``), and what it does not fall by is nobody's: else the one would give up
    in vain what the other cannot start with, and take it back, for ever.
    """
    poor = [want for want in wants if not want.floor_ma and not want.absent and want.charger.name not in unheard]
    starving = min(map(_precedence, poor), default=None)
    fair = []
    for view, want in zip(chargers, wants, strict=True):
        if want.charger.name in unheard:
            fair.append(want._replace(ceiling_ma=want.floor_ma))
            continue
        gives_way = starving is not None and (starving < _precedence(want) or not in_turn(view, at))
        share = _fair(site, view, want, at, gives_way=gives_way)
        fair.append(share._replace(spare_ma=_spare_ma(want, wants)) if restless else share)
    shares = _shared(site, room, fair)
    lost = PerLine(0, 0, 0)
    while site.grid.three_wire and (more := PerLine(*map(max, lost, _lost_ma(chargers, shares)))) != lost:
        lost = more
        shares = _shared(site, room._replace(main=PerLine(*map(sub, room.main, lost))), fair)
    return shares


def _shared(site: Site, room: Room, wants: Iterable[Want]) -> dict[str, Grant]:
    return {grant.charger: grant for grant in allocate(site, room, wants)}


def _lost_ma(chargers: tuple[ChargerView, ...], shares: dict[str, Grant]) -> PerLine[MilliAmps]:
    """How much of what chargers would give up for these shares does not become free where there is no neutral.

    A quarter: beside a load between the next pair of lines, half as large again as the car, a line falls by 3.1 A where the car gives up 4 of 10.
    """
    given = [(view.lines, view.grant.limit_ma - shares[view.charger.name].limit_ma) for view in chargers]
    return PerLine(*(sum(less for lines, less in given if less > 0 and line in lines) // 4 for line in LINES))


def made_room(
    chargers: tuple[ChargerView, ...], room: Room, wants: list[Want], fair: dict[str, Grant], grown: dict[str, Grant]
) -> dict[str, Grant]:
    """Lower chargers to their fair share beside one whose share would grow by two steps or more (one is only a remainder).

    For one that charges already no higher precedence is lowered, unless it has no car: its share may be small for the least room of a while alone.
    """
    wanting = tuple(zip(chargers, wants, strict=True))
    poor = [
        (view, want)
        for view, want in wanting
        if fair[view.charger.name].limit_ma - grown[view.charger.name].limit_ma >= 2 * view.charger.step_ma
    ]
    if not poor:
        return {}
    lines = {line for view, _ in poor for line in view.lines}
    first = min(_precedence(want) for _, want in poor)
    starts = any(not view.grant.limit_ma for view, _ in poor)
    return {
        view.charger.name: fair[view.charger.name]
        for view, want in wanting
        if (lines & view.lines or room.power_ma is not None)
        and fair[view.charger.name].limit_ma < view.grant.limit_ma
        and (starts or want.absent or first <= _precedence(want))
    }


def lent(
    site: Site, chargers: tuple[ChargerView, ...], hungry: list[Grant], fair: dict[str, Grant], at: Instant
) -> dict[str, Grant]:
    """Lower chargers to what they want at a fuse that keeps somebody ``hungry``: also one whose draw nobody knows, and whose fair share never grows."""
    lenders = [
        view
        for view in chargers
        if drawn_ma(site.policy, view, at) is not None and appetite_ma(site.policy, view, at, alone=False) < view.grant.limit_ma
    ]
    return {
        view.charger.name: fair[view.charger.name]
        for view in lenders
        if fair[view.charger.name].limit_ma < view.grant.limit_ma
        and any(
            view.charger.name in site.below(grant.reason.circuit or site.root.name) and grant.reason.line in (None, *view.lines)
            for grant in hungry
        )
    }


def _fair(site: Site, view: ChargerView, want: Want, at: Instant, *, gives_way: bool) -> Want:
    """As if nothing were granted yet. Where no car seems to be, there is no more to keep than the minimum.

    Of a charger that nobody knows the draw of, this counts as house and its limit is reserved too. It is raised for fairness by no more than
    a question, and lowered only where it gives way.
    """
    limit, appetite = view.grant.limit_ma, appetite_ma(site.policy, view, at, alone=False)
    if want.absent or no_car(site.policy, view, at):
        return want._replace(ceiling_ma=min(limit, appetite), floor_ma=0)
    lowest = lowest_ma(view.charger)
    known = drawn_ma(site.policy, view, at) is not None
    keeps = lowest if known else min(max(limit, lowest), appetite)
    return want._replace(ceiling_ma=appetite, floor_ma=0 if gives_way else min(keeps, limit))


def _spare_ma(want: Want, wants: list[Want]) -> MilliAmps:
    """What must be there beyond the minimum of one that would start: nothing where it takes the place of another, or nobody else would use it."""
    if want.floor_ma:
        return 0
    here = _lines(want)
    charging = [other for other in wants if other.floor_ma and _lines(other) & here]
    if any((_precedence(want), want.rank) < (_precedence(other), other.rank) for other in charging):
        return 0
    useful = any(_lines(other) >= here and lowest_ma(other.charger) + SPARE_MA <= other.ceiling_ma for other in charging)
    return SPARE_MA if useful else 0


def _lines(want: Want) -> frozenset[Line]:
    return want.charger.lines if want.lines is None else want.lines


def _precedence(want: Want) -> tuple[bool, int]:
    return precedence(want.charger, first=want.first)
