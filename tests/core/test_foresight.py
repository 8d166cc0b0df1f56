"""Between two lists with currents: what the total power foretells, and that a guess is small and never lasts."""

import pytest

from han_gateway.core.effects import Cause, Grant, MeterState, Reason
from han_gateway.core.events import ChargerSaid
from han_gateway.core.foresight import misled
from han_gateway.core.seen.answers import Belief
from han_gateway.core.site import Grid, Site
from han_gateway.core.units import Line, PerLine
from tests.core.houses import L1, L2, L3, Run, charger, house, list1, list2, notes

ONE = house(charger("garage"))
HOUSE = (4.0, 6.0, 2.0)
POWER = 230 * (12 + 48)
"""The house and the car with its 16 A, in W."""


def hear(run: Run, at: int, *amps: float, drawn: float = 16, power: int | None = None) -> None:
    """A list with currents and power; each charger reports a second before it."""
    run.until(at - 1000)
    for each in run.site.chargers:
        run.say(at - 1000, each.name, drawn)
    run.hear(at, list2(*amps, power_import_w=round(230 * sum(amps)) if power is None else power))


def charging(site: Site = ONE, drawn: float = 16) -> Run:
    """At 40 s: HOUSE and a car on three lines that was offered 16 A and draws so much."""
    run = Run(site)
    for at in (10_000, 20_000, 30_000):
        hear(run, at, *(6 + amps for amps in HOUSE), drawn=6)
    hear(run, 40_000, *(drawn + amps for amps in HOUSE), drawn=drawn)
    assert run.limit() == 16_000
    return run


def test_a_rise_that_chargers_cannot_explain_cuts_at_once() -> None:
    """Ten amperes more with a car that has all it may have: the house did that, on the worst line for all we know."""
    run = charging()
    effects = run.hear(42_500, list1(POWER + 2300))

    assert notes(effects) == ["cut garage 16 -> 9 A: power rose (main fuse, L2); the house rose by 2.3 kW, kettle or oven?"]
    assert run.grant().reason == Reason(cause=Cause.POWER_ROSE, circuit="main", line=L2)


def test_the_same_rise_is_not_cut_twice() -> None:
    """The next power says nothing new; one that is above 105 % again does."""
    run = charging()
    run.hear(42_500, list1(POWER + 2300))
    run.hear(45_000, list1(POWER + 2300))
    assert run.limit() == 9000
    run.hear(47_500, list1(POWER + 2300 + 230))
    assert run.limit() == 9000
    run.hear(48_500, list1(POWER + 2300 + 460))
    assert run.limit() == 7000


@pytest.mark.parametrize("rise_w", [4000, 20_000, 10**7])
def test_a_guess_never_pauses(rise_w: int) -> None:
    """However much the power rises, the minimum stays, and a pause stays with the lists that know currents."""
    run = charging()
    run.hear(42_500, list1(POWER + rise_w))
    assert run.limit() == 6000
    run.hear(45_000, list1(POWER + 2 * rise_w))
    assert run.limit() == 6000


def test_a_guess_pauses_nobody_of_many() -> None:
    """Where not all minimums fit under what is foretold, all keep them all the same."""
    site = house(charger("a", [L1]), charger("b", [L1]), fuse=40)
    run = Run(site)
    for at in (10_000, 20_000, 30_000):
        hear(run, at, 16, 4, 4, drawn=6)
    hear(run, 40_000, 36, 4, 4)
    run.hear(42_500, list1(230 * 44 + 6900))

    assert (run.limit("a"), run.limit("b")) == (6000, 6000)


@pytest.mark.parametrize(
    ("amps", "limit"),
    [
        ((13, 15, 11), 16_000),  # it is gone again
        ((13, 15, 21), 13_000),  # it is on L3, where 13 A fit beside it
        ((13, 25, 11), 9000),  # it is on L2, as was feared
        ((13, 35, 11), 0),  # it is worse
    ],
)
def test_the_next_list_decides_as_if_nothing_had_been_done(amps: tuple[float, ...], limit: int) -> None:
    """What the list would not have cut is given back with it, without any waiting; what it would have cut is cut."""
    run = charging()
    run.hear(42_500, list1(POWER + 2300))
    hear(run, 50_000, *amps, drawn=9)

    assert run.limit() == limit
    assert run.state.guessed == ()


def test_a_silence_forgets_the_guess() -> None:
    """After a silence the first list gives nothing back: like any raise it waits for a full window."""
    run = charging()
    run.hear(42_500, list1(POWER + 2300))
    run.until(66_000)
    assert run.state.meter is MeterState.STALE
    hear(run, 70_000, 13, 15, 11, drawn=9)
    assert (run.state.meter, run.limit()) == (MeterState.FRESH, 9000)


def test_a_lost_meter_forgets_the_guess() -> None:
    """What was offered before the meter was lost does not come back with its first list."""
    run = charging()
    run.hear(42_500, list1(POWER + 2300))
    run.until(110_000)
    assert (run.state.meter, run.limit()) == (MeterState.LOST, 6000)
    hear(run, 120_000, 10, 12, 8, drawn=6)
    assert run.limit() == 6000


def test_the_ramp_of_a_car_is_no_alarm() -> None:
    """A car that was offered 16 A may take them at any second; only what is above that was somebody else."""
    run = charging(drawn=0)
    idle = 230 * 12
    run.hear(42_500, list1(idle + 3 * 16 * 230))
    assert run.limit() == 16_000
    run.hear(45_000, list1(idle + 3 * 16 * 230 + 2300))
    assert run.limit() == 9000


def test_a_silent_car_explains_what_it_was_offered() -> None:
    """Of a charger without reports nothing is known, so as much as its offer is no alarm."""
    run = Run(house(charger("garage")))
    run.hear(10_000, list2(6, 6, 6, power_import_w=230 * 18))
    run.hear(12_500, list1(230 * 18 + 3 * 6 * 230))

    assert run.limit() == 6000
    assert run.grant().reason.cause is not Cause.POWER_ROSE


@pytest.mark.parametrize(("rise_w", "limit"), [(977, 16_000), (978, 14_000)])
def test_the_threshold(rise_w: int, limit: int) -> None:
    """Up to 105 % of the fuse (26.25 A on L2, which is a rise of 4.25 A) nothing happens; above, all that is too much is cut."""
    run = charging()
    run.hear(42_500, list1(POWER + rise_w))

    assert run.limit() == limit


def test_exactly_at_the_threshold() -> None:
    """105 % to the milliampere is not above 105 %."""
    run = charging()
    hear(run, 50_000, 20, 22.003, 18, power=POWER)
    run.hear(52_500, list1(POWER + 977))  # 4.247 A: 26.25 A on L2

    assert run.limit() == 16_000


CARS = [(Grid.TN, [L1], 230), (Grid.TN, [L1, L2, L3], 690), (Grid.IT, [L1, L2], 230), (Grid.IT, [L1, L2, L3], 398)]
"""Grid, lines, and what an ampere of such a car is worth in W: without a neutral, on three lines, the square root of 3 times 230."""


@pytest.mark.parametrize(("grid", "lines", "watts"), CARS)
def test_a_raise_that_is_taken_up_is_no_alarm(grid: Grid, lines: list[Line], watts: int) -> None:
    """10 A more for the car explain just as much power as a car on its lines takes; what the house takes on top of that does not hide in it."""
    limits = []
    for house_w in (0, 970, 985):  # 4.25 A more, 977.5 W, would be 105 % of the fuse
        run = Run(house(charger("garage", lines), grid=grid))
        for at in (10_000, 20_000, 30_000):
            hear(run, at, 15, 15, 15, drawn=6)
        hear(run, 40_000, 12, 12, 12, drawn=6)
        assert run.limit() == 16_000
        run.hear(42_500, list1(36 * 230 + 10 * watts + house_w))
        limits.append(run.limit())

    assert limits == [16_000, 16_000, 14_000]


def test_a_cut_that_may_not_have_been_followed_yet_explains_a_rise() -> None:
    """What a slow car was offered before it may draw once more: while it has time to follow, that much power is no alarm."""
    run = charging(house(charger("garage", response_ms=20_000)))
    hear(run, 50_000, 20, 26, 18)
    assert run.limit() == 15_000
    hear(run, 60_000, 20, 25, 18)
    run.hear(62_500, list1(230 * 63 + 690 + 500))
    assert run.limit() == 15_000
    run.hear(65_000, list1(230 * 63 + 690 + 600))
    assert run.limit() == 13_000


def test_less_power_is_no_alarm() -> None:
    """A fall changes nothing, nor does a list that does not name its power."""
    run = charging()
    before = run.state.chargers
    run.hear(42_500, list1(0))
    run.hear(45_000, list2(None, None, None))

    assert run.state.chargers == before


def test_before_the_first_list_with_currents() -> None:
    """A meter that was not heard in full yet foretells nothing."""
    run = Run(ONE)
    run.hear(2_500, list1(1000))
    run.hear(5_000, list1(30_000))

    assert (run.limit(), run.grant().reason.cause) == (6000, Cause.METER_WAITING)


def test_a_stale_meter_foretells_nothing() -> None:
    """What the last currents were is too long ago."""
    run = charging()
    run.until(66_000)
    run.hear(67_500, list1(POWER + 20_000))

    assert (run.state.meter, run.limit()) == (MeterState.STALE, 16_000)


@pytest.mark.parametrize("missing", ["power_import_w", "voltage"])
def test_without_a_baseline(missing: str) -> None:
    """A list that does not name its power, or no voltage, is nothing that a power could be compared with."""
    run = charging()
    volts = 0 if missing == "voltage" else 230_000
    power = None if missing == "power_import_w" else POWER
    run.hear(50_000, list2(20, 22, 18, power_import_w=power, voltage_l1_mv=volts, voltage_l2_mv=volts, voltage_l3_mv=volts))
    assert run.state.baseline is None
    before = run.limit()
    run.hear(52_500, list1(POWER + 20_000))
    assert run.limit() == before


def test_a_meter_without_list_1() -> None:
    """Where every list has currents (Kamstrup), no limit ever changes because of a power."""
    run = charging()
    for at in range(50_000, 120_000, 10_000):
        hear(run, at, 20, 22, 18, power=POWER * (at // 10_000))

    assert run.limit() == 16_000
    assert all(told.grant.reason.cause is not Cause.POWER_ROSE for _, told in run.told())


@pytest.mark.parametrize(("grid", "limits"), [(Grid.TN, [6000, 16_000, 16_000]), (Grid.IT, [6000, 6000, 16_000])])
def test_without_a_neutral_a_load_is_on_two_lines(grid: Grid, limits: list[int]) -> None:
    """The rise is taken for one load: on the worst line, or between the two worst ones."""
    run = Run(house(charger("a", [L1]), charger("b", [L2]), charger("c", [L3]), grid=grid))
    for at in (10_000, 20_000, 30_000):
        hear(run, at, 10, 9, 7, drawn=6)
    hear(run, 40_000, 20, 19, 17)
    run.hear(42_500, list1(230 * 56 + 4600))

    assert [run.limit(name) for name in "abc"] == limits


def test_between_two_lines_the_fuller_one_counts() -> None:
    """Without a neutral the load that came is on two lines, and it is too much where it is too much for one of them."""
    run = Run(house(charger("a", [L1]), charger("b", [L2]), grid=Grid.IT))
    for at in (10_000, 20_000, 30_000):
        hear(run, at, 18, 9, 7, drawn=6)
    hear(run, 40_000, 25, 16, 7, drawn=13)
    assert (run.limit("a"), run.limit("b")) == (13_000, 16_000)
    run.hear(42_500, list1(230 * 48 + 3 * 230 + 2300))

    assert (run.limit("a"), run.limit("b")) == (6_000, 11_000)


def test_nobody_charges() -> None:
    """With all chargers paused there is nothing to cut."""
    run = Run(ONE)
    hear(run, 10_000, 24, 24, 24, drawn=0)
    assert run.limit() == 0
    run.hear(12_500, list1(40_000))
    assert run.limit() == 0


def test_what_is_sold_counts_against_what_is_bought() -> None:
    """A cloud over the roof is a rise too: the power is the net one."""
    run = charging()
    run.hear(50_000, list2(20, 22, 18, power_import_w=0, power_export_w=2300))
    run.hear(52_500, list2(None, None, None, power_import_w=0, power_export_w=0))

    assert run.limit() == 9000


def followed() -> Run:
    """At 70 s: the car of ``charging``, at a charger that says nothing and has been seen to follow for half a minute."""
    run = charging()
    silent = run.state.chargers[0]._replace(report=None, belief=Belief(2, 16_000))
    run.state = run.state._replace(chargers=(silent,))
    for at in range(50_000, 80_000, 10_000):
        run.hear(at, list2(20, 22, 18, power_import_w=POWER))
    return run


def test_a_charger_that_is_seen_to_follow_explains_no_more_than_its_offer() -> None:
    """A silent charger that follows draws its limit already: a rise beside it was the house."""
    run = followed()
    run.hear(72_500, list1(POWER + 2300))

    assert run.limit() == 9000


def test_a_slow_car_that_is_given_its_current_back_is_no_alarm() -> None:
    """It goes down and up again later than it should: the list between saw it low, and its return is not taken for the house."""
    run = followed()
    run.hear(72_500, list1(POWER + 2300))
    for at in (80_000, 90_000):
        run.hear(at, list2(13, 15, 11, power_import_w=POWER - 7 * 690))
        assert run.limit() == 16_000
    run.hear(92_500, list1(POWER))

    assert run.limit() == 16_000


def test_who_was_wrong_three_times_wants_a_surer_sign() -> None:
    """A kettle on another line costs the car some amperes a few times; then only more is taken for a danger, until a guess was right."""
    run, at = charging(), 40_000
    for _ in range(3):
        run.hear(at + 2500, list1(POWER + 1100))
        assert run.grant().reason.cause is Cause.POWER_ROSE
        hear(run, at + 10_000, *(13 + amps for amps in HOUSE), drawn=13)
        assert run.limit() == 16_000
        at += 20_000
        hear(run, at, *(16 + amps for amps in HOUSE))
    run.hear(at + 2500, list1(POWER + 1100))
    assert run.limit() == 16_000
    run.hear(at + 5000, list1(POWER + 2300))
    assert run.grant().reason.cause is Cause.POWER_ROSE
    hear(run, at + 10_000, 20, 32, 18)
    assert run.state.misled == 0


def test_however_often_it_was_wrong_a_great_rise_is_believed() -> None:
    """What would be 30 % above the fuse is cut after any number of wrong guesses."""
    run = charging()
    run.state = run.state._replace(misled=1000)
    run.hear(42_500, list1(POWER + 2300))
    assert run.limit() == 16_000
    run.hear(45_000, list1(POWER + 230 * 15))
    assert run.grant().reason.cause is Cause.POWER_ROSE


def test_a_guess_taken_back_does_not_hide_the_next_rise() -> None:
    """The car was told 6 A and 16 A again within its response time. Its lines stood still: it never obeyed, so the new rise is the house's."""
    run = charging(house(charger("garage", response_ms=15_000)))
    hear(run, 50_000, 20, 22, 18)
    hear(run, 60_000, 20, 22, 18)
    for at in (62_500, 72_500):
        run.hear(at, list1(POWER + 230 * 12))
        assert (run.limit(), run.grant().reason.cause) == (7000, Cause.POWER_ROSE)
        hear(run, at + 7_500, 20, 22, 18)
        assert run.limit() == 16_000


@pytest.mark.parametrize("house_a", [17, 18, 20])
def test_a_right_guess_is_not_taken_back_with_every_list(house_a: int) -> None:
    """The car has followed within three seconds, and the list shows it; what it had before is not credited to it once more, list after list."""
    run, told, over = Run(house(charger("garage", [L1]))), [0] * 4, 0
    for second in range(1, 600):
        told.append(run.limit())
        total = (house_a if second >= 313 else 8) + told[-3] / 1000
        over += total > 25
        run.until(second * 1000)
        if second % 10 == 0:
            run.hear(second * 1000, list2(total, 0, 0, power_import_w=round(230 * total)))
        elif second % 10 in (2, 5, 7):
            run.hear(second * 1000, list1(round(230 * total)))

    assert over <= 25


def test_a_load_that_is_over_is_not_a_car_that_followed() -> None:
    """Ten amperes for one power, and the car has not moved: the lines on which that never was have not fallen, so it is in flight still."""
    run = charging(house(charger("garage", response_ms=9_000)))
    run.hear(42_500, list1(POWER + 230 * 30))
    assert run.grant().reason.cause is Cause.POWER_ROSE
    hear(run, 50_000, 20, 22, 18)

    assert run.limit() == 16_000


@pytest.mark.parametrize(("said_at", "shown", "guessed"), [(39_800, 6, False), (39_800, 16, True), (37_000, 6, True)])
def test_a_report_may_be_ahead_of_a_list(said_at: int, shown: int, *, guessed: bool) -> None:
    """What a report says of a raise while the list is on its way counts as far as the list shows it; the rest is the car, coming up.

    A report from before the list was measured is believed: a car that was at 16 A then, and cannot be seen, leaves the rise to the house.
    """
    run = Run(ONE)
    for at in (10_000, 20_000, 30_000):
        hear(run, at, *(6 + amps for amps in HOUSE), drawn=6)
    run.until(said_at)
    run.say(said_at, "garage", 16)
    run.hear(40_000, list2(*(shown + amps for amps in HOUSE), power_import_w=230 * (12 + 3 * shown)))
    assert run.limit() == 16_000
    run.hear(42_500, list1(POWER + 2300 * (shown == 16)))

    assert (run.limit() < 16_000) is guessed


def test_nobody_is_taken_to_draw_more_than_the_limit() -> None:
    """Where the house rises by as much as a cut takes away, no line falls, and yet the car draws less."""
    run = charging()
    hear(run, 50_000, 24, 26, 22)
    assert run.limit() == 15_000
    hear(run, 60_000, 24, 26, 22, drawn=15)

    assert run.state.baseline is not None
    assert run.state.baseline.drawn_ma == (15_000,)


def test_a_car_that_has_obeyed_a_guess_may_come_up_again() -> None:
    """Its lines fell while it was told less: that much of the next rise may be its own, and is not taken for the house."""
    run = charging(house(charger("garage", response_ms=15_000)))
    hear(run, 50_000, 20, 22, 18)
    hear(run, 60_000, 20, 22, 18)
    run.hear(62_500, list1(POWER + 230 * 12))
    hear(run, 70_000, 11, 13, 9, drawn=7)
    assert run.limit() == 16_000
    run.hear(72_500, list1(230 * 33 + 3 * 230 * 9))
    assert run.limit() == 16_000


@pytest.mark.parametrize(
    ("limits", "wrong"), [((10_000, 16_000), 2), ((10_000, 15_000), 0), ((9_000, 16_000), 0), ((9_000, 15_000), 0)]
)
def test_a_guess_was_wrong_if_all_of_it_was(limits: tuple[int, int], wrong: int) -> None:
    """Where one of two chargers does not get everything back, the house had risen after all: the count of wrong guesses begins anew."""
    because = Reason(cause=Cause.POWER_ROSE)
    before = tuple(Grant(charger=name, limit_ma=limit, reason=because) for name, limit in (("a", 10_000), ("b", 16_000)))
    after = {name: Grant(charger=name, limit_ma=limit, reason=because) for name, limit in zip("ab", limits, strict=True)}

    assert misled(charging().state._replace(guessed=before, misled=1), after) == wrong


def test_a_car_counts_by_its_weakest_line() -> None:
    """Of one that draws 16, 10 and 16 A no more than three times 10 A are sure to be in the power of the house."""
    run = charging()
    run.play(ChargerSaid(at=49_000, charger="garage", current_ma=PerLine(16_000, 10_000, 16_000)))
    run.hear(50_000, list2(20, 16, 18, power_import_w=230 * 54))

    assert run.state.baseline is not None
    assert run.state.baseline.drawn_ma == (10_000,)
