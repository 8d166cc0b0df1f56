"""The promises of the house in software."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from han_gateway.core.site import Grid
from han_gateway.core.units import LINES, Line
from han_gateway.simulation.house import Appliance, Draw, House, Spell, car, flow, line_voltages

L1, L2, L3 = LINES
ANY_LINES = st.sets(st.sampled_from(LINES), min_size=1).map(frozenset)
BETWEEN_LINES = st.sets(st.sampled_from(LINES), min_size=2).map(frozenset)
WATTS = st.floats(0, 20_000)
VAR = st.floats(-3_000, 3_000)


def draws_between(lines: st.SearchStrategy[frozenset[Line]]) -> st.SearchStrategy[list[Draw]]:
    """Give some loads on such lines."""
    return st.lists(st.builds(Draw, lines, WATTS, VAR), max_size=6)


@given(draws_between(BETWEEN_LINES))
def test_three_wires_carry_nothing_away(draws: list[Draw]) -> None:
    """In an IT net the line currents, as phasors, sum to zero whatever the loads."""
    assert abs(sum(flow(Grid.IT, 230, draws).amps)) < 1e-6


@given(draws_between(BETWEEN_LINES))
def test_no_line_carries_more_than_the_other_two(draws: list[Draw]) -> None:
    """In an IT net |I2| is at most |I1| + |I3|, which is what a missing I2 is bounded by."""
    i1, i2, i3 = (abs(amps) for amps in flow(Grid.IT, 230, draws).amps)

    assert i2 <= i1 + i3 + 1e-6


@pytest.mark.parametrize(("grid", "lines"), [(Grid.TN, ANY_LINES), (Grid.IT, BETWEEN_LINES)])
def test_power_balances(grid: Grid, lines: st.SearchStrategy[frozenset[Line]]) -> None:
    """What flows through the supply is what the loads draw, active and reactive."""

    @given(draws_between(lines))
    def balances(draws: list[Draw]) -> None:
        total = flow(grid, 230, draws)
        through = sum(u * i.conjugate() for u, i in zip(line_voltages(grid, 230), total.amps, strict=True))

        assert math.isclose(through.real, total.watts, abs_tol=1e-3)
        assert math.isclose(through.imag, total.var, abs_tol=1e-3)

    balances()


@given(st.sampled_from(LINES), st.floats(1, 20_000))
def test_lines_of_a_four_wire_net_are_independent(line: Line, watts: float) -> None:
    """In a TN net a load on one line changes no other line."""
    before = flow(Grid.TN, 230, [Draw(frozenset({one}), 1_000) for one in LINES])
    after = flow(Grid.TN, 230, [*(Draw(frozenset({one}), 1_000) for one in LINES), Draw(frozenset({line}), watts)])

    assert [one for one in LINES if after.amps[one.index] != before.amps[one.index]] == [line]


def test_a_load_between_two_lines_loads_both() -> None:
    """2,300 W between L1 and L3 of a 230 V IT net are 10 A on L1 and on L3, and nothing on L2."""
    assert flow(Grid.IT, 230, [Draw(frozenset({L1, L3}), 2_300)]).current_ma == (10_000, 0, 10_000)


def test_loads_that_share_a_line_add_up_to_less() -> None:
    """Two equal loads on two pairs of an IT net put the square root of three on the line they share, not two."""
    shared = flow(Grid.IT, 230, [Draw(frozenset({L1, L2}), 2_300), Draw(frozenset({L2, L3}), 2_300)])

    assert shared.current_ma == (10_000, 17_321, 10_000)


def test_no_neutral_no_load_on_one_line() -> None:
    """A load on a single line of an IT net is refused by name."""
    with pytest.raises(ValueError, match="L2 alone needs a neutral"):
        flow(Grid.IT, 230, [Draw(frozenset({L2}), 100)])


@pytest.mark.parametrize(
    ("grid", "lines"),
    [(Grid.TN, {L1}), (Grid.TN, {L1, L2}), (Grid.TN, {L1, L2, L3}), (Grid.IT, {L1, L3}), (Grid.IT, {L1, L2, L3})],
)
def test_a_car_draws_its_current_in_each_of_its_lines(grid: Grid, lines: set[Line]) -> None:
    """A car at 16 A puts 16 A on each of its lines on any net."""
    flows = flow(grid, 234.5, [car(grid, 234.5, frozenset(lines), 16_000)])

    assert flows.current_ma == tuple(16_000 if line in lines else 0 for line in LINES)


def test_a_thermostat_cycles_from_the_start_of_its_spell() -> None:
    """A spell with on and off times begins on, ends sharply, and keeps its rhythm."""
    spell = Spell(1_000, 100_000, on_ms=40_000, off_ms=20_000)

    assert [spell.heats(at) for at in (999, 1_000, 40_999, 41_000, 60_999, 61_000, 99_999, 100_000)] == [
        False, True, True, False, False, True, True, False,
    ]  # fmt: skip


def test_the_same_seed_is_the_same_house() -> None:
    """Loads and voltage waver, the same way every time, and another way with another seed."""
    lamp = Appliance(name="lamp", lines=frozenset({L1}), watts=500, spells=(Spell(0, 10**9),), waver=0.3)
    first, again, other = (House(grid=Grid.TN, appliances=(lamp,), seed=seed) for seed in (1, 1, 2))
    instants = range(0, 100_000, 2_000)

    assert [first.flow(at) for at in instants] == [again.flow(at) for at in instants]
    assert [first.flow(at) for at in instants] != [other.flow(at) for at in instants]
    assert len({first.flow(at).current_ma for at in instants}) > 40
