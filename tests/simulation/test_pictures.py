"""The promises of what is drawn."""

from han_gateway.simulation.campaign import compare
from han_gateway.simulation.pictures import efficient, pareto


def test_who_is_beaten_in_both_is_not_on_the_front() -> None:
    """Less energy for no less overload is no choice; of equals the safer one stays."""
    assert efficient([(0.9, 10), (0.8, 10), (0.95, 50), (0.95, 40), (0.7, 5), (0.85, 12)]) == [(0.7, 5), (0.9, 10), (0.95, 40)]


def test_the_front_is_joined_and_laws_are_marked() -> None:
    """Laws and the bare oracle are marks, the family is a line, and other families and oracles with cars that do not exist are left out."""
    plane = pareto(
        compare("kamstrup", ["openwb", "oracle-cars", "oracle-cars+60s", "oracle-lists+10s"], houses=1, days=1, seed=5), "title"
    )

    assert [mark.name for mark in plane.marks] == ["openwb", "oracle-cars"]
    assert len(plane.path) == 2
    assert plane.path[0][1] < plane.path[1][1]
