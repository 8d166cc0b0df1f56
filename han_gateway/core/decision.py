"""Which limits change: lower at once, raise slowly. Pure choices; nothing here remembers or publishes anything.

``cut`` answers to one list, ``grow`` to a whole window of them, ``fall_back`` to no list at all. Each returns grants by name of
charger, only for chargers that are concerned. This file must not know how limits are published.
"""

from dataclasses import replace
from operator import add

from han_gateway.core.allocation import Room, Want, allocate, highest_ma
from han_gateway.core.draw import claims_ma
from han_gateway.core.effects import Cause, Grant, Reason
from han_gateway.core.fairness import absent, appetite_ma, content, drawn_ma, lately_paused, rank
from han_gateway.core.headroom import budget_ma, granted_ma, granted_power, power_claims_ma
from han_gateway.core.power import NOMINAL_MV, as_ma
from han_gateway.core.seen.asking import ask_one
from han_gateway.core.sharing import fair_shares, lent, made_room
from han_gateway.core.site import Site
from han_gateway.core.state import Caps, ChargerView
from han_gateway.core.supervision import stubborn
from han_gateway.core.times import SETTLED_MS
from han_gateway.core.tree import POWER_SCALE
from han_gateway.core.units import Instant, MilliAmps, PerLine

Grants = dict[str, Grant]
_NO_CAPS = Caps()

_PLENTY_MA: MilliAmps = 1_000_000_000
ANY = PerLine(_PLENTY_MA, _PLENTY_MA, _PLENTY_MA)
"""Room on lines of which nothing is to be said."""
NONE = PerLine(0, 0, 0)


def fall_back(site: Site, cause: Cause, caps: Caps = _NO_CAPS) -> Grants:
    """The limits for a house whose load is unknown: each charger's fallback, as far as they fit under the fuses together.

    Nobody knows what the house draws, so the fallbacks are what the owner chose for this case; only what the chargers alone
    would put on a fuse, or above a cap, is taken off.
    """
    wants = [Want(charger=charger, ceiling_ma=charger.fallback_ma) for charger in site.chargers]
    grants = allocate(site, alone(site, caps), wants)
    return {grant.charger: Grant(charger=grant.charger, limit_ma=grant.limit_ma, reason=Reason(cause=cause)) for grant in grants}


def smaller(chargers: tuple[ChargerView, ...], grants: Grants, cause: Cause) -> Grants:
    """The smaller of the last limit and the one offered, for the given cause."""
    last = {view.charger.name: view.grant.limit_ma for view in chargers}
    return {
        name: Grant(charger=name, limit_ma=min(last[name], grant.limit_ma), reason=Reason(cause=cause))
        for name, grant in grants.items()
    }


def alone(site: Site, caps: Caps) -> Room:
    """The room of chargers in a house of which nobody knows anything else."""
    budget = budget_ma(site, caps)
    return Room(PerLine(budget, budget, budget), None if caps.power_w is None else as_ma(caps.power_w, NOMINAL_MV))


def cut(site: Site, chargers: tuple[ChargerView, ...], room: Room, at: Instant) -> Grants:
    """Lower what must be lowered so that the prediction (house plus limits) fits: at once, in full, and on no other line.

    With three wires a line current falls by less than was cut from a charger between two lines (0.85 of it for all but the worst
    tenth), so the cut is so much larger.
    """
    short, main = _short(site, chargers, room.main)
    shorts = {name: _short(site, below(site, chargers, name), lines) for name, lines in room.circuits.items()}
    if not short and not any(each for each, _ in shorts.values()) and not too_powerful(site, chargers, room):
        return {}
    room = Room(main, room.power_ma, {name: lines for name, (_, lines) in shorts.items()})
    wants = [_kept(site, view, at) for view in chargers]
    rigid = [stubborn(site.policy, view, at) for view in chargers]
    granted = _beside_stubborn(site, chargers, room, wants, rigid, at) if any(rigid) else allocate(site, room, wants)
    return {grant.charger: grant for view, grant in zip(chargers, granted, strict=True) if grant.limit_ma < view.grant.limit_ma}


def _beside_stubborn(
    site: Site, chargers: tuple[ChargerView, ...], room: Room, wants: list[Want], rigid: list[bool], at: Instant
) -> tuple[Grant, ...]:
    """Share where a lower limit frees nothing from some (``rigid``): the others make all the room. Those have their share of what is really used."""
    claims = claims_ma(chargers, at, site.policy.report_fresh_ms)
    power_ma = None if room.power_ma is None else room.power_ma + power_claims_ma(site, chargers, at)
    used = room._replace(main=PerLine(*map(add, room.main, claims)), power_ma=power_ma)
    held = [want._replace(floor_ma=want.ceiling_ma * stays) for want, stays in zip(wants, rigid, strict=True)]
    return tuple(map(lesser, allocate(site, used, wants), allocate(site, room, held)))


def lesser(one: Grant, other: Grant) -> Grant:
    """The one with the smaller limit; the first of equals."""
    return min(one, other, key=lambda grant: grant.limit_ma)


def grow(
    site: Site,
    chargers: tuple[ChargerView, ...],
    room: Room,
    at: Instant,
    *,
    restless: bool = False,
    unheard: frozenset[str] = frozenset(),
    for_cuts: PerLine[MilliAmps] = NONE,
) -> Grants:
    """Raise whom the whole window allows to be raised; where one starves beside a rich one, first ask the rich one to make room.

    Making room only lowers, and the raise waits until that has settled: at no moment are there more promises than amperes. In a ``restless``
    house nobody starts upon the last ampere (``sharing``).
    Who is ``unheard``, below a meter that does not tell what could be had there, makes no room for others. ``for_cuts`` is what a whole
    window leaves for cuts.
    """
    wants = [_want(site, view, at) for view in chargers]
    shares = fair_shares(site, chargers, room, wants, at, restless=restless, unheard=unheard) if len(chargers) > 1 else {}
    waiting = {name: grant for name, grant in shares.items() if not grant.limit_ma and grant.reason.cause is not Cause.CHARGER}
    wanting = [want for want in wants if want.floor_ma or want.charger.name not in waiting]
    grown = _explained(site, chargers, wants, waiting | _by_name(allocate(site, room, wanting)), at)
    most = {want.charger.name: min(want.ceiling_ma, highest_ma(want.charger)) for want in wants}
    hungry = [grant for name, grant in grown.items() if grant.limit_ma < most[name]]
    if hungry and shares:
        made = made_room(chargers, room, wants, shares, grown) or lent(site, chargers, hungry, shares, at)
        if made:
            return _explained(site, chargers, wants, made, at)
    worth = {view.charger.name: _worth_it(site, view, grown[view.charger.name], at) for view in chargers}
    worth = _one_by_one(site, chargers, worth, at)
    still = all(view.grant.limit_ma == worth[view.charger.name].limit_ma for view in chargers)
    return worth | ask_one(site, chargers, room, NONE if restless else for_cuts, at) if still else worth


def _explained(site: Site, chargers: tuple[ChargerView, ...], wants: list[Want], grants: Grants, at: Instant) -> Grants:
    """To the allocation a car that wants no more is a charger at its maximum, and one without a car any other; people are told the difference."""
    told = dict(grants)
    for view, want in zip(chargers, wants, strict=True):
        grant = grants.get(view.charger.name)
        if grant is None:
            continue
        wants_no_more = grant.reason.cause is Cause.CHARGER and grant.limit_ma < highest_ma(view.charger)
        if wants_no_more or (want.absent and not grant.limit_ma):
            told[view.charger.name] = replace(grant, reason=Reason(cause=content(site.policy, view, at)))
    return told


def _one_by_one(site: Site, chargers: tuple[ChargerView, ...], grants: Grants, at: Instant) -> Grants:
    """Of chargers on the same line that nobody knows the draw of, raise one, and the next when that has shown or not: else the answer would be nobody's."""
    unknown = [view for view in chargers if drawn_ma(site.policy, view, at) is None]
    busy = {line for view in unknown if view.belief.probe is not None for line in view.lines}
    kept: Grants = {}
    for view in sorted(unknown, key=lambda view: view.commands[-1].at):
        if grants[view.charger.name].limit_ma > view.grant.limit_ma:
            if busy & view.lines:
                kept[view.charger.name] = view.grant
            busy |= view.lines
    return grants | kept


def below(site: Site, chargers: tuple[ChargerView, ...], circuit: str) -> tuple[ChargerView, ...]:
    """Those of the chargers that hang below this fuse."""
    names = site.below(circuit)
    return tuple(view for view in chargers if view.charger.name in names)


def at_most(guessed: tuple[Grant, ...], cuts: Grants) -> tuple[Grant, ...]:
    """What is to be given back after a guess, less what was cut since for a better reason."""
    return tuple(lesser(cuts.get(grant.charger, grant), grant) for grant in guessed)


def too_powerful(site: Site, chargers: tuple[ChargerView, ...], room: Room) -> bool:
    """Whether the limits are worth more than the power that is left."""
    return room.power_ma is not None and granted_power(site, chargers) > POWER_SCALE * room.power_ma


def _short(site: Site, chargers: tuple[ChargerView, ...], room: PerLine[MilliAmps]) -> tuple[bool, PerLine[MilliAmps]]:
    """Whether the limits are more than one fuse has room for, and the room that they have to be cut to."""
    over = [max(0, granted - allowed) for granted, allowed in zip(granted_ma(chargers), room, strict=True)]
    if site.grid.three_wire:
        room = PerLine(*(allowed - excess * 3 // 17 for allowed, excess in zip(room, over, strict=True)))
    return any(over), room


def _kept(site: Site, view: ChargerView, at: Instant) -> Want:
    """Keep what it has, as far as there is room for it."""
    return Want(
        charger=view.charger,
        lines=view.lines,
        ceiling_ma=view.grant.limit_ma,
        rank=rank(site.policy, view, at),
        first=view.boosted,
        absent=absent(site.policy, view, at),
    )


def _want(site: Site, view: ChargerView, at: Instant) -> Want:
    """Hold what it has, and take more, as far as its car makes use of it."""
    kept, limit, alone = _kept(site, view, at), view.grant.limit_ma, _alone_on_its_lines(site, view)
    top = 0 if kept.absent and lately_paused(view, at) and not alone else appetite_ma(site.policy, view, at, alone=alone)
    return kept._replace(ceiling_ma=max(top, limit), floor_ma=limit)


def _alone_on_its_lines(site: Site, view: ChargerView) -> bool:
    return not any(other.name != view.charger.name and other.lines & view.charger.lines for other in site.chargers)


def _worth_it(site: Site, view: ChargerView, grant: Grant, at: Instant) -> Grant:
    """Keep the limit where the raise is smaller than the dead band, unless the last change is long ago or this one completes."""
    limit = view.grant.limit_ma
    rise = grant.limit_ma - limit
    rested = at - view.commands[-1].at >= SETTLED_MS
    if not limit or rested or rise >= site.policy.raise_deadband_ma or grant.limit_ma == highest_ma(view.charger):
        return grant
    return Grant(charger=grant.charger, limit_ma=limit, reason=grant.reason)


def _by_name(grants: tuple[Grant, ...]) -> Grants:
    return {grant.charger: grant for grant in grants}
