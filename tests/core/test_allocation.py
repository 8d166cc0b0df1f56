"""Sharing the room out: what an electrician would work out by hand. The laws for any tree are in tests/properties."""

from han_gateway.core.allocation import Want, allocate, highest_ma, lowest_ma
from han_gateway.core.effects import Cause, Reason
from han_gateway.core.site import Charger, Circuit
from han_gateway.core.units import PerLine
from tests.core.houses import L1, L2, L3, charger


def share(root: Circuit, *room: int, **changed: dict[str, int | tuple[int, ...]]) -> dict[str, tuple[int, str]]:
    """Limits in amperes and reasons by charger, for room in amperes on L1, L2, L3."""
    wants = [
        Want(charger=each, **{"ceiling_ma": each.maximum_ma, **changed.get(each.name, {})})  # type: ignore[arg-type]
        for each in root.chargers()
    ]
    grants = allocate(root, PerLine(*(amps * 1000 for amps in room)), wants)
    assert [grant.charger for grant in grants] == [want.charger.name for want in wants]
    return {grant.charger: (grant.limit_ma // 1000, str(grant.reason)) for grant in grants}


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
    grants = allocate(fuse(charger("a")), PerLine(5999, 20_000, 20_000), [Want(charger=charger("a"), ceiling_ma=16_000)])

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
