"""The MQTT contract, word for word: what we hear, and what happens to hostile messages."""

import random
from dataclasses import replace
from itertools import permutations

import pytest

from han_gateway.core.events import Ask, Asked, CapSaid, ChargerSaid, ChargerStatus, CircuitSaid, Overheard
from han_gateway.core.site import Cap, CapRule, Circuit
from han_gateway.core.units import Line, PerLine
from han_gateway.core.words import inbox
from tests.core.houses import L1, L2, L3, charger, house

SITE = replace(
    house(charger("garage"), charger("yard", [L2])),
    power_cap=CapRule(default=8_000, least=2_000, most=17_000),
    line_cap=CapRule(default=20_000, least=10_000, most=25_000),
)
POWER, LINE = "han/home/caps/power/set", "han/home/caps/line/set"
REPORT = "han/home/chargers/garage/report"
LIMIT = "han/home/chargers/garage/limit"
COMMAND = "han/home/chargers/garage/command"


def heard(payload: bytes | str, topic: str = REPORT) -> inbox.Heard | inbox.Refused:
    """What is understood of a report."""
    inlet = inbox.inlets("han", SITE).get(topic)
    data = payload.encode() if isinstance(payload, str) else payload
    return inbox.NOBODY if inlet is None else inbox.understood(SITE, inlet, data, 1234)


def test_subscriptions() -> None:
    """Exact topics for each charger (reports, limits that are not ours, commands) and each cap, and no wildcard."""
    assert list(inbox.inlets("han", SITE)) == [
        REPORT,
        "han/home/chargers/yard/report",
        "han/home/chargers/garage/limit",
        "han/home/chargers/yard/limit",
        COMMAND,
        "han/home/chargers/yard/command",
        "han/home/caps/power/set",
        "han/home/caps/line/set",
    ]


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
    said = inbox.understood(site, inbox.inlets("han", site)[REPORT], b'{"current_a":{"L1":1,"L2":2,"L3":3}}', 0)

    assert isinstance(said, ChargerSaid)
    assert [said.current_ma[line.index] for line in order] == [1000, 2000, 3000]


@pytest.mark.parametrize(
    ("order", "house_ma"),
    [((L2,), PerLine(None, 1000, None)), ((L3, L1), PerLine(2000, None, 1000))],
)
def test_terminals_without_a_wire_are_not_heard(order: tuple[Line, ...], house_ma: PerLine[int | None]) -> None:
    """A charger on one line or two reports three all the same; what is not wired is nowhere."""
    site = house(charger("garage", order, order=order, counts_own=True))
    said = inbox.understood(site, inbox.inlets("han", site)[REPORT], b'{"current_a":{"L1":1,"L2":2,"L3":3}}', 0)

    assert isinstance(said, ChargerSaid)
    assert said.current_ma == house_ma


def test_an_empty_report_is_a_sign_of_life() -> None:
    """What is not said is unknown."""
    assert heard("{}") == ChargerSaid(at=1234, charger="garage")
    assert heard('{"current_a":null,"status":null,"limit_a":null}') == ChargerSaid(at=1234, charger="garage")


@pytest.mark.parametrize(
    "topic",
    ["", "han/home/chargers/garage/state", REPORT + "/", "/" + REPORT, REPORT.upper(), "han/home/chargers/+/report", "\0"],
)
def test_topics_match_exactly(topic: str) -> None:
    """Only the very topic of a configured charger is heard."""
    assert heard("{}", topic) == inbox.Refused("topic", "nobody speaks there")


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
    assert heard(payload) == inbox.Refused("garage", why)


def test_4096_bytes_are_still_heard() -> None:
    """The cap is the cap."""
    assert heard("{" + " " * 4094 + "}") == ChargerSaid(at=1234, charger="garage")


def test_hostile_payloads_never_raise() -> None:
    """Thousands of mangled reports: each is a report or a refusal."""
    rng = random.Random(23)
    seeds = [b'{"current_a":{"L1":9.87,"L2":0,"L3":null},"status":"charging","limit_a":1e1}', b'{"a":"\\ud800"}', b"[[[{}]]]"]
    seeds += [b"8000", b"none", b"12.5"]
    for _ in range(5000):
        data = bytearray(rng.choice(seeds))
        for _ in range(rng.randint(1, 5)):
            place = rng.randrange(len(data))
            data[place : place + rng.randint(0, 2)] = rng.choice((b"", b"9" * 400, b"-", b"e", b"[", b'"', rng.randbytes(2)))
            data = data or bytearray(b"x")
        answer = heard(bytes(data), rng.choice((REPORT, POWER, LINE)))
        assert isinstance(answer, inbox.Heard | inbox.Refused)
        if isinstance(answer, CapSaid) and answer.value is not None:
            assert 2_000 <= answer.value <= 25_000


@pytest.mark.parametrize(
    ("payload", "value"),
    [
        ("8000", 8_000),
        (" 2000 ", 2_000),
        ("17e3", 17_000),
        ("7999.6", 8_000),
        ("none", None),
        ("None\n", None),
        ("null", None),
        ("", None),
    ],
)
def test_a_power_cap(payload: str, value: int | None) -> None:
    """A number of W as people and programs write it, or a word for none; an empty message is what removes a retained one."""
    assert heard(payload, POWER) == CapSaid(at=1234, cap=Cap.POWER, value=value)


def test_a_phase_cap_is_in_amperes() -> None:
    """Amperes with decimals become mA."""
    assert heard("12.5", LINE) == CapSaid(at=1234, cap=Cap.LINE, value=12_500)


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"1999", "must be from 2000 to 17000 W; power_min_w and power_max_w under [caps] are the bounds"),
        (b"17000.4", "must be from 2000 to 17000 W; power_min_w and power_max_w under [caps] are the bounds"),
        (b"-8000", "must be from 2000 to 17000 W; power_min_w and power_max_w under [caps] are the bounds"),
        (b"1e9", "must be from 2000 to 17000 W; power_min_w and power_max_w under [caps] are the bounds"),
        (b"1e999", "must be from 2000 to 17000 W; power_min_w and power_max_w under [caps] are the bounds"),
        (b"0", "must be from 2000 to 17000 W; power_min_w and power_max_w under [caps] are the bounds"),
        (b"NaN", "NaN and Infinity are no numbers"),
        (b"Infinity", "NaN and Infinity are no numbers"),
        (b"true", "must be a number from 2000 to 17000 W, or none"),
        (b'"8000"', "must be a number from 2000 to 17000 W, or none"),
        (b'{"power_w":8000}', "must be a number from 2000 to 17000 W, or none"),
        (b"8 kW", "not JSON in UTF-8"),
        (b"\xff", "not JSON in UTF-8"),
        (b"8000" + b" " * 29, "larger than 32 bytes"),
        (b"[" * 33, "larger than 32 bytes"),
        (b"[" * 32, "not JSON in UTF-8"),
    ],
)
def test_wrong_caps_are_refused_with_the_remedy(payload: bytes, why: str) -> None:
    """Whatever is no number within the bounds is refused, and the words say what would be right."""
    assert heard(payload, POWER) == inbox.Refused("caps/power", why)


def test_a_cap_that_is_not_configured_cannot_be_set() -> None:
    """The words say what to write into the configuration."""
    topic = inbox.inlets("han", house())[LINE]

    assert inbox.understood(house(), topic, b"12", 0) == inbox.Refused(
        "caps/line", "there is no such cap; write line_a under [caps] in the configuration"
    )


def test_the_load_of_a_sub_fuse() -> None:
    """A metered circuit has a topic of its own, and a load is a report of at least one current; other circuits have none."""
    parts = (Circuit(name="shed", fuse_ma=16_000, metered=True), Circuit(name="row", fuse_ma=16_000))
    site = house(*parts)
    found = [topic for topic, inlet in inbox.inlets("han", site).items() if inlet.kind == "circuit"]
    assert found == ["han/home/circuits/shed/load"]
    inlet = inbox.inlets("han", site)[found[0]]

    assert inbox.understood(site, inlet, b'{"current_a":{"L1":3.2,"L3":null}}', 5) == CircuitSaid(
        at=5, circuit="shed", current_ma=PerLine(3_200, None, None)
    )
    for payload, why in (
        (b"{}", "current_a is missing"),
        (b'{"current_a":{}}', "current_a is missing"),
        (b'{"current_a":{"L1":-1}}', "L1 must be from 0 to 1000"),
        (b'{"current_a":{"L1":1e9}}', "L1 must be from 0 to 1000"),
        (b'{"current_a":{"L1":NaN}}', "NaN and Infinity are no numbers"),
        (b"3.2", "not an object"),
    ):
        assert inbox.understood(site, inlet, payload, 5) == inbox.Refused("circuits/shed", why)


def test_only_settings_may_be_retained() -> None:
    """A wish does not age, nor does a limit that somebody retained on our topic; a report does."""
    assert inbox.settings("han", SITE) == {POWER, LINE, LIMIT, "han/home/chargers/yard/limit"}


@pytest.mark.parametrize(
    ("payload", "limit_ma"),
    [
        ('{"current_a":16}', 16_000),
        ('{"seq":3,"limit_a":{"L1":10,"L2":10,"L3":10},"current_a":10,"phases":3}', 10_000),
        ('{"current_a":NaN}', None),
        ('{"current_a":{"L1":1}}', None),
        ("16", None),
        (b"\xff", None),
        ("{" * 1000, None),
    ],
)
def test_a_limit_that_is_not_ours(payload: bytes | str, limit_ma: int | None) -> None:
    """Whatever somebody else says to our charger was said, even if only the charger can read it."""
    assert heard(payload, LIMIT) == Overheard(at=1234, charger="garage", limit_ma=limit_ma)


def test_a_retained_limit_that_is_removed_is_no_limit() -> None:
    """An empty message is how a retained one is taken away."""
    assert heard(b"", LIMIT) == inbox.Refused("limits/garage", "empty")


def test_the_largest_that_is_believed() -> None:
    """The bounds themselves are within: a thousand amperes, and as many brackets as are counted."""
    assert heard('{"limit_a":1000}') == ChargerSaid(at=1234, charger="garage", limit_ma=1_000_000)
    most = 64
    assert heard('{"x":' + "[" * (most - 1) + "]" * (most - 1) + "}") == ChargerSaid(at=1234, charger="garage")
    assert heard('{"x":' + "[" * most + "]" * most + "}") == inbox.Refused("garage", "too deep")
    assert heard('{"x":[' + ",".join(["{}"] * (most - 1)) + "]}") == inbox.Refused("garage", "too deep")


def test_the_bounds_of_a_phase_cap_are_told_in_amperes() -> None:
    """As it is set, and as it is written in the configuration."""
    why = "must be from 10 to 25 A; line_min_a and line_max_a under [caps] are the bounds"

    assert heard("9.9", LINE) == inbox.Refused("caps/line", why)


@pytest.mark.parametrize("ask", Ask)
@pytest.mark.parametrize("form", ["{}", " {}\n", '{{"command": "{}"}}', '{{"command":"{}","id":null,"for_s":null,"x":1}}'])
def test_a_command_is_a_word_or_an_object(ask: Ask, form: str) -> None:
    """The bare word, as buttons send it, and the object mean the same; what is null or unknown says nothing."""
    assert heard(form.format(ask.value), COMMAND) == Asked(at=1234, charger="garage", ask=ask)


def test_a_full_command() -> None:
    """The id comes along as it is, seconds become milliseconds."""
    assert heard('{"command":"pause","id":"ha.1:2_3-x","for_s":3600}', COMMAND) == Asked(
        at=1234, charger="garage", ask=Ask.PAUSE, id="ha.1:2_3-x", for_ms=3_600_000
    )


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"", "command must be one of restart, pause, resume, boost"),
        (b"PAUSE", "command must be"),
        (b"pause now", "command must be"),
        (b"\xff\xfe", "command must be"),
        (b"null", "command must be"),
        (b'"pause"', "command must be"),
        (b'["pause"]', "command must be"),
        (b"{}", "command must be"),
        (b'{"command":1}', "command must be"),
        (b'{"command":["pause"]}', "command must be"),
        (b'{"command":"pause"', "not JSON"),
        (b'{"command":"pause","command":"boost"}', "a key occurs twice"),
        (b'{"command":"pause","id":7}', "id must be"),
        (b'{"command":"pause","id":""}', "id must be"),
        (b'{"command":"pause","id":"a b"}', "id must be"),
        (b'{"command":"pause","id":"a\\n"}', "id must be"),
        ('{"command":"pause","id":"\u00e5"}'.encode(), "id must be"),
        (b'{"command":"pause","id":"' + b"a" * 65 + b'"}', "id must be"),
        (b'{"command":"pause","for_s":0}', "for_s is for"),
        (b'{"command":"pause","for_s":-1}', "for_s must be from 0 to 604800"),
        (b'{"command":"pause","for_s":604801}', "for_s must be from 0 to 604800"),
        (b'{"command":"pause","for_s":true}', "for_s must be a number"),
        (b'{"command":"pause","for_s":NaN}', "NaN"),
        (b'{"command":"restart","for_s":60}', "for_s is for pause and boost"),
        (b'{"command":"resume","for_s":60}', "for_s is for pause and boost"),
        (b'{"command":"pause","x":"' + b"a" * 256 + b'"}', "larger than 256 bytes"),
        (b"[" * 200, "command must be"),
    ],
)
def test_what_is_no_command_is_refused_in_our_words(payload: bytes, why: str) -> None:
    """Nothing of a wrong command is carried out, and nothing of its bytes is repeated."""
    refused = heard(payload, COMMAND)
    assert isinstance(refused, inbox.Refused)
    assert refused.where == "commands/garage"
    assert refused.why.startswith(why)


def test_256_bytes_of_a_command_are_still_heard() -> None:
    """A command may be as long as promised, blanks and all."""
    assert heard(b"pause".ljust(256), COMMAND) == Asked(at=1234, charger="garage", ask=Ask.PAUSE)
    assert heard(b"pause".ljust(257), COMMAND) == inbox.Refused("commands/garage", "larger than 256 bytes")


def test_a_retained_command_never_counts() -> None:
    """A command is for now: what the broker kept of one is not heard, unlike a cap that was set."""
    kept = inbox.settings("han", SITE)
    assert POWER in kept
    assert [topic for topic in kept if topic.endswith("/command")] == []


def test_a_charger_says_for_how_long_it_has_been_on() -> None:
    """The uptime of a report is whole seconds, and no nonsense."""
    said = heard('{"uptime_s": 41.4}')
    assert isinstance(said, ChargerSaid)
    assert said.uptime_s == 41
    assert heard('{"uptime_s": -1}') == inbox.Refused("garage", "uptime_s must be from 0 to 4294967296")
    assert heard('{"uptime_s": 4294967296}') == ChargerSaid(at=1234, charger="garage", uptime_s=4_294_967_296)
    assert heard('{"uptime_s": 4294967297}') == inbox.Refused("garage", "uptime_s must be from 0 to 4294967296")
