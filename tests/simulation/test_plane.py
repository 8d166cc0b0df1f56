"""The promises of the plane of marks."""

import math
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from han_gateway.simulation.plane import HEIGHT, Mark, Plane, decades, radius
from han_gateway.simulation.plot import WIDTH, picture


def plane(*marks: Mark) -> Plane:
    """A plane with these marks."""
    return Plane(
        title="t",
        subtitle="s",
        across="a",
        upward="u",
        sized="z",
        left=0.8,
        right=1.0,
        floor=1.0,
        top=10_000.0,
        marks=marks,
        path=((0.85, 10.0), (0.95, 100.0)),
        path_name="p",
        aim=(0.95, 50.0),
    )


def places(svg: str) -> dict[str, tuple[float, float]]:
    """Where each text stands."""
    texts = [element for element in ET.fromstring(svg).iter() if element.tag.endswith("text")]  # noqa: S314  our own
    return {element.text or "": (float(element.attrib["x"]), float(element.attrib["y"])) for element in texts}


def test_every_name_is_on_the_page() -> None:
    """Marks in the corners, with zero overload or with a sign that XML takes for its own, keep their names on the page."""
    marks = [Mark(f"law <{x} {y}>", x, y, 20, "#123456") for x in (0.8, 0.9, 1.0) for y in (0.0, 1.0, 10_000.0)]
    found = places(picture([plane(*marks)]))

    for mark in marks:
        x, y = found[mark.name]
        assert 0 < x < WIDTH - 60
        assert 0 < y < HEIGHT


def test_names_of_neighbours_do_not_cover_each_other() -> None:
    """Three laws at nearly the same spot have their names at least a line apart, or side by side."""
    marks = [Mark(f"neighbour {number}", 0.9 + number / 1000, 100 + number, 10, "#123456") for number in range(3)]
    found = places(picture([plane(*marks)]))
    spots = [found[mark.name] for mark in marks]

    for place, (x, y) in enumerate(spots):
        for other_x, other_y in spots[place + 1 :]:
            assert abs(y - other_y) >= 13 or abs(x - other_x) >= 70


def test_a_decade_is_a_decade() -> None:
    """Ten times as much is as far up everywhere, and the area of a mark grows with its size."""
    found = places(picture([plane()]))
    heights = [found[name][1] for name in ("≤1", "10", "100", "1000", "10000")]

    assert [round(low - high) for low, high in pairwise(heights)] == [round((heights[0] - heights[-1]) / 4)] * 4
    assert math.pi * (radius(40) ** 2 - radius(20) ** 2) == pytest.approx(math.pi * (radius(20) ** 2 - radius(0) ** 2))
    assert list(decades(1, 20)) == [(1, True), (2, False), (5, False), (10, True), (20, False)]
