"""A house that changes while it is protected: what stays, what is told, and that no fuse is promised more than it has."""

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from han_gateway.core.effects import Cause, Effect, ShowCaps, ShowCharger
from han_gateway.core.events import CapSaid, CircuitSaid
from han_gateway.core.heat import WARM
from han_gateway.core.reload import carry_over, farewell
from han_gateway.core.site import Cap, CapRule, Charger, Circuit, Grid, Site, modes_of
from han_gateway.core.state import Caps, ChargerView, Conduct, Phasing
from han_gateway.core.units import LINES, PerLine
from tests.core.houses import L1, L2, L3, Run, charger, house, list2, notes, random_tree, set_limits

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
    run.lists(4, 2, 2, 2, says={"right": 6})
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


def test_a_changed_charger_may_still_draw_the_most_that_it_was_told_lately() -> None:
    """In the seconds after a cut the old limit is what counts, also of a charger that is configured anew just then."""
    run = Run(house(LEFT, fuse=25))
    run.lists(8, 2, 2, 2)
    before = run.limit("left")
    run.lists(1, 15 + before / 1000, 2, 2)
    assert run.limit("left") < before
    change(run, house(replace(LEFT, priority=1), fuse=25))

    assert run.state.chargers[0].commands[0].limit_ma == before


def test_the_heat_of_a_fuse_is_that_of_the_same_fuse() -> None:
    """Where the main fuse stays as it was, what it went through counts; another one is taken to be warm."""
    run = Run(house(LEFT, fuse=25))
    heat = run.state.heat._replace(l2=WARM // 3)
    run.state = run.state._replace(heat=heat)
    change(run, house(LEFT, RIGHT, fuse=25))
    assert run.state.heat == heat
    change(run, house(LEFT, RIGHT, fuse=35))
    assert run.state.heat == PerLine(WARM, WARM, WARM)


def test_a_removed_charger_is_told_its_last_limit() -> None:
    """It hears the smaller of last and fallback, once, and the house forgets it."""
    run = Run(house(LEFT, RIGHT, fuse=63))
    run.lists(8, 2, 2, 2)
    new = house(RIGHT, fuse=63)
    (told,) = farewell(run.site, run.state, new)
    assert str(set_limits((told,))[0].grant.reason) == "no longer in the configuration"
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


def test_a_paused_charger_that_changes_stays_paused() -> None:
    """It is no reason to start that its priority was written anew; it waits for a window like anybody, and keeps its turn."""
    run = Run(house(LEFT, fuse=25))
    run.lists(3, 40, 40, 40)
    (before,) = run.state.chargers
    change(run, house(replace(LEFT, priority=1), fuse=63))
    assert run.limit("left") == 0
    assert run.state.chargers[0].paused_at == before.paused_at
    run.lists(4, 40, 40, 40)
    assert run.limit("left") == 6_000


def test_how_slow_a_charger_is_stays_known() -> None:
    """What it was seen to need is believed after a change, too, unless it is now configured to be slower still."""
    run = Run(house(LEFT))
    (view,) = run.state.chargers
    run.state = run.state._replace(chargers=(view._replace(belief=view.belief._replace(response_ms=12_000)),))
    change(run, house(replace(LEFT, priority=1)))
    assert run.state.chargers[0].response_ms == 12_000
    change(run, house(replace(LEFT, response_ms=20_000)))
    assert run.state.chargers[0].response_ms == 20_000


def known(run: Run) -> tuple[object, object]:
    """What is known of the phases of the first charger."""
    return run.state.chargers[0].mode, run.state.chargers[0].phasing


def test_phases_stay_while_the_wires_do() -> None:
    """A charger that was told to use one phase goes on with it, unless its wiring was written anew: then it begins with all."""
    switchable = charger("left", modes=modes_of("any-phase", LINES, Grid.TN))
    run = Run(house(switchable))
    run.lists(2, 2, 2, 2)
    (view,) = run.state.chargers
    alone = view._replace(mode=frozenset({L3}), phasing=Phasing(switches=2, narrow_car=True))
    run.state = run.state._replace(chargers=(alone,))
    change(run, house(switchable, fuse=32))
    assert known(run) == (alone.mode, alone.phasing)
    change(run, house(replace(switchable, priority=1), fuse=32))
    assert known(run) == (alone.mode, alone.phasing)
    effects = change(run, house(replace(switchable, order=(L2, L1, L3)), fuse=32))
    assert known(run) == (None, Phasing())
    assert [told.lines for told in set_limits(effects)] == [frozenset(LINES)]


def test_the_last_word_is_about_the_lines_that_it_was_told() -> None:
    """A charger on one phase is not told three as it goes."""
    run = Run(house(charger("left", modes=modes_of("any-phase", LINES, Grid.TN))))
    (view,) = run.state.chargers
    run.state = run.state._replace(chargers=(view._replace(mode=frozenset({L3})),))
    assert [told.lines for told in set_limits(farewell(run.site, run.state, house()))] == [{L3}]


def test_a_charger_can_still_change_its_phases_after_a_reload() -> None:
    """What is known of a charger hangs on the tree of the new house, so that the fuses above it are found."""
    switchable = charger("left", modes=modes_of("any-phase", LINES, Grid.TN))
    run = Run(house(Circuit(name="shed", fuse_ma=20_000, parts=(switchable,))))
    run.lists(2, 2, 2, 2)
    change(run, house(Circuit(name="shed", fuse_ma=16_000, parts=(replace(switchable),))))
    assert run.state.chargers[0].charger is run.site.chargers[0]


RULE = CapRule(default=8_000, least=4_000, most=12_000)


@pytest.mark.parametrize(
    ("was_set", "new", "then"),
    [
        (6_000, RULE, 6_000),
        (6_000, replace(RULE, default=9_000), 6_000),
        (6_000, replace(RULE, default=9_000, least=7_000), 9_000),
        (11_000, replace(RULE, default=9_000, most=10_000), 9_000),
        (None, replace(RULE, default=9_000), 9_000),
        (6_000, None, None),
    ],
    ids=["as it was", "still within", "now too low", "now too high", "never set", "no cap any more"],
)
def test_a_cap_that_was_set_stays_where_the_bounds_allow_it(was_set: int | None, new: CapRule | None, then: int | None) -> None:
    """A cap of the run stays within the new bounds; else, and where none was set, the new configured one holds, and it is shown."""
    site = replace(house(LEFT), power_cap=RULE)
    run = Run(site)
    run.play(CapSaid(at=run.now, cap=Cap.POWER, value=was_set))
    effects = change(run, replace(site, power_cap=new))
    assert run.state.caps == Caps(power_w=then)
    expected = [] if new == RULE else [ShowCaps(power_w=then, line_ma=None)]
    assert [effect for effect in effects if isinstance(effect, ShowCaps)] == expected


def test_a_new_cap_cuts_at_once() -> None:
    """A phase cap and a power cap that are written into the configuration hold from this instant, and are named."""
    run = Run(house(LEFT, fuse=32))
    at = [(run.now // 10_000 + each) * 10_000 for each in range(1, 9)]
    for each in at:
        run.say(each - 1000, "left", run.limit("left") / 1000)
        drawn = 2 + run.limit("left") / 1000
        run.hear(each, list2(drawn, drawn, drawn, power_import_w=round(690 * drawn)))
    assert run.limit("left") == 16_000
    effects = change(run, replace(run.site, line_cap=CapRule(default=14_000, least=14_000, most=14_000)))
    assert notes(effects) == ["phase cap set to 14 A", "cut left 16 -> 12 A: phase cap, L1"]
    run.hear(run.now + 10_000, list2(14, 14, 14, power_import_w=9_660))
    watts = CapRule(default=6_900, least=6_900, most=6_900)
    effects = change(run, replace(run.site, power_cap=watts))
    assert notes(effects)[1] == "cut left 12 -> 8 A: power cap"


def shed(fuse: int, *chargers: Charger, metered: bool = True) -> Site:
    """A generous main fuse, and a shed below it, with a meter of its own."""
    return house(Circuit(name="shed", fuse_ma=fuse * 1000, metered=metered, parts=chargers), fuse=63)


def charging(run: Run, workshop: float) -> None:
    """The left car charges as it may, in a shed that draws so much beside it."""
    for _ in range(8):
        drawn = run.limit("left") / 1000
        run.lists(1, drawn, drawn, drawn, says={"left": drawn})
        now = round((workshop + drawn) * 1000)
        run.play(CircuitSaid(at=run.now + 500, circuit="shed", current_ma=PerLine(now, now, now)))


def test_a_sub_fuse_goes_on_with_what_it_was_heard_to_carry() -> None:
    """A smaller fuse of the shed cuts at once by its last reading, and nothing is read into it that it did not say."""
    run = Run(shed(25, LEFT))
    charging(run, 4)
    assert run.limit("left") == 16_000
    assert change(run, shed(32, LEFT)) == ()
    effects = change(run, shed(16, LEFT))
    assert notes(effects) == ["cut left 16 -> 12 A: shed fuse, L1"]
    change(run, shed(16, LEFT, RIGHT))
    assert run.limit("left") + run.limit("right") <= 12_000
    assert "heard" not in str(notes(run.play(CircuitSaid(at=run.now, circuit="shed", current_ma=PerLine(0, 0, 0)))))


def test_a_charger_that_moves_below_a_sub_fuse_was_not_in_its_reading() -> None:
    """What it may draw comes on top of what the shed was heard to carry."""
    run = Run(house(Circuit(name="shed", fuse_ma=25_000, metered=True), LEFT, fuse=63))
    run.lists(8, 2, 2, 2)
    run.play(CircuitSaid(at=run.now, circuit="shed", current_ma=PerLine(15_000, 15_000, 15_000)))
    assert run.limit("left") == 16_000
    change(run, shed(25, LEFT))
    assert run.limit("left") == 10_000


def test_below_a_sub_fuse_that_was_not_heard_yet_nobody_keeps_more_than_the_fallback() -> None:
    """A meter that is new in the configuration is awaited as at the start: fallback at once, and at its silence nothing more falls."""
    run = Run(shed(25, LEFT, metered=False))
    run.lists(8, 2, 2, 2)
    assert run.limit("left") == 16_000
    effects = change(run, shed(25, LEFT))
    assert notes(effects) == ["cut left 16 -> 6 A: meter not heard yet (shed fuse)"]
    run.lists(5, 2, 2, 2)
    assert run.limit("left") == 6_000
    run.lists(2, 2, 2, 2)
    assert "meter of the shed fuse lost: silent for 60 s" in notes(effect for _, effect in run.effects)
    change(run, shed(32, LEFT))
    assert run.state.circuits[0].heard_at is None
    change(run, shed(25, LEFT, metered=False))
    assert run.state.circuits == ()
    run.lists(8, 2, 2, 2)
    assert run.limit("left") == 16_000


def test_pages_see_the_chargers_of_the_new_house() -> None:
    """A charger in the place of another one is shown at once, as itself, and so is a changed one; who stays keeps its word and since when."""
    run = Run(house(LEFT, charger("mid"), fuse=63))
    run.lists(4, 2, 2, 2)
    since = {picture.shown.grant.charger: picture.since for picture in run.state.pictures}
    effects = change(run, house(RIGHT, charger("mid"), fuse=63))
    assert [shown.grant.charger for shown in effects if isinstance(shown, ShowCharger)] == ["right"]
    assert [(each.shown.grant.charger, each.since) for each in run.state.pictures] == [("right", run.now), ("mid", since["mid"])]
    run.lists(4, 2, 2, 2)
    assert [each.shown.grant.charger for each in run.state.pictures] == ["right", "mid"]
    effects = change(run, house(replace(RIGHT, priority=1), charger("mid"), fuse=63))
    assert [shown.grant for shown in effects if isinstance(shown, ShowCharger)] == [run.grant("right")]


def test_a_house_whose_meter_is_lost_may_change() -> None:
    """Nobody knows what it draws: under a smaller fuse the fallbacks fit alone, and no more is promised."""
    run = Run(house(LEFT, fuse=25))
    run.lists(8, 2, 2, 2)
    run.until(run.now + 70_000)
    assert run.state.load is None
    change(run, house(LEFT, RIGHT, fuse=10))

    assert (run.limit("left"), run.limit("right")) == (6_000, 0)


def test_a_house_of_which_half_a_list_was_heard_may_change() -> None:
    """A list that lacks a line tells nothing of the room before the first whole one."""
    run = Run(house(LEFT, fuse=25))
    run.hear(10_000, list2(2, None, 2))
    change(run, house(LEFT, fuse=5))

    assert run.limit("left") == 0


def test_who_was_there_before_comes_first() -> None:
    """Where a fuse bears one minimum only, a charger that has just come waits, whatever its name is."""
    run = Run(house(LEFT, fuse=25))
    run.lists(2, 2, 2, 2, says={"left": 0})
    assert run.limit("left") == 6_000
    change(run, house(charger("attic"), LEFT, fuse=10))

    assert (run.limit("attic"), run.limit("left")) == (0, 6_000)


def test_what_the_last_list_left_is_still_known() -> None:
    """A cap that is lowered between a reload and the next list cuts by what the house was seen to draw."""
    cap = CapRule(default=25_000, least=10_000, most=25_000)
    run = Run(replace(house(LEFT, fuse=25), line_cap=cap))
    run.lists(8, 4, 4, 4, says={"left": 0})
    change(run, replace(house(LEFT, fuse=25), line_cap=cap))
    assert run.limit("left") == 16_000
    run.play(CapSaid(at=run.now + 500, cap=Cap.LINE, value=15_000))

    assert run.limit("left") == 11_000


def test_another_grid_is_another_house() -> None:
    """A house whose name or grid differs cannot be carried over."""
    run = Run(house(LEFT))
    with pytest.raises(ValueError, match=r"^a house with another name or grid is another house$"):
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
