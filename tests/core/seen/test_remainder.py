"""What a line carries that no charger is known to draw, and what it tells of chargers that report nothing."""

from itertools import pairwise

import pytest

from han_gateway.core.fairness import LOOK_AGAIN_MS, absent, account
from han_gateway.core.gateway import start
from han_gateway.core.seen.answers import Belief
from han_gateway.core.seen.belief import NOBODY_KNOWS, believed_ma, learn
from han_gateway.core.seen.remainder import BARE_MA, SUN_MS, corrected, remainder
from han_gateway.core.site import Circuit, Grid
from han_gateway.core.state import ChargerView, State
from han_gateway.core.times import SETTLED_MS
from han_gateway.core.units import LINES, Line, MilliAmps, PerLine
from tests.core.houses import L1, L2, L3, Run, charger, house, list2, report
from tests.core.seen.test_belief import load, told
from tests.core.test_decision import reporting, views
from tests.core.test_fairness import NOW, POLICY, one
from tests.core.views import silent

AT = 100_000
ONE_LINE = frozenset({L1})
SITE = house(charger("a"), charger("b", [L1]))


def knowing(*chargers: ChargerView, exported_at: int | None = None) -> State:
    """A state with these chargers."""
    return start(SITE, 0)._replace(chargers=chargers, exported_at=exported_at)


def test_what_is_reported_or_believed_is_taken_off() -> None:
    """Line by line, and below nothing where more is believed than flows; of a line that nobody measured nothing is known."""
    a, b = reporting(views(SITE, a=10, b=6), a=10)

    assert remainder(SITE, knowing(a, b), load(18, 12, None), AT) == (8_000, 2_000, None)
    seen = b._replace(belief=Belief(answers=2, drawn_ma=6_000))
    assert remainder(SITE, knowing(a, seen), load(15, 12, 11), AT) == (-1_000, 2_000, 1_000)


def test_nothing_is_known_on_three_wires_or_under_the_sun() -> None:
    """Currents of three wires are no plain sums, and what the sun feeds does not show."""
    chargers = views(SITE, a=10, b=6)
    it = house(charger("a"), grid=Grid.IT)

    assert remainder(it, knowing(*views(it, a=6)), load(9, 9, 9), AT) == NOBODY_KNOWS
    assert remainder(SITE, knowing(*chargers, exported_at=AT - SUN_MS + 1), load(9, 9, 9), AT) == NOBODY_KNOWS
    assert remainder(SITE, knowing(*chargers, exported_at=AT - SUN_MS), load(9, 9, 9), AT) == (9_000, 9_000, 9_000)


@pytest.mark.parametrize("left", [(BARE_MA, 0, 0), (None, 0, 0)])
def test_a_silent_charger_with_too_little_on_its_lines_has_no_car(left: tuple[int | None, int, int]) -> None:
    """When a minute has shown that, and not while one line may carry a car; at a new start it is looked at anew."""
    view = account(POLICY, one(6), NOW - 10_000, NOW, PerLine(BARE_MA - 1, 0, 0))
    doubtful = account(POLICY, view, NOW, NOW + 10_000, PerLine(*left))

    assert [absent(POLICY, view, NOW + after) for after in (SETTLED_MS - 1, SETTLED_MS)] == [False, True]
    assert not absent(POLICY, doubtful, NOW + SETTLED_MS)
    (paused,) = views(house(charger("a")), a=0)
    paused = paused._replace(paused_at=NOW + SETTLED_MS, bare_since=view.bare_since)
    paused = account(POLICY, paused, NOW + SETTLED_MS, NOW + SETTLED_MS + 10_000, PerLine(20_000, 20_000, 20_000))
    assert absent(POLICY, paused, NOW + SETTLED_MS + LOOK_AGAIN_MS - 1), "what the house does in its pause says nothing of it"
    assert not absent(POLICY, paused, NOW + SETTLED_MS + LOOK_AGAIN_MS)
    again = view._replace(started_at=NOW + SETTLED_MS)
    assert not absent(POLICY, again, NOW + 2 * SETTLED_MS - 1)


def test_who_was_paused_before_it_was_looked_at_is_not_absent() -> None:
    """A cut that came ten seconds after its start has shown nothing of its car, whatever was seen before."""
    (view,) = views(house(charger("a")), a=0)
    view = view._replace(bare_since=NOW - 2 * SETTLED_MS, started_at=NOW - 10_000, paused_at=NOW)

    assert not absent(POLICY, view, NOW + 1_000)


@pytest.mark.parametrize(("after", "absent_then"), [((5, 9, 9), False), ((0.3, 15, 14), True)])
def test_a_car_that_the_sun_feeds_shows_when_it_is_paused(after: tuple[float, ...], *, absent_then: bool) -> None:
    """The sun has hidden it on every line, and its pause shows all the same: it is there. A pause that does not show tells nothing new."""
    view = told(one(6, bare_since=NOW - 2 * SETTLED_MS, started_at=NOW - 3 * SETTLED_MS), 0, load(0.3, 15, 14), NOW)
    view = learn(view._replace(paused_at=NOW), None, load(*after), NOW + 10_000)

    assert absent(POLICY, view, NOW + 20_000) is absent_then


def test_what_a_silent_charger_is_believed_to_draw_is_no_empty_place() -> None:
    """Its own current is taken off, too: what is left is not its."""
    assert account(POLICY, one(6, belief=Belief(2, 6_000)), NOW - 10_000, NOW, PerLine(0, 0, 0)).bare_since is None


@pytest.mark.parametrize("exported_w", [0, 100])
def test_a_place_without_a_car_that_reports_nothing_makes_room(exported_w: int) -> None:
    """The car beside it has the whole fuse after a while; in a house with the sun on its roof nobody can tell, and 6 A stay reserved."""
    site = house(charger("car"), charger("empty"), fuse=20)
    run = Run(site)
    run.hear(5_000, list2(0, 0, 0, power_import_w=0, power_export_w=exported_w))
    for _ in range(40):
        amps = run.limit("car") / 1000
        run.lists(1, amps + 1, amps + 1, amps + 1, says={"car": amps})

    assert (run.limit("car"), run.limit("empty")) == ((16_000, 0) if not exported_w else (13_000, 6_000))


@pytest.mark.parametrize(
    ("left", "drawn"),
    [
        ((-1_001, -1_001, -1_001), 14_999),
        ((-1_000, -1_000, -1_000), 16_000),
        ((-12_000, -12_000, -12_000), 4_000),
        ((-12_001, -12_001, -12_001), 0),
        ((-9_000, -9_000, 500), 16_000),
        ((-9_000, -8_000, -7_000), 9_000),
        ((-9_000, None, -9_000), 16_000),
    ],
)
def test_what_is_not_there_is_taken_off_a_belief(left: tuple[int | None, ...], drawn: int) -> None:
    """By what all of its lines lack, from more than an ampere on; what is too little for a car is none. A line of which nothing is known proves nothing."""
    (view,), after = corrected((silent(16, answers=2),), PerLine(*left), SETTLED_MS)

    assert believed_ma(view) == drawn
    taken = 16_000 - drawn
    assert after == tuple(None if each is None else each + taken for each in left)


def test_a_belief_is_corrected_when_its_limit_has_stood_and_nothing_is_asked() -> None:
    """For a minute; and never one that was not shown yet, that is asked just now, or whose charger reports."""
    missing: PerLine[MilliAmps | None] = PerLine(-9_000, -9_000, -9_000)
    short = silent(16, answers=2)
    asked = told(silent(10, answers=2), 16, load(20, 20, 20), 0)

    assert corrected((short,), missing, SETTLED_MS - 1) == ((short,), missing)
    for view in (silent(16, answers=1), asked, short._replace(report=report(0, "a", 16))):
        assert corrected((view,), missing, SETTLED_MS) == ((view,), missing)


def test_what_one_belief_gave_up_is_not_taken_from_the_next() -> None:
    """Two are believed to draw 16 A where 10 A are missing: the first loses them, on its own lines; the second keeps its belief."""
    first, second = silent(16, ONE_LINE, answers=2), silent(16, answers=2)
    views, left = corrected((first, second, first), PerLine(-10_000, -9_000, -9_000), SETTLED_MS)

    assert [believed_ma(view) for view in views] == [6_000, 16_000, 16_000]
    assert left == (0, -9_000, -9_000)


@pytest.mark.parametrize(
    ("seen_on", "left_ma", "drawn"),
    [((L2, L3), -12_000, [16_000, 10_000]), ((L2, L3), -17_001, [16_000, 8_999]), (LINES, -12_000, [16_000, 0])],
)
def test_who_was_not_seen_on_a_line_explains_what_lacks_there(seen_on: tuple[Line, ...], left_ma: int, drawn: list[int]) -> None:
    """A small car at a large silent charger draws on L2 and L3; what its belief lacks on L1 is not taken from its neighbour's there."""
    wide, neighbour = silent(16, answers=2), silent(10, ONE_LINE, answers=2)
    wide = wide._replace(belief=wide.belief.seen_on(frozenset(seen_on)))
    found, _ = corrected((neighbour, wide), PerLine(left_ma, 0, 0), SETTLED_MS)

    assert [believed_ma(view) for view in reversed(found)] == drawn


def test_a_silent_car_beside_a_small_one_below_a_fuse_keeps_its_limit() -> None:
    """Below a sub-fuse nobody trusts a car to use few lines; the one beside it was asked, raised and forgotten every 100 s, for hours."""
    run = Run(house(Circuit(name="shed", fuse_ma=25_000, parts=(charger("large"), charger("small", [L2]))), fuse=63))
    limits: dict[str, list[int]] = {"large": [0] * 9, "small": [0] * 9}
    for place in range(1, 720):
        run.until(place * 10_000 - 5_000)
        large, small = run.limit("large") / 1000, run.limit("small") / 1000
        lines = (10 + large + place % 2, 4 + small, 10 + large)
        run.hear(place * 10_000, list2(*lines))
        for name, seen in limits.items():
            seen.append(run.limit(name))

    assert all(sum(now != then for then, now in pairwise(seen[360:])) <= 12 for seen in limits.values())
