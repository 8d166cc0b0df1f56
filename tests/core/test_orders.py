"""Grants made true: what is published when, and what is remembered of it."""

import random

from han_gateway.core.effects import Cause, Grant, MeterState, Note, Reason, SetLimit
from han_gateway.core.events import Tick
from han_gateway.core.gateway import start
from han_gateway.core.load import Load
from han_gateway.core.orders import apply, due, repeat
from han_gateway.core.site import Circuit, Policy
from han_gateway.core.state import CircuitView, Command
from han_gateway.core.units import NEVER, PerLine
from tests.core.houses import Run, charger, house, report

SITE = house(charger("a"), charger("b"))
LOAD = Load(PerLine(8000, 9000, 10_000))


def grant(name: str, amps: int, cause: Cause = Cause.CHARGER) -> Grant:
    """So many amperes for a charger."""
    return Grant(charger=name, limit_ma=amps * 1000, reason=Reason(cause=cause))


def test_only_a_new_limit_is_published() -> None:
    """A new reason alone only rides along with the next limit; who is not concerned stays the same object."""
    chargers = start(SITE, 0).chargers
    views, effects = apply(SITE, chargers, {"a": grant("a", 6, Cause.RAISE_PENDING)}, 1000)

    assert effects == ()
    assert views[0].grant == grant("a", 6, Cause.RAISE_PENDING)
    assert views[1] is chargers[1]
    assert apply(SITE, chargers, {"a": chargers[0].grant}, 1000)[0][0] is chargers[0]


def test_a_new_limit_is_published_and_remembered() -> None:
    """Limit and note go out together; the command, its number, the instants of raise and pause, and the question are kept."""
    chargers = start(SITE, 0).chargers
    (up, _), effects = apply(SITE, chargers, {"a": grant("a", 10)}, 20_000, LOAD)
    assert [type(effect) for effect in effects] == [SetLimit, Note]
    assert (up.seq, up.said_at, up.raised_at, up.paused_at) == (1, 20_000, 20_000, 0)
    assert up.commands[1:] == (Command(0, 6000), Command(20_000, 10_000))
    (later, _), _ = apply(SITE, (up, chargers[1]), {"a": grant("a", 6)}, 90_000)
    assert later.commands == (Command(20_000, 10_000), Command(90_000, 6000)), "of what is older than a minute only the last"
    assert up.belief.probe is not None
    assert (up.belief.probe.from_ma, up.belief.probe.to_ma, up.belief.probe.current_ma) == (6000, 10_000, LOAD.current_ma)

    (down,), _ = apply(SITE, (up,), {"a": grant("a", 0)}, 40_000)
    assert (down.seq, down.raised_at, down.paused_at) == (2, 20_000, 40_000)
    assert down.belief.probe == up.belief.probe._replace(at=40_000, to_ma=0)
    assert down.commands[-2:] == (Command(20_000, 10_000), Command(40_000, 0))


def test_a_limit_is_repeated_when_it_is_due() -> None:
    """Each limit in its own time, with its own number; all of them on demand; the beginning is told once."""
    state, effects = repeat(SITE, start(SITE, 0), 0, everything=False)
    assert [type(effect) for effect in effects] == [SetLimit, Note, SetLimit, Note]
    assert state.due_at == SITE.policy.republish_ms
    later = state.chargers[1]._replace(said_at=5000)
    state = state._replace(chargers=(state.chargers[0], later))
    again, effects = repeat(SITE, state, 10_000, everything=False)
    assert [(told.grant.charger, told.seq) for told in effects if isinstance(told, SetLimit)] == [("a", 2)]
    assert again.chargers[1] is later
    assert again.due_at == 15_000
    assert len(repeat(SITE, again, 10_001, everything=True)[1]) == 2


def test_nothing_is_looked_at_too_late() -> None:
    """Whatever was said, by whomever, time is looked at no later than something happens by itself."""
    site = house(charger("a"), charger("b", has_failsafe=False), policy=Policy(republish_ms=90_000, hold_minimum=False))
    rng = random.Random(5)
    run = Run(site)
    borders = set()
    for _ in range(300):
        at = run.now + rng.randrange(20_000)
        limit_ma = rng.choice((None, 6_000, 32_000))
        run.play(report(at, rng.choice("ab"), rng.choice((0, 6, 20)), limit_ma=limit_ma) if rng.random() < 0.7 else Tick(at=at))
        soonest = due(site.policy, run.state, run.state.chargers)
        assert run.state.due_at <= soonest
        borders.add(soonest - at)
    assert len(borders) > 100, "each time something else, or at another distance"


def test_nothing_is_due_without_chargers() -> None:
    """A house without chargers waits for its meter only."""
    state = start(house(), 0)

    assert due(SITE.policy, state, ()) == NEVER
    heard = state._replace(meter=MeterState.FRESH, heard_at=1000)
    assert due(SITE.policy, heard, ()) == 1000 + SITE.policy.stale_after_ms


def test_the_silence_of_a_sub_fuse_is_due() -> None:
    """A sub-fuse that was heard is looked at again when it would be lost; of one that is lost already nothing more is waited for."""
    shed = Circuit(name="shed", fuse_ma=20_000, metered=True)
    state = start(house(shed), 1000)
    lost = state._replace(circuits=(CircuitView(shed),))

    assert due(SITE.policy, state, ()) == 1000 + SITE.policy.lost_after_ms
    assert due(SITE.policy, lost, ()) == NEVER
