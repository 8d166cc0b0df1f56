"""A silent charger with a small car, in a closed loop: its other lines are for others, and a wider car in its place hurts nobody for long."""

import random

import pytest

from han_gateway.core.units import LINES, Line
from tests.core.houses import ALL, L1, L2, Run, charger, house

FUSE = 25
LINES_OF_B = frozenset({L1})


class Loop(Run):
    """A house whose oven cycles, with a silent charger of three lines and a neighbour on L1 that reports."""

    def __init__(self, seed: int) -> None:
        super().__init__(house(charger("a"), charger("b", LINES_OF_B, maximum_ma=20_000), fuse=FUSE))
        self.rng = random.Random(seed)
        self.car: frozenset[Line] = frozenset({L2})
        self.house = dict.fromkeys(LINES, 5.0)
        self.over = 0

    def loads(self) -> list[float]:
        """What the meter shows: both cars take what they may."""
        return [
            self.house[line] + self.limit("a") / 1000 * (line in self.car) + self.limit("b") / 1000 * (line in LINES_OF_B)
            for line in LINES
        ]

    def go(self, lists: int) -> list[float]:
        """So many lists; the fullest line in each."""
        fullest = []
        for _ in range(lists):
            if self.rng.random() < 0.2:
                self.house[self.rng.choice(LINES)] = self.rng.choice((2.0, 5.0, 11.0))
            seen = self.loads()
            fullest.append(max(seen))
            self.lists(1, *seen, says={"b": self.limit("b") / 1000})
        return fullest

    def until_narrow(self) -> None:
        """Let it go on until the small car counts on its own line alone."""
        self.go(120)
        while self.lines() != self.car:
            self.go(1)

    def lines(self) -> frozenset[Line]:
        """Those on which the silent charger counts."""
        return self.state.chargers[0].lines


@pytest.mark.parametrize("seed", range(5))
def test_the_lines_that_a_small_car_does_not_use_are_for_others(seed: int) -> None:
    """Both have all that L1 and L2 carry beside the house, which is more than one fuse for the sum of them."""
    loop = Loop(seed)
    loop.go(120)
    most = []
    for _ in range(120):
        loop.go(1)
        most.append(loop.limit("a") + loop.limit("b"))

    assert loop.lines() == loop.car
    assert max(most) > FUSE * 1000


def test_what_its_other_lines_do_not_carry_tells_that_it_is_small() -> None:
    """After one change that showed on a few lines, limits that stand still leave nothing to ask; what L1 carries beside its neighbour is not even half a car."""
    loop = Loop(22)
    loop.go(120)

    assert loop.lines() == loop.car


@pytest.mark.parametrize("seed", range(20))
def test_a_wider_car_in_its_place_is_found_out_by_the_next_changes(seed: int) -> None:
    """It comes in the moment in which the small one leaves, and nobody says so.

    What it takes on L1 is the house at first: the neighbour is cut with the next list. After a few changes of its own limit it counts on all lines.
    """
    loop = Loop(seed)
    loop.until_narrow()
    loop.car = ALL
    fullest = loop.go(240)

    assert loop.lines() == ALL
    longest = run = 0
    for current in fullest:
        run = run + 1 if current > FUSE else 0
        longest = max(longest, run)
    assert longest <= 2, "an overload lasts until the next list, and the one after a cut that another kettle has outrun"


def test_where_nobody_else_can_make_room_it_counts_on_all_its_lines_at_once() -> None:
    """The neighbour is at nothing and L1 is still too full: whoever may be on L1 is cut with the very list that shows it."""
    loop = Loop(0)
    loop.until_narrow()
    loop.car, loop.house = ALL, dict(zip(LINES, (FUSE - 4.0, 2.0, 2.0), strict=True))
    before = loop.limit("a")
    loop.lists(1, *loop.loads(), says={"b": loop.limit("b") / 1000})

    assert loop.lines() == ALL
    assert loop.limit("a") < before
