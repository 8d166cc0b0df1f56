"""The real gateway and the real Home Assistant on a real broker: what its owner sees, sets and presses."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import HOME_ASSISTANT
from tests.house import House
from tests.mosquitto import Mosquitto

PATIENCE_S = 30.0

pytestmark = [pytest.mark.homeassistant, pytest.mark.broker, pytest.mark.slow]

METER = "sensor.han_meter_home_"
SITE = "sensor.han_gateway_home_"
CHARGER = "sensor.charger_garage_"


class HomeAssistant:
    """A Home Assistant that runs beside us."""

    def __init__(self, port: int) -> None:
        self._process = subprocess.Popen(
            [HOME_ASSISTANT, Path(__file__).with_name("live.py"), str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def ask(self, *call: Any) -> dict[str, str]:
        """Call a service, if one is named; the answer is the state of every entity."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"call": call} if call else {}) + "\n")
        self._process.stdin.flush()
        states: dict[str, str] = json.loads(self._process.stdout.readline())
        return states

    def close(self) -> None:
        """End it."""
        self._process.communicate(timeout=PATIENCE_S)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[House, HomeAssistant]]:
    """A house that announces itself, and a Home Assistant that has started after it."""
    monkeypatch.setenv("HAN_HOMEASSISTANT__ENABLED", "true")
    with Mosquitto(tmp_path) as broker:
        house = House(tmp_path, broker, record=False)
        house.settle(2_000, 16)
        assistant = HomeAssistant(broker.port)
        try:
            yield house, assistant
        finally:
            assistant.close()
            house.close()


def seen(
    house: House, assistant: HomeAssistant, true: Callable[[dict[str, str]], bool], current_ma: int | None = 2_000
) -> dict[str, str]:
    """Wait until Home Assistant shows that, while the meter goes on."""
    until = time.monotonic() + PATIENCE_S
    while not true(states := assistant.ask()):
        assert time.monotonic() < until, states
        if current_ma is not None:
            house.meter.say(current_ma)
        time.sleep(0.1)
    return states


def test_what_the_owner_sees_sets_and_presses(home: tuple[House, HomeAssistant]) -> None:
    """Values of meter, site and charger; an overload; a cap that is set; a button; a charger that leaves; and all of it gone with the gateway."""
    house, assistant = home
    states = seen(house, assistant, lambda states: states.get(METER + "current_l2") == "2")
    states = seen(house, assistant, lambda states: states[CHARGER + "limit"] == "16")
    shown = {
        METER + "power_import": "1380",
        METER + "voltage_l1": "230",
        METER + "energy_import": "unknown",
        SITE + "room_l3": "23.0",
        SITE + "meter": "fresh",
        SITE + "main_fuse": "25",
        CHARGER + "state": "allowed",
        "number.han_gateway_home_power_cap": "17000",
        "binary_sensor.han_gateway_home_overload": "off",
        "button.charger_garage_restart": "unknown",
    }
    assert {name: states.get(name) for name in shown} == shown

    seen(house, assistant, lambda states: states["binary_sensor.han_gateway_home_overload"] == "on", 34_000)

    assistant.ask("number", "set_value", {"entity_id": "number.han_gateway_home_power_cap", "value": 6000})
    seen(house, assistant, lambda states: states["number.han_gateway_home_power_cap"] == "6000")
    assert "power cap" in house.log()

    assistant.ask("button", "press", {"entity_id": "button.charger_garage_pause"})
    assert house.ears.next("han/home/chargers/garage/command") == b"pause"
    seen(house, assistant, lambda states: states[CHARGER + "last_command"].startswith("pause: "))

    house.config.write_text(house.config.read_text() + 'device = "amina"\ndevice_id = "amina"\n')
    os.kill(house.process.pid, signal.SIGHUP)  # a make that nobody can restart: its button goes, and the others stay
    states = seen(house, assistant, lambda states: "button.charger_garage_restart" not in states)
    assert {name for name in states if name.startswith("button.")} == {
        f"button.charger_garage_{word}" for word in ("pause", "resume", "boost")
    }

    house.config.write_text(house.config.read_text().replace('"garage"', '"carport"'))
    os.kill(house.process.pid, signal.SIGHUP)
    states = seen(house, assistant, lambda states: "sensor.charger_carport_limit" in states)
    assert not [name for name in states if "garage" in name]

    house.process.kill()
    house.process.wait()
    states = seen(house, assistant, lambda states: states[SITE + "meter"] == "unavailable", None)
    assert set(states.values()) == {"unavailable"}
