"""What ``benchmarks.daemon`` joins: a line to write lists to, the gateway as a process, and a subscriber that sees its limits."""

import json
import os
import queue
import subprocess
import sys
import time
import tty
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from tests.mosquitto import free_port

FUSE_A = 25
MAXIMUM_A = 16
LIMIT = "han/home/chargers/garage/limit"
NO_MORE_S = 0.2
POLL_S = 0.002
REPORT = "han/home/chargers/garage/report"

CONFIG = """[site]
name = "home"
grid = "TN"
fuse_a = {fuse_a}
margin_a = 0
[meter]
port = "{device}"
parity = "N"
[mqtt]
host = "127.0.0.1"
port = {mqtt_port}
[metrics]
port = {metrics_port}
[policy]
{policy}
[[charger]]
name = "garage"
max_a = {maximum_a}
response_s = {response_s}
failsafe = true
"""


class Line:
    """A pty: a serial port without a wire."""

    def __enter__(self) -> Self:
        """Open both ends."""
        self._meter, self._port = os.openpty()
        tty.setraw(self._port)
        self.device = os.ttyname(self._port)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close both."""
        os.close(self._meter)
        os.close(self._port)

    def write(self, frame: bytes) -> float:
        """Send a frame; its closing flag goes by itself a little later, as on a wire. The answer is when (``perf_counter``)."""
        os.write(self._meter, frame[:-1])
        time.sleep(0.005)
        at = time.perf_counter()
        os.write(self._meter, frame[-1:])
        return at


class Daemon:
    """``han-gateway run`` between a line and a broker, until the end of the ``with``."""

    def __init__(self, folder: Path, device: str, mqtt_port: int, policy: str, response_s: float) -> None:
        self.metrics_port = free_port()
        self._log = folder / "log"
        self._config = folder / "house.toml"
        text = CONFIG.format(
            fuse_a=FUSE_A,
            maximum_a=MAXIMUM_A,
            device=device,
            mqtt_port=mqtt_port,
            metrics_port=self.metrics_port,
            policy=policy,
            response_s=response_s,
        )
        self._config.write_text(text, encoding="utf-8")

    def __enter__(self) -> Self:
        """Start it; it is not there yet."""
        command = [sys.executable, "-m", "han_gateway", "run", "--config", str(self._config)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stop it as systemd does."""
        self._process.terminate()
        if self._process.wait(10) and not error:
            raise SystemExit(f"the gateway failed:\n{self._log.read_text(encoding='utf-8')}")

    def cpu_s(self) -> float:
        """Processor time of all its threads, in seconds."""
        # clock_getcpuclockid(3) for Linux: the clock of another process, finer than the hundredths in /proc.
        return time.clock_gettime(~self._process.pid << 3 | 2)

    def memory_mib(self, file: str, name: str) -> float:
        """A figure of /proc/PID/FILE in MiB."""
        return int(self._proc(file, name).split()[0]) / 1024

    def threads(self) -> int:
        """How many there are."""
        return int(self._proc("status", "Threads"))

    def _proc(self, file: str, name: str) -> str:
        lines = Path(f"/proc/{self._process.pid}/{file}").read_text(encoding="ascii").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith(f"{name}:"))


class Subscriber:
    """The charger's side of the broker."""

    def __init__(self, port: int) -> None:
        self._limits: queue.Queue[tuple[float, bytes]] = queue.Queue()
        self._answers: queue.Queue[ReasonCode] = queue.Queue()
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.on_message = self._on_message
        self._client.on_publish = self._on_publish
        self._client.connect("127.0.0.1", port)
        self._client.subscribe(LIMIT, qos=1)

    def __enter__(self) -> Self:
        """Serve the connection in a thread."""
        self._client.loop_start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Go home."""
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic: str, payload: bytes) -> None:
        """Say something."""
        self._client.publish(topic, payload, qos=0)

    def wait_for_gateway(self) -> None:
        """Return when a report would be delivered; asked every 2 ms: an MQTT 5 broker answers whether anybody has subscribed."""
        answer = None
        while answer != "Success":
            self._client.publish(REPORT, b"{}", qos=1)
            answer = self._answers.get(timeout=5)
            time.sleep(POLL_S)

    def next_limit(self, last: int) -> tuple[float, int]:
        """The next limit in A that is not the ``last`` one, and when it arrived (``perf_counter``); the last one if none comes."""
        until = time.perf_counter() + NO_MORE_S
        at, limit = until, last
        while limit == last and time.perf_counter() < until:
            try:
                at, payload = self._limits.get(timeout=NO_MORE_S)
            except queue.Empty:
                break
            limit = int(json.loads(payload)["current_a"])
        return at, limit

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        self._limits.put((time.perf_counter(), bytes(message.payload)))

    def _on_publish(self, _client: Client, _data: Any, _mid: int, reason: ReasonCode, _told: Any) -> None:
        if reason.packetType == 4:  # PUBACK; of a message without acknowledgement paho tells, too
            self._answers.put(reason)
