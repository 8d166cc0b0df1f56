"""The table of appliances."""

import pytest

from han_gateway.core.people.appliances import APPLIANCES, MOST_NAMES, guess

ONE, TWO, THREE = (frozenset({phases}) for phases in (1, 2, 3))


@pytest.mark.parametrize(
    ("watts", "phases", "names"),
    [
        (999, ONE, ()),
        (1_000, ONE, ("microwave", "heater")),
        (1_700, ONE, ("hob", "heater")),
        (1_750, ONE, ("kettle", "hob")),
        (1_950, ONE, ("kettle", "water heater")),
        (2_200, ONE, ("kettle", "oven")),
        (2_300, ONE, ("kettle", "oven")),
        (2_301, ONE, ("oven", "hob")),
        (3_000, ONE, ("water heater", "hob")),
        (3_700, ONE, ("hob",)),
        (3_701, ONE, ()),
        (2_200, TWO, ("hob",)),
        (7_401, TWO, ()),
        (2_300, THREE, ("heat pump",)),
        (4_900, THREE, ("heat pump", "sauna")),
        (9_500, THREE, ("sauna",)),
        (9_501, THREE, ()),
        (3_500, ONE | TWO | THREE, ("hob", "heat pump")),
        (2_200, frozenset(), ()),
    ],
)
def test_a_rise_has_the_names_that_it_fits(watts: int, phases: frozenset[int], names: tuple[str, ...]) -> None:
    """Power and number of phases decide, both bounds count, and what fits nothing has no name."""
    assert guess(watts, phases) == names


def test_no_guess_has_more_than_two_names() -> None:
    """Whatever the rise, nobody reads a list, and no name stands twice."""
    for watts in range(0, 12_000, 10):
        for phases in (ONE, TWO, THREE, ONE | TWO, ONE | TWO | THREE):
            names = guess(watts, phases)
            assert len(names) == len(set(names)) <= MOST_NAMES


def test_every_appliance_can_be_named() -> None:
    """A row that no rise is ever taken for would be a row too many."""
    named = {name for watts in range(0, 12_000, 10) for phases in (ONE, TWO, THREE) for name in guess(watts, phases)}
    assert named == {each.name for each in APPLIANCES}
    assert all(each.least_w < each.most_w for each in APPLIANCES)
