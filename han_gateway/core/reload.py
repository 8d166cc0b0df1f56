"""The house changes while it is protected: a charger was added, taken out or changed, a fuse was written anew.

Pure, beside ``step``: a state of the old house in, a state of the new one out. Chargers that are as they were keep what is known of
them and, as far as the new fuses allow, their limits. This file must not know where the new house came from. The name of the site and
its grid cannot change here: topics and all that is known of the meter hang on them.
"""

from dataclasses import replace

from han_gateway.core.allocation import Room, Want, allocate
from han_gateway.core.decision import Grants, fall_back, smaller
from han_gateway.core.effects import Cause, MeterState, Reason, SetLimit
from han_gateway.core.gateway import start
from han_gateway.core.headroom import measure
from han_gateway.core.orders import Effects, apply, repeat
from han_gateway.core.site import Site
from han_gateway.core.state import ChargerView, Command, State
from han_gateway.core.units import Instant, MilliAmps, PerLine

# Why a charger that has just come stands at its fallback.
_BECAUSE = {
    MeterState.WAITING: Cause.METER_WAITING,
    MeterState.FRESH: Cause.RAISE_PENDING,
    MeterState.STALE: Cause.METER_STALE,
    MeterState.LOST: Cause.METER_LOST,
}


def farewell(site: Site, state: State, new_site: Site) -> Effects:
    """The last word to chargers that are in ``site`` and not in ``new_site``: the smaller of last and fallback, as for a lost meter.

    Nobody watches the fuse for them any more, so the limit is what the owner chose for a house that is blind.
    """
    staying = {charger.name for charger in new_site.chargers}
    grants = smaller(state.chargers, fall_back(site, Cause.METER_LOST), Cause.METER_LOST)
    return tuple(
        SetLimit(grant=grants[view.charger.name], lines=view.lines, seq=view.seq + 1, valid_for_ms=site.policy.valid_for_ms)
        for view in state.chargers
        if view.charger.name not in staying
    )


def carry_over(site: Site, state: State, new_site: Site, at: Instant) -> tuple[State, Effects]:
    """The state of ``new_site``, which goes on from ``state`` of ``site``, and the limits that have to be told at once.

    A charger that is new, or not what it was, begins at its fallback, or below where that does not fit. The window of samples is
    forgotten: a house with other fuses and chargers must fill its own before anything is raised.
    """
    if (site.name, site.grid) != (new_site.name, new_site.grid):
        raise ValueError("a house with another name or grid is another house")
    known = {view.charger.name: view for view in state.chargers}
    reason = Reason(cause=_BECAUSE[state.meter])
    views = tuple(
        _view(known.get(fresh.charger.name), fresh._replace(grant=replace(fresh.grant, reason=reason)))
        for fresh in start(new_site, at).chargers
    )
    room = _room(new_site, state)
    state = state._replace(chargers=views, window=(), baseline=None, guessed=())
    chargers, changed = apply(new_site, views, _fitting(new_site, views, room), at)
    state, told = repeat(new_site, state._replace(chargers=chargers), at, everything=False)
    return state, (*changed, *told)


def _view(known: ChargerView | None, fresh: ChargerView) -> ChargerView:
    """All that is known of a charger that is as it was; of a changed one the numbers, and that it may still draw what it was told."""
    if known is None:
        return fresh
    if known.charger == fresh.charger:
        return known._replace(belief=known.belief._replace(probe=None))  # what comes next is not its answer alone
    before, now = fresh.commands
    highest = max(before.limit_ma, *(command.limit_ma for command in known.commands))
    return fresh._replace(commands=(Command(before.at, highest), now), seq=known.seq, belief=known.belief.forgotten())


def _room(site: Site, state: State) -> PerLine[MilliAmps]:
    """What the chargers that stay may have, by the last list; what others draw is part of the house. All of the fuse if none is known."""
    if state.load is None or state.heard_at is None:
        budget = site.root.fuse_ma - site.root.margin_ma
        return PerLine(budget, budget, budget)
    names = {charger.name for charger in site.chargers}
    staying = tuple(view for view in state.chargers if view.charger.name in names)
    return measure(site, state.load, staying, state.heard_at).for_cuts


def _fitting(site: Site, views: tuple[ChargerView, ...], room: PerLine[MilliAmps]) -> Grants:
    """The limits that a fuse of the new house does not bear, lowered. Nothing rises here, and who was there before comes first."""
    wants = [
        Want(charger=view.charger, lines=view.lines, ceiling_ma=view.grant.limit_ma, rank=(int(view.said_at is None),))
        for view in views
    ]
    grants = zip(views, allocate(site, Room(room), wants), strict=True)
    return {grant.charger: grant for view, grant in grants if grant.limit_ma < view.grant.limit_ma}
