"""A silent charger is believed to draw what the meter has been seen to show of it, once two changes of its limit have shown."""

from dataclasses import replace
from typing import Any

import pytest

from han_gateway.core.draw import spans
from han_gateway.core.load import Load
from han_gateway.core.seen.answers import SURE, Belief, Probe
from han_gateway.core.seen.belief import ENOUGH, Around, ask, believed_ma, learn, seems_empty
from han_gateway.core.seen.evidence import WORTH_ASKING_MA
from han_gateway.core.state import ChargerView, Command
from han_gateway.core.times import SETTLED_MS, SHOWN_MS
from han_gateway.core.units import Instant, Line, PerLine
from tests.core.houses import ALL, L1, L2, L3, Run, charger, house, report
from tests.core.views import NOW, silent

RESPONSE_MS = 6000


def load(*amps: float | None) -> Load:
    """A measured load in amperes."""
    return Load(PerLine(*(None if each is None else round(each * 1000) for each in amps)))


def told(view: ChargerView, amps: float, seen: Load | None, at: Instant) -> ChargerView:
    """The same charger after a change."""
    limit = round(amps * 1000)
    belief = view.belief._replace(probe=ask(view, limit, seen, at))
    return view._replace(grant=replace(view.grant, limit_ma=limit), commands=(Command(at, limit),), belief=belief)


def test_two_changes_that_show_make_belief() -> None:
    """6 -> 16 -> 9 A, and the meter saw both: what was seen counts as drawn, no less and no more."""
    view = told(silent(6), 16, load(8, 8, 8), 10_000)
    view = learn(view, load(8, 8, 8), load(18, 18, 18), 20_000)
    assert (view.belief.probe, view.belief.answers, believed_ma(view)) == (None, 1, 0)
    assert spans(view, 40_000, 35_000)[L1] == (0, 16_000)
    view = told(view, 9, load(30, 18, 18), 30_000)
    view = learn(view, load(30, 18, 18), load(23, 11, 11), 40_000)
    assert (view.belief.answers, believed_ma(view)) == (ENOUGH, 9000)
    assert spans(view, 40_000, 35_000)[L1] == (9000, 9000)


@pytest.mark.parametrize(("fell", "believed"), [(6, 9000), (12, 9000), (12.4, 0), (15, 0)])
def test_what_others_gave_up_is_taken_out_of_a_fall(fell: float, believed: int) -> None:
    """A neighbour was told to give up 6 A: only what fell beyond that can be a car of 9 A that left."""
    around = Around(given_ma=PerLine(6000, 6000, 6000))
    view = learn(silent(9, answers=ENOUGH), load(30, 30, 30), load(*(30 - fell,) * 3), 40_000, around)

    assert believed_ma(view) == believed


def test_a_raise_is_believed_as_far_as_it_shows() -> None:
    """A car that takes 13 A of 16 is believed to draw 13: the rest is neither credited nor cut."""
    view = learn(told(silent(9, answers=1), 16, load(11, 11, 11), 10_000), None, load(15, 15, 15), 20_000)

    assert believed_ma(view) == 13_000
    assert spans(view, 40_000, 35_000)[L1] == (13_000, 13_000)


@pytest.mark.parametrize(
    ("shown", "answers"),
    [(3.9, 1), (4, 2), (10, 2), (25, 2), (25.1, 1), (0, 1), (-10, 1)],
)
def test_how_much_of_a_raise_must_show(shown: float, answers: int) -> None:
    """Four tenths of it are enough, two and a half times as much was not the charger alone; what does not show proves nothing."""
    view = told(silent(6, answers=1), 16, load(20, 20, 20), 10_000)
    view = learn(view, None, load(*(20 + shown,) * 3), 16_000)

    assert view.belief.answers == answers


@pytest.mark.parametrize(
    ("shown", "answers"),
    [(-3.9, 0), (-4, 3), (-10, 3), (-25, 3), (-25.1, 2), (0, 0), (10, 0)],
)
def test_a_cut_that_does_not_show_ends_belief(shown: float, answers: int) -> None:
    """Four tenths of it are enough; a far greater fall tells nothing; and who does not follow a cut is not believed any more."""
    view = told(silent(16, answers=2), 6, load(30, 30, 30), 10_000)
    view = learn(view, None, load(*(30 + shown,) * 3), 16_000)

    assert view.belief.answers == answers


def test_a_cut_to_what_it_draws_anyway_asks_nothing() -> None:
    """From 32 to 17 A with a car that takes 16: nothing must show, nothing is doubted; from 17 to 12 its four must."""
    view = told(silent(32, answers=2, drawn=16), 17, load(20, 20, 20), 0)
    view = learn(view, None, load(20, 20, 20), 10_000)
    assert believed_ma(view) == 16_000
    view = learn(told(view, 12, load(20, 20, 20), 10_000), None, load(16, 16, 16), 20_000)
    assert (view.belief.answers, believed_ma(view)) == (3, 12_000)


def test_of_three_lines_two_must_agree() -> None:
    """An oven that switches on one line at the same time hides nothing, on two lines it does; lines of others do not matter."""
    view = told(silent(6, answers=1), 16, load(8, 8, 8), 0)
    assert learn(view, None, load(18, 18, 8), 10_000).belief.answers == 2
    assert learn(view, None, load(18, 8, 8), 10_000).belief.answers == 1
    assert learn(view, None, load(18, 18, None), 10_000).belief.answers == 1
    alone = told(silent(6, frozenset({L2}), answers=1), 16, load(8, 8, 8), 0)
    assert learn(alone, None, load(None, 18, 2), 10_000).belief.answers == 2


NARROW = Around(left_ma=PerLine(0, 0, 0), most_ma=1, parts=(charger("a"),))
"""A house in which the meter tells of every line."""


def single(view: ChargerView, *changes: tuple[float, float], fewest: int = 1) -> ChargerView:
    """The charger after limits, each with what the meter then showed of it, on L2 alone."""
    at, drawn = 0, view.grant.limit_ma / 1000
    for limit, shown in changes:
        view = told(view, limit, load(9, 9 + drawn, 9), at)
        drawn += shown
        view = learn(view, None, load(9, 9 + drawn, 9), at + 20_000, NARROW._replace(parts=(view.charger,), fewest=fewest))
        at += 40_000
    return view


def test_a_car_on_one_line_of_three_is_seen() -> None:
    """A small car at a large charger: a first hint, then belief. From then on it counts on its own line alone."""
    hint = single(silent(6), (8, 2))
    believed = single(silent(6), (8, 2), (6, -2))
    more = single(silent(6), (8, 2), (6, -2), (10, 4))

    assert (hint.belief.answers, believed_ma(hint), hint.lines) == (1, 0, ALL)
    assert (believed.belief.answers, believed_ma(believed), believed.lines) == (2, 6_000, frozenset({L2}))
    assert (more.belief.answers, believed_ma(more), more.lines) == (3, 10_000, frozenset({L2}))
    assert more._replace(report=report(0, "a", 6)).lines == ALL, "a charger that reports is taken at its word"


@pytest.mark.parametrize(
    "around",
    [
        pytest.param({"left_ma": PerLine(20_001, 0, 0)}, id="the house alone is too much for L1: others could not make room"),
        pytest.param({"left_ma": PerLine(0, 0, None)}, id="nobody can tell what is on L3"),
        pytest.param({"parts": ()}, id="a fuse without a meter is between"),
    ],
)
def test_where_the_meter_would_not_tell_a_small_car_counts_on_all_lines(around: dict[str, Any]) -> None:
    """Until the next answer shows it again."""
    sure = single(silent(6), (8, 2), (6, -2), (10, 4))
    same = load(9, 19, 9)
    fine: dict[str, Any] = {"left_ma": PerLine(20_000, 99_000, 20_000), "most_ma": 20_000, "parts": (sure.charger,)}

    assert learn(sure, same, same, 200_000, Around(**fine)) is sure
    assert learn(sure, same, same, 200_000, Around(**fine | around)).lines == ALL


def test_a_car_that_shows_on_all_lines_counts_on_all() -> None:
    """Two answers on all three after four on one."""
    view = single(silent(6), (8, 2), (6, -2), (10, 4), (8, -2))
    once = learn(told(view, 12, load(9, 17, 9), 500_000), None, load(13, 21, 13), 510_000, NARROW)
    twice = learn(told(once, 8, load(13, 21, 13), 600_000), None, load(9, 17, 9), 610_000, NARROW)

    assert (view.lines, once.lines, twice.lines) == (frozenset({L2}), frozenset({L2}), ALL)


def test_a_car_that_comes_up_slowly_is_believed_as_far_as_it_came() -> None:
    """A list in the middle of the rise shows 3 A of 6, the next one all; and it is one answer."""
    view = told(silent(0, answers=2), 6, load(8, 8, 8), 0)
    part = learn(view, None, load(11.2, 11.2, 11.2), 10_000)
    whole = learn(part, None, load(14, 14, 14), 20_000)

    assert (believed_ma(part), part.belief.answers) == (3_200, 3)
    assert (believed_ma(whole), whole.belief.answers, whole.belief.probe) == (6_000, 3, None)
    content = learn(part, None, load(11.2, 11.2, 11.2), SETTLED_MS)
    assert (believed_ma(content), content.belief.answers, content.belief.probe) == (3_200, 3, None)


def test_a_start_that_has_shown_once_is_no_empty_place() -> None:
    """The house went down by as much before the car was up."""
    part = learn(told(silent(0), 6, load(8, 8, 8), 0), None, load(11.2, 11.2, 11.2), 10_000)

    assert not seems_empty(learn(part, None, load(8, 8, 8), SETTLED_MS))


def test_the_next_change_does_not_wait_for_a_car_that_comes_up_slowly() -> None:
    """What has shown in part is answered; a cut after that is a question of its own."""
    part = learn(told(silent(6, answers=2), 12, load(8, 8, 8), 0), None, load(11, 11, 11), 10_000)
    cut = told(part, 6, load(11, 11, 11), 12_000)

    assert cut.belief.probe == Probe(12_000, 12_000, 6_000, PerLine(11_000, 11_000, 11_000))


def test_an_empty_place_may_have_another_car() -> None:
    """Two cuts that did not show: whatever the lines of its car were, the next one is asked anew."""
    view = single(silent(6), (8, 2), (6, -2), (8, 2))
    for at in (500_000, 600_000):
        assert view.lines == frozenset({L2})
        view = told(view._replace(grant=replace(view.grant, limit_ma=8_000)), 6, load(20, 20, 20), at)
        view = learn(view, None, load(20, 20, 20), at + SHOWN_MS, NARROW)
    assert (seems_empty(view), view.lines) == (True, ALL)


def test_what_the_house_does_on_other_lines_hides_no_car_that_was_seen() -> None:
    """Its own line has answered, whatever the others do."""
    view = single(silent(6), (8, 2))
    view = learn(told(view, 6, load(9, 17, 9), 200_000), None, load(16, 15, 8), 220_000)

    assert (view.belief.answers, view.belief.lines) == (2, frozenset({L2}))


def test_a_small_car_that_leaves_is_missed_on_its_own_line() -> None:
    """A fall of most of what it drew there ends belief; on another line that is the house."""
    view = single(silent(6), (8, 2), (6, -2), (10, 4))

    assert learn(view, load(19, 19, 19), load(9, 19, 9), 300_000, NARROW) is view
    assert believed_ma(learn(view, load(19, 19, 19), load(19, 11, 19), 300_000)) == 0


def test_a_wider_car_in_its_place_is_cut_by_the_first_list() -> None:
    """Nobody sees one car leave and another come while little flows; a charger that was believed on L3 alone is cut for L1 at once."""
    run = Run(house(charger("garage"), fuse=32))
    run.lists(3, 3, 3, 3)
    view = run.state.chargers[0]
    belief = Belief(answers=3, drawn_ma=9_000, lines=frozenset({Line.L3}))
    commands = (Command(0, 16_000),)
    view = view._replace(grant=replace(view.grant, limit_ma=16_000), commands=commands, belief=belief)
    run.state = run.state._replace(chargers=(view,))
    run.lists(1, 36, 20, 20)

    assert run.limit() <= 12_000


def test_a_hint_is_no_sign_of_a_car() -> None:
    """A heater on one line that goes with a question must not keep an empty place open."""
    empty = silent(6)._replace(belief=Belief(unshown=ENOUGH))

    assert seems_empty(single(empty, (8, 2)))
    assert not seems_empty(single(empty, (8, 2), (6, -2)))


def test_who_was_believed_on_wrong_lines_is_found_by_its_next_rise() -> None:
    """An oven once rose on L2 with the car on L3. Each raise that showed on L3 alone was taken for the house, cut, and given back for ever."""
    view = silent(9)._replace(belief=Belief(answers=ENOUGH + 1, drawn_ma=9000, lines=frozenset({L2, L3}), sure=1))
    found = learn(told(view, 14, load(9, 9, 9), 10_000), None, load(9, 9, 14), 20_000)
    assert (found.belief.lines, found.belief.sure, believed_ma(found)) == (frozenset({L3}), 1, 9000)
    again = learn(told(told(found, 9, None, 20_000), 14, load(9, 9, 9), 130_000), None, load(9, 9, 14), 140_000)
    assert believed_ma(again) == 14_000


def test_where_it_is_sure_a_rise_elsewhere_is_the_house() -> None:
    """Two answers have shown on L3; what rises on L2 while L3 stands still is no car, and the question stays open."""
    view = silent(9)._replace(belief=Belief(answers=ENOUGH, drawn_ma=9000, lines=frozenset({L3}), sure=SURE))
    view = told(view, 14, load(9, 9, 9), 10_000)

    assert learn(view, None, load(9, 14, 9), 20_000, NARROW._replace(parts=(view.charger,))).belief == view.belief


def test_a_start_is_no_hint() -> None:
    """In a minute, while a car may wake up, a house does much on one line."""
    assert single(silent(0), (6, 6)).belief.answers == 0
    assert single(silent(0), (6, 6)).belief.lines is None


def test_a_hint_needs_the_time_of_an_answer() -> None:
    """Before the charger can have followed, what shows on one line was the house."""
    view = told(silent(6), 8, load(9, 15, 9), 0)

    assert learn(view, None, load(9, 17, 9), RESPONSE_MS - 1) is view
    assert learn(view, None, load(9, 17, 9), RESPONSE_MS).belief.lines == frozenset({L2})


def test_lines_must_agree_in_a_row() -> None:
    """L2, then L1, then L2: each is a first hint again."""
    view = single(silent(6), (8, 2))
    other = learn(told(view, 6, load(17, 17, 9), 100_000), None, load(15, 17, 9), 120_000)
    again = single(other, (8, 2))

    assert (other.belief.answers, other.belief.lines) == (1, frozenset({L1}))
    assert (again.belief.answers, again.belief.lines) == (1, frozenset({L2}))


def test_without_a_neutral_a_car_is_never_seen_on_one_line() -> None:
    """It draws between two."""
    view = single(silent(6), (8, 2), (6, -2), (10, 4), fewest=2)

    assert (view.belief.answers, view.belief.lines, view.lines) == (0, None, ALL)


@pytest.mark.parametrize(("moved", "still"), [(0.66, True), (-0.66, True), (0.67, False), (-0.67, False)])
def test_the_other_lines_must_stand_still(moved: float, still: bool) -> None:
    """By a third of the change at most."""
    view = learn(told(silent(6), 8, load(9, 15, 9), 0), None, load(9 + moved, 17, 9), 20_000)

    assert (view.belief.lines == frozenset({L2})) is still
    assert learn(told(silent(6), 8, load(9, 15, 9), 0), None, load(None, 17, 9), 20_000).belief.lines is None


def test_no_answer_within_the_response_time_is_no_answer_yet() -> None:
    """The charger gets its time first, for a raise half a minute; one that is quicker has answered."""
    view, lowered = told(silent(6), 16, load(8, 8, 8), 10_000), told(silent(16, answers=2), 6, load(18, 18, 18), 10_000)

    assert learn(view, None, load(8, 8, 8), 10_000 + SHOWN_MS - 1) is view
    assert learn(view, None, load(8, 8, 8), 10_000 + SHOWN_MS).belief.probe is None
    assert learn(view, None, load(18, 18, 18), 12_500).belief.answers == 1
    assert learn(lowered, None, load(18, 18, 18), 10_000 + RESPONSE_MS - 1) is lowered
    assert believed_ma(learn(lowered, None, load(18, 18, 18), 10_000 + RESPONSE_MS)) == 0


def test_a_late_answer_teaches_how_slow_it_is() -> None:
    """A cut that shows after 20 s although 6 were expected: in doubt at once, and from then on it gets 20 s, belief or not."""
    view = told(silent(16, answers=2), 10, load(30, 20, 20), 0)
    view = learn(view, None, load(30, 20, 20), 10_000)
    assert (believed_ma(view), view.response_ms) == (0, RESPONSE_MS)
    view = learn(view, None, load(24, 14, 14), 20_000)
    assert (view.belief.answers, view.response_ms) == (1, 20_000)
    assert learn(told(view, 16, load(24, 14, 14), 30_000), None, load(24, 14, 14), 49_999).belief.probe is not None
    assert view.belief.forgotten().response_ms == 20_000


def test_a_raise_has_half_a_minute_to_show() -> None:
    """Cars come up more slowly than they go down: until then a raise that does not show is no answer yet. A cut is, after its time."""
    slow = silent(10, answers=2)
    raised, lowered = told(slow, 16, load(12, 12, 12), 0), told(slow, 6, load(12, 12, 12), 0)

    assert learn(raised, None, load(12, 12, 12), SHOWN_MS - 1) is raised
    assert believed_ma(learn(raised, None, load(18, 18, 18), SHOWN_MS - 1)) == 16_000
    unanswered = learn(raised, None, load(12, 12, 12), SHOWN_MS)
    assert (unanswered.belief.probe, believed_ma(unanswered)) == (None, 10_000)
    assert believed_ma(learn(lowered, None, load(12, 12, 12), RESPONSE_MS)) == 0
    slowest = raised._replace(belief=raised.belief._replace(response_ms=40_000))
    assert learn(slowest, None, load(12, 12, 12), 39_999) is slowest


def test_a_car_that_comes_up_after_eleven_seconds_is_not_taken_for_content() -> None:
    """The list after a raise does not show it yet, the one after that does: all of it counts as drawn."""
    view = told(silent(9, answers=2), 16, load(14, 14, 14), 0)
    view = learn(view, None, load(14, 14, 14), 10_000)
    view = learn(view, None, load(21, 21, 21), 20_000)

    assert believed_ma(view) == 16_000


def test_a_cut_that_shows_in_full_says_what_was_drawn_before() -> None:
    """Believed to take 9 of 13 A, and two less show when it is cut by two: then it took all of it, and takes 11 now."""
    view = learn(told(silent(13, answers=2, drawn=9), 11, load(20, 20, 20), 0), None, load(18, 18, 18), 10_000)
    unmoved = learn(told(silent(13, answers=2, drawn=9), 11, load(20, 20, 20), 0), None, load(20, 20, 20), 10_000)

    assert (believed_ma(view), view.belief.answers) == (11_000, 3)
    assert (believed_ma(unmoved), unmoved.belief.answers) == (9_000, 2)


def test_a_raise_that_shows_in_full_adds_what_showed() -> None:
    """Believed to take 9 of 12 A, offered 14, and two more show, not five: 11 at least."""
    view = learn(told(silent(12, answers=2, drawn=9), 14, load(20, 20, 20), 0), None, load(22, 22, 22), 10_000)

    assert (believed_ma(view), view.belief.answers) == (11_000, 3)


def test_nobody_is_that_slow() -> None:
    """What has not shown after half a minute was not followed."""
    view = told(silent(16, answers=2), 10, load(30, 20, 20), 0)
    view = learn(view, None, load(30, 20, 20), 20_000)
    view = learn(view, None, load(30, 20, 20), 30_000)

    assert view.belief == Belief(unshown=1)


def test_small_changes_ask_nothing() -> None:
    """A change that drowns in the house neither proves nor ends anything."""
    small = (WORTH_ASKING_MA - 1) / 1000
    view = told(silent(6, answers=2), 6 + small, load(8, 8, 8), 0)

    assert learn(view, None, load(20, 20, 20), SHOWN_MS).belief == view.belief._replace(probe=None)


def test_an_unanswered_change_is_merged_with_the_next() -> None:
    """6 -> 12 -> 16 A in a breath is one change by 10 A, compared with the currents before both, and waits for the last."""
    view = told(silent(6), 12, load(8, 8, 8), 10_000)
    view = told(view, 16, load(9, 9, 9), 13_000)

    assert view.belief.probe == Probe(13_000, 6000, 16_000, PerLine(8000, 8000, 8000))
    assert learn(view, None, load(8, 8, 8), 18_000).belief.probe is not None
    assert learn(view, None, load(18, 18, 18), 19_000).belief.answers == 1


def test_a_guess_closes_no_question() -> None:
    """6 -> 12 A, and before a list comes the power alone takes it to 10: what the next list shows is still the answer to both."""
    guessed = told(told(silent(6, answers=1), 12, load(8, 8, 8), 10_000), 10, None, 12_000)

    assert guessed.belief.probe == Probe(12_000, 6000, 10_000, PerLine(8000, 8000, 8000))
    shown = learn(guessed, None, load(12, 12, 12), 20_000)
    assert (shown.belief.answers, believed_ma(shown)) == (ENOUGH, 10_000)


def test_there_and_back_is_no_question() -> None:
    """A change that was taken back before it was answered leaves the belief as it was."""
    view = told(told(silent(16, answers=2), 9, load(20, 20, 20), 0), 16, load(20, 20, 20), 3000)

    assert learn(view, None, load(30, 20, 20), 10_000).belief.answers == 2


def test_without_a_load_nothing_is_asked() -> None:
    """A limit that falls where no list tells the currents, on the power alone or at a sub-fuse, opens no question."""
    assert ask(silent(16), 6000, None, 0) is None


def test_a_fall_of_all_lines_ends_belief() -> None:
    """A car that is full takes most of its current from all its lines at once; then nothing is known any more."""
    view = silent(16, answers=2)

    assert learn(view, load(20, 20, 20), load(9, 9, 9), 60_000) == view  # 11 of 16 A: not most of it
    assert learn(view, load(20, 20, 20), load(8.8, 8.8, 8.8), 60_000).belief.answers == 0
    assert learn(view, load(20, 20, 20), load(4, 4, 20), 60_000) == view  # an oven on two lines
    assert learn(view, None, load(4, 4, 4), 60_000) == view
    assert learn(silent(16, frozenset({L1}), answers=1), load(20, 0, 0), load(4, 0, 0), 60_000).belief.answers == 0


def test_a_fall_that_leaves_enough_is_the_house() -> None:
    """An oven of 9 A goes off beside a car of 8 A on one line: as long as the line carries 8 A the car may be there as before."""
    view = silent(8, frozenset({L1}), answers=2)
    before, after = load(17, 0, 0), load(8, 0, 0)

    assert learn(view, before, after, 60_000, Around(left_ma=PerLine(0, 0, 0))) == view
    assert learn(view, before, after, 60_000, Around(left_ma=PerLine(-WORTH_ASKING_MA, 0, 0))) == view
    assert learn(view, before, after, 60_000, Around(left_ma=PerLine(-WORTH_ASKING_MA - 1, 0, 0))).belief.answers == 0
    assert learn(view, before, after, 60_000, Around(left_ma=PerLine(None, 0, 0))).belief.answers == 0, (
        "where nobody can tell, in doubt"
    )


def test_belief_outlives_a_pause() -> None:
    """A paused charger has nothing to lose, and one that does not wake up is credited with nothing."""
    view = learn(told(silent(10, answers=2), 0, load(20, 20, 20), 0), None, load(10, 10, 10), 10_000)
    assert (view.belief.answers, believed_ma(view)) == (3, 0)
    assert learn(view, load(20, 20, 20), load(20, 19, 18), 60_000) == view
    view = learn(told(view, 10, load(8, 8, 8), 70_000), None, load(8, 8, 8), 80_000)
    assert believed_ma(view) == 0


def test_one_list_is_not_two_proofs() -> None:
    """A list that proves one change and is the measure of the next proves one: a single wrong reading makes no belief."""
    wrong = load(35, 35, 35)
    view = told(silent(0), 16, load(5, 5, 5), 10_000)
    view = learn(view, load(5, 5, 5), wrong, 20_000)
    assert view.belief.answers == 1
    view = told(view, 0, wrong, 20_000)
    view = learn(view, wrong, load(5, 5, 5), 30_000)
    assert (view.belief.answers, view.belief.probe) == (1, None)


def test_a_silent_car_is_raised_without_reserve_in_the_end() -> None:
    """A car that never reports gets what a reporting one gets, as soon as it has been seen to follow, even in a constant house."""
    run = Run(house(charger("garage")))
    seen: list[int] = []
    for _ in range(60):
        run.lists(1, *(7.0 + run.limit() / 1000,) * 3)
        seen.append(run.limit())

    assert believed_ma(run.state.chargers[0]) == 16_000
    assert seen[-1] == 16_000
    assert 11_000 not in seen


def test_a_car_that_wakes_up_late_has_answered() -> None:
    """A resumed car may need a minute: its question stays open, and what it draws then counts."""
    view = told(silent(0, answers=1), 10, load(8, 8, 8), 0)
    for at in (10_000, 20_000, 30_000):
        view = learn(view, None, load(8, 8, 8), at)
        assert view.belief.probe is not None
    view = learn(view, None, load(18, 18, 18), 40_000)
    assert (view.belief.answers, believed_ma(view)) == (2, 10_000)
    asleep = told(silent(0, answers=1), 10, load(8, 8, 8), 0)
    assert learn(asleep, None, load(8, 8, 8), 60_000).belief.probe is None


ONE_LINE = frozenset({L1})


def asked(view: ChargerView, amps: float, seen: Load, others: tuple[ChargerView, ...]) -> ChargerView:
    """The same charger after a change at 10 s, beside others."""
    limit = round(amps * 1000)
    belief = view.belief._replace(probe=ask(view, limit, seen, 10_000, others))
    return view._replace(grant=replace(view.grant, limit_ma=limit), commands=(Command(10_000, limit),), belief=belief)


def says(view: ChargerView, amps: float) -> ChargerView:
    """A charger that reports so much on L1, and nothing of other lines."""
    return view._replace(report=report(0, "b", amps, [L1]))


@pytest.mark.parametrize("neighbour", [says(silent(16, ONE_LINE), 16), silent(16, ONE_LINE, answers=ENOUGH)])
def test_what_a_known_neighbour_did_is_taken_out(neighbour: ChargerView) -> None:
    """A car that takes 10 A more while the neighbour, who says what it draws or is believed, takes 16 A less, has answered."""
    view = asked(silent(6, ONE_LINE, answers=1), 16, load(30, 0, 0), (neighbour,))
    paused = neighbour._replace(grant=replace(neighbour.grant, limit_ma=0))

    assert learn(view, None, load(24, 0, 0), 20_000, Around((view, paused))).belief.answers == 2
    assert learn(view, None, load(24, 0, 0), 20_000, Around((view, neighbour))).belief.answers == 1


def test_a_neighbour_that_draws_nothing_changes_nothing() -> None:
    """What is offered to a charger that says it draws nothing moves no line."""
    view = asked(silent(6, ONE_LINE, answers=1), 16, load(30, 0, 0), (says(silent(16, ONE_LINE), 0),))

    assert learn(view, None, load(40, 0, 0), 20_000, Around((says(silent(0, ONE_LINE), 0),))).belief.answers == 2


def test_an_unknown_neighbour_on_the_same_line_spoils_the_question() -> None:
    """Where nobody knows what a neighbour did meanwhile, a change proves nothing, and no more is believed than is allowed now."""
    before, after = silent(16, ONE_LINE), silent(6, ONE_LINE)
    view = asked(silent(16, answers=2), 9, load(40, 40, 40), (before,))
    spoilt = learn(view, None, load(33, 33, 33), 20_000, Around((after,))).belief

    assert (spoilt.probe, spoilt.answers, spoilt.drawn_ma) == (None, 2, 9_000)
    assert learn(view, None, load(33, 33, 33), 20_000, Around((before,))).belief.answers == 3


def test_an_unknown_neighbour_on_another_line_spoils_nothing() -> None:
    """A change on lines that the charger does not use is none of its business."""
    before, after = silent(16, frozenset({L2})), silent(6, frozenset({L2}))
    view = asked(silent(6, ONE_LINE, answers=1), 16, load(20, 20, 0), (before,))

    assert learn(view, None, load(30, 10, 0), 20_000, Around((after,))).belief.answers == 2


def test_of_two_lines_both_must_show() -> None:
    """A charger between two lines has answered only as far as both have changed."""
    view = told(silent(6, frozenset({L1, L2}), answers=1), 16, load(20, 20, 20), 10_000)

    assert learn(view, None, load(30, 23.9, 20), 20_000).belief.answers == 1
    assert learn(view, None, load(30, 28, 20), 20_000).belief.drawn_ma == 14_000


def test_the_smallest_change_that_asks() -> None:
    """A change that is just large enough is a question."""
    view = told(silent(6, answers=1), 6 + WORTH_ASKING_MA / 1000, load(8, 8, 8), 0)

    assert learn(view, None, load(*(8 + WORTH_ASKING_MA / 1000,) * 3), 10_000).belief.answers == 2


def test_there_and_back_is_no_question_to_a_car_that_takes_less_either() -> None:
    """Nothing was asked of a car that takes less than it may, if in the end it may as much as before."""
    view = told(told(silent(16, answers=2, drawn=9), 12, load(20, 20, 20), 0), 16, load(20, 20, 20), 3000)

    assert learn(view, None, load(27, 27, 27), 10_000).belief.answers == 2


def test_a_start_that_does_not_show_is_an_empty_place() -> None:
    """6 A offered for a minute and nothing on the meter: nobody seems to be there, until anything shows."""
    view = told(silent(0), 6, load(8, 8, 8), 0)
    view = learn(view, None, load(8, 8, 8), SETTLED_MS - 1)
    assert not seems_empty(view)
    view = learn(view, None, load(8, 8, 8), SETTLED_MS)
    assert seems_empty(view)
    assert not seems_empty(view._replace(report=report(0, "a", 0)))
    view = learn(told(view, 8, load(8, 8, 8), 100_000), None, load(10, 10, 10), 110_000)
    assert (seems_empty(view), view.belief.answers) == (False, 1)


def test_two_cuts_that_do_not_show_are_an_empty_place() -> None:
    """One may be hidden by the house."""
    view = silent(8)
    for cuts in (1, 2):
        view = told(view._replace(grant=replace(view.grant, limit_ma=8_000)), 6, load(20, 20, 20), cuts * 100_000)
        view = learn(view, None, load(20, 20, 20), cuts * 100_000 + SHOWN_MS)
        assert seems_empty(view) == (cuts == 2)


@pytest.mark.parametrize(("shown", "empty"), [(0, True), (2.3, True), (2.4, False), (6, False), (None, False)])
def test_a_start_that_shows_in_part_is_an_answer(shown: float | None, empty: bool) -> None:
    """Only what does not show by four tenths is taken for nothing; an unknown current proves nothing."""
    after = load(None, None, None) if shown is None else load(8 + shown, 8 + shown, 8 + shown)
    assert seems_empty(learn(told(silent(0), 6, load(8, 8, 8), 0), None, after, SETTLED_MS)) == empty


@pytest.mark.parametrize(
    ("before", "seen", "began"),
    [(0, (26, 16, 16), True), (0, (26, 16, 10), False), (0, (21, 11, 11), False), (6, (26, 16, 16), False)],
)
def test_a_start_has_begun_when_it_shows_on_all_its_lines(before: int, seen: tuple[float, ...], *, began: bool) -> None:
    """Two lines of three may be the house; and the raise of a car that charges is no start."""
    view = told(silent(before), before + 6, load(20, 10, 10), NOW)
    view = learn(view, None, load(*seen), NOW + 40_000)

    assert (view.belief.began_at == NOW + 40_000) is began
    assert not began or told(view, 0, load(20, 10, 10), NOW).belief.forgotten().began_at < 0


@pytest.mark.parametrize(
    ("sure", "seen", "began"), [(SURE, (26, 10, 10), True), (SURE, (20, 16, 10), False), (SURE - 1, (26, 10, 10), False)]
)
def test_a_small_car_has_begun_when_its_lines_show_it(sure: int, seen: tuple[float, ...], *, began: bool) -> None:
    """The meter has told which lines it uses; a first sight of them may be the house."""
    small = silent(0)._replace(belief=Belief(lines=frozenset({L1}), sure=sure), report=report(NOW, "a", 0))
    view = learn(told(small, 6, load(20, 10, 10), NOW), None, load(*seen), NOW + 40_000)

    assert (view.belief.began_at == NOW + 40_000) is began


@pytest.mark.parametrize(("waited", "open_"), [(RESPONSE_MS - 1, True), (RESPONSE_MS, False)])
def test_a_raise_that_was_taken_back_is_no_question(waited: int, open_: bool) -> None:
    """Up and down again to the same limit: also of a charger that was seen to be slow, nothing more is waited for than its time."""
    view = told(told(silent(6, answers=1), 16, load(20, 20, 20), 10_000), 6, load(20, 20, 20), 12_000)
    view = view._replace(belief=view.belief._replace(response_ms=RESPONSE_MS))
    view = learn(view, None, load(20, 20, 20), 12_000 + waited)

    assert (view.belief.probe is not None) is open_


def test_a_small_car_at_a_large_silent_charger_is_filled() -> None:
    """It draws on L2 alone, beside another car on L1: in the end it has all that it can take there."""
    run = Run(house(charger("garage"), charger("other", {L1}), fuse=40))
    for _ in range(240):
        own, other = run.limit("garage") / 1000, run.limit("other") / 1000
        run.lists(1, 1 + other, 3 + own, 3, says={"other": other})

    assert (run.limit("garage"), run.limit("other")) == (16_000, 16_000)


def test_a_car_that_stays_below_its_limit_is_seen_all_the_same() -> None:
    """One that takes an ampere less than it may, but never less than the minimum, shows one ampere of each two."""
    view = learn(told(silent(8, answers=1), 6, load(17, 17, 17), 0), None, load(16.001, 16.001, 16.001), 20_000)

    assert (view.belief.answers, believed_ma(view)) == (2, 6_000)
