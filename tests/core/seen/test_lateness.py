"""How late a charger and its reports are: learned from what the meter shows of a change, through ``learn``, which asks."""

import pytest

from han_gateway.core.events import ChargerSaid
from han_gateway.core.seen.belief import learn
from han_gateway.core.state import ChargerView
from han_gateway.core.units import Instant, PerLine
from tests.core.houses import report
from tests.core.seen.test_belief import RESPONSE_MS, load, told
from tests.core.views import NOW, silent


def test_who_reports_that_it_followed_is_not_slow() -> None:
    """The house may hide a cut from the meter; a report from after it is better, one from before or of too much is not."""
    view = told(silent(16, answers=2), 10, load(30, 20, 20), NOW)
    said = ((NOW + 5_000, 11, 11), (NOW, 10, 10), (NOW + 5_000, 11.1, 11.1), (NOW + 5_000, 10, 11.1))
    obeyed, *others = (view._replace(report=two_currents(at, *amps)) for at, *amps in said)

    assert learn(obeyed, None, load(30, 20, 20), NOW + 20_000).belief == obeyed.belief._replace(probe=None)
    for other in others:
        probe = learn(other, None, load(30, 20, 20), NOW + 20_000).belief.probe
        assert probe is not None
        assert probe.late


def two_currents(at: Instant, amps: float, others: float) -> ChargerSaid:
    """A report of so much on L1, and so much on the two others."""
    l1, rest = round(1000 * amps), round(1000 * others)
    return ChargerSaid(at=at, charger="a", current_ma=PerLine(l1, rest, rest))


def shown(from_a: int, to_a: int, said: ChargerSaid, told_ms: int) -> ChargerView:
    """A charger that said so after a change of its limit, once the meter has shown that in full, ten seconds after it."""
    view = silent(from_a, answers=2)
    view = told(view._replace(belief=view.belief._replace(told_ms=told_ms)), to_a, load(30, 20, 20), NOW)
    now = (each + to_a - from_a for each in (30, 20, 20))
    return learn(view._replace(report=said), None, load(*now), NOW + 10_000)


def test_who_follows_in_time_is_slow_no_longer() -> None:
    """A charger that was deaf for a while looked slow; each cut that shows sooner, on the meter or in its report, says how slow it is at most."""
    slow = silent(16, answers=2)
    slow = slow._replace(belief=slow.belief._replace(response_ms=25_000))
    quick = learn(told(slow, 10, load(30, 20, 20), 0), None, load(24, 14, 14), 9_000)
    quickest = learn(told(slow, 10, load(30, 20, 20), 0), None, load(24, 14, 14), RESPONSE_MS)
    said = told(slow, 10, load(30, 20, 20), NOW)._replace(report=report(NOW + 8_000, "a", 10))

    assert (quick.response_ms, quickest.belief.response_ms) == (9_000, None)
    assert learn(said, None, load(30, 20, 20), NOW + 30_000).response_ms == 8_000
    assert learn(told(slow, 16, load(8, 8, 8), 0), None, load(8, 8, 8), 9_000).response_ms == 25_000


@pytest.mark.parametrize(
    ("at", "amps", "before", "after"),
    [
        (9_000, 16, 0, 9_000),
        (9_000, 16, 12_000, 12_000),
        (RESPONSE_MS, 16, 0, RESPONSE_MS),
        (RESPONSE_MS - 1, 16, 0, 0),
        (9_000, 10, 0, 0),
        (9_000, 10, 12_000, 9_000),
    ],
)
def test_how_late_reports_are_is_learned_from_cuts_that_show(at: int, amps: float, before: int, after: int) -> None:
    """A cut shows on the meter within ten seconds. What a report tells after the charger had its time is late, until one tells it sooner."""
    view = shown(16, 10, report(NOW + at, "a", amps), before)

    assert view.belief.told_ms == after
    assert view.belief.forgotten().told_ms == after
    assert learn(view._replace(report=None), None, load(24, 14, 14), NOW + 20_000).belief.told_ms == after


@pytest.mark.parametrize(
    ("at", "amps", "before", "after"),
    [
        (0, 16, 9_000, 9_000),
        (1, 16, 9_000, 1),
        (8_999, 10, 0, 8_999),
        (9_000, 10, 0, 0),  # in the same moment as the list
        (8_000, 10, 12_000, 12_000),
        (RESPONSE_MS, 10, 0, RESPONSE_MS),
        (RESPONSE_MS - 1, 10, 0, 0),
        (8_000, 14.9, 0, 8_000),
        (8_000, 15, 0, 0),
        (9_000, 15, 12_000, 9_000),
        (0, 10, 0, 0),
    ],
)
def test_a_raise_that_shows_tells_how_late_reports_are_too(at: int, amps: float, before: int, after: int) -> None:
    """A car may come up more slowly than it goes down: what was reported on its way up is not all that it draws."""
    assert shown(10, 16, report(NOW + at, "a", amps), before).belief.told_ms == after


@pytest.mark.parametrize(
    ("from_a", "to_a", "amps", "after"),
    [
        (16, 10, (11, 11), 7_000),
        (16, 10, (11.1, 11), 9_000),
        (16, 10, (10, 11.1), 9_000),
        (10, 16, (15, 16), 7_000),
        (10, 16, (14.9, 16), 9_000),
        (10, 16, (16, 14.9), 9_000),
    ],
)
def test_a_report_follows_when_all_of_its_lines_do(from_a: int, to_a: int, amps: tuple[float, float], after: int) -> None:
    """To an ampere: reports told for 9 s what was before, and this one comes after 7."""
    assert shown(from_a, to_a, two_currents(NOW + 7_000, *amps), 9_000).belief.told_ms == after
