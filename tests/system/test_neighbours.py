"""The whole gateway among its neighbours, on a real broker: Home Assistant, whoever knows an amsreader, a device that publishes frames."""

import json
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from han_gateway.core.units import PerLine
from tests.house import PATIENCE_S, House, list2
from tests.mosquitto import Mosquitto

pytestmark = pytest.mark.broker

CHARGER = "homeassistant/device/han-gateway_home/charger_garage/config"
DEVICES = {f"homeassistant/device/han-gateway_home/{name}/config" for name in ("site", "meter", "charger_garage")}

Begin = Callable[..., House]


@pytest.fixture
def begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Begin]:
    """Starts the gateway with what its environment adds to the configuration."""
    houses: list[House] = []
    with Mosquitto(tmp_path) as broker:

        def begin(**settings: str) -> House:
            for name, value in settings.items():
                monkeypatch.setenv(f"HAN_{name}", value)
            houses.append(House(tmp_path, broker, record=False))
            return houses[-1]

        try:
            yield begin
        finally:
            houses[-1].close()


def gathered(house: House, topics: set[str]) -> dict[str, bytes]:
    """The next message on each of these topics, in whatever order they come."""
    found: dict[str, bytes] = {}
    while topics - found.keys():
        topic, payload = house.ears.heard.get(timeout=PATIENCE_S)
        if topic in topics:
            found.setdefault(topic, payload)
    return found


def test_home_assistant_learns_of_the_house_and_again_when_it_starts(begin: Begin) -> None:
    """Three devices at the start; devices and states once more when Home Assistant says that it has started, and not a second time at once."""
    house = begin(HOMEASSISTANT__ENABLED="true")
    devices = gathered(house, DEVICES)
    assert all(json.loads(payload)["origin"]["name"] == "han-gateway" for payload in devices.values())
    house.settle(2_000, 16)
    house.ears.publish("homeassistant/status", b"offline")
    house.ears.publish("homeassistant/status", b"online")
    states = {"han/home/chargers/garage/state", "han/home/caps", "han/home/status"}
    again = gathered(house, DEVICES | states)
    assert {topic: again[topic] for topic in DEVICES} == devices
    house.ears.publish("homeassistant/status", b"online")
    house.settle(2_000, 16)
    while not house.ears.heard.empty():
        assert house.ears.heard.get()[0] not in DEVICES
    assert "refused" not in house.log()


def test_a_charger_that_leaves_the_configuration_leaves_home_assistant(begin: Begin) -> None:
    """After a reload the device of the old charger is taken back with an empty message, and the new one is introduced."""
    house = begin(HOMEASSISTANT__ENABLED="true")
    gathered(house, DEVICES)
    house.config.write_text(house.config.read_text().replace('"garage"', '"carport"'))
    house.process.send_signal(signal.SIGHUP)
    new = CHARGER.replace("garage", "carport")
    found = gathered(house, {CHARGER, new})
    assert found[CHARGER] == b""
    assert json.loads(found[new])["device"]["name"] == "Charger carport"


def test_nobody_is_told_without_being_asked(begin: Begin) -> None:
    """With the configuration as it comes, nothing is published outside our own topics."""
    house = begin()
    house.settle(2_000, 16)
    house.stop()
    while not house.ears.heard.empty():
        assert house.ears.heard.get()[0].startswith("han/home/")


def data_json(house: House) -> tuple[int, Any]:
    """What evcc gets."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{house.metrics_port}/data.json", timeout=PATIENCE_S) as page:
            assert page.headers["Content-Type"] == "application/json"
            return page.status, json.load(page)
    except urllib.error.HTTPError as refused:
        return refused.code, None


def test_who_knows_an_amsreader_finds_what_it_publishes(begin: Begin) -> None:
    """Topics and page of an amsreader say what the meter said; the page is 503 before the first list and again when the meter is silent."""
    house = begin(AMSREADER__TOPIC="ams")
    house.ears.next("han/home/status")
    until = time.monotonic() + PATIENCE_S
    while data_json(house)[0] != 503:
        assert time.monotonic() < until
    house.settle(2_000, 16)
    power = json.loads(house.ears.next("ams/power"))
    assert (power["I1"], power["U3"], power["P"], power["type"]) == (2.0, 230.0, 1_380, "MA304H4")
    status, page = data_json(house)
    assert (status, page["w"], page["l2"]["i"], page["l2"]["u"]) == (200, 1_380, 2.0, 230.0)
    while data_json(house)[0] != 503:
        assert time.monotonic() < until
    assert house.ears.next("ams/status") == b"offline"
    house.stop()


def test_frames_that_somebody_publishes_protect_the_house(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    """Raw, as hex or in JSON on one topic: limits follow as from a cable; retained ones are not believed; silence is told."""
    house = begin(METER__PORT="mqtt:pulse/frames", METER__SILENT_AFTER_S="1")
    house.ears.next("han/home/status")
    wrappings: list[Callable[[bytes], bytes]] = [
        bytes,
        lambda frame: frame.hex().encode(),
        lambda frame: json.dumps({"data": frame.hex()}).encode(),
    ]

    def say(current_ma: int) -> None:
        wrappings.append(wrappings.pop(0))
        house.ears.publish("pulse/frames", wrappings[0](list2(PerLine(current_ma, current_ma, current_ma))))

    monkeypatch.setattr(house.meter, "say", say)
    house.settle(2_000, 16)
    cut = house.settle(34_000, 0)
    assert "main fuse" in cut["reason"]
    until = time.monotonic() + PATIENCE_S
    while "no frame of a meter for 1 s" not in house.log():
        assert time.monotonic() < until
        time.sleep(0.05)
    assert house.stop() == 0
    assert "Traceback" not in house.log()


def test_a_frame_of_unknown_age_is_not_believed(begin: Begin) -> None:
    """What the broker kept from an earlier day is not heard, so the house waits for a meter."""
    house = begin(METER__PORT="mqtt:pulse/frames", METER__SILENT_AFTER_S="1")
    house.ears.next("han/home/status")
    house.stop()
    house.ears.publish("pulse/frames", list2(PerLine(34_000, 34_000, 34_000)), retain=True)
    house.close()
    again = begin()
    until = time.monotonic() + PATIENCE_S
    while "no frame of a meter for 1 s" not in again.log():
        assert time.monotonic() < until
        time.sleep(0.05)
    assert again.stop() == 0
    while not again.ears.heard.empty():
        assert again.ears.heard.get()[0] != "han/home/meter"
