"""The MQTT contract, word for word: what we say."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from han_gateway.core.effects import (
    Cause,
    ChargerState,
    Effect,
    Grant,
    Level,
    MeterState,
    Note,
    Reason,
    RestartCharger,
    SetLimit,
    ShowCaps,
    ShowCharger,
    ShowHeadroom,
    ShowOutcome,
    ShowReading,
    Stage,
)
from han_gateway.core.events import Ask
from han_gateway.core.site import CapRule, Charger, Grid
from han_gateway.core.units import Line, PerLine
from han_gateway.core.words import topics
from han_gateway.meters.reading import ClockRule
from tests.core.houses import ALL, L1, L2, L3, charger, house, list2

NOW = datetime(2026, 1, 15, 17, 0, 0, 120_000, tzinfo=UTC)
SITE = house(charger("garage"), charger("yard", [L2]))


def worded(effect: Effect) -> tuple[topics.Message, dict[str, Any]]:
    """The message for an effect, and its payload."""
    message = topics.message("han", SITE, effect, NOW)
    assert message is not None
    return message, json.loads(message.payload)


def told(name: str = "garage", limit_ma: int = 10_000, lines: frozenset[Line] = ALL) -> SetLimit:
    """A limit for a charger."""
    reason = Reason(cause=Cause.FUSE, circuit="main", line=L2)
    return SetLimit(grant=Grant(charger=name, limit_ma=limit_ma, reason=reason), lines=lines, seq=7, valid_for_ms=60_000)


def test_a_limit() -> None:
    """A limit is not retained, is delivered at least once and expires when it is no longer valid."""
    message, payload = worded(told())

    assert message[0] == "han/home/chargers/garage/limit"
    assert message[2:5] == (1, False, 60)
    assert payload == {
        "seq": 7,
        "issued_at": "2026-01-15T17:00:00.120Z",
        "valid_for_s": 60,
        "limit_a": {"L1": 10, "L2": 10, "L3": 10},
        "current_a": 10,
        "phases": 3,
        "state": "charge",
        "reason": "main fuse, L2",
        "queue": None,
    }


def test_a_limit_on_one_line() -> None:
    """Lines that a charger does not use are 0, and amperes are whole, rounded down."""
    _, payload = worded(told("yard", 6999, frozenset({L2})))

    assert payload["limit_a"] == {"L1": 0, "L2": 6, "L3": 0}
    assert (payload["current_a"], payload["phases"]) == (6, 1)
    assert b'"current_a":6,' in worded(told("yard", 6999, frozenset({L2})))[0].payload


@pytest.mark.parametrize(("valid_for_ms", "expiry_s"), [(999, 1), (1_999, 1), (2_000, 2)])
def test_a_limit_expires_no_later_than_it_is_valid(valid_for_ms: int, expiry_s: int) -> None:
    """Brokers count whole seconds, and one is the least."""
    assert worded(replace(told(), valid_for_ms=valid_for_ms))[0].expiry_s == expiry_s


def test_what_is_said_alone_waits_for_nothing() -> None:
    """A message is sent at once unless others of the same breath must be heard before it."""
    assert worded(told())[0].nth == topics.birth("han", SITE).nth == 0


def test_letters_of_all_languages_are_sent_as_they_are() -> None:
    """Words are UTF-8, so that people can read them on the broker, too."""
    assert topics.payload({"reason": "sikring på låven"}) == '{"reason":"sikring på låven"}'.encode()


def test_a_finer_charger_gets_decimals() -> None:
    """A charger whose step is below an ampere gets its limit as it is."""
    site = house(charger("garage", step_ma=100))
    message = topics.message("han", site, told(limit_ma=6700), NOW)

    assert message is not None
    assert json.loads(message.payload)["current_a"] == 6.7


@pytest.mark.parametrize(
    ("grid", "lines", "phases"),
    [
        (Grid.TN, [L1], 1),
        (Grid.TN, [L1, L3], 2),
        (Grid.TN, ALL, 3),
        (Grid.IT, [L1, L3], 1),
        (Grid.TT, [L1, L3], 1),
        (Grid.IT, ALL, 3),
    ],
)
def test_phases(grid: Grid, lines: list[Line], phases: int) -> None:
    """Between two lines of a net without neutral a charger has one phase."""
    site = house(charger("garage", lines), grid=grid)
    message = topics.message("han", site, told(lines=frozenset(lines)), NOW)

    assert message is not None
    assert json.loads(message.payload)["phases"] == phases


def test_a_pause() -> None:
    """A limit of nothing is a pause."""
    _, payload = worded(told(limit_ma=0))

    assert (payload["state"], payload["current_a"]) == ("pause", 0)


def test_headroom() -> None:
    """The headroom is retained, with one decimal, and null for what is not known."""
    shown = ShowHeadroom(
        state=MeterState.FRESH,
        fuse_ma=25_000,
        room_ma=PerLine(7449, -2350, None),
        load_ma=PerLine(17_551, 27_350, None),
        estimated=(L2,),
    )
    message, payload = worded(shown)

    assert message[0] == "han/home/headroom"
    assert message[2:5] == (0, True, None)
    assert payload == {
        "issued_at": "2026-01-15T17:00:00.120Z",
        "state": "fresh",
        "room_a": {"L1": 7.4, "L2": -2.3, "L3": None},
        "load_a": {"L1": 17.6, "L2": 27.4, "L3": None},
        "estimated": ["L2"],
        "fuse_a": 25,
    }


def test_the_place_in_the_queue_rides_along() -> None:
    """A charger that waits for room is told its place with the pause."""
    assert worded(replace(told(limit_ma=0), queue=2))[1]["queue"] == 2


def test_a_charger_for_people_to_see() -> None:
    """The state is retained, in one word with the time since when, and the limit as the charger was told it."""
    shown = ShowCharger(
        grant=told(limit_ma=0).grant, lines=ALL, state=ChargerState.WAITING, queue=1, conduct="obeying", for_ms=90_000
    )
    message, payload = worded(shown)

    assert message[0] == "han/home/chargers/garage/state"
    assert message[2:5] == (1, True, None)
    assert payload == {
        "issued_at": "2026-01-15T17:00:00.120Z",
        "state": "waiting",
        "since": "2026-01-15T16:58:30.120Z",
        "queue": 1,
        "limit_a": 0,
        "reason": "main fuse, L2",
        "conduct": "obeying",
        "accord": "agrees",
        "wish": None,
    }
    assert worded(replace(shown, wish=Ask.PAUSE))[1]["wish"] == "pause"


def test_an_outcome() -> None:
    """What came of a command is retained, as it is a state: whoever looks later sees the last one, and when that was."""
    shown = ShowOutcome(charger="garage", ask=Ask.RESTART, stage=Stage.DONE, reason="back after 42 s", id="a.1", took_ms=42_400)
    message, payload = worded(shown)

    assert message[0] == "han/home/chargers/garage/outcome"
    assert message[2:5] == (1, True, None)
    assert payload == {
        "id": "a.1",
        "command": "restart",
        "state": "done",
        "reason": "back after 42 s",
        "at": "2026-01-15T17:00:00.120Z",
        "took_s": 42,
    }
    assert worded(replace(shown, id=None, took_ms=None))[1]["took_s"] is None


def test_a_restart_is_one_word_and_never_late() -> None:
    """A charger is told to restart once, now or not at all: not retained, at least once, and gone after half a minute."""
    message = topics.message("han", SITE, RestartCharger(charger="garage", id="a"), NOW)

    assert message == topics.Message("han/home/chargers/garage/restart", b"restart", qos=1, retain=False, expiry_s=30)


def test_caps() -> None:
    """The caps in force are retained, with the bounds between which they can be set; what is not configured is null."""
    site = replace(SITE, power_cap=CapRule(default=8_000, least=2_000, most=17_000))
    message = topics.message("han", site, ShowCaps(power_w=7_000, line_ma=None), NOW)

    assert message is not None
    assert message[0] == "han/home/caps"
    assert message[2:5] == (1, True, None)
    assert json.loads(message.payload) == {
        "issued_at": "2026-01-15T17:00:00.120Z",
        "power_w": 7000,
        "power_w_bounds": [2000, 17000],
        "line_a": None,
        "line_a_bounds": None,
    }
    site = replace(SITE, line_cap=CapRule(default=12_500, least=10_000, most=12_500))
    message = topics.message("han", site, ShowCaps(power_w=None, line_ma=12_500), NOW)
    assert message is not None
    assert b'"line_a":12.5,"line_a_bounds":[10,12.5]' in message.payload


def test_a_reading() -> None:
    """The reading is the JSON of the contract, not retained, with the time by the configured rule."""
    reading = list2(1.5, 2, None, clock=datetime(2026, 1, 15, 18, 0, 0))
    message, payload = worded(ShowReading(reading=reading))

    assert message[0] == "han/home/meter"
    assert message[2:5] == (0, False, 30)
    assert payload["current_a"] == {"L1": 1.5, "L2": 2, "L3": None}
    assert payload["time"] == "2026-01-15T17:00:00Z"
    as_utc = topics.message("han", SITE, ShowReading(reading=reading), NOW, clock=ClockRule.UTC)
    assert as_utc is not None
    assert json.loads(as_utc.payload)["time"] == "2026-01-15T18:00:00Z"


def test_notes_stay_in_the_log() -> None:
    """A note is not for MQTT."""
    assert topics.message("han", SITE, Note(level=Level.INFO, text="x"), NOW) is None


def test_birth_and_will() -> None:
    """Both speak on the retained status topic."""
    assert topics.birth("a/b", SITE) == topics.Message("a/b/home/status", b"online", 1, True, None)
    assert topics.will("a/b", SITE) == topics.Message("a/b/home/status", b"offline", 1, True, None)


def test_a_charger_that_is_gone_leaves_nothing_on_the_broker() -> None:
    """What the broker keeps of a charger is taken away with it, by an empty retained message."""
    gone = topics.Message("han/home/chargers/yard/state", b"", qos=1, retain=True)
    outcome = gone._replace(topic="han/home/chargers/yard/outcome")
    assert topics.forgotten("han", SITE, house(charger("garage"), charger("barn"))) == (gone, outcome)


def test_every_effect_of_a_run_can_be_worded() -> None:
    """A site with chargers of all kinds has words for each of them."""
    chargers: list[Charger] = [charger("a"), charger("b", [L1], step_ma=500), charger("c", [L3])]
    site = house(*chargers)
    for each in chargers:
        effect = replace(told(each.name), lines=each.lines)
        assert topics.message("han", site, effect, NOW) is not None
