"""The two state machines and the safety policy, pair by pair and border by border."""

from dataclasses import replace
from datetime import datetime
from itertools import product

import pytest

from han_gateway.core.effects import Cause, MeterState
from han_gateway.core.events import ChargerSaid, MeterSaid, Tick
from han_gateway.core.gateway import step
from han_gateway.core.seen.answers import Belief, Probe
from han_gateway.core.site import Policy
from han_gateway.core.state import Conduct
from han_gateway.core.supervision import (
    CHARGER,
    METER,
    POLICY,
    STANDS,
    Basis,
    Behaviour,
    Rule,
    Sign,
    behaviour,
    charger_border,
    clock_stands,
    meter_border,
    sign,
    stubborn,
)
from han_gateway.core.units import PerLine
from han_gateway.meters.reading import clock_octets
from tests.core.houses import L1, L2, Run, charger, headrooms, house, list1, list2, notes, report

WAITING, FRESH, STALE, LOST = MeterState
POSTCARD = {
    WAITING: Rule(may_lower=False, may_raise=False, limit=Basis.FALLBACK),
    FRESH: Rule(may_lower=True, may_raise=True, limit=Basis.COMPUTED),
    STALE: Rule(may_lower=True, may_raise=False, limit=Basis.LAST),
    LOST: Rule(may_lower=True, may_raise=False, limit=Basis.SMALLER),
}
HEARD_AT = 5_000


def meter_in(state: MeterState) -> Run:
    """A run whose meter is in this state; if it was ever heard, then last at 5 s."""
    run = Run(house(charger("garage", [L1])))
    if state is not WAITING:
        run.hear(HEARD_AT, list2(1, 1, 1))
    run.until({WAITING: 0, FRESH: HEARD_AT, STALE: HEARD_AT + 25_000, LOST: HEARD_AT + 60_000}[state])
    assert run.state.meter is state
    return run


def test_the_policy_is_the_postcard() -> None:
    """The safety policy is the table that was promised."""
    assert POLICY == POSTCARD


def test_the_tables_are_complete() -> None:
    """There is an answer for every pair, so that a missing key is a bug and never an accident."""
    assert set(METER) == set(product(MeterState, Sign))
    assert set(CHARGER) == set(product(Conduct, Behaviour))
    assert set(POLICY) == set(MeterState)


@pytest.mark.parametrize("before", MeterState)
def test_a_list_with_currents_makes_any_meter_fresh(before: MeterState) -> None:
    """Whatever was before, currents make the meter fresh."""
    run = meter_in(before)
    effects = run.hear(run.now + 500, list2(1, 1, 1))

    assert run.state.meter is FRESH
    assert headrooms(effects)[-1].state is FRESH
    assert bool(notes(effects)) == (before is not FRESH)


@pytest.mark.parametrize("before", MeterState)
def test_a_list_without_currents_changes_no_state(before: MeterState) -> None:
    """Total power is a sign of life, but it protects no line."""
    run = meter_in(before)
    run.hear(run.now + 500, list1())

    assert run.state.meter is before


def test_nothing_but_currents_ends_the_waiting() -> None:
    """Time alone never makes a meter that was not heard yet stale or lost."""
    run = meter_in(WAITING)
    run.until(300_000)

    assert run.state.meter is WAITING


@pytest.mark.parametrize("offset", [-2, -1, 0, 1, 2])
@pytest.mark.parametrize(("border", "before", "after"), [(25_000, FRESH, STALE), (60_000, STALE, LOST)])
def test_each_border_to_the_millisecond(offset: int, border: int, before: MeterState, after: MeterState) -> None:
    """The meter is stale at 2.5 list periods and lost at 60 s, not a millisecond earlier or later."""
    run = meter_in(before)
    state, effects = step(run.site, run.state, Tick(at=HEARD_AT + border + offset))

    expected = after if offset >= 0 else before
    assert state.meter is expected
    assert [shown.state for shown in headrooms(effects)] == ([after] if offset >= 0 else [])


def test_sign_and_border_agree() -> None:
    """The sign changes at the very instant that is announced as the border."""
    policy = Policy()
    for state, late in ((FRESH, Sign.LATE), (STALE, Sign.SILENT)):
        border = meter_border(policy, state, 7)
        assert border is not None
        assert sign(policy, 7, border - 1) is not late
        assert sign(policy, 7, border) is late
    assert meter_border(policy, LOST, 7) is None
    assert meter_border(policy, WAITING, None) is None
    assert sign(policy, None, 0) is Sign.SILENT


def test_a_gap_in_the_ticks_goes_straight_to_lost() -> None:
    """After a long silence without ticks the meter is lost at once."""
    run = meter_in(FRESH)
    run.tick(HEARD_AT + 100_000)

    assert run.state.meter is LOST


def test_a_list_that_comes_late_is_judged_late_first() -> None:
    """A list after more than 2.5 periods finds a stale meter, even if no tick came in between: its window begins anew."""
    run = Run(house(charger("garage", [L1])))
    run.lists(4, 1, 1, 1)
    effects = run.play(MeterSaid(at=run.now + 25_000, reading=list2(1, 1, 1)))

    assert [shown.state for shown in headrooms(effects)] == [STALE, FRESH]
    assert len(run.state.window) == 1


def test_a_frozen_meter_is_stale() -> None:
    """A meter whose clock stands still while it repeats its list is stale once the clock has stood for a minute."""
    run = Run(house(charger("garage", [L1])))
    frozen = datetime(2026, 1, 15, 18, 0, 0)
    for at in range(10_000, 80_000, 10_000):
        run.hear(at, list2(1, 1, 1, clock=frozen))
        if at == 60_000:
            assert run.state.meter is FRESH

    assert run.state.meter is STALE
    run.hear(90_000, list2(1, 1, 1, clock=datetime(2026, 1, 15, 18, 1, 20)))
    assert run.state.meter is FRESH


def test_a_list_without_clock_may_repeat() -> None:
    """A constant house whose meter sends no clock is a constant house."""
    run = Run(house(charger("garage", [L1])))
    run.lists(100, 1, 1, 1)

    assert run.state.meter is FRESH


def test_a_clock_that_is_put_back_is_moving() -> None:
    """The end of summer time is no defect."""
    now, before = clock_octets(datetime(2026, 10, 25, 2, 0, 0)), clock_octets(datetime(2026, 10, 25, 2, 59, 50))

    assert not clock_stands(Policy(), before, 0, now, 100_000)
    assert clock_stands(Policy(), now, 0, now, 35_001)
    assert not clock_stands(Policy(), now, 0, now, 35_000)
    assert not clock_stands(Policy(), now, 0, None, 100_000)


@pytest.mark.parametrize(("amps", "expected"), [(6, Behaviour.WITHIN), (7, Behaviour.WITHIN), (7.001, Behaviour.ABOVE)])
def test_a_charger_may_miss_its_limit_by_an_ampere(amps: float, expected: Behaviour) -> None:
    """A settled charger that draws more than 1 A above its limit does not obey."""
    run = Run(house(charger("garage", [L1])))

    assert behaviour(run.state.chargers[0], report(60_000, "garage", amps, [L1])) is expected


def test_one_line_above_the_limit_is_enough() -> None:
    """A 3-phase charger that draws too much on one line does not obey, whatever it draws on the others or says nothing of."""
    view = Run(house(charger("garage"))).state.chargers[0]
    said = report(60_000, "garage", 6)

    assert behaviour(view, replace(said, current_ma=PerLine(None, 0, 7_001))) is Behaviour.ABOVE
    assert behaviour(view, replace(said, current_ma=PerLine(None, None, None))) is Behaviour.WITHIN


def test_a_charger_has_twice_its_response_time_to_obey() -> None:
    """Right after the start a charger may still follow what it was told before, its maximum; 12 s later it may not."""
    view = Run(house(charger("garage", [L1]))).state.chargers[0]

    assert behaviour(view, report(11_999, "garage", 16, [L1])) is Behaviour.WITHIN
    assert behaviour(view, report(12_000, "garage", 16, [L1])) is Behaviour.ABOVE


def test_the_life_of_a_charger() -> None:
    """Unknown, obeying, ignoring, gone and back: each change is said once, in words."""
    run = Run(house(charger("garage", [L1])))

    assert notes(run.say(20_000, "garage", 6)) == []
    assert notes(run.say(30_000, "garage", 16)) == ["charger garage draws more than its limit"]
    assert notes(run.say(40_000, "garage", 16)) == []
    assert notes(run.say(50_000, "garage", 6)) == ["charger garage keeps within its limit again"]
    assert notes(run.until(109_000)) == []
    assert notes(run.until(110_000)) == ["charger garage has stopped reporting"]
    assert notes(run.until(300_000)) == []
    assert notes(run.say(300_500, "garage", 6)) == ["charger garage keeps within its limit again"]


def test_a_charger_that_cannot_decide_fills_no_log() -> None:
    """One that obeys and ignores in turn for an hour is told of every ten minutes, beginning and end."""
    run = Run(house(charger("garage", [L1])))
    told = [note for at in range(20_000, 3_620_000, 10_000) for note in notes(run.say(at, "garage", 16 if at % 20_000 else 6))]

    assert told == ["charger garage draws more than its limit", "charger garage keeps within its limit again"] * 6


@pytest.mark.parametrize(
    ("amps", "reported_at", "expected"), [(7, 46_000, True), (6.9, 46_000, False), (16, 45_999, False), (16, 46_000, True)]
)
def test_one_report_is_enough_to_ask_others_for_the_room(amps: float, reported_at: int, expected: bool) -> None:
    """A charger that still draws an ampere more than its limit, when this had its time, is not counted upon: a cut beside it is for others."""
    run = Run(house(charger("garage", [L1], fallback_ma=16_000)))
    run.hear(40_000, list2(35, 0, 0))
    assert run.limit() == 6_000
    run.until(reported_at - 1)
    run.say(reported_at, "garage", amps)

    assert run.state.chargers[0].conduct is Conduct.OBEYING
    assert stubborn(Policy(), run.state.chargers[0], 50_000) is expected


@pytest.mark.parametrize(("silent_ms", "expected"), [(34_999, False), (35_000, True)])
def test_who_has_stopped_reporting_is_not_counted_upon(silent_ms: int, expected: bool) -> None:
    """A charger that is late with its report may not hear us either; one that has never reported is like any other."""
    run = Run(house(charger("garage", [L1]), charger("yard", [L1])))
    run.until(30_000)
    run.say(30_000, "garage", 6)

    garage, yard = run.state.chargers
    assert stubborn(Policy(), garage, 30_000 + silent_ms) is expected
    assert not stubborn(Policy(), yard, 30_000 + silent_ms)


@pytest.mark.parametrize(
    ("late", "reported_at", "expected"), [(True, None, True), (False, None, False), (True, 40_000, True), (True, 40_001, False)]
)
def test_a_cut_that_does_not_show_is_for_others(late: bool, reported_at: int | None, expected: bool) -> None:
    """Where the meter has not shown a cut in time, and the charger has not said since that it followed, others make the room."""
    run = Run(house(charger("garage", [L1]), charger("yard", [L1])))
    probe = Probe(40_000, 10_000, 6_000, PerLine(20_000, 0, 0), late=late)
    said = None if reported_at is None else report(reported_at, "garage", 6, [L1])
    view = run.state.chargers[0]._replace(belief=Belief(probe=probe), report=said)

    assert stubborn(Policy(), view, 50_000) is expected


def test_a_charger_that_never_reported_is_not_gone() -> None:
    """Silence from the beginning is no change."""
    run = Run(house(charger("garage", [L1])))
    run.until(200_000)

    assert run.state.chargers[0].conduct is Conduct.UNKNOWN
    assert charger_border(Policy(), run.state.chargers[0]) is None


@pytest.mark.parametrize(("conduct", "seen"), list(CHARGER))
def test_reports_and_silence_say_what_they_say(conduct: Conduct, seen: Behaviour) -> None:
    """A report within the limit is obedience, above it is not, and silence is only held against whoever used to talk."""
    if seen is Behaviour.SILENT:
        expected = Conduct.UNKNOWN if conduct is Conduct.UNKNOWN else Conduct.GONE
    else:
        expected = Conduct.OBEYING if seen is Behaviour.WITHIN else Conduct.IGNORING
    assert CHARGER[conduct, seen] is expected


@pytest.mark.parametrize(("state", "seen"), list(METER))
def test_age_alone_decides_on_the_meter(state: MeterState, seen: Sign) -> None:
    """Currents make it fresh; without them it only grows older, a step at a time or two, and one that was never heard is waited for."""
    if seen is Sign.HEARD or (state is FRESH and seen is Sign.IN_TIME):
        expected = FRESH
    elif state in (WAITING, LOST):
        expected = state
    else:
        expected = LOST if seen is Sign.SILENT else STALE
    assert METER[state, seen] is expected


def test_who_claims_no_more_than_its_limit_is_counted_upon() -> None:
    """A claim up to the limit frees what a cut takes; one beyond it does not."""
    run = Run(house(charger("garage", [L1])))
    (view,) = run.state.chargers
    claiming = [view._replace(echo=view.echo._replace(echo_ma=amps)) for amps in (6_000, 6_001)]

    assert [stubborn(Policy(), each, 10_000) for each in claiming] == [False, True]


def test_one_line_above_is_enough_to_ask_others() -> None:
    """A car that draws too much on one of its lines does not follow."""
    run = Run(house(charger("garage", [L1, L2])))
    run.until(60_000)
    (view,) = run.state.chargers
    said = ChargerSaid(at=60_000, charger="garage", current_ma=PerLine(7_000, 0, None))

    assert stubborn(Policy(), view._replace(report=said), 61_000)


def test_why_a_charger_does_not_have_more_yet() -> None:
    """Each state of the meter has its own words."""
    assert STANDS == {
        WAITING: Cause.METER_WAITING,
        FRESH: Cause.RAISE_PENDING,
        STALE: Cause.METER_STALE,
        LOST: Cause.METER_LOST,
    }


@pytest.mark.parametrize(("again_at", "expected"), [(629_999, []), (630_000, ["charger garage draws more than its limit"])])
def test_people_are_warned_anew_after_ten_minutes(again_at: int, expected: list[str]) -> None:
    """A charger that obeys in between and ignores its limit again is news ten minutes after the last warning, to the millisecond."""
    run = Run(house(charger("garage", [L1])))
    run.say(20_000, "garage", 6)
    assert notes(run.say(30_000, "garage", 16)) == ["charger garage draws more than its limit"]
    for at in range(40_000, 620_001, 20_000):
        run.say(at, "garage", 6)

    assert notes(run.say(again_at, "garage", 16)) == expected
