"""The words of each make, as its document has them (``source`` of its record): what a charger says of itself, in our words."""

import json
from pathlib import Path
from typing import NamedTuple

import pytest

from han_gateway.core.events import ChargerStatus
from han_gateway.core.site import Charger
from han_gateway.core.units import LINES
from han_gateway.devices.hear import KEPT_MS, Heard, hear
from han_gateway.devices.link import Link
from han_gateway.devices.makes import DEVICES, GENERIC

IDLE, CONNECTED, CHARGING, FULL, ERROR = ChargerStatus
CHARGER = Charger(name="garage", lines=frozenset(LINES), counts_own=True)


class Says(NamedTuple):
    """A make says its state on a topic (``{}``: its id), in a payload (``{}``: the word)."""

    make: str
    topic: str
    payload: str
    words: dict[ChargerStatus | None, str]


STATES = (
    Says("go-e", "{}/car", "{}", {IDLE: "1", CHARGING: "2", CONNECTED: "3", FULL: "4", ERROR: "0 5", None: "6"}),
    Says(
        "openevse", "{}/state", "{}", {IDLE: "1", CONNECTED: "2 254", CHARGING: "3", ERROR: "4 5 6 7 8 9 10 11", None: "0 12 255"}
    ),
    Says("smartevse", "{}/EVPlugState", "{}", {IDLE: "Disconnected", None: "Connected"}),
    Says(
        "smartevse",
        "{}/State",
        "{}",
        {IDLE: "Ready_to_Charge", CONNECTED: "Connected_to_EV Charging_Stopped", CHARGING: "Charging", None: "Modem_Setup"},
    ),
    Says("warp", "{}/evse/state", '{{"charger_state":{}}}', {IDLE: "0", CONNECTED: "1 2", CHARGING: "3", ERROR: "4", None: "5"}),
    Says(
        "everest",
        "everest_api/{}/var/session_info",
        '{{"state":"{}"}}',
        {
            IDLE: "Unplugged",
            CONNECTED: "Preparing AuthRequired WaitingForEnergy ChargingPausedEV ChargingPausedEVSE",
            CHARGING: "Charging",
            FULL: "Finished FinishedEV",
            None: "Reserved",
        },
    ),
    Says("wallbox", "{}/cable_connected/state", "{}", {IDLE: "0", None: "1"}),
    Says(
        "wallbox",
        "{}/status/state",
        "{}",
        {IDLE: "Ready", CHARGING: "Charging", CONNECTED: "Paused", ERROR: "Error", None: "Locked"},
    ),
    Says("openwb-secondary", "openWB/internal_chargepoint/{}/get/plug_state", "{}", {IDLE: "false", None: "true"}),
    Says("openwb-secondary", "openWB/internal_chargepoint/{}/get/charge_state", "{}", {CHARGING: "true", CONNECTED: "false"}),
    Says("evcc-loadpoint", "{}/connected", "{}", {IDLE: "false", None: "true"}),
    Says("evcc-loadpoint", "{}/charging", "{}", {CHARGING: "true", CONNECTED: "false"}),
    Says("amina", "zigbee2mqtt/{}", '{{"ev_connected":{}}}', {IDLE: "false", None: "true"}),
    Says("amina", "zigbee2mqtt/{}", '{{"charging":{}}}', {CHARGING: "true", CONNECTED: "false"}),
)
WORDS = [
    pytest.param(says, word.replace("_", " "), status, id=f"{says.make} {word}")
    for says in STATES
    for status, words in says.words.items()
    for word in words.split()
]


def link(make: str) -> Link:
    """A charger of this make."""
    return Link(charger=CHARGER, device=DEVICES[make], base="han/home/chargers/garage", identity="some")


def report(make: str, *said: tuple[str, str, int], heard: Heard | None = None) -> dict[str, object] | None:
    """What the last of these messages (topic, payload, ms) amounts to; None for nothing."""
    answer, heard = None, heard or Heard()
    for topic, payload, at in said:
        heard, answer = hear(link(make), heard, topic.format("some"), payload.encode(), at)
    return None if answer is None else dict(json.loads(answer))


@pytest.mark.parametrize(("says", "word", "status"), WORDS)
def test_a_state_in_the_words_of_its_document(says: Says, word: str, status: ChargerStatus | None) -> None:
    """Every word that the document names means what it says there; any other means nothing."""
    said = report(says.make, (says.topic, says.payload.format(word), 0))

    assert said == (None if status is None else {"status": status.value})


@pytest.mark.parametrize(
    ("make", "topic", "payload"),
    [
        ("go-e", "{}/frc", "1"),
        ("openevse", "{}/claim", '{"state":"disabled"}'),
        ("smartevse", "{}/Mode", "Off"),
        ("wallbox", "{}/charging_enable/state", "0"),
        ("easee", "{}/charging_enabled", "False"),
        ("amina", "zigbee2mqtt/{}", '{"state":"OFF"}'),
        ("evcc-loadpoint", "{}/mode", "off"),
    ],
)
def test_a_pause_in_the_words_of_its_document(make: str, topic: str, payload: str) -> None:
    """Whoever is switched off says so, whatever limit it names, and any other word is none."""
    assert report(make, (topic, payload, 0)) == {"limit_a": 0}
    assert report(make, (topic, payload.replace(payload.strip('{}"'), "other"), 0)) is None


@pytest.mark.parametrize(
    ("make", "topic", "payload"),
    [
        ("go-e", "{}/wh", "1250"),
        ("openevse", "{}/session_energy", "1250"),
        ("smartevse", "{}/EVEnergyCharged", "1250"),
        ("everest", "everest_api/{}/var/session_info", '{"charged_energy_wh":1250}'),
        ("wallbox", "{}/added_energy/state", "1250"),
        ("evcc-loadpoint", "{}/sessionEnergy", "1250"),
        ("amina", "zigbee2mqtt/{}", '{"last_session_energy":1.25}'),
    ],
)
def test_a_session_in_the_words_of_its_document(make: str, topic: str, payload: str) -> None:
    """1.25 kWh, on its own topic and in its own unit; it comes along with the next report."""
    heard, _ = hear(link(make), Heard(), topic.format("some"), payload.encode(), 0)

    assert heard.session_wh == 1_250


@pytest.mark.parametrize(
    ("make", "topic", "payload"),
    [
        ("go-e", "{}/rbt", "90500"),
        ("warp", "{}/evse/low_level_state", '{"uptime":90500,"led_state":1}'),
        ("smartevse", "{}/ESPUptime", "90"),
    ],
)
def test_an_uptime_is_a_sign_of_life(make: str, topic: str, payload: str) -> None:
    """Who was switched on 90 s ago lives, even if it says nothing else."""
    assert report(make, (topic, payload, 0)) == {"uptime_s": 90}


@pytest.mark.parametrize(
    ("make", "topic", "payload", "lasts"),
    [
        ("go-e", "{}/nrg", "[230,230,230,1,9,9,9]", True),
        ("warp", "{}/meter/all_values", "[0,0,0,9,9,9]", True),
        ("wallbox", "{}/charging_current_l1/state", "9", True),
        ("smartevse", "{}/EVCurrentL1", "90", True),
        ("openevse", "{}/amp", "9000", False),
    ],
)
def test_who_speaks_only_of_changes_is_believed_for_longer(make: str, topic: str, payload: str, lasts: bool) -> None:
    """A current that was not said again for half a minute still flows where only changes are said."""
    echo = DEVICES[make].echo
    assert echo is not None
    limit = '{"current":8000,"max_current":8}' if echo.path else "8"
    said = report(make, (topic, payload, 0), (echo.topic.replace("<id>", "{}"), limit, KEPT_MS))

    assert said is not None
    assert ("current_a" in said) == lasts


def test_who_is_slow_is_known_to_be() -> None:
    """Six seconds are enough but for a mesh, a cloud, and a controller that looks now and then (``source`` of each record)."""
    slow = {name: device.response_ms // 1000 for name, device in DEVICES.items() if device.response_ms != 6_000}
    assert slow == {"evcc": 40, "evcc-loadpoint": 40, "amina": 10, "easee": 30, "easee-set": 30, "zaptec": 30}


def test_who_speaks_only_of_changes_is_known() -> None:
    """As their documents and sources say; the others repeat themselves."""
    changing = {name for name, device in DEVICES.items() if device.on_change}
    assert changing == {"go-e", "smartevse", "smartevse-override", "warp", "wallbox", "amina", "easee", "easee-set"}


def test_a_circuit_may_be_told_what_no_charger_takes() -> None:
    """A circuit of evcc has no rating of its own: 1 to 1000 A. All others are chargers, of 6 to 32 A."""
    bounds = {name: (device.minimum_ma, device.maximum_ma) for name, device in DEVICES.items()}
    assert bounds.pop("evcc") == (1_000, 1_000_000)
    assert set(bounds.values()) == {(6_000, 32_000)}


def test_what_one_word_says_does_not_unsay_another() -> None:
    """A charger that charges and then says that a car is there still charges; a current beside a word that says nothing is news."""
    said = report("evcc-loadpoint", ("{}/charging", "true", 0), ("{}/connected", "true", 1), ("{}/maxCurrent", "8", 2))
    assert said == {"status": "charging", "limit_a": 8}
    assert report("amina", ("zigbee2mqtt/{}", '{"current":5,"ev_connected":true}', 0)) == {"current_a": {"L1": 5.0}}


def test_the_word_for_a_make_of_ones_own_is_explained() -> None:
    """What to write for a charger that no record knows stands where people look for it, and no make has that name."""
    text = (Path(__file__).parent.parent.parent / "docs" / "chargers.md").read_text(encoding="utf-8")
    assert f'device = "{GENERIC}"' in text
    assert GENERIC not in DEVICES
