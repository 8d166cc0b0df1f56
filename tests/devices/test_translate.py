"""When a charger is told what."""

from dataclasses import replace

import pytest

from han_gateway.core.effects import Cause, Grant, MeterState, Reason, SetLimit, ShowHeadroom
from han_gateway.core.site import Charger, Grid, modes_of
from han_gateway.core.units import LINES, Line, PerLine
from han_gateway.devices.link import Link
from han_gateway.devices.makes import DEVICES
from han_gateway.devices.record import Feed, Say
from han_gateway.devices.translate import House, Told, answered, feed, seen, tell

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


def test_words_of_one_breath_are_counted_on_each_topic() -> None:
    """So that none takes the place of another that is still to be heard there."""
    words = tuple(Say(f"<id>/{topic}", "x") for topic in "aabaa")
    limit = SetLimit(grant=_grant(10), lines=frozenset(LINES), seq=0, valid_for_ms=60_000)
    _, messages = tell(replace(LINK, device=replace(LINK.device, resume=(), charge=words)), None, limit, 0, 0)
    assert [(message.topic[-1], message.nth) for message in messages] == [("a", 0), ("a", 1), ("b", 0), ("a", 2), ("a", 3)]


def test_an_owners_word_that_nobody_knows_is_not_given_back() -> None:
    """A loadpoint of evcc that we did not pause keeps the mode that it has."""
    assert said(replace(LINK, device=DEVICES["evcc-loadpoint"]), (10, 0)) == [["maxCurrent/set 10"]]


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


def test_patience_counts_from_the_last_change_not_from_the_start() -> None:
    """A cut begins the wait anew, and a limit that was only repeated does not."""
    assert said(PATIENT, (10, 100), (16, 110))[1] == ["amp/set 10"]
    assert said(PATIENT, (10, 100), (8, 150), (8, 160), (16, 209), (16, 210))[3:] == [["amp/set 8"], ["amp/set 16"]]


@pytest.mark.parametrize(("valid_ms", "expiry_s"), [(1_999, 1), (400, 1), (60_000, 60)])
def test_a_limit_expires_with_its_time(valid_ms: int, expiry_s: int) -> None:
    """In whole seconds, and one at least: none would be no end."""
    limit = SetLimit(grant=_grant(10), lines=frozenset(LINES), seq=0, valid_for_ms=valid_ms)
    _, messages = tell(LINK, None, limit, 0, 0)
    assert {message.expiry_s for message in messages} == {expiry_s}


LOADED = House(load_ma=PerLine(8_000, 7_000, 6_000), fresh=True)
FED = replace(LINK, device=DEVICES["smartevse"])
SHAPED = replace(LINK, device=DEVICES["openevse-shaper"])


def test_a_feed_says_what_is_known_and_does_not_outlive_the_next_one() -> None:
    """Currents are enough for who wants currents; the message expires when the next is due, so that a late one cannot hide a silence."""
    message = feed(FED, LOADED)
    assert message is not None
    assert (message.topic, message.payload, message.expiry_s, message.retain) == ("go-e/Set/MainsMeter", b"80:70:60", 4, False)
    message = feed(SHAPED, LOADED._replace(power_w=4_321))
    assert message is not None
    assert (message.topic, message.payload, message.expiry_s) == ("han/home/chargers/garage/house_w", b"4321", 10)


@pytest.mark.parametrize("every_ms", [300, 1_000])
def test_a_feed_lives_for_a_second_at_least(every_ms: int) -> None:
    """However often it comes: an expiry of 0 would be none."""
    device = replace(FED.device, feed=Feed("<id>/feed", "<l1_deciamps>", every_ms))
    message = feed(replace(FED, device=device), LOADED)
    assert message is not None
    assert message.expiry_s == 1


def test_what_is_shown_of_the_meter_is_what_is_fed() -> None:
    """A fresh list is fed, and nothing any more when the meter is not fresh."""
    shown = ShowHeadroom(state=MeterState.FRESH, fuse_ma=25_000, room_ma=LOADED.load_ma, load_ma=LOADED.load_ma)
    assert seen(House(), shown) == LOADED
    assert not seen(LOADED, replace(shown, state=MeterState.STALE)).fresh


@pytest.mark.parametrize("house", [House(load_ma=LOADED.load_ma, power_w=1), LOADED._replace(fresh=False), House(fresh=True)])
def test_nothing_is_fed_of_a_meter_that_is_not_fresh(house: House) -> None:
    """Before the first list, when the lists have stopped, and without currents the charger hears nothing."""
    assert feed(FED, house) is None
    assert feed(LINK, LOADED) is None, "and who waits for nothing never does"


def test_power_that_is_not_known_is_not_fed() -> None:
    """A shaper that hears nothing stops; one that heard 0 W would not."""
    assert feed(SHAPED, LOADED) is None
