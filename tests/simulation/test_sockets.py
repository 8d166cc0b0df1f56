"""The promises of a charge as it goes."""

from collections.abc import Callable
from heapq import heappop, heappush

import pytest

from han_gateway.core.events import ChargerStatus
from han_gateway.core.site import Charger
from han_gateway.core.units import LINES, Line, PerLine
from han_gateway.simulation.cars import Car, Visit
from han_gateway.simulation.misconduct import ALONE_S, Lie, Untruth
from han_gateway.simulation.sockets import NAP_S, Socket

ALL_DAY = (Visit(0, 86_400),)


class World:
    """A charger alone in the world; ``trace`` holds each change of its current."""

    def __init__(self, **habits: object) -> None:
        charger = Charger(name="garage", lines=frozenset(LINES))
        self.agenda: list[tuple[int, int, Callable[[int], None]]] = []
        self.trace: list[tuple[int, int]] = []
        self.level = self.entries = 0
        car = Car(**({"charger": charger, "visits": ALL_DAY} | habits))  # type: ignore[arg-type]
        self.socket = Socket(car, self.later, self.flows)

    def later(self, second: int, happen: Callable[[int], None]) -> None:
        """Remember to do this."""
        self.entries += 1
        heappush(self.agenda, (second, self.entries, happen))

    def flows(self, second: int, change_ma: int) -> None:
        """Keep a change."""
        self.level += change_ma
        self.trace.append((second, self.level))

    def until(self, second: int) -> int:
        """Let time pass; the current then."""
        while self.agenda and self.agenda[0][0] <= second:
            at, _, happen = heappop(self.agenda)
            happen(at)
        return self.level

    def told(self, second: int, limit_ma: int, valid_s: int | None = None) -> None:
        """Say a limit at a second."""
        self.until(second)
        self.socket.told(second, limit_ma, valid_s)


def test_cars_take_their_time() -> None:
    """Waking, rising and falling each take as long as the car takes."""
    world = World(wake_s=20, up_s=5, down_s=3)
    world.until(100)
    world.told(100, 16_000)
    world.told(200, 8_000)
    world.until(300)

    assert world.trace == [(20, 6_000), (105, 16_000), (203, 8_000)]


def test_a_late_raise_does_not_undo_an_early_cut() -> None:
    """A cut that acts sooner than a raise before it makes the raise void."""
    world = World(up_s=10, down_s=2)
    world.told(50, 10_000)
    world.told(100, 16_000)
    world.told(103, 7_000)

    assert world.until(300) == 7_000
    assert (110, 16_000) not in world.trace


def test_orders_that_follow_fast_are_all_obeyed_in_time() -> None:
    """A charger that is told something new every second still moves, a reaction time behind."""
    world = World(up_s=5, down_s=5)
    world.until(50)
    for second in range(50, 60):
        world.told(second, 7_000 + 500 * (second - 50))

    assert world.until(60) == 9_500  # what was said at second 55


def test_a_waking_car_obeys_what_it_has_heard_by_then() -> None:
    """A limit lowered while a car wakes up counts when it is awake, and a pause in time keeps it asleep."""
    world = World(wake_s=30, down_s=3, up_s=5)
    world.told(0, 0)
    world.told(100, 16_000)
    world.told(110, 8_000)
    assert (world.until(129), world.until(130)) == (0, 8_000)
    world.told(200, 0)
    world.told(300, 16_000)
    world.told(310, 0)
    world.until(400)
    assert world.trace == [(130, 8_000), (203, 0)]


def test_a_shy_car_takes_less_but_never_less_than_the_minimum() -> None:
    """It stays below its offer, down to 6 A."""
    world = World(shy_ma=1_000)
    world.told(50, 10_000)
    assert world.until(60) == 9_000
    world.told(60, 6_000)
    assert world.until(70) == 6_000


def test_a_limit_that_is_not_repeated_expires() -> None:
    """After its validity the charger's own failsafe applies; a repetition postpones that."""
    world = World(failsafe_ma=6_000, down_s=1)
    world.told(50, 16_000, 60)
    world.told(100, 16_000, 60)

    assert world.until(159) == 16_000
    assert world.until(161) == 6_000


def test_an_offline_charger_hears_nothing() -> None:
    """What is said to it meanwhile is lost, if it was said for a while only."""
    world = World(offline=((50, 100),))
    world.told(60, 16_000, 60)
    assert world.until(120) == 6_000


def test_a_sleepy_car_naps_after_pauses() -> None:
    """After so many pauses it draws nothing for an hour, then follows its offer again."""
    world = World(naps_after=2, down_s=1, up_s=1, wake_s=1)
    for second in range(100, 140, 10):
        world.told(second, 0 if second % 20 == 0 else 16_000)
    assert world.until(600) == 0
    assert world.until(130 + NAP_S) == 16_000


def test_a_car_becomes_full_by_and_by() -> None:
    """It tapers, ends at what it wanted, says so, and starts anew when plugged in again."""
    visits = (Visit(0, 10_000, 6.0 * 3600), Visit(20_000, 30_000, 6.0 * 3600))
    world = World(visits=visits, up_s=1, wake_s=1)
    world.told(0, 16_000)
    world.until(9_000)
    world.socket.settle(9_000)

    levels = [level for _, level in world.trace]
    assert levels[-1] == 0
    assert any(6_000 < level < 16_000 for level in levels)
    assert abs(world.socket.charged_as - 6 * 3600) < 16 * 120
    assert world.socket.said(9_000_000).status is ChargerStatus.FULL
    assert world.until(20_100) == 16_000


def test_a_deaf_charger_goes_on() -> None:
    """It acknowledges and does not obey."""
    world = World(deaf=((0, 86_400),))
    world.told(100, 0)
    assert world.until(200) == 6_000


def test_other_lines_are_used_when_nothing_flows() -> None:
    """A charger that is told to use another line does so with the next charge, not under current."""
    world = World(wake_s=5, down_s=3)
    world.told(0, 16_000)
    world.until(50)
    world.socket.told(50, 16_000, None, frozenset({Line.L2}))
    assert world.socket.lines == frozenset(LINES)
    world.told(60, 0)
    world.told(70, 10_000)
    world.until(80)

    assert world.socket.lines == {Line.L2}
    assert world.socket.said(80_000).current_ma == PerLine(0, 10_000, 0)


def test_a_car_uses_the_first_lines_of_its_charger() -> None:
    """A 1-phase car uses the charger's own L1, or the one line that the charger connects."""
    world = World(poles=1)
    world.told(0, 16_000)
    world.until(50)
    assert world.socket.said(50_000).current_ma == PerLine(16_000, 0, 0)
    world.socket.told(50, 0, None, frozenset({Line.L3}))
    world.told(60, 16_000)
    world.until(100)

    assert world.socket.said(100_000).current_ma == PerLine(0, 0, 16_000)


def test_the_first_lines_are_those_of_the_wiring() -> None:
    """A 2-phase car at a charger that is wired L2, L3, L1 loads L2 and L3 of the house."""
    charger = Charger(name="garage", lines=frozenset(LINES), order=(Line.L2, Line.L3, Line.L1))
    world = World(charger=charger, poles=2)
    world.told(0, 16_000)
    world.until(50)

    assert world.socket.car.loads == {Line.L2, Line.L3}
    assert world.socket.said(50_000).current_ma == PerLine(0, 16_000, 16_000)


@pytest.mark.parametrize(("poles", "share"), [(3, 1 / 3), (2, 1 / 2), (1, 1)])
def test_on_fewer_lines_a_car_fills_more_slowly(poles: int, share: float) -> None:
    """A 3-phase car on one line fills at a third of its speed; a 1-phase car always had but one."""
    world = World(poles=poles, wake_s=10, failsafe_ma=0)
    world.until(0)
    world.socket.told(0, 10_000, None, frozenset({Line.L1}))
    world.until(110)
    world.socket.settle(110)

    assert world.socket.charged_as == pytest.approx(10 * 100 * share)


def test_who_was_away_finds_the_lines_again() -> None:
    """A limit that never expires is found again with the lines that it was for."""
    world = World(offline=((100, 400),), failsafe_ma=0)
    world.until(200)
    world.socket.told(200, 8_000, None, frozenset({Line.L3}))
    world.until(500)

    assert world.socket.said(500_000).current_ma == PerLine(0, 0, 8_000)


def test_a_charger_that_is_deaf_for_a_while_follows_afterwards() -> None:
    """What it was told meanwhile counts when it listens again."""
    world = World(deaf=((100, 200),))
    world.told(120, 16_000)
    assert (world.until(199), world.until(205)) == (6_000, 16_000)


@pytest.mark.parametrize(("failsafe_ma", "left_with"), [(6_000, 6_000), (16_000, 16_000), (None, 10_000)])
def test_a_charger_alone_takes_its_own_failsafe(failsafe_ma: int | None, left_with: int) -> None:
    """Without a connection for a minute it takes its failsafe, if it has one; connected again, it asks for the limit that stands."""
    world = World(offline=((100, 400),), failsafe_ma=failsafe_ma)
    world.told(50, 10_000)
    assert world.until(100 + ALONE_S - 1) == 10_000
    world.told(200, 8_000)
    assert (world.until(399), world.until(410)) == (left_with, 8_000)


@pytest.mark.parametrize(("untruth", "said"), [(Untruth.NOTHING, 0), (Untruth.STALE, 6_000), (Untruth.HALF, 5_000)])
def test_a_liar_says_what_is_not(untruth: Untruth, said: int) -> None:
    """During the lie the report is wrong and the current is not; after it the truth is told."""
    world = World(lies=(Lie(100, 200, untruth),))
    world.told(110, 10_000)

    assert world.until(150) == 10_000
    assert world.socket.said(150_000).current_ma == PerLine(said, said, said)
    assert world.socket.said(200_000).current_ma == PerLine(10_000, 10_000, 10_000)
