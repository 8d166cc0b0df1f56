"""Lists that tell of the past: repeated, held back, out of order. They may lower a limit, and never raise one nor count as heard."""

from datetime import datetime, timedelta

import pytest

from han_gateway.core.effects import Doubt, Level, MeterState, Note, ShowReading
from han_gateway.core.freshness import HOURLY_MS, LIVELY, SAME_MS
from han_gateway.core.site import Policy
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
    while run.now < frozen + SAME_MS - LIST_MS:
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
    for _ in range(SAME_MS // LIST_MS + 8):
        run.hear(run.now + LIST_MS, same)
        run.hear(run.now + 2_000, registers._replace(energy_import_wh=run.now))
    assert run.state.meter is LOST
    assert Doubt.REPEATED in doubts(run)


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
    for number in range(HOURLY_MS // LIST_MS + 100):
        run.hear(run.now // LIST_MS * LIST_MS + LIST_MS, reading(number))
    (warning,) = warnings(run)
    assert warning.startswith("no hourly list from the meter for 120 min")
    assert "HAN port" in warning
    assert run.state.meter is FRESH
    run.hear(run.now + 5_000, list2(5, 5, 5, energy_import_wh=2)._replace(list=3))
    for number in range(HOURLY_MS // LIST_MS + 100):
        run.hear(run.now // LIST_MS * LIST_MS + LIST_MS, reading(number))
    assert len(warnings(run)) == 2


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
