"""The promises of the table of currents."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from han_gateway.core.site import Grid
from han_gateway.core.units import LINES, PerLine
from han_gateway.simulation.house import VOLTS, Draw, flow
from han_gateway.simulation.supply import Pulse, add_up, hold, node_volts, phasors

LOADS = st.builds(
    Draw, st.sets(st.sampled_from(LINES), min_size=2).map(frozenset), st.floats(-5_000, 9_000), st.floats(-1_000, 2_000)
)


@pytest.mark.parametrize("grid", [Grid.TN, Grid.IT])
def test_a_table_says_what_the_loads_say(grid: Grid) -> None:
    """At any second, magnitudes and power are those of all loads that are on, as phasors."""

    @given(st.lists(st.tuples(st.integers(-5, 20), st.integers(-5, 25), LOADS), max_size=6))
    def agrees(loads: list[tuple[int, int, Draw]]) -> None:
        table = add_up(grid, 20, [Pulse(start, end, phasors(grid, draw)) for start, end, draw in loads])
        for second in range(20):
            expected = flow(grid, VOLTS, [draw for start, end, draw in loads if start <= second < end])
            for line in range(3):
                assert math.isclose(abs(table.amps[line][second]), abs(expected.amps[line]), abs_tol=1e-6)
            watts = node_volts(grid) * sum(line[second].real for line in table.amps)
            assert math.isclose(watts, expected.watts, abs_tol=1e-3)

    agrees()


def test_measurements_hold_until_the_next() -> None:
    """A table from a recording keeps each measurement until there is another."""
    table = hold(Grid.TN, [(0, PerLine(1.0, 2.0, 3.0)), (4, PerLine(5.0, 0.0, 0.0))], 6)

    assert [round(amps.real, 6) for amps in table.amps.l1] == [1, 1, 1, 1, 5, 5]
    assert [round(amps.real, 6) for amps in table.amps.l3] == [3, 3, 3, 3, 0, 0]
