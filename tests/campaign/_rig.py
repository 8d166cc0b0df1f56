"""What the campaigns with real processes share: a house with a meter on a pty, a broker, the gateway and chargers that have a failsafe.

It must not know what is pulled, nor what is promised.
"""

import json
import random
import shutil
import threading
import time
from pathlib import Path
from tempfile import mkdtemp
from types import TracebackType
from typing import Any, NamedTuple, Self

from han_gateway.adapters import store
from han_gateway.core.units import LINES, PerLine
from han_gateway.core.words.memory import Memory
from han_gateway.simulation.charger import Box, Charge, passed, plugged_in, report, told
from tests.campaign._guest import Guest
from tests.house import Gateway, Meter, list1, list2
from tests.mosquitto import Mosquitto, free_port

FUSE_MA = 25_000
MAXIMUM_MA = 16_000
FALLBACK_MA = 6_000

SITE = """[site]
name = "home"
grid = "TN"
fuse_a = {fuse_a}
[meter]
port = "{device}"
parity = "N"
[mqtt]
host = "127.0.0.1"
port = {broker}
[metrics]
port = {metrics}
[caps]
power_w = 20000
power_min_w = 8000
[policy]
hold_minimum = false
"""
CHARGER = """[[charger]]
name = "{name}"
max_a = {maximum_a}
fallback_a = {fallback_a}
response_s = {response_s}
failsafe = true
"""


class Pace(NamedTuple):
    """How fast a house lives; seconds. Everything that the policy of the gateway can be told, and its chargers' reaction time."""

    list_period_s: float
    stale_after_s: float
    lost_after_s: float
    raise_window_s: float
    longest_window_s: float
    valid_for_s: float
    republish_s: float
    response_s: float

    def policy(self) -> str:
        """As it stands in the configuration."""
        return "".join(f"{name} = {value}\n" for name, value in self._asdict().items() if name != "response_s")


REAL = Pace(10, 25, 60, 20, 90, 60, 10, 6)
"""What a house lives at when its configuration says nothing."""
SCALED = Pace(1, 2.5, 6, 2, 9, 6, 1, 0.6)
"""Ten times as fast. What is not scaled: a round of the gateway (1 s), opening a port again (2 s), coming back to a broker (1 to 4 s)."""
HURRIED = Pace(0.2, 0.5, 3, 0.5, 0.5, 3, 1, 0.2)
"""As fast as the gateway can follow."""


def now_ms() -> int:
    """Of a clock that never jumps."""
    return round(time.monotonic() * 1000)


class Charger:
    """A charger with a car on three phases: hears its limits, follows after a while, and falls back when they expire."""

    def __init__(self, port: int, name: str, response_s: float) -> None:
        self.box = Box(name=name, lines=frozenset(LINES), failsafe_ma=FALLBACK_MA, reaction_ms=round(1000 * response_s))
        self.heard: list[tuple[float, dict[str, Any]]] = []
        self._topic = f"han/home/chargers/{name}"
        self._charge = plugged_in(self.box, now_ms())
        self._lock = threading.Lock()
        self._guest = Guest(port, (f"{self._topic}/limit",), self._hear)

    def _hear(self, _topic: str, payload: bytes, _retained: bool) -> None:
        limit = json.loads(payload)
        with self._lock:
            at = max(now_ms(), self._charge.at)
            self._charge = told(self.box, self._charge, at, round(1000 * limit["current_a"]), 1000 * limit["valid_for_s"])
            self.heard.append((time.monotonic(), limit))

    def now(self) -> Charge:
        """How the charge is at this moment; ``silent_at`` is None once its failsafe has taken over."""
        with self._lock:
            self._charge = passed(self.box, self._charge, max(now_ms(), self._charge.at))
            return self._charge

    def report(self) -> None:
        """Say what flows."""
        self._guest.say(f"{self._topic}/report", json.dumps(report(self.box, self.now())).encode())

    def close(self) -> None:
        """Take it off the wall."""
        self._guest.close()


class House:
    """A folder with a broker, a meter's line, a gateway and its chargers; everything runs when the ``with`` begins."""

    def __init__(
        self,
        pace: Pace,
        *,
        names: tuple[str, ...] = ("garage", "yard"),
        options: tuple[str, ...] = (),
        state: Memory | None = None,
        state_folder: Path | None = None,
        inside: tuple[str, ...] = (),
    ) -> None:
        """``state`` is what an earlier run has left to be remembered, in a folder of its own if there is one."""
        self.pace = pace
        self.folder = Path(mkdtemp())
        self.meter = Meter(self.folder)
        self.broker = Mosquitto(self.folder)
        self.config = self.folder / "house.toml"
        self.metrics_port = free_port()
        self.state = state_folder or self.folder / "state"
        self.state.mkdir()
        if state:
            store.write(self.state / store.NAME, state)
        self._names = names
        self._options = options
        self._inside = inside

    def __enter__(self) -> Self:
        self.broker.start()
        self.chargers = [Charger(self.broker.port, name, self.pace.response_s) for name in self._names]
        site = SITE.format(fuse_a=FUSE_MA // 1000, device=self.meter.device, broker=self.broker.port, metrics=self.metrics_port)
        charger = CHARGER.format(
            name="{name}", maximum_a=MAXIMUM_MA // 1000, fallback_a=FALLBACK_MA // 1000, response_s=self.pace.response_s
        )
        site = site.replace("[meter]", f'state_dir = "{self.state}"\n[meter]')
        self.config.write_text(site + self.pace.policy() + "".join(charger.format(name=name) for name in self._names))
        self.gateway = Gateway(self.config, *self._options, inside=self._inside)
        return self

    def drawn_ma(self) -> int:
        """What all cars together take from each line."""
        return sum(charger.now().current_ma for charger in self.chargers)

    def say(self, house: PerLine[int], *, short: bool = False) -> None:
        """Let the meter send a list: what the house takes, and the cars. A ``short`` one has the power only."""
        drawn = self.drawn_ma()
        total = PerLine(*(each + drawn for each in house))
        self.meter.write(list1(total) if short else list2(total))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.gateway.process.poll() is None:
            self.gateway.kill()
        for charger in self.chargers:
            charger.close()
        self.broker.stop()
        if self.meter.device.is_symlink():
            self.meter.unplug()
        if error:
            print(self.gateway.log()[-4_000:])
        shutil.rmtree(self.folder)


class Load(NamedTuple):
    """Something in the house that is on for a while: seconds, mA on each line."""

    start: float
    end: float
    currents: PerLine[int]


THINGS = (  # mA on one line or on all three, and for how long it is on, in seconds
    (9_500, 1, 120),  # kettle
    (15_000, 1, 60),  # shower
    (10_000, 3, 40),  # oven
    (6_000, 1, 300),  # washing machine
    (4_000, 3, 200),  # boiler
)
BASE_MA = 2_000
MOST_MA = 22_000
EVERY_S = 15.0


def day(rng: random.Random, seconds: float, faster: float) -> list[Load]:
    """What is switched on in so many seconds; ``faster`` is how many times as fast people are. The house alone never fills its fuse."""
    loads: list[Load] = []
    at = 0.0
    while at < seconds:
        at += rng.expovariate(1 / EVERY_S) / faster
        amps, lines, lasts = rng.choice(THINGS)
        alone = rng.randrange(3)
        currents = PerLine(*(amps if lines == 3 or index == alone else 0 for index in range(3)))
        load = Load(at, at + rng.uniform(0.3, 1.7) * lasts / faster, currents)
        if all(each + more <= MOST_MA for each, more in zip(drawn(loads, at), currents, strict=True)):
            loads.append(load)
    return loads


def drawn(loads: list[Load], at: float) -> PerLine[int]:
    """What is on at this second."""
    on = [load.currents for load in loads if load.start <= at < load.end]
    return PerLine(*(BASE_MA + sum(each[index] for each in on) for index in range(3)))
