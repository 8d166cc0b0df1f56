"""The house changes while it is protected: a charger was added, taken out or changed, a fuse was written anew.

Pure, beside ``step``: a state of the old house in, a state of the new one out. Chargers that are as they were keep what is known of
them and, as far as the new fuses allow, their limits. This file must not know where the new house came from. The name of the site and
its grid cannot change here: topics and all that is known of the meter hang on them.
"""

from dataclasses import replace

from han_gateway.core.allocation import Room, Want, allocate
from han_gateway.core.caps import carried as carried_caps
from han_gateway.core.caps import changes, named
from han_gateway.core.circuits import carried as carried_circuits
from han_gateway.core.circuits import explained, rooms_for_cuts, unread
from han_gateway.core.decision import Grants, alone, fall_back, smaller
from han_gateway.core.draw import in_force
from han_gateway.core.effects import Cause, Reason, SetLimit
from han_gateway.core.gateway import start
from han_gateway.core.headroom import Power, measure
from han_gateway.core.heat import WARM
from han_gateway.core.orders import Effects, apply, repeat
from han_gateway.core.people.display import show
from han_gateway.core.seen.answers import Belief
from han_gateway.core.site import Charger, Site
from han_gateway.core.state import Caps, ChargerView, Command, Picture, State
from han_gateway.core.supervision import STANDS
from han_gateway.core.units import Instant, PerLine


def farewell(site: Site, state: State, new_site: Site) -> Effects:
    """The last word to chargers that are in ``site`` and not in ``new_site``: the smaller of last and fallback, as for a lost meter.

    Nobody watches the fuse for them any more, so the limit is what the owner chose for a house that is blind.
    """
    gone = site.gone(new_site)
    grants = smaller(state.chargers, fall_back(site, Cause.REMOVED, state.caps), Cause.REMOVED)
    return tuple(
        SetLimit(grant=grants[view.charger.name], lines=view.offered, seq=view.seq + 1, valid_for_ms=site.policy.valid_for_ms)
        for view in state.chargers
        if view.charger.name in gone
    )


def carry_over(site: Site, state: State, new_site: Site, at: Instant) -> tuple[State, Effects]:
    """The state of ``new_site``, which goes on from ``state`` of ``site``, and what has to be told at once.

    A charger that is new begins at its fallback, one that is not what it was at the smaller of that and its last limit, or below where
    that does not fit. The window of samples is
    forgotten: a house with other fuses and chargers must fill its own before anything is raised. A sub-fuse whose meter was not heard
    yet is one of which nothing is known: nobody below it keeps more than the fallback.
    """
    if (site.name, site.grid) != (new_site.name, new_site.grid):
        raise ValueError("a house with another name or grid is another house")
    known = {view.charger.name: view for view in state.chargers}
    reason = Reason(cause=STANDS[state.meter])  # why a charger that has just come stands at its fallback
    views = tuple(
        _view(known.get(fresh.charger.name), fresh._replace(grant=replace(fresh.grant, reason=reason)), at)
        for fresh in start(new_site, at).chargers
    )
    caps = carried_caps(site, state.caps, new_site)
    told = changes(site, state.caps, new_site, caps)
    room = _room(new_site, state, caps)
    state = state._replace(
        chargers=views,
        window=(),
        baseline=None,
        guessed=(),
        sights=(),
        caps=caps,
        room=None if state.room is None else room,
        pictures=_pictures(state, views),
        circuits=carried_circuits(site, state, new_site, at),
        heat=state.heat if new_site.root.fuse_ma == site.root.fuse_ma else PerLine(WARM, WARM, WARM),
    )
    chargers, changed = apply(new_site, views, _lowered(new_site, state, room, at), at)
    after, repeated = repeat(new_site, state._replace(chargers=chargers), at, everything=False)
    return show(new_site, state, after, (*told, *changed, *repeated), at, everything=False)


def _view(known: ChargerView | None, fresh: ChargerView, at: Instant) -> ChargerView:
    """All that is known of a charger that is as it was; of a changed one the numbers, and that it may still draw what it was told.

    What is known of its phases stays, too, as long as its wires are where they were.
    """
    if known is None:
        return fresh
    charger = fresh.charger
    if known.charger == charger:
        belief = known.belief._replace(probe=None)  # what comes next is not its answer alone
        return known._replace(charger=charger, belief=belief)
    limit = min(known.grant.limit_ma, fresh.grant.limit_ma)
    before = fresh.commands[0].at, max(command.limit_ma for command in in_force(known, at))
    seen_ms = known.belief.response_ms or 0
    view = fresh._replace(
        grant=replace(fresh.grant, limit_ma=limit),
        commands=(Command(*before), Command(at, limit)),
        paused_at=known.paused_at if not known.grant.limit_ma else at,
        started_at=known.started_at,
        had_ua=known.had_ua,
        seq=known.seq,
        asks=known.asks,
        belief=Belief(response_ms=seen_ms if seen_ms > charger.response_ms else None),
    )
    return view._replace(mode=known.mode, phasing=known.phasing) if _wires(known.charger) == _wires(charger) else view


def _wires(charger: Charger) -> tuple[object, ...]:
    """What its phases mean."""
    return charger.lines, charger.order, charger.modes, charger.counts_own


def _pictures(state: State, views: tuple[ChargerView, ...]) -> tuple[Picture, ...]:
    """What was shown of the chargers that are as they were."""
    staying = {view.charger for view in views}
    return tuple(picture for view, picture in zip(state.chargers, state.pictures, strict=False) if view.charger in staying)


def _room(site: Site, state: State, caps: Caps) -> Room:
    """What the chargers that stay may have, by the last list; what others draw is part of the house. All of the fuse if none is known."""
    if state.load is None or state.heard_at is None:
        return alone(site, caps)
    names = {charger.name for charger in site.chargers}
    staying = tuple(view for view in state.chargers if view.charger.name in names)
    power = None if state.baseline is None else Power(state.baseline.watts, state.baseline.volts_mv)
    return measure(site, state.load, staying, state.heard_at, caps, power).for_cuts


def _lowered(site: Site, state: State, room: Room, at: Instant) -> Grants:
    """What the house does not bear, lowered: below sub-fuses of which nothing is known, and then under every fuse and cap."""
    blind = unread(site, state)
    views = tuple(view._replace(grant=blind.get(view.charger.name, view.grant)) for view in state.chargers)
    fitting = _fitting(site, views, room._replace(circuits=rooms_for_cuts(site, state, at)))
    return blind | named(site, state.caps, explained(state, fitting))


def _fitting(site: Site, views: tuple[ChargerView, ...], room: Room) -> Grants:
    """The limits that a fuse of the new house does not bear, lowered. Nothing rises here, and who was there before comes first."""
    wants = [
        Want(charger=view.charger, lines=view.lines, ceiling_ma=view.grant.limit_ma, rank=(int(view.said_at is None),))
        for view in views
    ]
    grants = zip(views, allocate(site, room, wants), strict=True)
    return {grant.charger: grant for view, grant in grants if grant.limit_ma < view.grant.limit_ma}
