"""A car is bound by the lines that it is seen to use, and by all of them in any doubt."""

import pytest

from han_gateway.core.events import ChargerSaid, ChargerStatus
from han_gateway.core.site import Grid
from han_gateway.core.times import SHOWN_MS
from han_gateway.core.units import Line, PerLine
from tests.core.houses import ALL, L1, L2, LIST_MS, Home, charger, house, list2, notes

CHARGING = ChargerStatus.CHARGING


def one_phase_car(lines: frozenset[Line] = frozenset({L1})) -> Home:
    """A car that has charged on few lines for two minutes, and is believed to."""
    run = Home(house(charger()))
    run.car_lines = lines
    run.minutes(2, 5, 5, 5)
    assert run.view.lines == lines
    return run


def test_a_car_is_not_bound_by_lines_that_it_does_not_use() -> None:
    """A full line costs nothing to a car that does not load it; the charger is still told all of its lines."""
    run = one_phase_car()
    run.minutes(2, 5, 24, 24)

    assert run.limit() == 16_000
    assert run.modes() == [ALL]
    assert "the car at garage uses L1 only" in notes(effect for _, effect in run.effects)


def test_unused_lines_are_free_for_others() -> None:
    """What is reserved on a line that a car does not use is given to another charger there."""
    run = Home(house(charger(), charger("other", [L2], maximum_ma=20_000)))
    run.car_lines = frozenset({L1})
    for _ in range(8):
        run.say(run.now, "other", run.limit("other") / 1000)
        run.minutes(0.5, 2, 2 + run.limit("other") / 1000, 2)

    assert run.view.lines == {L1}
    assert run.limit("other") >= 20_000


def test_belief_takes_three_reports_and_half_a_minute() -> None:
    """Not before: cars start their lines one after the other."""
    run = Home(house(charger()))
    run.lists(4, 5, 5, 5)
    first = run.now + 9_000
    for place in range(4):
        run.until(first + place * 10_000)
        run.report(first + place * 10_000, (16, 0.4, 0))
        assert (run.view.lines == {L1}) == (place * 10_000 >= SHOWN_MS)


def test_another_line_ends_belief_at_once() -> None:
    """One report with half an ampere on another line binds the car to all lines, and the next list cuts."""
    run = one_phase_car()
    run.minutes(1, 5, 20, 5)
    run.report(run.now + 1000, (16, 0.5, 0))
    assert run.view.lines == ALL
    run.minutes(0.2, 5, 20, 5)

    assert run.limit() == 0


@pytest.mark.parametrize("current", [PerLine(16_000, 500, 0), PerLine(2_000, 0, 0), PerLine(16_000, 0, None)])
def test_doubt_is_no_belief(current: PerLine[int | None]) -> None:
    """Neither half an ampere on a second line nor a trickle, nor a report that leaves a line out, shows a 1-phase charge."""
    run = Home(house(charger()))
    run.lists(4, 5, 5, 5)
    for _ in range(8):
        run.until(run.now + 10_000)
        run.play(ChargerSaid(at=run.now, charger="garage", current_ma=current, status=CHARGING))
        assert run.view.lines == ALL


@pytest.mark.parametrize(
    ("amps", "status", "grid", "lines"),
    [
        pytest.param((3, 0.499, 0), CHARGING, Grid.TN, {L1}, id="the least that is a charge, beside the most that is none"),
        pytest.param((2.999, 0, 0), CHARGING, Grid.TN, ALL, id="a little less"),
        pytest.param((16, 0.5, 0), CHARGING, Grid.TN, ALL, id="a little more beside it"),
        pytest.param((16, 0, 0), ChargerStatus.CONNECTED, Grid.TN, ALL, id="a car that does not charge, it says"),
        pytest.param((16, 16, 0), CHARGING, Grid.TN, {L1, L2}, id="two lines"),
        pytest.param((16, 16, 0), CHARGING, Grid.IT, {L1, L2}, id="a pair"),
        pytest.param((16, 16, 16), CHARGING, Grid.TN, ALL, id="all of them"),
    ],
)
def test_what_a_charge_on_few_lines_looks_like(
    amps: tuple[float, float, float], status: ChargerStatus, grid: Grid, lines: set[Line]
) -> None:
    """3 A or more on each line that is used, less than half an ampere on the others, of a charger that says that it charges."""
    run = Home(house(charger(), grid=grid))
    run.lists(4, 5, 5, 5)
    for _ in range(5):
        run.until(run.now + 10_000)
        run.report(run.now, amps, status)

    assert run.view.lines == lines


def test_a_doubt_begins_the_count_anew() -> None:
    """Only reports in a row count."""
    run = Home(house(charger()))
    run.lists(4, 5, 5, 5)
    for amps, believed in (
        ((16, 0, 0), False),
        ((16, 0, 0), False),
        ((2, 0, 0), False),
        *[((16, 0, 0), False)] * 3,
        ((16, 0, 0), True),
    ):
        run.until(run.now + 10_000)
        run.report(run.now, amps)
        assert (run.view.lines == {L1}) == believed


def test_a_report_that_leaves_a_line_out_ends_belief_with_the_next_list() -> None:
    """When the reports that told of all lines are too old."""
    run = one_phase_car()
    for _ in range(5):
        run.until(run.now + 9_000)
        run.play(ChargerSaid(at=run.now, charger="garage", current_ma=PerLine(16_000, None, None), status=CHARGING))
        run.hear(run.now + 1_000, list2(21, 5, 5))

    assert run.view.lines == ALL


def test_two_reports_are_not_enough() -> None:
    """A charger that reports every half a minute is believed after three reports."""
    run = Home(house(charger()))
    run.lists(4, 5, 5, 5)
    for reports in range(1, 4):
        run.lists(SHOWN_MS // LIST_MS, 21, 5, 5)
        run.report(run.now, (16, 0, 0))
        assert (run.view.lines == {L1}) == (reports == 3)


def test_reports_count_when_the_car_has_followed() -> None:
    """While a new limit is on its way, and as long as a slow car needs for it, nothing is concluded."""
    run = Home(house(charger(response_ms=50_000)))
    run.lists(9, 5, 5, 5)
    raised = run.view.raised_at
    assert run.limit() == 16_000
    for at in range(raised + 9_000, raised + 70_000, 10_000):
        run.until(at)
        run.report(at, (16, 0, 0))
    assert run.view.lines == ALL
    for at in range(raised + 79_000, raised + 110_000, 10_000):
        run.until(at)
        run.report(at, (16, 0, 0))

    assert run.view.lines == {L1}


def test_one_current_alone_is_no_belief_without_a_neutral() -> None:
    """On an IT net no current flows in one line alone: such a report leaves the second out."""
    run = Home(house(charger(), grid=Grid.IT))
    run.car_lines = frozenset({L1})
    run.minutes(3, 5, 5, 5)

    assert run.view.lines == ALL


def test_silence_ends_belief() -> None:
    """Nobody knows what a charger does that is not heard."""
    silent = one_phase_car()
    for _ in range(4):
        silent.hear(silent.now + LIST_MS, list2(21, 5, 5))

    assert silent.view.lines == ALL


def test_a_car_that_stays_keeps_its_lines_through_a_pause() -> None:
    """It resumes although the other lines are full; if it takes up one of them after all, the next list takes it back."""
    run = one_phase_car()
    run.minutes(1, 24, 24, 24)
    assert (run.limit(), run.view.lines) == (0, frozenset({L1}))
    run.minutes(1.5, 5, 24, 24)
    assert run.limit() >= 6_000
    run.car_lines = frozenset({L1, L2})
    run.minutes(0.2, 5, 24, 24)

    assert (run.limit(), run.view.lines) == (0, ALL)
