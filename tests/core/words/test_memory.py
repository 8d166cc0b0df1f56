"""What outlives a restart comes back, makes nobody bolder, and cannot be half of anything."""

import json
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from han_gateway.core.draw import in_force, settled
from han_gateway.core.effects import Cause
from han_gateway.core.events import Ask, Asked
from han_gateway.core.fairness import MEMORY_MS
from han_gateway.core.gateway import start
from han_gateway.core.seen.remainder import SUN_MS, sunny
from han_gateway.core.site import Policy, Site
from han_gateway.core.state import State
from han_gateway.core.times import SHOWN_MS, TURN_MS
from han_gateway.core.units import LINES, Instant
from han_gateway.core.words.memory import (
    BEHIND_MS,
    LARGEST,
    MOST_BRACKETS,
    PATIENT_MS,
    WORTH_MS,
    Memory,
    Past,
    recall,
    remembered,
    understood,
    worded,
    worth_keeping,
)
from han_gateway.core.words.resume import Midst
from tests.core.houses import LIST_MS, Run, charger, house, list2

HOUR = 3_600_000
NOW = 100 * HOUR
LEFT, RIGHT = charger("left"), charger("right")
PAIR = house(LEFT, RIGHT)
LEARNED = Memory(at=NOW, patience_ms=60_000, chargers=(Past("left", 14_000, 8_000_000), Past("right", None, 2_000_000)))

WHOLES = st.one_of(st.integers(0, 100_000), st.integers(0, 1 << 70))
MIDSTS = st.builds(
    Midst,
    st.none() | st.frozensets(st.sampled_from(LINES), min_size=1),
    st.integers(0, 4) | WHOLES,
    st.booleans(),
    st.none() | st.integers(0, TURN_MS) | WHOLES,
)
PASTS = st.builds(
    Past,
    st.sampled_from(["garage", "left", "right", "other"]),
    st.none() | st.integers(5_000, 31_000) | WHOLES,
    WHOLES,
    st.none(),
    st.none(),
    MIDSTS,
)
MEMORIES = st.builds(
    Memory,
    st.one_of(st.integers(-HOUR, 2 * HOUR).map(lambda ago: NOW - ago), WHOLES),
    WHOLES,
    st.lists(PASTS, max_size=4).map(tuple),
    st.none() | st.integers(-HOUR, 30 * HOUR).map(lambda ago: NOW - ago),
)


def begun(site: Site, memory: Memory, at: Instant = NOW) -> State:
    """A state that has just begun and remembers."""
    return recall(site, start(site, at), memory, at)


class Restarted(Run):
    """A run that begins at ``NOW`` with a memory, or without."""

    def __init__(self, site: Site, memory: Memory | None) -> None:
        super().__init__(site, NOW)
        self.effects.clear()
        self.state = start(site, NOW) if memory is None else begun(site, memory)
        self.tick(NOW)

    def hears(self, currents: list[tuple[int, int, int]]) -> None:
        """A list with each of these currents, ten seconds apart."""
        for place, amps in enumerate(currents, 1):
            self.hear(NOW + place * LIST_MS, list2(*amps))


def test_what_was_learned_is_known_again() -> None:
    """How slow a charger is, what each has had and the window that the house needs come back as they were."""
    state = begun(PAIR, LEARNED)
    assert remembered(state, NOW) == LEARNED
    assert [view.response_ms for view in state.chargers] == [14_000, 6_000]


def test_a_real_run_leaves_what_it_has_learned() -> None:
    """After hours in which one car had current and the other none, both are remembered with what they had."""
    run = Run(PAIR)
    run.lists(360, 2, 2, 2, says={"left": 16, "right": 0})
    left, right = remembered(run.state, NOW).chargers
    assert (left.name, right.name) == ("left", "right")
    assert left.had_ua > 2_000_000
    assert right.had_ua < 100_000


@pytest.mark.parametrize(
    ("age_ms", "had_ua"),
    [
        (0, 8_000_000),
        (HOUR * 3 // 2, 6_000_000),
        (MEMORY_MS, 0),
        (1 << 60, 0),
        (-BEHIND_MS, 8_000_000),
        (-BEHIND_MS - 1, 0),
        (-(1 << 60), 0),
    ],
)
def test_what_it_had_fades_while_nobody_looks(age_ms: int, had_ua: int) -> None:
    """After six hours nothing of it counts; a clock that is a little behind changes nothing, one that talks nonsense makes it long ago."""
    state = begun(PAIR, LEARNED._replace(at=NOW - age_ms))
    assert state.chargers[0].had_ua == had_ua
    assert state.chargers[0].response_ms == 14_000


@pytest.mark.parametrize(("age_ms", "patience_ms"), [(0, 60_000), (PATIENT_MS, 60_000), (PATIENT_MS + 1, 0)])
def test_patience_is_for_the_same_evening(age_ms: int, patience_ms: int) -> None:
    """The window that was learned holds again for ten quiet minutes, and is forgotten an hour later."""
    run = Restarted(PAIR, LEARNED._replace(at=NOW - age_ms))
    run.hears([(2, 2, 2)] * 58)
    assert run.state.patience_ms == patience_ms


@pytest.mark.parametrize(
    ("past", "kept"),
    [
        (Past("left", 6_000, 16_000_000), Past("left", None, 16_000_000)),
        (Past("left", 6_001, 16_000_001), Past("left", 6_001, 0)),
        (Past("left", SHOWN_MS, 0), Past("left", SHOWN_MS, 0)),
        (Past("left", SHOWN_MS + 1, 1), Past("left", None, 1)),
        (Past("left", 0, 0), Past("left")),
        (Past("middle", 9_000, 9), Past("left")),
    ],
)
def test_what_makes_no_sense_here_is_passed_over(past: Past, kept: Past) -> None:
    """Each value is judged alone: nobody is faster than configured, nor slower than anybody is, nor had more than it may have."""
    assert remembered(begun(PAIR, Memory(NOW, 0, (past,))), NOW).chargers[0] == kept


@pytest.mark.parametrize(("window_ms", "kept"), [(20_000, 0), (20_001, 20_001), (90_000, 90_000), (90_001, 0)])
def test_no_window_is_shorter_than_configured_or_longer_than_allowed(window_ms: int, kept: int) -> None:
    """A window outside the policy is forgotten."""
    assert begun(PAIR, LEARNED._replace(patience_ms=window_ms)).patience_ms == kept


@given(MEMORIES)
def test_nothing_is_said_otherwise_before_the_first_list(memory: Memory) -> None:
    """Whatever is remembered, the first limits are the fallback, and all that is told until the meter is heard is the same."""
    without, remembering = Restarted(PAIR, None), Restarted(PAIR, memory)
    for run in (without, remembering):
        run.until(NOW + 90_000)
    assert remembering.effects == without.effects
    assert {told.grant.limit_ma for _, told in remembering.told()} == {6_000}


@settings(max_examples=300)
@example(Memory(NOW, 0, (Past("garage", 30_000),)), [(28, 28, 28)] * 6, False)
@example(Memory(NOW, 90_000, (Past("garage", 30_000),)), [(0, 0, 0)] * 6, True)
@given(MEMORIES, st.lists(st.tuples(*[st.integers(0, 45)] * 3), min_size=6, max_size=12), st.booleans())
def test_a_memory_never_makes_the_first_limit_higher(memory: Memory, currents: list[tuple[int, int, int]], held: bool) -> None:
    """Until it first changes, a limit is cut as early and as deep as without a memory, and raised no sooner, for a charger alone."""
    site = house(charger("garage", fallback_ma=10_000), policy=Policy(hold_minimum=held))
    without, remembering = Restarted(site, None), Restarted(site, memory)
    for run in (without, remembering):
        run.hears(currents)
    first = next((change for change in without.limits() if change[1] != 10_000), None)
    before = [limit for at, limit in remembering.limits() if first is None or at < first[0]]
    assert set(before) == {10_000}
    if first is not None and first[1] < 10_000:
        assert first in remembering.limits()


@settings(max_examples=200)
@example(Memory(NOW, 0, (Past("left", 30_000, 9_000_000),)), [(30, 30, 30)] * 6)
@given(MEMORIES, st.lists(st.tuples(*[st.integers(0, 45)] * 3), min_size=6, max_size=12))
def test_a_memory_changes_turns_and_not_the_sum(memory: Memory, currents: list[tuple[int, int, int]]) -> None:
    """Two equal chargers together are cut first as early and as deep as without a memory, and neither is raised sooner."""
    without, remembering = Restarted(PAIR, None), Restarted(PAIR, memory)
    for place, amps in enumerate(currents, 1):
        before = [view.grant.limit_ma for view in without.state.chargers]
        for run in (without, remembering):
            run.hear(NOW + place * LIST_MS, list2(*amps))
        now, then = ([view.grant.limit_ma for view in run.state.chargers] for run in (without, remembering))
        if now == before:
            assert then == now
        elif sum(now) < sum(before):
            assert sum(then) == sum(now)
            return
        else:
            assert sum(then) <= sum(now)
            return


@pytest.mark.parametrize("step_at", [3, 4])
def test_slow_chargers_without_cars_are_cut_as_early_as_others(step_at: int) -> None:
    """What they left unused before the start is not known: nothing of it is lent to anybody in the first minute."""
    slow = Memory(NOW, 0, (Past("left", 30_000), Past("right", 30_000)))
    cuts = []
    for memory in (None, slow):
        run = Restarted(PAIR, memory)
        for place in range(1, 8):
            for name in ("left", "right"):
                run.say(NOW + place * LIST_MS - 1_000, name, 0)
            amps = (18 if place > step_at else 12) + place / 10
            run.hear(NOW + place * LIST_MS, list2(amps, amps, amps))
        cuts.append([at - NOW for at, limit in run.limits("right") if not limit][:1])
    assert cuts == [[(step_at + 1) * LIST_MS]] * 2


def test_a_slow_charger_is_waited_for_before_anything_is_raised() -> None:
    """A charger that was seen to need 30 s is given them after the start, where others have settled long before."""
    site = house(LEFT, policy=Policy(raise_window_ms=10_000))
    without, remembering = Restarted(site, None), Restarted(site, Memory(NOW, 0, (Past("left", 30_000),)))
    for run in (without, remembering):
        run.hears([(0, 0, 0)] * 3)
    assert [next(at - NOW for at, limit in run.limits("left") if limit > 6_000) for run in (without, remembering)] == [
        20_000,
        30_000,
    ]


def test_who_had_least_before_the_restart_is_served_first() -> None:
    """Where there is room for one only, it is the one that had least, not the one that is written first."""
    site = house(LEFT, RIGHT, fuse=12)
    run = Restarted(site, Memory(NOW, 0, (Past("left", None, 8_000_000),)))
    forgetful = Restarted(site, None)
    for each in (run, forgetful):
        each.hears([(16, 16, 16)])
    assert (run.limit("left"), run.limit("right")) == (0, 6_000)
    assert (forgetful.limit("left"), forgetful.limit("right")) == (6_000, 0)


@pytest.mark.parametrize("wish", [{"wish": Ask.PAUSE}, {"wish": Ask.PAUSE, "left_ms": 7}, {"wish": Ask.BOOST, "left_ms": 0}])
@given(memory=MEMORIES)
def test_words_are_understood_as_they_were_meant(wish: dict[str, int | Ask | None], memory: Memory) -> None:
    """A memory survives being written down; of two chargers of one name the last counts."""
    again = understood(worded(memory))
    assert again is not None
    names = {past.name: past for past in memory.chargers}
    if len(names) == len(memory.chargers) > 0:
        assert understood(worded(replace_past(memory, **wish))) == replace_past(memory, **wish)
    assert again == memory._replace(chargers=tuple(names.values()))


@given(st.one_of(st.binary(max_size=80), st.recursive(st.none() | st.integers() | st.floats() | st.text(), st.lists)))
def test_understanding_never_raises(value: object) -> None:
    """Whatever stands there is a memory or none."""
    assert understood(value if isinstance(value, bytes) else json.dumps(value).encode()) is None


@pytest.mark.parametrize(
    "payload", [b"[" * 60_000, b'{"at":1,"chargers":{}}' + b" " * LARGEST, b'{"at":' + b"1" * 5_000 + b"}", b"\xff", b"7", b"{}"]
)
def test_hostile_words_are_no_memory(payload: bytes) -> None:
    """Too deep, too long, no text: none of it is parsed to the end."""
    assert understood(payload) is None


@pytest.mark.parametrize("wrong", ["null", "true", "-1", "1.5", "NaN", '"7"', "[]", "{}"])
def test_a_wrong_value_costs_that_value(wrong: str) -> None:
    """What is no whole number is not known; what stands beside it is."""
    text = f'{{"at":5,"patience_ms":{wrong},"chargers":{{"a":{{"had_ua":{wrong},"response_ms":9}},"b":{wrong}}}}}'
    assert understood(text.encode()) == Memory(5, 0, (Past("a", 9), Past("b")))
    assert understood(f'{{"at":{wrong},"chargers":{{}}}}'.encode()) is None


def test_only_what_is_new_is_worth_a_write() -> None:
    """A restart without news, a little more or less, and what fades by itself are not; an hour of charging and a slow charger are."""
    assert not worth_keeping(None, remembered(start(PAIR, NOW), NOW))
    assert not worth_keeping(LEARNED, LEARNED)
    later = remembered(begun(PAIR, LEARNED, NOW + 2 * HOUR), NOW + 2 * HOUR)
    assert not worth_keeping(LEARNED._replace(patience_ms=0), later)
    assert worth_keeping(LEARNED, LEARNED._replace(at=NOW + HOUR))
    slower = replace_past(LEARNED, response_ms=15_000)
    assert worth_keeping(LEARNED, slower)
    assert worth_keeping(None, slower)
    assert worth_keeping(LEARNED, LEARNED._replace(patience_ms=80_000))
    assert not worth_keeping(LEARNED, replace_past(LEARNED, had_ua=8_400_000))


def replace_past(memory: Memory, **figures: int | Ask | None) -> Memory:
    """The same, with something else known of its first charger."""
    first, *rest = memory.chargers
    return memory._replace(chargers=(first._replace(**figures), *rest))  # type: ignore[arg-type]


def test_a_house_that_changed_keeps_what_still_fits() -> None:
    """A charger that is gone is forgotten, one that may have less now has had nothing, the rest is known."""
    small = replace(LEFT, maximum_ma=7_000)
    state = begun(house(small), LEARNED)
    assert remembered(state, NOW).chargers == (Past("left", 14_000, 0),)


def test_the_largest_memory() -> None:
    """As many bytes and brackets as are promised are read, and not one more, whatever kind they are of."""
    small = b'{"at":1,"chargers":{}}'
    assert understood(small + b" " * (LARGEST - len(small))) == Memory(1)
    assert understood(small + b" " * (LARGEST + 1 - len(small))) is None
    for inner in (b"{}", b"[]"):
        most = b",".join(b'"%d":%s' % (number, inner) for number in range(MOST_BRACKETS - 2))
        assert understood(b'{"at":1,"chargers":{' + most + b"}}") is not None
        assert understood(b'{"at":1,"chargers":{"more":{},' + most + b"}}") is None


def test_65_536_bytes_and_256_brackets() -> None:
    """That much is read, and not one more: a house of 254 chargers, and nothing that takes a small computer's breath."""
    small = b'{"at":1,"chargers":{}}'
    assert understood(small + b" " * (65_536 - len(small))) == Memory(1)
    assert understood(small + b" " * (65_537 - len(small))) is None
    for count, read in ((254, True), (255, False)):
        inner = b",".join(b'"%d":{}' % number for number in range(count))
        assert (understood(b'{"at":1,"chargers":{' + inner + b"}}") is not None) == read


def test_what_was_told_before_the_start_is_older_than_the_start() -> None:
    """Limits are remembered oldest first, of a slow charger as of any other, and the last one is that of now."""
    for view in begun(PAIR, LEARNED).chargers:
        instants = [command.at for command in view.commands]
        assert instants == sorted(instants)
        assert instants[-1] == NOW


def test_a_slow_charger_is_excused_as_long_as_without_a_memory() -> None:
    """What it was told before the start counts for its configured time; that it is slow counts for what it is told from now on."""
    left = begun(PAIR, LEARNED).chargers[0]

    def limits(at: Instant) -> set[int]:
        return {command.limit_ma for command in in_force(left, at)}

    assert limits(NOW) == limits(NOW + LEFT.response_ms - 1) == {LEFT.maximum_ma, left.grant.limit_ma}
    assert limits(NOW + LEFT.response_ms) == {left.grant.limit_ma}
    assert not settled(left, NOW + 13_999)
    assert settled(left, NOW + 14_000)


def test_what_is_just_worth_a_write() -> None:
    """A window that changed by as much as is worth it is kept; a mean that changed by no more than decides nothing is not."""
    assert worth_keeping(LEARNED, LEARNED._replace(patience_ms=LEARNED.patience_ms + WORTH_MS))
    assert not worth_keeping(LEARNED, replace_past(LEARNED, had_ua=8_000_000 + 1_000), by_ma=1)
    assert worth_keeping(LEARNED, replace_past(LEARNED, had_ua=8_000_000 + 1_001), by_ma=1)


@pytest.mark.parametrize(("patience_ms", "worth"), [(9_999, False), (10_000, True)])
def test_ten_seconds_more_are_worth_the_first_memory(patience_ms: int, worth: bool) -> None:
    """A house of which nothing was kept yet counts as one that has learned to wait for no longer than usual."""
    assert worth_keeping(None, Memory(NOW, patience_ms)) is worth


def test_a_clock_that_is_behind_takes_nothing_away() -> None:
    """Whoever has had 16 A all the time has had 16 A, to the last millionth, while the clock claims that it is earlier."""
    state = begun(PAIR, Memory(NOW + BEHIND_MS, 0, (Past("left", None, 16_000_000),)))
    assert state.chargers[0].had_ua == 16_000_000


@pytest.mark.parametrize("for_ms", [None, 6 * HOUR])
@pytest.mark.parametrize("down_ms", [1_000, 5 * HOUR])
def test_a_pause_outlives_a_restart(for_ms: int | None, down_ms: int) -> None:
    """The first limit is 0 again, written down or not in between, and the pause ends when it would have ended."""
    run = Restarted(PAIR, None)
    run.play(Asked(at=NOW, charger="left", ask=Ask.PAUSE, for_ms=for_ms))
    memory = understood(worded(remembered(run.state, NOW)))
    assert memory is not None
    again = Run(PAIR, NOW + down_ms)
    again.effects.clear()
    again.state = begun(PAIR, memory, NOW + down_ms)
    assert again.state.chargers[0].commands[-1].limit_ma == 0
    again.tick(NOW + down_ms)
    assert again.limits("left") == [(NOW + down_ms, 0)]
    assert again.grant("left").reason.cause is Cause.PAUSED
    assert again.limits("right") == [(NOW + down_ms, 6_000)]
    again.tick(NOW + 6 * HOUR - 1)
    before = again.state.chargers[0].paused
    again.tick(NOW + 6 * HOUR)
    assert (before, again.state.chargers[0].paused) == (True, for_ms is None)


@pytest.mark.parametrize(
    ("past", "wish"),
    [
        (Past("left", wish=Ask.BOOST, left_ms=HOUR), Ask.BOOST),
        (Past("left", wish=Ask.BOOST), None),  # it has an end
        (Past("left", wish=Ask.BOOST, left_ms=0), None),
        (Past("left", wish=Ask.PAUSE, left_ms=0), None),
        (Past("left", wish=Ask.PAUSE, left_ms=1), Ask.PAUSE),
        (Past("middle", wish=Ask.PAUSE), None),
    ],
)
def test_a_wish_that_makes_sense_holds_again(past: Past, wish: Ask | None) -> None:
    """A boost is back for the rest of its time; what is over stays over; a clock that is behind makes a wish no shorter."""
    for behind_ms in (0, BEHIND_MS):
        state = begun(PAIR, Memory(NOW + behind_ms, 0, (past,)))
        held = state.chargers[0].asks.wish
        assert (held and held.ask) is wish


@pytest.mark.parametrize("wrong", ['"restart"', '"resume"', "7", "null", '["pause"]', '"PAUSE"'])
def test_a_wrong_wish_is_none(wrong: str) -> None:
    """Only what can hold is remembered to hold."""
    text = f'{{"at":5,"chargers":{{"left":{{"had_ua":1,"wish":{wrong},"left_ms":9}}}}}}'
    assert understood(text.encode()) == Memory(5, 0, (Past("left", None, 1),))


def test_a_wish_is_worth_a_write() -> None:
    """A wish that is new, gone, or ends otherwise is written down; one that only comes nearer to its end is not."""
    pausing = replace_past(LEARNED, wish=Ask.PAUSE, left_ms=HOUR)
    later = pausing._replace(at=NOW + 60_000)
    assert worth_keeping(LEARNED, pausing)
    assert worth_keeping(pausing, LEARNED)
    assert worth_keeping(pausing, replace_past(pausing, left_ms=None))
    assert worth_keeping(pausing, replace_past(pausing, wish=Ask.BOOST))
    assert worth_keeping(pausing, later)
    assert not worth_keeping(pausing, replace_past(later, left_ms=HOUR - 60_000))


@pytest.mark.parametrize("kept_ms", [0, HOUR])
def test_ten_seconds_of_a_wish_are_not_worth_a_write(kept_ms: int) -> None:
    """An end that moved by ten seconds is as good as the same; a millisecond more and it is written down."""
    kept = replace_past(LEARNED, wish=Ask.PAUSE, left_ms=kept_ms)
    assert not worth_keeping(kept, replace_past(kept, left_ms=kept_ms + 10_000))
    assert worth_keeping(kept, replace_past(kept, left_ms=kept_ms + 10_001))


def test_a_pause_that_is_over_stays_over() -> None:
    """Also where it is written down just after its end, and read again at once."""
    run = Restarted(PAIR, None)
    run.play(Asked(at=NOW, charger="left", ask=Ask.PAUSE, for_ms=HOUR))
    memory = remembered(run.state, NOW + HOUR + 1)
    assert memory.chargers[0] == Past("left", wish=Ask.PAUSE, left_ms=0)
    assert begun(PAIR, memory, NOW + HOUR + 1).chargers[0].asks.wish is None


@pytest.mark.parametrize(("hours", "sunny_for"), [(0, 24), (23, 1), (24, 0), (-1, 24)])
def test_the_sun_of_the_day_is_remembered(hours: int, sunny_for: int) -> None:
    """A house that sold power within a day may have sun after a restart, too; a clock that is behind makes it no less."""
    state = begun(PAIR, Memory(NOW, sold_at=NOW - hours * HOUR))

    assert [sunny(state, NOW + after * HOUR) for after in (0, sunny_for - 1, sunny_for)] == [sunny_for > 0, sunny_for > 0, False]
    kept = remembered(state._replace(exported_at=NOW - HOUR), NOW + 5, NOW)
    assert kept.sold_at == NOW + 5 - HOUR
    assert understood(worded(kept)) == kept
    assert b"sold_at" not in worded(remembered(state._replace(exported_at=NOW - SUN_MS), NOW))


@pytest.mark.parametrize(
    ("before", "after", "worth"), [(None, NOW, True), (NOW, None, True), (NOW - HOUR, NOW, True), (NOW - HOUR + 1, NOW, False)]
)
def test_an_hour_of_sun_is_worth_a_write(before: Instant | None, after: Instant | None, worth: bool) -> None:
    """A house that sells all day is written down once an hour, not with every list."""
    assert worth_keeping(Memory(NOW, sold_at=before), Memory(NOW, sold_at=after)) is worth
