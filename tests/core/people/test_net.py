"""A meter that contradicts the configured net."""

import pytest

from han_gateway.core.effects import Note, ShowHeadroom
from han_gateway.core.people import notes
from han_gateway.core.people.net import ENOUGH
from han_gateway.core.people.unread import TELL_AGAIN_MS
from han_gateway.core.site import Grid
from tests.core.houses import L1, LIST_MS, Run, charger, house, list1, list2

NO_I2 = list2(5, None, 5)
NEUTRAL = list2(5, 5, 5, power_import_w=3_400)
SILENT = list2(1, 1, 1, power_import_w=300)
BY_I2, BY_POWER = "L2's current is not measured", "more power than such currents carry without a neutral"


def told(run: Run) -> list[tuple[int, str]]:
    """What was said of the net, and when."""
    return [(at, each.text) for at, each in run.effects if isinstance(each, Note) and "the meter shows " in each.text]


def doubted(run: Run) -> bool:
    """Whether people see it now."""
    return [each.other_net for _, each in run.effects if isinstance(each, ShowHeadroom)][-1]


def heard(run: Run, reading: object, count: int = ENOUGH) -> Run:
    """The same with so many lists more."""
    for _ in range(count):
        run.hear(run.now // LIST_MS * LIST_MS + LIST_MS, reading)  # type: ignore[arg-type]
    return run


@pytest.mark.parametrize(
    ("grid", "reading", "by"),
    [(Grid.TN, NO_I2, BY_I2), (Grid.IT, NEUTRAL, BY_POWER), (Grid.TT, NEUTRAL, BY_POWER)],
)
def test_a_contradiction_is_told_after_a_minute_and_each_hour(grid: Grid, reading: object, by: str) -> None:
    """Six lists in a row are no accident; then it is shown as long as it lasts, and told again after an hour."""
    run = heard(Run(house(charger(), grid=grid)), reading, ENOUGH - 1)
    assert told(run) == []
    assert not doubted(run)

    heard(run, reading)
    assert told(run) == [(ENOUGH * LIST_MS, notes.other_net(grid, by).text)]
    assert doubted(run)

    heard(run, reading, TELL_AGAIN_MS // LIST_MS)
    assert [at for at, _ in told(run)] == [ENOUGH * LIST_MS, ENOUGH * LIST_MS + TELL_AGAIN_MS]


@pytest.mark.parametrize(
    ("grid", "reading"), [(Grid.IT, NO_I2), (Grid.TT, NO_I2), (Grid.TN, NEUTRAL), (Grid.TN, SILENT), (Grid.IT, SILENT)]
)
def test_a_meter_that_agrees_or_tells_nothing_is_left_alone(grid: Grid, reading: object) -> None:
    """No word, however long."""
    run = heard(Run(house(charger(), grid=grid)), reading, 20)
    assert told(run) == []
    assert not doubted(run)


def test_lists_that_tell_nothing_count_neither_way() -> None:
    """Lists of the power and those of a sleeping house between the others change nothing."""
    run = Run(house(charger(), grid=Grid.IT))
    for _ in range(ENOUGH):
        heard(run, NEUTRAL, 1)
        run.hear(run.now + 2_000, list1(9_000))
        heard(run, SILENT, 1)
    assert len(told(run)) == 1


def test_one_list_that_agrees_begins_anew() -> None:
    """A grid that was corrected, or a power and currents of two moments: six lists more are needed, and they are told at once."""
    run = heard(Run(house(charger())), NO_I2)
    heard(run, NEUTRAL, 1)
    assert not doubted(run)
    heard(run, NO_I2, ENOUGH - 1)
    assert not doubted(run)
    heard(run, NO_I2, 1)
    assert doubted(run)
    assert len(told(run)) == 2


def test_no_limit_changes_for_it() -> None:
    """A charger on L1 beside a dead L2 is limited by L1 as ever."""
    run = heard(Run(house(charger(lines=[L1]))), NO_I2, 20)
    assert run.limit() == 16_000


def test_the_words_name_the_remedy() -> None:
    """What is shown, what is configured, and what to write."""
    assert notes.other_net(Grid.TN, BY_I2).text == (
        'the meter shows three wires without a neutral (L2\'s current is not measured), and grid = "TN": a charger on one phase loads two '
        "lines there, and one of them is not protected; correct grid and phases, or see why L2 is dead"
    )
    assert notes.other_net(Grid.IT, BY_POWER).text == (
        'the meter shows a neutral (more power than such currents carry without a neutral), and grid = "IT": write "TN", '
        "or chargers get less than there is"
    )
