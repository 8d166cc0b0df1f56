"""The controller: ``step(site, state, event) -> (state, effects)``, a function of its events and of nothing else.

Time passes first, with every event: the meter grows stale, limits are due again. Then the event itself is answered. The choices are
made in ``decision``, the judgements in ``supervision``; this file only puts them in order. It must not read a clock.
"""

from dataclasses import replace

from han_gateway.core import notes
from han_gateway.core.decision import Grants, cut, fall_back, grow, smaller
from han_gateway.core.effects import Cause, Effect, Grant, MeterState, Reason, SetLimit, ShowHeadroom, ShowReading
from han_gateway.core.events import BrokerChanged, ChargerSaid, Event, MeterSaid
from han_gateway.core.headroom import in_force, least, measure, settled, slide
from han_gateway.core.load import Load, complete
from han_gateway.core.site import Policy, Site
from han_gateway.core.state import ChargerView, Command, Conduct, Sample, State
from han_gateway.core.supervision import (
    CHARGER,
    METER,
    POLICY,
    Basis,
    Behaviour,
    Sign,
    behaviour,
    charger_border,
    clock_stands,
    meter_border,
    sign,
)
from han_gateway.core.units import LINES, Instant, PerLine

Effects = tuple[Effect, ...]

_UNKNOWN = Load(PerLine(None, None, None))
_FIRST: Instant = -(1 << 62)
_NEVER: Instant = 1 << 62


def start(site: Site, at: Instant) -> State:
    """Begin without knowing anything: fallback limits, to be published with the first event.

    Whatever a charger was told before we were born may still be in force: it may draw its maximum for one response time.
    """
    grants = fall_back(site, Cause.METER_WAITING)
    views = tuple(
        ChargerView(
            charger=charger,
            grant=grants[charger.name],
            commands=(Command(at - charger.response_ms, charger.maximum_ma), Command(at, grants[charger.name].limit_ma)),
            raised_at=at - charger.response_ms,
            paused_at=at,
        )
        for charger in site.chargers
    )
    return State(meter=MeterState.WAITING, chargers=views, due_at=_FIRST)


def step(site: Site, state: State, event: Event) -> tuple[State, Effects]:
    """Answer one event. Events must come in the order of their instants; the same state comes back where nothing changed."""
    effects: Effects = ()
    if event.at >= state.due_at:
        state, effects = _pass_time(site, state, event.at)
    if isinstance(event, MeterSaid):
        state, more = _meter_said(site, state, event)
    elif isinstance(event, ChargerSaid):
        state, more = _charger_said(site, state, event)
    elif isinstance(event, BrokerChanged) and event.connected:
        state, more = _repeat(site, state, event.at, everything=True)
    else:  # ticks, damaged frames and lost ports say no more than the time that passes without a list
        return state, effects
    return state, effects + more


def _pass_time(site: Site, state: State, at: Instant) -> tuple[State, Effects]:
    """Do what is due: judge the age of the last list, miss chargers that went silent, publish limits again."""
    effects: list[Effect] = [_headroom(site, state)] if state.due_at == _FIRST else []
    for view in state.chargers:
        border = charger_border(site.policy, view)
        if border is not None and at >= border:
            state, more = _charger_silent(state, view)
            effects += more
    meter = METER[state.meter, sign(site.policy, state.heard_at, at)]
    if meter is not state.meter:
        state, more = _meter_changed(site, state, meter, at)
        effects += more
    state, more = _repeat(site, state, at, everything=False)
    return state, (*effects, *more)


def _meter_changed(site: Site, state: State, meter: MeterState, at: Instant) -> tuple[State, Effects]:
    """The meter has grown stale or is lost: forget the window, and stand on the limits that the policy names."""
    basis = POLICY[meter].limit
    state = state._replace(meter=meter, window=(), load=None if basis is Basis.SMALLER else state.load)
    if basis is Basis.SMALLER:
        grants = smaller(state.chargers, fall_back(site, Cause.METER_LOST), Cause.METER_LOST)
    else:
        grants = {view.charger.name: _because(view.grant, Cause.METER_STALE) for view in state.chargers}
    power_heard = sign(site.policy, state.power_at, at) is Sign.IN_TIME
    silence_ms = 0 if state.heard_at is None else at - state.heard_at
    note = notes.meter_silent(meter, silence_ms, power_heard=power_heard)
    views, effects = _apply(site, state.chargers, grants, at)
    state = state._replace(chargers=views)
    return state, (_headroom(site, state), note, *effects)


def _meter_said(site: Site, state: State, event: MeterSaid) -> tuple[State, Effects]:
    """A list: show it; if it carries currents, lower at once, or raise if the whole window allows it."""
    at, reading = event.at, event.reading
    load = complete(site, reading)
    shown = ShowReading(reading=reading)
    if load is None:
        return state._replace(power_at=at), (shown,)
    policy = site.policy
    stands = clock_stands(policy, state.clock, state.clock_at, reading.clock, at)
    moved = reading.clock is not None and reading.clock != state.clock
    believed = not stands and all(load.knows(view.charger.lines) for view in state.chargers)
    room = measure(site, load, state.chargers, at)
    before = state.meter
    state = state._replace(
        meter=METER[before, Sign.HEARD] if believed else before,
        heard_at=at if believed else state.heard_at,
        power_at=at,
        load=load,
        clock=reading.clock if moved else state.clock,
        clock_at=at if moved else state.clock_at,
        window=slide(state.window, Sample(at, room.for_raises), policy.raise_window_ms) if believed else state.window,
    )
    grants = _choose(site, state, room.for_cuts, at, believed=believed)
    views, told = _apply(site, state.chargers, grants, at)
    state = state._replace(chargers=views, due_at=_due(policy, state, views))
    heard = () if state.meter is before else (notes.meter_heard(before),)
    return state, (shown, _headroom(site, state), *heard, *told)


def _choose(site: Site, state: State, for_cuts: PerLine[int], at: Instant, *, believed: bool) -> Grants:
    """Cut if anything must be cut. Raise only on a window that is full, and only when nothing is in flight."""
    rule = POLICY[state.meter]
    cuts = cut(site, state.chargers, for_cuts) if rule.may_lower else {}
    if cuts or not (believed and rule.may_raise):
        return cuts
    full = at - state.window[0].at >= site.policy.raise_window_ms
    if full and all(settled(view, at) for view in state.chargers):
        return grow(site, state.chargers, least(state.window), at)
    waiting = (Cause.METER_WAITING, Cause.METER_STALE, Cause.METER_LOST)
    return {
        view.charger.name: _because(view.grant, Cause.RAISE_PENDING)
        for view in state.chargers
        if view.grant.reason.cause in waiting
    }


def _charger_said(site: Site, state: State, event: ChargerSaid) -> tuple[State, Effects]:
    """Remember what a charger reports; who is not in the configuration is not heard."""
    for view in state.chargers:
        if view.charger.name == event.charger:
            conduct = CHARGER[view.conduct, behaviour(view, event)]
            chargers = _with(state.chargers, view._replace(report=event, conduct=conduct))
            state = state._replace(chargers=chargers, due_at=_due(site.policy, state, chargers))
            return state, _judged(view, conduct)
    return state, ()


def _charger_silent(state: State, view: ChargerView) -> tuple[State, Effects]:
    """A charger has not reported for long."""
    conduct = CHARGER[view.conduct, Behaviour.SILENT]
    return state._replace(chargers=_with(state.chargers, view._replace(conduct=conduct))), _judged(view, conduct)


def _judged(view: ChargerView, conduct: Conduct) -> Effects:
    """A new judgement is news, but for the first good one."""
    if conduct is view.conduct or (view.conduct, conduct) == (Conduct.UNKNOWN, Conduct.OBEYING):
        return ()
    return (notes.conduct(view.charger.name, conduct),)


def _with(chargers: tuple[ChargerView, ...], changed: ChargerView) -> tuple[ChargerView, ...]:
    return tuple(changed if view.charger is changed.charger else view for view in chargers)


def _repeat(site: Site, state: State, at: Instant, *, everything: bool) -> tuple[State, Effects]:
    """Publish again each limit that was last published a while ago, or all of them: a limit that is not repeated expires."""
    effects: list[Effect] = []
    views: list[ChargerView] = []
    for view in state.chargers:
        if everything or view.said_at is None or at - view.said_at >= site.policy.republish_ms:
            again = view._replace(seq=view.seq + 1, said_at=at)
            effects.append(_limit(site, again))
            if view.said_at is None:
                effects.append(notes.beginning(view.grant))
            views.append(again)
        else:
            views.append(view)
    chargers = tuple(views)
    return state._replace(chargers=chargers, due_at=_due(site.policy, state, chargers)), tuple(effects)


def _apply(site: Site, chargers: tuple[ChargerView, ...], grants: Grants, at: Instant) -> tuple[tuple[ChargerView, ...], Effects]:
    """Make grants true: a new limit is published at once, a new reason only rides along with the next one."""
    effects: list[Effect] = []
    views: list[ChargerView] = []
    for view in chargers:
        grant = grants.get(view.charger.name, view.grant)
        if grant.limit_ma != view.grant.limit_ma:
            told = _tell(view, grant, at)
            effects += [_limit(site, told), notes.change(view.grant, grant)]
            views.append(told)
        else:
            views.append(view if grant == view.grant else view._replace(grant=grant))
    return tuple(views), tuple(effects)


def _tell(view: ChargerView, grant: Grant, at: Instant) -> ChargerView:
    return view._replace(
        grant=grant,
        commands=(*in_force(view, at), Command(at, grant.limit_ma)),
        raised_at=at if grant.limit_ma > view.grant.limit_ma else view.raised_at,
        paused_at=view.paused_at if grant.limit_ma else at,
        seq=view.seq + 1,
        said_at=at,
    )


def _due(policy: Policy, state: State, chargers: tuple[ChargerView, ...]) -> Instant:
    """The next instant at which something happens by itself."""
    borders = [meter_border(policy, state.meter, state.heard_at)]
    for view in chargers:
        borders += [charger_border(policy, view), _FIRST if view.said_at is None else view.said_at + policy.republish_ms]
    return min((border for border in borders if border is not None), default=_NEVER)


def _limit(site: Site, view: ChargerView) -> SetLimit:
    return SetLimit(grant=view.grant, lines=view.charger.lines, seq=view.seq, valid_for_ms=site.policy.valid_for_ms)


def _headroom(site: Site, state: State) -> ShowHeadroom:
    fuse = site.root.fuse_ma
    load = state.load or _UNKNOWN
    room = PerLine(*(None if current is None else fuse - current for current in load.current_ma))
    estimated = tuple(line for line in LINES if line in load.estimated)
    return ShowHeadroom(state=state.meter, fuse_ma=fuse, room_ma=room, load_ma=load.current_ma, estimated=estimated)


def _because(grant: Grant, cause: Cause) -> Grant:
    return replace(grant, reason=Reason(cause=cause))
