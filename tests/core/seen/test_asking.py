"""Who is asked whether it follows, where nothing else moves."""

import pytest

from han_gateway.core.allocation import Room
from han_gateway.core.diversity import BORNE_PERCENT
from han_gateway.core.headroom import least_for_cuts
from han_gateway.core.seen.answers import Probe
from han_gateway.core.seen.asking import ask_one
from han_gateway.core.state import ChargerView, Sample
from han_gateway.core.times import QUIET_MS
from han_gateway.core.units import PerLine
from han_gateway.simulation.fuse import MCB_EDGE
from tests.core.houses import charger, house, report
from tests.core.views import silent


def asked(*amps: float, raises: float, cuts: float, at: int = QUIET_MS, views: tuple[ChargerView, ...] = ()) -> dict[str, int]:
    """The limits that are questions, to silent chargers at these limits, where a whole window leaves so much for raises and for cuts."""
    site = house(*(charger("abcdef"[place]) for place in range(len(amps or views))), fuse=40)
    views = views or tuple(silent(each) for each in amps)
    views = tuple(view._replace(charger=each) for view, each in zip(views, site.chargers, strict=True))
    room, for_cuts = (PerLine(*[round(each * 1000)] * 3) for each in (raises, cuts))
    return {name: grant.limit_ma for name, grant in ask_one(site, views, Room(room), for_cuts, at).items()}


def test_at_the_minimum_half_of_what_is_free_counts_for_a_question() -> None:
    """Two at 6 A where 6 A are free: a question has 3 A beyond the room for raises, and no ampere more."""
    assert asked(6, 6, raises=11, cuts=18) == {"a": 8_000}
    assert asked(6, 6, raises=10, cuts=18) == {"a": 7_000}
    assert asked(6, 6, raises=9.9, cuts=18) == {}


def test_no_question_is_one_that_would_be_cut() -> None:
    """Whatever raises would allow: what is asked for has room for cuts."""
    assert asked(6, raises=30, cuts=7) == {"a": 7_000}
    assert asked(6, raises=30, cuts=6.9) == {}


def test_who_can_be_asked_by_less_is_not_asked_by_more() -> None:
    """A lower limit risks nothing, so it comes first."""
    assert asked(6, 8, raises=16, cuts=24) == {"b": 6_000}


def test_one_at_a_time_and_the_longest_waiting_first() -> None:
    """Who was told something last waits, and all wait while a question is open on a line of theirs."""
    lately = silent(6, since=1)
    answering = silent(6, answers=1)
    probing = answering._replace(belief=answering.belief._replace(probe=Probe(0, 6_000, 8_000, PerLine(0, 0, 0))))

    assert asked(raises=30, cuts=30, at=QUIET_MS + 1, views=(lately, silent(6))) == {"b": 8_000}
    assert asked(raises=30, cuts=30, views=(silent(6), probing)) == {}
    assert asked(raises=30, cuts=30, at=QUIET_MS - 1, views=(silent(6),)) == {}


def test_who_is_known_or_has_nothing_is_not_asked_by_more() -> None:
    """One that reports, one that is believed, one that is paused, and one at its maximum."""
    reporting = silent(6)._replace(report=report(QUIET_MS, "a", 6))
    assert asked(raises=30, cuts=30, views=(reporting,)) == {}
    assert asked(raises=30, cuts=30, views=(silent(6, answers=2),)) == {}
    assert asked(0, raises=30, cuts=30) == {}
    assert asked(16, raises=30, cuts=30) == {}


def test_every_list_of_the_window_speaks_for_a_question() -> None:
    """The least that any of them leaves for cuts, line by line."""
    room = Room(PerLine(0, 0, 0))

    assert least_for_cuts((Sample(0, room, PerLine(5, 9, 3)), Sample(1, room, PerLine(7, 2, 3)))) == PerLine(5, 2, 3)


@pytest.mark.parametrize("percent", range(0, 101, 5))
def test_the_fastest_breaker_bears_it_when_all_that_were_offered_anything_begin(percent: int) -> None:
    """From any load, 30 % above the fuse and half of what was free, for half a minute; long before that a list has cut."""
    load = percent / 100
    all_at_once = 1 + BORNE_PERCENT / 100 + (1 - load) / 2

    assert MCB_EDGE.stress([load] * 900 + [all_at_once] * 30)[0] == 0
