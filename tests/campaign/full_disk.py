"""Campaign: a full disk never stops control. State and recording lie on a small tmpfs that is filled and emptied.

    python -m tests.campaign.full_disk [--seed N] [--fast]

The real gateway process with ``--record``: how long a list that demands a cut takes to become a lower limit is compared with and without
room on the disk. Then there is room again and the recording must go on; at the end there is none, and the stop must be a good one. It
needs root for the mount, and says so where there is none.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import mkdtemp
from typing import NamedTuple

from han_gateway.adapters.recording import RETRY_MS
from han_gateway.core.words.memory import Memory, Past
from tests.campaign import _rig as rig
from tests.campaign._cuts import MOST_S, cuts, rise
from tests.campaign._promise import Promise, arguments, published

SIZE_K = 512
FAST_S, FULL_S = 6.0, 60.0
SLOWER, SLACK_S = 2.0, 0.05
"""So much slower may the median be on the full disk, or no more than this on top."""
NONSENSE_UA = 80_000_000  # more than the charger may draw, so that there is something to write at the end


@contextmanager
def small_disk() -> Iterator[Path]:
    """A file system of its own, half a megabyte in size."""
    folder = Path(mkdtemp())
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE_K}k", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
        folder.rmdir()


def fill(disk: Path) -> None:
    """Not a byte is left."""
    with (disk / "ballast").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(512))
        except OSError:
            return


class Seen(NamedTuple):
    """Seconds of each cut with room and without; whether the recording said it failed, and went on; the exit, and tracebacks."""

    with_room: list[float]
    without: list[float]
    told: bool
    went_on: bool
    state_told: bool
    exit: int
    tracebacks: int

    def holds(self) -> bool:
        """The promise."""
        slow = median(self.without) > max(SLOWER * median(self.with_room), median(self.with_room) + SLACK_S)
        good = self.told and self.went_on and self.state_told and not (self.exit or self.tracebacks)
        return good and not slow and max(self.without) < MOST_S


def run(disk: Path, seconds: float) -> Seen:
    """Cuts with room, without, and then with room again."""
    recording = disk / "run.han"
    memory = Memory(round(time.time() * 1000), 0, (Past("garage", 200, NONSENSE_UA),))
    with rig.House(
        rig.HURRIED, names=("garage",), options=("--record", str(recording)), state=memory, state_folder=disk / "state"
    ) as house:
        rise(house)
        with_room = cuts(house, seconds)
        fill(disk)
        rise(house)
        without = cuts(house, seconds)
        told = house.gateway.log().count("the recording cannot be written (") == 1
        size = recording.stat().st_size
        (disk / "ballast").unlink()
        time.sleep(RETRY_MS / 1000 + 1)
        cuts(house, 2)
        went_on = recording.stat().st_size > size and b"lines are missing here" in recording.read_bytes()[size:]
        fill(disk)
        status = house.gateway.stop()
        log = house.gateway.log()
        return Seen(with_room, without, told, went_on, "state.json cannot be written" in log, status, log.count("Traceback"))


def main() -> int:
    """Run the campaign."""
    given = arguments("A full disk never stops control.").parse_args()
    if os.geteuid() != 0:
        print("R-19 was not tried: only root may mount a small disk")
        return 0
    with small_disk() as disk:
        seen = run(disk, FAST_S if given.fast else FULL_S)
    figure = (
        f"cuts with room {_ms(seen.with_room)}, on the full disk {_ms(seen.without)}; recording told its trouble "
        f"{'once' if seen.told else 'wrongly'}, went on with room: {_yes(seen.went_on)}; at the end a state that cannot be written is told: "
        f"{_yes(seen.state_told)}, exit {seen.exit}, {seen.tracebacks} tracebacks"
    )
    promise = Promise(
        "R-19",
        "a full disk never stops control",
        f"median cut not {SLOWER:g} times as slow and not {1000 * SLACK_S:.0f} ms slower; recording goes on when there is room; exit 0",
        figure,
        holds=seen.holds(),
    )
    return published(given, [promise])


def _ms(took: list[float]) -> str:
    return f"median {1000 * median(took):.0f} ms, at most {1000 * max(took):.0f} ms ({len(took)})"


def _yes(true: bool) -> str:
    return "yes" if true else "no"


if __name__ == "__main__":
    sys.exit(main())
