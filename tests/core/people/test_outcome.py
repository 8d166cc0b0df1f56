"""Whether a command has worked: every state and every sign, and what counts as a sign."""

import pytest

from han_gateway.core.effects import Stage
from han_gateway.core.events import Ask, ChargerSaid, ChargerStatus
from han_gateway.core.gateway import start
from han_gateway.core.people.outcome import (
    FEW_GAPS,
    GAPS,
    LIFE,
    OPEN,
    SHORTEST_AWAY_MS,
    TIME_MS,
    Sign,
    away_ms,
    border,
    first_stage,
    habit,
    reborn,
    sign_at,
    sign_of,
    words,
)
from han_gateway.core.people.wish import Asks, Request, Wish
from han_gateway.core.state import ChargerView
from han_gateway.core.units import PerLine
from tests.core.houses import L1, charger, house, report

NOW = 1_000_000
OVER = tuple(stage for stage in Stage if stage not in OPEN)


def view(
    *, heard_at: int | None = NOW, gap_ms: int = 10_000, uptime_s: int | None = None, asks: Asks | None = None
) -> ChargerView:
    """A charger that reports every ``gap_ms``, last at ``heard_at``."""
    one = start(house(charger("garage", [L1])), 0).chargers[0]
    said = None if heard_at is None else report(heard_at, "garage", 0)
    return one._replace(report=said, asks=asks or Asks(gaps_ms=(gap_ms,) * GAPS, uptime_s=uptime_s))


def restart(stage: Stage = Stage.ACCEPTED) -> Request:
    """A restart that was asked for just now."""
    return Request(Ask.RESTART, NOW, stage)


def test_every_state_answers_every_sign() -> None:
    """The table is complete: four states that wait, five signs."""
    assert set(LIFE) == {(stage, sign) for stage in OPEN for sign in Sign}


@pytest.mark.parametrize("stage", OPEN)
def test_a_proof_is_done_and_time_ends_everything(stage: Stage) -> None:
    """Whatever was seen before: what is seen is done, and when the time is up it is over."""
    assert LIFE[stage, Sign.PROOF] is Stage.DONE
    assert LIFE[stage, Sign.OVERDUE] in OVER
    assert LIFE[stage, Sign.OVERDUE] is not Stage.DONE


def test_failure_is_claimed_only_of_who_was_heard() -> None:
    """Who says nothing of itself cannot be seen to fail."""
    failing = {stage for stage in OPEN if LIFE[stage, Sign.OVERDUE] is Stage.FAILED}
    assert failing == {Stage.HEARD, Stage.AWAY}
    assert {LIFE[stage, Sign.OVERDUE] for stage in (Stage.ACCEPTED, Stage.ABSENT)} == {Stage.UNCONFIRMED}


def test_a_report_is_a_return_only_after_an_absence() -> None:
    """Who reports on is still there; who was away, or was never heard, is back."""
    assert {stage for stage in OPEN if LIFE[stage, Sign.STILL] is Stage.DONE} == {Stage.AWAY, Stage.ABSENT}
    assert LIFE[Stage.HEARD, Sign.SILENT] is Stage.AWAY


def test_a_broker_that_is_lost_proves_nothing() -> None:
    """A silence that nobody could hear is neither a success nor a failure; for who was never heard nothing has changed."""
    assert {stage: LIFE[stage, Sign.BLIND] for stage in OPEN if stage is not Stage.ABSENT} == dict.fromkeys(
        (Stage.ACCEPTED, Stage.HEARD, Stage.AWAY), Stage.UNCONFIRMED
    )
    assert LIFE[Stage.ABSENT, Sign.BLIND] is Stage.ABSENT


def test_a_silence_that_goes_on_is_waited_for() -> None:
    """Who is away, or was never heard, stays so until a report or the end of the time."""
    assert [LIFE[stage, Sign.SILENT] for stage in (Stage.AWAY, Stage.ABSENT)] == [Stage.AWAY, Stage.ABSENT]


@pytest.mark.parametrize("ask", [Ask.RESTART, Ask.PAUSE])
def test_every_way_that_a_command_can_go_has_words(ask: Ask) -> None:
    """No state is reached of which nobody can tell people why."""
    open_here = OPEN if ask is Ask.RESTART else (Stage.ACCEPTED, Stage.HEARD)
    for (before, sign), now in LIFE.items():
        silent = sign is Sign.SILENT and ask is not Ask.RESTART
        if sign is Sign.BLIND:
            assert "broker" in words(ask, before, now, 42_400, sign)
        elif before in open_here and now not in (before, Stage.HEARD) and not silent:
            assert len(words(ask, before, now, 42_400)) > 5
    assert words(Ask.RESTART, Stage.AWAY, Stage.DONE, 42_400) == "back after 42 s"
    assert words(Ask.RESTART, Stage.AWAY, Stage.FAILED, 180_000) == "did not come back within 180 s"
    assert (
        words(Ask.RESTART, Stage.ACCEPTED, Stage.UNCONFIRMED, 180_000) == "sent; it reports too seldom for a restart to be seen"
    )


@pytest.mark.parametrize(
    ("ask", "stage", "text"),
    [
        (Ask.RESTART, Stage.ACCEPTED, "told to restart"),
        (Ask.RESTART, Stage.AWAY, "went silent"),
        (Ask.RESTART, Stage.DONE, "back after 42 s"),
        (Ask.PAUSE, Stage.ACCEPTED, "told to draw nothing"),
        (Ask.PAUSE, Stage.DONE, "draws nothing"),
        (Ask.PAUSE, Stage.FAILED, "still draws after 42 s"),
        (Ask.PAUSE, Stage.UNCONFIRMED, "sent; the charger does not say what it draws"),
        (Ask.RESUME, Stage.DONE, "its limit follows the room again"),
        (Ask.BOOST, Stage.DONE, "first in line"),
    ],
)
def test_what_people_read_of_a_command(ask: Ask, stage: Stage, text: str) -> None:
    """That it was told is not that it does it: the words tell one from the other."""
    assert words(ask, Stage.ACCEPTED, stage, 42_400) == text


@pytest.mark.parametrize(
    ("before", "now", "sign"),
    [
        (100, 3, Sign.PROOF),
        (100, 101, Sign.STILL),
        (100, 100, Sign.STILL),
        (1, 0, Sign.PROOF),
        (0, 0, Sign.STILL),
        (None, 3, Sign.STILL),
        (100, None, Sign.STILL),
    ],
)
def test_an_uptime_that_falls_is_a_restart(before: int | None, now: int | None, sign: Sign) -> None:
    """A charger that has been on for less long than before was restarted, however quickly."""
    said = ChargerSaid(at=NOW + 5_000, charger="garage", uptime_s=now)
    assert sign_of(view(uptime_s=before), restart(), said) is sign


def test_a_charger_that_reports_seldom_is_not_accused() -> None:
    """Where a restart fits between two reports, a report proves nothing, unless nobody was there before."""
    slow, said = view(gap_ms=120_000), ChargerSaid(at=NOW + 5_000, charger="garage")
    assert sign_of(slow, restart(), said) is None
    assert [sign_of(view(gap_ms=gap_ms), restart(), said) for gap_ms in (87_500, 87_499)] == [None, Sign.STILL]
    assert sign_of(slow, restart(Stage.AWAY), said) is Sign.STILL
    assert sign_of(slow, restart(Stage.ABSENT), said) is Sign.STILL


@pytest.mark.parametrize(
    ("currents", "status", "limit_ma", "sign"),
    [
        (PerLine(0, None, None), None, None, Sign.PROOF),
        (PerLine(499, 9_000, 9_000), None, None, Sign.PROOF),  # the other lines are not its own
        (PerLine(500, None, None), None, 0, Sign.STILL),
        (PerLine(9_800, None, None), ChargerStatus.CONNECTED, 0, Sign.STILL),
        (PerLine(None, None, None), ChargerStatus.CONNECTED, None, Sign.PROOF),
        (PerLine(None, None, None), ChargerStatus.CHARGING, None, Sign.STILL),
        (PerLine(None, None, None), ChargerStatus.CHARGING, 0, Sign.PROOF),
        (PerLine(None, None, None), None, 0, Sign.PROOF),
        (PerLine(None, None, None), None, 6_000, None),
        (PerLine(None, None, None), None, None, None),
    ],
)
def test_what_shows_a_pause(
    currents: PerLine[int | None], status: ChargerStatus | None, limit_ma: int | None, sign: Sign | None
) -> None:
    """Current tells before words: none on any of its lines is a pause; without a meter of its own its status, or the limit 0."""
    said = ChargerSaid(at=NOW + 5_000, charger="garage", current_ma=currents, status=status, limit_ma=limit_ma)
    assert sign_of(view(), Request(Ask.PAUSE, NOW), said) is sign


def test_a_current_on_one_of_its_lines_is_no_pause() -> None:
    """A charger on three lines that draws on the last of them draws."""
    wide = start(house(charger("garage")), 0).chargers[0]
    assert (
        sign_of(wide, Request(Ask.PAUSE, NOW), ChargerSaid(at=NOW, charger="garage", current_ma=PerLine(0, 0, 500))) is Sign.STILL
    )


@pytest.mark.parametrize("ask", [Ask.RESTART, Ask.PAUSE])
def test_time_tells_at_the_border_and_not_before(ask: Ask) -> None:
    """A charger is away when it is silent for longer than it uses to be, a command over when its time is; only a restart makes silent."""
    request = Request(ask, NOW)
    watching = view(asks=Asks(open=(request,), gaps_ms=(10_000,) * GAPS))
    first = border(watching)
    assert first == NOW + (25_000 if ask is Ask.RESTART else TIME_MS[ask])
    assert sign_at(watching, request, first - 1) is None
    assert sign_at(watching, request, first) is (Sign.SILENT if ask is Ask.RESTART else Sign.OVERDUE)
    end = NOW + TIME_MS[ask]
    assert sign_at(watching, request._replace(stage=Stage.AWAY), end - 1) is None
    assert sign_at(watching, request._replace(stage=Stage.AWAY), end) is Sign.OVERDUE


def test_the_next_border_is_the_nearest() -> None:
    """The end of a wish counts among the borders; where nothing was asked there is none."""
    assert border(view()) is None
    assert border(view(asks=Asks(wish=Wish(Ask.PAUSE)))) is None
    assert border(view(asks=Asks(wish=Wish(Ask.PAUSE, NOW + 7), open=(Request(Ask.PAUSE, NOW),)))) == NOW + 7


def test_how_often_a_charger_reports_is_learned() -> None:
    """Twice its longest pause of late and some seconds is away; a minute while nobody knows; a burst is one report."""
    one = view(heard_at=0, asks=Asks())
    assert away_ms(one) == 60_000
    for at in range(3_000, 3_000 * (FEW_GAPS + 1), 3_000):
        for moment in (at, at + 100):
            said = report(moment, "garage", 0)
            one = one._replace(asks=one.asks._replace(gaps_ms=habit(one, said)), report=said)
    assert one.asks.gaps_ms == (3_000, 2_900, 2_900)
    assert away_ms(one) == 6_000 + SHORTEST_AWAY_MS
    for at in range(100_000, 200_000, 1_000):
        said = report(at, "garage", 0)
        one = one._replace(asks=one.asks._replace(gaps_ms=habit(one, said)), report=said)
    assert one.asks.gaps_ms == (1_000,) * GAPS
    assert habit(view(heard_at=NOW - 500, asks=Asks()), report(NOW, "garage", 0)) == ()
    assert habit(view(heard_at=NOW - 501, asks=Asks()), report(NOW, "garage", 0)) == (501,)
    assert habit(view(heard_at=None, asks=Asks()), report(NOW, "garage", 0)) == ()


def test_the_last_eight_pauses_between_reports_count() -> None:
    """The ninth before the last is forgotten: a charger that once reported seldom is soon known to report often."""
    slow = view(heard_at=NOW - 3_000, asks=Asks(gaps_ms=(90_000, 1, 2, 3, 4, 5, 6, 7)))
    assert habit(slow, report(NOW, "garage", 0)) == (1, 2, 3, 4, 5, 6, 7, 3_000)


@pytest.mark.parametrize(
    ("limit_ma", "asked", "kept_ma"),
    [
        (7_000, (), 0),
        (7_001, (), 16_000),
        (7_000, (Ask.PAUSE,), 0),
        (7_000, (Ask.RESTART,), 16_000),
        (7_000, (Ask.PAUSE, Ask.RESTART), 16_000),
    ],
)
def test_what_is_kept_free_for_a_restarted_charger(limit_ma: int, asked: tuple[Ask, ...], kept_ma: int) -> None:
    """It is kept until the charger, back from its restart, names its limit of 6 A or at most an ampere more."""
    back = view(asks=Asks(open=tuple(Request(ask, NOW) for ask in asked)))
    back = back._replace(echo=back.echo._replace(reborn_ma=16_000))
    said = ChargerSaid(at=NOW + 5_000, charger="garage", limit_ma=limit_ma)
    assert reborn(back, said).echo.reborn_ma == kept_ma


def test_who_was_not_restarted_is_not_back() -> None:
    """A report of a charger for which nothing is kept free changes nothing about it."""
    one = view()
    assert reborn(one, ChargerSaid(at=NOW + 5_000, charger="garage", limit_ma=6_000)) is one


@pytest.mark.parametrize(
    ("heard_at", "stage"),
    [(NOW, Stage.ACCEPTED), (NOW - 24_999, Stage.ACCEPTED), (NOW - 25_000, Stage.AWAY), (None, Stage.ABSENT)],
)
def test_where_a_restart_begins(heard_at: int | None, stage: Stage) -> None:
    """A charger that is silent already can only come back; a pause begins the same for all."""
    assert first_stage(view(heard_at=heard_at), Ask.RESTART, NOW) is stage
    assert first_stage(view(heard_at=heard_at), Ask.PAUSE, NOW) is Stage.ACCEPTED
