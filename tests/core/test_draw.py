"""What a charger may be drawing: its commands, its reports and the meter narrow it down."""

import pytest

from han_gateway.core.draw import Span, beyond_ma, claimed_ma, claims_ma, in_force, settled, spans
from han_gateway.core.events import ChargerStatus
from han_gateway.core.seen.answers import Belief
from han_gateway.core.seen.belief import ENOUGH
from han_gateway.core.state import Command
from han_gateway.core.times import SHOWN_MS
from han_gateway.core.units import PerLine
from tests.core.houses import L1, L3
from tests.core.views import claims, says, view

WINDOW = 20_000


def test_a_settled_silent_charger_draws_anything_up_to_its_limit() -> None:
    """Without reports a charger may stand idle or take the whole of its offer."""
    assert spans(view((0, 10)), 60_000, WINDOW)[L1] == Span(0, 10_000)


def test_a_decrease_is_credited_until_it_had_time_to_act() -> None:
    """After 16 -> 10 A the old limit counts for exactly the response time."""
    told = view((0, 16), (60, 10))

    assert spans(told, 60_000, WINDOW)[L1].high == 16_000
    assert spans(told, 65_999, WINDOW)[L1].high == 16_000
    assert spans(told, 66_000, WINDOW)[L1].high == 10_000
    assert (settled(told, 65_999), settled(told, 66_000)) == (False, True)


def test_decreases_in_a_row_expire_one_by_one() -> None:
    """Each of several commands in flight is forgotten in its own time."""
    told = view((0, 16), (60, 10), (64, 6))

    assert [spans(told, at * 1000, WINDOW)[L1].high // 1000 for at in (65, 66, 69, 70)] == [16, 10, 10, 6]
    assert in_force(told, 66_000) == (Command(60_000, 10_000), Command(64_000, 6000))


def test_an_increase_counts_at_once_for_cuts_and_late_for_raises() -> None:
    """After 8 -> 16 A the charger may draw 16, but only 8 are sure, and those only if it says so."""
    told = says(view((0, 8), (60, 16), raised_at=60_000), 59, 8)

    assert spans(told, 62_000, WINDOW)[L1] == Span(8000, 16_000)


def test_a_report_from_before_a_raise_is_no_upper_bound() -> None:
    """A report counts as an upper bound only when it was made after the raise had time to act."""
    told = view((0, 8), (60, 16), raised_at=60_000)

    assert spans(says(told, 65, 8), 70_000, WINDOW)[L1] == Span(8000, 16_000)
    assert spans(says(told, 66, 8), 70_000, WINDOW)[L1] == Span(8000, 8000)


@pytest.mark.parametrize(("at", "high"), [(70, 16_000), (71, 8_000)])
def test_a_report_no_later_than_others_were_late_is_no_upper_bound(at: int, high: int) -> None:
    """After a cut that the meter had shown its reports still told the old current for ten seconds: so they do after a raise."""
    told = view((0, 8), (60, 16), raised_at=60_000)._replace(belief=Belief(told_ms=10_000))

    assert spans(says(told, at, 8), 71_000, WINDOW)[L1].high == high


@pytest.mark.parametrize(("at", "limit", "high"), [(88, 8, 6_000), (89, 8, 0), (95, 8, 0), (88, 4, 4_000)])
def test_a_report_from_before_a_start_showed_does_not_know_of_it(at: int, limit: int, high: int) -> None:
    """The car woke up long after its start and the meter showed 6 A at 90 s: a report of 0 A counts from then on, not one from before."""
    told = view((0, 0), (40, limit), raised_at=40_000)._replace(belief=Belief(answers=1, drawn_ma=6_000, began_at=90_000))

    assert spans(says(told, at, 0), 100_000, 60_000)[L1] == Span(0, high)


def test_a_report_confirms_a_decrease_early() -> None:
    """A charger that says it obeyed is believed before its response time is over."""
    assert spans(says(view((0, 16), (60, 10)), 62, 9.5), 63_000, WINDOW)[L1] == Span(9500, 9500)


def test_what_is_drawn_above_the_limit_is_house() -> None:
    """Current beyond the limit is never credited to the charger."""
    assert spans(says(view((0, 10)), 59, 16), 60_000, WINDOW)[L1] == Span(10_000, 10_000)


def test_a_report_ages() -> None:
    """A report counts for less than one raise window."""
    told = says(view((0, 10)), 60, 4)

    assert spans(told, 79_999, WINDOW)[L1] == Span(4000, 4000)
    assert spans(told, 80_000, WINDOW)[L1] == Span(0, 10_000)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (ChargerStatus.IDLE, Span(0, 0)),
        (ChargerStatus.CONNECTED, Span(0, 0)),
        (ChargerStatus.FULL, Span(0, 0)),
        (ChargerStatus.CHARGING, Span(0, 10_000)),
        (ChargerStatus.ERROR, Span(0, 10_000)),
        (None, Span(0, 10_000)),
    ],
)
def test_a_status_may_stand_for_a_current(status: ChargerStatus | None, expected: Span) -> None:
    """A charger that says it does not charge draws nothing, even if it cannot measure."""
    assert spans(says(view((0, 10)), 60, None, status), 60_000, WINDOW)[L1] == expected


def test_a_charger_is_settled_a_response_time_after_the_last_of_its_commands() -> None:
    """The last command counts, however many there were before it."""
    seen = view((0, 6), (10, 8), (20, 10))

    assert not settled(seen, 25_999)
    assert settled(seen, 26_000)


def test_young_commands_are_all_in_force() -> None:
    """A charger that was told two limits within its response time may be obeying either."""
    assert [command.limit_ma for command in in_force(view((58, 10), (59, 8)), 60_000)] == [10_000, 8_000]


def test_of_a_raise_in_flight_only_the_old_limit_is_sure() -> None:
    """What is drawn above the smallest limit in force is house, also when the charger itself says that it draws it."""
    raised = says(view((0, 10), (57, 16), raised_at=57_000), 58, 12)

    assert spans(raised, 60_000, WINDOW)[L1] == Span(10_000, 16_000)


def test_a_silent_charger_that_follows_draws_what_it_was_seen_to_draw() -> None:
    """What the meter has told is the least that it draws, and the most while its limit stands; never more than its limit."""
    known = Belief(answers=ENOUGH, drawn_ma=7_000)

    assert spans(view((0, 10))._replace(belief=known), 60_000, WINDOW)[L1] == Span(7_000, 7_000)
    assert spans(view((0, 10), (57, 16))._replace(belief=known), 60_000, WINDOW)[L1] == Span(7_000, 16_000)
    assert spans(view((0, 6))._replace(belief=known), 60_000, WINDOW)[L1] == Span(6_000, 6_000)


def test_a_car_that_was_cut_and_let_go_again_may_be_away_for_half_a_minute() -> None:
    """What the meter told before says nothing about how soon it is back: until then only the smallest offer is sure to be drawn."""
    back = view((0, 10), (50, 6), (52, 10))._replace(belief=Belief(answers=ENOUGH, drawn_ma=10_000))

    assert spans(back, 52_000 + SHOWN_MS - 1, WINDOW)[L1] == Span(6_000, 10_000)
    assert spans(back, 52_000 + SHOWN_MS, WINDOW)[L1] == Span(10_000, 10_000)


def test_a_claim_is_kept_free_as_far_as_it_is_not_drawn() -> None:
    """Beyond the limits in force, and beyond what the charger says that it draws; on its own lines, and only if it claims at all."""
    told = view((0, 6))
    raising = view((0, 6), (60, 10), raised_at=60_000)

    assert claimed_ma(claims(told, 16), L1, 61_000, WINDOW) == 10_000
    assert claimed_ma(claims(says(told, 60, 14), 16), L1, 61_000, WINDOW) == 2_000
    assert claimed_ma(claims(raising, 16), L1, 61_000, WINDOW) == 6_000
    assert claimed_ma(claims(told, 5), L1, 61_000, WINDOW) == 0
    assert claimed_ma(claims(told, 16), L3, 61_000, WINDOW) == 0
    assert claimed_ma(told, L1, 61_000, WINDOW) == 0
    assert claimed_ma(claims(view((0, 0)), 16), L1, 61_000, WINDOW) == 16_000


def test_what_goes_beyond_the_limit_by_its_own_word() -> None:
    """A claim or a current, whichever is more, less the limit; nothing on other lines."""
    told = view((0, 6))

    assert beyond_ma(claims(told, 16), L1, 61_000, WINDOW) == 10_000
    assert beyond_ma(says(told, 60, 9), L1, 61_000, WINDOW) == 3_000
    assert beyond_ma(told, L1, 61_000, WINDOW) == 0
    assert beyond_ma(view((0, 0)), L1, 61_000, WINDOW) == 0
    assert beyond_ma(claims(told, 16), L3, 61_000, WINDOW) == 0


def test_claims_of_all_are_added_up_line_by_line() -> None:
    """Of those who claim anything."""
    assert claims_ma((claims(view((0, 6)), 16), claims(view((0, 6)), 10), view((0, 6))), 61_000, WINDOW) == PerLine(14_000, 0, 0)
