"""The promises of the oracle with real cars."""

import random
from dataclasses import replace

import pytest

from han_gateway.core.site import Charger, Circuit, Grid, Site
from han_gateway.core.units import LINES
from han_gateway.simulation.bound import Bound, Manner, heard, least
from han_gateway.simulation.cars import Car, Visit
from han_gateway.simulation.house import VOLTS, Draw
from han_gateway.simulation.lab import Case, Lab
from han_gateway.simulation.measures import Judge, Measures
from han_gateway.simulation.meter import Meter
from han_gateway.simulation.supply import Pulse, add_up, phasors

HOUR = 3_600


def house(*cars: Car, heats: tuple[tuple[int, int], ...] = (), grid: Grid = Grid.TN) -> Case:
    """An hour of a 25 A house whose 15 A heater is on in these spells."""
    draw = phasors(grid, Draw(frozenset(LINES[:2] if grid.three_wire else LINES[:1]), 15 * VOLTS))
    root = Circuit(name="main", fuse_ma=25_000, parts=tuple(each.charger for each in cars))
    return Case(
        name="heater",
        site=Site(name="home", grid=grid, root=root),
        supply=add_up(grid, HOUR, [Pulse(start, end, draw) for start, end in heats]),
        cars=cars,
        meter="kaifa-it" if grid.three_wire else "kaifa-tn",
    )


def car(name: str = "garage", *, arrives: int = 0, down_s: int = 3, up_s: int = 3, shy_ma: int = 0) -> Car:
    """A 3-phase car that charges to the end."""
    charger = Charger(name=name, lines=frozenset(LINES))
    return Car(charger=charger, visits=(Visit(arrives, HOUR),), down_s=down_s, up_s=up_s, wake_s=5, shy_ma=shy_ma)


def judged(case: Case, manner: Manner) -> Measures:
    """What became of a house."""
    return Judge(case).measure(Lab(case, lambda lab: Bound(lab, manner)).play())


@pytest.mark.parametrize("down_s", [1, 3, 16])
def test_it_is_above_only_while_cars_follow(down_s: int) -> None:
    """Each step of the house costs the way of the order and the time of the car; foresight of that time costs nothing."""
    case = house(car(down_s=down_s), heats=((600, 900), (1_200, 1_500)))

    assert judged(case, Manner()).above_s[0] == 2 * (1 + down_s)
    assert judged(case, Manner(foresees=True)).above_s[0] == 0


def test_who_hears_lists_learns_of_a_step_with_the_next_one() -> None:
    """A heater that comes on 3 s after a list is answered 7 s and the way of the list later than by who sees it; a reserve is left as ever."""
    case = house(car(down_s=3), heats=((603, 900),))
    period_s, delay_s = Meter(case.meter).currents
    assert (period_s, delay_s) == (10, 1)

    assert judged(case, Manner(hears=True)).above_s[0] == judged(case, Manner()).above_s[0] + 7 + delay_s
    assert judged(case, Manner(0, 15_000, hears=True)).above_s[0] == 0


def test_what_a_list_says_holds_until_the_next_has_arrived() -> None:
    """Lists of every tenth second that travel for two; before the first the beginning is known."""
    assert heard(range(30), 10, 2) == [0] * 12 + [10] * 10 + [20] * 8


def test_patience_and_reserve_buy_safety_with_energy() -> None:
    """A heater that cycles finds room under the patient and under the reserved; both charge less."""
    case = house(car(), heats=tuple((at, at + 30) for at in range(600, 3_000, 90)))
    hasty, patient, reserved = (judged(case, manner) for manner in (Manner(), Manner(60), Manner(0, 15_000)))

    assert hasty.above_s[0] > 10 * patient.above_s[0] > 0
    assert reserved.above_s[0] == 0
    assert hasty.delivered_kwh > max(patient.delivered_kwh, reserved.delivered_kwh)


def test_it_knows_what_cars_do_not_take() -> None:
    """A car that stays an ampere below its offer is offered an ampere more."""
    run = Lab(house(car(shy_ma=1_000), heats=((0, HOUR),)), lambda lab: Bound(lab, Manner())).play()

    assert run.limits["garage"][-1][1] == 11_000
    assert run.currents["garage"][-1][1] == 10_000


def test_nobody_raises_before_others_have_made_room() -> None:
    """A fast car that comes to a slow one waits until that has moved over; then both have the same."""
    case = house(car("slow", down_s=16), car("fast", arrives=1_000, up_s=1))
    run = Lab(case, lambda lab: Bound(lab, Manner())).play()

    assert Judge(case).measure(run).above_s[0] == 0
    assert sorted(trace[-1][1] for trace in run.limits.values()) == [12_000, 13_000]


def test_three_wires_are_counted_with_their_angles() -> None:
    """Between two lines of an IT house a heater and a car across add up to less than their sum, and all of it is used."""
    charger = Charger(name="garage", lines=frozenset(LINES[1:]), maximum_ma=32_000)
    across = replace(car(), charger=charger, takes_ma=32_000)
    case = house(across, heats=((0, HOUR),), grid=Grid.IT)
    run = Lab(case, lambda lab: Bound(lab, Manner())).play()

    assert Judge(case).measure(run).above_s[0] == 0
    assert run.limits["garage"][-1][1] == 13_000  # 15 and 13 A at 60 degrees are 24.3 A, 15 and 14 A would be 25.1 A


@pytest.mark.parametrize(("behind", "ahead"), [(0, 0), (5, 0), (0, 4), (7, 3), (500, 500)])
def test_the_least_of_a_window(behind: int, ahead: int) -> None:
    """It is what a plain look at each window finds."""
    rng = random.Random(behind)
    values = [rng.randrange(100) for _ in range(200)]

    assert least(values, behind, ahead) == [min(values[max(0, at - behind) : at + ahead + 1]) for at in range(200)]
