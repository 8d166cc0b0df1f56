"""The promises of the pictures."""

from xml.etree import ElementTree as ET

import pytest

from han_gateway.simulation.plot import Curve, Panel, picture, ticks


def test_a_picture_is_well_formed_and_says_the_names() -> None:
    """Any name survives, also one with signs that XML takes for its own."""
    panel = Panel(
        title="a < b & c",
        across="hours",
        top=30,
        right=24,
        curves=(Curve("house", [1.0, 20.0, 3.0] * 1000, "#123456"),),
        level=("fuse 25 A", 25),
    )
    root = ET.fromstring(picture([panel, panel]))  # noqa: S314  our own
    words = {element.text for element in root.iter() if element.text}

    assert {"a < b & c", "house", "fuse 25 A", "hours"} <= words


def test_no_peak_is_lost() -> None:
    """One second out of a day is still seen at its full height."""
    values = [0.0] * 86_400
    values[40_000] = 30.0
    band = next(
        part
        for part in Panel(title="", across="", top=30, right=24, curves=(Curve("", values, "red"),)).draw()
        if "<polygon" in part
    )
    heights = [float(point.split(",")[1]) for point in band.split('"')[1].split()]

    assert min(heights) == pytest.approx(34)


@pytest.mark.parametrize(
    ("first", "last", "expected"), [(0, 30, [0, 5, 10, 15, 20, 25, 30]), (0.88, 1.06, [0.9, 0.95, 1.0, 1.05])]
)
def test_ticks_are_round(first: float, last: float, expected: list[float]) -> None:
    """An axis has a handful of round values."""
    assert ticks(first, last) == expected
