"""The controller as a whole: what is published when, and in which words."""

from itertools import pairwise
from typing import Any

import pytest

from dlms.rejects import Reason as Reject
from dlms.rejects import Rejected
from han_gateway.core.effects import Cause, MeterState, Note, Reason, SetLimit, ShowCaps, ShowCharger, ShowHeadroom, ShowReading
from han_gateway.core.events import BrokerChanged, ChargerStatus, MeterGarbled, MeterSaid, SourceChanged, Tick
from han_gateway.core.gateway import start, step
from han_gateway.core.seen.remainder import SUN_MS
from han_gateway.core.site import Grid
from han_gateway.core.units import PerLine
from tests.core.houses import L1, L2, L3, Run, charger, headrooms, house, list1, list2, notes, set_limits

ONE = house(charger("garage"))


def test_the_first_tick_publishes_the_fallback() -> None:
    """A gateway that has heard nothing says so, and offers the fallback."""
    state, effects = step(ONE, start(ONE, 0), Tick(at=0))

    assert [type(effect) for effect in effects] == [ShowHeadroom, ShowCaps, SetLimit, Note, ShowCharger]
    assert headrooms(effects)[0].state is MeterState.WAITING
    assert headrooms(effects)[0].room_ma == (None, None, None)
    told = set_limits(effects)[0]
    assert (told.grant.limit_ma, told.seq, told.valid_for_ms) == (6000, 1, 60_000)
    assert notes(effects) == ["garage starts at 6 A: meter not heard yet"]
    assert step(ONE, state, Tick(at=1000)) == (state, ())


def test_an_idle_tick_returns_the_same_state() -> None:
    """When nothing is due, nothing is even copied."""
    run = Run(ONE)
    before = run.state

    assert step(ONE, before, Tick(at=1000))[0] is before
    assert step(ONE, before, MeterGarbled(at=1500, rejected=Rejected(Reject.NOISE)))[0] is before
    assert step(ONE, before, SourceChanged(at=1600, connected=False))[0] is before
    assert step(ONE, before, BrokerChanged(at=1700, connected=False))[0] is before


UNREAD = (
    (Reject.ENCRYPTED, "system title 58595A0000000007", "key_file under [meter]"),
    (Reject.ENCRYPTED, "the broadcast key is not supported", "ask the grid company to switch it off"),
    (Reject.WRONG_KEY, "the frame is whole but does not decrypt: check the key", "check the key"),
    (Reject.REPLAYED, "frame counter 6 after 9", "does somebody repeat them?"),
    (Reject.UNAUTHENTICATED, "nothing proves its sender", "without authentication_key_file"),
)


@pytest.mark.parametrize(("reason", "detail", "remedy"), UNREAD)
def test_lists_that_are_encrypted_are_told_of(reason: Reject, detail: str, remedy: str) -> None:
    """Why encrypted lists are not read is told with the first of them, once an hour while it goes on, and changes no limit."""
    run = Run(ONE)
    told = []
    for at in range(0, 7_200_001, 10_000):
        run.until(at)
        before = run.state
        run.state, effects = step(ONE, before, MeterGarbled(at=at, rejected=Rejected(reason, 40, detail)))
        assert set_limits(effects) == []
        told += [(at, text) for text in notes(effects)]

    assert [at for at, _ in told] == [0, 3_600_000, 7_200_000]
    assert all(detail in text and remedy in text for _, text in told)


def test_each_reason_is_told_by_itself() -> None:
    """Reasons that take turns are told once each, and damage never."""
    run = Run(ONE)
    told = []
    for at in range(0, 60_000, 1_000):
        for reason, detail, _ in UNREAD:
            run.state, effects = step(ONE, run.state, MeterGarbled(at=at, rejected=Rejected(reason, 40, detail)))
            told += notes(effects)
        state, effects = step(ONE, run.state, MeterGarbled(at=at, rejected=Rejected(Reject.FRAME_CHECK, 40)))
        assert (state, notes(effects)) == (run.state, [])

    assert len([text for text in told if "starts at" not in text]) == 4


def test_a_house_without_chargers() -> None:
    """A house without chargers is shown its room all the same."""
    run = Run(house())
    effects = run.lists(1, 5, 6, 7)

    assert [type(effect) for effect in effects] == [ShowReading, ShowHeadroom, Note]
    assert headrooms(effects)[0].room_ma == (20_000, 19_000, 18_000)
    shown = [(shown.state, shown.load_ma.l1, shown.room_ma.l1) for shown in headrooms(run.until(80_000))]
    assert shown == [(MeterState.STALE, 5_000, 20_000), (MeterState.LOST, None, None)], "the last load, until it is too old"


def test_limits_are_repeated_with_a_new_number() -> None:
    """Each limit is published again after ten seconds, because it expires; the sequence has no holes."""
    run = Run(ONE)
    run.until(60_000)

    assert [at for at, _ in run.told()] == list(range(0, 61_000, 10_000))
    assert [told.seq for _, told in run.told()] == [1, 2, 3, 4, 5, 6, 7]
    assert len(notes(effect for _, effect in run.effects)) == 1


def test_a_limit_is_not_repeated_because_something_else_is_due() -> None:
    """That the meter grows stale at 28 s, or is lost, brings no limit sooner that stays as it is."""
    run = Run(ONE)
    run.hear(3_000, list2(20, 20, 20))
    run.until(100_000)

    assert [at for at, _ in run.told()] == list(range(0, 101_000, 10_000))


def test_a_broker_that_is_back_gets_all_limits() -> None:
    """Whoever may have missed a limit is told again, with a new number and without a note."""
    run = Run(house(charger("a"), charger("b")))
    effects = run.play(BrokerChanged(at=3500, connected=True))

    assert [(told.grant.charger, told.seq) for told in set_limits(effects)] == [("a", 2), ("b", 2)]
    assert notes(effects) == []
    assert set_limits(run.until(13_000)) == []
    assert len(set_limits(run.until(14_000))) == 2


def test_a_broker_before_the_first_tick_repeats_nothing_twice_by_note() -> None:
    """If the broker is there first, the beginning is told once."""
    state, effects = step(ONE, start(ONE, 500), BrokerChanged(at=500, connected=True))

    assert notes(effects) == ["garage starts at 6 A: meter not heard yet"]
    assert step(ONE, state, Tick(at=1000))[1] == ()


def test_a_cut_comes_with_the_list_that_demands_it() -> None:
    """One list over the fuse, and the limit is lower in the same breath, in full."""
    run = Run(ONE)
    run.lists(3, 8, 5, 6, says={"garage": 6})
    assert run.limit() == 16_000
    run.lists(1, 18, 15, 16, says={"garage": 16})
    effects = run.lists(1, 18, 32, 16, says={"garage": 16})

    assert run.limit() == 9000
    assert notes(effects) == ["cut garage 16 -> 9 A: main fuse, L2; the house rose by 17.0 A there"]
    assert run.grant().reason == Reason(cause=Cause.FUSE, circuit="main", line=L2)


def test_an_evening_an_electrician_can_read() -> None:
    """The golden log: a car on a 25 A fuse with a kettle, an oven, a meter that falls silent and returns."""
    run = Run(house(charger("garage"), margin=1))
    run.lists(3, 8, 8, 8, says={"garage": 6})  # house 2 A: the car may have all of its 16 A
    run.lists(1, 27, 18, 18, says={"garage": 16})  # kettle, 9 A on L1
    run.lists(2, 24, 15, 15, says={"garage": 13})
    run.lists(5, 15, 15, 15, says={"garage": 13})  # kettle off: that raise was undone at once, so the next needs 34 s of lists
    run.lists(1, 36, 18, 18, says={"garage": 16})  # kettle and oven: not even 6 A fit
    run.lists(1, 20, 2, 2, says={"garage": 0})
    run.lists(7, 10, 2, 2, says={"garage": 0})  # oven off: undone twice, so 58 s
    run.until(run.now + 70_000)  # silence
    run.lists(7, 14, 8, 8, says={"garage": 6})

    log = [(at // 1000, effect.text) for at, effect in run.effects if isinstance(effect, Note)]
    assert log == [
        (0, "garage starts at 6 A: meter not heard yet"),
        (10, "meter heard"),
        (30, "raised garage 6 -> 16 A: own maximum"),
        (40, "cut garage 16 -> 13 A: main fuse, L1; the house rose by 9.0 A there, kettle or oven?"),
        (110, "raised garage 13 -> 16 A: own maximum"),
        (120, "paused garage 16 -> 0 A: no room for the minimum (main fuse, L1); the house rose by 18.0 A there"),
        (200, "resumed garage 0 -> 6 A: starting at the minimum"),
        (225, "meter stale: no lists for 25 s"),
        (259, "charger garage has stopped reporting"),
        (260, "meter lost: no lists for 60 s"),
        (279, "charger garage keeps within its limit again"),
        (280, "meter fresh again, was lost"),
        (340, "raised garage 6 -> 16 A: own maximum"),
    ]


def test_the_same_excess_is_never_cut_twice() -> None:
    """A list that comes before the charger could react finds the cut in flight, and adds only what is new."""
    run = Run(ONE)
    run.lists(3, 8, 8, 8, says={"garage": 6})
    run.lists(1, 18, 18, 18, says={"garage": 16})
    run.hear(run.now + 9000, list2(30, 18, 18))
    assert run.limit() == 11_000
    run.hear(run.now + 2000, list2(30, 18, 18))
    assert run.limit() == 11_000
    run.hear(run.now + 2000, list2(32, 18, 18))
    assert run.limit() == 9000


def test_a_charger_that_does_not_obey_is_cut_again() -> None:
    """An excess that is still there when the cut has had time to act is an excess."""
    run = Run(ONE)
    run.lists(3, 8, 8, 8, says={"garage": 6})
    run.lists(1, 18, 18, 18, says={"garage": 16})
    run.hear(run.now + 8000, list2(30, 18, 18))
    run.hear(run.now + 10_000, list2(30, 18, 18))

    assert run.limit() == 6000


def test_unused_offers_are_reserved() -> None:
    """A car that draws 4 of its 16 A may take them all at any second: the house is not given the difference."""
    run = Run(ONE)
    run.lists(3, 8, 8, 8, says={"garage": 6})
    run.lists(1, 18, 6, 6, says={"garage": 4})

    assert run.limit() == 11_000


def test_nothing_is_raised_before_the_window_is_full() -> None:
    """Two lists of 10 s do not fill a window of 20 s, three do."""
    run = Run(ONE)
    run.lists(2, 8, 8, 8, says={"garage": 6})
    assert run.limit() == 6000
    assert run.grant().reason == Reason(cause=Cause.RAISE_PENDING)
    run.lists(1, 8, 8, 8, says={"garage": 6})
    assert run.limit() == 16_000


def test_a_list_that_lacks_a_line_is_the_ground_for_no_raise() -> None:
    """Also where the lists before it would have been."""
    run = Run(ONE)
    run.lists(2, 8, 8, 8, says={"garage": 6})
    run.hear(30_000, list2(8, None, 8))
    assert (run.state.meter, run.limit()) == (MeterState.FRESH, 6000)
    run.hear(31_000, list2(8, 8, 8))
    assert run.limit() == 16_000


def test_a_raise_is_what_the_worst_list_of_the_window_allows() -> None:
    """One busy list in the window keeps the raise down."""
    run = Run(ONE)
    run.lists(1, 8, 8, 8, says={"garage": 6})
    run.lists(1, 21, 8, 8, says={"garage": 6})
    run.lists(1, 8, 8, 8, says={"garage": 6})

    assert run.limit() == 10_000


def test_no_raise_while_a_command_is_in_flight() -> None:
    """A charger with a slow response is not raised again before the last command had its time."""
    run = Run(house(charger("garage", response_ms=25_000)))
    run.lists(3, 8, 8, 8, says={"garage": 6})

    assert run.limits()[-1][0] == 30_000
    assert {amps for at, amps in run.limits() if at < 25_000} == {6000}


def test_one_charger_in_flight_holds_back_all() -> None:
    """As long as one charger is still on its way, what the others may have is not known."""
    run = Run(house(charger("a"), charger("b", response_ms=25_000)))
    for at in (1_500, 11_500, 21_500):
        run.say(at - 500, "a", 6)
        run.hear(at, list2(8, 8, 8))
    assert (run.limit("a"), run.limit("b")) == (6000, 6000)


def test_a_report_from_before_a_raise_makes_no_cut() -> None:
    """A car that takes up a raise is not cut because its last report is older than that."""
    run = Run(ONE)
    run.lists(3, 8, 8, 8, says={"garage": 6})
    run.say(35_000, "garage", 6)
    run.hear(40_000, list2(18, 18, 18))

    assert run.limit() == 16_000


def test_who_was_paused_first_is_resumed_first() -> None:
    """Waiting counts from the pause."""
    run = Run(house(charger("a", [L1]), charger("b", [L1])))
    run.lists(1, 24, 0, 0, says={"a": 6, "b": 6})
    assert (run.limit("a"), run.limit("b")) == (6_000, 6_000)
    run.lists(1, 30, 0, 0, says={"a": 6, "b": 6})
    assert (run.limit("a"), run.limit("b")) == (6_000, 0)
    run.lists(1, 30, 0, 0, says={"a": 6, "b": 0})
    assert (run.limit("a"), run.limit("b")) == (0, 0)
    run.lists(3, 15, 0, 0, says={"a": 0, "b": 0})
    assert (run.limit("a"), run.limit("b")) == (0, 6_000)


def test_a_stale_meter_raises_nothing_and_a_new_window_begins() -> None:
    """After 25 s without currents the window is empty, and three more lists pass before anything rises."""
    run = Run(ONE)
    run.lists(2, 8, 8, 8, says={"garage": 6})
    run.until(run.now + 26_000)
    assert run.grant().reason == Reason(cause=Cause.METER_STALE)
    run.lists(2, 8, 8, 8, says={"garage": 6})
    assert run.limit() == 6000
    run.lists(1, 8, 8, 8, says={"garage": 6})
    assert run.limit() == 16_000


def test_one_lost_list_changes_nothing() -> None:
    """20 s between two lists are neither stale nor a reason to begin the window anew."""
    run = Run(ONE)
    run.lists(1, 8, 8, 8, says={"garage": 6})
    run.say(29_000, "garage", 6)
    run.hear(30_000, list2(8, 8, 8))

    assert run.limit() == 16_000


def test_power_only_keeps_no_limit_alive() -> None:
    """Lists of total power do not hide that currents are missing: the meter is lost, and the note says what is missing."""
    run = Run(ONE)
    run.lists(3, 8, 8, 8, says={"garage": 6})
    for at in range(32_500, 100_000, 2500):
        run.hear(at, list1())

    assert run.state.meter is MeterState.LOST
    assert run.limit() == 6000
    warnings = notes(effect for _, effect in run.effects)
    assert "meter stale: no lists with currents for 25 s" in warnings
    assert "meter lost: no lists with currents for 60 s" in warnings


def test_lost_never_raises() -> None:
    """A paused charger stays paused when the meter is lost."""
    run = Run(ONE)
    run.lists(1, 24, 24, 24, says={"garage": 0})
    assert run.limit() == 0
    run.until(200_000)

    assert run.limit() == 0
    assert run.grant().reason == Reason(cause=Cause.METER_LOST)


def test_a_stale_or_lost_meter_may_still_lower() -> None:
    """A list that is not good enough to be fresh (a line is missing) still cuts what it sees."""
    run = Run(ONE)
    run.lists(3, 8, 8, 8, says={"garage": 6})
    run.until(57_000)
    run.say(57_500, "garage", 16)
    run.hear(58_000, list2(30, None, 18))
    assert run.state.meter is MeterState.STALE
    assert run.limit() == 11_000


def test_a_waiting_gateway_does_not_act_on_half_a_list() -> None:
    """Before the first whole list the fallback stands."""
    run = Run(ONE)
    run.hear(15_000, list2(40, None, 18))

    assert (run.state.meter, run.limit()) == (MeterState.WAITING, 6000)


def test_a_line_nobody_charges_on_may_be_missing() -> None:
    """A 1-phase charger on L1 does not wait for the current on L2."""
    run = Run(house(charger("garage", [L1])))
    run.lists(3, 8, None, 8, says={"garage": 6})

    assert run.limit() == 16_000
    assert headrooms(effect for _, effect in run.effects)[-1].room_ma == (17_000, None, 17_000)


def test_one_phase_meter() -> None:
    """Behind a 1-phase meter a charger on L1 works, and one on a line that does not exist gets nothing."""
    run = Run(house(charger("a", [L1]), charger("b", [L3])))
    for at in (10_000, 20_000, 30_000):
        run.say(at - 500, "a", 6)
        run.hear(at, list2(8, None, None, voltage_l2_mv=None, voltage_l3_mv=None))

    assert (run.limit("a"), run.limit("b")) == (16_000, 0)
    assert str(run.grant("b").reason) == "no room for the minimum (main fuse, L3)"


def test_it_net_without_the_second_current() -> None:
    """In an IT net a 1-phase charger loads two lines, and a line that was worked out is named."""
    run = Run(house(charger("garage", [L1, L2]), grid=Grid.IT))
    reading = list2(10, None, 4, power_import_w=2600, power_export_w=0, reactive_import_var=0, reactive_export_var=0)
    effects = run.hear(10_000, reading)

    shown = headrooms(effects)[0]
    assert shown.estimated == (L2,)
    assert shown.load_ma.l2 is not None
    assert 6000 <= shown.load_ma.l2 <= 14_000


def test_the_room_shown_may_be_negative() -> None:
    """People are shown the truth: fuse minus load."""
    run = Run(ONE)
    shown = headrooms(run.lists(1, 30, 1.5, 0))[0]

    assert shown == ShowHeadroom(
        state=MeterState.FRESH,
        fuse_ma=25_000,
        room_ma=PerLine(-5000, 23_500, 25_000),
        load_ma=PerLine(30_000, 1500, 0),
    )


def test_an_unknown_charger_is_not_heard() -> None:
    """A report of a charger that is not in the configuration changes nothing."""
    run = Run(ONE)
    before = run.state

    assert run.say(1500, "garag", 16) == ()
    assert run.state is before


def test_a_restart_does_not_cut_what_is_on_its_way_down() -> None:
    """A charger that drew 16 A before our birth is given its time to follow the fallback."""
    run = Run(ONE)
    run.hear(3000, list2(30, 30, 30))

    assert run.limit() == 6000


def test_two_cars_share() -> None:
    """The first car has it all; when a second one comes, the first makes room and then both have the same."""
    run = Run(house(charger("a", [L1]), charger("b", [L1])))
    for at in (10_000, 20_000, 30_000):
        run.say(at - 2000, "b", 0, ChargerStatus.IDLE)
        run.say(at - 1000, "a", 6)
        run.hear(at, list2(7, 1, 1))
    assert (run.limit("a"), run.limit("b")) == (16_000, 6000)
    drawn = dict.fromkeys(("a", "b"), 0.0)
    for _ in range(6):
        drawn = {name: run.limit(name) / 1000 for name in drawn}
        run.lists(1, 1 + sum(drawn.values()), 1, 1, says=drawn)

    assert (run.limit("a"), run.limit("b")) == (12_000, 12_000)
    for _at, low in run.limits("b"):
        assert low >= 6000


@pytest.mark.parametrize("line", [L1, L2, L3])
def test_only_the_line_that_is_full_counts(line: object) -> None:
    """Three 1-phase chargers: the one on the full line is cut, the others keep what they have."""
    run = Run(house(charger("L1", [L1]), charger("L2", [L2]), charger("L3", [L3])))
    run.lists(3, 8, 8, 8, says={"L1": 6, "L2": 6, "L3": 6})
    amps = [30.0 if each is line else 18.0 for each in (L1, L2, L3)]
    run.lists(1, *amps, says={"L1": 16, "L2": 16, "L3": 16})

    assert {run.limit(each.value) for each in (L1, L2, L3) if each is not line} == {16_000}
    assert [run.limit(each.value) for each in (L1, L2, L3) if each is line] == [11_000]


def test_numbers_grow_by_one_for_each_charger() -> None:
    """Whatever happens, the sequence of each charger has no holes and no repeats."""
    run = Run(house(charger("a", [L1]), charger("b")))
    for amps in (8, 8, 8, 40, 8, 8, 8, 30, 22):
        run.lists(1, amps, amps, amps, says={"a": 5, "b": 6})
        run.play(BrokerChanged(at=run.now, connected=True))
    run.until(run.now + 100_000)

    for name in ("a", "b"):
        numbers = [told.seq for _, told in run.told() if told.grant.charger == name]
        assert all(later == earlier + 1 for earlier, later in pairwise(numbers))
        assert numbers[0] == 1


def test_a_cut_after_a_restart_undoes_no_raise() -> None:
    """Nothing was raised yet, so a first list that pauses a charger does not make the raise window longer."""
    run = Run(ONE)
    run.lists(1, 30, 30, 30, says={"garage": 0})
    assert run.limit() == 0
    run.lists(3, 3, 3, 3, says={"garage": 0})
    assert run.limit() == 6_000


@pytest.mark.parametrize("every", [2, 5, 10])
@pytest.mark.parametrize("late", [0, 6, 8, 12])
def test_late_reports_make_no_limit_swing(late: int, every: int) -> None:
    """Reports that are older than the six seconds in which a charger answers: what it says after the first cut tells, and later raises stay."""
    run, limits = Run(house(charger(), fuse=20)), [0] * 20
    for second in range(1, 2400):
        limits.append(run.limit())
        run.until(second * 1000)
        if second % every == 0:
            run.say(run.now, "garage", limits[-5 - late] / 1000)
        if second % 10 == 0:
            run.hear(run.now, list2(*(8 + limits[-5] / 1000,) * 3))
    told = [limit for _, limit in run.limits()]

    assert sum(before != after for before, after in pairwise(told)) <= 3
    assert run.limit() >= 11_000


@pytest.mark.parametrize("phase", [6, 7, 8])
@pytest.mark.parametrize("every", [5, 10])
def test_a_car_that_comes_up_slowly_makes_no_limit_swing(every: int, phase: int) -> None:
    """It needs two seconds more than its charger is given, and goes down at once: what is reported meanwhile is not all that it draws."""
    run, limits = Run(house(charger("garage"), charger("yard"), fuse=32)), {name: [0] * 20 for name in ("garage", "yard")}
    for second in range(1, 3600):
        run.until(second * 1000)
        for name, past in limits.items():
            past.append(run.limit(name) // 1000)
        drawn = {name: min(past[-9:]) for name, past in limits.items()}
        if second % every == phase % every:
            for name, amps in drawn.items():
                run.say(run.now, name, amps)
        if second % 10 == 0:
            run.hear(run.now + 500, list2(*(8.3 + sum(drawn.values()),) * 3))
    late = [limit for name in limits for at, limit in run.limits(name) if at > 600_000]

    assert sum(run.limit(name) for name in limits) == 23_000
    assert len(set(late)) <= 2


@pytest.mark.parametrize("told", ["a list of currents", "a power alone"])
def test_a_house_that_has_sold_power_may_have_sun_all_day(told: str) -> None:
    """On three wires without I2 no list tells whether the sun feeds a house that buys: for a day after it sold any, both other currents together count.

    A car of 25 A on L1 and L2, 16 A of house on L2 and L3 and as much sun on L3 and L1 were read as 10.5 A on L2, and were 35.8 A.
    """
    run = Run(house(charger("garage", [L1, L2]), grid=Grid.IT))
    buys = list2(21.9, None, 16, power_import_w=5750, power_export_w=0, reactive_import_var=0, reactive_export_var=0)
    run.hear(10_000, buys)
    before = run.state.load
    sells: dict[str, Any] = {"power_import_w": 0, "power_export_w": 500}
    run.hear(20_000, list2(2, None, 3, **sells) if told == "a list of currents" else list1()._replace(**sells))
    run.hear(30_000, buys)
    after = run.state.load
    run.play(MeterSaid(at=SUN_MS + 20_000, reading=buys))

    assert before is not None
    assert after is not None
    assert (after.current_ma.l2 or 0) == 37_900 > (before.current_ma.l2 or 0)
    assert run.state.load == before


@pytest.mark.parametrize("reports", [(0, 1, 2), (0, 2, 0), (1, 1, 1)])
def test_a_start_that_shows_before_it_is_reported_pauses_nobody(reports: tuple[int, ...]) -> None:
    """Three minimums fit. Reports come every 30 s, and cars wake up 44 s after they may: once all have started they stay."""
    run = Run(house(*map(charger, "abc"), fuse=25))
    drawn = dict.fromkeys("abc", 0.0)
    for place in range(1080):
        for phase, view in zip(reports, run.state.chargers, strict=True):
            name = view.charger.name
            drawn[name] = run.limit(name) / 1000 * (run.now - view.started_at >= 44_000)
            if place % 3 == phase:
                run.say(run.now + 4_000, name, drawn[name])
        load = 5 + sum(drawn.values())
        run.lists(1, load + 10 * (60 <= place < 90), load, load)
    for name in "abc":
        assert all(limit for at, limit in run.limits(name) if at > 1_800_000)


@pytest.mark.parametrize(("early_ms", "limits"), [(2_000, [6_000, 0]), (1_000, [0, 0])])
def test_a_house_that_rises_like_a_start_is_credited_until_the_next_report(early_ms: int, limits: list[int]) -> None:
    """Beside an offer that nobody takes: the first report that is not older than the list says whose 6 A these were."""
    run = Run(house(charger(maximum_ma=6_000, fallback_ma=0), fuse=16))
    run.lists(4, 5, 5, 5, says={"garage": 0})
    assert run.limit() == 6_000
    seen = []
    for early in (early_ms, 1_000):
        run.until(run.now + 10_000 - early)
        run.say(run.now, "garage", 0)
        run.lists(1, 11, 11, 11)
        seen.append(run.limit())

    assert seen == limits
