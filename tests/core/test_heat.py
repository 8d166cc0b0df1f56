"""A minimum is held above the fuse only while the fuse is cool, the excess is small, and no longer."""

from dataclasses import replace
from typing import Any

import pytest

from han_gateway.core.allocation import Room
from han_gateway.core.effects import Cause, Grant, Reason
from han_gateway.core.gateway import start
from han_gateway.core.heat import EXCESS_PERCENT, WARM, hold, warmed
from han_gateway.core.load import Load
from han_gateway.core.site import CapRule, Policy
from han_gateway.core.state import Phasing
from han_gateway.core.units import Line, PerLine
from han_gateway.simulation.fuse import MCB_EDGE
from tests.core.houses import L1, L2, L3, Run, charger, house, list1, list2, report

COLD = PerLine(0, 0, 0)
HOLDING = house(charger("garage"), policy=Policy())


def heat_after(amps: float, seconds: int, heat: PerLine[int] = COLD) -> int:
    """The heat of L1 after lists of this current every 10 s."""
    for _ in range(seconds // 10):
        heat = warmed(HOLDING, heat, Load(PerLine(round(amps * 1000), 0, None)), 10_000)
    return heat.l1


def test_the_rated_current_never_makes_it_warm() -> None:
    """At its rating the fuse stays below the heat at which nothing is held any more, however long it flows."""
    assert 990 < heat_after(25, 3600) <= WARM == 1000
    assert heat_after(0, 600, PerLine(WARM, WARM, WARM)) < 10


def test_an_overload_ends_the_patience() -> None:
    """1.2 times the rating from cold makes it warm within two minutes, 1.05 times within five; a line that is not measured is warm."""
    assert heat_after(30, 50) < WARM < heat_after(30, 120)
    assert heat_after(26.25, 100) < WARM < heat_after(26.25, 300)
    assert warmed(HOLDING, PerLine(0, 0, 990), Load(PerLine(0, 0, None)), 10_000).l3 > 990


def test_a_long_silence_leaves_it_warm() -> None:
    """Nobody knows what flowed while the meter was silent, longer than a single lost list would have it."""
    assert warmed(HOLDING, COLD, Load(PerLine(0, 0, 0)), 25_000).l1 == 0
    assert warmed(HOLDING, COLD, Load(PerLine(0, 0, 0)), 25_001).l1 > 700


def test_the_minimum_is_held_and_says_so() -> None:
    """6 A where there is room for 3: not a pause but the minimum, with the line that is too full."""
    run = Run(HOLDING)
    run.lists(4, 8, 8, 8)
    run.lists(1, 38, 14, 14)

    grant = run.state.chargers[0].grant
    assert (grant.limit_ma, grant.reason.cause) == (6000, Cause.HELD)
    assert str(grant.reason) == "held at the minimum (main fuse, L1)"


def test_the_hold_ends_in_a_pause() -> None:
    """An overload that stays pauses the charger within two minutes, long before the worst breaker that the standard allows trips."""
    run = Run(HOLDING)
    run.lists(4, 8, 8, 8)
    lists = 0
    while run.limit():
        run.lists(1, 28, 14, 14)
        lists += 1

    assert 2 <= lists <= 12
    assert MCB_EDGE.stress([28 / 25] * (10 * lists))[0] == 0


def test_a_silent_meter_ends_every_hold() -> None:
    """Nobody watches how warm the fuse grows any more: what was held, or left its minimum upon a guess, pauses when the meter is stale."""
    held, guessed, cut = Run(HOLDING), Run(HOLDING), Run(HOLDING)
    for run, last in ((held, list2(38, 14, 14)), (guessed, list1(40_000)), (cut, list2(34.5, 14, 14))):
        for at in (10_000, 20_000, 30_000):
            run.hear(at, list2(8, 8, 8, power_import_w=5_520))
        run.hear(32_500, last)
    assert [run.grant().reason.cause for run in (held, guessed, cut)] == [Cause.HELD, Cause.POWER_ROSE, Cause.FUSE]
    assert [run.limit() for run in (held, guessed, cut)] == [6000, 6000, 6000]

    for run in (held, guessed, cut):
        run.until(run.now + 26_000)
        assert run.grant().reason == Reason(cause=Cause.METER_STALE)
    assert [run.limit() for run in (held, guessed, cut)] == [0, 0, 6000]


@pytest.mark.parametrize(("amps", "limit"), [(38.2, 6000), (38.3, 0)])
def test_far_above_nothing_is_held(amps: float, limit: int) -> None:
    """Where the minimum would mean more than 1.13 times the fuse the charger is paused at once, however cool the fuse is."""
    assert EXCESS_PERCENT == 13
    run = Run(HOLDING)
    run.lists(4, 8, 8, 8)
    assert run.limit() == 16_000
    run.lists(1, amps, 14, 14)

    assert run.limit() == limit


@pytest.mark.parametrize(
    ("room_a", "heat", "held"),
    [
        pytest.param((5.9, 20, 20), (0, 0, 0), True, id="a little too full, and cool"),
        pytest.param((2.75, 20, 20), (0, 0, 0), True, id="13 % of the fuse too full"),
        pytest.param((2.749, 20, 20), (0, 0, 0), False, id="more than that"),
        pytest.param((5.9, 20, 20), (999, 0, 0), True, id="nearly warm"),
        pytest.param((5.9, 20, 20), (1000, 0, 0), False, id="warm"),
        pytest.param((5.9, 5.9, 20), (0, 1000, 0), False, id="one of two full lines is warm"),
        pytest.param((5.9, 6, 20), (0, 1000, 0), True, id="the warm line has room for the minimum"),
    ],
)
def test_each_line_that_is_too_full_must_bear_it(
    room_a: tuple[float, float, float], heat: tuple[int, int, int], held: bool
) -> None:
    """Neither warm nor too full by much may any of them be; a line with room for the minimum is not asked."""
    view = start(HOLDING, 0).chargers[0]
    pause = Grant(charger="garage", limit_ma=0, reason=Reason(cause=Cause.NO_ROOM, circuit="main", line=L1))
    room = Room(PerLine(*(round(amps * 1000) for amps in room_a)))
    grant = hold(HOLDING, (view,), {"garage": pause}, room, PerLine(*heat))["garage"]

    assert (grant.limit_ma, grant.reason.cause) == ((6000, Cause.HELD) if held else (0, Cause.NO_ROOM))


@pytest.mark.parametrize(
    ("limit_ma", "reason"),
    [
        pytest.param(9_000, Reason(cause=Cause.FUSE, circuit="main", line=L1), id="a cut that is no pause"),
        pytest.param(0, Reason(cause=Cause.NO_ROOM, circuit="shed", line=L1), id="no room under another fuse"),
        pytest.param(0, Reason(cause=Cause.POWER_CAP), id="no power left"),
    ],
)
def test_only_a_pause_for_the_main_fuse_is_held(limit_ma: int, reason: Reason) -> None:
    """Its patience is that of the main fuse alone, and what leaves the minimum needs none."""
    view = start(HOLDING, 0).chargers[0]
    cuts = {"garage": Grant(charger="garage", limit_ma=limit_ma, reason=reason)}

    assert hold(HOLDING, (view,), cuts, Room(PerLine(5_000, 20_000, 20_000)), COLD) == cuts


@pytest.mark.parametrize(
    ("line", "figures", "limit"),
    [
        pytest.param(L2, {}, 0, id="it can go to a line with room"),
        pytest.param(L2, {"mode": frozenset([L2])}, 6000, id="it uses fewer lines already"),
        pytest.param(L2, {"report": None}, 6000, id="it reports nothing, and is not changed"),
        pytest.param(L2, {"phasing": Phasing(switches=2)}, 6000, id="it has changed too often"),
        pytest.param(L1, {}, 6000, id="the line to which it can go is the full one"),
    ],
)
def test_one_phase_is_better_than_too_much_on_three(line: Line, figures: dict[str, Any], limit: int) -> None:
    """A charger that can use fewer lines is not held on all of them; one that cannot just now is held as any other."""
    site = house(charger("garage", modes=(frozenset([line]),)), policy=Policy())
    view = start(site, 0).chargers[0]._replace(report=report(0, "garage", 6))._replace(**figures)
    pause = Grant(charger="garage", limit_ma=0, reason=Reason(cause=Cause.NO_ROOM, circuit="main", line=L1))

    assert hold(site, (view,), {"garage": pause}, Room(PerLine(5_000, 20_000, 20_000)), COLD)["garage"].limit_ma == limit


def test_among_several_one_is_paused() -> None:
    """Only the last charger on its lines is held; chargers on other lines do not matter."""
    site = replace(house(charger("a", [L1]), charger("b", [L1])), policy=Policy())
    apart = replace(house(charger("a", [L1]), charger("b", [L2])), policy=Policy())
    limits = []
    for each in (site, apart):
        run = Run(each)
        run.lists(4, 13, 6, 0)
        run.lists(1, 26 if each is site else 20.5 + run.limit("a") / 1000, 6, 0)
        limits.append(sorted(view.grant.limit_ma for view in run.state.chargers))

    assert 0 in limits[0]
    assert 0 not in limits[1]


def test_a_power_between_two_lists_does_not_end_the_hold() -> None:
    """A rise that cannot lower a minimum any further is no guess, and the next list holds it as it would have."""
    run = Run(HOLDING)
    run.lists(4, 8, 8, 8)
    run.hear(run.now + 10_000, list2(38, 14, 14, power_import_w=8000))
    assert run.grant().reason.cause is Cause.HELD
    run.hear(run.now + 8_000, list2(28, 14, 14, power_import_w=8000))
    run.hear(run.now + 2_500, list1(16_000))
    assert not run.state.guessed
    assert run.grant().reason.cause is Cause.HELD
    run.hear(run.now + 7_500, list2(28, 14, 14, power_import_w=9000))

    assert run.limit() == 6000


def test_a_list_after_a_guess_may_hold() -> None:
    """What was cut on the power alone is not paused by the next list where the fuse bears the minimum."""
    run = Run(HOLDING)
    run.lists(4, 8, 8, 8, says={"garage": 6})
    run.say(run.now + 9_000, "garage", 16)
    run.hear(run.now + 1_000, list2(20, 20, 20, power_import_w=13_800))
    run.hear(run.now + 2_500, list1(13_800 + 5_000))
    assert (run.limit(), bool(run.state.guessed)) == (6000, True)
    run.hear(run.now + 7_500, list2(28, 10, 10, power_import_w=11_000))

    assert (run.limit(), run.grant().reason.cause) == (6000, Cause.HELD)


def test_a_cap_has_no_patience() -> None:
    """A phase cap below the fuse pauses what it leaves no minimum for: no heat would ever end the hold."""
    site = replace(HOLDING, line_cap=CapRule(default=10_000, least=10_000, most=25_000))
    run = Run(site)
    run.lists(4, 1, 1, 1)
    run.lists(1, 16, 8, 8)

    assert run.limit() == 0


@pytest.mark.parametrize(("cap_a", "limit"), [(25, 6000), (24, 0)])
def test_a_phase_cap_that_is_not_below_the_fuse_takes_no_patience_away(cap_a: int, limit: int) -> None:
    """Who may lower a cap at run time, and has not, is treated as one without: the fuse bears the minimum."""
    run = Run(replace(HOLDING, line_cap=CapRule(default=cap_a * 1000, least=10_000, most=25_000)))
    run.lists(4, 8, 8, 8)
    run.lists(1, 38, 14, 14)

    assert run.limit() == limit


@pytest.mark.parametrize(("watts", "limit"), [(17_000, 6000), (10_120, 6000), (10_100, 0)])
def test_a_minimum_is_held_within_the_power_cap_alone(watts: int, limit: int) -> None:
    """With 22 A of house and 16 A of another charger elsewhere the minimum is held where the power of all is within the cap: it is not patient."""
    parts = charger("a", [L1]), charger("b", [L3])
    run = Run(replace(house(*parts, policy=Policy()), power_cap=CapRule(default=watts, least=2_000, most=17_000)))
    for house_a in (2, 2, 2, 2, 2, 2, 22):
        a, b = run.limit("a") / 1000, run.limit("b") / 1000
        run.say(run.now + 9_000, "a", a)
        run.say(run.now, "b", b)
        run.hear(run.now + 1_000, list2(house_a + a, 0, b, power_import_w=round(230 * (house_a + a + b))))

    assert (run.limit("a"), run.limit("b")) == (limit, 16_000)
