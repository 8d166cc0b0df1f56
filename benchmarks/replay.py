"""12.8 hours of a house through the whole controller, beside a process in which amshan only decodes the same bytes.

Whole processes, from exec to exit: starting Python, imports, reading the file, and all that each does. The replay recognises the
format of the file, checks and decodes each frame, steps the controller for each list and each of some 46,000 seconds, and writes its
decisions. Rounds alternate. Before the watch runs, both must have read the same number of lists.

The file is a recording of a real meter where there is one, else one of the same length that the software meter writes.

    python -m benchmarks.replay [--rounds 5] [FILE]
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks.household import day
from benchmarks.machine import machine

RECORDED = Path("../shared/recordings/AmsToMqttBridge/Samples/Kaifa/raw-20170915.txt")
HOURS = 12.8
PROMISED = 1 / 3
"""How much of amshan's time we may take."""

# A fuse that is small for this house, so that there is something to decide.
CONFIG = """[site]
name = "home"
grid = "IT"
fuse_a = 13
[meter]
port = "/dev/null"
[[charger]]
name = "garage"
phases = ["L1", "L2", "L3"]
failsafe = true
"""


def recording(folder: Path) -> Path:
    """The file to replay: hex, a frame a line."""
    if RECORDED.exists():
        return RECORDED
    written = folder / "day.txt"
    written.write_text("".join(f"{frame.hex(' ').upper()}\n" for frame in day(HOURS)), encoding="ascii")
    return written


def run(command: Sequence[str]) -> tuple[float, str]:
    """Seconds that a whole process takes, and what it says of itself."""
    start = perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True
    )
    return perf_counter() - start, done.stdout


def lists(said: str) -> int:
    """How many lists a process has read, by its last line."""
    found = re.match(r"[\d,]+", said.splitlines()[-1])
    return int(found[0].replace(",", "")) if found else 0


def told(seconds: Sequence[float]) -> str:
    """Median and range."""
    return f"{median(seconds):.2f} s ({min(seconds):.2f}-{max(seconds):.2f})"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure both and print how they compare."""
    parser = argparse.ArgumentParser(description="a replay beside a decoder")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("file", nargs="?", type=Path, help="a dump that is nothing but hex, of a house with lists 1 and 2")
    options = parser.parse_args(arguments)
    print(machine())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "house.toml").write_text(CONFIG, encoding="utf-8")
        file = options.file or recording(folder)
        ours = ["han_gateway", "replay", str(file), "--config", str(folder / "house.toml"), "--speed", "max"]
        theirs = ["benchmarks.only_decode", str(file)]
        said = [run(command)[1] for command in (ours, theirs)]
        if lists(said[0]) != lists(said[1]):
            raise SystemExit(f"not the same work: {said[0].splitlines()[-1]} against {said[1]}")
        print(f"{file.name}: {said[0].splitlines()[-1]}; whole processes, median (range) of {options.rounds} rounds in turn")
        pairs = [(run(ours)[0], run(theirs)[0]) for _ in range(options.rounds)]
    own, peer = zip(*pairs, strict=True)
    ratios = [mine / other for mine, other in pairs]
    print(f"replay, everything   {told(own)}\namshan, only decodes {told(peer)}")
    print(f"ratio {median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f}), promised {PROMISED:.2f}")


if __name__ == "__main__":
    main()
