"""Silent chargers in a closed loop, for hours: no car is held far below what is there, and none is believed to draw what it does not."""

from collections.abc import Callable

import pytest

from han_gateway.core.events import ChargerStatus
from han_gateway.core.site import Grid
from tests.core.houses import LIST_MS, Run, charger, house

Amps = Callable[[int], float]
"""So many amperes at this second."""


def kettles(second: int) -> float:
    """A load that comes and goes for three quarters of an hour, so that limits change and the meter answers."""
    return 11 if second < 2700 and second // 300 % 2 == 0 else 2


def hungry(second: int) -> float:
    """A car that takes all it may."""
    del second
    return 16


def until(end: int, then: float = 0) -> Amps:
    """A car that takes all it may until this second."""
    return lambda second: 16 if second < end else then


def tapering(least: float) -> Amps:
    """A car that takes an ampere less in each minute after half an hour."""
    return lambda second: max(least, min(16, 16 - (second - 1800) / 60))


class Loop(Run):
    """Cars that follow at once; those of ``reports`` say what they drew so many seconds ago, or that a car that draws nothing is in this state."""

    def __init__(
        self,
        fuse: int,
        cars: dict[str, Amps],
        reports: str = "",
        late: int = 0,
        empty: ChargerStatus = ChargerStatus.CONNECTED,
        grid: Grid = Grid.TN,
    ) -> None:
        super().__init__(house(*map(charger, cars), fuse=fuse, grid=grid))
        self.cars, self.reports, self.late, self.empty = cars, reports, late, empty

    def go(self, minutes: int, amps: Amps = kettles) -> list[float]:
        """The load of the lines in each list of so many minutes."""
        loads = []
        for _ in range(minutes * 60_000 // LIST_MS):
            second = (self.now // LIST_MS + 1) * LIST_MS // 1000
            drawn = sum(self.drawn(name, second) for name in self.cars)
            self.until(second * 1000 - 1000)
            for name in self.reports:
                said = self.drawn(name, second - self.late)
                self.say(self.now, name, said, ChargerStatus.CHARGING if said else self.empty)
            loads.append(amps(second) + drawn + second * 7 % 11 / 50)
            self.lists(1, *(loads[-1],) * 3)
        return loads

    def drawn(self, name: str, second: int) -> float:
        """What a car draws under its limit."""
        return min(self.limit(name) / 1000, self.cars[name](second))


def test_of_several_whose_car_left_nobody_is_left_unasked() -> None:
    """One of three goes, which ends all three beliefs. What is kept free for the others is no reason to ask nobody."""
    loop = Loop(32, {"a": until(5400), "b": hungry, "c": hungry})
    loop.go(210)

    assert loop.limit("b") + loop.limit("c") >= 26_000


def test_what_a_neighbour_leaves_unused_is_lent_to_one_whose_draw_nobody_knows() -> None:
    """A car that is there and draws nothing gives its limit back, also where the other does not say what it would use."""
    loop = Loop(25, {"a": hungry, "b": until(3000)}, reports="b", late=10)
    loop.go(120, lambda second: kettles(second) + 1)

    assert loop.limit("a") == 16_000


def test_a_car_that_takes_less_and_less_is_not_believed_for_ever() -> None:
    """It never falls by much between two lists, and in the end the neighbour has what it left."""
    loop = Loop(25, {"a": tapering(0), "b": hungry}, reports="b")
    loop.go(120, lambda second: 12 if second < 1500 and second // 300 % 2 == 0 else 3)

    assert loop.limit("b") >= 15_000


@pytest.mark.parametrize(("excess", "lists"), [(1, 4), (2, 2), (3, 2)])
def test_a_car_that_took_less_and_less_is_cut_by_what_it_draws(excess: float, lists: int) -> None:
    """What it does not draw is no room: a rise of the house ends after a few lists, not after one ampere of the limit in each."""
    loop = Loop(25, {"a": tapering(6.5)})
    loop.go(60, lambda _: 3)
    loads = loop.go(2, lambda _: 18.5 + excess)

    assert sum(load > 25.2 for load in loads) <= lists


def test_a_silent_car_that_once_wanted_less_may_want_more() -> None:
    """Eight amperes in the cold, and all there is an hour later: it is offered a little more now and then."""
    loop = Loop(25, {"a": lambda second: 8 if second < 3600 else 16, "b": until(2400)}, reports="b", empty=ChargerStatus.IDLE)
    loop.go(180)

    assert loop.limit("a") == 16_000


def test_a_silent_car_at_its_minimum_is_asked_beside_one_that_takes_all_it_may() -> None:
    """In a house that never changes, where nothing is left over: the neighbour makes room for the question, and in the end both have as much."""
    loop = Loop(25, {"a": hungry, "b": hungry}, reports="b")
    loop.go(120, lambda _: 2)

    assert loop.limit("a") == loop.limit("b") == 11_000


@pytest.mark.parametrize("grid", Grid)
def test_what_a_neighbour_was_told_to_give_up_is_no_car_that_left(grid: Grid) -> None:
    """Also where nobody can tell what a line carries beside the cars: else the neighbour makes room and takes it back every minute."""
    loop = Loop(40, {"a": hungry, "b": hungry}, reports="b", grid=grid)
    loop.go(20, lambda _: 24)
    loop.go(30, lambda _: 8)
    settled = loop.now
    loop.go(30, lambda _: 8)

    assert loop.limit("a") == 16_000
    assert {limit for at, limit in loop.limits("b") if at > settled} == {15_000}


@pytest.mark.parametrize(
    ("names", "fuse", "beside", "limit"),
    [
        pytest.param("abcd", 40, 3, 9_000, id="a line full of minimums"),
        pytest.param("a", 20, 8, 11_000, id="a lone one with less than its minimum and a question to spare"),
    ],
)
def test_silent_cars_that_stand_at_their_minimum_are_asked(names: str, fuse: int, beside: float, limit: int) -> None:
    """In a house that never changes they have what there is within the hour, and the fuse never bears more than it may."""
    loop = Loop(fuse, dict.fromkeys(names, hungry))
    loads = loop.go(60, lambda _: beside)

    assert min(map(loop.limit, names)) >= limit
    assert max(loads) <= fuse


def test_silent_places_that_are_asked_at_their_minimum_may_begin_at_once() -> None:
    """Nobody is there, and after an hour of questions all cars come within the same list: the next one cuts what the fuse does not bear."""
    loop = Loop(40, dict.fromkeys("abcd", lambda second: 16 if second >= 3600 else 0))
    loop.go(60, lambda _: 20)
    offered = sum(map(loop.limit, "abcd")) / 1000
    loads = loop.go(2, lambda _: 20)

    assert 20 + offered <= 1.3 * 40 + (40 - 20) / 2
    assert max(loads[3:]) <= 40.2
