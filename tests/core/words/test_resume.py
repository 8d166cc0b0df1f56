"""What a charger was in the middle of goes on after a restart, and is never believed against what can be seen."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from han_gateway.core.events import ChargerStatus
from han_gateway.core.fairness import LEAD_MA, in_turn
from han_gateway.core.gateway import start
from han_gateway.core.site import Charger, modes_of
from han_gateway.core.state import ChargerView, Phasing
from han_gateway.core.times import QUIET_MS, SHOWN_MS, TURN_MS
from han_gateway.core.units import Instant, Line
from han_gateway.core.usage import MOST_SWITCHES
from han_gateway.core.words.memory import BEHIND_MS, Memory, Past, recall, remembered, understood, worded, worth_keeping
from han_gateway.core.words.resume import NOTHING, Midst
from han_gateway.keeper import BY_MA
from tests.core.houses import ALL, L1, L2, L3, LIST_MS, Home, Run, charger, house, list2, notes

NOW = 360_000_000
CONNECTED, IDLE = ChargerStatus.CONNECTED, ChargerStatus.IDLE
ONE = frozenset({L3})
BUSY = (12, 22, 7)
"""A house that leaves three phases no minimum, and L3 all that a charger may have."""
PAIR = house(charger("left"), charger("right"), fuse=12)


def switchable(name: str = "garage") -> Charger:
    """A charger that can charge on any one line."""
    return charger(name, order=(L1, L2, L3), modes=modes_of("any-phase", (L1, L2, L3), house().grid))


SWITCHES = house(switchable())


def restart(run: Run, down_ms: int = 30_000, memory: Memory | None = None) -> Instant:
    """The gateway stops, writes down what it knows, and starts so much later, with that or another memory."""
    at = run.now + down_ms
    kept = understood(worded(memory or remembered(run.state, run.now)))
    assert kept is not None
    run.state = recall(run.site, start(run.site, at), kept, at)
    run.effects.clear()
    run.tick(at)
    return at


def one_phase(minutes: float = 3) -> Home:
    """A car that was brought to one phase, and has charged so for a while."""
    run = Home(SWITCHES)
    run.minutes(2, 5, 5, 5)
    run.minutes(minutes, *BUSY)
    assert (run.view.mode, run.limit(), run.view.phasing.switches) == (ONE, 16_000, 1)
    return run


def begun(midst: Midst, age_ms: int = 0, site: Any = SWITCHES) -> ChargerView:
    """The first charger of a house that has just begun, with this memory of it."""
    memory = Memory(NOW - age_ms, 0, (Past("garage", midst=midst),))
    return recall(site, start(site, NOW), memory, NOW).chargers[0]


@pytest.mark.parametrize("first", ["list", "report"])
@pytest.mark.parametrize("down_ms", [1_000, 10 * 60_000])
def test_a_charger_on_one_phase_goes_on_there(first: str, down_ms: int) -> None:
    """After the fallback it is neither paused nor told other lines, whoever is heard first, and has back all that it had."""
    run = one_phase()
    restart(run, down_ms)
    if first == "list":
        run.hear(run.now + 2_000, list2(12, 22, 13))
    run.minutes(5, *BUSY)

    assert run.modes() == [ONE]
    assert run.limits()[0][1] == 6_000
    assert min(limit for _, limit in run.limits()) == 6_000
    assert (run.limit(), run.view.lines) == (16_000, ONE)


def test_the_count_of_changes_goes_on() -> None:
    """A car whose changes are spent before a restart is paused after it rather than changed once more; the next car begins anew."""
    run = one_phase()
    memory = Memory(run.now, 0, (Past("garage", midst=Midst(switches=MOST_SWITCHES - 1)),))
    restart(run, memory=memory)
    run.minutes(2, 5, 5, 5)
    run.minutes(5, *BUSY)
    assert (run.modes(), run.limit()) == ([ALL], 0)
    run.report(run.now + 1_000, (0, 0, 0), IDLE)
    run.minutes(3, *BUSY)
    assert run.modes() == [ALL, ONE]


def test_it_goes_back_to_three_phases_no_sooner_than_after_a_change() -> None:
    """What three would have carried meanwhile is not known: it is looked at for ten minutes anew, and then it changes."""
    run = one_phase()
    at = restart(run)
    run.minutes(QUIET_MS / 60_000 - 0.5, 3, 3, 3)
    assert run.modes() == [ONE]
    run.minutes(3, 3, 3, 3)
    assert run.modes() == [ONE, ALL]
    assert run.view.phasing.switches == 2
    assert run.now > at + QUIET_MS


def test_what_three_would_carry_is_weighed_as_after_a_change() -> None:
    """The house must make up for as much as it had to before: three minutes of plenty after eight without are not enough."""
    run = one_phase()
    restart(run)
    run.minutes(8, *BUSY)
    run.minutes(3.5, 3, 3, 3)
    assert run.modes() == [ONE]
    run.minutes(3, 3, 3, 3)
    assert run.modes() == [ONE, ALL]


def test_a_car_that_uses_few_lines_is_not_changed_for_more() -> None:
    """That it was seen is remembered as long as it stays."""
    run = one_phase()
    memory = Memory(run.now, 0, (Past("garage", midst=Midst(ONE, 1, narrow=True)),))
    restart(run, memory=memory)
    run.minutes(15, 3, 3, 3)
    assert run.modes() == [ONE]
    run.report(run.now + 1_000, (0, 0, 0), IDLE)
    run.minutes(2, 3, 3, 3)
    assert run.modes() == [ONE, ALL]


@settings(max_examples=150)
@given(
    st.sampled_from([frozenset({line}) for line in (L1, L2, L3)]),
    st.integers(0, MOST_SWITCHES),
    st.lists(st.tuples(*[st.integers(0, 45)] * 3), min_size=6, max_size=12),
)
def test_until_it_is_heard_its_lines_change_no_limit(
    lines: frozenset[Line], switches: int, currents: list[tuple[int, ...]]
) -> None:
    """A charger that has not reported yet counts on all of its lines: it is cut and raised to the ampere as without a memory."""
    runs = Run(SWITCHES, NOW), Run(SWITCHES, NOW)
    for run, midst in zip(runs, (NOTHING, Midst(lines, switches)), strict=True):
        restart(run, memory=Memory(NOW, 0, (Past("garage", midst=midst),)))
        for amps in currents:
            run.hear(run.now + LIST_MS, list2(*amps))
    without, remembering = runs
    assert remembering.limits() == without.limits()
    assert {told.lines for _, told in remembering.told()} == {lines}


def test_what_a_report_shows_on_other_lines_wins() -> None:
    """Somebody has changed it meanwhile: it counts on all of its lines from its first report on, and is told all of them, like a first start."""
    run = one_phase()
    restart(run)
    run.report(run.now + 1_000, (6, 6, 6))
    assert (run.view.lines, run.view.mode, run.view.phasing.switches) == (ALL, None, 1)
    assert notes(effect for _, effect in run.effects if "phase" in str(effect)) == []
    run.minutes(1, 5, 5, 5)
    assert run.modes() == [ONE, ALL]


def test_who_was_heard_once_on_its_lines_must_stay_there() -> None:
    """From its first good report on it is judged like any other that was told few lines."""
    run = one_phase()
    restart(run)
    run.report(run.now + 1_000)
    assert run.view.lines == ONE
    run.report(run.now + 1_000, (6, 6, 6))
    assert (run.view.lines, run.view.mode, run.view.phasing.switches) == (ALL, None, MOST_SWITCHES)


def test_a_car_that_has_left_meanwhile_is_forgotten() -> None:
    """The next one is awaited on all lines, with all changes before it."""
    run = one_phase()
    restart(run)
    run.report(run.now + 1_000, (0, 0, 0), IDLE)
    assert run.view.phasing == Phasing()
    run.status = IDLE
    run.minutes(2, 5, 5, 5)
    assert run.modes() == [ONE, ALL]
    run.report(run.now + 1_000, (0, 0, 0), IDLE)
    assert run.view.phasing.switches == 0


@pytest.mark.parametrize(
    ("midst", "kept"),
    [
        (Midst(ONE, 1), Midst(ONE, 1)),
        (Midst(frozenset({L1, L3}), 1), Midst(None, 1)),  # no lines that it can be told
        (Midst(ALL, 2), Midst(None, 2)),
        (Midst(ONE, MOST_SWITCHES), Midst(ONE, MOST_SWITCHES)),
        (Midst(ONE, MOST_SWITCHES + 1), Midst(ONE, 0)),
        (Midst(None, 0, narrow=True), Midst(None, 0, narrow=True)),
    ],
)
def test_what_makes_no_sense_here_is_passed_over(midst: Midst, kept: Midst) -> None:
    """Each value is judged alone, by what this charger can do."""
    view = begun(midst)
    assert remembered(start(SWITCHES, NOW)._replace(chargers=(view,)), NOW).chargers[0].midst == kept
    assert view.lines == ALL


def test_a_charger_that_cannot_change_has_no_lines_to_remember() -> None:
    """Nor is anything written down of the lines of its car."""
    site = house(charger("garage"))
    view = begun(Midst(ONE, 2, narrow=True), site=site)
    assert (view.mode, view.phasing) == (None, Phasing())
    seen = view._replace(phasing=Phasing(narrow_car=True))
    assert remembered(start(site, NOW)._replace(chargers=(seen,)), NOW).chargers[0].midst == NOTHING


@pytest.mark.parametrize("age_ms", [TURN_MS, 1 << 60, -BEHIND_MS - 1])
def test_from_another_day_nothing_goes_on(age_ms: int) -> None:
    """After three hours, or where the clock says nonsense, a charger begins as without a memory."""
    assert begun(Midst(ONE, 2, narrow=True, turn_ms=0), age_ms) == begun(NOTHING)
    assert begun(Midst(ONE, 2), TURN_MS - 1).mode == ONE


@pytest.mark.parametrize(
    ("turn_ms", "age_ms", "goes_on_for"),
    [
        (0, 0, TURN_MS),
        (60_000, 30_000, TURN_MS - 90_000),
        (TURN_MS - 2, 1, 1),
        (TURN_MS - 1, 1, 0),
        (TURN_MS, 0, 0),
        (5, -BEHIND_MS, TURN_MS - 5),
    ],
)
def test_a_turn_ends_when_it_would_have_ended(turn_ms: int, age_ms: int, goes_on_for: int) -> None:
    """The time without a gateway is part of it, and none begins anew; a clock that is a little behind makes it no shorter."""
    view = begun(Midst(turn_ms=turn_ms), age_ms)
    assert view.started_at <= NOW
    assert [in_turn(view, NOW + after) for after in (0, goes_on_for - 1, goes_on_for) if after >= 0] == [
        expected for after, expected in ((0, goes_on_for > 0), (goes_on_for - 1, True), (goes_on_for, False)) if after >= 0
    ]


def test_who_had_just_started_is_not_paused_for_another() -> None:
    """Where there is room for one only, it goes on that was charging, though the other has had less."""
    turns = {}
    for turn_ms in (None, 600_000):
        run = Run(PAIR, NOW)
        left = Past("left", None, 8_000_000, midst=Midst(turn_ms=turn_ms))
        restart(run, memory=Memory(NOW, 0, (left, Past("right", None, 2_000_000))))
        run.hear(run.now + LIST_MS, list2(16, 16, 16))
        turns[turn_ms] = run.limit("left"), run.limit("right")
    assert turns == {None: (0, 6_000), 600_000: (6_000, 0)}


def test_who_is_paused_has_no_turn() -> None:
    """Of two that change places only the one that charges is remembered to be in its turn."""
    run = Run(PAIR, NOW)
    restart(run, memory=Memory(NOW, 0, (Past("left", midst=Midst(turn_ms=60_000)),)))
    run.hear(run.now + LIST_MS, list2(16, 16, 16))
    left, right = remembered(run.state, run.now).chargers
    assert left.midst.turn_ms == 60_000 + 30_000 + LIST_MS
    assert right.midst == NOTHING


def test_words_cost_no_brackets() -> None:
    """An older gateway counts them: a house that it could read it can read still, and passes over what it does not know."""
    memory = Memory(NOW, 0, (Past("garage", midst=Midst(frozenset({L1, L3}), 2, narrow=True, turn_ms=7)),))
    assert [worded(memory).count(bracket) for bracket in (b"{", b"[")] == [3, 0]


def test_its_words_are_as_documented() -> None:
    """Only what is not as always is written, so a house without phases and turns has the file that it had."""
    memory = Memory(NOW, 0, (Past("garage", midst=Midst(frozenset({L3, L1}), 2, narrow=True, turn_ms=7)), Past("yard")))
    assert json.loads(worded(memory))["chargers"] == {
        "garage": {"had_ua": 0, "response_ms": None, "lines": "L1+L3", "narrow": True, "switches": 2, "turn_ms": 7},
        "yard": {"had_ua": 0, "response_ms": None},
    }


@pytest.mark.parametrize("wrong", ["null", "-1", "1.5", "NaN", '"7"', "[]", "{}", '["L1"]', '"L4"', '"L1+"', '""', '"l1"', "0"])
def test_a_wrong_value_costs_that_value(wrong: str) -> None:
    """What is no line, no count and no truth is not known; what stands beside it is."""
    known = Midst(frozenset({L2}), 1, narrow=True, turn_ms=9)
    without = {
        "lines": known._replace(lines=None),
        "narrow": known._replace(narrow=False),
        "switches": known._replace(switches=0),
        "turn_ms": known._replace(turn_ms=0 if wrong == "0" else None),
    }
    for key, left in without.items():
        words = {"lines": '"L2"', "narrow": "true", "switches": "1", "turn_ms": "9", key: wrong}
        inner = ",".join(f'"{name}":{value}' for name, value in words.items())
        text = f'{{"at":5,"chargers":{{"a":{{"had_ua":3,{inner}}}}}}}'
        assert understood(text.encode()) == Memory(5, 0, (Past("a", None, 3, midst=left),))


def test_a_change_of_phases_is_worth_a_write_and_a_turn_waits_for_the_end() -> None:
    """Lines, their count and a car of few lines are few changes a day; turns change with the kettles of a house."""

    def worth(kept: Midst, now: Midst, by_ma: int, age_ms: int = 0) -> bool:
        before = Memory(NOW, 0, (Past("garage", midst=kept),))
        return worth_keeping(before, Memory(NOW + age_ms, 0, (Past("garage", midst=now),)), by_ma)

    one = Midst(ONE, 1)
    for other in (Midst(None, 1), Midst(ONE, 2), Midst(ONE, 1, narrow=True)):
        assert worth(one, other, BY_MA)
        assert worth(other, one, BY_MA)
        assert not worth(other, other, BY_MA, TURN_MS - 1)
        assert worth(other, other, BY_MA, TURN_MS), "it would not be recalled any more"
    turn = Midst(turn_ms=SHOWN_MS)
    for other in (NOTHING, Midst(turn_ms=2 * SHOWN_MS + 1)):
        assert not worth(other, turn, BY_MA)
        assert worth(other, turn, LEAD_MA)
        assert worth(turn, other, LEAD_MA)
    assert not worth(turn, Midst(turn_ms=2 * SHOWN_MS), LEAD_MA)
    assert not worth(turn, Midst(turn_ms=SHOWN_MS + 60_000), LEAD_MA, age_ms=60_000)
    assert not worth(turn, NOTHING, LEAD_MA, age_ms=TURN_MS - SHOWN_MS)
    assert not worth(NOTHING, Midst(turn_ms=TURN_MS), LEAD_MA)
