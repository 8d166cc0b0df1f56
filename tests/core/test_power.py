"""What currents are worth in power, on each kind of net."""

import pytest

from han_gateway.core.power import as_ma, mean_mv, net_w, power_ma
from han_gateway.core.site import Grid
from han_gateway.core.units import PerLine
from tests.core.houses import list1, list2


@pytest.mark.parametrize(
    ("grid", "drawn", "worth"),
    [
        (Grid.TN, (10_000, 10_000, 10_000), 30_000),
        (Grid.TN, (10_000, 0, 0), 10_000),
        (Grid.IT, (10_000, 0, 10_000), 10_000),
        (Grid.IT, (10_000, 10_000, 10_000), 17_320),
        (Grid.TT, (10_100, 9_900, 10_000), 17_320),
        (Grid.IT, (10_000, 10_000, 5_000), 14_433),
        (Grid.IT, (10_000, 10_000, 4_999), 12_499),
        (Grid.IT, (0, 0, 0), 0),
    ],
)
def test_what_a_charger_draws_is_worth(grid: Grid, drawn: tuple[int, int, int], worth: int) -> None:
    """With a neutral each line is worth its current; without one two ends are one current, and three alike the square root of 3.

    Three are alike as long as none of them is less than half of another.
    """
    assert power_ma(grid, PerLine(*drawn)) == worth


def test_what_is_bought_less_what_is_sold() -> None:
    """Exports count against imports, and a list that does not say what is bought says nothing."""
    assert net_w(list2(1, 1, 1, power_import_w=0, power_export_w=3_000)) == -3_000
    assert net_w(list1(2_000)) == 2_000
    assert net_w(list2(1, 1, 1)) is None


def test_watts_become_a_current_at_the_voltage_that_was_measured() -> None:
    """The mean of the voltages that a meter measures, and none where it measures none."""
    reading = list2(1, 1, 1, voltage_l1_mv=228_000, voltage_l2_mv=None, voltage_l3_mv=232_000)

    assert mean_mv(reading) == 230_000
    assert mean_mv(list1()) is None
    assert as_ma(2_300, 230_000) == 10_000
