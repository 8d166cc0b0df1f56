"""Fair shares: who is in its turn gives way to a higher precedence alone, and nobody starts upon amperes that the next kettle takes back."""

from dataclasses import replace
from math import hypot

import pytest

from han_gateway.core.allocation import Want
from han_gateway.core.decision import grow
from han_gateway.core.effects import Cause, Grant, Reason
from han_gateway.core.events import ChargerStatus
from han_gateway.core.sharing import SPARE_MA, lent, made_room
from han_gateway.core.site import Grid
from han_gateway.core.state import Phasing
from han_gateway.core.times import SETTLED_MS, SHOWN_MS, TURN_MS
from han_gateway.core.units import Line
from tests.core.houses import L1, L2, L3, Run, charger, house, report
from tests.core.test_decision import NOW, limits, reporting, room, views


def test_nobody_is_paused_for_fairness_while_it_is_in_its_turn() -> None:
    """What raises may count upon is less than what is in use: that pauses nobody for one that could not start either."""
    site = house(*(charger(name, [L1]) for name in "abc"))
    told = reporting(views(site, a=6, b=6, c=0), a=6, b=6, c=0)
    young = tuple(view._replace(started_at=NOW - SHOWN_MS) if view.grant.limit_ma else view for view in told)

    assert limits(grow(site, young, room(11, 0, 0), NOW)) == {"a": 6, "b": 6, "c": 0}


@pytest.mark.parametrize(("important", "paused"), [("c", True), ("", False)])
def test_who_is_in_its_turn_gives_way_to_a_higher_priority(important: str, paused: bool) -> None:
    """A turn is among equals."""
    site = house(*(charger(name, [L1], priority=int(name == important)) for name in "abc"))
    told = reporting(views(site, a=6, b=6, c=0), a=6, b=6, c=0)
    young = tuple(view._replace(started_at=NOW - SHOWN_MS) if view.grant.limit_ma else view for view in told)

    assert (0 in limits(grow(site, young, room(12, 0, 0), NOW)).values()) == (paused or not important)
    assert (limits(grow(site, young, room(12, 0, 0), NOW)).get("b", 6) == 0) == paused


def test_of_those_who_wait_the_most_important_one_asks() -> None:
    """That somebody waits whose priority is lower changes nothing."""
    site = house(*(charger(name, [L1], priority=priority) for name, priority in (("a", 1), ("b", 0), ("c", 2))))
    a, b, c = reporting(views(site, a=6, b=0, c=0), a=6, b=0, c=0)
    told = (a._replace(started_at=NOW - SHOWN_MS), b, c)

    assert limits(grow(site, told, room(6, 0, 0), NOW)) == {"a": 0}


def test_a_charger_starts_beside_another_where_there_is_more_than_its_minimum() -> None:
    """Where limits were cut lately and 15 A are there for two, the one that charges takes them; with 16 A the other starts."""
    site = house(charger("a", [L1]), charger("b", [L1]))
    a, b = reporting(views(site, a=8, b=0), a=8, b=0)
    a = a._replace(started_at=NOW - SHOWN_MS)
    least = 12 + SPARE_MA // 1000

    alone = grow(site, (a, b), room(least - 1, 0, 0), NOW, restless=True)
    assert limits(alone) == {"a": least - 1, "b": 0}
    assert (alone["b"].reason.cause, alone["b"].reason.line) == (Cause.NO_ROOM, L1)
    assert limits(grow(site, (a, b), room(least, 0, 0), NOW, restless=True))["b"] == 6
    assert limits(grow(site, (a, b), room(least - 1, 0, 0), NOW))["b"] == 6, "in a quiet house the minimum is enough"


@pytest.mark.parametrize(
    ("lines", "figures"),
    [
        pytest.param([L2], {}, id="the other is elsewhere"),
        pytest.param([L1], {"maximum_ma": 8_000}, id="the other has all that it can take"),
        pytest.param([L1], {"priority": -1}, id="the other is less important"),
    ],
)
def test_the_minimum_is_enough_where_nobody_else_would_take_it(lines: list[Line], figures: dict[str, int]) -> None:
    """Amperes that nobody else would use wait for nothing."""
    site = house(charger("a", lines, **figures), charger("b", [L1]))
    a, b = reporting(views(site, a=8, b=0), a=8, b=0)
    there = (8 if L1 in lines else 0) + 6

    assert limits(grow(site, (a._replace(started_at=NOW - SHOWN_MS), b), room(there, 16, 0), NOW, restless=True))["b"] == 6


def test_a_car_on_one_line_takes_nothing_from_one_that_starts_on_three() -> None:
    """On the other two lines its amperes are of no use to anybody else."""
    site = house(charger("a", [L1]), charger("b"))
    a, b = reporting(views(site, a=8, b=0), a=8, b=0)

    assert limits(grow(site, (a._replace(started_at=NOW - SHOWN_MS), b), room(14, 6, 6), NOW, restless=True))["b"] == 6


def test_a_car_that_uses_one_line_of_three_takes_nothing_from_them() -> None:
    """It is the lines of the car that count, where they are known."""
    site = house(charger("a"), charger("b"))
    a, b = reporting(views(site, a=8, b=0), a=8, b=0)
    young = a._replace(started_at=NOW - SHOWN_MS)
    narrow = young._replace(phasing=Phasing(used=frozenset({L1})))

    assert limits(grow(site, (narrow, b), room(14, 14, 14), NOW, restless=True))["b"] == 6
    assert limits(grow(site, (young, b), room(14, 14, 14), NOW, restless=True))["b"] == 0


def test_whose_turn_is_over_elsewhere_is_in_nobodys_way() -> None:
    """To take the place of another the minimum is enough; one on another line has no place to give."""
    site = house(charger("a", [L1]), charger("b", [L1]), charger("c", [L2]))
    a, b, c = reporting(views(site, a=8, b=0, c=8), a=8, b=0, c=8)
    a, c = a._replace(started_at=NOW - SHOWN_MS), c._replace(had_ua=8_000_000)

    assert limits(grow(site, (a, b, c), room(15, 8, 0), NOW, restless=True))["b"] == 0


def test_who_charges_keeps_its_place_with_the_minimum() -> None:
    """Its turn is over, but it has had less than the one that waits."""
    site = house(*(charger(name, [L1]) for name in "abc"))
    a, b, c = reporting(views(site, a=6, b=6, c=0), a=6, b=6, c=0)
    told = (a, b._replace(started_at=NOW - SHOWN_MS), c._replace(had_ua=5_000_000))

    assert limits(grow(site, told, room(12, 0, 0), NOW, restless=True)) == {"a": 6, "b": 6, "c": 0}


def test_a_turn_that_is_over_makes_a_place_beside_one_that_is_not() -> None:
    """One of those who charge has had more than the one that waits: this takes its place with the minimum."""
    site = house(*(charger(name, [L1]) for name in "abc"))
    a, b, c = reporting(views(site, a=6, b=6, c=0), a=6, b=6, c=0)
    told = (a._replace(had_ua=5_000_000), b._replace(started_at=NOW - SHOWN_MS), c)

    assert limits(grow(site, told, room(12, 0, 0), NOW, restless=True)) == {"a": 0}


def test_one_that_could_take_just_as_much_would_use_it() -> None:
    """A car whose maximum is its minimum and those amperes more is reason enough to wait; one of an ampere less is none."""
    for most, starts in ((6_000 + SPARE_MA, False), (5_000 + SPARE_MA, True)):
        site = house(charger("a", [L1], maximum_ma=most), charger("b", [L1]))
        a, b = reporting(views(site, a=6, b=0), a=6, b=0)
        told = (a._replace(started_at=NOW - SHOWN_MS), b)

        assert (limits(grow(site, told, room(12, 0, 0), NOW, restless=True))["b"] == 6) is starts


def test_a_house_is_restless_for_ten_minutes_after_a_cut() -> None:
    """A kettle has paused one of two. While another may come the other has what is there; then both have their minimum."""
    run = Run(house(charger("a"), charger("b"), fuse=20))
    for count, amps in ((60, 0), (3, 11), (30, 7)):
        _minutes(run, count, amps)
    assert sorted((run.limit("a"), run.limit("b"))) == [0, 13_000]
    _minutes(run, 40, 7)
    assert min(run.limit("a"), run.limit("b")) == 6_000
    (one,) = {name for name in "ab" if (620_000, 0) not in run.limits(name)}
    told = [limit for at, limit in run.limits(one) if at > 620_000]
    assert [limit for limit, last in zip(told, [0, *told], strict=False) if limit != last] == [9_000, 13_000, 7_000], (
        "nothing goes back and forth"
    )


def _minutes(run: Run, count: int, amps: float) -> None:
    """So many lists, each of a house of so many amperes on each line and of two chargers that obey and report."""
    for _ in range(count):
        drawn = {name: run.limit(name) / 1000 for name in "ab"}
        run.lists(1, *[amps + sum(drawn.values())] * 3, says=drawn)


def test_where_one_fits_two_take_turns() -> None:
    """When its turn is over the one that charges gives way, even where there is little more than one minimum."""
    site = house(charger("a", [L1]), charger("b", [L1]))
    a, b = reporting(views(site, a=7, b=0), a=7, b=0)
    a = a._replace(had_ua=6_000_000)

    assert "b" in limits(grow(site, (a._replace(started_at=NOW - TURN_MS + 1), b), room(7, 0, 0), NOW, restless=True))
    assert limits(grow(site, (a._replace(started_at=NOW - TURN_MS), b), room(7, 0, 0), NOW, restless=True)) == {"a": 0}


def test_who_is_below_a_silent_meter_is_in_nobodys_way() -> None:
    """It keeps what its car leaves unused, is paused for nobody, and the others have what there is for them."""
    site = house(*(charger(name, [L1]) for name in "abc"))
    a, b, c = reporting(views(site, a=16, b=8, c=0), a=7, b=8, c=0)
    told = (a._replace(unused_since=NOW - SETTLED_MS, had_ua=16_000_000), b, c)

    assert limits(grow(site, told, room(30, 0, 0), NOW, unheard=frozenset("a"))) == {"a": 16, "b": 8, "c": 6}
    assert limits(grow(site, (*told[:2], c._replace(paused_at=NOW)), room(28, 0, 0), NOW, unheard=frozenset("ac"))) == {
        "a": 16,
        "b": 12,
        "c": 0,
    }


@pytest.mark.parametrize(("priority", "holds"), [(1, True), (0, False)])
def test_a_higher_priority_is_not_lowered_for_one_that_charges(priority: int, holds: bool) -> None:
    """Raises may count upon less than is in use on one of its lines: on another that is no gain for a lower priority."""
    site = house(charger("a", [L1, L2], priority=priority), charger("b", [L2]))
    told = reporting(views(site, a=10, b=6), a=10, b=6)

    assert (limits(grow(site, told, room(8, 16, 0), NOW)) == {"a": 10, "b": 6}) is holds


def shares(**amps: int) -> dict[str, Grant]:
    """What each is to have, in amperes, for want of room on L1 of the main fuse."""
    why = Reason(cause=Cause.NO_ROOM, circuit="main", line=L1)
    return {name: Grant(charger=name, limit_ma=each * 1000, reason=why) for name, each in amps.items()}


@pytest.mark.parametrize(("c", "lowered"), [(6, {"d": 8}), (0, {"a": 8, "d": 8})])
def test_who_makes_room_for_several(c: int, lowered: dict[str, int]) -> None:
    """For those who charge, whoever is no more important than the most important of them; for one that starts, everybody beyond his share."""
    site = house(*(charger(name, [L1], priority=each) for name, each in (("a", 2), ("b", 0), ("c", 1), ("d", 1))))
    told = views(site, a=16, b=6, c=c, d=16)
    wants = [Want(charger=view.charger, ceiling_ma=16_000, lines=view.lines, floor_ma=view.grant.limit_ma) for view in told]

    made = made_room(told, room(44, 0, 0), wants, shares(a=8, b=8, c=8, d=8), shares(a=16, b=6, c=c, d=16))
    assert limits(made) == lowered


def test_one_who_is_hungry_is_enough_to_lend_to() -> None:
    """What a car leaves on L1 is of no use to one that wants more on L2, and of use to another."""
    site = house(charger("a", [L1]), charger("b", [L1]), charger("c", [L2]))
    told = reporting(views(site, a=16, b=6, c=6), a=7, b=6, c=6)
    told = (told[0]._replace(unused_since=NOW - SETTLED_MS), *told[1:])
    fair = shares(a=9, b=9, c=9)
    elsewhere = replace(fair["c"], reason=replace(fair["c"].reason, line=L2))

    assert limits(lent(site, told, [fair["b"], elsewhere], fair, NOW)) == {"a": 9}
    assert lent(site, told, [elsewhere], fair, NOW) == {}


def test_who_lends_is_told_why_it_has_no_more() -> None:
    """A charger of 16 A that is lowered to what its car uses is told so, and not that this is its own maximum."""
    site = house(charger("a", [L1]), charger("b", [L1]))
    a, b = reporting(views(site, a=16, b=6), a=7, b=6)

    lent_to_b = grow(site, (a._replace(unused_since=NOW - SETTLED_MS), b), room(22, 0, 0), NOW)
    assert limits(lent_to_b) == {"a": 9}
    assert lent_to_b["a"].reason == Reason(cause=Cause.ENOUGH)


@pytest.mark.parametrize(("status", "lowered"), [(ChargerStatus.IDLE, True), (ChargerStatus.CONNECTED, False)])
def test_an_empty_place_makes_room_whatever_its_priority(status: ChargerStatus, *, lowered: bool) -> None:
    """It held 6 A of 13 all night beside a car that charged with 7. A car that is there and has just begun keeps its minimum."""
    site = house(charger("a", [L1], priority=1), charger("b", [L1]))
    empty, busy = reporting(views(site, a=6, b=7), a=0, b=7)
    empty = empty._replace(report=report(NOW, "a", 0, [L1], status=status), started_at=NOW - SETTLED_MS + 1)

    assert (limits(grow(site, (empty, busy), room(13, 0, 0), NOW))["a"] == 0) is lowered


@pytest.mark.parametrize(("weight", "priority"), [(2, 0), (1, 1)])
def test_what_was_lent_is_not_taken_back_by_who_has_no_use_for_it(weight: int, priority: int) -> None:
    """It goes before the others, but its car leaves unused what it had. Its charger needs longer than a list to follow: nothing goes back and forth."""
    important = charger("a", maximum_ma=32_000, response_ms=12_000, weight=weight, priority=priority)
    run = Run(house(important, charger("b"), fuse=26))
    for _ in range(120):
        drawn = {"a": min(run.limit("a") / 1000, 10), "b": run.limit("b") / 1000}
        run.lists(1, *[sum(drawn.values())] * 3, says=drawn)

    assert (run.limit("a"), run.limit("b")) == (12_000, 14_000)
    assert all(at < 600_000 for name in "ab" for at, limit in run.limits(name) if limit != run.limit(name))


@pytest.mark.parametrize(("amps", "gives_up"), [(11.9, 0), (13.2, 0), (13.3, 5), (16, 2)])
def test_without_neutral_a_line_falls_by_less_than_is_given_up(amps: float, gives_up: int) -> None:
    """Who makes room does so where the other can start with three quarters of it."""
    site = house(charger("a", [L1, L3]), charger("b", [L1, L2]), grid=Grid.IT)
    told = reporting(views(site, a=11, b=0), a=11, b=0)

    assert max(0, 11 - limits(grow(site, told, room(amps, 30, 30), NOW))["a"]) == gives_up


@pytest.mark.parametrize("amps", [15, 15.4, 15.6])
def test_nobody_gives_up_in_vain_what_the_other_cannot_start_with(amps: float) -> None:
    """A house between L1 and L2, a car between L1 and L3, and one that waits: in an hour in which nothing happens the limits stand still."""
    run = Run(house(charger("a", [L1, L3]), charger("b", [L1, L2]), grid=Grid.IT))
    for minute in range(60):
        for _ in range(6):
            a, b = run.limit("a") / 1000, run.limit("b") / 1000
            between = b + (21 if minute < 2 else amps)
            run.lists(1, hypot(between + a / 2, a * 0.75**0.5), between, a, says={"a": a, "b": b})

    assert len({limit for at, limit in run.limits("a") if at > 600_000}) == 1
