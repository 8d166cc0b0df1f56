"""Campaign: a month in minutes, and nothing has grown.

    python -m tests.campaign.soak [--seed N] [--fast | --count DAYS]

Bytes of an Aidon meter (a list of the power every 2.5 s, of currents every 10 s, of energy every hour), chargers that report every
10 s, go silent, and are heard again, damaged frames, a port that is pulled out, a broker that is away, caps that are set, a scraper of
the metrics, and the state file on a disk: through the whole program but for its sockets, in virtual time, in one process. In 30 days
that is 1,036,800 and 259,200 lists. Memory is looked at every 6 hours, at the same instant of the house's rhythm. It is compared with
what it was after a sixth of the time, when all that is learned has been learned: day 5 of 30. ``--fast`` is 1 day, without it 30,
about 15 min.
"""

import asyncio
import gc
import logging
import os
import random
import sys
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from prometheus_client import generate_latest

from han_gateway.adapters.recording import moment
from tests.campaign._house import STARTED, HandClock, Household, Program, frame
from tests.campaign._promise import Promise, arguments, published, wanted

FAST_DAYS, FULL_DAYS = 1, 30
DAY_S, LOOK_S, HOUR_S, SCRAPE_S, LIST_S = 86_400, 21_600, 3_600, 300, 10
LIST1_MS = (2_500, 5_000, 7_500, 10_000)  # after a list of currents: the last arrives just before the next
MODEL = "aidon-tn"
PAGE = os.sysconf("SC_PAGE_SIZE")

MOST_GROWTH_KIB, MOST_OBJECTS, MOST_RSS_MIB, MOST_WRITES = 1024, 0.005, 64, 97
"""The gates: growth of the memory in all, of the number of objects as a part of it, memory, writes of the state file a day."""


class Look(NamedTuple):
    """What the process holds: memory in KiB, objects of Python, threads, open files."""

    rss_kib: int
    objects: int
    threads: int
    files: int


class Seen(NamedTuple):
    """What came of the month."""

    days: int
    looks: list[Look]
    lists: int
    limits: int
    sent: int
    writes: int
    seconds: float


def look() -> Look:
    """Look at this process."""
    gc.collect()
    rss = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE // 1024
    return Look(rss, sys.getallocatedblocks(), threading.active_count(), len(list(Path("/proc/self/fd").iterdir())))


class Month:
    """A house that lives."""

    def __init__(self, seed: str, folder: Path) -> None:
        self.household = Household(seed)
        self.clock = HandClock()
        self.program = Program(self.clock, outlets_too=(self.household.see,), state_dir=folder)
        self.lists = 0
        self.looks: list[Look] = []
        self._rng = random.Random(f"{seed}/trouble")
        self._silent_until = dict[str, int]()

    def live(self, days: int) -> None:
        """Let it live so long."""
        self.program.live.source_changed(True, "opened")
        self.program.broker(True)
        for second in range(0, days * DAY_S, LIST_S):
            self._ten_seconds(second)
            if second % LOOK_S == LOOK_S - LIST_S:
                self.program.wait_for_the_disk()
                self.looks.append(look())

    def _ten_seconds(self, second: int) -> None:
        start = STARTED + 1000 * second
        self._trouble(second)
        self.household.change()
        for off_ms in LIST1_MS:
            self._reach(start + off_ms)
            self._say(1)
            if off_ms == LIST1_MS[1]:
                self._report(second)
        self._say(3 if second % HOUR_S == HOUR_S - LIST_S else 2)
        self.program.beat()
        if second % SCRAPE_S == 0:
            generate_latest(self.program.metrics.registry)

    def _reach(self, at: int) -> None:
        """Let time pass, a beat each second."""
        for tick in range(self.clock.at // 1000 * 1000 + 1000, at + 1, 1000):
            self.clock.at = tick
            self.program.beat()
        self.clock.at = at

    def _say(self, number: int) -> None:
        """The meter says a list; one of a thousand is damaged, and each comes in two chunks."""
        data = frame(MODEL, number, self.household.amps(self.clock.at), moment(self.clock.at).replace(tzinfo=None, microsecond=0))
        if self._rng.random() < 0.001:
            at = self._rng.randrange(len(data))
            data = data[:at] + self._rng.randbytes(3) + data[at + 2 :]
        self.program.hear(data[: len(data) // 2])
        self.program.hear(data[len(data) // 2 :])
        self.lists += 1

    def _report(self, second: int) -> None:
        for topic, payload in self.household.words(self.clock.at):
            if self._rng.random() < 0.0005:
                self._silent_until[topic] = second + self._rng.randint(30, 1_200)
            if self._silent_until.get(topic, 0) <= second:
                self.program.message(topic, payload)

    def _trouble(self, second: int) -> None:
        """What happens in a house: a broker that is away for a minute, an adapter that is pulled out, a cap, nonsense."""
        if second % (6 * HOUR_S) in (HOUR_S, HOUR_S + 60):
            self.program.broker(second % (6 * HOUR_S) != HOUR_S)
        if second % DAY_S in (2 * HOUR_S, 2 * HOUR_S + 20):
            self.program.live.source_changed(second % DAY_S != 2 * HOUR_S, "pulled out")
        if second % DAY_S in (3 * HOUR_S, 5 * HOUR_S):
            self.program.message("han/home/caps/power/set", b"9000" if second % DAY_S == 3 * HOUR_S else b"none")
        if self._rng.random() < 0.001:
            self.program.message("han/home/chargers/yard/report", self._rng.randbytes(20))


def lived(seed: str, days: int) -> Seen:
    """Let a house live in a process that has done nothing else."""
    logging.getLogger("han_gateway").addHandler(logging.NullHandler())
    logging.getLogger("han_gateway").propagate = False
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        month = Month(seed, Path(folder))
        month.live(days)
        asyncio.run(month.program.keeper.close())
    program, told = month.program, month.household.told
    return Seen(days, month.looks, month.lists, told, program.sent, program.keeper.writes, time.perf_counter() - began)


def promise(seen: Seen) -> Promise:
    """Hold what was seen against the gates."""
    first, last = seen.looks[len(seen.looks) // 6], seen.looks[-1]
    steady = seen.looks[len(seen.looks) // 6 :]
    growth_kib = last.rss_kib - first.rss_kib
    objects = max(abs(each.objects - first.objects) for each in steady) / first.objects
    rss_mib = max(each.rss_kib for each in steady) / 1024
    writes = seen.writes / seen.days
    since_h = 6 * (len(seen.looks) // 6 + 1)
    return Promise(
        "R-20",
        "it does not grow with time",
        f"from hour {since_h} to the end: memory + {MOST_GROWTH_KIB} KiB at most, objects within {MOST_OBJECTS:.1%}, no thread or file "
        f"more; {MOST_RSS_MIB} MiB at most; {MOST_WRITES} writes of the state file a day at most",
        f"{seen.days} days in {seen.seconds:.0f} s, {seen.lists:,} lists, {seen.limits:,} limits, {seen.sent:,} messages: memory "
        f"{growth_kib:+} KiB, objects within {objects:.2%}, {last.threads} threads, {last.files} files; {rss_mib:.0f} MiB; "
        f"{writes:.0f} writes a day",
        holds=growth_kib <= MOST_GROWTH_KIB
        and objects <= MOST_OBJECTS
        and rss_mib <= MOST_RSS_MIB
        and writes <= MOST_WRITES
        and all(each[2:] == first[2:] for each in steady),
    )


def main() -> int:
    """Run the campaign."""
    given = arguments("A month in minutes, and nothing has grown.", "days", FAST_DAYS, FULL_DAYS).parse_args()
    seen = lived(str(given.seed), wanted(given))
    for number, each in enumerate(seen.looks, 1):
        print(
            f"after {timedelta(hours=6 * number)!s:>17}: {each.rss_kib:,} KiB, {each.objects:,} objects, {each.threads} threads, {each.files} files"
        )
    return published(given, [promise(seen)])


if __name__ == "__main__":
    sys.exit(main())
