"""What a list shows of a change: on which lines, by how much, and when that is in doubt."""

import pytest

from han_gateway.core.load import Load
from han_gateway.core.seen.evidence import alone, changed, shown_on, shows
from han_gateway.core.units import Line, MilliAmps, PerLine
from tests.core.houses import ALL, L1, L2

L3 = Line.L3


def changes(*milliamps: MilliAmps | None) -> dict[Line, MilliAmps | None]:
    """By how much L1, L2, L3 have changed."""
    return dict(zip(Line, milliamps, strict=False))


def test_a_change_is_told_beside_what_others_did() -> None:
    """From 8 to 13 A, of which a neighbour took 2; an unknown current, before or after, has no change."""
    load = Load(PerLine(13_000, None, 9_000))

    assert changed(PerLine(8_000, 8_000, None), load, L1) == 5_000
    assert changed(PerLine(8_000, 8_000, None), load, L1, 2_000) == 3_000
    assert changed(PerLine(8_000, 8_000, None), load, L2) is None
    assert changed(PerLine(8_000, 8_000, None), load, L3) is None


def test_of_three_lines_the_middle_one_counts_of_fewer_the_least() -> None:
    """A house that disturbs one line of three changes nothing; on one line or two all of them must show."""
    assert shown_on(changes(2_000, 9_000, -500), ALL) == 2_000
    assert shown_on(changes(2_000, -1_000, 900), frozenset({L1, L2})) == -1_000
    assert shown_on(changes(2_000, -1_000, 900), frozenset({L3})) == 900
    assert shown_on(changes(2_000, None, 900), ALL) is None
    assert shown_on(changes(2_000, None, 900), frozenset({L1, L3})) == 900


@pytest.mark.parametrize(
    ("shown", "plain"), [(799, False), (800, True), (5_000, True), (5_001, False), (-2_000, False), (None, False)]
)
def test_so_much_of_a_change_is_a_sign(shown: MilliAmps | None, plain: bool) -> None:
    """From 0.4 to 2.5 times, upwards and downwards alike."""
    assert shows(shown, 2_000) is plain
    assert shows(None if shown is None else -shown, -2_000) is plain


@pytest.mark.parametrize(
    ("moved", "lines"),
    [
        ((2_000, 0, 0), {L1}),
        ((2_000, 666, -666), {L1}),
        ((2_000, 667, 0), None),
        ((2_000, 0, -667), None),
        ((2_000, 800, 0), {L1, L2}),
        ((2_000, 2_000, 2_000), ALL),
        ((2_000, None, 0), None),
        ((0, 0, 0), None),
    ],
)
def test_what_shows_on_some_lines_alone(moved: tuple[MilliAmps | None, ...], lines: set[Line] | None) -> None:
    """The others must be known, and stand still by a third of the change."""
    assert alone(changes(*moved), 2_000, 1) == lines


def test_without_a_neutral_one_line_is_nobody() -> None:
    """Whoever draws there draws on two."""
    assert alone(changes(2_000, 0, 0), 2_000, 2) is None
    assert alone(changes(2_000, 2_000, 0), 2_000, 2) == frozenset({L1, L2})
