"""Campaign: the adapter is pulled out and put back, at any moment, mid-frame too, and while it is out something else may stand in its place.

    python -m tests.campaign.unplug [--seed N] [--fast | --count N]

Houses side by side, each with the real gateway process and lists every 0.2 s on a pty behind a link as in /dev/serial/by-id. How long
it takes is counted from the moment at which the link is back until the first list is on the broker. ``--fast`` is 200 cycles in all,
otherwise 2,000.
"""

import os
import random
import sys
import threading
import time
import tty
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import NamedTuple

from han_gateway.core.units import PerLine
from tests.campaign import _rig as rig
from tests.campaign._guest import Guest
from tests.campaign._promise import Promise, arguments, published, wanted
from tests.house import list2

FAST, FULL = 200, 2_000
HOUSES = 16
RETRY_S = 2.0
SLACK_S = 0.5  # for a machine that has other things to do
PATIENCE_S = 15.0
QUIET = PerLine(2_000, 2_000, 2_000)


def _none(_device: Path) -> int:
    """Nothing there."""
    return -1


def _file(device: Path) -> int:
    device.write_bytes(b"\x7e" * 100)
    return -1


def _folder(device: Path) -> int:
    device.mkdir()
    return -1


def _loop(device: Path) -> int:
    device.symlink_to(device)
    return -1


def _pipe(device: Path) -> int:
    os.mkfifo(device)
    return -1


def _zeros(device: Path) -> int:
    device.symlink_to("/dev/zero")
    return -1


def _full(device: Path) -> int:
    device.symlink_to("/dev/full")
    return -1


def _dead(device: Path) -> int:
    """A port that opens and gives EIO at once: the other end of the pty is gone."""
    master, slave = os.openpty()
    device.symlink_to(f"/proc/{os.getpid()}/fd/{slave}")
    os.close(master)
    return slave


def _other(device: Path) -> int:
    """Another adapter, whose meter speaks another speed."""
    master, slave = os.openpty()
    tty.setraw(slave)
    os.write(master, random.randbytes(500))
    device.symlink_to(os.ttyname(slave))
    os.close(slave)
    return master


IMPOSTORS: tuple[Callable[[Path], int], ...] = (_none, _none, _none, _file, _folder, _loop, _pipe, _zeros, _full, _dead, _other)


class Cycled(NamedTuple):
    """What became of one house: seconds to the first list of each cycle (None: never), files and threads more than before."""

    took_s: list[float | None]
    files: int
    threads: int
    grown_kib: int
    tracebacks: int
    died: bool


class Line:
    """A house whose meter says the same again and again while it is plugged in, and an ear for what gets through."""

    def __init__(self, house: rig.House) -> None:
        self._house = house
        self._heard = threading.Event()
        self._ear = Guest(house.broker.port, ("han/home/meter",), lambda *_: self._heard.set())

    def first_list(self) -> float | None:
        """How long it takes from now until one is on the broker, or None."""
        began = time.monotonic()
        self._heard.clear()
        while not self._heard.is_set():
            if time.monotonic() - began > PATIENCE_S:
                return None
            self._house.say(QUIET)
            self._heard.wait(self._house.pace.list_period_s)
        return time.monotonic() - began

    def close(self) -> None:
        """Leave."""
        self._ear.close()


def cycle(house: rig.House, line: Line, rng: random.Random) -> float | None:
    """Out and in once."""
    time.sleep(rng.uniform(0, 0.3))
    frame = list2(QUIET)
    house.meter.write(frame[: rng.randrange(len(frame) + 1)])
    house.meter.unplug()
    impostor = rng.choice(IMPOSTORS)(house.meter.device)
    time.sleep(rng.choice((0.0, rng.uniform(0, 0.1), rng.uniform(0, 3))))
    remove(house.meter.device)
    if impostor >= 0:
        os.close(impostor)
    house.meter.plug()
    return line.first_list()


def remove(device: Path) -> None:
    """Whatever stands in the adapter's place goes away."""
    if device.is_symlink() or device.exists():
        (device.rmdir if device.is_dir() and not device.is_symlink() else device.unlink)()


def run(seed: str, count: int) -> Cycled:
    """So many cycles of one house."""
    rng = random.Random(seed)
    with rig.House(rig.HURRIED, names=("garage",)) as house:
        line = Line(house)
        line.first_list()
        cycle(house, line, rng)  # what is loaded for the first time is no leak
        gateway = house.gateway
        files, threads, memory = gateway.open_files(), gateway.status("Threads"), gateway.status("VmRSS")
        took = [cycle(house, line, rng) for _ in range(count)]
        time.sleep(0.3)
        line.close()
        return Cycled(
            took,
            gateway.open_files() - files,
            gateway.status("Threads") - threads,
            gateway.status("VmRSS") - memory,
            gateway.log().count("Traceback"),
            gateway.process.poll() is not None,
        )


def main() -> int:
    """Run the campaign."""
    given = arguments("Unplug and replug heals.", "cycles in all", FAST, FULL).parse_args()
    each = -(-wanted(given) // HOUSES)
    began = time.monotonic()
    with ThreadPoolExecutor(HOUSES) as pool:
        houses = list(pool.map(run, [f"{given.seed}/{number}" for number in range(HOUSES)], [each] * HOUSES))
    print(f"{time.monotonic() - began:.0f} s")
    return published(given, [promise(houses)])


def promise(houses: list[Cycled]) -> Promise:
    """R-14."""
    gate_s = RETRY_S + rig.HURRIED.list_period_s
    took = [each for house in houses for each in house.took_s]
    healed = sorted(each for each in took if each is not None)
    files, threads = max(abs(house.files) for house in houses), max(abs(house.threads) for house in houses)
    bad = sum(house.tracebacks + house.died for house in houses)
    figure = (
        f"{len(took):,} cycles in {len(houses)} houses, {len(took) - len(healed)} not healed; first list after {median(healed):.2f} s, "
        f"{healed[-1]:.2f} s at most; open files +-{files}, threads +-{threads}, memory + {max(house.grown_kib for house in houses)} KiB "
        f"at most, {bad} tracebacks or ends"
    )
    holds = len(healed) == len(took) and healed[-1] <= gate_s + SLACK_S and not (files or threads or bad)
    return Promise(
        "R-14",
        "an adapter that is pulled out heals when it is back, whatever stood in its place",
        f"first list <= {RETRY_S:g} s and one list period after the return (+ {SLACK_S} s for a busy machine); files +-0, threads +-0",
        figure,
        holds,
    )


if __name__ == "__main__":
    sys.exit(main())
