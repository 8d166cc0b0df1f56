"""The last hour in points."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from han_gateway.core.units import PerLine
from han_gateway.page.hour import MOST, SPAN_MS, Hour, Point

NOTHING: PerLine[int | None] = PerLine(None, None, None)


def point(at: int, l1: int | None, cars: int | None = None) -> Point:
    """A point with a current on L1."""
    return Point(at, PerLine(l1, None, 7), PerLine(cars, None, None))


def test_a_list_each_ten_seconds_is_kept_for_an_hour_as_it_came() -> None:
    """What the usual meter says in an hour is there, list by list, and what is older is not."""
    hour = Hour()
    for at in range(0, 2 * SPAN_MS, 10_000):
        hour.add(point(at, at))

    newest = 2 * SPAN_MS - 10_000
    assert [each.at for each in hour.points] == list(range(newest - SPAN_MS, newest + 1, 10_000))
    assert all(each.load_ma.l1 == each.at for each in hour.points)


def test_a_fast_meter_has_its_hour_too() -> None:
    """Of a meter that speaks each 2.5 s the whole hour is there in few points, none is far from the next, and no peak is lost."""
    hour = Hour()
    for at in range(0, 2 * SPAN_MS, 2_500):
        hour.add(point(at, 50_000 if at % 600_000 == 0 else 10_000))

    points = hour.points
    assert MOST // 4 < len(points) <= MOST
    assert points[-1].at - points[0].at > SPAN_MS - 60_000
    assert max(later.at - sooner.at for sooner, later in pairwise(points)) <= 20_000
    assert sum(each.load_ma.l1 == 50_000 for each in points) == 6


@given(st.lists(st.integers(50, 12_000), min_size=1, max_size=1500), st.integers(0, 1499))
def test_the_highest_current_is_never_lost_and_points_are_few(pauses: list[int], peak: int) -> None:
    """However often a meter speaks, there are at most so many points in order, and the peak of the hour is one of them."""
    hour, at, seen = Hour(), 0, []
    for index, pause in enumerate(pauses):
        at += pause
        seen.append((at, 99_000 if index == peak else index % 1000))
        hour.add(point(*seen[-1]))

    points = hour.points
    assert len(points) <= MOST
    assert [each.at for each in points] == sorted({each.at for each in points})
    kept = [load for when, load in seen if at - when <= SPAN_MS]
    # A point stands for what came after it, so the edge of the hour may lie within one.
    assert max(each.load_ma.l1 or 0 for each in points) in {max(kept), max(load for _, load in seen)}


def test_neighbours_become_the_higher_one_with_its_own_cars() -> None:
    """Where points are merged, the higher load stays, with what the chargers drew then; an unknown one gives way."""
    hour = Hour()
    for each in (point(0, 9_000, 6_000), point(500, 5_000, 1_000), point(999, None)):
        hour.add(each)

    assert hour.points == (Point(0, PerLine(9_000, None, 7), PerLine(6_000, None, None)),)


def test_a_silence_is_a_hole() -> None:
    """No point is made up for the time in which the meter said nothing."""
    hour = Hour()
    for at in (0, 10_000, 900_000):
        hour.add(Point(at, NOTHING, NOTHING))

    assert [each.at for each in hour.points] == [0, 10_000, 900_000]
