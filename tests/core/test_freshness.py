"""Lists that tell of the past: repeated, held back, out of order. They may lower a limit, and never raise one nor count as heard."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from han_gateway.core.effects import Doubt, Level, MeterState, Note, ShowReading
from han_gateway.core.freshness import HOURLY_MS, LIVELY
from han_gateway.core.site import Policy
from han_gateway.core.times import QUIET_MS
from han_gateway.meters.reading import ClockRule, Reading
from tests.core.houses import LIST_MS, Run, charger, house, list1, list2

FRESH, STALE, LOST = MeterState.FRESH, MeterState.STALE, MeterState.LOST
NOON = datetime(2026, 1, 15, 12)
OCTOBER = datetime(2026, 10, 25, 2, 58, 50)


def told(number: int, amps: float, start: datetime = NOON) -> Reading:
    """The list that the meter measures ``number`` periods after ``start``."""
    return list2(amps, amps, amps, clock=start + timedelta(seconds=10 * number))


def warm(amps: float = 20, count: int = 6, start: datetime = NOON) -> Run:
    """A run that has heard ``count`` lists with a clock, one every 10 s."""
    run = Run(house(charger("garage"), charger("yard")))
    for number in range(1, count + 1):
        run.hear(number * LIST_MS, told(number, amps, start))
    return run


def doubts(run: Run) -> list[Doubt | None]:
    """What was thought of each list."""
    return [effect.doubt for _, effect in run.effects if isinstance(effect, ShowReading)]


def warnings(run: Run) -> list[str]:
    """What people were warned of."""
    return [note.text for _, note in run.effects if isinstance(note, Note) and note.level is Level.WARNING]


def restless(count: int, run: Run | None = None) -> Run:
    """A run with so many lists without a clock, each a little different from the one before."""
    run = run or Run(house(charger("garage")))
    for number in range(count):
        run.hear(run.now // LIST_MS * LIST_MS + LIST_MS, list2(5, 5, 5, voltage_l1_mv=230_000 + 100 * (number % 7)))
    return run


# With a clock.


def test_a_bridge_that_sends_its_buffer_again_raises_nothing_and_is_not_heard() -> None:
    """Ten minutes of a quiet house that come again at once after a reconnection: no raise, no state, each list counted as late."""
    run = warm(20, 60)
    limit, heard_at = run.limit(), run.state.heard_at
    for number in range(60):
        run.hear(run.now + 20, told(number, 1))
        assert run.limit() <= limit
    assert set(doubts(run)[60:]) == {Doubt.LATE}
    assert run.state.heard_at == heard_at


def test_old_lists_keep_no_meter_fresh() -> None:
    """A meter of which only old lists still come, in bursts, is stale and lost like a silent one, and the note says why."""
    run = warm()
    for burst in range(1, 9):
        for number in range(3):
            run.hear(60_000 + burst * 10_000 + number, told(number, 1))
    assert run.state.meter is LOST
    assert any("its lists are old ones" in warning for warning in warnings(run))


def test_a_list_that_was_overtaken_is_late_and_the_next_is_not() -> None:
    """Two lists that change places: the older one renews nothing, whatever comes after it counts."""
    run = warm(count=6)
    run.hear(80_000, told(8, 20))
    run.hear(80_100, told(7, 1))
    run.hear(90_000, told(9, 20))
    assert doubts(run)[6:] == [None, Doubt.LATE, None]
    assert run.state.heard_at == 90_000


def test_an_old_list_may_lower() -> None:
    """A doubted list of a loud house cuts at once all the same: in doubt less flows."""
    run = warm(1, 20)
    assert run.limit() > 0
    before = run.limit()
    run.hear(run.now + 100, told(3, 40))
    assert doubts(run)[-1] is Doubt.LATE
    assert run.limit() < before


def test_a_backlog_counts_from_where_it_is_fresh_on() -> None:
    """After a minute without the network what was held back comes at once: only its last lists are young enough to count."""
    run = warm(20, 6)
    run.until(120_000)
    for number in range(7, 13):
        run.hear(120_000, told(number, 1))
    late = doubts(run)[6:]
    assert late == [Doubt.LATE] * late.count(Doubt.LATE) + [None] * late.count(None)
    assert late.count(None) == 3
    assert run.state.meter is FRESH


@pytest.mark.parametrize("jump", [timedelta(hours=-1), timedelta(hours=1), timedelta(hours=-2), timedelta(days=-30)])
def test_another_hour_on_the_clock_costs_no_list(jump: timedelta) -> None:
    """The end and the beginning of summer time, or a firmware that changed its mind: every list counts as before."""
    run = warm(5, 8, OCTOBER)
    for number in range(9, 30):
        run.hear(number * LIST_MS, told(number, 5, OCTOBER + jump))
    assert set(doubts(run)) == {None}
    assert run.state.meter is FRESH


@pytest.mark.parametrize("seconds", [-15, -40, -300, -1790, -100_000_007, 40, 300, 100_000_007])
def test_a_clock_that_is_set_costs_two_lists_at_most(seconds: int) -> None:
    """A clock that was set, by anything: the meter stays fresh, because it runs on from there."""
    run = warm(5, 8)
    for number in range(9, 30):
        run.hear(number * LIST_MS, told(number, 5, NOON + timedelta(seconds=seconds)))
        assert run.state.meter is FRESH
    assert doubts(run).count(Doubt.LATE) <= 2


@pytest.mark.parametrize(
    ("after_ms", "back_s", "late"),
    [
        pytest.param(10_000, 4, False, id="a little slow"),
        pytest.param(10_000, 11, True, id="older than the last"),
        pytest.param(1_000, 2, True, id="older than the last, and at once"),
        pytest.param(60_000, 26, False, id="as old as a list may be"),
        pytest.param(60_000, 27, True, id="older than that"),
        pytest.param(10_000, 3_593, True, id="not quite an hour"),
        pytest.param(10_000, 3_594, False, id="another hour, and a little fast"),
        pytest.param(10_000, 3_606, False, id="another hour, and a little slow"),
        pytest.param(10_000, 3_607, True, id="more than an hour"),
        pytest.param(10_000, 4_800, True, id="80 minutes"),
        pytest.param(10_000, 7_200, False, id="two hours"),
    ],
)
def test_how_old_a_list_may_be(after_ms: int, back_s: int, late: bool) -> None:
    """A list that was held back is late, unless it is younger than a meter is stale, or its clock shows another whole hour."""
    run = warm(5, 6)
    run.hear(60_000 + after_ms, list2(5, 5, 5, clock=NOON + timedelta(seconds=60 + after_ms // 1000 - back_s)))

    assert doubts(run)[-1] is (Doubt.LATE if late else None)


@pytest.mark.parametrize(("after_ms", "late"), [(2_499, True), (2_500, False)])
def test_a_clock_that_was_set_back_is_believed_when_it_has_run_on_for_a_while(after_ms: int, late: bool) -> None:
    """A buffer that is sent again comes at once; a clock that goes on for two and a half seconds was set."""
    run = warm(5, 6)
    run.hear(70_000, list2(5, 5, 5, clock=NOON - timedelta(seconds=300)))
    run.hear(70_000 + after_ms, list2(5, 5, 5, clock=NOON - timedelta(seconds=298)))

    assert doubts(run)[-2:] == [Doubt.LATE, Doubt.LATE if late else None]


def test_lists_that_come_often_do_not_keep_a_clock_from_being_believed() -> None:
    """The time counts from the first of them; where a clock is set back once more it begins anew."""
    run = warm(5, 6)
    for number in range(3):
        run.hear(70_000 + 2_000 * number, list2(5, 5, 5, clock=NOON - timedelta(seconds=300 - 2 * number)))
    assert doubts(run)[-3:] == [Doubt.LATE, Doubt.LATE, None]
    run = warm(5, 6)
    for after_ms, back_s in ((0, 300), (2_500, 360), (2_600, 359), (5_000, 357)):
        run.hear(70_000 + after_ms, list2(5, 5, 5, clock=NOON - timedelta(seconds=back_s)))
    assert doubts(run)[-4:] == [Doubt.LATE, Doubt.LATE, Doubt.LATE, None]


def test_a_clock_of_whole_seconds_is_enough_for_lists_that_come_faster() -> None:
    """Lists every 300 ms, now and then one lost, with a clock that shows whole seconds: none is late, however short the periods are."""
    policy = Policy(stale_after_ms=500, lost_after_ms=3_000, hold_minimum=False)
    run = Run(house(charger("garage"), policy=policy))
    for number in range(200):
        if number % 5:
            at = 300 * number
            run.hear(at, list2(5, 5, 5, clock=NOON + timedelta(seconds=(at + 700) // 1000)))
    assert set(doubts(run)) == {None}


def test_a_clock_that_cannot_be_read_decides_nothing() -> None:
    """A meter that has lost its time and says so is heard."""
    run = warm(5, 3)
    nowhere = list2(5, 5, 5)._replace(clock=bytes.fromhex("ffffffffffffffffff800000"))
    run.hear(40_000, nowhere)
    assert doubts(run)[-1] is None


# Without a clock.


def test_a_meter_that_used_to_change_and_repeats_one_list_is_stale() -> None:
    """After ten minutes of the very same list the meter is not fresh any more; the first other list makes it so again."""
    run = restless(LIVELY + 2)
    frozen = run.now + LIST_MS
    same = list2(5, 5, 5, voltage_l1_mv=231_000)
    while run.now < frozen + QUIET_MS - LIST_MS:
        run.hear(run.now + LIST_MS, same)
        assert run.state.meter is FRESH
    for _ in range(8):
        run.hear(run.now + LIST_MS, same)
        run.hear(run.now + 2_000, list1())
    assert run.state.meter is LOST
    assert Doubt.REPEATED in doubts(run)
    assert sum("the very same list for 10 min" in warning for warning in warnings(run)) == 1
    assert any("it repeats one list" in warning for warning in warnings(run))
    run.hear(run.now + LIST_MS, list2(5, 5, 5, voltage_l1_mv=231_100))
    assert run.state.meter is FRESH


def test_registers_alone_clear_no_doubt() -> None:
    """A list without currents between two that repeat themselves tells nothing of the currents: the meter stays what it was."""
    run = restless(LIVELY + 2)
    same, registers = list2(5, 5, 5, voltage_l1_mv=231_000), Reading(manufacturer="iskraemeco", list=3, energy_import_wh=1)
    for _ in range(QUIET_MS // LIST_MS + 8):
        run.hear(run.now + LIST_MS, same)
        run.hear(run.now + 2_000, registers._replace(energy_import_wh=run.now))
    assert run.state.meter is LOST
    assert Doubt.REPEATED in doubts(run)


@pytest.mark.parametrize(
    ("changes", "ms", "doubt", "warned"),
    [
        pytest.param(60, 599_999, None, 0, id="not yet ten minutes"),
        pytest.param(60, 600_000, Doubt.REPEATED, 1, id="ten minutes"),
        pytest.param(59, 600_000, None, 1, id="a meter of which one change less was seen"),
    ],
)
def test_ten_minutes_of_changes_and_ten_of_the_same(changes: int, ms: int, doubt: Doubt | None, warned: int) -> None:
    """A meter of which 60 lists in a row were different from the one before is doubted when it says the same for ten minutes."""
    run = restless(changes)
    same = list2(5, 5, 5, voltage_l1_mv=231_000)
    run.hear(run.now + LIST_MS, same)
    run.hear(run.now + ms, same)

    assert doubts(run)[-1] is doubt
    assert sum("the very same list for 10 min" in warning for warning in warnings(run)) == warned


@pytest.mark.parametrize(("changes", "doubt"), [(58, None), (59, Doubt.REPEATED)])
def test_one_list_that_is_the_same_begins_the_count_anew(changes: int, doubt: Doubt | None) -> None:
    """Lists that differ must follow one another."""
    run = restless(30)
    same = list2(5, 5, 5, voltage_l1_mv=231_000)
    run.hear(run.now + LIST_MS, same)
    run.hear(run.now + LIST_MS, same)
    restless(changes, run)
    run.hear(run.now + LIST_MS, same)
    run.hear(run.now + QUIET_MS, same)

    assert doubts(run)[-1] is doubt


@pytest.mark.parametrize("named", [{"power_import_w": 0}, {"list_id": "a"}])
def test_only_what_is_measured_must_change(named: dict[str, Any]) -> None:
    """A power that changes is a sign of life; a name is none."""
    run = restless(60)
    same = list2(5, 5, 5, voltage_l1_mv=231_000, voltage_l2_mv=None)
    run.hear(run.now + LIST_MS, same)
    run.hear(run.now + QUIET_MS, same._replace(**named))

    assert doubts(run)[-1] is (None if "power_import_w" in named else Doubt.REPEATED)


def test_a_constant_house_is_warned_of_and_charges() -> None:
    """A meter that has not been seen to change all the time may be in a constant house: a word after ten minutes, no other limit."""
    run = restless(LIVELY - 1)
    limit = run.limit()
    for _ in range(360):
        run.hear(run.now + LIST_MS, list2(5, 5, 5))
    assert run.state.meter is FRESH
    assert run.limit() >= limit > 0
    assert len(warnings(run)) == 1


def test_currents_alone_may_stand_for_ever() -> None:
    """A meter that sends no voltage, in tenths of an ampere, repeats itself in any quiet house: no word, no doubt."""
    run = restless(LIVELY + 2)
    plain = list2(5, 5, 5, voltage_l1_mv=None, voltage_l2_mv=None, voltage_l3_mv=None)
    for _ in range(400):
        run.hear(run.now + LIST_MS, plain)
    assert run.state.meter is FRESH
    assert warnings(run) == []


# The hourly list.


def aidon(number: int) -> Reading:
    """A list 2 of a family that has an hourly list."""
    return list2(5, 5, 5, voltage_l1_mv=230_000 + 100 * (number % 5))._replace(clock_rule=ClockRule.STANDARD)


@pytest.mark.parametrize("seen", [False, True], ids=["known of its family", "heard before"])
def test_an_hourly_list_that_stays_away_is_told_once(seen: bool) -> None:
    """Two hours of lists without the hourly one: one warning with the remedy, and no limit changes. The next one begins anew."""
    run = Run(house(charger("garage")))
    reading = (lambda number: aidon(number)._replace(clock_rule=None)) if seen else aidon
    if seen:
        run.hear(5_000, list2(5, 5, 5, energy_import_wh=1)._replace(list=3))
    for number in range(HOURLY_MS // LIST_MS):
        run.hear(run.now // LIST_MS * LIST_MS + LIST_MS, reading(number))
    assert warnings(run) == []
    for number in range(100):
        run.hear(run.now // LIST_MS * LIST_MS + LIST_MS, reading(number))
        assert warnings(run), "two hours to the list"
    (warning,) = warnings(run)
    assert warning.startswith("no hourly list from the meter for 120 min")
    assert "HAN port" in warning
    assert run.state.meter is FRESH
    run.hear(run.now + 5_000, list2(5, 5, 5, energy_import_wh=2)._replace(list=3))
    for number in range(HOURLY_MS // LIST_MS + 100):
        run.hear(run.now // LIST_MS * LIST_MS + LIST_MS, reading(number))
    assert len(warnings(run)) == 2


def test_a_family_that_is_recognised_late_owes_its_hourly_list_all_the_same() -> None:
    """The first list need not tell of which family the meter is."""
    run = Run(house(charger("garage")))
    run.hear(10_000, aidon(1)._replace(clock_rule=None))
    for number in range(HOURLY_MS // LIST_MS):
        run.hear(run.now + LIST_MS, aidon(number))
    assert len(warnings(run)) == 1


def test_a_meter_without_hourly_lists_is_not_missed() -> None:
    """Who never sent one, and of whose family none was seen, owes none; and a meter that was away for hours is given its time."""
    run = Run(house(charger("garage")))
    for number in range(HOURLY_MS // LIST_MS + 10):
        run.hear(run.now // LIST_MS * LIST_MS + LIST_MS, aidon(number)._replace(clock_rule=None))
    assert warnings(run) == []
    run = Run(house(charger("garage")))
    run.hear(10_000, aidon(0))
    run.until(HOURLY_MS)
    for number in range(HOURLY_MS // LIST_MS - 10):
        run.hear(run.now // LIST_MS * LIST_MS + LIST_MS, aidon(number))
    assert not any("hourly" in warning for warning in warnings(run))
