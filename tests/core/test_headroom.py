"""What is left for the chargers."""

import pytest

from han_gateway.core.allocation import Room
from han_gateway.core.draw import claims_ma
from han_gateway.core.headroom import (
    Power,
    budget_ma,
    granted_power,
    least,
    measure,
    measure_lines,
    power_claims_ma,
    slide,
)
from han_gateway.core.load import Load
from han_gateway.core.power import power_ma
from han_gateway.core.site import Grid
from han_gateway.core.state import Caps, ChargerView, Sample
from han_gateway.core.tree import POWER_SCALE
from han_gateway.core.units import LINES, PerLine
from tests.core.houses import L1, L3, charger, house
from tests.core.views import claims, says, view

WINDOW = 20_000


def test_measure_takes_the_chargers_out() -> None:
    """25 A fuse, 18 A load, charger limited to 10 A and drawing 7: house 11, room 14; on lines it does not use it changes nothing."""
    site = house(charger("a", [L1]))
    load = Load(PerLine(18_000, 20_000, 30_000))

    assert measure(site, load, (says(view((0, 10)), 60, 7),), 60_000) == (Room(PerLine(14_000, 5000, -5000)),) * 2
    assert measure(site, load, (view((0, 10)),), 60_000) == (Room(PerLine(17_000, 5000, -5000)), Room(PerLine(7000, 5000, -5000)))


def test_measure_keeps_the_margin_free_and_the_house_at_nothing_or_more() -> None:
    """The margin is never given away, and a load smaller than what chargers may draw is a house that draws nothing."""
    site = house(charger("a", [L1]), margin=1)

    assert measure(site, Load(PerLine(3000, 0, 0)), (view((0, 10)),), 60_000).for_cuts.main.l1 == 24_000


def test_unknown_and_absent_lines() -> None:
    """An unknown line allows no raise and demands no cut; a line that does not exist has no room at all."""
    site = house(charger("a", [L1]))
    load = Load(PerLine(5000, None, None), absent=frozenset({L3}))

    assert measure(site, load, (), 60_000) == (Room(PerLine(20_000, 25_000, 0)), Room(PerLine(20_000, 0, 0)))


def test_least_is_line_by_line() -> None:
    """The room of a window is the least of each line."""
    assert least((Sample(0, Room(PerLine(5, 9, 3))), Sample(1, Room(PerLine(7, 2, 3))))) == Room(PerLine(5, 2, 3))


def test_a_window_keeps_one_sample_that_proves_it_is_full() -> None:
    """Of samples older than the window the newest stays; a sample on the border is old enough."""
    window: tuple[Sample, ...] = ()
    kept = []
    for at in (0, 10, 19, 21, 31, 41, 90):
        window = slide(window, Sample(at, Room(PerLine(0, 0, 0))), 20)
        kept.append([sample.at for sample in window])

    assert kept == [[0], [0, 10], [0, 10, 19], [0, 10, 19, 21], [10, 19, 21, 31], [21, 31, 41], [41, 90]]


def test_a_window_of_no_length_is_its_newest_sample() -> None:
    """Where nothing is waited for, one list is enough, and it is the last one."""
    window = slide((), Sample(0, Room(PerLine(0, 0, 0))), 0)

    assert [sample.at for sample in slide(window, Sample(10, Room(PerLine(0, 0, 0))), 0)] == [10]


def test_the_least_power_of_a_window_is_of_those_that_are_known() -> None:
    """Of the powers, too, the least counts; a list without one says nothing, and without any there is no bound."""
    window = [Sample(0, Room(PerLine(5, 5, 5), power)) for power in (7, None, 3)]

    assert least(tuple(window)).power_ma == 3
    assert least((window[1],)).power_ma is None


def test_a_phase_cap_and_the_fuse_both_bind() -> None:
    """What may flow on a line is never more than the fuse less its margin, nor more than the cap."""
    site = house(charger("a", [L1]), margin=1)

    assert budget_ma(site, Caps()) == 24_000
    assert budget_ma(site, Caps(line_ma=20_000)) == 20_000
    assert budget_ma(site, Caps(line_ma=30_000)) == 24_000


def test_a_house_that_draws_nothing_leaves_the_whole_fuse() -> None:
    """To the milliampere, for cuts and for raises."""
    assert measure(house(charger("a", [L1])), Load(PerLine(0, 0, 0)), (), 0) == (Room(PerLine(25_000, 25_000, 25_000)),) * 2


SURE = says(view((0, 10)), 60, 6)
ANYTHING = view((0, 10))
RISING = says(view((0, 10), (57, 16), raised_at=57_000), 56, 8)


@pytest.mark.parametrize(
    ("seen", "bought_a", "cuts", "raises"),
    [
        pytest.param((SURE,), 10, 4, 4, id="the charger says what it draws, so the house is the rest"),
        pytest.param((SURE,), -10, -16, -16, id="what is proved to come from the sun makes room"),
        pytest.param((ANYTHING,), 15, 5, 15, id="of a charger that says nothing cuts credit all, raises nothing"),
        pytest.param((ANYTHING,), 5, 0, 5, id="a house that buys little need not have the sun behind it"),
        pytest.param((ANYTHING,), -3, -3, 0, id="what is sold is room, but nobody knows whether the car will take it"),
        pytest.param((RISING,), 20, 4, 12, id="of a raise in flight cuts credit the new limit, raises what was drawn"),
        pytest.param((RISING, SURE), 30, 8, 16, id="several chargers add up"),
        pytest.param((), 5, 5, 5, id="without chargers all is house"),
    ],
)
def test_a_power_cap_less_the_house(seen: tuple[ChargerView, ...], bought_a: int, cuts: int, raises: int) -> None:
    """A cap of 20 A at 230 V less what the house buys without its chargers, as far as that is proved."""
    site, power = house(charger("a", [L1])), Power(230 * bought_a)
    room = measure(site, Load(PerLine(0, 0, 0)), seen, 60_000, Caps(power_w=4_600), power)

    assert (room.for_cuts.power_ma, room.for_raises.power_ma) == (20_000 - 1000 * cuts, 20_000 - 1000 * raises)


def test_without_a_power_nothing_is_raised_and_nothing_cut() -> None:
    """A power that is not known leaves nothing for raises and says nothing about cuts; without a cap there is no bound."""
    site, load = house(charger("a", [L1])), Load(PerLine(0, 0, 0))
    unknown = measure(site, load, (), 0, Caps(power_w=4_600), None)
    uncapped = measure(site, load, (), 0, Caps(), Power(100))

    assert (unknown.for_cuts.power_ma, unknown.for_raises.power_ma) == (None, 0)
    assert (uncapped.for_cuts.power_ma, uncapped.for_raises.power_ma) == (None, None)


def test_claims_of_all_are_taken_off_the_room() -> None:
    """For cuts and for raises, line by line, also where the current is not known."""
    both = (claims(view((0, 6)), 16), claims(view((0, 6)), 10))
    known = measure_lines(25_000, Load(PerLine(10_000, 5_000, None)), both, 61_000, WINDOW)

    assert claims_ma(both, 61_000, WINDOW) == PerLine(14_000, 0, 0)
    assert known.for_cuts.main == PerLine(25_000 - 14_000, 20_000, 25_000)
    assert known.for_raises.main == PerLine(25_000 - 14_000 - 10_000 + 6_000, 20_000, 0)
    assert measure_lines(25_000, Load(PerLine(None, 0, 0)), both, 61_000, WINDOW).for_cuts.main.l1 == 11_000


def test_claims_count_against_the_power_cap() -> None:
    """10 A more on one line of 230 V are a third of 10 A on all three."""
    site = house(charger("a", [L1]))

    assert power_claims_ma(site, (claims(view((0, 6)), 16), view((0, 6))), 61_000) == power_ma(site.grid, PerLine(10_000, 0, 0))
    room = measure(site, Load(PerLine(0, 0, 0)), (claims(view((0, 6)), 16),), 61_000, Caps(power_w=4_600), Power(0))

    assert (room.for_cuts.power_ma, room.for_raises.power_ma) == (10_000, 10_000)


def test_of_offers_that_are_left_unused_only_the_largest_is_kept_free() -> None:
    """Of two cars with 10 A each for long, one that takes 4 and one that takes none: 10 A are kept free on top of the 4, not 16."""
    takes_some, takes_none = says(view((0, 10)), 60, 4), says(view((0, 10)), 60, 0)
    room = measure_lines(25_000, Load(PerLine(20_000, 0, 0)), (takes_some, takes_none), 61_000, WINDOW)

    assert (room.for_cuts.main.l1, room.for_raises.main.l1) == (25_000 - (20_000 - 4_000) + 6_000,) * 2


@pytest.mark.parametrize(("grid", "worth_ma"), [(Grid.TN, 36_000), (Grid.IT, 23_330)])
def test_what_limits_cost_of_the_power_depends_on_their_lines(grid: Grid, worth_ma: int) -> None:
    """10 A on three lines and 6 A on one or a pair: with a neutral each line counts, without one three lines are the root of three."""
    one = [L1] if grid is Grid.TN else [L1, L3]
    limits = [view((0, 10), lines=LINES), view((0, 6), lines=tuple(one))]

    assert granted_power(house(charger("a"), grid=grid), limits) == worth_ma * POWER_SCALE
