"""The controller: ``step(site, state, event) -> (state, effects)``, a function of its events and of nothing else.

Time passes first, with every event: the meter grows stale, limits are due again. Then the event itself is answered. The choices are
made in ``decision``, the judgements in ``supervision``; this file only puts them in order. It must not read a clock.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from han_gateway.core.allocation import Room
from han_gateway.core.caps import cap_said, configured, hold_power, named, power_of, shown
from han_gateway.core.chargers import charger_said, miss_chargers, overheard_by
from han_gateway.core.circuits import awaited, circuit_said, explained, miss_circuits, rooms_for_cuts, rooms_for_raises, unheard
from han_gateway.core.decision import Grants, cut, fall_back, grow, lesser, smaller
from han_gateway.core.draw import settled
from han_gateway.core.effects import Cause, Effect, Grant, MeterState, Reason, ShowReading
from han_gateway.core.events import (
    Asked,
    BrokerChanged,
    CapSaid,
    ChargerSaid,
    CircuitSaid,
    Event,
    MeterGarbled,
    MeterSaid,
    Overheard,
)
from han_gateway.core.foresight import baseline, followed, foresee, look_back, misled
from han_gateway.core.freshness import judge
from han_gateway.core.headroom import budget_ma, least, least_for_cuts, measure, slide
from han_gateway.core.heat import hold, let_go
from han_gateway.core.learning import learned
from han_gateway.core.load import complete, exports
from han_gateway.core.orders import Effects, apply, due, repeat
from han_gateway.core.patience import learn_patience, restless, window_ms
from han_gateway.core.people import notes
from han_gateway.core.people.commands import asked, blinded, observed, watched
from han_gateway.core.people.display import show, show_room
from han_gateway.core.people.household import look
from han_gateway.core.people.net import compare
from han_gateway.core.people.unread import unread
from han_gateway.core.phases import arrange, changing, widen
from han_gateway.core.power import net_w
from han_gateway.core.seen.remainder import sunny
from han_gateway.core.site import Site
from han_gateway.core.state import Caps, ChargerView, Command, Sample, State
from han_gateway.core.supervision import METER, POLICY, Basis, Sign, sign
from han_gateway.core.units import FIRST, Instant


def start(site: Site, at: Instant) -> State:
    """Begin without knowing anything: fallback limits, to be published with the first event.

    Whatever a charger was told before we were born may still be in force: it may draw its maximum for one response time.
    """
    caps = configured(site)
    grants = fall_back(site, Cause.METER_WAITING, caps)
    views = tuple(
        ChargerView(
            charger=charger,
            grant=grants[charger.name],
            commands=(Command(at - charger.response_ms, charger.maximum_ma), Command(at, grants[charger.name].limit_ma)),
            raised_at=FIRST,
            paused_at=at,
            drew_at=at,
        )
        for charger in site.chargers
    )
    return State(meter=MeterState.WAITING, chargers=views, due_at=FIRST, caps=caps, circuits=awaited(site, at))


def step(site: Site, state: State, event: Event) -> tuple[State, Effects]:
    """Answer one event. Events must come in the order of their instants; the same state comes back where nothing changed."""
    before, back = state, isinstance(event, BrokerChanged) and event.connected
    effects: Effects = ()
    more: Effects = ()
    if event.at >= state.due_at:
        state, effects = _pass_time(site, state, event.at)
    if answer := _ANSWERS.get(type(event)):
        state, more = answer(site, state, event)
    return show(site, before, state, effects + more, event.at, everything=back)


def _pass_time(site: Site, state: State, at: Instant) -> tuple[State, Effects]:
    """Do what is due: judge the age of the last list, miss chargers that went silent, publish limits again."""
    effects: list[Effect] = [show_room(site, state), shown(state.caps)] if state.due_at == FIRST else []
    state, more = miss_chargers(site, state, at)
    effects += more
    state, more = watched(site, state, at)
    effects += more
    state, more = miss_circuits(site, state, at)
    effects += more
    meter = METER[state.meter, sign(site.policy, state.heard_at, at)]
    if meter is not state.meter:
        state, more = _meter_changed(site, state, meter, at)
        effects += more
    state, more = repeat(site, state, at, everything=False)
    return state, (*effects, *more)


def _meter_changed(site: Site, state: State, meter: MeterState, at: Instant) -> tuple[State, Effects]:
    """The meter has grown stale or is lost: forget the window, all guesses and beliefs, and stand on the limits that the policy names."""
    basis = POLICY[meter].limit
    load = None if basis is Basis.SMALLER else state.load
    unasked = tuple(view._replace(belief=view.belief.forgotten().doubted()) for view in state.chargers)
    state = state._replace(meter=meter, chargers=unasked, window=(), load=load, room=None, baseline=None, guessed=(), sights=())
    if basis is Basis.SMALLER:
        grants = smaller(state.chargers, fall_back(site, Cause.METER_LOST, state.caps), Cause.METER_LOST)
    else:
        grants = {view.charger.name: _because(let_go(view), Cause.METER_STALE) for view in state.chargers}
    power_heard = sign(site.policy, state.power_at, at) is Sign.IN_TIME
    silence_ms = 0 if state.heard_at is None else at - state.heard_at
    note = notes.meter_silent(meter, silence_ms, power_heard=power_heard, doubt=state.doubt)
    views, effects = apply(site, state.chargers, grants, at)
    state = state._replace(chargers=views)
    return state, (show_room(site, state), note, *effects)


def _meter_said(site: Site, state: State, event: MeterSaid) -> tuple[State, Effects]:
    """A list: show it; if it carries currents, lower at once, or raise if the whole window allows it."""
    at, reading, policy = event.at, event.reading, site.policy
    state = state._replace(exported_at=at if exports(reading) else state.exported_at)
    load = complete(site, reading, sunny=sunny(state, at))
    state, doubt, warned = judge(policy, state, reading, at)
    state, contradiction = compare(site, state, reading, at)
    seen: Effects = (ShowReading(reading=reading, doubt=doubt), *warned, *contradiction)
    if load is None:
        state, told = _power_said(site, state, event)
        return state, (*seen, *told)
    believed = doubt is None and all(load.knows(view.lines) for view in state.chargers)
    if believed:
        state = learned(site, state, load, at)
    state = state._replace(chargers=followed(site, state, reading, load))
    room = measure(site, load, state.chargers, at, state.caps, power_of(state, reading))
    before = state.meter
    state = state._replace(
        meter=METER[before, Sign.HEARD] if believed else before,
        heard_at=at if believed else state.heard_at,
        power_at=at,
        load=load,
        room=room.for_cuts if believed else state.room,
        window=slide(state.window, Sample(at, room.for_raises, room.for_cuts.main), window_ms(policy, state))
        if believed
        else state.window,
    )
    state, arranged = arrange(site, state, at) if believed else (state, ())
    for_cuts = room.for_cuts._replace(circuits=rooms_for_cuts(site, state, at))
    forced, chosen = _choose(site, state, for_cuts, at, believed=believed)
    grants = named(site, state.caps, explained(state, forced | chosen))
    base = baseline(site, reading, load, room.for_cuts.main, state, at) if believed else None
    state = learn_patience(policy, state, forced, at)._replace(misled=misled(state, grants))
    sights = look(site, state, reading, at, load, room.for_cuts) if believed else ()
    views, told = apply(site, state.chargers, grants, at, load, sights)
    state = state._replace(
        chargers=views, due_at=due(policy, state, views), baseline=base, guessed=(), peak_w=0, sights=sights or state.sights
    )
    heard = () if state.meter is before else (notes.meter_heard(before),)
    return state, (*seen, show_room(site, state), *heard, *arranged, *told)


def _broker_changed(site: Site, state: State, event: BrokerChanged) -> tuple[State, Effects]:
    """The broker is back: everybody hears everything. It is lost: nobody is heard."""
    if not event.connected:
        return blinded(site, state, event.at)
    state, told = repeat(site, state, event.at, everything=True)
    return state, (shown(state.caps), *told)


def _charger_said(site: Site, state: State, event: ChargerSaid) -> tuple[State, Effects]:
    """A report: what it shows of a command, and what is thought of the charger from now on."""
    state, shown_of = observed(site, state, event)
    state, more = charger_said(site, state, event)
    return state, (*shown_of, *more)


def _power_said(site: Site, state: State, event: MeterSaid) -> tuple[State, Effects]:
    """A list without currents, between two that have them: act on what it foretells, until the next one decides."""
    state = state._replace(power_at=event.at, peak_w=max(state.peak_w, net_w(event.reading) or 0))
    guesses = foresee(site, state, event.reading, event.at) if state.meter is MeterState.FRESH else {}
    if guesses and not state.guessed:
        state = state._replace(guessed=tuple(view.grant for view in state.chargers))
    state, capped = hold_power(site, state, event.reading, event.at)
    grants = {**capped, **{name: lesser(guess, capped.get(name, guess)) for name, guess in guesses.items()}}
    if not grants:
        return state, ()
    sights = look(site, state, event.reading, event.at)
    views, effects = apply(site, state.chargers, grants, event.at, sights=sights)  # no new question: the house changes just now
    return state._replace(chargers=views, due_at=due(site.policy, state, views)), effects


def _choose(site: Site, state: State, for_cuts: Room, at: Instant, *, believed: bool) -> tuple[Grants, Grants]:
    """What the house forces, and what we choose: cut if anything must be cut; raise only on a window that is full, with nothing in flight."""
    rule = POLICY[state.meter]
    if state.guessed and believed and rule.may_raise:
        return _held(site, state, look_back(site, state, for_cuts, at), for_cuts), {}
    cuts = _held(site, state, cut(site, state.chargers, for_cuts, at), for_cuts) if rule.may_lower else {}
    if cuts or not (believed and rule.may_raise):
        return cuts, {}
    full = at - state.window[0].at >= window_ms(site.policy, state)
    if full and all(settled(view, at) for view in state.chargers):
        room = least(state.window)._replace(circuits=rooms_for_raises(site, state, at))
        awake = state._replace(chargers=tuple(view for view in state.chargers if not (view.paused or changing(site, view, at))))
        return {}, widen(site, awake, at) or grow(
            site,
            awake.chargers,
            room,
            at,
            restless=restless(state, at),
            unheard=unheard(site, state, at),
            for_cuts=least_for_cuts(state.window),
        )
    waiting = (Cause.METER_WAITING, Cause.METER_STALE, Cause.METER_LOST)
    return {}, {
        view.charger.name: replace(view.grant, reason=replace(view.grant.reason, cause=Cause.RAISE_PENDING))
        for view in state.chargers
        if view.grant.reason.cause in waiting
    }


def _held(site: Site, state: State, cuts: Grants, room: Room) -> Grants:
    """The patience of the fuse, where the owner wants it and no cap is below it; a cap has none."""
    patient = site.policy.hold_minimum and budget_ma(site, state.caps) == budget_ma(site, Caps())
    return hold(site, state.chargers, cuts, room, state.heat) if patient else cuts


def _because(grant: Grant, cause: Cause) -> Grant:
    return replace(grant, reason=Reason(cause=cause))


_ANSWERS: dict[type[Event], Callable[[Site, State, Any], tuple[State, Effects]]] = {
    MeterSaid: _meter_said,
    MeterGarbled: unread,
    ChargerSaid: _charger_said,
    Asked: asked,
    Overheard: overheard_by,
    CircuitSaid: circuit_said,
    CapSaid: cap_said,
    BrokerChanged: _broker_changed,
}
"""Ticks and lost ports say no more than the time that passes without a list."""
