"""Lower at once, raise slowly: one wrong reading may lower a limit, it can never raise one.

The chargers of these runs say before every list that they draw nothing, so that the oracle is simple: all that is measured is house,
and a raise is allowed only if *every* list of the last raise window has room for all limits that must be kept free on top of it. Silent chargers, which may
be believed to draw their limit, and lists of the total power, have properties of their own below. ``HAN_TEST_SCALE`` multiplies the
number of runs.
"""

import os
import random
from collections.abc import Sequence
from typing import NamedTuple

from han_gateway.core.effects import MeterState, SetLimit
from han_gateway.core.events import ChargerSaid, Event, MeterSaid, Tick
from han_gateway.core.gateway import start, step
from han_gateway.core.seen.belief import believed_ma
from han_gateway.core.site import Charger, Site
from han_gateway.core.state import State
from han_gateway.core.times import SETTLED_MS
from han_gateway.core.units import LINES, Instant, PerLine
from han_gateway.meters.reading import Reading
from tests.core.houses import L1, L2, L3, Run, charger, house, list1, list2

SCALE = float(os.environ.get("HAN_TEST_SCALE", "1"))
Heard = tuple[Instant, tuple[float, ...]]


def a_run(rng: random.Random) -> list[Heard]:
    """Lists of a busy evening: about every 10 s, some lost, the load in steps."""
    now, run = 0, list[Heard]()
    load = [rng.uniform(0, 20) for _ in LINES]
    for _ in range(40):
        now += rng.choice((9_800, 10_000, 10_000, 10_000, 10_200, 20_000, 30_000))
        if rng.random() < 0.15:
            load[rng.randrange(3)] = rng.uniform(0, 30)
        run.append((now, tuple(round(amps, 3) for amps in load)))
    return run


def with_a_wrong_one(rng: random.Random, run: list[Heard]) -> list[Heard]:
    """The same run with one list replaced, or one inserted, that says anything at all."""
    place = rng.randrange(len(run))
    wrong = tuple(rng.choice((0.0, 0.0, rng.uniform(0, 60))) for _ in LINES)
    if rng.random() < 0.5:
        return [*run[:place], (run[place][0], wrong), *run[place + 1 :]]
    return [*run[: place + 1], (run[place][0] + rng.randint(1, 9_000), wrong), *run[place + 1 :]]


class Raise(NamedTuple):
    """A raise: when, whose, all limits after it, and all limits since the start, with their instants."""

    at: Instant
    name: str
    limit: dict[str, int]
    past: dict[str, list[tuple[Instant, int]]]

    def lent_ma(self, sharing: Sequence[Charger], heard_at: Instant, budget: int) -> int:
        """Of what had been on offer for a minute when a list came, and nobody draws in these runs: all but the largest, 30 % at most."""
        idle = [self._stood(each.name, heard_at) for each in sharing]
        return min(sum(idle) - max(idle), budget * 30 // 100)

    def _stood(self, name: str, heard_at: Instant) -> int:
        told = [(at, limit) for at, limit in self.past[name] if at < heard_at]
        since = max((place for place, (at, _) in enumerate(told) if at <= heard_at - SETTLED_MS), default=None)
        return 0 if since is None else min(limit for _, limit in told[since:])


def raises(site: Site, run: Sequence[Heard]) -> list[Raise]:
    """All raises of a run."""
    state, found, limit = start(site, 0), list[Raise](), dict[str, int]()
    past = {each.name: [(-each.response_ms, each.maximum_ma)] for each in site.chargers}
    second = 0
    for at, amps in run:
        events: list[Event] = [Tick(at=tick * 1000) for tick in range(second, at // 1000 + 1)]
        second = at // 1000 + 1
        said = [ChargerSaid(at=at, charger=each.name, current_ma=PerLine(0, 0, 0)) for each in site.chargers]
        for event in (*events, *said, MeterSaid(at=at, reading=list2(*amps))):
            state, effects = step(site, state, event)
            told = {effect.grant.charger: effect.grant.limit_ma for effect in effects if isinstance(effect, SetLimit)}
            before, limit = limit, limit | told
            found += [Raise(event.at, name, limit, past) for name in told if name in before and told[name] > before[name]]
            for name, now in told.items():
                past[name].append((event.at, now))
    return found


def check(site: Site, run: Sequence[Heard]) -> int:
    """Hold every raise against every list of its window; return how many there were.

    On a line with several chargers that leave their offers unused the largest is kept free, and of the others what is more than 30 %.
    """
    window = site.policy.raise_window_ms
    budget = site.root.fuse_ma - site.root.margin_ma
    found = raises(site, run)
    for raised in found:
        at, name, limit, _ = raised
        recent = [(heard_at, amps) for heard_at, amps in run if at - window <= heard_at <= at]
        assert any(heard_at <= at - window for heard_at, _ in run), "no full window"
        assert len(recent) >= 1
        lines = next(each.lines for each in site.chargers if each.name == name)
        for line in lines:
            sharing = [each for each in site.chargers if line in each.lines]
            granted = sum(limit[each.name] for each in sharing)
            for heard_at, amps in recent:
                reserved = granted - raised.lent_ma(sharing, heard_at, budget)
                assert reserved + round(amps[line.index] * 1000) <= budget
    return len(found)


SITES = (
    house(charger("a")),
    house(charger("a"), charger("b", [L1]), charger("c", [L3]), fuse=40, margin=1),
    house(charger("a", [L1]), charger("b", [L2]), charger("c", [L3]), charger("d", [L1]), fuse=35),
)


def test_every_raise_is_allowed_by_every_list_of_its_window() -> None:
    """In any run, no raise exceeds what the worst list of the window has room for."""
    rng = random.Random(90)
    count = sum(check(site, a_run(rng)) for _ in range(int(60 * SCALE)) for site in SITES)

    assert count > 20


def test_one_wrong_reading_raises_nothing() -> None:
    """A reading replaced or inserted at random is one more list that every raise must respect."""
    rng = random.Random(91)
    count = 0
    for _ in range(int(60 * SCALE)):
        for site in SITES:
            count += check(site, with_a_wrong_one(rng, a_run(rng)))

    assert count > 20


def test_a_full_house_and_one_quiet_list() -> None:
    """In a house without room, a single list of zeros changes nothing, wherever it falls."""
    site = house(charger("a"), charger("b", [L2]))
    full = [(at, (24.0, 24.0, 24.0)) for at in range(10_000, 200_000, 10_000)]
    for place in range(len(full)):
        quiet = [*full[:place], (full[place][0], (0.0, 0.0, 0.0)), *full[place + 1 :]]
        assert raises(site, quiet) == []
        between = sorted([*full, (full[place][0] + 5_000, (0.0, 0.0, 0.0))])
        assert raises(site, between) == []


def test_a_wrong_high_reading_lowers_at_once() -> None:
    """The other half of the promise: one reading is enough to lower."""
    site = house(charger("a", [L1, L2, L3]))
    run = [(at, (8.0, 8.0, 8.0)) for at in range(10_000, 40_000, 10_000)]
    state = start(site, 0)
    for at, amps in [*run, (40_000, (8.0, 40.0, 8.0))]:
        state, _ = step(site, state, MeterSaid(at=at, reading=list2(*amps)))

    assert state.chargers[0].grant.limit_ma == 0


def test_one_wrong_reading_delays_the_fallback_by_no_more_than_it_came_late() -> None:
    """After the last list of a meter, a wrong one puts off the fallback by as much as it came after that."""
    rng = random.Random(94)
    for _ in range(int(60 * SCALE)):
        for site in SITES:
            run = Run(site)
            for at, amps in a_run(rng)[: rng.randint(1, 12)]:
                run.hear(at, list2(*amps))
            wrong_at = run.now + rng.randint(1, 10_000)
            run.hear(wrong_at, list2(*(rng.uniform(0, 60) for _ in LINES)))
            run.until(wrong_at + site.policy.lost_after_ms + 1_000)

            assert run.state.meter is MeterState.LOST
            assert all(view.grant.limit_ma <= view.charger.fallback_ma for view in run.state.chargers)


def wide(amps: float) -> int:
    """The power of a load in amperes on one line, in W."""
    return round(230 * amps)


def a_constant_house(rng: random.Random) -> list[tuple[Instant, Reading]]:
    """Lists of both kinds from a house that draws always the same, with one of them replaced or one inserted."""
    amps = [rng.choice((0.5, rng.uniform(0, 20))) for _ in LINES]
    power = wide(sum(amps))
    run = [(at, list1(power) if at % 10_000 else list2(*amps, power_import_w=power)) for at in range(10_000, 250_000, 2_500)]
    place = rng.randrange(len(run))
    other = [rng.choice((value, value, rng.uniform(0, 70))) for value in amps]
    wrong = rng.choice((list1(wide(rng.uniform(0, 200))), list2(*other, power_import_w=wide(sum(other)))))
    if rng.random() < 0.5:
        run[place] = (run[place][0], wrong)
    else:
        run.insert(place + 1, (run[place][0] + rng.randint(1, 2_400), wrong))
    return run


WIDE = charger("a", [L1], maximum_ma=32_000)
SILENT = (house(charger("a", [L1])), house(WIDE, charger("b", [L2]), fuse=35), house(charger("a"), charger("b"), fuse=40))


def test_one_wrong_reading_makes_no_belief() -> None:
    """Whatever it says and wherever it falls: chargers without a car are not taken for chargers that follow."""
    rng = random.Random(92)
    answered = 0
    for _ in range(int(60 * SCALE)):
        for site in SILENT:
            run = Run(site)
            for at, reading in a_constant_house(rng):
                run.hear(at, reading)
                assert not any(believed_ma(view) for view in run.state.chargers)
                answered += any(view.belief.answers for view in run.state.chargers)

    assert answered


def test_a_power_alone_raises_nothing_and_pauses_nobody() -> None:
    """A list without currents may lower a limit, to the minimum at most; the next with currents raises none above what it was."""
    rng = random.Random(93)
    lowered = given_back = 0
    for _ in range(int(60 * SCALE)):
        for site in SITES:
            run = Run(site)
            reporting = rng.random() < 0.5
            at_list: State | None = None
            for at, amps in a_run(rng):
                for early in sorted(rng.sample(range(1, 9_000), 3), reverse=True):
                    run.until(at - early)
                    run.tick(at - early)  # what time itself brings, a silent meter for one, is not the power's doing
                    before = limits(run.state)
                    run.play(MeterSaid(at=at - early, reading=list1(rng.choice((0, wide(sum(amps)), rng.randint(0, 40_000))))))
                    after = limits(run.state)
                    assert all(after[name] <= before[name] for name in before)
                    assert all(after[name] > 0 for name in before if before[name])
                    lowered += after != before
                guessed = run.state.guessed
                if reporting:
                    for each in site.chargers:
                        run.play(ChargerSaid(at=at, charger=each.name, current_ma=PerLine(0, 0, 0)))
                before = limits(run.state)
                run.hear(at, list2(*amps, power_import_w=wide(sum(amps))))
                if guessed and at_list is not None:
                    assert all(now <= max(before[name], limits(at_list)[name]) for name, now in limits(run.state).items())
                    given_back += limits(run.state) != before
                at_list = run.state

    assert lowered
    assert given_back


def limits(state: State) -> dict[str, int]:
    """The limits now, in mA."""
    return {view.charger.name: view.grant.limit_ma for view in state.chargers}
