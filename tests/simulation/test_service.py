"""The promises of the measures of service."""

import pytest

from han_gateway.core.site import Charger, Circuit, Grid, Site
from han_gateway.core.units import LINES
from han_gateway.simulation.cars import Car, Visit
from han_gateway.simulation.lab import Case, Flow, Run
from han_gateway.simulation.service import could_as, fairness, percentile, waits
from han_gateway.simulation.supply import add_up

HOUR = 3_600


def night(*levels: list[tuple[int, int]], visits: tuple[Visit, ...] = (Visit(0, HOUR),)) -> tuple[Case, Run]:
    """An hour in which cars drew so much from these seconds on."""
    cars = tuple(Car(charger=Charger(name=f"car{place}", lines=frozenset(LINES)), visits=visits) for place in range(len(levels)))
    root = Circuit(name="main", fuse_ma=25_000, parts=tuple(each.charger for each in cars))
    site = Site(name="home", grid=Grid.TN, root=root)
    case = Case(name="night", site=site, supply=add_up(Grid.TN, HOUR, ()), cars=cars, meter="kaifa-tn")
    lines = frozenset(LINES)
    return case, Run(flows={f"car{place}": [Flow(*mark, lines) for mark in trace] for place, trace in enumerate(levels)})


@pytest.mark.parametrize(
    ("levels", "index"),
    [
        (([(0, 8_000)], [(0, 8_000)]), 1.0),
        (([(0, 16_000)], []), 0.5),
        (([(0, 12_000)], [(0, 4_000)]), 0.8),
        (([(0, 6_000), (1_800, 0)], [(1_800, 6_000)]), 1.0),  # in turns is fair, too
        (([], []), 1.0),
    ],
)
def test_fair_is_an_equal_share_of_what_each_could_take(levels: tuple[list[tuple[int, int]], ...], index: float) -> None:
    """Two that got the same are 1, all for one of two is a half, and three to one is in between."""
    assert fairness(*night(*levels)) == pytest.approx(index)


def test_a_car_on_fewer_lines_got_less() -> None:
    """Twelve amperes in one line are worth as much as four in each of three."""
    case, run = night([(0, 12_000)], [(0, 4_000)])
    run.flows["car0"] = [flow._replace(lines=frozenset(LINES[:1])) for flow in run.flows["car0"]]

    assert fairness(case, run) == pytest.approx(1.0)


def test_who_wants_little_is_served_by_little() -> None:
    """A car that is full after half an hour could not have taken more."""
    case, _ = night([], visits=(Visit(0, HOUR, 1_800 * 16.0), Visit(HOUR, 2 * HOUR, 1e9)))

    assert could_as(case.cars[0]) == 1_800 * 16 + HOUR * 16


def test_a_wait_ends_with_the_first_current_of_a_visit() -> None:
    """Each visit counts; one that never charged waited to its end."""
    visits = (Visit(0, 1_000), Visit(2_000, 2_500), Visit(3_000, HOUR))

    assert waits(*night([(30, 6_000), (900, 0), (3_100, 6_000)], visits=visits)) == (30, 500, 100)


@pytest.mark.parametrize(("values", "found"), [([], 0), ([5], 5), (list(range(1, 101)), 95), ([1, 2, 3], 3)])
def test_a_percentile_is_one_of_the_values(values: list[int], found: int) -> None:
    """Ninety-five percent are no larger."""
    assert percentile(values, 95) == found
