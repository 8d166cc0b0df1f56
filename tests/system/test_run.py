"""The whole gateway as a process: bytes into a serial port, limits out of a real broker, and a replay that agrees."""

import json
import os
import queue
import re
import signal
import subprocess
import sys
import time
import tty
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from prometheus_client.parser import text_string_to_metric_families

from han_gateway.meters.reading import Reading, clock_octets
from han_gateway.meters.software_meter import METERS, write
from tests.mosquitto import Mosquitto, free_port

ROOT = Path(__file__).parent.parent.parent
PATIENCE_S = 15.0

pytestmark = pytest.mark.broker

HOUSE = """[site]
name = "home"
grid = "TN"
fuse_a = 25
[meter]
port = "{port}"
parity = "N"
[mqtt]
host = "127.0.0.1"
port = {mqtt_port}
username = "canary-user"
password_file = "secret"
[metrics]
port = {metrics_port}
[policy]
list_period_s = 0.2
lost_after_s = 3
raise_window_s = 0.5
republish_s = 1
[caps]
power_w = 17000
power_min_w = 2000
[[charger]]
name = "garage"
response_s = 0.2
failsafe = true
"""


class Meter:
    """A meter in software on a pty, behind a link as in /dev/serial/by-id."""

    def __init__(self, folder: Path) -> None:
        self.device = folder / "usb-adapter"
        self._ends = (-1, -1)
        self.plug()

    def plug(self) -> None:
        """Put the adapter in."""
        self._ends = os.openpty()
        tty.setraw(self._ends[1])
        self.device.symlink_to(os.ttyname(self._ends[1]))

    def unplug(self) -> None:
        """Pull it out."""
        for end in self._ends:
            os.close(end)
        self.device.unlink()

    def say(self, current_ma: int, meter_id: str = "9900000099999999", meter_type: str = "MA304H4") -> None:
        """Send a list 2 with this current on every line."""
        form = METERS["kaifa-tn"].list2
        assert form is not None
        reading = Reading(
            manufacturer="kaifa",
            list=2,
            list_id="KFM_001",
            meter_id=meter_id,
            meter_type=meter_type,
            clock=clock_octets(datetime.now(UTC).replace(microsecond=0, tzinfo=None)),
            power_import_w=3 * current_ma * 230 // 1000,
            power_export_w=0,
            reactive_import_var=0,
            reactive_export_var=0,
            current_l1_ma=current_ma,
            current_l2_ma=current_ma,
            current_l3_ma=current_ma,
            voltage_l1_mv=230_000,
            voltage_l2_mv=230_000,
            voltage_l3_mv=230_000,
        )
        os.write(self._ends[0], write(form, reading))


class Listener:
    """Somebody on the broker who hears everything."""

    def __init__(self, port: int) -> None:
        self.heard: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", port)
        self._client.subscribe("#", qos=1)
        self._client.loop_start()

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        self.heard.put((message.topic, bytes(message.payload)))

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Say something."""
        self._client.publish(topic, payload, qos=1, retain=retain)

    def next(self, topic: str) -> bytes:
        """The next message on a topic."""
        until = time.monotonic() + PATIENCE_S
        while True:
            heard, payload = self.heard.get(timeout=max(0.0, until - time.monotonic()))
            if heard == topic:
                return payload

    def limit(self) -> dict[str, Any]:
        """The next limit for the charger."""
        limit: dict[str, Any] = json.loads(self.next("han/home/chargers/garage/limit"))
        return limit

    def close(self) -> None:
        """Go home."""
        self._client.disconnect()
        self._client.loop_stop()


class House:
    """A running gateway with all that it needs."""

    def __init__(self, folder: Path, broker: Mosquitto, *, record: bool = True) -> None:
        self.folder = folder
        self.recording = folder / "run.han"
        self.config = folder / "house.toml"
        self.meter = Meter(folder)
        self.broker = broker
        self.metrics_port = free_port()
        (folder / "secret").write_text("canary-password\n")
        self.config.write_text(HOUSE.format(port=self.meter.device, mqtt_port=broker.port, metrics_port=self.metrics_port))
        self.ears = Listener(broker.port)
        command = [sys.executable, "-m", "han_gateway", "run", "--config", str(self.config)]
        command += ["--record", str(self.recording)] if record else []
        self._log = (folder / "log").open("wb")
        self.process = subprocess.Popen(command, stderr=self._log, stdout=self._log, cwd=ROOT)

    def log(self) -> str:
        """What the gateway has logged so far."""
        return (self.folder / "log").read_text()

    def stop(self) -> int:
        """SIGTERM, as systemd does."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def settle(self, current_ma: int, limit_a: int) -> dict[str, Any]:
        """Let the meter say the same again and again until the limit is this."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            self.meter.say(current_ma)
            time.sleep(0.1)
            while not self.ears.heard.empty():
                topic, payload = self.ears.heard.get()
                if topic.endswith("/limit") and (limit := json.loads(payload))["current_a"] == limit_a:
                    return dict(limit)
        raise AssertionError(f"no limit of {limit_a} A\n{self.log()}")

    def close(self) -> None:
        """End what is still running."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._log.close()
        self.ears.close()
        self.meter.unplug()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A house with a meter, a broker and a charger."""
    with Mosquitto(tmp_path) as broker:
        house = House(tmp_path, broker)
        try:
            yield house
        finally:
            house.close()


def test_bytes_of_the_meter_become_limits_for_the_charger(house: House) -> None:
    """From start to stop: online, fallback, raised in a quiet house, cut in a loud one, offline; exit 0 and no secret in the log."""
    assert house.ears.next("han/home/status") == b"online"
    assert house.ears.limit()["current_a"] == 6
    house.settle(2_000, 16)
    cut = house.settle(34_000, 0)
    assert cut["state"] == "pause"
    assert "main fuse" in cut["reason"]
    assert house.stop() == 0
    assert house.ears.next("han/home/status") == b"offline"
    assert "Traceback" not in house.log()
    assert "canary-password" not in house.log()
    assert "9900000099999999" not in house.log()


def model(house: House) -> str:
    """The type of the meter as Prometheus reads it."""
    with urllib.request.urlopen(f"http://127.0.0.1:{house.metrics_port}/metrics", timeout=PATIENCE_S) as page:
        families = {family.name: family for family in text_string_to_metric_families(page.read().decode())}
    return str(families["han_meter_info"].samples[0].labels["model"])


HOSTILE = 'x\x1b[31m\r\n<0>+/#"\\}\0\x7f'


def test_what_a_meter_calls_itself_reaches_nobody_as_an_instruction(house: House) -> None:
    """Newlines, escapes, wildcards and quotes in the names of a meter: topics are ours, payloads are JSON, labels parse, the log is clean."""
    house.settle(2_000, 16)
    for name in (HOSTILE, HOSTILE + "y" * 100, "+/#", " " * 200 + "z"):
        house.meter.say(2_000, meter_id=name, meter_type=name)
        while (reading := json.loads(house.ears.next("han/home/meter")))["meter_type"] == "MA304H4":
            pass  # what it said while the house settled
        cleaned = "".join(char for char in name if " " <= char <= "~").strip()
        assert (reading["meter_id"], reading["meter_type"]) == (cleaned, cleaned)
        until = time.monotonic() + PATIENCE_S
        while model(house) != cleaned:  # metrics hear of it just after the broker
            assert time.monotonic() < until
    for strange in (b'{"status":"\\ud800\\u001b[31m"}', b'{"status":"\xed\xa0\x80"}', b"\0\n<0>nonsense\x1b[31m", b"x" * 70_000):
        house.ears.publish("han/home/chargers/garage/report", strange)
    house.settle(2_000, 16)
    assert house.stop() == 0
    topics = set()
    while not house.ears.heard.empty():
        topics.add(house.ears.heard.get()[0])
    assert all(re.fullmatch(r"han/home(/[a-z]+){1,3}", topic) for topic in topics)
    assert all(line.isprintable() for line in house.log().splitlines())
    assert "[31m" not in house.log()
    assert "Traceback" not in house.log()
    assert "message for garage refused" in house.log()


def test_a_replay_of_the_recording_equals_the_run(house: House) -> None:
    """What the broker carried is what the replay decides: the same limits in the same order with the same numbers and reasons."""
    told: list[dict[str, Any]] = []
    house.ears.next("han/home/status")
    for second in range(16):
        house.meter.say(2_000 if second % 8 < 6 else 34_000)
        house.ears.publish("han/home/chargers/garage/report", b'{"current_a":{"L1":5,"L2":5,"L3":5},"status":"charging"}')
        time.sleep(0.25)
    assert house.stop() == 0
    until = time.monotonic() + 0.5
    while time.monotonic() < until:
        try:
            topic, payload = house.ears.heard.get(timeout=0.1)
        except queue.Empty:
            continue
        if topic.endswith("/limit"):
            told.append(json.loads(payload))
    command = [sys.executable, "-m", "han_gateway", "replay", str(house.recording), "--config", str(house.config)]
    done = subprocess.run(command, capture_output=True, cwd=ROOT, timeout=60, check=True)
    replayed = [json.loads(line) for line in done.stdout.splitlines()]
    changes = {each["seq"]: (each["limit_a"], each["reason"]) for each in told}
    assert len(replayed) >= 3
    heard = [each for each in replayed if each["seq"] in changes]
    assert len(heard) >= len(replayed) - 1  # what was said before the broker was there went nowhere
    assert [(each["limit_a"], each["reason"]) for each in heard] == [changes[each["seq"]] for each in heard]


def test_a_meter_that_is_pulled_out_is_lost_and_comes_back(house: House) -> None:
    """Without a meter the limit falls back; with it, the house is computed again, without a restart."""
    house.ears.next("han/home/status")
    house.settle(2_000, 16)
    house.meter.unplug()
    until = time.monotonic() + PATIENCE_S
    while (limit := house.ears.limit())["current_a"] != 6:
        assert time.monotonic() < until
    assert "meter lost" in limit["reason"]
    house.meter.plug()
    house.settle(2_000, 16)
    assert "went away" in house.log() or "unplugged" in house.log()


def test_a_broker_that_dies_is_found_again(house: House) -> None:
    """After the broker's return the gateway says online and repeats its limits; nobody restarted anything."""
    house.ears.next("han/home/status")
    house.settle(2_000, 16)
    house.broker.stop()
    time.sleep(0.5)
    house.broker.start()
    house.ears.close()
    house.ears = Listener(house.broker.port)
    assert house.ears.next("han/home/status") == b"online"
    assert house.ears.limit()["current_a"] >= 6
    assert house.process.poll() is None


def test_a_cap_is_set_over_mqtt_and_nonsense_is_not(house: House) -> None:
    """A lower cap cuts the limit and is answered, retained; what is no cap changes nothing, is counted and logged with the remedy."""
    caps = "han/home/caps"
    assert json.loads(house.ears.next(caps))["power_w"] == 17_000
    house.settle(2_000, 16)
    house.ears.publish(f"{caps}/power/set", b"8000")
    assert json.loads(house.ears.next(caps))["power_w"] == 8_000
    lowered = house.settle(2_000, 11)
    assert lowered["reason"] == "power cap"
    for nonsense in (b"NaN", b"1e9", b"-1", b"0", b"17001", b"8 kW", b"[" * 40, b"x" * 5_000, b"\xff"):
        house.ears.publish(f"{caps}/power/set", nonsense)
    house.ears.publish(f"{caps}/line/set", b"10")
    house.ears.publish(f"{caps}/power", b"9000")
    house.ears.publish(f"{caps}/power/set", b"8000")  # the answer to this one is the next
    answer = json.loads(house.ears.next(caps))
    assert (answer["power_w"], answer["power_w_bounds"], answer["line_a"]) == (8_000, [2_000, 17_000], None)
    assert house.settle(2_000, 11)["reason"] == "power cap"
    assert "must be from 2000 to 17000 W; power_min_w and power_max_w under [caps] are the bounds" in house.log()
    with urllib.request.urlopen(f"http://127.0.0.1:{house.metrics_port}/metrics", timeout=PATIENCE_S) as page:
        text = page.read().decode()
    assert 'han_cap_watts{meter="home"} 8000.0' in text
    assert "han_mqtt_messages_refused_total 9.0" in text
    house.ears.publish(f"{caps}/power/set", b"none")
    house.settle(2_000, 16)
    late = Listener(house.broker.port)
    assert json.loads(late.next(caps))["power_w"] == 17_000
    assert json.loads(late.next("han/home/chargers/garage/state"))["state"] == "allowed"
    late.close()
