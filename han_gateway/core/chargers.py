"""What chargers say, and that they say nothing: each is judged, and what is thought of it remembered.

The judgements themselves are made in ``supervision`` (currents), ``echo`` (limits) and ``usage`` (lines). This file must not choose limits.
"""

from han_gateway.core.echo import echoed, overheard, passed, silent
from han_gateway.core.events import ChargerSaid, Overheard
from han_gateway.core.orders import Effects, charger_due
from han_gateway.core.people import notes
from han_gateway.core.site import Site
from han_gateway.core.state import ChargerView, Conduct, State, Warned
from han_gateway.core.supervision import CHARGER, Behaviour, behaviour, charger_border
from han_gateway.core.times import QUIET_MS
from han_gateway.core.units import Instant
from han_gateway.core.usage import FLOWS_MA, observe


def charger_said(site: Site, state: State, event: ChargerSaid) -> tuple[State, Effects]:
    """Remember what a charger reports; who is not in the configuration is not heard."""
    view = state.view(event.charger)
    if view is None:
        return state, ()
    seen, observed = observe(site, view, event)
    seen, differed = echoed(site.policy, seen, event)
    seen, judged = _judged(seen, CHARGER[seen.conduct, behaviour(seen, event)], event.at)
    draws = any((current or 0) >= FLOWS_MA for current in event.current_ma)
    seen = seen._replace(report=event, drew_at=event.at if draws else seen.drew_at)  # also while no list is heard
    return _with(site, state, seen), (*observed, *differed, *judged)


def overheard_by(site: Site, state: State, event: Overheard) -> tuple[State, Effects]:
    """Somebody else told one of our chargers a limit."""
    view = state.view(event.charger)
    if view is None:
        return state, ()
    warned, effects = overheard(view, event)
    return _with(site, state, warned), effects


def miss_chargers(site: Site, state: State, at: Instant) -> tuple[State, Effects]:
    """Let time pass: who has not reported for long is gone, and what a charger may obey changes."""
    effects: Effects = ()
    views: list[ChargerView] = []
    for view in state.chargers:
        missed, more = passed(site.policy, view, at)
        effects += more
        border = charger_border(site.policy, missed)
        if border is not None and at >= border:
            missed, more = _judged(silent(missed), CHARGER[missed.conduct, Behaviour.SILENT], at)
            effects += more
        views.append(missed)
    return state._replace(chargers=tuple(views)), effects


def _judged(view: ChargerView, conduct: Conduct, at: Instant) -> tuple[ChargerView, Effects]:
    """A bad judgement is news unless it was told lately, a good one if it ends what was told."""
    if conduct is view.conduct:
        return view, ()
    warned, judged = view.warned, view._replace(conduct=conduct)
    news = (notes.conduct(view.charger.name, conduct),)
    if conduct is Conduct.OBEYING:
        return judged._replace(warned=warned._replace(open=False)), news if warned.open else ()
    if conduct is warned.conduct and at - warned.at < QUIET_MS:
        return judged, ()
    return judged._replace(warned=Warned(conduct, at, open=True)), news


def _with(site: Site, state: State, new: ChargerView) -> State:
    """What is due of the others has not changed; to look too early, at what was due of this one, does nothing."""
    return state.having(new)._replace(due_at=min(state.due_at, charger_due(site.policy, new)))
