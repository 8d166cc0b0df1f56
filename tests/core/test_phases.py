"""One phase rather than none; never while a current flows, and not too often."""

import random
from dataclasses import replace
from typing import Any

import pytest

from han_gateway.core.allocation import Room
from han_gateway.core.effects import Cause
from han_gateway.core.events import CapSaid, ChargerSaid, ChargerStatus, CircuitSaid
from han_gateway.core.gateway import start
from han_gateway.core.headroom import least
from han_gateway.core.phases import arrange, widen
from han_gateway.core.site import Cap, CapRule, Charger, Circuit, Grid, modes_of
from han_gateway.core.state import ChargerView, Command, Phasing, Sample
from han_gateway.core.times import QUIET_MS, SETTLED_MS
from han_gateway.core.units import LINES, Line, PerLine
from han_gateway.core.usage import MOST_SWITCHES
from tests.core.houses import ALL, L1, L2, L3, LIST_MS, Home, Run, charger, house, list2, notes

CHARGING, CONNECTED, IDLE = ChargerStatus.CHARGING, ChargerStatus.CONNECTED, ChargerStatus.IDLE


def switchable(kind: str = "any-phase", grid: Grid = Grid.TN, order: tuple[Line, ...] = LINES, **figures: object) -> Charger:
    """A charger that can charge 1-phase."""
    return charger(order=order, modes=modes_of(kind, order, grid), **figures)  # type: ignore[arg-type]


def test_one_phase_rather_than_none() -> None:
    """Where three phases have no room for the minimum, a charger comes back on the line that has the most."""
    run = Home(house(switchable()))
    run.minutes(2, 5, 5, 5)
    assert (run.limit(), run.view.offered) == (16_000, ALL)
    run.minutes(3, 12, 22, 7)

    assert run.modes() == [ALL, {L3}]
    assert run.limit() == 16_000
    assert "garage changes to 1 phase, L3" in notes(effect for _, effect in run.effects)


@pytest.mark.parametrize("measured", [False, True])
def test_what_a_cap_or_a_sub_fuse_leaves_is_looked_at_before_phases_change(*, measured: bool) -> None:
    """One phase goes on where three would be too much for the power cap, or for a sub-fuse with a meter; it is not paused for them."""
    garage = switchable()
    shed = Circuit(name="shed", fuse_ma=20_000, margin_ma=0, metered=True, parts=(garage,))
    site = (
        house(shed, fuse=63) if measured else replace(house(garage), power_cap=CapRule(default=17_000, least=1_000, most=17_000))
    )
    run = Home(site)

    def minutes(minutes: int, house_a: tuple[float, ...], below_a: tuple[float, ...]) -> None:
        for _ in range(6 * minutes):
            run.minutes(1 / 6, *house_a)
            if measured:
                loads = (round(1000 * amps) + (drawn or 0) for amps, drawn in zip(below_a, run.drawn(), strict=True))
                run.play(CircuitSaid(at=run.now + 500, circuit="shed", current_ma=PerLine(*loads)))

    minutes(2, (5, 5, 5), (2, 2, 2))
    minutes(4, (12, 22, 7), (2, 16, 2))
    assert len(run.view.offered) == 1
    if not measured:
        run.play(CapSaid(at=run.now + 500, cap=Cap.POWER, value=5_000))
    minutes(40, (2, 2, 2), (2, 16, 2))

    assert len(run.view.offered) == 1
    assert run.limit() >= 15_000


def test_who_is_to_change_is_not_started_before_it_stands_still() -> None:
    """One that reports every half minute seems to draw while it is paused; it waits, and changes in the same pause."""

    class Rare(Home):
        def report(self, at: int, amps: tuple[float, ...] | None = None, status: ChargerStatus | None = None) -> None:
            if (at + 1000) % 30_000 == 0:
                super().report(at, amps, status)

    run = Rare(house(switchable()))
    run.minutes(3, 5, 5, 5)
    run.minutes(5, 20, 22, 7)
    run.minutes(20, 3, 3, 3)
    told = run.limits()
    pauses = [at for (at, limit), (_, before) in zip(told[1:], told, strict=False) if at > 500_000 and before and not limit]

    assert run.view.offered == ALL
    assert len(pauses) == 1


def test_a_place_without_a_car_is_no_reason_to_stay_on_one_phase() -> None:
    """Nobody waits there, though it has no limit."""
    run = Home(house(switchable(), charger("yard")))
    run.play(ChargerSaid(at=500, charger="yard", current_ma=PerLine(0, 0, 0), status=IDLE))
    offered = []
    for minutes, house_a in ((3, (5, 5, 5)), (5, (20, 22, 7)), (40, (3, 3, 3))):
        for _ in range(6 * minutes):
            run.minutes(1 / 6, *house_a)
            run.play(ChargerSaid(at=run.now + 500, charger="yard", current_ma=PerLine(0, 0, 0), status=IDLE))
        offered.append(run.view.offered)

    assert offered == [ALL, {L3}, ALL]


@pytest.mark.parametrize("priority", [0, 1])
def test_what_an_empty_place_is_offered_keeps_nobody_on_one_phase(priority: int) -> None:
    """A car has left, and what its charger was offered stands ready for the next: three lines have room for the one that still charges on one."""
    run = Home(house(switchable(), charger("yard", [L1], priority=priority)))
    for minutes, house_a, here in ((3, (5, 5, 5), True), (5, (5, 22, 7), True), (40, (9, 3, 3), False)):
        for _ in range(6 * minutes):
            drawn = run.limit("yard") if here else 0
            run.minutes(1 / 6, house_a[0] + drawn / 1000, *house_a[1:])
            status = CHARGING if here else IDLE
            run.play(ChargerSaid(at=run.now + 500, charger="yard", current_ma=PerLine(drawn, 0, 0), status=status))

    assert (run.view.offered, run.limit(), run.limit("yard")) == (ALL, 16_000, 0)


def test_an_empty_place_changes_its_phases_beside_what_others_are_offered() -> None:
    """It keeps its limit through the change, so it does not count upon what another empty place holds: together they would be above the fuse."""
    garage, yard = switchable(), charger("yard", [L1])
    state = start(house(garage, yard, fuse=15), NOW)
    says = [ChargerSaid(at=NOW, charger=name, current_ma=PerLine(0, 0, 0), status=IDLE) for name in ("garage", "yard")]
    views = [
        view._replace(report=report, grant=replace(view.grant, limit_ma=10_000), commands=(Command(0, 10_000),))
        for view, report in zip(state.chargers, says, strict=True)
    ]
    window = tuple(Sample(at, Room(PerLine(15_000, 15_000, 15_000))) for at in (NOW - 20_000, NOW))
    state = state._replace(chargers=(views[0]._replace(mode=frozenset({L3})), views[1]), window=window)

    assert arrange(house(garage, yard, fuse=15), state, NOW)[0].chargers[0].offered == {L3}


def test_the_pause_comes_first_and_at_once() -> None:
    """The cut is not delayed by what may come after it, and a pause of a kettle's length changes no phases."""
    run = Home(house(switchable()))
    run.minutes(2, 5, 5, 5)
    paused = run.now + LIST_MS
    run.minutes(SETTLED_MS / 60_000, 12, 22, 7)  # from the list of the cut to the last one before it could change
    assert run.limits()[-1][1] == 0
    assert next(at for at, limit in run.limits() if limit == 0 and at > 60_000) == paused
    run.minutes(2, 5, 5, 5)

    assert run.modes() == [ALL]
    assert run.limit() == 16_000


@pytest.mark.parametrize(
    ("kind", "grid", "order", "house_a", "lines"),
    [
        ("one-phase", Grid.TN, (L1, L2, L3), (12, 22, 7), {L1}),
        ("one-phase", Grid.TN, (L3, L1, L2), (12, 22, 7), {L3}),
        ("one-phase", Grid.TN, (L2, L3, L1), (12, 22, 7), ALL),
        ("any-phase", Grid.TN, (L2, L3, L1), (12, 22, 7), {L3}),
        ("any-phase", Grid.TN, (L1, L2, L3), (17, 22, 17), {L1}),
        ("any-phase", Grid.TN, (L1, L2, L3), (17.1, 22, 17.1), ALL),
        ("one-phase", Grid.IT, (L3, L1, L2), (12, 22, 7), {L1, L3}),
        ("any-phase", Grid.IT, (L1, L2, L3), (22, 12, 11), {L2, L3}),
        ("any-phase", Grid.TN, (L1, L2, L3), (22, 22, 22), ALL),
    ],
)
def test_where_it_may_go(kind: str, grid: Grid, order: tuple[Line, ...], house_a: tuple[float, ...], lines: set[Line]) -> None:
    """Its own L1 (or pair), or any, wherever these are wired to; and only where 2 A more than the minimum fit."""
    run = Home(house(switchable(kind, grid, order), grid=grid))
    run.minutes(2, 5, 5, 5)
    run.minutes(3, *house_a)

    assert run.view.offered == lines
    assert bool(run.limit()) == (lines != ALL)


def test_a_fuse_on_the_way_counts() -> None:
    """The room is that of every fuse above the charger, beside what the others there hold."""
    other = charger("other", [L3], maximum_ma=32_000, fallback_ma=6000)
    site = house(Circuit(name="row", fuse_ma=20_000, parts=(switchable(), other)), fuse=63)
    run = Home(site)
    run.state = run.state._replace(chargers=(run.view, run.state.chargers[1]))
    run.minutes(2, 5, 5, 5)
    run.minutes(3, 45, 60, 30)  # L1 has 18 A; L3 has 33 A under the main fuse, and what the other leaves of 20 A in the row

    assert run.view.offered == {L1}


def test_the_margin_of_a_fuse_on_the_way_stays_free() -> None:
    """A fuse above the charger that has only 7 A beside its margin is no room for a change, which wants 2 A more than the minimum."""
    run = Home(house(Circuit(name="barn", fuse_ma=20_000, margin_ma=13_000, parts=(switchable(),))))
    run.minutes(2, 5, 5, 5)
    assert run.limit() == 7_000
    run.minutes(3, 12, 22, 7)

    assert (run.modes(), run.limit()) == ([ALL], 0)


NOW = 10_000_000
BUSY = Command(NOW - 1, 0)


def after_a_list(
    *amps: float, now: tuple[float, ...] = (), span_ms: int = 20_000, drawn: tuple[float, ...] = (0, 0, 0), **known: Any
) -> ChargerView:
    """A charger that was paused a minute ago and has reported since, after a list; the whole window leaves so much."""
    power_ma, beside_ma = known.pop("power_ma", None), known.pop("beside_ma", 0)
    window = tuple(
        Sample(at, Room(PerLine(*(round(each * 1000) for each in room)), power_ma))
        for at, room in ((NOW - span_ms, amps), (NOW, now or amps))
    )
    site = house(switchable(), charger("other"), fuse=40)
    garage, other = start(site, 0).chargers
    heard = ChargerSaid(
        at=NOW - known.pop("ago_ms", 1_000),
        charger="garage",
        current_ma=PerLine(*(round(each * 1000) for each in drawn)),
        status=known.pop("status", None),
    )
    limit = known.pop("limit_ma", 0)
    others = other._replace(
        grant=replace(other.grant, limit_ma=beside_ma), commands=(*other.commands, *([BUSY] if known.pop("busy", False) else ()))
    )
    view = garage._replace(
        grant=replace(garage.grant, limit_ma=limit),
        commands=(Command(known.pop("told_at", NOW - 60_000), limit),),
        report=heard,
        paused_at=NOW - known.pop("paused_ms", 60_000),
        mode=known.pop("mode", None),
        phasing=Phasing(**known),
    )
    state = start(site, 0)._replace(chargers=(view, others), window=window)
    return arrange(site, state, NOW)[0].chargers[0]


def arranged(*amps: float, **known: Any) -> set[Line]:
    """The lines on which it may charge after that list."""
    return set(after_a_list(*amps, **known).offered)


@pytest.mark.parametrize(
    ("changed", "lines"),
    [
        ({}, {L1}),
        ({"paused_ms": 59_999}, ALL),
        ({"span_ms": 19_999}, ALL),
        ({"told_at": NOW - 5_999}, ALL),
        ({"busy": True}, ALL),
        ({"now": (8, 8, 6)}, ALL),
        ({"now": (8, 8, 5.999)}, {L1}),
        ({"drawn": (0, 0, 0.499)}, {L1}),
        ({"drawn": (0, 0, 0.5)}, ALL),
        ({"switches": 1}, {L1}),
        ({"switches": 2}, ALL),
        ({"ago_ms": 34_999}, {L1}),
        ({"ago_ms": 35_000}, ALL),
    ],
)
def test_when_it_may_go_to_one_phase(changed: dict[str, Any], lines: set[Line]) -> None:
    """Paused for a minute, told nothing new, heard, without a current, a full window, no room in the last list, a change left for the way back."""
    assert arranged(8, 8, 5.999, **changed) == lines


@pytest.mark.parametrize(("power_ma", "lines"), [(35_999, 1), (36_000, 3)])
def test_what_others_have_of_the_power_is_not_there(power_ma: int, lines: int) -> None:
    """To the milliampere: beside 3 x 6 A of another, three phases need as much again."""
    assert len(arranged(20, 20, 20, power_ma=power_ma, beside_ma=6_000)) == lines


def test_room_for_the_minimum_is_enough_to_stay() -> None:
    """To the milliampere: with 6 A on each line nothing changes."""
    assert arranged(8, 8, 6) == ALL


@pytest.mark.parametrize(
    ("changed", "lines"),
    [
        ({}, ALL),
        ({"switched_at": NOW - 599_999}, {L3}),
        ({"gain_ma": -100_000}, {L3}),
        ({"gain_ma": -33}, {L3}),  # this list makes 0 of it: no more than on one
        ({"gain_ma": -32}, ALL),  # and 1 of it: a little more
        ({"narrow_car": True}, {L3}),
        ({"switches": 3}, {L3}),
        ({"drawn": (0, 0, 0.5)}, {L3}),
    ],
)
def test_when_it_may_come_back_from_a_pause_on_all_lines(changed: dict[str, Any], lines: set[Line]) -> None:
    """After ten minutes, if they would have carried more, the car can use them, and a change is left."""
    narrow: dict[str, Any] = {"mode": frozenset({L3}), "switched_at": NOW - 600_000, "gain_ma": 100_000, "switches": 2}

    assert arranged(6, 6, 16, **(narrow | changed)) == lines
    assert arranged(5.999, 6, 16, **(narrow | changed)) == {L3}


@pytest.mark.parametrize(("amps", "gain_ma"), [((6, 6, 15.001), 49), ((5.999, 6, 15.001), -251)])
def test_what_all_lines_would_have_carried(amps: tuple[float, ...], gain_ma: int) -> None:
    """Three times 6 A where the minimum fits, nothing where it does not, less what one line carries: a sixtieth for each list."""
    view = after_a_list(*amps, mode=frozenset({L3}), limit_ma=6_000)

    assert view.phasing.gain_ma == gain_ma


@pytest.mark.parametrize(("told_ago_ms", "before"), [(60_000, 1), (60_001, 1), (60_000, 2), (60_001, 2), (60_001, 0)])
def test_a_limit_stands_for_a_minute_before_the_way_back(told_ago_ms: int, before: int) -> None:
    """It is the last limit that must have stood, however many there were before it."""
    site = house(switchable(), fuse=40)
    state = start(site, 0)
    older = tuple(Command(NOW - 300_000 + place, 7_000) for place in range(before))
    view = state.chargers[0]._replace(
        commands=(*older, Command(NOW - told_ago_ms, 6_000)), mode=frozenset({L3}), phasing=Phasing(gain_ma=2_000)
    )
    window = (Sample(NOW, Room(PerLine(16_000, 16_000, 16_000))),)
    paused = widen(site, state._replace(chargers=(view,), window=window), NOW)

    assert list(paused) == (["garage"] if told_ago_ms > 60_000 else [])


@pytest.mark.parametrize(
    ("amps", "changed", "lines"),
    [
        ((6, 6, 16), {}, ALL),
        ((5.999, 6, 16), {}, {L3}),
        ((10, 10, 16), {"limit_ma": 10_000}, ALL),
        ((9.999, 10, 16), {"limit_ma": 10_000}, {L3}),
        ((6, 6, 16), {"ago_ms": 34_999}, ALL),
        ((6, 6, 16), {"ago_ms": 35_000}, {L3}),
    ],
)
def test_an_empty_place_goes_back_as_soon_as_all_lines_bear_its_limit(
    amps: tuple[float, ...], changed: dict[str, Any], lines: set[Line]
) -> None:
    """It is ready for the next car then; an old word that there is none counts for nothing."""
    empty: dict[str, Any] = {"mode": frozenset({L3}), "status": IDLE, "gain_ma": -100_000}

    assert arranged(*amps, **(empty | changed)) == lines


def test_back_to_three_phases() -> None:
    """Ten minutes after it went to one phase, and not before, it pauses and comes back on all lines, if these have room."""
    run = Home(house(switchable()))
    run.minutes(2, 5, 5, 5)
    run.minutes(2, 12, 22, 7)
    assert run.view.offered == {L3}
    changed = run.view.phasing.switched_at
    run.minutes((changed + QUIET_MS - run.now) / 60_000 - 0.2, 5, 5, 5)
    assert run.view.offered == {L3}
    run.minutes(0.8, 5, 5, 5)

    assert Cause.CHANGING in {effect.grant.reason.cause for _, effect in run.told()}
    assert run.modes() == [ALL, {L3}, ALL]
    run.minutes(1, 5, 5, 5)
    assert run.limit() == 16_000


@pytest.mark.parametrize(("full", "free", "back"), [(0.5, 4, True), (4, 1, False)])
def test_back_to_three_phases_when_they_would_carry_more(full: float, free: float, back: bool) -> None:
    """What counts is the mean: a kettle now and then does not keep a charger on one phase, an oven that is mostly on does."""
    run = Home(house(switchable()))
    run.minutes(2, 5, 5, 5)
    run.minutes(3, 5, 22, 5)
    assert run.view.offered == {L1}
    for _ in range(6):
        run.minutes(free, 5, 5, 5)
        run.minutes(full, 5, 22, 5)

    assert (len(run.modes()) == 3) == back


def test_no_way_back_into_a_full_line() -> None:
    """However well three phases would have done, it stays where it is while one of them has less than 2 A more than the minimum."""
    run = Home(house(switchable()))
    run.minutes(2, 5, 5, 5)
    run.minutes(2, 12, 22, 7)
    run.minutes(8, 5, 5, 5)
    run.minutes(3, 5, 17.5, 5)

    assert run.view.offered == {L3}
    assert run.limit() == 16_000


def test_a_one_phase_car_stays_on_one_phase() -> None:
    """Three lines would bring nothing to a car that was seen to use one of them."""
    run = Home(house(switchable("one-phase")))
    run.car_lines = frozenset({L1})
    run.minutes(2, 5, 5, 5)
    run.minutes(1, 24, 22, 5)
    run.minutes(2, 5, 22, 5)
    assert run.view.offered == {L1}
    assert run.limit() == 16_000
    run.minutes(30, 5, 5, 5)

    assert run.view.offered == {L1}


@pytest.mark.parametrize(("maximum", "wide"), [(16, True), (32, False)])
def test_three_phases_only_for_more_power(maximum: int, wide: bool) -> None:
    """Three times 8 A are more than 16 A on one phase, and less than 32 A."""
    run = Home(house(switchable(maximum_ma=maximum * 1000), fuse=40))
    run.minutes(2, 5, 5, 5)
    run.minutes(4, 20, 38, 5)
    run.minutes(15, 20, 32, 5)

    assert run.view.offered == (ALL if wide else {L3})


@pytest.mark.parametrize(("house_a", "wide"), [((5, 16, 5), False), ((5, 15, 5), True)])
def test_three_phases_without_a_neutral_are_worth_less(house_a: tuple[float, ...], wide: bool) -> None:
    """On an IT net three lines carry the square root of 3 of what a pair carries: 9 A are less than 16 A on two lines, 10 A are more."""
    run = Home(house(switchable(grid=Grid.IT), grid=Grid.IT))
    run.minutes(2, 5, 5, 5)
    run.minutes(4, 5, 22, 5)
    assert run.view.offered == {L1, L3}
    run.minutes(40, *house_a)

    assert (run.view.offered == ALL) == wide


def test_it_does_not_pause_while_another_waits() -> None:
    """A charger that waits would take the room that the pause leaves."""
    run = Home(house(switchable(), charger("other", [L1], minimum_ma=10_000, fallback_ma=0), fuse=25))
    run.minutes(2, 14, 5, 5)
    run.minutes(4, 16, 22, 5)
    assert run.view.offered == {L3}
    assert run.limit("other") == 0
    run.minutes(20, 16, 5, 5)

    assert run.view.offered == {L3}
    assert run.limit() == 16_000


def test_a_full_car_is_not_paused() -> None:
    """What does not charge has nothing to gain."""
    run = Home(house(switchable()))
    run.minutes(2, 5, 5, 5)
    run.minutes(4, 12, 22, 7)
    run.car_lines = frozenset()
    for _ in range(90):
        at = run.now + LIST_MS
        run.report(at - 1000, (0, 0, 0), ChargerStatus.FULL)
        run.hear(at, list2(5, 5, 5))

    assert run.modes() == [ALL, {L3}]
    assert run.limit()


def test_its_own_pause_does_not_make_it_patient() -> None:
    """A raise must have stood for a minute before the way back to three phases pauses the charger: it was not undone."""
    run = Home(house(switchable()))
    run.minutes(2, 5, 5, 5)
    run.minutes(3, 12, 22, 12)
    changed = run.view.phasing.switched_at
    run.minutes((changed + QUIET_MS - run.now) / 60_000 - 0.7, 12, 5, 5)
    assert (run.limit(), len(run.modes())) == (13_000, 2)
    run.minutes(3, 5, 5, 5)

    assert run.view.offered == ALL
    assert run.state.patience_ms <= run.site.policy.raise_window_ms


def test_one_charger_at_a_time() -> None:
    """Two that wait for the same line do not both change to it: the second sees what the first holds."""
    run = Run(house(switchable(maximum_ma=10_000), switchable(name="other", maximum_ma=10_000), fuse=25))
    for amps in [(5, 5, 5)] * 6 + [(13, 40, 10)] * 2 + [(13, 22, 10)] * 14:
        at = run.now + LIST_MS
        for view in run.state.chargers:
            current: PerLine[int | None] = PerLine(*(view.grant.limit_ma if line in view.offered else 0 for line in LINES))
            run.play(ChargerSaid(at=at - 1000, charger=view.charger.name, current_ma=current))
        drawn = [sum(view.grant.limit_ma for view in run.state.chargers if line in view.offered) / 1000 for line in LINES]
        run.hear(at, list2(*(each + more for each, more in zip(amps, drawn, strict=True))))

    assert [view.offered for view in run.state.chargers] == [{L3}, {L1}]
    assert all(view.grant.limit_ma for view in run.state.chargers)


def test_three_changes_at_most_and_the_last_one_leads_back() -> None:
    """However often a line fills up, phases change no more than three times while a car stays, and it ends on three."""
    run = Home(house(switchable()))
    for _ in range(4):
        run.minutes(13, 5, 5, 5)
        run.minutes(4, 12, 22, 7)
    run.minutes(13, 5, 5, 5)

    assert 2 <= len(run.modes()) - 1 <= MOST_SWITCHES
    assert run.modes()[-1] == ALL
    assert run.limit() == 16_000


def test_another_line_is_among_the_three_changes() -> None:
    """To one line, to another one when the first fills up, and back to three: each is one change, and all three are done."""
    run = Home(house(switchable()))
    run.minutes(2, 5, 5, 5)
    run.minutes(4, 12, 22, 7)
    run.minutes(4, 7, 22, 22)
    run.minutes(13, 5, 5, 5)

    assert run.modes() == [ALL, {L3}, {L1}, ALL]


def test_the_next_car_may_change_again() -> None:
    """A charger that says that the car has left has all its changes again, and waits on three phases if it can."""
    run = Home(house(switchable()))
    run.minutes(2, 5, 5, 5)
    run.minutes(4, 12, 22, 7)
    run.status = IDLE
    run.minutes(1, 5, 5, 5)
    assert run.view.offered == ALL
    run.status = None
    run.minutes(2, 5, 5, 5)
    run.minutes(4, 7, 22, 12)

    assert run.modes() == [ALL, {L3}, ALL, {L1}]


def test_nobody_there_must_be_news() -> None:
    """A charger that said that it is empty and then fell silent may have a car by now: its phases stay."""
    run = Home(house(switchable()))
    run.minutes(2, 5, 5, 5)
    run.minutes(4, 12, 22, 7)
    run.status = IDLE
    run.minutes(0.2, 12, 22, 7)
    assert run.view.offered == {L3}
    for amps in [(12, 22, 7)] * 3 + [(5, 5, 5)] * 9:
        run.hear(run.now + LIST_MS, list2(*amps))

    assert run.view.offered == {L3}


def test_nothing_changes_while_a_current_flows() -> None:
    """A charger that still reports a current is not told to change its phases, however long ago it was paused."""
    run = Home(house(switchable()))
    run.minutes(2, 5, 5, 5)
    for _ in range(20):
        at = run.now + LIST_MS
        run.report(at - 1000, (1, 1, 1), CHARGING)
        run.hear(at, list2(13, 23, 8))

    assert run.limit() == 0
    assert run.modes() == [ALL]


def test_a_charger_that_does_not_change_counts_on_all_lines() -> None:
    """One that draws on three lines when told to use one is bound by all three with the next list, and not asked again."""
    run = Home(house(switchable()))
    run.minutes(2, 5, 5, 5)
    run.obeys = False
    run.minutes(4, 12, 22, 7)
    assert run.view.lines == ALL
    assert run.limit() == 0
    assert "garage does not change its phases" in notes(effect for _, effect in run.effects)
    run.minutes(10, 12, 22, 7)

    assert run.modes() == [ALL, {L3}, ALL]


def test_a_charger_that_does_not_report_is_not_changed() -> None:
    """Nobody would know whether it did as it was told."""
    run = Run(house(switchable()))
    run.lists(10, 5, 5, 5)
    run.lists(3, 28, 38, 23)
    run.lists(40, 12, 22, 7)

    assert run.limit() == 0
    assert {effect.lines for _, effect in run.told()} == {ALL}


def test_a_changed_charger_that_falls_silent_counts_on_all_lines() -> None:
    """After a minute without a report it may have gone back by itself; when it is heard again, it is believed again."""
    run = Home(house(switchable()))
    run.minutes(2, 5, 5, 5)
    run.minutes(3, 12, 22, 7)
    assert run.view.lines == {L3}
    heard = run.view.report.at if run.view.report else 0
    for _ in range(9):
        run.hear(run.now + LIST_MS, list2(12, 10, 23))
        assert (run.view.lines == ALL) == (run.now - heard >= run.site.policy.lost_after_ms)
    assert (run.view.lines, run.view.offered) == (ALL, frozenset({L3}))
    run.minutes(0.2, 12, 10, 7)

    assert run.view.lines == {L3}


def test_a_fixed_charger_pauses() -> None:
    """What cannot change its phases is treated as ever."""
    run = Home(house(charger()))
    run.minutes(2, 5, 5, 5)
    run.minutes(4, 12, 22, 7)

    assert (run.modes(), run.limit()) == ([ALL], 0)


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens(seed: int) -> None:
    """In random houses other lines are used only from a pause on, at most three times a car, and no raise is beyond the window."""
    rng = random.Random(seed)
    run = Home(house(switchable(rng.choice(("one-phase", "any-phase"))), fuse=rng.choice((20, 25, 40))))
    amps, changes = [5.0, 5.0, 5.0], 0
    for _ in range(800):
        if rng.random() < 0.05:
            amps[rng.randrange(3)] = rng.choice((2.0, 5.0, 10.0, 18.0, 24.0))
        if rng.random() < 0.004:
            run.status = rng.choice((IDLE, None, None))
        before = run.view
        run.minutes(1 / 6, *amps)
        after = run.view
        changes = 0 if run.status is IDLE else changes + (after.offered != before.offered)
        assert changes <= MOST_SWITCHES
        assert after.offered == before.offered or not before.grant.limit_ma or run.status is IDLE
        if after.grant.limit_ma > before.grant.limit_ma:
            room = least(run.state.window).main
            assert all(after.grant.limit_ma <= room[line.index] for line in after.offered)
