"""Which limits change: cuts of the right size on the right lines, raises that ask nobody for what is not there."""

from dataclasses import replace

import pytest

from han_gateway.core.allocation import Room
from han_gateway.core.decision import cut, fall_back, grow, smaller
from han_gateway.core.effects import Cause, Grant, Reason
from han_gateway.core.events import ChargerStatus
from han_gateway.core.gateway import start
from han_gateway.core.seen.answers import Belief, Probe
from han_gateway.core.site import Charger, Circuit, Grid, Site
from han_gateway.core.state import ChargerView, Command, Conduct
from han_gateway.core.times import QUIET_MS, SETTLED_MS, SHOWN_MS, TURN_MS
from han_gateway.core.units import Line, PerLine
from tests.core.houses import ALL, L1, L2, L3, charger, house, report

NOW = 100_000


def views(site: Site, **amps: int) -> tuple[ChargerView, ...]:
    """The chargers of a site, settled long ago at these limits in amperes."""
    return tuple(
        view._replace(
            grant=replace(view.grant, limit_ma=amps[view.charger.name] * 1000),
            commands=(Command(0, amps[view.charger.name] * 1000),),
        )
        for view in start(site, 0).chargers
    )


def reporting(told: tuple[ChargerView, ...], status: ChargerStatus | None = None, **amps: int) -> tuple[ChargerView, ...]:
    """The same chargers after those that are named have said what they draw."""
    return tuple(
        view._replace(report=report(NOW - 1000, view.charger.name, amps[view.charger.name], ALL, status=status))
        if view.charger.name in amps
        else view
        for view in told
    )


def room(*amps: float) -> Room:
    """Room in amperes on L1, L2, L3."""
    return Room(PerLine(*(round(each * 1000) for each in amps)))


def limits(grants: dict[str, Grant]) -> dict[str, int]:
    """Limits in amperes."""
    return {name: grant.limit_ma // 1000 for name, grant in grants.items()}


def test_what_fits_is_not_cut() -> None:
    """As long as the prediction fits on every line, nothing is touched."""
    site = house(charger("a"), charger("b", [L1]))

    assert cut(site, views(site, a=10, b=6), room(16, 10, 10), NOW) == {}


def test_a_cut_has_its_full_size_at_once() -> None:
    """What does not fit is cut in one step, down to whole amperes that fit."""
    site = house(charger("a", [L2]))

    assert cut(site, views(site, a=16), room(0, 9.4, 0), NOW) == {
        "a": Grant(charger="a", limit_ma=9000, reason=Reason(cause=Cause.FUSE, circuit="main", line=L2))
    }


def test_only_the_lines_concerned_are_cut() -> None:
    """A charger on a line with room keeps its limit while another is cut."""
    site = house(charger("a", [L1]), charger("b", [L2]), charger("c", [L3]))

    assert limits(cut(site, views(site, a=16, b=16, c=10), room(16, 8, 10), NOW)) == {"b": 8}


def test_the_richest_is_cut_first() -> None:
    """A cut makes shares more equal, never less."""
    site = house(charger("a", [L1]), charger("b", [L1]))

    assert limits(cut(site, views(site, a=16, b=8), room(20, 0, 0), NOW)) == {"a": 12}


def test_below_the_minimum_is_a_pause() -> None:
    """Where the minimum does not fit, the charger is paused, and the reason names the fuse and the line."""
    site = house(charger("a"))
    paused = cut(site, views(site, a=6), room(20, 5.9, 20), NOW)["a"]

    assert paused.limit_ma == 0
    assert str(paused.reason) == "no room for the minimum (main fuse, L2)"


def test_who_is_less_important_is_paused_first() -> None:
    """If only one of two can stay, the higher priority stays."""
    site = house(charger("a", [L1]), charger("b", [L1], priority=1))

    assert limits(cut(site, views(site, a=6, b=6), room(8, 0, 0), NOW)) == {"a": 0}


def test_a_paused_charger_is_not_started_by_a_cut() -> None:
    """A cut never gives anything to anybody."""
    site = house(charger("a", [L1]), charger("b", [L2], priority=5))

    assert limits(cut(site, views(site, a=16, b=0), room(8, 25, 0), NOW)) == {"a": 8}


def test_three_wires_are_cut_deeper() -> None:
    """Without a neutral a line falls by less than the charger does, so 6 A too much are a cut of 7.06 A, that is 8."""
    tn, it = house(charger("a", [L1, L2])), house(charger("a", [L1, L2]), grid=Grid.IT)

    assert limits(cut(tn, views(tn, a=16), room(10, 16, 0), NOW)) == {"a": 10}
    assert limits(cut(it, views(it, a=16), room(10, 16, 0), NOW)) == {"a": 8}


def test_one_sub_fuse_that_is_too_full_is_enough() -> None:
    """Each fuse with a meter is looked at for itself: that another one has plenty of room changes nothing."""
    sheds = [Circuit(name=f"shed {name}", fuse_ma=16_000, metered=True, parts=(charger(name, [L1]),)) for name in "ab"]
    site = house(*sheds, fuse=63)
    rooms = {"shed a": PerLine(8_000, 16_000, 16_000), "shed b": PerLine(16_000, 16_000, 16_000)}

    assert limits(cut(site, views(site, a=16, b=16), room(63, 63, 63)._replace(circuits=rooms), NOW)) == {"a": 8}


def test_a_power_that_is_used_up_pauses() -> None:
    """Where the house alone takes all the power that it may, nobody charges."""
    site = house(charger("a", [L1]))

    assert limits(cut(site, views(site, a=6), Room(PerLine(25_000, 25_000, 25_000), 0), NOW)) == {"a": 0}


def test_beside_one_that_frees_nothing_the_others_share_what_is_really_used() -> None:
    """One that goes on with 16 A whatever it is told has its share cut, and the room that this does not free is made by the other."""
    site = house(charger("a", [L1]), charger("b", [L1]))
    a, b = views(site, a=6, b=16)
    deaf = a._replace(conduct=Conduct.IGNORING, echo=a.echo._replace(echo_ma=16_000))
    left = room(25 - 10, 0, 0)._replace(power_ma=20_000 - 10_000)  # its claim of 10 A more is taken off already

    assert limits(cut(site, (deaf, b), left, NOW)) == {"b": 0}
    assert limits(cut(site, (deaf, b), left._replace(power_ma=None), NOW)) == {"b": 9}


def test_a_raise_takes_what_the_window_allows() -> None:
    """A charger is raised to what is there, in one step, with the reason why not more."""
    site = house(charger("a"))

    assert grow(site, views(site, a=6), room(20, 11.9, 20), NOW) == {
        "a": Grant(charger="a", limit_ma=11_000, reason=Reason(cause=Cause.FUSE, circuit="main", line=L2))
    }


def test_a_raise_lowers_nobody_who_is_silent() -> None:
    """Where the window has less than what is promised, nothing is raised there, and nothing is lowered either."""
    site = house(charger("a", [L1]), charger("b", [L1]), charger("c", [L2]))

    assert limits(grow(site, views(site, a=14, b=0, c=6), room(10, 10, 0), NOW)) == {"a": 14, "b": 0, "c": 10}


def test_the_dead_band() -> None:
    """A raise smaller than the dead band waits, but for the last one up to the maximum and the first one after a pause."""
    policy = replace(house().policy, raise_deadband_ma=3000)
    site = house(charger("a", [L1]), charger("b", [L2]), charger("c", [L3]), policy=policy)
    soon = SETTLED_MS - 1

    assert limits(grow(site, views(site, a=8, b=14, c=8), room(10, 20, 11), soon)) == {"a": 8, "b": 16, "c": 11}
    assert limits(grow(site, views(site, a=0, b=14, c=8), room(6, 15, 10), soon)) == {"a": 6, "b": 14, "c": 8}


def test_the_dead_band_ends_with_a_rest() -> None:
    """A charger whose limit has rested for a minute is given a single ampere; two amperes need no rest."""
    site = house(charger("a", [L1]), charger("b", [L2]))
    told = tuple(view._replace(commands=(Command(NOW, 8_000),)) for view in views(site, a=8, b=8))

    assert limits(grow(site, told, room(9, 10, 0), NOW + SETTLED_MS - 1)) == {"a": 8, "b": 10}
    assert limits(grow(site, told, room(9, 10, 0), NOW + SETTLED_MS)) == {"a": 9, "b": 10}


def test_the_rich_make_room_for_the_poor_first() -> None:
    """Two cars and 20 A: who has 16 goes down to 14 first; only when that has settled does the other begin, and later they are equal."""
    site = house(charger("a", [L1]), charger("b", [L1]))
    first = grow(site, reporting(views(site, a=16, b=0), a=16, b=0), room(20, 0, 0), NOW)
    second = grow(site, reporting(views(site, a=14, b=0), a=14, b=0), room(20, 0, 0), NOW)
    third = grow(site, reporting(views(site, a=14, b=6), a=14, b=6), room(20, 0, 0), NOW)
    fourth = grow(site, reporting(views(site, a=10, b=6), a=10, b=6), room(20, 0, 0), NOW)

    assert [limits(each) for each in (first, second, third, fourth)] == [
        {"a": 14},
        {"a": 14, "b": 6},
        {"a": 10},
        {"a": 10, "b": 10},
    ]


def test_a_charger_starts_at_its_minimum() -> None:
    """Cars wake up one by one and at the least current: for half a minute a charger that was paused has no more, however much room there is."""
    site = house(charger("a"))
    (a,) = views(site, a=6)
    soft = a._replace(started_at=NOW - SHOWN_MS + 1)

    assert limits(grow(site, views(site, a=0), room(20, 20, 20), NOW)) == {"a": 6}
    assert limits(grow(site, (soft,), room(20, 20, 20), NOW)) == {"a": 6}
    assert limits(grow(site, (soft,), room(20, 20, 20), NOW + 1)) == {"a": 16}


def test_a_remainder_is_not_passed_around() -> None:
    """Of 17 A one has 9 and one has 8, and it does not matter who."""
    site = house(charger("a", [L1]), charger("b", [L1]))
    told = reporting(views(site, a=8, b=9), a=8, b=9)

    assert limits(grow(site, told, room(17, 0, 0), NOW)) == {"a": 8, "b": 9}


@pytest.mark.parametrize(("amps", "made"), [(16, {"a": 8}), (15, {"a": 10, "b": 6})])
def test_room_is_made_for_two_steps_and_not_for_one(amps: int, made: dict[str, int]) -> None:
    """Beside 10 A one with 6 A is helped when its fair share is 8 A, and not when it is 7."""
    site = house(charger("a", [L1]), charger("b", [L1]))
    told = reporting(views(site, a=10, b=6), a=10, b=6)

    assert limits(grow(site, told, room(amps, 0, 0), NOW)) == made


def test_what_a_silent_charger_was_just_given_is_not_taken_for_fairness() -> None:
    """As long as its last change may still be on its way, or its turn is over but nobody starves, it keeps what it has."""
    site = house(charger("a", [L1]), charger("b", [L1]))
    a, b = reporting(views(site, a=12, b=6), b=6)
    young = a._replace(commands=(Command(NOW - SHOWN_MS + 1, 12_000),))

    assert limits(grow(site, (young, b), room(18, 0, 0), NOW)) == {"a": 12, "b": 6}


def test_silent_chargers_on_one_line_are_raised_one_at_a_time() -> None:
    """Else the meter's answer would be nobody's: whose limit has stood for longest comes first, and who shares no line with it."""
    site = house(charger("a", [L1]), charger("b", [L1]), charger("c", [L2]), charger("d", [L1, L2]))
    a, b, c, d = views(site, a=0, b=0, c=0, d=0)
    a = a._replace(commands=(Command(1_000, 0),))

    assert limits(grow(site, (a, b, c, d), room(25, 25, 25), NOW)) == {"a": 0, "b": 6, "c": 6, "d": 0}


def test_the_next_silent_charger_is_raised_when_the_last_has_shown_or_not() -> None:
    """A start may take a minute to show: as long as it is open, no other charger that nobody knows the draw of rises on its lines."""
    site = house(charger("a", [L1]), charger("b", [L1]), charger("c", [L2]))
    a, b, c = views(site, a=6, b=0, c=0)
    open_ = a._replace(belief=Belief(probe=Probe(NOW - 10_000, 0, 6_000, PerLine(0, 0, 0))))

    assert limits(grow(site, (open_, b, c), room(25, 25, 0), NOW)) == {"a": 6, "b": 0, "c": 6}
    assert limits(grow(site, (a, b, c), room(25, 25, 0), NOW))["b"] == 6
    said = reporting((open_,), a=6)[0]
    assert limits(grow(site, (said, b, c), room(25, 25, 0), NOW))["b"] == 6, "one that reports is in nobody's way"


def test_nobody_is_asked_while_another_is_raised() -> None:
    """A silent charger is asked whether it follows, by 2 A less, only where nothing else moves: else the answer would not be its own."""
    site = house(charger("a", [L1]), charger("b", [L2]))

    assert limits(grow(site, reporting(views(site, a=10, b=6), b=6), room(10, 16, 0), QUIET_MS)) == {"a": 10, "b": 16}
    assert limits(grow(site, reporting(views(site, a=10, b=16), b=16), room(10, 16, 0), QUIET_MS)) == {"a": 8, "b": 16}


def test_nobody_is_asked_beyond_the_room_for_raises_in_a_restless_house() -> None:
    """The next kettle would take it back, and the cut asks as well."""
    site = house(charger("a", [L1]))
    told = views(site, a=6)

    assert limits(grow(site, told, room(6, 0, 0), QUIET_MS, for_cuts=PerLine(13_000, 0, 0))) == {"a": 8}
    assert limits(grow(site, told, room(6, 0, 0), QUIET_MS, for_cuts=PerLine(13_000, 0, 0), restless=True)) == {"a": 6}


@pytest.mark.parametrize(
    ("lines", "others", "asked"),
    [
        pytest.param([L1], 7, True, id="3 A more are there beside the other"),
        pytest.param([L1], 9, True, id="a single ampere is there"),
        pytest.param([L1], 10, False, id="nothing is there"),
        pytest.param([L2], 9, True, id="the other is elsewhere"),
        pytest.param([L3], 10, False, id="the fuller of its two lines counts"),
    ],
)
def test_who_could_not_have_more_is_not_asked(lines: list[Line], others: int, asked: bool) -> None:
    """A question costs some amperes for some seconds, so it is put only where the answer may bring an ampere, beside all others."""
    site = house(charger("a", [L1, L3]), charger("b", lines))
    told = reporting(views(site, a=10, b=others), b=others)
    grants = grow(site, told, room(10, 9, 10), QUIET_MS)

    assert (grants["a"].reason.cause is Cause.QUESTION) == asked


def test_who_is_elsewhere_makes_no_room() -> None:
    """A rich charger on another line is left alone."""
    site = house(charger("a", [L1]), charger("b", [L1]), charger("c", [L2]))
    told = reporting(views(site, a=16, b=0, c=16), a=16, b=0, c=16)

    assert limits(grow(site, told, room(20, 12, 0), NOW)) == {"a": 14}


def test_half_a_report_is_silence() -> None:
    """A charger on three lines that reports one of them keeps the minimum beside another, and makes way when its turn is over."""
    site = house(charger("a"), charger("b"))
    a, b = reporting(views(site, a=16, b=0), a=16, b=0)
    a = a._replace(report=report(NOW - 1000, "a", 16, [L1]), started_at=NOW - TURN_MS + 1)
    low = a._replace(grant=replace(a.grant, limit_ma=6_000))

    assert limits(grow(site, (a, b), room(20, 20, 20), NOW)) == {"a": 6}
    assert limits(grow(site, (low, b), room(11, 11, 11), NOW)) == {"a": 6, "b": 0}
    assert limits(grow(site, (low._replace(started_at=NOW - TURN_MS, had_ua=6_000_000), b), room(11, 11, 11), NOW)) == {"a": 0}


def test_an_empty_place_keeps_no_current_from_a_car() -> None:
    """A charger that says that it has no car holds its minimum only while nobody else could use it, and says why it is paused."""
    site = house(charger("a", [L1]), charger("b", [L1]))
    hungry = reporting(reporting(views(site, a=10, b=6), a=10), ChargerStatus.IDLE, b=0)
    later = NOW + TURN_MS
    made = reporting(reporting(views(site, a=10, b=0), a=10), ChargerStatus.IDLE, b=0)
    content = reporting(reporting(views(site, a=16, b=0), a=16), ChargerStatus.IDLE, b=0)
    rested = tuple(view._replace(report=replace(view.report, at=later - 1000)) for view in content if view.report)

    assert limits(grow(site, hungry, room(16, 0, 0), NOW)) == {"b": 0}
    grants = grow(site, made, room(16, 0, 0), NOW)
    assert limits(grants) == {"a": 16, "b": 0}
    assert grants["b"].reason == Reason(cause=Cause.NO_CAR)
    assert limits(grow(site, content, room(22, 0, 0), NOW)) == {"a": 16, "b": 0}, "it is not switched with every kettle"
    assert limits(grow(site, rested, room(22, 0, 0), later)) == {"a": 16, "b": 6}


def test_an_empty_place_with_a_line_of_its_own_does_not_wait() -> None:
    """Where nobody else could use it, the minimum stands ready as soon as there is room."""
    site = house(charger("a", [L1]), charger("b", [L2]))
    told = reporting(reporting(views(site, a=10, b=0), a=10), ChargerStatus.IDLE, b=0)
    paused = tuple(view._replace(paused_at=NOW - 1000) for view in told)

    assert limits(grow(site, paused, room(10, 10, 0), NOW)) == {"a": 10, "b": 6}


def test_a_cut_takes_an_empty_place_first() -> None:
    """What is kept for a car that is not there is given up before a car is slowed down."""
    site = house(charger("a", [L1]), charger("b", [L1]))
    told = reporting(reporting(views(site, a=10, b=6), a=10), ChargerStatus.IDLE, b=0)

    assert limits(cut(site, told, room(13, 0, 0), NOW)) == {"b": 0}


def test_an_idle_charger_starts_last_and_displaces_nobody() -> None:
    """A paused charger without a car is started with what is left over, and nobody makes room for it."""
    site = house(charger("a", [L1]), charger("b", [L1]), charger("c", [L1]))
    idle = reporting(reporting(views(site, a=0, b=0, c=0), ChargerStatus.IDLE, a=0), ChargerStatus.CONNECTED, b=0, c=0)
    rich = reporting(reporting(views(site, a=0, b=16, c=0), ChargerStatus.IDLE, a=0, c=0), b=16)

    assert limits(grow(site, idle, room(12, 0, 0), NOW)) == {"a": 0, "b": 6, "c": 6}
    assert limits(grow(site, rich, room(20, 0, 0), NOW)) == {"a": 0, "b": 16, "c": 0}


def test_who_waits_longest_is_started_first() -> None:
    """Of two paused chargers the one that was paused first comes first."""
    site = house(charger("a", [L1]), charger("b", [L1]))
    a, b = views(site, a=0, b=0)
    told = (a._replace(paused_at=50_000), b._replace(paused_at=40_000))

    assert limits(grow(site, told, room(9, 0, 0), NOW)) == {"a": 0, "b": 6}


def parts() -> tuple[Charger, ...]:
    """Three chargers with generous fallbacks."""
    return (charger("a", fallback_ma=16_000), charger("b", [L1], fallback_ma=10_000), charger("c", fallback_ma=5000))


def test_fallbacks_fit_under_the_fuse_together() -> None:
    """Fallbacks are what the owner chose, capped by the fuse, and one below the minimum is a pause."""
    grants = fall_back(house(*parts(), fuse=20, margin=1), Cause.METER_LOST)

    assert limits(grants) == {"a": 10, "b": 9, "c": 0}
    assert {grant.reason for grant in grants.values()} == {Reason(cause=Cause.METER_LOST)}


def test_the_smaller_of_last_and_fallback() -> None:
    """A lost meter raises nobody: who had less keeps less."""
    site = house(*parts(), fuse=40)
    grants = smaller(views(site, a=6, b=16, c=0), fall_back(site, Cause.METER_LOST), Cause.METER_LOST)

    assert limits(grants) == {"a": 6, "b": 10, "c": 0}


def test_a_limit_between_two_steps_is_left_alone() -> None:
    """What fits to the milliampere is not touched; a milliampere less of room takes it down to a whole ampere."""
    site = house(charger("a", [L1]))
    (view,) = views(site, a=10)
    odd = view._replace(grant=replace(view.grant, limit_ma=10_500))

    assert cut(site, (odd,), room(10.5, 0, 0), NOW) == {}
    assert limits(cut(site, (odd,), room(10.499, 0, 0), NOW)) == {"a": 10}


def test_a_paused_charger_without_a_car_is_not_short_of_room() -> None:
    """Where there is no room for its minimum either, people read that no car wants current, and not that there is no room."""
    site = house(charger("a", [L1]), charger("b", [L1]))
    told = tuple(view._replace(paused_at=NOW - 3_600_000) for view in views(site, a=0, b=0))
    told = reporting(reporting(told, ChargerStatus.IDLE, a=0), ChargerStatus.CONNECTED, b=0)
    grown = grow(site, told, room(5, 0, 0), NOW)

    assert [grown[name].reason.cause for name in "ab"] == [Cause.NO_CAR, Cause.NO_ROOM]


def test_nobody_gives_up_anything_for_a_place_that_was_paused_a_short_while_ago() -> None:
    """Beside an empty place that wants nothing a car keeps what it does not use: no one else could have it."""
    site = house(charger("a", [L1]), charger("b", [L1]))
    a, b = views(site, a=0, b=16)
    quiet = (a._replace(paused_at=NOW - 1_000), b._replace(unused_since=0))
    told = reporting(reporting(quiet, ChargerStatus.IDLE, a=0), ChargerStatus.CHARGING, b=6)

    assert limits(grow(site, told, room(25, 0, 0)._replace(power_ma=60_000), NOW)) == {"a": 0, "b": 16}


@pytest.mark.parametrize("status", [ChargerStatus.IDLE, ChargerStatus.CONNECTED])
def test_nobody_is_lowered_for_a_place_without_a_car(status: ChargerStatus) -> None:
    """Where one is short on another line, a car keeps what it does not use: the charger beside it has no car, or one that sleeps."""
    site = house(charger("short", [L2]), charger("empty", [L1]), charger("rich", [L1]))
    short, empty, rich = views(site, short=8, empty=0, rich=16)
    empty = empty._replace(started_at=-200_000, drew_at=-200_000, paused_at=NOW - 1_000)
    told = reporting((short, empty, rich._replace(unused_since=0)), ChargerStatus.CHARGING, short=8, rich=6)
    told = reporting(told, status, empty=0)

    assert limits(grow(site, told, room(16, 8, 0), NOW)) == {"short": 8, "empty": 0, "rich": 16}
