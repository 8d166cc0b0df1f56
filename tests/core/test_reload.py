"""A house that changes while it is protected: what stays, what is told, and that no fuse is promised more than it has."""

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from han_gateway.core.effects import Cause, Effect
from han_gateway.core.reload import carry_over, farewell
from han_gateway.core.site import Circuit, Grid, Site
from han_gateway.core.state import ChargerView, Conduct
from han_gateway.core.units import LINES
from tests.core.houses import Run, charger, house, list2, notes, random_tree, set_limits

LEFT, RIGHT = charger("left"), charger("right")


def change(run: Run, site: Site) -> tuple[Effect, ...]:
    """Let the house become this one, now."""
    run.state, effects = carry_over(run.site, run.state, site, run.now)
    run.site = site
    run.effects += [(run.now, effect) for effect in effects]
    return effects


def test_what_did_not_change_stays() -> None:
    """A charger that is as it was keeps its limit, its report and its numbers, and nothing is told; the meter stays fresh."""
    run = Run(house(LEFT, fuse=32))
    run.lists(8, 2, 2, 2, says={"left": 0})
    before = run.state
    assert change(run, house(LEFT, fuse=35)) == ()
    assert run.limit("left") == 16_000
    assert run.state.chargers == tuple(view._replace(belief=view.belief._replace(probe=None)) for view in before.chargers)
    assert (run.state.meter, run.state.heard_at, run.state.load) == (before.meter, before.heard_at, before.load)
    assert run.state.chargers[0].conduct is Conduct.OBEYING


def test_a_new_charger_starts_at_its_fallback() -> None:
    """It is told its fallback at once, and is raised like any other when it has waited as long."""
    run = Run(house(LEFT, fuse=63))
    run.lists(8, 2, 2, 2)
    effects = change(run, house(LEFT, RIGHT, fuse=63))
    assert [(told.grant.charger, told.grant.limit_ma, told.seq) for told in set_limits(effects)] == [("right", 6_000, 1)]
    assert notes(effects) == ["right starts at 6 A: waiting before raising"]
    run.lists(8, 2, 2, 2)
    assert run.limit("right") == 16_000


@pytest.mark.parametrize("fits_a", [0, 6])
def test_a_new_charger_gets_nothing_that_a_fuse_does_not_have(fits_a: int) -> None:
    """Beside one that has the whole of a small fuse a new charger waits, and beside a loaded house, too."""
    run = Run(house(LEFT, fuse=25))
    run.lists(8, 16, 16, 16, says={"left": 16})
    assert run.limit("left") == 16_000
    garage = Circuit(name="garage", fuse_ma=(16 + fits_a) * 1000, parts=(LEFT, RIGHT))
    change(run, house(garage, fuse=25))
    assert run.limit("left") + run.limit("right") <= (16 + fits_a) * 1000
    run.lists(1, 16, 16, 16, says={"left": 16})
    assert run.limit("left") + run.limit("right") <= (16 + fits_a) * 1000


def test_a_smaller_fuse_cuts_at_once() -> None:
    """A main fuse that is written smaller holds from this instant on, with the load of the last list."""
    run = Run(house(LEFT, fuse=32))
    run.lists(8, 18, 18, 18, says={"left": 16})
    assert run.limit("left") == 16_000
    (told,) = set_limits(change(run, house(LEFT, fuse=16)))
    assert told.grant.limit_ma == 14_000
    assert told.grant.reason.cause is Cause.FUSE


def test_a_changed_charger_begins_anew_and_counts_on() -> None:
    """It starts at its fallback; its numbers go on, and the old limit counts as in force until it has had time to follow."""
    run = Run(house(LEFT, fuse=32))
    run.lists(8, 2, 2, 2)
    (before,) = run.state.chargers
    (told,) = set_limits(change(run, house(replace(LEFT, maximum_ma=10_000), fuse=32)))
    assert (told.grant.limit_ma, told.seq) == (6_000, before.seq + 1)
    (after,) = run.state.chargers
    assert [command.limit_ma for command in after.commands] == [16_000, 6_000]


def test_a_removed_charger_is_told_its_last_limit() -> None:
    """It hears the smaller of last and fallback, once, and the house forgets it."""
    run = Run(house(LEFT, RIGHT, fuse=63))
    run.lists(8, 2, 2, 2)
    new = house(RIGHT, fuse=63)
    (told,) = farewell(run.site, run.state, new)
    (before,) = (view for view in run.state.chargers if view.charger == LEFT)
    assert set_limits((told,))[0].grant.limit_ma == 6_000
    assert set_limits((told,))[0].seq == before.seq + 1
    change(run, new)
    assert [view.charger for view in run.state.chargers] == [RIGHT]
    paused = Run(house(LEFT, fuse=25))
    paused.lists(2, 40, 40, 40)
    (told,) = farewell(paused.site, paused.state, house(fuse=25))
    assert set_limits((told,))[0].grant.limit_ma == 0


def test_nothing_is_raised_on_samples_of_another_house() -> None:
    """After a change a whole window of new lists must pass before any limit rises."""
    run = Run(house(LEFT, fuse=32))
    run.lists(2, 2, 2, 2)
    change(run, house(LEFT, fuse=63))
    run.hear(run.now + 10_000, list2(2, 2, 2))
    assert run.limit("left") == 6_000


def test_another_grid_is_another_house() -> None:
    """A house whose name or grid differs cannot be carried over."""
    run = Run(house(LEFT))
    with pytest.raises(ValueError, match="another house"):
        change(run, house(LEFT, grid=Grid.IT))


def promised(circuit: Circuit, views: dict[str, ChargerView]) -> Iterator[tuple[int, int]]:
    """For each line of each fuse: what it has, and what the chargers below it may draw together."""
    for line in LINES:
        below = (views[each.name] for each in circuit.chargers())
        yield (
            max(0, circuit.fuse_ma - circuit.margin_ma),
            sum(view.grant.limit_ma for view in below if line in view.lines),
        )
    for part in circuit.parts:
        if isinstance(part, Circuit):
            yield from promised(part, views)


@given(st.integers(0, 1 << 32))
def test_no_fuse_of_the_new_house_is_promised_more_than_it_has(seed: int) -> None:
    """Whatever the houses before and after: sums fit under every fuse, nothing unchanged rises, and the controller goes on."""
    rng = random.Random(seed)
    names = list("abcdef")
    site = Site(name="home", grid=Grid.TN, root=random_tree(rng, rng.sample(names, rng.randint(0, 6))))
    run = Run(site)
    for _ in range(rng.randint(0, 8)):
        run.lists(1, *(rng.randint(0, 20) for _ in LINES))
    before = {view.charger: view for view in run.state.chargers}
    root = random_tree(rng, rng.sample(names, rng.randint(0, 6)))
    kept = tuple(each for each in site.chargers if each.name not in {new.name for new in root.chargers()})
    new = Site(name="home", grid=Grid.TN, root=replace(root, parts=(*root.parts, *kept[:2])))
    farewell(site, run.state, new)
    change(run, new)
    views = {view.charger.name: view for view in run.state.chargers}
    assert set(views) == {each.name for each in new.chargers}
    assert all(has >= given for has, given in promised(new.root, views))
    assert all(view.grant.limit_ma <= before[view.charger].grant.limit_ma for view in views.values() if view.charger in before)
    run.lists(3, 5, 5, 5)
