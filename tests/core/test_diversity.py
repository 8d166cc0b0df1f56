"""Offers that nobody takes up: the largest on a line is kept free, and of the others what a fuse would not bear."""

from dataclasses import replace

import pytest

from han_gateway.core.diversity import idle_ma, lent_ma, spans_of_all
from han_gateway.core.draw import Span
from han_gateway.core.effects import Cause, Grant, Reason
from han_gateway.core.gateway import start
from han_gateway.core.headroom import measure_lines
from han_gateway.core.load import Load
from han_gateway.core.state import ChargerView, Command, Conduct
from han_gateway.core.units import PerLine
from tests.core.houses import L1, L3, charger, house, report
from tests.core.views import view

NOW = 1_000_000
BUDGET = 63_000
FRESH_MS = 35_000


def idle(name: str, amps: float, *, since: int = 0, drawn: float | None = 0) -> ChargerView:
    """A charger on L1 at this limit, that draws as much."""
    (view,) = start(house(charger(name, [L1])), 0).chargers
    limit = round(amps * 1000)
    said = None if drawn is None else report(NOW - 1000, name, drawn, [L1])
    grant = Grant(charger=name, limit_ma=limit, reason=Reason(cause=Cause.FUSE))
    return view._replace(grant=grant, commands=(Command(since, limit),), report=said, raised_at=since)


def house_of(*chargers: ChargerView, load: float = 20) -> tuple[int, int]:
    """The room on L1 for cuts and for raises beside a measured load."""
    measured = Load(PerLine(round(load * 1000), 0, 0))
    room = measure_lines(BUDGET, measured, chargers, NOW, FRESH_MS)
    return room.for_cuts.main.l1, room.for_raises.main.l1


@pytest.mark.parametrize(
    ("unused", "lent"),
    [((), 0), ((16,), 0), ((16, 6), 6), ((6, 6, 6), 12), ((16, -3, 0), 0), ((16, 16, 16), 18.9), ((2, 1, 3, 4), 6)],
)
def test_all_but_the_largest(unused: tuple[int, ...], lent: float) -> None:
    """One offer is kept free in full; the others up to 30 % of the fuse are not; who draws more than that is no offer."""
    assert lent_ma((each * 1000 for each in unused), BUDGET) == round(lent * 1000)


def test_empty_places_leave_room() -> None:
    """Three chargers whose cars take nothing of 6 A each, for long: 6 A are kept free, not 18."""
    views = [idle(name, 6) for name in "abc"]

    assert house_of(*views) == (43_000 + 12_000, 43_000 + 12_000)
    assert house_of(views[0]) == (43_000, 43_000)


def test_silent_places_too() -> None:
    """Of silent chargers nobody knows whether they draw: for raises one of them is taken to draw nothing, not all."""
    views = [idle(name, 6, drawn=None) for name in "abc"]

    assert house_of(*views)[1] == 43_000 + 12_000


def test_a_new_offer_is_kept_free() -> None:
    """A car may need a minute to wake up: until then its offer counts in full, and after a raise what it had before."""
    young = idle("a", 6, since=NOW - 60_000 + 1)
    raised = idle("a", 6)._replace(commands=(Command(0, 6_000), Command(NOW - 1, 16_000)), raised_at=NOW - 1)

    assert idle_ma(young, NOW) == 0
    assert idle_ma(young, NOW + 1) == 6_000
    assert idle_ma(raised, NOW) == 6_000
    assert house_of(young, idle("b", 6)) == (43_000, 43_000)


def test_who_is_not_heard_any_more_is_kept_free() -> None:
    """A charger that fell silent may be without power, and all of them come back at once."""
    gone = [replace_conduct(idle(name, 6, drawn=None)) for name in "abc"]

    assert house_of(*gone)[1] == 43_000


def replace_conduct(view: ChargerView) -> ChargerView:
    """The same, gone."""
    return view._replace(conduct=Conduct.GONE, charger=replace(view.charger))


def test_what_is_drawn_is_no_offer() -> None:
    """Cars that use what they may change nothing."""
    assert house_of(idle("a", 10, drawn=10), idle("b", 6, drawn=6)) == (59_000, 59_000)


def test_the_spans_of_all_are_added_up_line_by_line() -> None:
    """Each on its own lines. Of offers that have stood unused for a minute all but the largest count as drawn."""
    takes_some, takes_none = idle("a", 10, drawn=4), idle("b", 10)
    elsewhere = view((0, 10), lines=(L3,))

    assert spans_of_all((takes_some, elsewhere), NOW, FRESH_MS, BUDGET) == PerLine(
        Span(4_000, 4_000), Span(0, 0), Span(0, 10_000)
    )
    assert spans_of_all((takes_some, takes_none), NOW, FRESH_MS, BUDGET).l1 == Span(10_000, 10_000)
