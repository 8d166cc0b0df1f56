"""Sub-fuses with a meter of their own: what each of them leaves for the chargers below it, and what happens when it falls silent.

The same laws as for the main fuse: one reading may lower a limit; a raise needs room in every reading of a whole window; a meter that is
silent raises nobody, and when it is lost the chargers below it fall back. This file must not know how the room is shared out.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace

from han_gateway.core.allocation import Room
from han_gateway.core.decision import ANY, NONE, Grants, at_most, below, cut, fall_back, smaller
from han_gateway.core.draw import beyond_ma
from han_gateway.core.effects import Cause, Grant, Reason
from han_gateway.core.events import CircuitSaid
from han_gateway.core.headroom import Headroom, least, measure_lines, slide
from han_gateway.core.load import Load
from han_gateway.core.orders import Effects, apply, due
from han_gateway.core.patience import learn_patience, window_ms
from han_gateway.core.people import notes
from han_gateway.core.seen.evidence import changed, shown_on, shows
from han_gateway.core.site import Circuit, Site
from han_gateway.core.state import ChargerView, CircuitView, Conduct, Sample, State
from han_gateway.core.units import LINES, Instant, MilliAmps, PerLine

Rooms = Mapping[str, PerLine[MilliAmps]]


def awaited(site: Site, at: Instant) -> tuple[CircuitView, ...]:
    """The circuits with a meter, of which nothing is known yet. The patience with them begins now."""
    return tuple(CircuitView(circuit, at) for circuit in site.root.circuits() if circuit.metered)


def circuit_said(site: Site, state: State, event: CircuitSaid) -> tuple[State, Effects]:
    """Lower at once what this fuse has no room for, and remember what it would allow."""
    view = next((view for view in state.circuits if view.circuit.name == event.circuit), None)
    if view is None:
        return state, ()
    circuit, policy = view.circuit, site.policy
    load = Load(event.current_ma)
    if view.load is not None:
        state = _begun(site, state, circuit, view.load, load, event.at)
    room = _measured(site, circuit, load, below(site, state.chargers, circuit.name), event.at)
    window = slide(view.window, Sample(event.at, room.for_raises), window_ms(policy, state))
    heard = CircuitView(circuit, event.at, room.for_cuts.main, window, load)
    cuts = cut(site, state.chargers, Room(ANY, circuits={circuit.name: room.for_cuts.main}), event.at)
    state = learn_patience(policy, state, cuts, event.at) if cuts else state
    views, effects = apply(site, state.chargers, cuts, event.at)
    state = state._replace(
        circuits=tuple(heard if each is view else each for each in state.circuits),
        chargers=views,
        guessed=at_most(state.guessed, cuts),
    )
    news = () if view.load is not None else (notes.circuit_heard(circuit.name),)
    return state._replace(due_at=due(policy, state, views)), (*news, *effects)


def carried(site: Site, state: State, new_site: Site, at: Instant) -> tuple[CircuitView, ...]:
    """The circuits of another house: what was read of one still counts, who is new is awaited, who is gone is forgotten."""
    known = {view.circuit.name: view for view in state.circuits}
    return tuple(
        _carried(site, state, known[fresh.circuit.name], new_site, fresh.circuit) if fresh.circuit.name in known else fresh
        for fresh in awaited(new_site, at)
    )


def unread(site: Site, state: State) -> Grants:
    """Who has more than a circuit bears of which nothing is known: as at the start, its fallback at most."""
    last = {view.charger.name: view.grant.limit_ma for view in state.chargers}
    grants: Grants = {}
    for view in state.circuits:
        if view.load is None:
            grants |= _fallen(site, state, view.circuit, Cause.METER_LOST if view.heard_at is None else Cause.METER_WAITING)
    return {name: grant for name, grant in grants.items() if grant.limit_ma < last[name]}


def rooms_for_cuts(site: Site, state: State, at: Instant) -> Rooms:
    """What the circuits that were heard lately leave, and those with an unruly charger; the others say nothing about cuts."""
    heard = {view.circuit.name: view.for_cuts for view in state.circuits if _fresh(site, view, at) and view.for_cuts is not None}
    return heard | _unruly(site, state, at)


def rooms_for_raises(site: Site, state: State, at: Instant) -> Rooms:
    """What every reading of the window allows below each circuit; nothing where there is no full window."""
    rooms = {view.circuit.name: least(view.window).main if _full(site, state, view, at) else NONE for view in state.circuits}
    return rooms | _unruly(site, state, at)


def unheard(site: Site, state: State, at: Instant) -> frozenset[str]:
    """The names of the chargers below circuits that have not been heard for a whole window: they keep what they have."""
    silent = [view.circuit.name for view in state.circuits if not _full(site, state, view, at)]
    return frozenset().union(*map(site.below, silent))


def miss_circuits(site: Site, state: State, at: Instant) -> tuple[State, Effects]:
    """Circuits that were not heard for too long are lost: the chargers below get the smaller of their last limit and their fallback."""
    effects: Effects = ()
    for view in state.circuits:
        if view.heard_at is None or at - view.heard_at < site.policy.lost_after_ms:
            continue
        lost = CircuitView(view.circuit)
        grants = _fallen(site, state, view.circuit, Cause.METER_LOST)
        views, more = apply(site, state.chargers, grants, at)
        state = state._replace(
            circuits=tuple(lost if each is view else each for each in state.circuits),
            chargers=views,
            guessed=at_most(state.guessed, grants),
        )
        effects += (notes.circuit_lost(view.circuit.name, at - view.heard_at), *more)
    return state, effects


def explained(state: State, grants: Grants) -> Grants:
    """The same grants with the silence named where that, and not the fuse, is what binds."""
    lost = {view.circuit.name for view in state.circuits if view.heard_at is None}
    return {name: _explained(grant, lost) for name, grant in grants.items()} if lost else grants


def _explained(grant: Grant, lost: Collection[str]) -> Grant:
    circuit = grant.reason.circuit
    return replace(grant, reason=Reason(cause=Cause.METER_LOST, circuit=circuit)) if circuit in lost else grant


def _carried(site: Site, state: State, known: CircuitView, new_site: Site, circuit: Circuit) -> CircuitView:
    """One circuit that was there before: the same reading below another fuse, or with other chargers below it."""
    if known.circuit == circuit:
        return known
    if known.heard_at is None or known.load is None:
        return known._replace(circuit=circuit)
    then = below(new_site, below(site, state.chargers, circuit.name), circuit.name)  # whoever came later was not in this reading
    room = _measured(new_site, circuit, known.load, then, known.heard_at)
    return known._replace(circuit=circuit, for_cuts=room.for_cuts.main, window=())


def _measured(site: Site, circuit: Circuit, load: Load, chargers: tuple[ChargerView, ...], at: Instant) -> Headroom:
    """What this load leaves below the circuit for these chargers, whose own draw is in it."""
    return measure_lines(circuit.fuse_ma - circuit.margin_ma, load, chargers, at, site.policy.report_fresh_ms)


def _begun(site: Site, state: State, circuit: Circuit, before: Load, load: Load, at: Instant) -> State:
    """A start that this meter shows before the house's own, and before the charger's report: each ampere of a rise is one car's.

    Else it would be counted twice, as what else is on this fuse and as the offer, and cut.
    """
    taken = NONE
    for view in below(site, state.chargers, circuit.name):
        probe = view.belief.probe
        if view.report is None or probe is None or probe.from_ma:
            continue
        rise = shown_on({line: changed(before.current_ma, load, line, taken[line.index]) for line in LINES}, view.lines)
        if rise is None or not shows(rise, probe.to_ma):
            continue
        had = view.belief.drawn_ma if view.belief.began_at > probe.at else 0
        drawn = min(had + rise, probe.to_ma)
        taken = PerLine(*(ma + (drawn - had) * (line in view.lines) for line, ma in zip(LINES, taken, strict=True)))
        state = state.having(view._replace(belief=view.belief._replace(began_at=at, drawn_ma=drawn)))
    return state


def _fallen(site: Site, state: State, circuit: Circuit, cause: Cause) -> Grants:
    """The smaller of the last limit and the fallback, for the chargers below one circuit."""
    chargers = below(site, state.chargers, circuit.name)
    grants = smaller(state.chargers, fall_back(site, cause, state.caps), cause)
    reason = Reason(cause=cause, circuit=circuit.name)
    return {view.charger.name: replace(grants[view.charger.name], reason=reason) for view in chargers}


def _unruly(site: Site, state: State, at: Instant) -> dict[str, PerLine[MilliAmps]]:
    """What is left below fuses without a meter, where a charger draws or claims more than its limit: by its own word alone."""
    excess = {
        view.charger.name: PerLine(*(beyond_ma(view, line, at, site.policy.report_fresh_ms) for line in LINES))
        for view in state.chargers
        if view.conduct is Conduct.IGNORING or view.echo.claimed_ma
    }
    if not any(map(any, excess.values())):
        return {}
    return {
        circuit.name: PerLine(
            *(
                circuit.fuse_ma - circuit.margin_ma - sum(excess[name][line.index] for name in excess.keys() & names)
                for line in LINES
            )
        )
        for circuit in site.root.circuits()
        if circuit is not site.root and not circuit.metered and (names := {charger.name for charger in circuit.chargers()})
    }


def _full(site: Site, state: State, view: CircuitView, at: Instant) -> bool:
    whole = len(view.window) > 1 and at - view.window[0].at >= window_ms(site.policy, state)
    return whole and _fresh(site, view, at)


def _fresh(site: Site, view: CircuitView, at: Instant) -> bool:
    return view.heard_at is not None and at - view.heard_at < site.policy.stale_after_ms
