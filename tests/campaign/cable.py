"""Campaign: the network cable between the gateway and its broker is pulled and plugged in again, and nobody is told of either.

    python -m tests.campaign.cable [--seed N] [--fast | --count N]

Houses side by side, each with the real gateway process, lists every 0.2 s, limits said every second, and a broker in a network of its own.
By turns the cable is out for a moment, which the connection survives (TCP sends again what was lost), and for so long that it does not. A
limit that was made while it was out may still come first: what counts is when the first one arrives that was made after that, and that none
is older than the one before it. ``--fast`` is 8 cycles in all, otherwise 200. It takes root and iproute2, and is skipped without them.
"""

import json
import random
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.request import urlopen

from tests.cable import PORT, Cable, missing
from tests.campaign._promise import Promise, arguments, published, wanted
from tests.house import Gateway, Meter
from tests.mosquitto import free_port

FAST, FULL = 8, 200
HOUSES = 4
PERIOD_S = 0.2
BRIEF_S, LONG_S = (0.1, 8.0), (12.0, 25.0)
NOTICED_S = 15.0
BACK_S = 6.0
"""Its pause between two attempts is 4 s at most; a second until the other end is asked for again, and one for the machine."""
PATIENCE_S = 30.0
LOOK_S = 0.05


class Cycle(NamedTuple):
    """One time out and in: seconds until the loss was told (None: it was not), until a new limit was at the broker (None: never)."""

    long: bool
    noticed_s: float | None
    back_s: float | None


class Pulled(NamedTuple):
    """What became of one house."""

    cycles: list[Cycle]
    backwards: int
    tracebacks: int
    code: int | None


class House:
    """A gateway and its meter at this end of a cable, a broker and an ear at the other."""

    def __init__(self, folder: Path, cable: Cable) -> None:
        self.cable = cable
        self.limits: list[tuple[float, datetime, int]] = []
        self._meter = Meter(folder)
        self._metrics_port = free_port()
        self._ear = subprocess.Popen(
            cable.behind(sys.executable, "-m", "tests.campaign._ear", str(PORT)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.gateway = Gateway(cable.configured(folder, self._meter.device, self._metrics_port))
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._listen, self._speak)]
        for thread in self._threads:
            thread.start()

    def _listen(self) -> None:
        for line in self._ear.stdout or ():
            at, topic, payload = json.loads(line)
            if topic.endswith("/limit"):
                limit = json.loads(payload)
                self.limits.append((at, datetime.fromisoformat(limit["issued_at"]), limit["seq"]))

    def _speak(self) -> None:
        while not self._ended.wait(PERIOD_S):
            self._meter.say(2_000)

    def first_limit(self, made_after: datetime) -> float | None:
        """The second in which one came that was made later than that, or None."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            came = next((at for at, made, _ in list(self.limits) if made > made_after), None)
            if came is not None:
                return came
            time.sleep(LOOK_S)
        return None

    def connected(self) -> bool:
        """Whether the gateway says that its broker is connected: a figure, as the log does not repeat itself for ever."""
        with urlopen(f"http://127.0.0.1:{self._metrics_port}/metrics", timeout=PATIENCE_S) as answer:
            return b"\nhan_mqtt_connected 1.0\n" in answer.read()

    def close(self) -> int | None:
        """End all of it; the exit code of the gateway."""
        code = self.gateway.stop()
        self._ended.set()
        self._ear.kill()
        self._ear.wait()
        for thread in self._threads:
            thread.join()
        self._meter.unplug()
        return code


def cycle(house: House, rng: random.Random, *, long: bool) -> Cycle:
    """Out and in once."""
    time.sleep(rng.uniform(0, 1))
    noticed_s = None
    began, out_s = time.monotonic(), rng.uniform(*(LONG_S if long else BRIEF_S))
    house.cable.pull()
    while (now := time.monotonic() - began) < out_s:
        if noticed_s is None and not house.connected():
            noticed_s = now
        time.sleep(LOOK_S)
    house.cable.plug()
    plugged, made_after = time.monotonic(), datetime.now(UTC)
    came = house.first_limit(made_after)
    return Cycle(long, noticed_s, None if came is None else came - plugged)


def run(seed: str, count: int) -> Pulled | str:
    """So many cycles of one house; in words why there can be none."""
    rng = random.Random(seed)
    with TemporaryDirectory() as name:
        cable = Cable(Path(name))
        try:
            if why := cable.lay():
                return why
            house = House(Path(name), cable)
            try:
                house.first_limit(datetime.min.replace(tzinfo=UTC))
                cycles = [cycle(house, rng, long=bool(number % 2)) for number in range(count)]
            finally:
                code = house.close()
            seqs = [seq for _, _, seq in house.limits]
            backwards = sum(after < before for before, after in pairwise(seqs))
            return Pulled(cycles, backwards, house.gateway.log().count("Traceback"), code)
        finally:
            cable.take_away()


def main() -> int:
    """Run the campaign."""
    given = arguments("A cable that is pulled is noticed and forgiven.", "cycles in all", FAST, FULL).parse_args()
    each = -(-wanted(given) // HOUSES)
    why = missing()
    with ThreadPoolExecutor(HOUSES) as pool:
        found = [] if why else list(pool.map(run, [f"{given.seed}/{number}" for number in range(HOUSES)], [each] * HOUSES))
    why = why or next((house for house in found if isinstance(house, str)), "")
    if why:
        print(f"skipped: {why}")
        return 0
    return published(given, [promise([house for house in found if isinstance(house, Pulled)])])


def promise(houses: list[Pulled]) -> Promise:
    """R-16b."""
    cycles = [each for house in houses for each in house.cycles]
    long = [each for each in cycles if each.long]
    noticed = [each.noticed_s for each in long if each.noticed_s is not None]
    back = [each.back_s for each in cycles if each.back_s is not None]
    backwards, bad = sum(house.backwards for house in houses), sum(house.tracebacks + (house.code != 0) for house in houses)
    figure = (
        f"{len(cycles):,} times pulled, {len(long) - len(noticed)} of {len(long)} long losses not told and {len(cycles) - len(back)} without "
        f"return; told after {max(noticed, default=0):.1f} s, a new limit {max(back, default=0):.1f} s after the cable was back, at most; "
        f"{backwards} limits after a newer one, {bad} tracebacks or bad ends"
    )
    told = len(noticed) == len(long) and max(noticed, default=0) <= NOTICED_S
    returned = len(back) == len(cycles) and max(back, default=0) <= BACK_S
    return Promise(
        "R-16b",
        "a network cable that is pulled is noticed and forgiven",
        f"told <= {NOTICED_S:g} s after it was pulled; a limit made after its return at the broker <= {BACK_S:g} s; none after a newer one",
        figure,
        told and returned and not backwards and not bad,
    )


if __name__ == "__main__":
    sys.exit(main())
