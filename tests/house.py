"""A house around the real gateway process: a meter in software on a pty, somebody who hears everything, a configuration of little patience.

It must not know what is tested. Whoever uses it brings the broker (``tests/mosquitto.py``).
"""

import json
import os
import queue
import signal
import subprocess
import sys
import time
import tty
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from han_gateway.core.units import PerLine
from han_gateway.meters.forms import Form
from han_gateway.meters.models import METERS
from han_gateway.meters.reading import Reading, clock_octets
from han_gateway.meters.software_meter import write
from tests.mosquitto import Mosquitto, free_port

ROOT = Path(__file__).parent.parent
PATIENCE_S = 60.0
METER_ID, METER_TYPE = "9900000099999999", "MA304H4"

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


def configured(folder: Path, meter: Path, mqtt_port: int, metrics_port: int, *, host: str = "127.0.0.1") -> Path:
    """The configuration of this house, with its secret beside it: the meter is at this port, the broker on this host."""
    (folder / "secret").write_text("canary-password\n", encoding="ascii")
    text = HOUSE.format(port=meter, mqtt_port=mqtt_port, metrics_port=metrics_port)
    path = folder / "house.toml"
    path.write_text(text.replace('host = "127.0.0.1"', f'host = "{host}"'), encoding="utf-8")
    return path


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
        os.set_blocking(self._ends[0], False)
        self.device.symlink_to(os.ttyname(self._ends[1]))

    def unplug(self) -> None:
        """Pull it out."""
        for end in self._ends:
            os.close(end)
        self.device.unlink()

    def write(self, data: bytes) -> int:
        """Send bytes, whatever they are; the answer is how many of them the line took. Nobody waits for one who does not read."""
        try:
            return os.write(self._ends[0], data)
        except BlockingIOError:
            return 0

    def say(self, current_ma: int, meter_id: str = METER_ID, meter_type: str = METER_TYPE) -> None:
        """Send a list 2 with this current on every line."""
        self.write(list2(PerLine(current_ma, current_ma, current_ma), meter_id, meter_type))


def list1(currents: PerLine[int]) -> bytes:
    """The frame with the power of these currents (mA), which the meter sends every 2 s."""
    form = METERS["kaifa-tn"].list1
    assert form is not None
    return _frame(form, currents)


def list2(currents: PerLine[int], meter_id: str = METER_ID, meter_type: str = METER_TYPE) -> bytes:
    """The frame with these currents (mA), which it sends every 10 s."""
    return _frame(METERS["kaifa-tn"].list2, currents, meter_id, meter_type)


def _frame(form: Form, currents: PerLine[int], meter_id: str = METER_ID, meter_type: str = METER_TYPE) -> bytes:
    """A list of the present second."""
    reading = Reading(
        manufacturer="kaifa",
        list=2,
        list_id="KFM_001",
        meter_id=meter_id,
        meter_type=meter_type,
        clock=clock_octets(datetime.now(UTC).replace(microsecond=0, tzinfo=None)),
        power_import_w=sum(currents) * 230 // 1000,
        power_export_w=0,
        reactive_import_var=0,
        reactive_export_var=0,
        current_l1_ma=currents.l1,
        current_l2_ma=currents.l2,
        current_l3_ma=currents.l3,
        voltage_l1_mv=230_000,
        voltage_l2_mv=230_000,
        voltage_l3_mv=230_000,
    )
    return write(form, reading)


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
        self._client.on_message = None  # else it waits for the collector with its sockets open


class Gateway:
    """``han-gateway run`` as a process, again and again with one log; ``figures`` and ``open_files`` look at the present one."""

    def __init__(self, config: Path, *options: str, inside: tuple[str, ...] = ()) -> None:
        """``inside`` is a command that runs another one, in a sandbox perhaps."""
        self._command = [*inside, sys.executable, "-m", "han_gateway", "run", "--config", str(config), *options]
        self._path = config.with_name("log")
        self.start()

    def start(self, output: int | None = None) -> None:
        """Start it; what it says goes behind what is in the log already, or into this descriptor."""
        with self._path.open("ab") as log:
            into = log if output is None else output
            self.process = subprocess.Popen(self._command, stderr=into, stdout=into, cwd=ROOT)

    def log(self) -> str:
        """What it has logged so far."""
        return self._path.read_text()

    def stop(self) -> int:
        """SIGTERM, as systemd does."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self.process.kill()
        self.process.wait()

    def status(self, name: str) -> int:
        """A figure of /proc/PID/status: ``VmRSS`` in KiB, ``Threads``."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))

    def open_files(self) -> int:
        """How many file descriptors it has."""
        return sum(1 for _ in Path(f"/proc/{self.process.pid}/fd").iterdir())


@contextmanager
def at_home(folder: Path, *, record: bool = False) -> Iterator["House"]:
    """A running gateway with all that it needs and a broker of its own, until the test has ended."""
    with Mosquitto(folder) as broker, closing(House(folder, broker, record=record)) as house:
        yield house


class House:
    """A running gateway with all that it needs."""

    def __init__(
        self,
        folder: Path,
        broker: Mosquitto,
        *,
        record: bool = True,
        recording: Path | None = None,
        inside: tuple[str, ...] = (),
    ) -> None:
        self.folder = folder
        self.recording = recording or folder / "run.han"
        self.meter = Meter(folder)
        self.broker = broker
        self.metrics_port = free_port()
        self.config = configured(folder, self.meter.device, broker.port, self.metrics_port)
        self.ears = Listener(broker.port)
        (folder / "log").unlink(missing_ok=True)
        self.gateway = Gateway(self.config, *(["--record", str(self.recording)] if record else []), inside=inside)
        self.process = self.gateway.process

    def log(self) -> str:
        """What the gateway has logged so far."""
        return self.gateway.log()

    def stop(self) -> int:
        """SIGTERM, as systemd does."""
        return self.gateway.stop()

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
            self.gateway.kill()
        self.ears.close()
        self.meter.unplug()
