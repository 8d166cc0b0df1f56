"""Our discovery under the eyes of the real Home Assistant: its schemas, its units, its templates. Skipped where it is not installed."""

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from han_gateway.config.load import load
from han_gateway.core.effects import (
    Cause,
    ChargerState,
    Effect,
    Grant,
    MeterState,
    Reason,
    SetLimit,
    ShowCaps,
    ShowCharger,
    ShowHeadroom,
    ShowOutcome,
    ShowReading,
    Stage,
)
from han_gateway.core.events import Ask
from han_gateway.core.units import LINES, Line, PerLine
from han_gateway.core.words import discovery, topics
from han_gateway.meters.reading import Reading
from tests.conftest import HOME_ASSISTANT

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 1, 15, 17, 0, 10, tzinfo=UTC)
ID = "han-gateway/home"

pytestmark = pytest.mark.homeassistant

READING = Reading(
    manufacturer="kamstrup",
    list=3,
    list_id="Kamstrup_V0001",
    meter_id="9900000000000017",
    meter_type="TYPE1234",
    power_import_w=4090,
    power_export_w=0,
    reactive_import_var=12,
    reactive_export_var=417,
    current_l1_ma=1_890,
    current_l2_ma=None,
    current_l3_ma=12_345,
    voltage_l1_mv=236_000,
    voltage_l2_mv=None,
    voltage_l3_mv=237_000,
    energy_import_wh=85_823_280,
    energy_export_wh=0,
)
GRANT = Grant(charger="left", limit_ma=10_000, reason=Reason(cause=Cause.FUSE, circuit="main", line=Line.L2))
NOTHING: PerLine[int | None] = PerLine(None, None, None)
EFFECTS: tuple[Effect, ...] = (
    ShowReading(reading=READING),
    ShowReading(reading=Reading(manufacturer="kamstrup", list=1, power_import_w=5000)),
    ShowHeadroom(
        state=MeterState.FRESH, fuse_ma=25_000, room_ma=PerLine(7_400, -800, None), load_ma=PerLine(17_600, 25_800, None)
    ),
    ShowHeadroom(state=MeterState.LOST, fuse_ma=25_000, room_ma=NOTHING, load_ma=NOTHING),
    ShowCaps(power_w=8_000, line_ma=20_000),
    SetLimit(grant=GRANT, lines=frozenset(LINES), seq=1, valid_for_ms=60_000),
    ShowOutcome(charger="left", ask=Ask.RESTART, stage=Stage.DONE, reason="back after 42 s", took_ms=42_000),
    ShowCharger(grant=GRANT, lines=frozenset(LINES), state=ChargerState.CHARGING, queue=None, conduct="obeying"),
    ShowCharger(grant=GRANT, lines=frozenset(LINES), state=ChargerState.WAITING, queue=2, conduct="obeying"),
)


@pytest.fixture(scope="module")
def verdict() -> dict[str, Any]:
    """What Home Assistant makes of the devices of the example configuration, and of one message of each kind."""
    site = load(ROOT / "config" / "gateway.example.toml").site
    states: dict[str, list[str]] = {}
    for effect in EFFECTS:
        message = topics.message("han", site, effect, NOW)
        assert message is not None
        states.setdefault(message.topic, []).append(message.payload.decode())
    announced = {
        message.topic: message.payload.decode() for message in discovery.discovery("homeassistant", "han", site, "0.1.0")
    }
    return judged({"discovery": announced, "states": states})


def judged(given: dict[str, Any]) -> dict[str, Any]:
    """Ask Home Assistant, in its own environment."""
    command = [HOME_ASSISTANT, ROOT / "tests" / "homeassistant" / "validate.py"]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_no_key_no_unit_and_no_topic_is_wrong(verdict: dict[str, Any]) -> None:
    """Home Assistant accepts every device and every entity, drops no key of them, and has nothing to say in its log."""
    assert verdict["problems"] == []
    assert len(verdict["values"]) > 40


def test_a_wrong_key_is_found() -> None:
    """A key that Home Assistant would silently drop, a class that is none, a unit that does not fit: each is told."""
    site = load(ROOT / "config" / "gateway.example.toml").site
    (first, *_) = discovery.discovery("homeassistant", "han", site, "0.1.0")
    payload = json.loads(first.payload)
    payload["components"]["room_L1"]["expires"] = 30
    payload["components"]["room_L2"]["device_class"] = "amperage"
    payload["components"]["room_L3"]["unit_of_measurement"] = "W"
    problems = "\n".join(judged({"discovery": {first.topic: json.dumps(payload)}, "states": {}})["problems"])
    assert "room_L1: DISCOVERY_SCHEMA drops expires" in problems
    assert "room_L2: DISCOVERY_SCHEMA: expected SensorDeviceClass" in problems
    assert "room_L3: W is no unit of current" in problems


@pytest.mark.parametrize(
    ("entity", "values"),
    [
        ("meter/power_import", ["4090", "5000"]),
        ("meter/power_export", ["0", None]),  # the short list says nothing of it, so it stays
        ("meter/current_L1", ["1.89", None]),
        ("meter/current_L2", [None, None]),  # never measured: unknown, not 0
        ("meter/voltage_L3", ["237", None]),
        ("meter/energy_import", ["85823.28", None]),
        ("meter/meter_id", ["9900000000000017", None]),
        ("site/room_L1", ["7.4", "None"]),  # "None" is unknown
        ("site/room_L2", ["-0.8", "None"]),
        ("site/load_L3", ["None", "None"]),
        ("site/overload", ["ON", "OFF"]),
        ("site/meter_state", ["fresh", "lost"]),
        ("site/fuse", ["25", "25"]),
        ("site/power_cap", ["8000"]),
        ("site/line_cap", ["20"]),
        ("charger_left/limit", ["10"]),
        ("charger_left/state", ["charging", "waiting"]),
        ("charger_left/reason", ["main fuse, L2", "main fuse, L2"]),
        ("charger_left/waiting", ["OFF", "ON"]),
        ("charger_left/queue", ["None", "2"]),
        ("charger_left/outcome", ["restart: done, back after 42 s"]),
        ("charger_left/conduct", ["obeying", "obeying"]),
    ],
)
def test_what_home_assistant_shows_is_what_we_said(verdict: dict[str, Any], entity: str, values: list[str | None]) -> None:
    """Each entity finds its value in the messages that the gateway really sends; what a list does not carry changes nothing."""
    assert verdict["values"][f"{ID}/{entity}"] == values


def test_what_is_measured_is_unavailable_while_the_meter_is_lost(verdict: dict[str, Any]) -> None:
    """The values of the meter hang on our last will and on its freshness; the state of the meter itself stays to be seen."""
    for entity in ("meter/power_import", "meter/energy_import", "site/room_L1", "site/overload"):
        assert verdict["available"][f"{ID}/{entity}"] == {"han/home/status": [], "han/home/headroom": ["online", "offline"]}
    for entity in ("site/meter_state", "charger_left/limit", "charger_left/pause"):
        assert verdict["available"][f"{ID}/{entity}"] == {"han/home/status": []}
