"""What people ask of a charger: restart, pause, resume, boost; each is answered, and what came of it is told.

A pause and a boost are wishes: they hold until they are taken back or their time is over. A pause is nothing, whatever there is to share
(``orders``); a boost comes first where room is shared out (``allocation``) and has no more room than anybody. What may rise after a wish is
over rises as ever, and not before the pause was as long as a contactor wants it (``rest``). Of a charger that restarts it is not known what
it takes when it is back: its failsafe, or all that it can, is kept free until it follows its limit again, which is sent to it at once. What
is seen of a command is judged in ``outcome``.
"""

from collections.abc import Sequence
from dataclasses import replace

from han_gateway.core.allocation import highest_ma
from han_gateway.core.decision import Grants, at_most
from han_gateway.core.echo import failsafe_ma
from han_gateway.core.effects import Cause, Effect, Grant, Reason, RestartCharger, ShowOutcome, Stage
from han_gateway.core.events import Ask, Asked, ChargerSaid, ChargerStatus
from han_gateway.core.orders import Effects, again_told, apply, due
from han_gateway.core.people import notes
from han_gateway.core.people.outcome import LIFE, OPEN, Sign, first_stage, habit, reborn, said, sign_at, sign_of, waits, words
from han_gateway.core.people.rest import rested
from han_gateway.core.people.wish import Request, Wish
from han_gateway.core.site import Site
from han_gateway.core.state import ChargerView, State
from han_gateway.core.supervision import POLICY, STANDS
from han_gateway.core.times import QUIET_MS
from han_gateway.core.units import Instant

BOOST_MS = 14_400_000
"""A boost without a time ends after this, at the latest."""
KNOWN = 8
"""So many outcomes are known by their ids."""


def asked(site: Site, state: State, event: Asked) -> tuple[State, Effects]:
    """Answer a command at once: with what is known of it already, with a refusal, or by doing it."""
    view = state.view(event.charger)
    if view is None:
        return state, ()
    for outcome in view.asks.told:
        if outcome.id == event.id:
            return state, (outcome,)
    why = _refusal(state, view, event)
    if why:
        return _told(state, _outcome(event, Stage.REFUSED, why))
    if event.ask is Ask.RESTART:
        return _restart(site, state, view, event)
    return _wish(site, state, view, event)


def observed(site: Site, state: State, event: ChargerSaid) -> tuple[State, Effects]:
    """Take a report as a sign of what was asked. It must not be in ``state`` yet."""
    view = state.view(event.charger)
    if view is None:
        return state, ()
    now, effects = _signed(site, view, [(request, sign_of(view, request, event)) for request in view.asks.open], event.at)
    asks = now.asks._replace(gaps_ms=habit(view, event), uptime_s=now.asks.uptime_s if event.uptime_s is None else event.uptime_s)
    now = reborn(now._replace(asks=asks), event)
    state = state.having(now)
    if view.boosted:
        state, more = _car_seen(site, state, now, event)
        effects += more
    return state, effects


def _car_seen(site: Site, state: State, view: ChargerView, event: ChargerSaid) -> tuple[State, Effects]:
    """A boost is for one car: the one that is there, or the next that comes."""
    wish = view.asks.wish
    if wish is None or event.status is None:
        return state, ()
    if event.status is not ChargerStatus.IDLE:
        return state.having(view._replace(asks=view.asks._replace(wish=wish._replace(car=True)))), ()
    return _over(site, state, view, "the car has left", event.at) if wish.car else (state, ())


def watched(site: Site, state: State, at: Instant) -> tuple[State, Effects]:
    """Let time pass: wishes end, and commands that were not seen to work are given up."""
    effects: Effects = ()
    for view in state.chargers:
        now, more = _signed(site, view, [(request, sign_at(view, request, at)) for request in view.asks.open], at)
        effects += more
        if now is not view:
            state = state.having(now)
        rests_until, wish = view.asks.rests_until, view.asks.wish
        if rests_until is not None and at >= rests_until:
            state, now, more = _rested(site, state, now, at)
            effects += more
        if wish is not None and wish.until is not None and at >= wish.until:
            state, more = _over(site, state, now, "its time is over", at)
            effects += more
    return state, effects


def blinded(site: Site, state: State, at: Instant) -> tuple[State, Effects]:
    """The broker is lost: whoever is silent from now on may not have restarted."""
    effects: Effects = ()
    for view in state.chargers:
        restarts = [(request, Sign.BLIND) for request in view.asks.open if request.ask is Ask.RESTART]
        if restarts:
            now, more = _signed(site, view, restarts, at)
            state = state.having(now)
            effects += more
    return state, effects


def _refusal(state: State, view: ChargerView, event: Asked) -> str | None:
    """Why a command is not carried out; only a restart can be more than the house bears."""
    if event.ask is not Ask.RESTART:
        return None
    if not view.charger.restarts:
        return "this make has no command for a restart"
    if any(request.ask is Ask.RESTART for request in view.asks.open):
        return "a restart is under way"
    since = None if view.asks.restarted_at is None else event.at - view.asks.restarted_at
    if since is not None and since < QUIET_MS:
        return f"restarted {since // 1000} s ago; not again within {QUIET_MS // 60_000} min"
    if not POLICY[state.meter].may_raise:
        return f"the meter is {state.meter.value}: nobody sees what the charger draws when it is back"
    return None


def _restart(site: Site, state: State, view: ChargerView, event: Asked) -> tuple[State, Effects]:
    """Keep free what it may take when it is back, and tell it."""
    request = Request(event.ask, event.at, first_stage(view, event.ask, event.at), event.id)
    claim = failsafe_ma(view) if view.charger.has_failsafe else highest_ma(view.charger)
    asks = view.asks._replace(open=(*view.asks.open, request), restarted_at=event.at, back_at=None)
    asking = view._replace(asks=asks, echo=view.echo._replace(reborn_ma=claim))
    state, told = _told(state.having(asking), said(view, request, Stage.ACCEPTED, event.at))
    state = state._replace(due_at=due(site.policy, state, state.chargers))
    return state, (RestartCharger(charger=view.charger.name, id=event.id), *told)


def _wish(site: Site, state: State, view: ChargerView, event: Asked) -> tuple[State, Effects]:
    """A pause, a boost, or the end of both. The newest counts; what was still watched of the one before is over."""
    request = Request(event.ask, event.at, id=event.id)
    over = [each for each in view.asks.open if each.ask is not Ask.RESTART]
    staying = tuple(each for each in view.asks.open if each.ask is Ask.RESTART)
    pauses = event.ask is Ask.PAUSE
    until_ms = event.for_ms or (BOOST_MS if event.ask is Ask.BOOST else None)
    until = None if until_ms is None else event.at + until_ms
    car = view.report is not None and view.report.status not in (None, ChargerStatus.IDLE)
    wish = None if event.ask is Ask.RESUME else Wish(event.ask, until, event.id, car)
    asks = rested(site.policy, state, view, event.at) if pauses else view.asks
    watched = pauses or asks.rests_until is not None
    asks = asks._replace(wish=wish, open=(*staying, request) if watched else staying)
    asking = view._replace(asks=asks, drew_at=view.drew_at if pauses else event.at)  # who wants current has a car
    state = state.having(asking)
    told: list[Effect] = []
    for each in over:
        ended = said(view, each, Stage.EXPIRED, event.at, f"{event.ask.value} came after it")
        state, more = _told(state, ended)
        told += more
    stage = Stage.ACCEPTED if watched else Stage.DONE
    why = None if pauses or asks.rests_until is None else waits((asks.rests_until - event.at + 999) // 1000)
    state, more = _told(state, said(view, request, stage, event.at, why))
    state, changed = _applied(site, state, asking, event.at)
    return state, (*told, *more, *changed)


def _applied(site: Site, state: State, view: ChargerView, at: Instant) -> tuple[State, Effects]:
    """Make a wish, or its end, true: a pause at once, and for the rest of a guess; what it held may rise when the house allows it."""
    charger = view.charger.name
    grants: Grants = {}
    if view.paused:
        grants = {charger: replace(view.grant, limit_ma=0)}
    elif view.grant.reason.cause in (Cause.PAUSED, Cause.RESTING):
        grants = {charger: Grant(charger=charger, limit_ma=0, reason=Reason(cause=STANDS[state.meter]))}
    views, effects = apply(site, state.chargers, grants, at)
    state = state._replace(chargers=views, guessed=at_most(state.guessed, grants))
    return state._replace(due_at=due(site.policy, state, views)), effects


def _rested(site: Site, state: State, view: ChargerView, at: Instant) -> tuple[State, ChargerView, Effects]:
    """The rest after a pause is over. Who asked meanwhile that it goes on is told so."""
    waiting = [request for request in view.asks.open if request.ask in (Ask.RESUME, Ask.BOOST)]
    left = tuple(request for request in view.asks.open if request not in waiting)
    state = state.having(view._replace(asks=view.asks._replace(rests_until=None, open=left)))
    told: list[Effect] = []
    for request in waiting:
        state, more = _told(state, said(view, request, Stage.DONE, at))
        told += more
    state, changed = _applied(site, state, state.view(view.charger.name) or view, at)
    return state, state.view(view.charger.name) or view, (*told, *changed)


def _over(site: Site, state: State, view: ChargerView, why: str, at: Instant) -> tuple[State, Effects]:
    """A wish has ended by itself."""
    wish = view.asks.wish
    if wish is None:
        return state, ()
    still = tuple(request for request in view.asks.open if request.ask is Ask.RESTART)
    ended = view._replace(asks=view.asks._replace(wish=None, open=still))
    outcome = ShowOutcome(charger=view.charger.name, ask=wish.ask, stage=Stage.EXPIRED, reason=why, id=wish.id)
    state, told = _told(state.having(ended), outcome)
    state, changed = _applied(site, state, ended, at)
    return state, (*told, *changed)


def _signed(
    site: Site, view: ChargerView, signs: Sequence[tuple[Request, Sign | None]], at: Instant
) -> tuple[ChargerView, Effects]:
    """Take signs of the commands that are watched; what is new is told."""
    effects: list[Effect] = []
    for request, sign in signs:
        stage = request.stage if sign is None else LIFE[request.stage, sign]
        if stage is request.stage:
            continue
        moved = (request._replace(stage=stage),) if stage in OPEN else ()
        left = tuple(each for each in view.asks.open if each is not request)
        view = view._replace(asks=view.asks._replace(open=left + moved))
        if stage is not Stage.HEARD:
            outcome = said(view, request, stage, at, words(request.ask, request.stage, stage, at - request.at, sign))
            view = _noted(view, outcome)
            effects += (outcome, notes.outcome(outcome))
        if request.ask is Ask.RESTART and stage not in OPEN and sign is not Sign.BLIND:
            view, more = _restarted(site, view, request, stage, at)
            effects += more
    return view, tuple(effects)


def _restarted(site: Site, view: ChargerView, request: Request, stage: Stage, at: Instant) -> tuple[ChargerView, Effects]:
    """The end of a restart: who is back hears its limit at once; who never was away, or says nothing, has nothing kept free any more."""
    if stage is Stage.DONE:
        view, limit = again_told(site, view._replace(asks=view.asks._replace(back_at=at)), at)
        return view, (limit,)
    gone = request.stage is Stage.AWAY
    return view if gone else view._replace(echo=view.echo._replace(reborn_ma=0)), ()


def _outcome(event: Asked, stage: Stage, why: str) -> ShowOutcome:
    return ShowOutcome(charger=event.charger, ask=event.ask, stage=stage, reason=why, id=event.id)


def _told(state: State, outcome: ShowOutcome) -> tuple[State, Effects]:
    """An outcome for pages and for the log, remembered by its id."""
    view = state.view(outcome.charger)
    state = state if view is None else state.having(_noted(view, outcome))
    return state, (outcome, notes.outcome(outcome))


def _noted(view: ChargerView, outcome: ShowOutcome) -> ChargerView:
    if outcome.id is None:
        return view
    others = tuple(each for each in view.asks.told if each.id != outcome.id)
    return view._replace(asks=view.asks._replace(told=(*others, outcome)[-KNOWN:]))
