"""Sharing the room out: what an electrician would work out by hand. The laws for any tree are in tests/properties."""

import sys
from dataclasses import replace

import pytest

from han_gateway.core.allocation import Room, Want, allocate, highest_ma, lowest_ma
from han_gateway.core.effects import Cause, Reason
from han_gateway.core.site import Charger, Circuit, Grid, Site
from han_gateway.core.units import PerLine
from tests.core.houses import L1, L2, L3, charger, house


def share(root: Circuit, *room: int, **changed: dict[str, int | tuple[int, ...]]) -> dict[str, tuple[int, str]]:
    """Limits in amperes and reasons by charger, for room in amperes on L1, L2, L3."""
    wants = [
        Want(charger=each, **{"ceiling_ma": each.maximum_ma, **changed.get(each.name, {})})  # type: ignore[arg-type]
        for each in root.chargers()
    ]
    grants = allocate(site(root), Room(PerLine(*(amps * 1000 for amps in room))), wants)
    assert [grant.charger for grant in grants] == [want.charger.name for want in wants]
    return {grant.charger: (grant.limit_ma // 1000, str(grant.reason)) for grant in grants}


def site(root: Circuit, grid: Grid = Grid.TN) -> Site:
    """A site with this main fuse."""
    return Site(name="home", grid=grid, root=root)


def fuse(*parts: Charger | Circuit, name: str = "main", amps: int = 63) -> Circuit:
    """A fuse of so many amperes."""
    return Circuit(name=name, fuse_ma=amps * 1000, parts=parts)


def test_plenty_of_room() -> None:
    """With room for all, each charger gets its own maximum, and that is the reason."""
    assert share(fuse(charger("a"), charger("b", maximum_ma=32_000)), 50, 50, 50) == {
        "a": (16, "own maximum"),
        "b": (32, "own maximum"),
    }


def test_the_tightest_line_binds() -> None:
    """A 3-phase charger gets what its tightest line has, and the reason names that line."""
    assert share(fuse(charger("a")), 20, 9, 20) == {"a": (9, "main fuse, L2")}


def test_equal_shares_and_the_remainder() -> None:
    """17 A for two equals are 9 and 8: the remainder goes to the first in the alphabet, wherever it was declared."""
    both = {"a": (9, "main fuse, L1"), "b": (8, "main fuse, L1")}

    assert share(fuse(charger("a"), charger("b")), 17, 17, 17) == both
    assert share(fuse(charger("b"), charger("a")), 17, 17, 17) == both


def test_max_min() -> None:
    """What a small charger cannot use goes to the others."""
    small = charger("small", maximum_ma=8000)
    assert share(fuse(small, charger("x"), charger("y")), 30, 30, 30) == {
        "small": (8, "own maximum"),
        "x": (11, "main fuse, L1"),
        "y": (11, "main fuse, L1"),
    }


def test_no_room_for_the_minimum() -> None:
    """5.9 A are a pause, and the next in the queue does not fit either."""
    grants = allocate(
        site(fuse(charger("a"))), Room(PerLine(5999, 20_000, 20_000)), [Want(charger=charger("a"), ceiling_ma=16_000)]
    )

    assert grants[0].limit_ma == 0
    assert grants[0].reason == Reason(cause=Cause.NO_ROOM, circuit="main", line=L1)


def test_one_that_does_not_fit_may_be_followed_by_one_that_does() -> None:
    """A 3-phase charger that finds L1 full does not keep a 1-phase charger from L3."""
    assert share(fuse(charger("a"), charger("b", [L3])), 3, 20, 20) == {
        "a": (0, "no room for the minimum (main fuse, L1)"),
        "b": (16, "own maximum"),
    }


def test_negative_room_gives_nothing() -> None:
    """Where the house alone is over the fuse, nobody charges."""
    assert share(fuse(charger("a", [L1]), charger("b", [L2])), -3, 7, 0) == {
        "a": (0, "no room for the minimum (main fuse, L1)"),
        "b": (7, "main fuse, L2"),
    }


def test_an_inner_fuse_binds() -> None:
    """A fuse on the way binds with its own name, at any depth, and what it keeps back is free for others."""
    deep = fuse(fuse(charger("a"), charger("b"), name="row", amps=14), name="garage", amps=40)

    assert share(fuse(deep, charger("c", maximum_ma=32_000)), 40, 40, 40) == {
        "a": (7, "row fuse, L1"),
        "b": (7, "row fuse, L1"),
        "c": (26, "main fuse, L1"),
    }


def test_the_margin_of_an_inner_fuse_stays_free() -> None:
    """What an inner fuse keeps free is not given away."""
    row = Circuit(name="row", fuse_ma=16_000, margin_ma=2000, parts=(charger("a"),))

    assert share(fuse(row), 40, 40, 40) == {"a": (14, "row fuse, L1")}


def test_admission_by_priority_then_rank_then_name() -> None:
    """Of three that need 6 A each, 12 A start the higher priority and then the smaller rank."""
    root = fuse(charger("a"), charger("b"), charger("c", priority=1))

    assert [amps for amps, _ in share(root, 12, 12, 12).values()] == [6, 0, 6]
    assert [amps for amps, _ in share(root, 12, 12, 12, a={"rank": (2,)}, b={"rank": (1,)}).values()] == [0, 6, 6]


def test_a_higher_priority_is_filled_first() -> None:
    """Everybody gets the minimum, and what is left goes to the highest priority, until it can take no more."""
    root = fuse(charger("a"), charger("b", priority=1), charger("c", priority=-1))

    assert share(root, 25, 25, 25) == {"a": (6, "main fuse, L1"), "b": (13, "main fuse, L1"), "c": (6, "main fuse, L1")}
    assert [amps for amps, _ in share(root, 30, 30, 30).values()] == [8, 16, 6]


def test_weights() -> None:
    """Among equals weight 2 gets twice the current, but nobody less than the minimum; the remainder goes to the poorer by weight."""
    root = fuse(charger("a", maximum_ma=32_000), charger("b", maximum_ma=32_000, weight=2))

    assert [amps for amps, _ in share(root, 30, 30, 30).values()] == [10, 20]
    assert [amps for amps, _ in share(root, 31, 31, 31).values()] == [11, 20]
    assert [amps for amps, _ in share(root, 32, 32, 32).values()] == [11, 21]
    assert [amps for amps, _ in share(root, 14, 14, 14).values()] == [6, 8]


def test_the_remainder_follows_the_rank() -> None:
    """The odd ampere goes to the smaller rank, so that whoever sets the ranks can let it go round."""
    root = fuse(charger("a"), charger("b"))

    assert [amps for amps, _ in share(root, 17, 17, 17, a={"rank": (1,)}, b={"rank": (0,)}).values()] == [8, 9]


def capped(house: Site, amps: float) -> list[tuple[int, str]]:
    """Limits and reasons with all the room under the fuses, and so many amperes of power at one nominal voltage."""
    room = Room(PerLine(60_000, 60_000, 60_000), power_ma=round(amps * 1000))
    grants = allocate(house, room, [Want(charger=each, ceiling_ma=each.maximum_ma) for each in house.chargers])
    return [(grant.limit_ma // 1000, str(grant.reason)) for grant in grants]


def test_a_cap_on_the_power() -> None:
    """An ampere costs as many as the charger loads voltages: with a neutral one for each line, and the cap is the reason."""
    three, one = charger("three"), charger("one", [L2])

    assert capped(site(fuse(three)), 30) == [(10, "power cap")]
    assert capped(site(fuse(three)), 29.9) == [(9, "power cap")]
    assert capped(site(fuse(one)), 30) == [(16, "own maximum")]
    assert capped(site(fuse(three, one)), 40) == [(10, "power cap"), (10, "power cap")]
    assert capped(site(fuse(three)), 17.9) == capped(site(fuse(three)), -5) == [(0, "power cap")]


def test_a_cap_on_the_power_with_three_wires() -> None:
    """Without a neutral a charger between two lines costs one, and one on three lines the square root of 3."""
    three, pair = charger("three"), charger("pair", [L1, L3])

    assert capped(site(fuse(pair), Grid.IT), 10) == [(10, "power cap")]
    assert capped(site(fuse(three), Grid.TT), 17.33) == [(10, "power cap")]
    assert capped(site(fuse(three), Grid.TT), 17.32) == [(9, "power cap")]


def test_a_fuse_with_a_meter_of_its_own() -> None:
    """A fuse whose load is measured has what its meter leaves; the others have all of theirs, less the margin."""
    row, shed = fuse(charger("a"), name="row", amps=20), fuse(charger("b"), name="shed", amps=20)
    house = site(fuse(row, shed))
    wants = [Want(charger=each, ceiling_ma=each.maximum_ma) for each in house.chargers]
    plenty = PerLine(60_000, 60_000, 60_000)

    grants = allocate(house, Room(plenty, circuits={"row": PerLine(20_000, 20_000, 9_500)}), wants)
    assert [(grant.limit_ma, str(grant.reason)) for grant in grants] == [(9_000, "row fuse, L3"), (16_000, "own maximum")]
    with pytest.raises(KeyError):
        allocate(house, Room(plenty, circuits={"raw": plenty}), wants)


def test_the_reason_is_the_fuse_that_refused() -> None:
    """A charger that its own fuse stopped says so, although the main fuse was used up by others afterwards."""
    row = Circuit(name="row", fuse_ma=8500, parts=(charger("a"),))

    assert share(fuse(row, charger("b", maximum_ma=32_000)), 24, 24, 24) == {"a": (8, "row fuse, L1"), "b": (16, "main fuse, L1")}


def test_fewer_lines_than_wired() -> None:
    """A charger that uses one of its lines asks only that line, and costs only that much power."""
    house, each = site(fuse(charger("a"))), charger("a")
    want = Want(charger=each, ceiling_ma=16_000, lines=frozenset((L2,)))

    assert allocate(house, Room(PerLine(0, 10_000, 0)), [want])[0].limit_ma == 10_000
    assert allocate(house, Room(PerLine(0, 20_000, 0), power_ma=12_000), [want])[0].limit_ma == 12_000


def test_nobody_wants_anything() -> None:
    """Nothing is shared among nobody."""
    assert allocate(site(fuse(charger("a"))), Room(PerLine(0, 0, 0)), []) == ()


def test_floors_are_held_even_where_there_is_no_room() -> None:
    """Who holds 10 A keeps them in a raise, and nobody else is given what is not there."""
    assert share(fuse(charger("a"), charger("b")), 12, 12, 12, a={"floor_ma": 10_000}) == {
        "a": (12, "main fuse, L1"),
        "b": (0, "no room for the minimum (main fuse, L1)"),
    }
    assert share(fuse(charger("a")), 3, 3, 3, a={"floor_ma": 10_000}) == {"a": (10, "main fuse, L1")}


def test_ceilings_bind() -> None:
    """Nobody gets more than it wants, and a want below the minimum is a pause."""
    assert share(fuse(charger("a"), charger("b")), 50, 50, 50, a={"ceiling_ma": 9000}, b={"ceiling_ma": 5000}) == {
        "a": (9, "own maximum"),
        "b": (0, "own maximum"),
    }


def test_whole_steps() -> None:
    """Limits are whole steps inside minimum and maximum: 6.5 to 15.9 A in steps of 1 A are 7 to 15."""
    odd = charger("odd", [L2], minimum_ma=6500, maximum_ma=15_900)
    never = charger("never", [L2], minimum_ma=6500, maximum_ma=6900)

    assert (lowest_ma(odd), highest_ma(odd)) == (7000, 15_000)
    assert share(fuse(odd), 40, 40, 40) == {"odd": (15, "own maximum")}
    assert share(fuse(odd), 40, 6, 40) == {"odd": (0, "no room for the minimum (main fuse, L2)")}
    assert share(fuse(never), 40, 40, 40) == {"never": (0, "own maximum")}


def test_a_charger_between_two_lines() -> None:
    """A charger between two lines takes its current from both."""
    assert share(fuse(charger("a", [L1, L3]), charger("b", [L1, L2])), 20, 30, 11) == {
        "a": (10, "main fuse, L1"),
        "b": (10, "main fuse, L1"),
    }


def work(root: Circuit, room: Room, step_ma: int) -> int:
    """How many calls one allocation takes, when all chargers want all that they can have, in such steps."""
    root = replace(
        root, parts=tuple(replace(part, step_ma=step_ma) if isinstance(part, Charger) else part for part in root.parts)
    )
    wants = [Want(charger=each, ceiling_ma=each.maximum_ma) for each in root.chargers()]
    calls = 0

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1

    sys.setprofile(count)
    try:
        allocate(site(root), room, wants)
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize(
    ("root", "room"),
    [
        pytest.param(fuse(charger("a", maximum_ma=32_000)), Room(PerLine(63_000, 63_000, 63_000)), id="one with room"),
        pytest.param(fuse(charger("a"), charger("b")), Room(PerLine(25_000, 27_000, 26_000)), id="two for the same lines"),
        pytest.param(fuse(charger("a"), charger("b", weight=3)), Room(PerLine(25_000, 63_000, 63_000)), id="weights"),
        pytest.param(fuse(charger("a", [L1]), charger("b")), Room(PerLine(16_000, 30_000, 30_000)), id="one line of three"),
        pytest.param(fuse(charger("a"), charger("b")), Room(PerLine(63_000, 63_000, 63_000), 50_000), id="a cap on power"),
        pytest.param(
            fuse(charger("a"), fuse(charger("b", step_ma=1), name="barn", amps=10)), Room(PerLine(40_000, 40_000, 0)), id="full"
        ),
        pytest.param(
            fuse(charger("a", [L1]), charger("b", [L2], maximum_ma=32_000)), Room(PerLine(0, 40_000, 0)), id="beside a full line"
        ),
    ],
)
def test_fine_steps_cost_little_more_than_coarse_ones(root: Circuit, room: Room) -> None:
    """Steps that nobody can be refused are taken at once: steps of 1 mA do not take a thousand times the work of steps of 1 A."""
    assert work(root, room, step_ma=1) < 4 * work(root, room, step_ma=1_000)


def test_a_charger_that_takes_one_current_only() -> None:
    """One whose minimum is its maximum is told that current, or nothing."""
    assert share(fuse(charger("a", maximum_ma=6_000)), 7, 7, 7) == {"a": (6, "own maximum")}


def test_a_measured_fuse_says_nothing_of_its_neighbour() -> None:
    """What the meter of one inner fuse leaves is the room of that fuse alone; the next one has all of its own."""
    root = fuse(fuse(charger("a"), name="barn", amps=20), fuse(charger("b"), name="yard", amps=10))
    wants = [Want(charger=each, ceiling_ma=16_000) for each in root.chargers()]
    room = Room(PerLine(63_000, 63_000, 63_000), circuits={"barn": PerLine(7_000, 8_000, 9_000)})

    assert [grant.limit_ma for grant in allocate(site(root), room, wants)] == [7_000, 10_000]


@pytest.mark.parametrize("weights", [(1, 1), (2, 3), (3, 4)])
def test_the_last_milliampere(weights: tuple[int, int]) -> None:
    """A line is used to the last whole step and not beyond, however its room comes out."""
    root = fuse(*(charger(name, weight=weight, step_ma=1) for name, weight in zip("ab", weights, strict=True)))
    wants = [Want(charger=each, ceiling_ma=16_000) for each in root.chargers()]
    for room in range(19_990, 20_030):
        assert sum(grant.limit_ma for grant in allocate(site(root), Room(PerLine(63_000, 63_000, room)), wants)) == room


def test_one_that_is_first_goes_before_every_priority() -> None:
    """Its minimum comes before all others, and then all that it can take."""
    site = house(charger("a", priority=9), charger("b"), charger("c", priority=1))
    wants = [Want(charger=each, ceiling_ma=16_000, first=each.name == "b") for each in site.chargers]
    equal = house(charger("a"), charger("b"))
    both = [Want(charger=each, ceiling_ma=16_000, first=each.name == "b") for each in equal.chargers]
    assert [grant.limit_ma for grant in allocate(equal, Room(PerLine(*[24_000] * 3)), both)] == [8_000, 16_000]
    for room_a, shares in ((6, (0, 6, 0)), (12, (6, 6, 0)), (25, (6, 13, 6)), (30, (8, 16, 6))):
        grants = allocate(site, Room(PerLine(*[room_a * 1000] * 3)), wants)
        assert tuple(grant.limit_ma // 1000 for grant in grants) == shares


def test_nobody_is_first_who_was_not_made_so() -> None:
    """Being first is for those whom somebody asked to hurry."""
    assert not Want(charger=charger("a"), ceiling_ma=16_000).first


def test_an_absent_one_has_what_all_others_leave() -> None:
    """Not even its minimum comes before what another, less important one can use; and nobody is absent who was not made so."""
    site = house(charger("a", priority=9), charger("b"))
    wants = [Want(charger=each, ceiling_ma=16_000, absent=each.name == "a") for each in site.chargers]
    for room_a, shares in ((16, (0, 16)), (21, (0, 16)), (22, (6, 16)), (25, (9, 16))):
        grants = allocate(site, Room(PerLine(*[room_a * 1000] * 3)), wants)
        assert tuple(grant.limit_ma // 1000 for grant in grants) == shares
    assert not Want(charger=charger("a"), ceiling_ma=16_000).absent
