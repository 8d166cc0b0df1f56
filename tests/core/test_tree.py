"""The tree of fuses as numbered limits."""

import cmath
from math import pi, sqrt

from han_gateway.core.site import Circuit, Grid, Site
from han_gateway.core.tree import Limit, Load, tree_of
from tests.core.houses import L1, L2, L3, charger

ROW = Circuit(name="row", fuse_ma=20_000, margin_ma=500, parts=(charger("b", [L1, L3]),))
ROOT = Circuit(name="main", fuse_ma=25_000, margin_ma=1000, parts=(charger("a"), ROW))
TN, IT = (tree_of(Site(name="home", grid=grid, root=ROOT)) for grid in (Grid.TN, Grid.IT))
A, B = ROOT.chargers()


def test_every_limit_has_a_number() -> None:
    """The lines of the main fuse come first, then those of the fuses below, then the power of the site; each has its budget."""
    lines = [Limit(name, line) for name in ("main", "row") for line in (L1, L2, L3)]

    assert list(TN.limits) == [*lines, Limit("main", None)]
    assert TN.budgets == (24_000,) * 3 + (19_500,) * 3


def test_a_charger_loads_its_lines_on_the_way() -> None:
    """A charger loads its lines on every fuse up to the meter, the nearest first, or only those that it uses."""
    assert TN.loads(B, None, power=False) == (Load(3, 1), Load(5, 1), Load(0, 1), Load(2, 1))
    assert TN.loads(A, frozenset((L2,)), power=False) == (Load(1, 1),)


def test_what_power_costs() -> None:
    """In thousandths: one voltage a line with a neutral; with three wires one between two lines, the square root of 3 on all three."""
    assert [TN.loads(A, frozenset(lines), power=True)[-1] for lines in ((L1,), (L1, L2), (L1, L2, L3))] == [
        Load(6, 1000),
        Load(6, 2000),
        Load(6, 3000),
    ]
    assert IT.loads(B, None, power=True)[-1] == Load(6, 1000)
    assert IT.loads(A, None, power=True)[-1] == Load(6, 1733)
    assert 1732 < 1000 * sqrt(3) < 1733


def test_a_tree_is_worked_out_once() -> None:
    """The same tree serves as long as the house is the same."""
    once, again = (tree_of(Site(name="home", grid=Grid.TN, root=ROOT)) for _ in range(2))

    assert once is again


def phasor(amps: float, degrees: float) -> complex:
    """A current at an angle."""
    return cmath.rect(amps, degrees * pi / 180)


def test_what_sums_of_amperes_cost_with_three_wires() -> None:
    """Two equal cars on two pairs load their common line with 13.4 % less than the sum, but 2.1 % if one leads and one lags at 0.95."""
    alike = abs(phasor(1, 30) + phasor(1, -30))
    apart = abs(phasor(1, 30 - 18.19) + phasor(1, -30 + 18.19))

    assert round(100 * (1 - alike / 2), 1) == 13.4
    assert round(100 * (1 - apart / 2), 1) == 2.1


def test_phasor_sums_would_overload_the_main_fuse() -> None:
    """House 10 A, a car 6 A on another pair: by phasors a second car seems to fit in 20 A, by amperes it does not, and it does not."""
    house, car, second, fuse = phasor(10, 30), phasor(6, -30), phasor(7.5, 30), 20
    measured = abs(house + car)
    by_phasors = measured - abs(car) + abs(car + second)
    by_amperes = measured - abs(car) + abs(car) + abs(second)

    assert by_phasors < fuse < abs(house + car + second) < by_amperes
