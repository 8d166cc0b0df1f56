"""What the house did before a cut, out of its last lists."""

import pytest

from han_gateway.core.effects import Cause, Reason
from han_gateway.core.people.rise import Rise, Sight, Spare, remembered, rise
from han_gateway.core.units import LINES, Line, PerLine

L1, L2, L3 = LINES
ALL = frozenset(LINES)
NOTHING = PerLine(0, 0, 0)
ON_L2 = Reason(cause=Cause.FUSE, circuit="main", line=L2)
BY_POWER = Reason(cause=Cause.POWER_ROSE, circuit="main", line=L2)


def sight(at_s: float, *amps: float | None, watts: int | None = None, **fields: object) -> Sight:
    """A list after so many seconds: the house in amperes (nothing on any line where none are given)."""
    house = [None if each is None else round(each * 1000) for each in amps or (0, 0, 0)]
    given = {"drawn_ma": NOTHING, "short": ALL, **fields}
    return Sight(at=round(at_s * 1000), house_ma=PerLine(*house), house_w=watts, **given)  # type: ignore[arg-type]


def told(*sights: Sight, reason: Reason = ON_L2, three_wire: bool = False) -> Rise | None:
    """What is told of a cut for this reason; before the first of these lists was another that showed the same."""
    earlier = [each._replace(at=each.at - 5_000) for each in sights[:1]]
    return rise([*earlier, *sights], reason, "main", three_wire=three_wire)


def on_l2(*amps: float | None) -> Rise | None:
    """What is told of a house that draws this on L2, list by list."""
    return told(*(sight(10 * place, 1, each, 1) for place, each in enumerate(amps)))


@pytest.mark.parametrize(
    ("amps", "expected"),
    [
        ((1, 10.4), Rise(9_400, None, ("kettle", "oven"))),
        ((1, 3), Rise(2_000, None)),
        ((1, 2.999), None),
        ((10, 1), None),
        ((1, 9, 9, 10.4), Rise(9_400, None, ("kettle", "oven"))),
        ((1, 3, 5.1, 7), None),
        ((1, 10, 1.5), None),
        ((1, None), None),
        ((None, 10.4), None),
        ((1, None, 10.4), None),
        ((1, None, 3, 10.4), Rise(9_400, None, ("kettle", "oven"))),
        ((1, 3, 5.1, 7, 9), Rise(2_000, None)),
        ((1, 10.4, 17), Rise(6_600, None, ("hob", "heater"))),
        ((5, 1, 10.4), Rise(9_400, None, ("kettle", "oven"))),
        ((10.4,), None),
        ((), None),
        ((1, 20), Rise(19_000, None)),
    ],
    ids=str,
)
def test_a_step_is_told(amps: tuple[float | None, ...], expected: Rise | None) -> None:
    """A step of 2 A or more that still stands is told in A, a drift is not, nor what a gap hides; what fits nothing has no name."""
    assert on_l2(*amps) == expected


@pytest.mark.parametrize(("amps", "rose_ma"), [((0, 2, 8), 8_000), ((0, 2.1, 8), 5_900), ((0, 1.9, 3.8), None)], ids=str)
def test_most_of_a_rise_must_have_come_at_once(amps: tuple[float, ...], rose_ma: int | None) -> None:
    """With three quarters in one list it is one step; with less only the last list is told, if that was one."""
    found = on_l2(*amps)
    assert (found and found.current_ma) == rose_ma


@pytest.mark.parametrize(("seconds", "tells"), [(15, True), (15.1, False)])
def test_lists_far_apart_are_no_step(seconds: float, tells: bool) -> None:
    """What rose over a lost list may have drifted."""
    assert (told(sight(0, 0, 0, 0), sight(seconds, 0, 9, 0)) is not None) is tells


def test_lists_that_come_often_show_a_step_together() -> None:
    """What rises within 15 s is one step, in however many lists."""
    assert told(sight(0, 0, 1, 0), sight(5, 0, 5.5, 0), sight(10, 0, 10, 0)) == Rise(9_000, None, ("kettle", "oven"))


def test_a_list_in_between_may_lack_the_line() -> None:
    """What counts is that the line is known now, and was known shortly before."""
    assert told(sight(0, 1, 1, 1), sight(6, 1, None, 1), sight(12, 1, 10.4, 1)) == Rise(9_400, None, ("kettle", "oven"))


def test_the_voltage_of_the_last_list_counts() -> None:
    """An ampere is worth as much as there is voltage now."""
    low = sight(10, 1, 10.4, 1, volts_mv=200_000)
    assert told(sight(0, 1, 1, 1), low) == Rise(9_400, None, ("kettle", "hob"))
    lowest = sight(10, 1, 10.4, 10.4, watts=2_162, volts_mv=100_000)
    assert told(sight(0, 1, 1, 1, watts=0), lowest, three_wire=True) == Rise(9_400, None)
    spare = (Spare(frozenset({L1}), 5_000),)
    weak = sight(2.5, None, None, None, watts=3_000, spare=spare, volts_mv=100_000)
    assert told(sight(0, watts=0), weak, reason=BY_POWER) is not None


def test_half_a_minute_is_remembered() -> None:
    """What is older than 30 s says nothing about a cut now."""
    sights: tuple[Sight, ...] = ()
    for second in range(0, 100, 10):
        sights = remembered(sights, sight(second))
    assert [each.at for each in sights] == [60_000, 70_000, 80_000, 90_000]


@pytest.mark.parametrize(
    ("reason", "tells"),
    [
        (ON_L2, True),
        (Reason(cause=Cause.LINE_CAP, line=L2), True),
        (Reason(cause=Cause.NO_ROOM, circuit="main", line=L2), True),
        (Reason(cause=Cause.HELD, circuit="main", line=L2), True),
        (Reason(cause=Cause.FUSE, circuit="main", line=L3), False),
        (Reason(cause=Cause.FUSE, circuit="shed", line=L2), False),
        (Reason(cause=Cause.NO_ROOM, circuit="main"), False),
        (Reason(cause=Cause.METER_LOST), False),
        (Reason(cause=Cause.QUESTION), False),
        (Reason(cause=Cause.ENOUGH), False),
    ],
    ids=str,
)
def test_only_what_a_fuse_or_a_cap_demands_has_the_house_to_blame(reason: Reason, tells: bool) -> None:
    """The line that rose must be the line that is named, under the main fuse."""
    assert (told(sight(0, 1, 1, 1), sight(10, 1, 10, 1), reason=reason) is not None) is tells


def test_a_charger_that_makes_room_for_another_is_not_the_fault_of_the_house() -> None:
    """Where there was room for all limits, whatever the house did is not why one is lowered."""
    roomy = sight(10, 1, 10, 1, short=frozenset({L1, L3}))
    assert told(sight(0, 1, 1, 1), roomy) is None


@pytest.mark.parametrize(
    ("amps", "expected"),
    [
        ((5.699, 10.4, 1), ("kettle", "oven")),  # L1 rose by less than half as much: something else
        ((5.7, 10.4, 1), ("hob",)),
        ((10.4, 5.7, 1), ("hob",)),
        ((10.401, 5.7, 1), ("microwave", "heater")),  # L1 rose by more than twice as much
        ((9, 10.4, 1), ("hob",)),
        ((8, 8, 8), ("heat pump", "sauna")),
        ((16, 16, 16), ()),
        ((None, 10.4, 1), ("kettle", "oven")),
    ],
    ids=str,
)
def test_lines_that_rise_alike_are_one_appliance(amps: tuple[float | None, ...], expected: tuple[str, ...]) -> None:
    """With a neutral the number of lines is the number of phases."""
    found = told(sight(0, 1, 1, 1), sight(10, *amps))
    assert found is not None
    assert found.names == expected


SPARE_ALL = Spare(ALL, 6_000)


@pytest.mark.parametrize(
    ("spare", "amps", "expected"),
    [
        (Spare(frozenset({L2}), 6_000), (1, 10, 1), None),  # a car may have begun, with a kettle
        (Spare(frozenset({L2}), 2_250), (1, 10, 1), 9_000),
        (Spare(frozenset({L2}), 2_251), (1, 10, 1), None),
        (Spare(frozenset({L3}), 6_000), (1, 10, 1), 9_000),
        (SPARE_ALL, (1, 10, 1), 9_000),  # a car takes all of its lines
        (SPARE_ALL, (7, 7, 7), None),
        (SPARE_ALL, (None, 7, 7), None),
    ],
)
def test_what_a_car_may_have_done_is_not_blamed_on_the_house(
    spare: Spare, amps: tuple[float | None, ...], expected: int | None
) -> None:
    """A charger that draws less than its limit may have begun since it last said so; more than a quarter of the rise is too much doubt."""
    found = told(sight(0, 1, 1, 1), sight(10, *amps, spare=(spare,)))
    assert (found and found.current_ma) == expected


IT = [
    pytest.param((1, 10.4, 10.4), 2_162, Rise(9_400, None, ("kettle", "oven")), id="between two lines"),
    pytest.param((1, 10.4, 10.4), 2_900, Rise(9_400, None, ("water heater", "hob")), id="currents that meet at an angle"),
    pytest.param((10.4, 10.4, 10.4), 3_745, Rise(9_400, None, ("heat pump",)), id="three lines"),
    pytest.param((1, 10.4, 10.4), 1_700, Rise(9_400, None), id="something else fell"),
    pytest.param((1, 10.4, 10.4), 4_400, Rise(9_400, None), id="something else rose"),
    pytest.param((1, 11, 11), 1_840, Rise(10_000, None, ("kettle", "hob")), id="hardly less than the current"),
    pytest.param((1, 11, 11), 1_839, Rise(10_000, None), id="less than the current"),
    pytest.param((1, 11, 11), 4_600, Rise(10_000, None, ("hob",)), id="twice the current"),
    pytest.param((1, 11, 11), 4_601, Rise(10_000, None), id="more than twice the current"),
    pytest.param((1, 10.4, 10.4), None, Rise(9_400, None), id="no power"),
    pytest.param((None, 10.4, 10.4), 3_745, Rise(9_400, None, ("hob", "heat pump")), id="a line that is not measured"),
    pytest.param((None, 10.4, 1), 2_162, Rise(9_400, None, ("kettle", "oven")), id="a pair with a line that is not measured"),
    pytest.param((1, 31, 31), 6_900, Rise(30_000, None, ("hob",)), id="a hob between two lines"),
]


@pytest.mark.parametrize(("amps", "watts", "expected"), IT)
def test_without_a_neutral_the_power_says_what_it_is(amps: tuple[float | None, ...], watts: int | None, expected: Rise) -> None:
    """A load of one phase is on two lines; its power names it, if it goes with the current."""
    before = sight(0, *(None if each is None else 1 for each in amps), watts=0)
    assert told(before, sight(10, *amps, watts=watts), three_wire=True) == expected


def test_without_a_neutral_cars_must_draw_what_they_drew() -> None:
    """Currents meet at an angle there: where a car has moved the power is told instead; with a neutral they add up."""
    moved = [sight(0, 1, 1, 1, watts=0), sight(10, 1, 10, 10, watts=2_162, drawn_ma=PerLine(0, 1_001, 0))]
    assert told(*moved, three_wire=True) is None
    assert told(*moved) == Rise(9_000, None, ("hob",))
    moved[1] = moved[1]._replace(drawn_ma=PerLine(0, 1_000, 0))
    assert told(*moved, three_wire=True) == Rise(9_000, None, ("kettle", "oven"))
    away = sight(5, 1, 1, 1, watts=0, drawn_ma=PerLine(0, 5_000, 0))
    assert told(moved[0], away, moved[1], three_wire=True) == Rise(9_000, None, ("kettle", "oven"))


def test_a_line_that_is_not_measured_is_told_in_watts() -> None:
    """A missing I2 is no zero, and an estimate is no measurement: the power is what is known."""
    unmeasured = [sight(0, 1, None, 1, watts=0), sight(10, 1, None, 10, watts=2_162)]
    assert told(*unmeasured, three_wire=True) == Rise(None, 2_162, ("kettle", "oven"))
    measured = sight(0, 1, 1, 1, watts=0)
    assert told(measured, unmeasured[1], three_wire=True) == Rise(None, 2_162, ("kettle", "oven"))
    two_of_three = sight(10, None, 10.4, 10.4, watts=3_745)
    assert told(measured, two_of_three, three_wire=True) == Rise(9_400, None, ("hob", "heat pump"))


@pytest.mark.parametrize(
    ("watts", "expected"),
    [
        ((500, 2_660), Rise(None, 2_160, ("kettle", "oven"))),
        ((500, 960), Rise(None, 460)),
        ((500, 959), None),
        ((500, None), None),
        ((None, 900), None),
        ((500, 6_200), Rise(None, 5_700, ("hob", "sauna"))),
    ],
    ids=str,
)
def test_power_is_told_in_watts(watts: tuple[int | None, ...], expected: Rise | None) -> None:
    """Between two lists with currents, and under a power cap, nobody knows the line."""
    sights = [sight(2.5 * place, watts=each) for place, each in enumerate(watts)]
    assert told(*sights, reason=BY_POWER) == expected
    assert told(*sights, reason=Reason(cause=Cause.POWER_CAP)) == expected


@pytest.mark.parametrize(
    ("lines", "spare_ma", "tells"), [(ALL, 1_000, True), (ALL, 1_100, False), ({L1}, 3_261, True), ({L1}, 3_266, False)]
)
def test_a_power_that_a_car_may_have_taken_is_not_told(lines: set[Line], spare_ma: int, tells: bool) -> None:
    """Of 3 kW a car may have taken a quarter."""
    spare = (Spare(frozenset(lines), spare_ma),)
    now = sight(2.5, None, None, None, watts=3_000, spare=spare)
    assert (told(sight(0, watts=0), now, reason=BY_POWER) is not None) is tells
