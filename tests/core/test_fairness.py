"""Turns, memory and appetite: who had least comes first, and what nobody uses is lent."""

from dataclasses import replace

import pytest

from han_gateway.core.decision import cut, grow
from han_gateway.core.effects import Cause, Grant, Reason
from han_gateway.core.events import ChargerStatus
from han_gateway.core.fairness import (
    LEAD_MA,
    LOOK_AGAIN_MS,
    MEMORY_MS,
    SLACK_MA,
    UNUSED_MA,
    absent,
    account,
    appetite_ma,
    drawn_ma,
    in_turn,
    lately_paused,
    no_car,
    queue,
    rank,
    starts,
)
from han_gateway.core.seen.answers import Belief
from han_gateway.core.seen.belief import ENOUGH
from han_gateway.core.site import Policy
from han_gateway.core.state import ChargerView
from han_gateway.core.times import SETTLED_MS, TURN_MS
from han_gateway.core.units import Instant, PerLine
from tests.core.houses import L1, L2, Run, charger, house, report
from tests.core.test_decision import limits, room, views

POLICY = Policy()
NOW = 10_000_000


def one(amps: int = 16, **known: object) -> ChargerView:
    """A charger at this limit since long ago."""
    (view,) = views(house(charger("a")), a=amps)
    return view._replace(**known)  # type: ignore[arg-type]


def says(view: ChargerView, amps: float, status: ChargerStatus = ChargerStatus.CHARGING, at: Instant = NOW) -> ChargerView:
    """The same with a fresh report."""
    return view._replace(report=report(at, view.charger.name, amps, status=status))


def test_what_it_has_had_is_remembered_and_fades() -> None:
    """After six hours at 10 A it has had two thirds of that, and as much of it is forgotten in the next six without any."""
    view = one()
    for at in range(NOW, NOW + 6 * 3_600_000, 10_000):
        view = account(POLICY, says(view, 10, at=at), at - 10_000, at)
    assert 6_200_000 < view.had_ua < 6_400_000
    for at in range(NOW, NOW + 6 * 3_600_000, 10_000):
        view = account(POLICY, says(view, 0, at=at), at - 10_000, at)
    assert 2_200_000 < view.had_ua < 2_450_000


def test_a_silent_charger_has_had_what_it_was_offered() -> None:
    """In doubt it has had all of it, and with a belief what is believed."""
    assert account(POLICY, one(16), NOW - MEMORY_MS, NOW).had_ua == 16_000_000
    assert account(POLICY, one(16, belief=Belief(2, 9_000)), NOW - MEMORY_MS, NOW).had_ua == 9_000_000


@pytest.mark.parametrize(("amps", "believed", "drawn"), [(7.5, 0, 7_500), (0, 9_000, 0), (None, 0, None), (None, 9_000, 9_000)])
def test_what_is_known_of_its_draw(amps: float | None, believed: int, drawn: int | None) -> None:
    """A report counts; without one the belief; without both nobody knows."""
    view = one(belief=Belief(2, believed))
    assert drawn_ma(POLICY, view if amps is None else says(view, amps), NOW) == drawn


def test_who_was_just_started_keeps_its_turn() -> None:
    """For one turn it comes before all others; then it must have had half an ampere less than who waits."""
    started = one(6, started_at=NOW, had_ua=9_000_000)
    waiting = one(0, had_ua=0)
    assert rank(POLICY, started, NOW + TURN_MS - 1) < rank(POLICY, waiting, NOW + TURN_MS - 1)
    assert rank(POLICY, started, NOW + TURN_MS) > rank(POLICY, waiting, NOW + TURN_MS)
    equal = one(0, had_ua=started.had_ua - 1000 * LEAD_MA + 1)
    assert rank(POLICY, started, NOW + TURN_MS) < rank(POLICY, equal, NOW + TURN_MS)
    less = one(0, had_ua=started.had_ua - 1000 * LEAD_MA - 1)
    assert rank(POLICY, started, NOW + TURN_MS) > rank(POLICY, less, NOW + TURN_MS)
    assert not in_turn(one(0, started_at=NOW), NOW), "who is paused has no turn to keep"


def test_of_those_in_their_turn_the_one_that_started_first_gives_way() -> None:
    """It has had most of its turn; who was just started would have opened and closed its contactor for nothing."""
    site = house(*(charger(name, [L1]) for name in "abc"))
    a, b, c = (says(view, 6) for view in views(site, a=6, b=6, c=6))
    seen = (a._replace(started_at=NOW - 3), b._replace(started_at=NOW - 7), c._replace(started_at=NOW - 5))
    assert limits(cut(site, seen, room(17, 0, 0), NOW)) == {"b": 0}
    assert limits(cut(site, seen, room(11, 0, 0), NOW)) == {"b": 0, "c": 0}


def test_nobody_waits_behind_an_empty_place() -> None:
    """A charger that says it has no car comes last, whatever it has had; who has waited longest comes first of equals."""
    idle = says(one(0, had_ua=0), 0, ChargerStatus.IDLE)
    assert rank(POLICY, idle, NOW) > rank(POLICY, one(0, had_ua=16_000_000), NOW)
    assert rank(POLICY, one(0, paused_at=1), NOW) < rank(POLICY, one(0, paused_at=2), NOW)


def test_that_there_is_no_car_is_believed_for_a_minute() -> None:
    """An older word is none: a car may have come since."""
    idle = says(one(0), 0, ChargerStatus.IDLE)
    assert no_car(POLICY, idle, NOW + 59_999)
    assert not no_car(POLICY, idle, NOW + 60_000)


def test_what_stays_unused_is_not_asked_for() -> None:
    """A car that has stayed 1.5 A below its offer for a minute is offered 2 A more than it draws, in whole steps, and no less than the minimum."""
    view = account(POLICY, says(one(16), 9.2), NOW - 10_000, NOW)
    assert view.unused_since == NOW
    assert appetite_ma(POLICY, says(view, 9.2, at=NOW + SETTLED_MS - 1), NOW + SETTLED_MS - 1, alone=True) == 16_000
    assert appetite_ma(POLICY, says(view, 9.2, at=NOW + SETTLED_MS), NOW + SETTLED_MS, alone=True) == 12_000 >= 9_200 + SLACK_MA
    assert appetite_ma(POLICY, says(view, 1, at=NOW + SETTLED_MS), NOW + SETTLED_MS, alone=True) == 6_000


@pytest.mark.parametrize("amps", [16 - UNUSED_MA / 1000, 16, None])
def test_a_car_at_its_offer_may_have_all(amps: float | None) -> None:
    """Who uses what it is offered, or says nothing, is not held back."""
    view = one(16, unused_since=NOW - SETTLED_MS)
    view = account(POLICY, view if amps is None else says(view, amps), NOW - 10_000, NOW)
    assert view.unused_since is None
    assert appetite_ma(POLICY, view, NOW, alone=True) == 16_000


def test_who_waits_takes_the_place_of_who_has_had_most() -> None:
    """Two places for three cars: when its turn is over the one that has had most is paused, and the one that waited starts."""
    site = house(*(charger(name, [L1]) for name in "abc"))
    a, b, c = (says(view, view.grant.limit_ma / 1000) for view in views(site, a=6, b=6, c=0))
    told = (a._replace(had_ua=6_000_000), b._replace(had_ua=4_000_000), c._replace(had_ua=0))
    assert limits(grow(site, told, room(12, 0, 0), NOW)) == {"a": 0}
    in_turn = tuple(view._replace(started_at=NOW - TURN_MS + 1) for view in told)
    assert limits(grow(site, in_turn, room(12, 0, 0), NOW)) == {"a": 6, "b": 6, "c": 0}
    paused = (told[0]._replace(grant=Grant(charger="a", limit_ma=0, reason=a.grant.reason)), *told[1:])
    assert limits(grow(site, paused, room(12, 0, 0), NOW)) == {"a": 0, "b": 6, "c": 6}


def test_what_one_leaves_another_takes() -> None:
    """A car that draws 6 A of its 16 gives its rest to the one that starves beside it."""
    site = house(charger("a", [L1]), charger("b", [L1]))
    a, b = views(site, a=16, b=8)
    told = (says(a, 6)._replace(unused_since=NOW - SETTLED_MS), says(b, 8))

    assert limits(grow(site, told, room(24, 0, 0), NOW)) == {"a": 8}


def test_over_a_night_everybody_has_had_the_same() -> None:
    """Five cars on a line that has room for three: after twelve hours nobody has had a third more than anybody else."""
    site = house(*(charger(name, [L1]) for name in "abcde"), charger("z", [L2]))
    run = Run(replace(site, policy=Policy()))
    had = dict.fromkeys("abcde", 0.0)
    for _ in range(12 * 360):
        drawn = {view.charger.name: view.grant.limit_ma / 1000 for view in run.state.chargers if view.charger.name in had}
        for name in had:
            had[name] += drawn[name]
        run.lists(1, 4.5 + sum(drawn.values()), 1, 1, says=drawn)

    assert max(had.values()) < 1.34 * min(had.values())


def test_a_limit_below_the_maximum_says_why() -> None:
    """Where there is room for more, people read why nobody gets it: a start, no car, a car that takes no more, or silence beside others."""
    site, shared = house(charger("a")), house(charger("a"), charger("b"))

    def why(view: ChargerView) -> str:
        return str(grow(site, (view,), room(25, 25, 25), NOW)["a"].reason)

    assert why(one(0)) == "starting at the minimum"
    assert why(says(one(6), 0, ChargerStatus.IDLE)) == "no car wants current"
    assert why(says(one(9, unused_since=NOW - SETTLED_MS), 7)) == "no more than the car uses"
    assert why(one(10)) == "own maximum"
    a, b = views(shared, a=6, b=16)
    told = grow(shared, (a, says(b, 16)), room(25, 25, 25), NOW)
    assert str(told["a"].reason) == "not seen to draw anything"


def empty(amps: int, **known: object) -> ChargerView:
    """A silent charger that did not answer twice."""
    return one(amps, belief=Belief(unshown=ENOUGH), **known)


def test_an_empty_place_comes_last_and_is_looked_into_now_and_then() -> None:
    """A silent charger at which nothing shows keeps no turn; paused, it is first in line again after an hour."""
    busy = says(one(6, had_ua=16_000_000), 6)
    waiting = empty(0, paused_at=NOW - LOOK_AGAIN_MS + 1)
    rested = empty(0, paused_at=NOW - LOOK_AGAIN_MS)

    assert not in_turn(empty(6, started_at=NOW - 1), NOW)
    assert rank(POLICY, empty(6), NOW) > rank(POLICY, busy, NOW)
    assert rank(POLICY, waiting, NOW) > rank(POLICY, busy, NOW) > rank(POLICY, rested, NOW)


@pytest.mark.parametrize(
    ("amps", "left", "bare"),
    [
        pytest.param(6, (3_999, 3_999, 3_999), True, id="no line carries enough"),
        pytest.param(6, (-3_000, 0, 3_999), True, id="others draw less than they are believed to"),
        pytest.param(6, (3_999, 4_000, 3_999), False, id="one line might be its car"),
        pytest.param(6, (3_999, None, 3_999), False, id="one line is not known"),
        pytest.param(0, (0, 0, 0), False, id="nothing is offered"),
    ],
)
def test_where_too_little_is_left_for_a_car_there_is_none(amps: int, left: tuple[int | None, ...], *, bare: bool) -> None:
    """A charger that reports nothing, while it is offered something; since when is remembered."""
    view = account(POLICY, one(amps), NOW - 10_000, NOW, PerLine(*left))
    assert (view.bare_since == NOW) is bare
    assert account(POLICY, view, NOW, NOW + 10_000, PerLine(*left)).bare_since == view.bare_since


def test_who_is_known_to_draw_is_no_bare_place() -> None:
    """By its report, or by what the meter has told; a line that carries more ends it, and a pause leaves what was known."""
    little: PerLine[int | None] = PerLine(0, 0, 0)
    enough: PerLine[int | None] = PerLine(8_000, 8_000, 8_000)
    assert account(POLICY, says(one(6), 6), NOW - 10_000, NOW, little).bare_since is None
    assert account(POLICY, one(6, belief=Belief(ENOUGH, 6_000)), NOW - 10_000, NOW, little).bare_since is None
    assert account(POLICY, one(6, bare_since=1), NOW - 10_000, NOW, enough).bare_since is None
    assert account(POLICY, one(0, bare_since=1), NOW - 10_000, NOW, enough).bare_since == 1


def test_a_bare_place_is_absent_after_a_minute() -> None:
    """A minute of its turn, and through the pause that follows."""
    since, later = NOW - SETTLED_MS, NOW + SETTLED_MS
    assert absent(POLICY, one(6, bare_since=since), NOW)
    assert not absent(POLICY, one(6, bare_since=since + 1), NOW)
    assert absent(POLICY, one(6, bare_since=since, started_at=since), NOW)
    assert not absent(POLICY, one(6, bare_since=since, started_at=since + 1), NOW)
    assert not absent(POLICY, one(6, bare_since=since, started_at=NOW), later - 1)
    assert absent(POLICY, one(0, bare_since=since, paused_at=NOW), later)
    assert not absent(POLICY, one(0, bare_since=since + 1, paused_at=NOW), later)


def test_what_an_empty_place_is_offered_is_not_had() -> None:
    """Nobody has had it."""
    assert account(POLICY, empty(16), NOW - MEMORY_MS, NOW).had_ua == 0
    assert account(POLICY, one(16), NOW - 10_000, NOW).had_ua > 0


def test_nobody_makes_room_for_an_empty_place() -> None:
    """One who charges keeps its current beside a silent charger that seems empty, and takes its place when that holds the last minimum."""
    site = house(charger("a", [L1]), charger("b", [L1]))
    a, b = views(site, a=11, b=0)
    told = (says(a, 11), b._replace(belief=Belief(unshown=ENOUGH), paused_at=NOW - 1000))
    assert limits(grow(site, told, room(11, 0, 0), NOW)) == {"a": 11, "b": 0}
    a, b = views(site, a=0, b=6)
    told = (says(a, 0, ChargerStatus.CONNECTED), b._replace(belief=Belief(unshown=ENOUGH), started_at=NOW - SETTLED_MS))
    assert limits(grow(site, told, room(6, 0, 0), NOW)) == {"b": 0}
    looked_into = (told[0], told[1]._replace(started_at=NOW - SETTLED_MS + 1))
    assert limits(grow(site, looked_into, room(6, 0, 0), NOW))["b"] == 6, "it is seen whether a car is there now"


def waits(view: ChargerView, at: Instant) -> ChargerView:
    """Its car is there and takes nothing."""
    return account(POLICY, says(view, 0, ChargerStatus.CONNECTED, at), at - 10_000, at)


def test_a_car_that_takes_nothing_does_not_hold_a_place() -> None:
    """One that sleeps through a minute of its turn, or through those before its pause, seems absent until it has been paused for an hour."""
    sleeper = waits(one(6, started_at=NOW - SETTLED_MS), NOW)
    assert not absent(POLICY, waits(one(6, started_at=NOW - SETTLED_MS + 1), NOW), NOW)
    assert absent(POLICY, sleeper, NOW)
    paused = one(0, started_at=NOW - SETTLED_MS - 1000, paused_at=NOW - 1000)
    assert absent(POLICY, waits(paused, NOW), NOW)
    assert not absent(POLICY, waits(paused, NOW + LOOK_AGAIN_MS - 1000), NOW + LOOK_AGAIN_MS - 1000)


def test_a_car_that_was_paused_while_it_charged_is_there() -> None:
    """What flowed until shortly before a pause proves the car, through the pause; so does a car that has come since."""
    charging = account(POLICY, says(one(6, started_at=NOW - TURN_MS), 6), NOW - 10_000, NOW)
    paused = charging._replace(grant=one(0).grant, paused_at=NOW + SETTLED_MS - 1)
    assert not absent(POLICY, waits(paused, NOW + SETTLED_MS), NOW + SETTLED_MS)
    left = account(POLICY, says(paused, 0, ChargerStatus.IDLE, NOW + SETTLED_MS), NOW, NOW + SETTLED_MS)
    assert absent(POLICY, left, NOW + SETTLED_MS)
    assert not absent(POLICY, waits(left, NOW + 2 * SETTLED_MS), NOW + 2 * SETTLED_MS)


def test_a_silence_is_no_sign_of_an_empty_place() -> None:
    """A charger that is heard no more may be charging."""
    sleeper = waits(one(6, started_at=NOW - SETTLED_MS), NOW)
    later = NOW + POLICY.report_fresh_ms
    assert not absent(POLICY, sleeper._replace(report=report(NOW, "a", 0)), later)


def test_who_waits_for_power_is_named_the_next_one_first() -> None:
    """In the queue is who is paused for want of room, least had first; not who charges, has no car, or is paused for another reason."""
    site = house(*(charger(name) for name in "abcde"))
    charging, hungry, patient, empty, resting = views(site, a=6, b=0, c=0, d=0, e=0)
    hungry, patient, empty = (starved(view) for view in (hungry, patient, empty))
    charging = charging._replace(grant=replace(starved(charging).grant, limit_ma=6_000))
    hungry, patient = hungry._replace(had_ua=3_000_000), patient._replace(had_ua=2_000_000)
    empty = empty._replace(report=report(NOW, "d", 0, status=ChargerStatus.IDLE))
    resting = resting._replace(grant=Grant(charger="e", limit_ma=0, reason=Reason(cause=Cause.METER_LOST)))

    assert queue(site, (charging, hungry, patient, empty, resting), NOW) == ("c", "b")
    assert queue(site, (charging, hungry._replace(had_ua=0), patient, empty, resting), NOW) == ("b", "c")


def starved(view: ChargerView) -> ChargerView:
    """The same, paused because there is no room."""
    return view._replace(grant=Grant(charger=view.charger.name, limit_ma=0, reason=Reason(cause=Cause.NO_ROOM)))


def test_the_figures_of_a_turn() -> None:
    """A turn is three hours, a look a minute, a new look after an hour of pause, a soft start half a minute: each to the millisecond."""
    assert [in_turn(one(6, started_at=NOW), NOW + after) for after in (10_799_999, 10_800_000)] == [True, False]
    assert [absent(POLICY, waits(one(6, started_at=NOW - after), NOW), NOW) for after in (59_999, 60_000)] == [False, True]
    assert [lately_paused(one(0, paused_at=NOW), NOW + after) for after in (3_599_999, 3_600_000)] == [True, False]
    assert [starts(one(6, started_at=NOW), NOW + after) for after in (29_999, 30_000)] == [True, False]


@pytest.mark.parametrize(("after_ms", "offered"), [(59_999, 16_000), (60_000, 12_000)])
def test_what_a_car_leaves_is_lent_after_a_minute(after_ms: int, offered: int) -> None:
    """A car that takes 9.2 A of its 16 keeps them for a minute, and has 12 from then on."""
    view = says(one(16, unused_since=NOW), 9.2, at=NOW + after_ms)
    assert appetite_ma(POLICY, view, NOW + after_ms, alone=True) == offered


@pytest.mark.parametrize(("less_ua", "first"), [(499_999, False), (500_001, True)])
def test_who_waits_must_have_had_half_an_ampere_less(less_ua: int, first: bool) -> None:
    """When a turn is over, the one that waits takes the place if it has had 500 mA less over the last hours, and not sooner."""
    charging, waiting = one(6, had_ua=9_000_000), one(0, had_ua=9_000_000 - less_ua)
    assert (rank(POLICY, waiting, NOW) < rank(POLICY, charging, NOW)) is first


@pytest.mark.parametrize(("amps", "gone"), [(0.499, True), (0.5, False)])
def test_half_an_ampere_is_a_car(amps: float, gone: bool) -> None:
    """Less than 0.5 A through a whole look is an open contactor, 0.5 A is a car: for what is seen now and for what is remembered."""
    view = says(one(6, started_at=NOW - SETTLED_MS), amps)
    assert absent(POLICY, view, NOW) is gone
    assert (account(POLICY, view, NOW - 10_000, NOW).drew_at != NOW) is gone


def test_one_that_reports_seldom_has_a_whole_minute_to_wake_up() -> None:
    """It draws nothing by its word of half a minute ago. Its car may have come up since: the next report tells."""
    sleeper = says(one(6, started_at=NOW - SETTLED_MS), 0, at=NOW - 1, status=ChargerStatus.CONNECTED)
    later = says(sleeper, 0, at=NOW, status=ChargerStatus.CONNECTED)

    assert not absent(POLICY, sleeper, NOW + 30_000)
    assert absent(POLICY, later, NOW)


def test_a_car_that_wakes_up_slowly_has_its_share_of_a_night() -> None:
    """It needs 55 s after a pause, and its charger reports each half minute: beside two others it is not sent away whenever it has come up."""
    run = Run(house(*map(charger, "abc"), fuse=25))
    had = dict.fromkeys("abc", 0.0)
    for place in range(4 * 360):
        drawn = {
            view.charger.name: view.grant.limit_ma / 1000 * (run.now - view.started_at >= 55_000) for view in run.state.chargers
        }
        for name, phase in zip("abc", (0, 1, 1), strict=True):
            had[name] += drawn[name] / 360
            if place % 3 == phase:
                run.say(run.now + 4_000, name, drawn[name])
        run.lists(1, *[(13 if 60 <= place < 90 else 5) + sum(drawn.values())] * 3)

    assert min(had.values()) > 20


def test_to_ask_whether_it_wants_more_costs_others_no_more_than_the_question() -> None:
    """A silent charger with a higher priority leaves a part unused, and is offered 2 A more every ten minutes. The other lends these, and nothing else."""
    run = Run(house(charger("a", maximum_ma=32_000, priority=1, response_ms=12_000), charger("b"), fuse=26))
    for place in range(540):
        drawn = {"a": min(run.limit("a") / 1000, 10), "b": run.limit("b") / 1000}
        kettle = 11 if place < 270 and place // 30 % 2 == 0 else 0
        run.lists(1, *[kettle + sum(drawn.values())] * 3, says={"b": drawn["b"]})

    assert min(limit for at, limit in run.limits("b") if at > 3_000_000) == 12_000
