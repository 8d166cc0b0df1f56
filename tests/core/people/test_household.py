"""What a list shows of the house beside its chargers, and what the log makes of it."""

from collections.abc import Iterable
from typing import Any

import pytest

from han_gateway.core.allocation import Room
from han_gateway.core.effects import Cause
from han_gateway.core.events import CapSaid, ChargerSaid, ChargerStatus
from han_gateway.core.gateway import start
from han_gateway.core.load import complete
from han_gateway.core.people.household import look
from han_gateway.core.people.rise import Sight, Spare
from han_gateway.core.reload import carry_over
from han_gateway.core.seen.answers import Belief, Probe
from han_gateway.core.site import Cap, CapRule, Grid, Site
from han_gateway.core.state import Command, State
from han_gateway.core.units import LINES, Line, PerLine
from tests.core.houses import L1, L2, L3, Run, charger, house, list1, list2, notes

ONE = house(charger("garage"))
VOLTS = 230


def cuts(run: Run) -> list[str]:
    """What the log says of limits that fell."""
    return [text for text in notes(effect for _, effect in run.effects) if text.startswith(("cut", "paused"))]


def charging(site: Site = ONE, house_a: float = 2) -> Run:
    """A car has 16 A beside a quiet house, and a list has shown it."""
    run = Run(site)
    run.lists(3, *(6 + house_a,) * 3, says={"garage": 6})
    run.lists(2, *(16 + house_a,) * 3, says={"garage": 16})
    assert run.limit() == 16_000
    return run


def last(run: Run) -> Sight:
    """What the last list showed."""
    return run.state.sights[-1]


def test_a_kettle_is_told() -> None:
    """A limit that is cut because of the house says what the house did, without the car, and what it may have been."""
    run = charging()
    run.lists(1, 18, 27.4, 18, says={"garage": 16})

    assert cuts(run) == ["cut garage 16 -> 13 A: main fuse, L2; the house rose by 9.4 A there, kettle or oven?"]


def test_what_the_car_stopped_drawing_is_not_taken_for_the_house() -> None:
    """The next rise is told without what the car let go meanwhile."""
    run = charging()
    run.lists(1, 18, 27.4, 18, says={"garage": 16})
    run.lists(1, 15, 24.4, 15, says={"garage": 13})
    run.lists(1, 15, 30.4, 15, says={"garage": 13})

    assert cuts(run)[1:] == ["cut garage 13 -> 7 A: main fuse, L2; the house rose by 6.0 A there, microwave or hob?"]


def test_a_slow_rise_is_not_told() -> None:
    """Heaters that come one after the other are no step."""
    run = charging()
    for more in range(1, 10):
        run.lists(1, 18, 18 + more, 18, says={"garage": 16})

    assert cuts(run)[0] == "cut garage 16 -> 15 A: main fuse, L2"
    assert not any("rose" in text for text in cuts(run))


def test_the_first_list_after_a_gap_tells_nothing_of_the_house() -> None:
    """What happened while the meter was silent is not known to have been a step."""
    run = charging()
    run.until(run.now + 30_000)
    run.lists(1, 18, 27.4, 18, says={"garage": 16})

    assert cuts(run) == ["cut garage 16 -> 13 A: main fuse, L2"]


def test_a_silent_charger_hides_the_house() -> None:
    """Where nobody knows what a charger draws, nothing is said of the house."""
    run = Run(house(charger("garage", fallback_ma=16_000)))
    run.lists(3, 18, 18, 18)
    run.lists(1, 18, 27.4, 18)

    assert cuts(run) == ["cut garage 16 -> 13 A: main fuse, L2"]
    assert run.state.sights == ()


def test_a_silent_charger_that_the_meter_has_shown_to_follow_does_not() -> None:
    """What is believed of it counts as known."""
    run = Run(ONE)
    for place in range(60):
        kettle, drawn = 9.4 * (20 <= place < 30), run.limit() / 1000
        run.lists(1, 2 + drawn, 2 + drawn + kettle, 2 + drawn)
    assert run.limit() == 16_000
    run.lists(1, 18, 27.4, 18)

    first, second = cuts(run)
    assert first == "cut garage 16 -> 13 A: main fuse, L2"
    assert second == "cut garage 16 -> 13 A: main fuse, L2; the house rose by 9.4 A there, kettle or oven?"


def test_a_charger_that_does_not_follow_is_not_taken_for_the_house() -> None:
    """A car that goes on with 16 A after a cut to 13 is not 3 A of house: what it says counts."""
    run = charging()
    run.lists(1, 18, 27.4, 18, says={"garage": 16})
    run.lists(1, 18, 27.4, 18, says={"garage": 16})

    assert cuts(run)[1] == "cut garage 13 -> 10 A: main fuse, L2; the house rose by 9.4 A there, kettle or oven?"
    assert last(run).house_ma == (2_000, 11_400, 2_000)


@pytest.mark.parametrize(
    ("after_s", "amps", "known"),
    [(6, 16, True), (5, 16, False), (5, 14.1, False), (5, 14, True), (1, 13, True), (0, 16, False)],
)
def test_a_report_counts_when_the_last_command_has_acted(after_s: int, amps: float, known: bool) -> None:
    """A report from before a new limit says nothing of now; one after it does, when it shows the limit or the charger has had its time."""
    run = charging()
    run.say(run.now + 4_000, "garage", 16)
    run.hear(run.now + 1_000, list2(18, 27.4, 18))  # cut to 13 A
    cut_at = run.now
    if after_s > 0:
        run.say(cut_at + after_s * 1_000, "garage", amps)
    sights = look(ONE, run.state, list2(15, 24, 15), run.now + 1_000)
    assert bool(sights) is known


AT = 60_000
"""Long after the start, when the first limit has had its time."""


def seen(site: Site, *said: float | None, at: int = AT, told_at: int = 0, limit_a: int = 6, loads: float = 20) -> Sight | None:
    """What a list shows with a charger that has said, just before, that it draws this on L1, L2, L3; and the limit it was told when."""
    state = start(site, 0)
    (view,) = state.chargers
    drawn = PerLine(*(None if each is None else round(each * 1000) for each in said)) if said else None
    view = view._replace(
        commands=(Command(told_at, limit_a * 1000),),
        report=None if drawn is None else ChargerSaid(at=at, charger="garage", current_ma=drawn),
    )
    return look_at(site, state._replace(chargers=(view,)), at, loads)


def look_at(site: Site, state: State, at: int, loads: float) -> Sight | None:
    """What a list with this current on each line shows."""
    reading = list2(loads, loads, loads, power_import_w=10_000)
    load = complete(site, reading)
    assert load is not None
    sights = look(site, state, reading, at, load, Room(PerLine(6_000, 5_999, 6_000)))
    return sights[-1] if sights else None


def test_what_chargers_say_is_taken_out() -> None:
    """Of 20 A and 10 kW a car takes what it says on its own lines, and may take the rest of its limit; who has no room is short."""
    three = seen(ONE, 6, 5, 4.9)
    assert three is not None
    assert (three.house_ma, three.drawn_ma, three.house_w) == ((14_000, 15_000, 15_100), (6_000, 5_000, 4_900), 6_343)
    assert (three.spare, three.short) == ((Spare(frozenset(LINES), 1_100),), frozenset({L2}))
    one = seen(house(charger("garage", [L1])), 5, 3, 3)
    assert one is not None
    assert (one.house_ma, one.spare) == ((15_000, 20_000, 20_000), ())  # an ampere less than its limit is nothing


@pytest.mark.parametrize(
    ("said", "told_at", "known"),
    [
        ((), 0, False),
        ((None, None, None), 0, False),
        ((6, None, 6), 0, False),
        ((6, 6, 6), AT, False),
        ((6, 6, 6), AT - 1, True),
        ((7, 6, 5), AT - 1, True),
        ((8, 8, 8), AT - 6_000, True),
        ((8, 8, 8), AT - 5_999, False),
        ((6, 6, 8), AT - 5_999, False),
    ],
)
def test_when_what_a_charger_says_is_known(said: tuple[float | None, ...], told_at: int, known: bool) -> None:
    """All of its lines, after its last limit, and when it had its time or is there already."""
    assert (seen(ONE, *said, told_at=told_at) is not None) is known


@pytest.mark.parametrize(("answers", "probe", "known"), [(1, False, False), (2, False, True), (2, True, False)])
def test_when_a_silent_charger_is_known(answers: int, probe: bool, known: bool) -> None:
    """When two changes have shown, and none is open."""
    site = house(charger("garage", [L1]))
    state = start(site, 0)
    question = Probe(0, 6_000, 8_000, PerLine(0, 0, 0)) if probe else None
    view = state.chargers[0]._replace(belief=Belief(answers=answers, drawn_ma=5_500, probe=question))
    state = state._replace(chargers=(view,))
    found = look_at(site, state, AT, 9)
    assert (found and found.house_ma) == ((3_500, 9_000, 9_000) if known else None)


def test_one_line_with_less_than_was_said_is_doubt_enough() -> None:
    """A car that has left one of its lines has left its report behind; an ampere may be noise."""
    assert seen(ONE, 16, 16, 21, limit_a=16) is not None
    assert seen(ONE, 16, 16, 21.1, limit_a=16) is None


def test_the_voltage_is_that_of_the_last_list_that_had_one() -> None:
    """A list of power alone has no voltage; without any list there is the nominal one."""
    state = start(house(), 0)
    lists = []
    for at, volts_mv in ((10_000, 220_000), (20_000, 225_000), (30_000, 240_000)):
        reading = list2(1, 1, 1, voltage_l1_mv=volts_mv, voltage_l2_mv=volts_mv, voltage_l3_mv=volts_mv)
        state = state._replace(sights=look(house(), state, reading, at))
        lists.append(state.sights[-1].volts_mv)
    assert lists == [220_000, 225_000, 240_000]
    assert look(house(), state, list1(), 32_000)[-1].volts_mv == 240_000
    assert look(house(), start(house(), 0), list1(), 32_000)[-1].volts_mv == 230_000


def test_a_car_that_begins_before_it_says_so_is_not_the_house() -> None:
    """A charger without a draw that then loads all of its lines may have begun; its limit is cut without a word on the house."""
    run = Run(house(charger("garage"), fuse=20))
    run.lists(3, 5, 5, 5, says={"garage": 0})
    run.lists(1, 5 + run.limit() / 1000, 5 + run.limit() / 1000, 5 + run.limit() / 1000, says={"garage": 0})

    assert len(cuts(run)) == 1
    assert "rose" not in cuts(run)[0]


def test_where_there_is_no_car_a_rise_is_the_house() -> None:
    """A charger that says that no car is there has nothing to begin with."""
    run = Run(house(charger("garage"), fuse=20))
    for _ in range(3):
        run.lists(1, 5, 5, 5)
        run.say(run.now + 5_000, "garage", 0, ChargerStatus.IDLE)
    run.lists(1, 19, 19, 19)
    assert last(run).spare == ()
    assert cuts(run)[0].endswith("A: no room for the minimum (main fuse, L1); the house rose by 14.0 A there")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"power_import_w": 3_000}, 3_000),
        ({"power_import_w": 3_000, "power_export_w": 0}, 3_000),
        ({}, None),
    ],
)
def test_power_less_what_the_cars_take(fields: dict[str, Any], expected: int | None) -> None:
    """What is bought is the house and its cars; a list that does not say it leaves it open."""
    run = Run(ONE)
    run.say(9_000, "garage", 0)
    run.hear(10_000, list2(2, 2, 2, **fields))
    assert last(run).house_w == expected


def test_the_sun_tells_nothing_of_the_house() -> None:
    """On a line that sells, a larger current is less house."""
    run = Run(ONE)
    run.say(9_000, "garage", 0)
    run.hear(10_000, list2(2, 2, 2, power_import_w=0, power_export_w=1_000))
    assert run.state.sights == ()


def test_more_than_there_is_is_not_taken_out() -> None:
    """A car that has just stopped, by a report from before, would make the house less than nothing."""
    run = charging()
    before = run.state.sights
    run.lists(1, 2, 2, 2, says={"garage": 16})
    assert run.state.sights == before


def test_power_between_two_lists_is_told_in_watts() -> None:
    """A cut on a rise of the power, before currents are known, says by how much the power of the house rose."""
    run = Run(ONE)
    for amps in (6, 6, 6, 16, 16):
        run.say(run.now + 9_000, "garage", amps)
        run.hear(run.now + 1_000, list2(*(2 + amps,) * 3, power_import_w=VOLTS * 3 * (2 + amps)))
    effects = run.hear(run.now + 2_500, list1(VOLTS * 3 * 18 + 2_200))

    assert notes(effects) == ["cut garage 16 -> 13 A: power rose (main fuse, L1); the house rose by 2.2 kW, kettle or oven?"]


def test_a_cap_that_is_lowered_is_not_the_fault_of_the_house() -> None:
    """Whoever sets a cap knows why it is cut."""
    site = Site(name="home", grid=Grid.TN, root=ONE.root, line_cap=CapRule(default=25_000, least=6_000, most=25_000))
    run = charging(site)
    run.lists(1, 18, 25, 18, says={"garage": 16})
    effects = run.play(CapSaid(at=run.now + 500, cap=Cap.LINE, value=20_000))
    assert notes(effects)[1] == "cut garage 16 -> 11 A: phase cap, L2"


def test_a_phase_cap_tells_it_like_a_fuse() -> None:
    """Under a cap that binds before the fuse does a kettle is told as well."""
    site = Site(name="home", grid=Grid.TN, root=ONE.root, line_cap=CapRule(default=20_000, least=6_000, most=25_000))
    run = charging(site)
    run.lists(1, 18, 27.4, 18, says={"garage": 16})
    assert cuts(run) == ["cut garage 16 -> 8 A: phase cap, L2; the house rose by 9.4 A there, kettle or oven?"]


def between(run: Run, at: int, pair: Iterable[Line], drawn: float, house_a: tuple[float | None, ...], watts: int) -> None:
    """A list of a net without neutral with a car between two lines."""
    run.say(at - 1_000, "garage", drawn)
    amps = [None if each is None else each + drawn * (line in pair) for each, line in zip(house_a, LINES, strict=True)]
    run.hear(at, list2(*amps, power_import_w=watts + round(VOLTS * drawn), reactive_import_var=0))


@pytest.mark.parametrize(
    ("pair", "first", "then", "told"),
    [
        ((L1, L3), (2, None, 2), (11.4, None, 2), "main fuse, L1; the house rose by 9.4 A there, kettle or oven?"),
        ((L1, L3), (2, 2, 2), (11.4, 11.4, 2), "main fuse, L1; the house rose by 9.4 A there, kettle or oven?"),
        ((L1, L2), (2, None, 2), (2, None, 15), "main fuse, L2; the house rose by 3.0 kW, water heater or hob?"),
    ],
)
def test_without_a_neutral_a_load_is_between_two_lines(
    pair: tuple[Line, Line], first: tuple[float | None, ...], then: tuple[float | None, ...], told: str
) -> None:
    """A kettle between two lines is one kettle; on a line whose current is an estimate its power is told."""
    site = house(charger("garage", pair, maximum_ma=16_000), grid=Grid.IT, fuse=25)
    run = Run(site)
    for place, drawn in enumerate((6, 6, 6, 16, 16)):
        between(run, 10_000 * (place + 1), pair, drawn, first, 700)
    assert run.limit() >= 14_000
    between(run, 60_000, pair, run.limit() / 1000, then, 700 + (2_162 if L3 in pair else 2_990))

    assert cuts(run)
    assert cuts(run)[-1].endswith(told)


def test_a_reload_forgets_it() -> None:
    """The house without a charger that has just left the configuration is not a house that rose."""
    run = charging()
    state, _ = carry_over(ONE, run.state, house(charger("garage"), charger("shed")), run.now)
    assert (len(run.state.sights), state.sights) == (4, ())


def test_it_decides_nothing() -> None:
    """With and without it the limits are the same: it is looked at when they are chosen."""
    run, blind = charging(), charging()
    blind.state = blind.state._replace(sights=())
    for each in (run, blind):
        each.lists(1, 18, 27.4, 18, says={"garage": 16})
    assert run.limits() == blind.limits()
    assert run.grant().reason == blind.grant().reason
    assert run.grant().reason.cause is Cause.FUSE
    assert cuts(run) != cuts(blind)
