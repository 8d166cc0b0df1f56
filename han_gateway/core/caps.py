"""Caps: what the owner allows the house below its fuse, set in the configuration and, within bounds, at run time.

A cap is a comfort limit and obeys the laws of the fuse: it cuts at once, it may pause chargers, and what it allows again is given back only
after a whole window of lists. ``headroom`` measures what it leaves. This file must not know how a cap was set, nor how room is shared out.
"""

from dataclasses import replace

from han_gateway.core.allocation import Room
from han_gateway.core.decision import ANY, Grants, alone, at_most, cut
from han_gateway.core.effects import Cause, Grant, ShowCaps
from han_gateway.core.events import CapSaid
from han_gateway.core.headroom import Power, budget_ma, measure_power, slide
from han_gateway.core.orders import Effects, apply, due
from han_gateway.core.patience import window_ms
from han_gateway.core.people import notes
from han_gateway.core.power import NOMINAL_MV, as_ma, mean_mv, net_w
from han_gateway.core.site import Cap, CapRule, Site
from han_gateway.core.state import Caps, State
from han_gateway.core.supervision import POLICY
from han_gateway.core.units import Instant, PerLine
from han_gateway.meters.reading import Reading


def configured(site: Site) -> Caps:
    """The caps while nobody says otherwise."""
    return Caps(_default(site.power_cap), _default(site.line_cap))


def shown(caps: Caps) -> ShowCaps:
    """For people to see."""
    return ShowCaps(power_w=caps.power_w, line_ma=caps.line_ma)


def cap_said(site: Site, state: State, event: CapSaid) -> tuple[State, Effects]:
    """Take a new cap and answer with the caps in force. A lower one cuts now, by what the last list has told."""
    rule = site.rule(event.cap)
    if rule is None or not (event.value is None or rule.least <= event.value <= rule.most):
        return state, ()
    value = rule.default if event.value is None else event.value
    before = state.caps
    caps = before._replace(power_w=value) if event.cap is Cap.POWER else before._replace(line_ma=value)
    room = None if state.room is None else _moved(site, before, caps, state.room)
    state = state._replace(caps=caps, room=room)
    lowered = value < _value(before, event.cap)
    grants = named(site, caps, cut(site, state.chargers, room or alone(site, caps), event.at)) if lowered else {}
    views, effects = apply(site, state.chargers, grants, event.at)
    state = state._replace(chargers=views, due_at=due(site.policy, state, views), guessed=at_most(state.guessed, grants))
    told = (notes.cap_set(event.cap, value),) if caps != before else ()
    return state, (shown(caps), *told, *effects)


def carried(site: Site, caps: Caps, new_site: Site) -> Caps:
    """The caps of another house: one that was set at run time stays, if it is within the new bounds; else what is configured now."""
    return Caps(
        _carried(caps.power_w, site.power_cap, new_site.power_cap),
        _carried(caps.line_ma, site.line_cap, new_site.line_cap),
    )


def changes(site: Site, caps: Caps, new_site: Site, new_caps: Caps) -> Effects:
    """What people are told of that: nothing where caps and bounds are as they were."""
    if (caps, site.power_cap, site.line_cap) == (new_caps, new_site.power_cap, new_site.line_cap):
        return ()
    now = ((Cap.POWER, new_caps.power_w, caps.power_w), (Cap.LINE, new_caps.line_ma, caps.line_ma))
    told = tuple(notes.cap_set(cap, value) for cap, value, before in now if value is not None and value != before)
    return (shown(new_caps), *told)


def hold_power(site: Site, state: State, reading: Reading, at: Instant) -> tuple[State, Grants]:
    """A list without currents: it is enough to hold the power cap, which asks for no guess, and it counts in the raise window."""
    power = power_of(state, reading)
    if state.caps.power_w is None or power is None:
        return state, {}
    _, for_raises = measure_power(site, power, state.chargers, at, state.caps)
    # What a silent car has made of its last raise no list has shown yet: it may draw all of it.
    asked = tuple(view if view.belief.probe is None else view._replace(belief=view.belief.forgotten()) for view in state.chargers)
    for_cuts, _ = measure_power(site, power, asked, at, state.caps)
    if state.room is not None:
        state = state._replace(room=state.room._replace(power_ma=for_cuts))
    if state.window:
        last = state.window[-1]
        sample = last._replace(at=at, room=last.room._replace(power_ma=for_raises))
        state = state._replace(window=slide(state.window, sample, window_ms(site.policy, state)))
    if not POLICY[state.meter].may_lower:
        return state, {}
    cuts = cut(site, state.chargers, Room(ANY, for_cuts), at)
    return state._replace(guessed=at_most(state.guessed, cuts)), cuts


def power_of(state: State, reading: Reading) -> Power | None:
    """What a list says of the power of the house; None where it does not. Its voltage may be that of the list before."""
    watts = net_w(reading)
    volts_mv = mean_mv(reading) or (state.baseline.volts_mv if state.baseline else NOMINAL_MV)
    return None if watts is None else Power(watts, volts_mv)


def named(site: Site, caps: Caps, grants: Grants) -> Grants:
    """The same grants with the phase cap named where that, and not the main fuse, is what binds."""
    if caps.line_ma is None or caps.line_ma >= site.root.fuse_ma - site.root.margin_ma:
        return grants
    return {name: _named(site, grant) for name, grant in grants.items()}


def _named(site: Site, grant: Grant) -> Grant:
    reason = grant.reason
    if reason.circuit != site.root.name:
        return grant
    cause = Cause.LINE_CAP if reason.cause is Cause.FUSE else reason.cause
    return replace(grant, reason=replace(reason, cause=cause, circuit=None))


def _default(rule: CapRule | None) -> int | None:
    return None if rule is None else rule.default


def _carried(value: int | None, before: CapRule | None, now: CapRule | None) -> int | None:
    """What equals the old default was not set by anybody, as far as we can tell."""
    if now is None or value is None or before is None or value == before.default or not now.least <= value <= now.most:
        return _default(now)
    return value


def _value(caps: Caps, cap: Cap) -> int:
    return (caps.power_w if cap is Cap.POWER else caps.line_ma) or 0


def _moved(site: Site, before: Caps, after: Caps, room: Room) -> Room:
    """The room that the last list would have left under other caps: a cap moves it by just as much."""
    more = budget_ma(site, after) - budget_ma(site, before)
    main = PerLine(*(allowed + more for allowed in room.main))
    if room.power_ma is None or after.power_w is None or before.power_w is None:
        return room._replace(main=main)
    return room._replace(main=main, power_ma=room.power_ma + as_ma(after.power_w - before.power_w, NOMINAL_MV))
