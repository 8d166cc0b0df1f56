"""Orders: grants made true. A new limit is published at once, every limit again and again, and each change is remembered while it acts.

This file must not know why a limit is what it is.
"""

from han_gateway.core.decision import Grants
from han_gateway.core.draw import in_force
from han_gateway.core.echo import again_ms, echo_border, told, wrong
from han_gateway.core.effects import Cause, Effect, Grant, Note, Reason, SetLimit
from han_gateway.core.load import Load
from han_gateway.core.people import notes
from han_gateway.core.people.outcome import border
from han_gateway.core.people.rise import Sight, rise
from han_gateway.core.seen.belief import ask
from han_gateway.core.site import Policy, Site
from han_gateway.core.state import ChargerView, Command, State
from han_gateway.core.supervision import charger_border, meter_border
from han_gateway.core.times import SETTLED_MS
from han_gateway.core.units import FIRST, NEVER, Instant

Effects = tuple[Effect, ...]


def apply(
    site: Site,
    chargers: tuple[ChargerView, ...],
    grants: Grants,
    at: Instant,
    load: Load | None = None,
    sights: tuple[Sight, ...] = (),
) -> tuple[tuple[ChargerView, ...], Effects]:
    """Make grants true: a new limit is published at once, a new reason only rides along with the next one.

    Whoever is paused by its owner, or rests after that, has nothing, whatever was chosen. ``sights`` is what led to it, as far as the
    house did.
    """
    effects: list[Effect] = []
    views: list[ChargerView] = []
    for view in chargers:
        grant = _nothing(view) if view.paused else grants.get(view.charger.name, view.grant)
        if grant.limit_ma != view.grant.limit_ma:
            obeyed = _tell(view, grant, at, load, chargers)
            effects += [_limit(site, obeyed), _changed(site, view.grant, grant, sights)]
            views.append(obeyed)
        else:
            views.append(view if grant == view.grant else view._replace(grant=grant))
    return tuple(views), tuple(effects)


def repeat(site: Site, state: State, at: Instant, *, everything: bool) -> tuple[State, Effects]:
    """Publish again each limit that was last published a while ago, or all of them: a limit that is not repeated expires."""
    effects: list[Effect] = []
    views: list[ChargerView] = []
    for view in state.chargers:
        if everything or view.said_at is None or at - view.said_at >= again_ms(site.policy, view.echo):
            echo = view.echo._replace(tries=view.echo.tries + 1) if wrong(view.echo) else view.echo
            again, limit = again_told(site, view._replace(echo=echo), at)
            effects.append(limit)
            if view.said_at is None:
                effects.append(notes.beginning(view.grant))
            views.append(again)
        else:
            views.append(view)
    chargers = tuple(views)
    return state._replace(chargers=chargers, due_at=due(site.policy, state, chargers)), tuple(effects)


def again_told(site: Site, view: ChargerView, at: Instant) -> tuple[ChargerView, SetLimit]:
    """Tell a charger its limit once more."""
    again = view._replace(seq=view.seq + 1, said_at=at)
    return again, _limit(site, again)


def due(policy: Policy, state: State, chargers: tuple[ChargerView, ...]) -> Instant:
    """The next instant at which something happens by itself."""
    borders = [meter_border(policy, state.meter, state.heard_at)]
    borders += [None if circuit.heard_at is None else circuit.heard_at + policy.lost_after_ms for circuit in state.circuits]
    borders += [charger_due(policy, view) for view in chargers]
    return min((border for border in borders if border is not None), default=NEVER)


def charger_due(policy: Policy, view: ChargerView) -> Instant:
    """The next instant at which something happens by itself to one charger."""
    borders = (charger_border(policy, view), echo_border(policy, view), border(view))
    again_at = FIRST if view.said_at is None else view.said_at + again_ms(policy, view.echo)
    return min(again_at, *(border for border in borders if border is not None))


def _tell(view: ChargerView, grant: Grant, at: Instant, load: Load | None, chargers: tuple[ChargerView, ...]) -> ChargerView:
    return view._replace(
        grant=grant,
        commands=(*in_force(view, at, max(view.response_ms, SETTLED_MS)), Command(at, grant.limit_ma)),
        raised_at=at if grant.limit_ma > view.grant.limit_ma else view.raised_at,
        paused_at=view.paused_at if grant.limit_ma else at,
        started_at=at if grant.limit_ma and not view.grant.limit_ma else view.started_at,
        seq=view.seq + 1,
        said_at=at,
        belief=view.belief._replace(probe=ask(view, grant.limit_ma, load, at, chargers)),
        echo=told(view.echo, grant.limit_ma),
    )


def _changed(site: Site, old: Grant, new: Grant, sights: tuple[Sight, ...]) -> Note:
    """The sentence of a new limit; one that is lower says what the house did."""
    lower = new.limit_ma < old.limit_ma
    return notes.change(old, new, rise(sights, new.reason, site.root.name, three_wire=site.grid.three_wire) if lower else None)


def _nothing(view: ChargerView) -> Grant:
    cause = Cause.PAUSED if view.asks.paused else Cause.RESTING
    return Grant(charger=view.charger.name, limit_ma=0, reason=Reason(cause=cause))


def _limit(site: Site, view: ChargerView) -> SetLimit:
    return SetLimit(grant=view.grant, lines=view.offered, seq=view.seq, valid_for_ms=site.policy.valid_for_ms)
