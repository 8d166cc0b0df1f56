"""The MQTT contract, word for word, and what happens to hostile reports."""

import json
import random
from dataclasses import replace
from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest

from han_gateway.core import topics
from han_gateway.core.effects import (
    Cause,
    Effect,
    Grant,
    Level,
    MeterState,
    Note,
    Reason,
    SetLimit,
    ShowHeadroom,
    ShowReading,
)
from han_gateway.core.events import ChargerSaid, ChargerStatus
from han_gateway.core.site import Charger, Grid
from han_gateway.core.units import Line, PerLine
from han_gateway.meters.reading import ClockRule
from tests.core.houses import ALL, L1, L2, L3, charger, house, list2

NOW = datetime(2026, 1, 15, 17, 0, 0, 120_000, tzinfo=UTC)
SITE = house(charger("garage"), charger("yard", [L2]))
REPORT = "han/home/chargers/garage/report"


def worded(effect: Effect) -> tuple[topics.Message, dict[str, Any]]:
    """The message for an effect, and its payload."""
    message = topics.message("han", SITE, effect, NOW)
    assert message is not None
    return message, json.loads(message.payload)


def told(name: str = "garage", limit_ma: int = 10_000, lines: frozenset[Line] = ALL) -> SetLimit:
    """A limit for a charger."""
    reason = Reason(cause=Cause.FUSE, circuit="main", line=L2)
    return SetLimit(grant=Grant(charger=name, limit_ma=limit_ma, reason=reason), lines=lines, seq=7, valid_for_ms=60_000)


def heard(payload: bytes | str, topic: str = REPORT) -> ChargerSaid | topics.Refused:
    """What is understood of a report."""
    return topics.heard("han", SITE, topic, payload.encode() if isinstance(payload, str) else payload, 1234)


def test_a_limit() -> None:
    """A limit is not retained, is delivered at least once and expires when it is no longer valid."""
    message, payload = worded(told())

    assert message[0] == "han/home/chargers/garage/limit"
    assert message[2:] == (1, False, 60)
    assert payload == {
        "seq": 7,
        "issued_at": "2026-01-15T17:00:00.120Z",
        "valid_for_s": 60,
        "limit_a": {"L1": 10, "L2": 10, "L3": 10},
        "current_a": 10,
        "phases": 3,
        "state": "charge",
        "reason": "main fuse, L2",
    }


def test_a_limit_on_one_line() -> None:
    """Lines that a charger does not use are 0, and amperes are whole, rounded down."""
    _, payload = worded(told("yard", 6999, frozenset({L2})))

    assert payload["limit_a"] == {"L1": 0, "L2": 6, "L3": 0}
    assert (payload["current_a"], payload["phases"]) == (6, 1)
    assert b'"current_a":6,' in worded(told("yard", 6999, frozenset({L2})))[0].payload


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
    assert message[2:] == (0, True, None)
    assert payload == {
        "issued_at": "2026-01-15T17:00:00.120Z",
        "state": "fresh",
        "room_a": {"L1": 7.4, "L2": -2.3, "L3": None},
        "load_a": {"L1": 17.6, "L2": 27.4, "L3": None},
        "estimated": ["L2"],
        "fuse_a": 25,
    }


def test_a_reading() -> None:
    """The reading is the JSON of the contract, not retained, with the time by the configured rule."""
    reading = list2(1.5, 2, None, clock=datetime(2026, 1, 15, 18, 0, 0))
    message, payload = worded(ShowReading(reading=reading))

    assert message[0] == "han/home/meter"
    assert message[2:] == (0, False, 30)
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
    assert topics.birth("a/b", SITE) == ("a/b/home/status", b"online", 1, True, None)
    assert topics.will("a/b", SITE) == ("a/b/home/status", b"offline", 1, True, None)


def test_subscriptions() -> None:
    """One exact topic for each charger, and no wildcard."""
    assert topics.subscriptions("han", SITE) == (REPORT, "han/home/chargers/yard/report")


def test_a_full_report() -> None:
    """Amperes become mA, and every field finds its place."""
    assert heard(
        '{"current_a":{"L1":9.87,"L2":0,"L3":null},"status":"charging","limit_a":10,"session_wh":1200,"x":[1]}'
    ) == ChargerSaid(
        at=1234,
        charger="garage",
        current_ma=PerLine(9870, 0, None),
        status=ChargerStatus.CHARGING,
        limit_ma=10_000,
        session_wh=1200,
    )


@pytest.mark.parametrize("order", list(permutations((L1, L2, L3))))
def test_a_charger_that_counts_its_own_phases(order: tuple[Line, ...]) -> None:
    """What it calls L1 is put on the line of the house that its L1 is wired to, in all six orders."""
    site = house(charger("garage", order=order, counts_own=True))
    said = topics.heard("han", site, REPORT, b'{"current_a":{"L1":1,"L2":2,"L3":3}}', 0)

    assert isinstance(said, ChargerSaid)
    assert [said.current_ma[line.index] for line in order] == [1000, 2000, 3000]


@pytest.mark.parametrize(
    ("order", "house_ma"),
    [((L2,), PerLine(None, 1000, None)), ((L3, L1), PerLine(2000, None, 1000))],
)
def test_terminals_without_a_wire_are_not_heard(order: tuple[Line, ...], house_ma: PerLine[int | None]) -> None:
    """A charger on one line or two reports three all the same; what is not wired is nowhere."""
    site = house(charger("garage", order, order=order, counts_own=True))
    said = topics.heard("han", site, REPORT, b'{"current_a":{"L1":1,"L2":2,"L3":3}}', 0)

    assert isinstance(said, ChargerSaid)
    assert said.current_ma == house_ma


def test_an_empty_report_is_a_sign_of_life() -> None:
    """What is not said is unknown."""
    assert heard("{}") == ChargerSaid(at=1234, charger="garage")
    assert heard('{"current_a":null,"status":null,"limit_a":null}') == ChargerSaid(at=1234, charger="garage")


@pytest.mark.parametrize(
    "topic",
    ["", "han/home/chargers/garage/limit", REPORT + "/", "/" + REPORT, REPORT.upper(), "han/home/chargers/+/report", "\0"],
)
def test_topics_match_exactly(topic: str) -> None:
    """Only the very topic of a configured charger is heard."""
    assert heard("{}", topic) == topics.Refused("topic", "no charger reports there")


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"", "not JSON in UTF-8"),
        (b"\xff\xfe{}", "not JSON in UTF-8"),
        (b"\xef\xbb\xbf{}", "not JSON in UTF-8"),
        ("{", "not JSON in UTF-8"),
        ("[]", "not an object"),
        ("12", "not an object"),
        ('"x"', "not an object"),
        ("null", "not an object"),
        ('{"a":1,"a":1}', "a key occurs twice"),
        ('{"current_a":{"L1":1,"L1":2}}', "a key occurs twice"),
        ('{"limit_a":NaN}', "NaN and Infinity are no numbers"),
        ('{"x":-Infinity}', "NaN and Infinity are no numbers"),
        ('{"limit_a":1e400}', "limit_a must be from 0 to 1000"),
        ('{"limit_a":-0.1}', "limit_a must be from 0 to 1000"),
        ('{"limit_a":1000.1}', "limit_a must be from 0 to 1000"),
        ('{"limit_a":' + "9" * 4000 + "}", "limit_a must be from 0 to 1000"),
        ('{"limit_a":true}', "limit_a must be a number"),
        ('{"limit_a":"10"}', "limit_a must be a number"),
        ('{"current_a":{"L2":[1]}}', "L2 must be a number"),
        ('{"current_a":10}', "current_a must be an object of L1, L2, L3"),
        ('{"current_a":[1,2,3]}', "current_a must be an object of L1, L2, L3"),
        ('{"status":"sleeping"}', "status must be one of idle, connected, charging, full, error"),
        ('{"status":["idle"]}', "status must be one of idle, connected, charging, full, error"),
        ('{"session_wh":-1}', "session_wh must be from 0 to 10000000"),
        ("[" * 4000, "too deep"),
        ('{"x":' * 700 + "1" + "}" * 700, "larger than 4096 bytes"),
        ("{" + " " * 4095 + "}", "larger than 4096 bytes"),
    ],
)
def test_wrong_reports_are_refused(payload: bytes | str, why: str) -> None:
    """Whatever breaks a rule is refused in our own words, naming the charger and never quoting the wire."""
    assert heard(payload) == topics.Refused("garage", why)


def test_4096_bytes_are_still_heard() -> None:
    """The cap is the cap."""
    assert heard("{" + " " * 4094 + "}") == ChargerSaid(at=1234, charger="garage")


def test_hostile_payloads_never_raise() -> None:
    """Thousands of mangled reports: each is a report or a refusal."""
    rng = random.Random(23)
    seeds = [b'{"current_a":{"L1":9.87,"L2":0,"L3":null},"status":"charging","limit_a":1e1}', b'{"a":"\\ud800"}', b"[[[{}]]]"]
    for _ in range(5000):
        data = bytearray(rng.choice(seeds))
        for _ in range(rng.randint(1, 5)):
            place = rng.randrange(len(data))
            data[place : place + rng.randint(0, 2)] = rng.choice((b"", b"9" * 400, b"-", b"e", b"[", b'"', rng.randbytes(2)))
            data = data or bytearray(b"x")
        answer = heard(bytes(data))
        assert isinstance(answer, ChargerSaid | topics.Refused)


def test_every_effect_of_a_run_can_be_worded() -> None:
    """A site with chargers of all kinds has words for each of them."""
    chargers: list[Charger] = [charger("a"), charger("b", [L1], step_ma=500), charger("c", [L3])]
    site = house(*chargers)
    for each in chargers:
        effect = replace(told(each.name), lines=each.lines)
        assert topics.message("han", site, effect, NOW) is not None
