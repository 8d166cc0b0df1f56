"""A silent charger is believed once two changes of its limit have shown on the meter, and no longer than they do."""

from dataclasses import replace

import pytest

from han_gateway.core.belief import ENOUGH, WORTH_ASKING_MA, ask, follows, learn
from han_gateway.core.gateway import start
from han_gateway.core.headroom import span
from han_gateway.core.load import Load
from han_gateway.core.state import ChargerView, Command, Probe
from han_gateway.core.units import Instant, Line, PerLine
from tests.core.houses import ALL, L1, L2, Run, charger, house

RESPONSE_MS = 6000


def load(*amps: float | None) -> Load:
    """A measured load in amperes."""
    return Load(PerLine(*(None if each is None else round(each * 1000) for each in amps)))


def silent(amps: float, lines: frozenset[Line] = ALL, answers: int = 0) -> ChargerView:
    """A charger at this limit since long ago, that never reported."""
    view = start(house(charger("a", lines)), 0).chargers[0]
    limit = round(amps * 1000)
    return view._replace(grant=replace(view.grant, limit_ma=limit), commands=(Command(0, limit),), answers=answers)


def told(view: ChargerView, amps: float, seen: Load | None, at: Instant) -> ChargerView:
    """The same charger after a change."""
    limit = round(amps * 1000)
    probe = ask(view, limit, seen, at)
    return view._replace(grant=replace(view.grant, limit_ma=limit), commands=(Command(at, limit),), probe=probe)


def test_two_changes_that_show_make_belief() -> None:
    """6 -> 16 -> 9 A, and the meter saw both: what is offered counts as drawn."""
    view = told(silent(6), 16, load(8, 8, 8), 10_000)
    view = learn(view, load(8, 8, 8), load(18, 18, 18), 20_000)
    assert (view.probe, view.answers, follows(view)) == (None, 1, False)
    assert span(view, L1, 40_000, 35_000).low == 0
    view = told(view, 9, load(30, 18, 18), 30_000)
    view = learn(view, load(30, 18, 18), load(23, 11, 11), 40_000)
    assert (view.answers, follows(view)) == (ENOUGH, True)
    assert span(view, L1, 40_000, 35_000).low == 9000


@pytest.mark.parametrize(
    ("shown", "answers"),
    [(4.9, 0), (5, 2), (10, 2), (25, 2), (25.1, 0), (0, 0), (-10, 0)],
)
def test_how_much_must_show(shown: float, answers: int) -> None:
    """Half of the change is enough, two and a half times as much was not the charger alone; a change that does not show ends it."""
    view = told(silent(6, answers=1), 16, load(20, 20, 20), 10_000)
    view = learn(view, None, load(*(20 + shown,) * 3), 16_000)

    assert view.answers == answers


def test_it_must_show_on_all_lines() -> None:
    """A change that shows on two of three lines, or is unknown on one, is no answer; lines of others do not matter."""
    for seen in (load(18, 18, 8), load(18, 18, None)):
        assert learn(told(silent(6, answers=2), 16, load(8, 8, 8), 0), None, seen, 10_000).answers == 0
    alone = told(silent(6, frozenset({L2}), answers=1), 16, load(8, 8, 8), 0)
    assert learn(alone, None, load(None, 18, 2), 10_000).answers == 2


def test_a_list_within_the_response_time_answers_nothing() -> None:
    """The charger gets its time first."""
    view = told(silent(6), 16, load(8, 8, 8), 10_000)

    assert learn(view, None, load(8, 8, 8), 10_000 + RESPONSE_MS - 1) is view
    assert learn(view, None, load(8, 8, 8), 10_000 + RESPONSE_MS).probe is None


def test_small_changes_ask_nothing() -> None:
    """A change that drowns in the house neither proves nor ends anything."""
    small = (WORTH_ASKING_MA - 1) / 1000
    view = told(silent(6, answers=2), 6 + small, load(8, 8, 8), 0)

    assert learn(view, None, load(20, 20, 20), 10_000) == view._replace(probe=None)


def test_an_unanswered_change_is_merged_with_the_next() -> None:
    """6 -> 12 -> 16 A in a breath is one change by 10 A, compared with the currents before both, and waits for the last."""
    view = told(silent(6), 12, load(8, 8, 8), 10_000)
    view = told(view, 16, load(9, 9, 9), 13_000)

    assert view.probe == Probe(13_000, 6000, 16_000, PerLine(8000, 8000, 8000))
    assert learn(view, None, load(18, 18, 18), 18_000).probe is not None
    assert learn(view, None, load(18, 18, 18), 19_000).answers == 1


def test_there_and_back_is_no_question() -> None:
    """A change that was taken back before it was answered leaves the belief as it was."""
    view = told(told(silent(16, answers=2), 9, load(20, 20, 20), 0), 16, load(20, 20, 20), 3000)

    assert learn(view, None, load(30, 20, 20), 10_000).answers == 2


def test_without_a_load_nothing_is_asked() -> None:
    """A limit that falls because the meter is lost is no question."""
    assert ask(silent(16), 6000, None, 0) is None


def test_a_fall_of_all_lines_ends_belief() -> None:
    """A car that is full takes most of its limit from all its lines at once; then nothing is known any more."""
    view = silent(16, answers=2)

    assert learn(view, load(20, 20, 20), load(9, 9, 9), 60_000) == view  # 11 of 16 A: not most of it
    assert learn(view, load(20, 20, 20), load(8.8, 8.8, 8.8), 60_000).answers == 0
    assert learn(view, load(20, 20, 20), load(4, 4, 20), 60_000) == view  # an oven on two lines
    assert learn(view, None, load(4, 4, 4), 60_000) == view
    assert learn(silent(16, frozenset({L1}), answers=1), load(20, 0, 0), load(4, 0, 0), 60_000).answers == 0


def test_a_pause_is_no_fall() -> None:
    """A paused charger has nothing to lose: belief outlives the pause, until the resumption asks again."""
    view = silent(0, answers=2)
    assert learn(view, load(20, 20, 20), load(20, 19, 18), 60_000) == view
    view = told(view, 10, load(8, 8, 8), 70_000)
    assert learn(view, load(8, 8, 8), load(8, 8, 8), 80_000).answers == 0


def test_one_list_is_not_two_proofs() -> None:
    """A list that proves one change and is the measure of the next proves one: a single wrong reading makes no belief."""
    wrong = load(35, 35, 35)
    view = told(silent(0), 16, load(5, 5, 5), 10_000)
    view = learn(view, load(5, 5, 5), wrong, 20_000)
    assert view.answers == 1
    view = told(view, 0, wrong, 20_000)
    view = learn(view, wrong, load(5, 5, 5), 30_000)
    assert (view.answers, view.probe) == (1, None)


def test_a_silent_car_is_raised_without_reserve_in_the_end() -> None:
    """A car that never reports gets what a reporting one gets, as soon as it has been seen to follow."""
    run = Run(house(charger("garage")))
    seen: list[int] = []
    for _ in range(40):
        house_amps = 12.0 if len(seen) in (8, 9) else 3.0
        run.lists(1, *(house_amps + run.limit() / 1000,) * 3)
        seen.append(run.limit())

    assert follows(run.state.chargers[0])
    assert seen[-1] == 16_000
