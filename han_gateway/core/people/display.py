"""What pages show: the room, and of each charger what it does in a word, its place in the queue, and since when. Nothing is decided by it.

This file must not know who looks, nor how a limit came about.
"""

from dataclasses import replace
from operator import is_

from han_gateway.core.accord import Accord
from han_gateway.core.effects import ChargerState, SetLimit, ShowCharger, ShowHeadroom
from han_gateway.core.events import ChargerStatus
from han_gateway.core.fairness import queue
from han_gateway.core.load import UNKNOWN
from han_gateway.core.orders import Effects
from han_gateway.core.people.net import contradicted
from han_gateway.core.site import Site
from han_gateway.core.state import ChargerView, Picture, State
from han_gateway.core.units import LINES, Instant, MilliAmps, PerLine

DRAWS_MA: MilliAmps = 1_000
"""What a charger that says no more than its current must draw to be charging; less is its own electronics."""

_SAID = {
    ChargerStatus.ERROR: ChargerState.ERROR,
    ChargerStatus.IDLE: ChargerState.IDLE,
    ChargerStatus.FULL: ChargerState.FULL,
}
"""What a charger says of itself and nobody knows better."""


def show(site: Site, before: State, state: State, effects: Effects, at: Instant, *, everything: bool) -> tuple[State, Effects]:
    """Add to the effects of an event what it changed for the eye, or all there is to see; each limit learns its place in the queue."""
    if not everything and all(map(is_, state.chargers, before.chargers)):  # who is new is told its limit, and so another
        return state, effects
    places = {name: place for place, name in enumerate(queue(site, state.chargers, at), 1)}
    by_name = {picture.shown.grant.charger: picture for picture in state.pictures}
    earlier = [by_name.get(view.charger.name) for view in state.chargers]
    pictures = tuple(
        last
        if last is not None and new is old and last.shown.queue == places.get(new.charger.name)
        else _picture(site, new, places.get(new.charger.name), last, at)
        for new, old, last in zip(state.chargers, before.chargers, earlier, strict=True)
    )
    changed = [new for new, old in zip(pictures, earlier, strict=True) if everything or (new is not old and new != old)]
    shown = tuple(replace(picture.shown, for_ms=at - picture.since) for picture in changed)
    placed = (
        tuple(_placed(effect, places) if isinstance(effect, SetLimit) else effect for effect in effects) if places else effects
    )
    return state._replace(pictures=pictures) if changed else state, (*placed, *shown)


def _placed(told: SetLimit, places: dict[str, int]) -> SetLimit:
    place = places.get(told.grant.charger)
    return told if place is None else replace(told, queue=place)


def _picture(site: Site, view: ChargerView, place: int | None, last: Picture | None, at: Instant) -> Picture:
    """A charger as it is to be shown; the same word goes on since it began."""
    word = _word(site, view, place, at)
    accord = Accord.AGREES if view.echo.accord is Accord.DOUBTED else view.echo.accord  # a doubt is not for people
    shown = ShowCharger(
        grant=view.grant,
        lines=view.lines,
        state=word,
        queue=place,
        conduct=view.conduct.value,
        accord=accord.value,
        wish=None if view.asks.wish is None else view.asks.wish.ask,
    )
    return Picture(shown, last.since if last is not None and last.shown.state is word else at)


def _word(site: Site, view: ChargerView, place: int | None, at: Instant) -> ChargerState:
    """What the charger says, where it says it; else what it was told."""
    report = view.report if view.report is not None and at - view.report.at < site.policy.lost_after_ms else None
    status = report.status if report else None
    if status in _SAID:
        return _SAID[status]
    if not view.grant.limit_ma:
        return ChargerState.PAUSED if place is None else ChargerState.WAITING
    if status is None and report is not None:
        draws = any(current is not None and current > DRAWS_MA for current in report.current_ma)
        return ChargerState.CHARGING if draws else ChargerState.ALLOWED
    return ChargerState.CHARGING if status is ChargerStatus.CHARGING else ChargerState.ALLOWED


def show_room(site: Site, state: State) -> ShowHeadroom:
    """The room under the main fuse as the last list left it."""
    fuse = site.root.fuse_ma
    load = state.load or UNKNOWN
    return ShowHeadroom(
        state=state.meter,
        fuse_ma=fuse,
        room_ma=PerLine(*(None if current is None else fuse - current for current in load.current_ma)),
        load_ma=load.current_ma,
        estimated=tuple(line for line in LINES if line in load.estimated),
        other_net=contradicted(state),
    )
