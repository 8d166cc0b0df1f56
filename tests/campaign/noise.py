"""Campaign: a noisy line. Bytes of no meter at full speed cannot exhaust the reader, nor the process around it.

    python -m tests.campaign.noise [--seed N] [--fast]

First the decoder alone: random bytes, flags without end, headers whose frames never end, addresses that never end. Then the real
gateway process with random bytes poured into its pty for some seconds, as fast as it takes them. ``--fast`` is 10 MB, otherwise 100 MB.
"""

import argparse
import random
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from dlms.hdlc import MAX_LENGTH, build
from han_gateway.core.units import PerLine
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.reading import Reading
from tests.campaign import _rig as rig
from tests.campaign._guest import Guest
from tests.campaign._promise import Promise, arguments, published
from tests.house import list2

MB = 1_000_000
CHUNK = 4_096
MOST_PENDING = MAX_LENGTH + 2
MOST_KIB = 1_024
LINEAR = 2.2
QUIET = PerLine(2_000, 2_000, 2_000)


def endless_headers() -> bytes:
    """Flags and good headers that promise the longest frame, one after the other: none of the frames ever ends."""
    return build(b"\x41", b"\x03", 0x13, bytes(MAX_LENGTH - 9))[:9]


KINDS: dict[str, Callable[[random.Random], bytes]] = {
    "random bytes": lambda rng: rng.randbytes(CHUNK),
    "flags": lambda _: b"\x7e" * CHUNK,
    "headers without frames": lambda _: (endless_headers() * CHUNK)[:CHUNK],
    "an address without end": lambda _: b"\x00" * CHUNK,
    "telegrams without end": lambda _: (b"/XYZ5\r\n\r\n" + b"1-0:1.7.0(1*W)\r\n" * CHUNK)[:CHUNK],
    "heads of telegrams": lambda _: (b"/XYZ5\r\n" * CHUNK)[:CHUNK],
    "flags and addresses": lambda _: (b"\x7e\xa7\xff" + b"\x00" * 20) * (CHUNK // 23),
}


class Poured(NamedTuple):
    """What came of one kind: CPU seconds for the first third and for the other two, pending bytes at most, growth of memory."""

    kind: str
    first_s: float
    rest_s: float
    pending: int
    grown_kib: int
    heard: bool

    def holds(self) -> bool:
        """All bounds, and the frame afterwards."""
        return (
            self.heard
            and self.pending <= MOST_PENDING
            and self.grown_kib <= MOST_KIB
            and self.rest_s / 2 <= LINEAR * self.first_s
        )


def rss_kib() -> int:
    """Resident memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 1024


def pour(kind: str, count: int, rng: random.Random) -> Poured:
    """So many bytes through the decoder, then a frame."""
    decoder, chunks = Decoder(), [KINDS[kind](rng) for _ in range(64)]
    pending, before, times = 0, 0, [0.0, 0.0]
    number = count // CHUNK
    for at in range(number):
        if at == number // 20:
            before = rss_kib()
        chunk = chunks[at % len(chunks)]
        began = time.process_time()
        decoder.feed(chunk)
        times[at >= number // 3] += time.process_time() - began
        pending = max(pending, len(decoder._sniffer._rest))
    grown = rss_kib() - before
    frame = list2(QUIET)
    heard = any(isinstance(item, Reading) for item in decoder.feed(frame + frame))
    return Poured(kind, times[0], times[1], pending, grown, heard)


class Process(NamedTuple):
    """What came of the real process: bytes poured, growth of its memory, and after how long a real list was heard."""

    poured: int
    grown_kib: int
    heard_s: float | None


def process(seconds: float, rng: random.Random) -> Process:
    """Pour noise into the pty of a gateway, then let the meter speak."""
    heard: list[float] = []
    with rig.House(rig.HURRIED) as house:
        ear = Guest(house.broker.port, ("han/home/meter",), lambda *_: heard.append(time.monotonic()))
        speak_until(house, heard, 15)
        _pour(house, 1, rng)
        before = house.gateway.status("VmRSS")
        poured = _pour(house, seconds, rng)
        grown = house.gateway.status("VmRSS") - before
        heard.clear()
        began = time.monotonic()
        speak_until(house, heard, 15)
        ear.close()
        return Process(poured, grown, heard[0] - began if heard else None)


def _pour(house: rig.House, seconds: float, rng: random.Random) -> int:
    """Give as many bytes as the line takes in this time."""
    poured, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        taken = house.meter.write(rng.randbytes(CHUNK))
        poured += taken
        if not taken:
            time.sleep(0.001)
    return poured


def speak_until(house: rig.House, heard: list[float], patience_s: float) -> None:
    """Let the meter speak until it was heard."""
    until = time.monotonic() + patience_s
    while not heard and time.monotonic() < until:
        house.say(QUIET)
        time.sleep(house.pace.list_period_s)


def main() -> int:
    """Run the campaign."""
    given: argparse.Namespace = arguments("A noisy line cannot exhaust us.").parse_args()
    count = 10 * MB if given.fast else 100 * MB
    rng = random.Random(given.seed)
    tried = [pour(kind, count // (1 if kind == "random bytes" else 10), rng) for kind in KINDS]
    for each in tried:
        print(each)
    live = process(4 if given.fast else 60, rng)
    print(live)
    heard = "never" if live.heard_s is None else f"{live.heard_s:.1f} s"
    figure = (
        f"{count // MB} MB of random bytes in {tried[0].first_s + tried[0].rest_s:.1f} s of CPU, {len(tried) - 1} other kinds of noise; "
        f"{max(each.pending for each in tried):,} bytes pending at most, memory + {max(each.grown_kib for each in tried)} KiB; the "
        f"process took {live.poured / MB:.1f} MB, + {live.grown_kib} KiB, and heard the next list after {heard}"
    )
    promise = Promise(
        "R-15",
        "a noisy line cannot exhaust the reader",
        f"pending <= {MOST_PENDING:,} bytes, memory + <= 1 MiB, time linear within a factor of {LINEAR}, the next real frame is decoded",
        figure,
        holds=all(each.holds() for each in tried) and live.grown_kib <= MOST_KIB and live.heard_s is not None,
    )
    return published(given, [promise])


if __name__ == "__main__":
    sys.exit(main())
