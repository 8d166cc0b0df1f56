"""Caps below the fuse: kept like the fuse, set at run time, and named as what they are."""

import random
from dataclasses import replace
from itertools import pairwise

import pytest

from han_gateway.core.caps import carried
from han_gateway.core.effects import MeterState, ShowCaps
from han_gateway.core.events import CapSaid, ChargerStatus, MeterSaid
from han_gateway.core.site import Cap, CapRule, Grid, Site
from han_gateway.core.state import Caps
from tests.core.houses import L1, L2, L3, Run, charger, house, list1, list2, notes, set_limits

POWER = CapRule(default=8_000, least=2_000, most=17_000)
LINE = CapRule(default=20_000, least=10_000, most=25_000)
QUIET = (2.0, 2.0, 2.0)


def capped(site: Site | None = None, power: CapRule | None = POWER, line: CapRule | None = None) -> Site:
    """A house with one 3-phase charger, or another one, below these caps."""
    return replace(site or house(charger("garage")), power_cap=power, line_cap=line)


def evening(run: Run, count: int, *amps: float, watts: int | None = None, drawn: float | None = 0) -> None:
    """So many lists of a house without chargers of its own at unity power factor; each charger reports its draw a second before."""
    for _ in range(count):
        at = (run.now // 10_000 + 1) * 10_000
        run.until(at - 1000)
        for each in run.site.chargers:
            if drawn is not None:
                limit = run.limit(each.name) / 1000
                run.say(at - 1000, each.name, min(drawn, limit))
        extra = sum(min(drawn or 0, run.limit(each.name) / 1000) for each in run.site.chargers)
        total = [each + extra for each in amps]
        net = round(230 * sum(total)) if watts is None else round(watts + 230 * 3 * extra)
        run.hear(at, list2(*total, power_import_w=max(net, 0), power_export_w=max(-net, 0)))


def say(run: Run, cap: Cap, value: int | None) -> tuple[object, ...]:
    """Somebody sets a cap, half a second after what happened last."""
    return run.play(CapSaid(at=run.now + 500, cap=cap, value=value))


def test_the_configured_power_cap_holds_from_the_start() -> None:
    """With 8 kW and 1.38 kW in the house a 3-phase car gets 9 A, and the reason says why."""
    run = Run(capped())
    evening(run, 5, *QUIET, drawn=16)

    assert run.limit() == 9_000
    assert str(run.grant().reason) == "power cap"


def test_a_lower_cap_cuts_at_once_and_is_answered() -> None:
    """Between two lists a lowered cap cuts in the same breath, and the caps in force are shown."""
    run = Run(capped())
    evening(run, 5, *QUIET, drawn=16)
    effects = say(run, Cap.POWER, 6_000)

    assert run.limit() == 6_000
    assert ShowCaps(power_w=6_000, line_ma=None) in effects
    assert notes(effects) == ["power cap set to 6000 W", "cut garage 9 -> 6 A: power cap"]  # type: ignore[arg-type]


def test_a_higher_cap_is_used_after_a_whole_window() -> None:
    """What a cap allows again waits for as many lists as any other raise."""
    run = Run(capped())
    evening(run, 5, *QUIET, drawn=16)
    changed = run.now
    say(run, Cap.POWER, 12_000)
    evening(run, 6, *QUIET, drawn=16)

    assert next((at - changed) // 1000 for at, limit in run.limits() if limit > 9_000) >= 20
    assert run.limit() == 15_000


def test_down_and_up_again_gives_nothing_away_early() -> None:
    """A cap that was low for a single list leaves the limit down until that list has left the window."""
    run = Run(capped())
    evening(run, 5, *QUIET, drawn=16)
    say(run, Cap.POWER, 5_600)
    evening(run, 1, *QUIET, drawn=16)
    say(run, Cap.POWER, None)
    evening(run, 2, *QUIET, drawn=16)
    assert run.limit() == 6_000
    evening(run, 4, *QUIET, drawn=16)
    assert run.limit() == 9_000


def test_a_power_alone_is_enough_to_hold_the_power_cap() -> None:
    """A list without currents that is above the cap cuts by just as much as it is above; no guess, and it is not given back."""
    run = Run(capped())
    evening(run, 6, *QUIET, drawn=16)
    watts = 1380 + 9 * 690
    run.hear(run.now + 2_500, list1(watts))
    assert run.limit() == 9_000
    run.hear(run.now + 2_500, list1(watts + 1_500))
    assert run.limit() == 7_000
    evening(run, 1, 4.2, 4.2, 4.2, drawn=16)
    assert run.limit() == 7_000


def test_a_cap_may_pause_and_says_so() -> None:
    """Where not even 6 A fit below the cap, the charger is paused, as under a fuse."""
    run = Run(capped())
    evening(run, 5, *QUIET, drawn=16)
    effects = say(run, Cap.POWER, 4_000)

    assert run.limit() == 0
    assert "paused garage" in notes(effects)[1]  # type: ignore[arg-type]
    assert "power cap" in str(run.grant().reason)


def test_the_phase_cap_is_named() -> None:
    """Below a phase cap the reason is the phase cap, not the fuse, also for a pause."""
    run = Run(capped(power=None, line=LINE))
    evening(run, 5, 2, 9, 2, drawn=16)
    assert (run.limit(), str(run.grant().reason)) == (11_000, "phase cap, L2")
    evening(run, 1, 2, 18, 2, drawn=16)
    assert (run.limit(), str(run.grant().reason)) == (0, "no room for the minimum (phase cap, L2)")


def test_a_phase_cap_at_the_fuse_is_none() -> None:
    """Where the cap is as large as the fuse, the fuse is what binds and what is named."""
    run = Run(capped(power=None, line=LINE))
    say(run, Cap.LINE, 25_000)
    evening(run, 5, 2, 15, 2, drawn=16)

    assert (run.limit(), str(run.grant().reason)) == (10_000, "main fuse, L2")


def test_the_fuse_stays_what_it_is() -> None:
    """A generous power cap gives nothing that the fuse has not."""
    run = Run(capped(power=CapRule(default=17_000, least=2_000, most=17_000)))
    evening(run, 5, 2, 15, 2, drawn=16)

    assert (run.limit(), str(run.grant().reason)) == (10_000, "main fuse, L2")


@pytest.mark.parametrize(("cap", "value"), [(Cap.POWER, 1_999), (Cap.POWER, 17_001), (Cap.POWER, -1), (Cap.LINE, 12_000)])
def test_what_is_out_of_bounds_changes_nothing(cap: Cap, value: int) -> None:
    """The core itself refuses what the configuration does not allow, also a cap that this house does not have."""
    run = Run(capped())
    before = run.state

    assert run.play(CapSaid(at=run.now, cap=cap, value=value)) == ()
    assert run.state == before


def test_none_brings_the_configured_cap_back() -> None:
    """Without a value the configured cap is in force; saying the same twice changes nothing more."""
    run = Run(capped(line=LINE))
    say(run, Cap.POWER, 3_000)
    say(run, Cap.LINE, 12_000)
    assert run.state.caps == Caps(3_000, 12_000)
    say(run, Cap.POWER, 3_000)
    assert run.state.caps == Caps(3_000, 12_000)
    say(run, Cap.POWER, None)
    say(run, Cap.LINE, None)
    assert run.state.caps == Caps(8_000, 20_000)


def test_the_sun_makes_room() -> None:
    """The cap is on what is bought: 9 kW from the roof and a car that reports may use them on top of it, without hunting."""
    run = Run(capped(house(charger("garage", maximum_ma=32_000), fuse=63)))
    evening(run, 12, *QUIET, watts=-9_000, drawn=32)

    assert run.limit() == 24_000
    found = [limit for _, limit in run.limits()]
    assert all(after >= before for before, after in pairwise(found))


def test_a_silent_charger_gets_no_more_than_the_cap() -> None:
    """Nobody knows what a silent charger draws, so its whole offer is held below the cap, also while nothing is drawn."""
    run = Run(capped(house(charger("garage", maximum_ma=32_000), fuse=63)))
    evening(run, 12, 0.1, 0.1, 0.1, drawn=None)
    assert max(limit for _, limit in run.limits()) == run.limit() == 11_000
    say(run, Cap.POWER, 5_000)
    assert run.limit() == 7_000


@pytest.mark.parametrize(
    ("grid", "lines", "limit"),
    [(Grid.TN, [L1], 28_000), (Grid.IT, [L1, L3], 28_000), (Grid.IT, [L1, L2, L3], 16_000), (Grid.TN, [L1, L2, L3], 9_000)],
)
def test_an_ampere_costs_as_many_voltages_as_it_flows_over(grid: Grid, lines: list[object], limit: int) -> None:
    """6.6 kW are 28 A on one voltage, a third of that on three lines of a TN net, and 1/1.73 of it on three without a neutral."""
    site = capped(house(charger("garage", lines, maximum_ma=40_000), fuse=63, grid=grid))  # type: ignore[arg-type]
    run = Run(site)
    for _ in range(5):
        run.until(run.now // 10_000 * 10_000 + 9_000)
        run.say(run.now, "garage", 0)
        run.hear(run.now + 1000, list2(*QUIET, power_import_w=1_400))

    assert run.limit() == limit


def test_a_power_that_is_not_told_raises_nothing() -> None:
    """With a power cap and a list without power nothing is raised and nothing is cut."""
    run = Run(capped())
    run.lists(5, *QUIET, says={"garage": 0})

    assert run.limit() == 6_000


def test_without_a_meter_the_fallback_is_held_below_the_caps() -> None:
    """Fallbacks that alone are above a cap are taken down to it, at the start and when a cap is lowered while the meter is lost."""
    site = capped(house(charger("garage", fallback_ma=16_000)))
    run = Run(site)
    assert run.limit() == 11_000
    evening(run, 4, *QUIET, drawn=16)
    run.until(run.now + 70_000)
    assert run.state.meter is MeterState.LOST
    say(run, Cap.POWER, 4_200)
    assert run.limit() == 6_000
    run.hear(run.now + 7_000, list1(6_000))
    assert run.limit() == 0


def test_what_a_cap_cut_is_not_given_back_with_a_guess() -> None:
    """A guess is looked back upon with the next list; a cap that was lowered meanwhile stays."""
    run = Run(capped(house(charger("garage")), power=CapRule(default=17_000, least=2_000, most=17_000)))
    evening(run, 6, 2, 6, 2, drawn=16)
    assert run.limit() == 16_000
    run.hear(run.now + 2_500, list1(230 * 10 + 16 * 690 + 2_300))
    assert run.state.guessed
    say(run, Cap.POWER, 10_000)
    assert run.limit() == 7_000
    evening(run, 1, 2, 6, 2, drawn=16)
    assert run.limit() == 7_000


def test_one_wrong_power_raises_nothing() -> None:
    """In a house that is full up to its cap, one power of any size, with or without currents, raises no limit, wherever it falls."""
    rng = random.Random(55)
    for _ in range(60):
        run = Run(capped())
        evening(run, 6, *QUIET, drawn=16)
        full = run.limit()
        place = rng.randrange(4)
        for number in range(4):
            evening(run, 1, *QUIET, drawn=16)
            if number == place:
                wrong = rng.choice((0, 500, rng.randint(0, 30_000)))
                reading = list1(wrong) if rng.random() < 0.5 else list2(*QUIET, power_import_w=wrong)
                run.play(MeterSaid(at=run.now + rng.randint(1, 9_000) // 1000 * 1000, reading=reading))
            assert run.limit() <= full


def test_two_chargers_on_other_lines_share_the_power() -> None:
    """A car on another line makes room, where what is short is the power and not the line."""
    site = capped(house(charger("a", [L1], maximum_ma=32_000), charger("b", [L2], maximum_ma=32_000), fuse=63))
    run = Run(site)
    for number in range(24):
        at = (run.now // 10_000 + 1) * 10_000
        run.until(at - 1000)
        drawn = {"a": run.limit("a") / 1000, "b": run.limit("b") / 1000 if number > 8 else 0.0}
        run.say(at - 1000, "a", drawn["a"])
        run.say(at - 1000, "b", drawn["b"], None if number > 8 else ChargerStatus.IDLE)
        amps = (1 + drawn["a"], 1 + drawn["b"], 1.0)
        run.hear(at, list2(*amps, power_import_w=round(230 * sum(amps))))

    assert sorted([run.limit("a"), run.limit("b")]) == [15_000, 16_000]
    assert len(set_limits(effect for _, effect in run.effects)) > 4
    assert L3 not in site.chargers[0].lines


def test_a_cap_that_does_not_bind_makes_nobody_give_way() -> None:
    """Two slow chargers keep what the fuse has for them, under a cap of 50 kW as without one."""
    run = Run(
        capped(house(*(charger(name, response_ms=12_000) for name in "ab")), CapRule(default=50_000, least=2_000, most=60_000))
    )
    for second in range(10, 901, 10):
        run.until(second * 1000 - 9000)
        drawn = {name: run.limit(name) / 1000 for name in "ab"}
        for name in "ab":
            run.say(run.now, name, drawn[name], ChargerStatus.CHARGING)
        amps = (1 + sum(drawn.values()),) * 3
        run.hear(second * 1000, list2(*amps, power_import_w=round(230 * sum(amps))))

    assert {limit for at, limit in run.limits("a") if at > 300_000} == {12_000}


def test_a_silent_car_on_its_way_up_is_not_the_house() -> None:
    """Its raise is seconds old when a power without currents comes: it may be the car that draws more, and is not taken back for that."""
    run = Run(capped(house(charger("garage", [L1]), fuse=63), CapRule(default=6_000, least=1_000, most=40_000)))
    limits = [0] * 3
    for second in range(1, 1_800):
        limits.append(run.limit())
        amps = (4 + limits[-4] / 1000, 4, 4)
        run.until(second * 1000)
        if second % 10 in (0, 7):
            watts = round(230 * sum(amps))
            run.hear(second * 1000, list1(watts) if second % 10 else list2(*amps, power_import_w=watts))
    told = [limit for _, limit in run.limits()]

    assert sum(before != after for before, after in pairwise(told)) <= 6


def test_the_sun_behind_a_silent_charger_makes_nobody_hunt() -> None:
    """A silent car below a roof gets the cap and keeps it, whether the house sells or buys because of it."""
    run = Run(capped(house(charger("garage", maximum_ma=32_000), fuse=63)))
    for _ in range(20):
        net = -9_000 + 690 * run.limit() // 1000
        at = (run.now // 10_000 + 1) * 10_000
        run.hear(at, list2(9, 9, 9, power_import_w=max(0, net), power_export_w=max(0, -net)))
    found = [limit for _, limit in run.limits()]

    assert run.limit() == 11_000
    assert all(after >= before for before, after in pairwise(found))


def test_a_power_between_two_lists_counts_in_the_window() -> None:
    """A load that only a list without currents has seen delays a raise by a window, as one in the lists with currents would."""
    run = Run(capped())
    evening(run, 5, *QUIET, drawn=16)
    say(run, Cap.POWER, 12_000)
    evening(run, 2, *QUIET, drawn=16)
    run.hear(run.now + 2_500, list1(1_380 + 9 * 690 + 4_000))
    seen = run.now
    evening(run, 6, *QUIET, drawn=16)

    assert next(at for at, limit in run.limits() if limit > 9_000) - seen >= 20_000


def test_a_cap_and_a_guess_in_one_breath() -> None:
    """Where a power foretells an overload and is above the cap as well, only the guess is given back with the next list."""
    run = Run(capped(house(charger("garage")), power=CapRule(default=14_000, least=2_000, most=17_000)))
    evening(run, 6, 2, 6, 2, drawn=16)
    assert run.limit() == 16_000
    run.hear(run.now + 7_500, list1(230 * 10 + 16 * 690 + 2_300))
    assert run.limit() == 9_000
    run.hear(run.now + 2_500, list2(15, 19, 11, power_import_w=230 * 45))

    assert run.limit() == 13_000


def test_a_phase_cap_never_uses_the_margin() -> None:
    """A cap between the fuse and the fuse less its margin changes nothing."""
    run = Run(capped(house(charger("garage"), margin=1), power=None, line=LINE))
    say(run, Cap.LINE, 25_000)
    evening(run, 5, 2, 14.5, 2, drawn=16)

    assert (run.limit(), str(run.grant().reason)) == (9_000, "main fuse, L2")


@pytest.mark.parametrize(("cap", "value"), [(Cap.POWER, 2_000), (Cap.POWER, 17_000), (Cap.LINE, 10_000), (Cap.LINE, 25_000)])
def test_the_bounds_themselves_may_be_set(cap: Cap, value: int) -> None:
    """From the least to the most, both included."""
    run = Run(capped(line=LINE))
    say(run, cap, value)

    assert (run.state.caps.power_w if cap is Cap.POWER else run.state.caps.line_ma) == value


@pytest.mark.parametrize("value", [2_000, 5_000, 17_000])
def test_a_cap_that_was_set_outlives_a_reload_within_the_bounds(value: int) -> None:
    """The new bounds themselves are within; one beyond them, the new configuration counts."""
    before, now = capped(power=CapRule(default=9_000, least=1_000, most=20_000)), capped()

    assert carried(before, Caps(power_w=value), now).power_w == value
    for beyond in (1_999, 17_001, 9_000):
        assert carried(before, Caps(power_w=beyond), now).power_w == 8_000


def test_a_lower_phase_cap_cuts_by_what_it_was_lowered() -> None:
    """Between two lists: what the house draws is known from the last one, so the rest of the new cap is what is left."""
    run = Run(capped(power=None, line=LINE))
    evening(run, 6, *QUIET, drawn=16)
    assert run.limit() == 16_000
    say(run, Cap.LINE, 12_000)

    assert run.limit() == 10_000


def test_a_power_cap_may_be_lowered_where_no_power_is_told() -> None:
    """A meter that does not tell the power cannot be capped by it, but to try is no mistake: it is answered."""
    run = Run(capped())
    run.lists(3, 2, 2, 2)

    assert ShowCaps(power_w=6_000, line_ma=None) in say(run, Cap.POWER, 6_000)


def test_a_list_without_currents_and_power_is_no_sample() -> None:
    """A list that says nothing of the power leaves the window of the cap as it was."""
    run = Run(capped())
    evening(run, 5, *QUIET, drawn=16)
    before = run.state.window
    run.hear(run.now + 2_500, list1()._replace(power_import_w=None))

    assert run.state.window == before


def test_a_power_alone_renews_the_last_list_and_no_other() -> None:
    """What a list without currents adds to the window are the currents of the list before it, with the power of now."""
    run = Run(capped())
    for amps in (2.0, 3.0, 4.0, 5.0):
        evening(run, 1, amps, 2, 2, drawn=6)
    last = run.state.window[-1].room.main
    run.hear(run.now + 2_500, list1(5_000))

    assert len({sample.room.main for sample in run.state.window}) > 2
    assert (run.state.window[-1].at, run.state.window[-1].room.main) == (run.now, last)
