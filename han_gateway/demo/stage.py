"""The demo's stage: it lets the evening pass step by step, carries words between chargers and broker, and keeps the scene.

This file must not know how a port, a broker or a screen is opened.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from han_gateway.adapters.clock import SystemClock
from han_gateway.core.units import Instant
from han_gateway.demo.evening import METER, evening
from han_gateway.demo.mqtt import Radio, radio
from han_gateway.demo.scene import ChargerNews, Scene
from han_gateway.demo.services import ServiceError
from han_gateway.demo.world import BOXES, FUSE_MA, LAPSE, Trouble, World, troubles
from han_gateway.meters.models import MODELS
from han_gateway.simulation.charger import report

STEP_S = 0.1
PATIENCE_MS = 20_000
"""How long the evening waits for the gateway."""
BREATH_MS = 700
"""What the evening then waits for the cars: the gateway counts on their maximum until they have had time to hear it."""
REPORT_STEPS = 5
_NO_KEYS: Mapping[str, Path] = MappingProxyType({})
_LOG_HEAD = re.compile(r"<[0-7]>|\d\d:\d\d:\d\d [A-Z]+ +")
_CONFIGURATION = """\
# Two chargers. The figures of [policy] and response_s are a tenth of the defaults, because the evening passes ten times as fast;
# raise_window_s a little less, so that two lists fill it although they come with some jitter.
[site]
name = "demo"
grid = "TN"
fuse_a = {fuse_a}

[meter]
port = "{port}"
baud = {baud}
parity = "N"
{keys}
[mqtt]
host = "127.0.0.1"
port = {mqtt_port}

[metrics]
port = {metrics_port}

[policy]
list_period_s = 1
lost_after_s = 6
raise_window_s = 1.8
longest_window_s = 9
report_fresh_s = 3.5
valid_for_s = 6
republish_s = 1

[[charger]]
name = "garage"
response_s = 0.6
failsafe = true

[[charger]]
name = "carport"
phases = ["L2"]
response_s = 0.6
failsafe = true
"""


def configuration(
    port: str, mqtt_port: int, metrics_port: int, *, meter: str = METER, keys: Mapping[str, Path] = _NO_KEYS
) -> str:
    """Write the gateway's configuration for this stage, as a user would; ``keys`` are the files with the keys of the meter."""
    named = "".join(f'{key} = "{path}"\n' for key, path in keys.items())
    return _CONFIGURATION.format(
        fuse_a=FUSE_MA // 1000, port=port, baud=MODELS[meter].baud, mqtt_port=mqtt_port, metrics_port=metrics_port, keys=named
    )


def key_files(meter: str, folder: Path) -> dict[str, Path]:
    """Write the keys of a meter that encrypts into a folder; give their places in the configuration, and the files."""
    keys = MODELS[meter].keys
    found = {"key_file": keys.encryption, "authentication_key_file": keys.authentication} if keys else {}
    folder.mkdir(exist_ok=True)
    files = {}
    for place, key in found.items():
        if key:
            files[place] = folder / place
            files[place].touch(mode=0o600)
            files[place].write_text(key.hex(), encoding="ascii")
    return files


class Stage:
    """The running demo, apart from what it runs on."""

    def __init__(self, meter: str = METER) -> None:
        self._meter = meter
        chargers = {box.name: ChargerNews(box.name, box.lines) for box in BOXES}
        self.scene = Scene(
            title=f"{MODELS[meter].manufacturer.title()} meter, 400 V TN, main fuse {FUSE_MA // 1000} A, {LAPSE} times as fast",
            fuse_a=FUSE_MA / 1000,
            chargers=chargers,
        )
        self.last_words = ""
        self._world = World(evening(meter), MODELS[meter])
        self._clock = SystemClock()
        self._opened = self._clock.now()
        self._start: Instant | None = None
        self._steps = 0
        self._wrong = frozenset[Trouble]()
        self._radio: Radio | None = None

    @contextmanager
    def on_air(self, mqtt_port: int) -> Iterator[None]:
        """Connect the chargers and the screen to the broker."""
        with radio(mqtt_port, self.hear) as self._radio:
            yield

    def begin(self, port: str, broker: str, page: str) -> None:
        """Say what is real here, what is not, and where else to look."""
        self.scene.page = page
        self.scene.note("demo", f"the page of the gateway: {page}")
        self.scene.note("demo", f"{self._plays} on {port}; broker: {broker}")

    @property
    def _plays(self) -> str:
        return "a recorded evening plays" if self._meter == METER else f"an evening with a {self._meter} plays"

    def step(self, send: Callable[[bytes], None]) -> None:
        """Let the time pass that has passed: the meter speaks on its line, and the chargers report now and then.

        The evening waits for the gateway, so that it is the same on a slow machine. Raises ServiceError when none comes.
        """
        now = self._clock.now()
        if self._start is None or now < self._start:
            if now - self._opened > PATIENCE_MS:
                raise ServiceError(
                    f"the gateway did not reach the broker within {PATIENCE_MS // 1000} s; it says: {self.last_words}"
                )
            return
        self.scene.seconds = (now - self._start) / 1000
        self._happen(troubles(self.scene.seconds))
        for frame in self._world.run(self._evening_ms(), self._wrong):
            if Trouble.UNPLUGGED not in self._wrong:
                send(damaged(frame) if Trouble.DAMAGE in self._wrong else frame)
        self._steps += 1
        if self._radio and self._steps % REPORT_STEPS == 0:
            for box, charge in self._world.chargers():
                self._radio.say(f"chargers/{box.name}/report", report(box, charge))
        self.scene.clock = f"{self._world.clock:%H:%M:%S}" if self._world.clock else ""

    def hear(self, topic: str, payload: bytes) -> None:
        """Something was published on the broker."""
        match topic.split("/"):
            case ["status"] if payload == b"online" and self._start is None:
                self._start = self._clock.now() + BREATH_MS
            case ["headroom"]:
                self.scene.headroom(json.loads(payload))
            case ["chargers", name, "limit"]:
                self._limit(name, json.loads(payload))
            case ["chargers", name, "report"]:
                self.scene.chargers[name].reported(json.loads(payload))
            case _:
                pass  # readings are not shown

    def log(self, line: str) -> None:
        """The gateway wrote a line to its log."""
        self.last_words = _LOG_HEAD.sub("", line, count=1)
        self.scene.note("gateway", self.last_words)

    def summary(self, totals: dict[str, int]) -> list[str]:
        """Say how it went; ``totals`` are the gateway's own counters by metric and label."""
        rejects = {name: count for name, count in totals.items() if name.startswith("rejected ") and count}
        why = ", ".join(f"{count} {name.removeprefix('rejected ')}" for name, count in sorted(rejects.items()))
        over_s = self._world.longest_over_ms // 1000
        fuse = (
            f"never above the {FUSE_MA // 1000} A fuse"
            if not over_s
            else f"above the {FUSE_MA // 1000} A fuse for at most {over_s} s"
        )
        return [
            f"{self.scene.seconds:.0f} s shown, {self.scene.seconds * LAPSE / 60:.1f} minutes of the evening passed",
            f"meter:  {totals.get('read', 0)} lists read, {sum(rejects.values())} rejects" + (f" ({why})" if why else ""),
            f"limits: {self.scene.commands} commands to {len(BOXES)} chargers",
            f"fuse:   highest line current {self._world.highest_ma / 1000:.1f} A, {fuse} of the evening, as metered",
        ]

    def _evening_ms(self) -> int:
        return round(self.scene.seconds * 1000) * LAPSE

    def _limit(self, name: str, limit: dict[str, Any]) -> None:
        self.scene.commands += 1
        self.scene.chargers[name].told(limit)
        self._world.tell(name, self._evening_ms(), round(limit["current_a"] * 1000), limit["valid_for_s"] * 1000 * LAPSE)

    def _happen(self, wrong: frozenset[Trouble]) -> None:
        """Mishaps begin and end."""
        for trouble in Trouble:
            if trouble in wrong - self._wrong:
                self.scene.note("house", trouble.begins)
            elif trouble in self._wrong - wrong and trouble.over:
                self.scene.note("house", trouble.over)
        self._wrong = wrong


def damaged(frame: bytes) -> bytes:
    """Flip one bit in the middle."""
    middle = len(frame) // 2
    return frame[:middle] + bytes([frame[middle] ^ 0x10]) + frame[middle + 1 :]
