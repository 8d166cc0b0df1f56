"""When a charger is told what."""

from dataclasses import replace

import pytest

from han_gateway.core.effects import Cause, Grant, Reason, SetLimit
from han_gateway.core.site import Charger, Grid, modes_of
from han_gateway.core.units import LINES, Line
from han_gateway.devices.link import Link
from han_gateway.devices.makes import DEVICES
from han_gateway.devices.translate import Told, answered, tell

CHARGER = Charger(name="garage", lines=frozenset(LINES))
LINK = Link(charger=CHARGER, device=DEVICES["go-e"], base="han/home/chargers/garage", identity="go-e")
PATIENT = replace(LINK, device=replace(LINK.device, raise_after_ms=60_000))
SELDOM = replace(LINK, device=replace(LINK.device, repeat_ms=60_000))
SWITCHING = replace(LINK, charger=replace(CHARGER, modes=modes_of("one-phase", LINES, Grid.TN)))


def said(link: Link, *limits: tuple[int, int], lines: frozenset[Line] = frozenset(LINES)) -> list[list[str]]:
    """What is said for each limit (A, s), as topic and payload."""
    told: Told | None = None
    out: list[list[str]] = []
    for amps, at_s in limits:
        grant = Grant(charger="garage", limit_ma=1000 * amps, reason=Reason(cause=Cause.FUSE))
        effect = SetLimit(grant=grant, lines=lines, seq=0, valid_for_ms=60_000)
        told, messages = tell(link, told, effect, 1000 * at_s, at_s)
        assert all((message.qos, message.retain, message.expiry_s) == (1, False, 60) for message in messages)
        out.append([f"{message.topic.removeprefix('go-e/')} {message.payload.decode()}" for message in messages])
    return out


def test_the_first_limit_is_said_whole() -> None:
    """Nobody knows what an earlier run has left: the first time the charger is told that it may charge, too."""
    assert said(LINK, (10, 0)) == [["frc/set 0", "amp/set 10"]]


def test_only_a_pause_is_ended_by_more_than_a_limit() -> None:
    """While it charges only the limit is said; after a pause the charger is set free again."""
    assert said(LINK, (10, 0), (12, 1), (0, 2), (0, 12), (9, 13))[1:] == [
        ["amp/set 12"],
        ["frc/set 1", "amp/set 6"],
        ["frc/set 1", "amp/set 6"],
        ["frc/set 0", "amp/set 9"],
    ]


@pytest.mark.parametrize("amps", [10, 6, 0])
def test_a_cut_never_waits(amps: int) -> None:
    """However patient a make wants us to be, a smaller limit goes out at once."""
    assert said(PATIENT, (16, 0), (amps, 1))[1] == said(LINK, (16, 0), (amps, 1))[1]


def test_a_raise_waits_and_comes_with_the_first_repetition_that_may_bring_it() -> None:
    """Until then the charger hears its old limit."""
    assert said(PATIENT, (10, 0), (16, 10), (16, 59), (16, 60)) == [
        ["frc/set 0", "amp/set 10"],
        ["amp/set 10"],
        ["amp/set 10"],
        ["amp/set 16"],
    ]


def test_a_cut_below_a_raise_that_waited_is_no_raise() -> None:
    """What counts is what the charger was told, not what the core decided meanwhile."""
    assert said(PATIENT, (10, 0), (16, 10), (12, 20))[2] == ["amp/set 10"]


def test_the_end_of_a_pause_waits_like_any_raise() -> None:
    """Contactors are not played with."""
    assert said(PATIENT, (10, 0), (0, 5), (10, 50), (10, 65))[2:] == [["frc/set 1", "amp/set 6"], ["frc/set 0", "amp/set 10"]]


def test_an_unchanged_limit_is_repeated_as_seldom_as_its_make_wants() -> None:
    """A command that costs something is not said every ten seconds."""
    assert [len(words) for words in said(SELDOM, *((10, second) for second in range(0, 130, 10)))] == [
        2,
        *[0] * 5,
        1,
        *[0] * 5,
        1,
    ]


def test_a_charger_that_says_it_obeys_more_is_told_again() -> None:
    """A limit that did not arrive is repeated the next time, however soon; less than it was told is the charger's own business."""
    told, _ = tell(SELDOM, None, SetLimit(grant=_grant(10), lines=frozenset(LINES), seq=0, valid_for_ms=60_000), 0, 0)
    for named, again in ((16_000, 1), (11_000, 1), (10_900, 0), (8_000, 0), (None, 0)):
        _, messages = tell(
            SELDOM,
            answered(told, named),
            SetLimit(grant=_grant(10), lines=frozenset(LINES), seq=0, valid_for_ms=60_000),
            1_000,
            1,
        )
        assert len(messages) == again, named


def test_phases_are_said_only_when_they_change() -> None:
    """A charger that may change its phases hears which before the limit, once."""
    assert said(SWITCHING, (10, 0), (12, 1)) == [["psm/set 2", "frc/set 0", "amp/set 10"], ["amp/set 12"]]
    assert said(SWITCHING, (10, 0), lines=frozenset({Line.L1}))[0][0] == "psm/set 1"
    assert said(LINK, (10, 0), lines=frozenset({Line.L1}))[0][0] == "frc/set 0", "one that may not is never switched"


def _grant(amps: int) -> Grant:
    return Grant(charger="garage", limit_ma=1000 * amps, reason=Reason(cause=Cause.FUSE))
