"""The fuse law: whatever the house looks like, what is granted never exceeds any fuse on any line. Integers, no tolerance.

``HAN_TEST_SCALE`` multiplies the number of random houses.
"""

import os
import random
from itertools import product

from han_gateway.core.allocation import Want, allocate, highest_ma, lowest_ma
from han_gateway.core.effects import Cause, Grant, SetLimit
from han_gateway.core.events import ChargerSaid, MeterSaid, Tick
from han_gateway.core.gateway import start, step
from han_gateway.core.site import Charger, Circuit, Grid, Policy, Site
from han_gateway.core.units import LINES, Line, PerLine
from tests.core.houses import list1, list2, random_tree

SCALE = float(os.environ.get("HAN_TEST_SCALE", "1"))
NAMES = [f"c{number}" for number in range(8)]


def budgets(circuit: Circuit, room: PerLine[int]) -> list[tuple[tuple[Charger, ...], Line, int]]:
    """For each line of each fuse: the chargers below it that load this line, and what they may have together."""
    rows = [(tuple(each for each in circuit.chargers() if line in each.lines), line, room[line.index]) for line in LINES]
    for part in circuit.parts:
        if isinstance(part, Circuit):
            own = part.fuse_ma - part.margin_ma
            rows += budgets(part, PerLine(own, own, own))
    return rows


def shuffled(rng: random.Random, circuit: Circuit) -> Circuit:
    """The same tree, declared in another order."""
    parts = [shuffled(rng, part) if isinstance(part, Circuit) else part for part in circuit.parts]
    rng.shuffle(parts)
    return Circuit(name=circuit.name, fuse_ma=circuit.fuse_ma, margin_ma=circuit.margin_ma, parts=tuple(parts))


def check_laws(root: Circuit, room: PerLine[int], wants: tuple[Want, ...], grants: tuple[Grant, ...]) -> None:
    """Under every fuse, 0 or within the charger's range in whole steps, and nobody could have had a step more."""
    limit = {grant.charger: grant.limit_ma for grant in grants}
    rows = budgets(root, room)
    for chargers, _, budget in rows:
        assert sum(limit[each.name] for each in chargers) <= max(0, budget)
    for want, grant in zip(wants, grants, strict=True):
        each = want.charger
        assert grant.limit_ma % each.step_ma == 0
        assert grant.limit_ma == 0 or each.minimum_ma <= grant.limit_ma <= min(each.maximum_ma, want.ceiling_ma)
        more = grant.limit_ma + each.step_ma if grant.limit_ma else lowest_ma(each)
        if more <= min(highest_ma(each), want.ceiling_ma):
            assert not fits({**limit, each.name: more}, rows)
            assert grant.reason.cause in (Cause.FUSE, Cause.NO_ROOM)
        elif grant.limit_ma:
            assert grant.reason.cause is Cause.CHARGER


def fits(limit: dict[str, int], rows: list[tuple[tuple[Charger, ...], Line, int]]) -> bool:
    """True if these limits are under every fuse on every line that anybody loads."""
    return all(sum(limit[each.name] for each in chargers) <= budget for chargers, _, budget in rows if chargers)


def test_no_allocation_is_ever_over_a_fuse() -> None:
    """On any tree: under every fuse, in range, Pareto, deterministic, and independent of the order of declaration."""
    rng = random.Random(8)
    for _ in range(int(4000 * SCALE)):
        root = random_tree(rng, NAMES[: rng.randint(1, 8)])
        room = PerLine(*(min(rng.randint(-5000, 80_000), root.fuse_ma - root.margin_ma) for _ in LINES))
        wants = tuple(
            Want(charger=each, ceiling_ma=rng.choice((0, 6000, 11_000, each.maximum_ma, each.maximum_ma)))
            for each in root.chargers()
        )
        grants = allocate(root, room, wants)
        check_laws(root, room, wants, grants)
        again = shuffled(rng, root)
        order = rng.sample(wants, len(wants))
        assert {grant.charger: grant for grant in allocate(again, room, order)} == {grant.charger: grant for grant in grants}


def test_shares_are_max_min_fair() -> None:
    """Nobody who was started could have more by taking a step from somebody who would still be richer."""
    rng = random.Random(9)
    for _ in range(int(800 * SCALE)):
        root = random_tree(rng, NAMES[: rng.randint(2, 5)], depth=2)
        room = PerLine(*(rng.randint(0, root.fuse_ma) for _ in LINES))
        wants = tuple(Want(charger=each, ceiling_ma=each.maximum_ma) for each in root.chargers())
        limit = {grant.charger: grant.limit_ma for grant in allocate(root, room, wants)}
        rows = budgets(root, room)
        for poor, rich in product(root.chargers(), root.chargers()):
            more, less = limit[poor.name] + poor.step_ma, limit[rich.name] - rich.step_ma
            if not limit[poor.name] or more > highest_ma(poor) or less < max(more, lowest_ma(rich)):
                continue
            assert not fits({**limit, poor.name: more, rich.name: less}, rows)


def test_floors_never_make_room() -> None:
    """With floors from an earlier allocation, nobody is lowered and the fuses still hold."""
    rng = random.Random(10)
    for _ in range(int(1000 * SCALE)):
        root = random_tree(rng, NAMES[: rng.randint(1, 8)])
        room = PerLine(*(rng.randint(0, 80_000) for _ in LINES))
        less = PerLine(*(rng.randint(0, value) for value in room))
        wants = tuple(Want(charger=each, ceiling_ma=each.maximum_ma) for each in root.chargers())
        before = allocate(root, less, wants)
        held = tuple(
            Want(charger=want.charger, ceiling_ma=want.ceiling_ma, floor_ma=grant.limit_ma)
            for want, grant in zip(wants, before, strict=True)
        )
        after = allocate(root, room, held)
        check_laws(root, room, held, after)
        assert all(new.limit_ma >= old.limit_ma for old, new in zip(before, after, strict=True))


def test_the_controller_never_promises_more_than_a_fuse() -> None:
    """In any run, whatever meter and chargers say, the limits alone are under every fuse and each is 0 or at least a minimum."""
    rng = random.Random(11)
    for _ in range(int(60 * SCALE)):
        grid = rng.choice((Grid.TN, Grid.IT))
        root = random_tree(rng, NAMES[: rng.randint(1, 5)], depth=3)
        site = Site(name="home", grid=grid, root=root, policy=Policy())
        budget = root.fuse_ma - root.margin_ma
        rows = budgets(root, PerLine(budget, budget, budget))
        state, now = start(site, 0), 0
        limit: dict[str, int] = {}
        for _ in range(60):
            now += rng.choice((1000, 2500, 9000, 10_000, 10_000, 10_000, 30_000, 70_000))
            event = _anything(rng, site, now)
            state, effects = step(site, state, event)
            limit |= {told.grant.charger: told.grant.limit_ma for told in effects if isinstance(told, SetLimit)}
            assert limit == {view.charger.name: view.grant.limit_ma for view in state.chargers}
            assert fits(limit, [row for row in rows if row[2] >= 0])
            assert all(each.limit_ma == 0 or each.limit_ma >= 6000 for each in (view.grant for view in state.chargers))


def _anything(rng: random.Random, site: Site, now: int) -> MeterSaid | ChargerSaid | Tick:
    kind = rng.random()
    if kind < 0.6:
        return MeterSaid(at=now, reading=list2(*(rng.choice((None, rng.uniform(0, 40), rng.uniform(0, 20))) for _ in LINES)))
    if kind < 0.7:
        return MeterSaid(at=now, reading=list1())
    if kind < 0.9:
        drawn = PerLine(*(rng.choice((None, rng.randint(0, 32_000))) for _ in LINES))
        return ChargerSaid(at=now, charger=rng.choice(site.chargers).name, current_ma=drawn)
    return Tick(at=now)


def test_after_each_list_everything_promised_fits() -> None:
    """Closed loop with honest chargers: after each list, true house plus all limits is under the main fuse, or that line is paused."""
    rng = random.Random(12)
    raised = 0
    for _ in range(int(40 * SCALE)):
        names = NAMES[: rng.randint(1, 4)]
        root = random_tree(rng, names, depth=2)
        site = Site(name="home", grid=Grid.TN, root=root)
        budget = root.fuse_ma - root.margin_ma
        state = start(site, 0)
        truth, hunger = [0, 0, 0], dict.fromkeys(names, 0)
        for now in range(30_000, 900_000, 10_000):
            truth = [rng.randint(0, 20_000) if rng.random() < 0.1 else amps for amps in truth]
            hunger = {name: rng.randint(0, 32_000) if rng.random() < 0.1 else amps for name, amps in hunger.items()}
            settled = [view for view in state.chargers if now - view.commands[-1].at >= view.charger.response_ms]
            drawn = {view.charger.name: min(view.grant.limit_ma, hunger[view.charger.name]) for view in settled}
            slow = {view.charger.name: view.commands[-2].limit_ma for view in state.chargers if view not in settled}
            drawn |= {name: min(limit, hunger[name]) for name, limit in slow.items()}
            for view in state.chargers:
                amps = [drawn[view.charger.name] if line in view.charger.lines else None for line in LINES]
                state, _ = step(site, state, ChargerSaid(at=now - 500, charger=view.charger.name, current_ma=PerLine(*amps)))
            load = [
                house + sum(drawn[each.name] for each in site.chargers if line in each.lines)
                for line, house in zip(LINES, truth, strict=True)
            ]
            state, effects = step(site, state, MeterSaid(at=now, reading=list2(*(amps / 1000 for amps in load))))
            raised += any("raised" in str(effect) or "resumed" in str(effect) for effect in effects)
            for line, house in zip(LINES, truth, strict=True):
                granted = sum(view.grant.limit_ma for view in state.chargers if line in view.charger.lines)
                flying = any(slow) or any(now - 500 - view.raised_at < view.charger.response_ms for view in state.chargers)
                assert granted == 0 or flying or house + granted <= budget

    assert raised > 20 * SCALE
