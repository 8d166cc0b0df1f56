"""Campaign: chaos. Adapter, broker and gateway are pulled again and again while cars charge; an observer on the broker looks for harm.

    python -m tests.campaign.chaos [--seed N] [--fast | --minutes M]

Several houses side by side, each with the real gateway process, a broker and a pty of its own. In each the adapter is pulled every
45 s, mid-frame too, the broker killed every 60 s and the gateway every 97 s, for some seconds, while appliances come and go and
hostile messages arrive without end. An observer, in another process and with its own arithmetic, adds the limits in force that it has
seen to the house as it really is. ``--fast`` is 40 s at a third of these pauses with lists every second; otherwise it is an hour of
real settings.
"""

import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from han_gateway.core.units import PerLine
from tests.campaign import _rig as rig
from tests.campaign._guest import Guest
from tests.campaign._promise import Promise, arguments, published
from tests.campaign._vandal import payloads
from tests.house import ROOT, list2

HOUSES = 3
BEAT_S = 0.05
RESTART_S = 2.0
"""As in the unit."""
WORDS_PER_BEAT = 2


class Course(NamedTuple):
    """How a run goes: the pace of its houses, how many times as fast people and plugs are, and how long it takes."""

    pace: rig.Pace
    faster: float
    seconds: float
    allowed_s: float
    longest_s: float


FAST = Course(rig.SCALED, 3, 40, 6, 25)
FULL = Course(rig.REAL, 1, 3600, 14, 60)
"""A sum may be over the fuse for one list, opening the port again (2 s) and telling it (2 s); all in all for as long as a limit is valid."""


class Plug(NamedTuple):
    """Something that is pulled every so many seconds, for so long at most, and put back."""

    name: str
    every_s: float
    most_s: float
    pull: Callable[[], None]
    put_back: Callable[[], None]


class Seen(NamedTuple):
    """What became of one house."""

    observed: dict[str, Any]
    pulled: Counter[str]
    tracebacks: int
    ended_by_itself: int
    log: str


class Chaos:
    """One house and its observer."""

    def __init__(self, house: rig.House, course: Course, seed: str) -> None:
        self._house = house
        self._course = course
        self._rng = random.Random(seed)
        self._words = payloads(self._rng)
        self._vandal = Guest(house.broker.port, (), lambda *_: None)
        self._pulled: Counter[str] = Counter()
        self._out: set[str] = set()
        self._ended = 0
        command = [sys.executable, "-m", "tests.campaign._observer", str(house.broker.port)]
        command += [str(course.allowed_s), str(course.longest_s)]
        self._observer = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self) -> Seen:
        """Live through it."""
        course, loads = self._course, rig.day(self._rng, self._course.seconds, self._course.faster)
        began, before = time.monotonic(), None
        hands = [self._hand(plug) for plug in self._plugs()]
        rhythm = self._rhythm()
        while (at := time.monotonic() - began) < course.seconds:
            house = rig.drawn(loads, at)
            if house != before:
                before = house
                self._tell({"house": {f"L{index}": each / 1000 for index, each in enumerate(house, 1)}})
            for hand in hands:
                next(hand)
            self._meter_and_chargers(house, next(rhythm))
            for _ in range(WORDS_PER_BEAT):
                self._vandal.say(*next(self._words))
            time.sleep(BEAT_S)
        return self._end()

    def _plugs(self) -> tuple[Plug, ...]:
        house, faster = self._house, self._course.faster
        return (
            Plug("meter", 45 / faster, 10 / faster, self._unplug, house.meter.plug),
            Plug("broker", 60 / faster, 8 / faster, house.broker.stop, house.broker.start),
            Plug("gateway", 97 / faster, 0, self._kill, self._start),
        )

    def _hand(self, plug: Plug) -> Iterator[None]:
        """Pull it and put it back, again and again; asked once a beat."""
        due = time.monotonic() + self._rng.uniform(0.3, 1) * plug.every_s
        while True:
            while time.monotonic() < due:
                yield
            self._pulled[plug.name] += 1
            self._tell({"pulled": sorted({plug.name, *self._out})})
            self._out.add(plug.name)
            plug.pull()
            back = time.monotonic() + (self._rng.uniform(0.1, plug.most_s) if plug.most_s else RESTART_S)
            while time.monotonic() < back:
                yield
            plug.put_back()
            self._out.discard(plug.name)
            self._tell({"pulled": sorted(self._out)})
            due += plug.every_s

    def _unplug(self) -> None:
        """In the middle of a frame."""
        frame = list2(PerLine(1_000, 1_000, 1_000))
        self._house.meter.write(frame[: self._rng.randrange(len(frame))])
        self._house.meter.unplug()

    def _kill(self) -> None:
        self._ended += self._house.gateway.process.poll() is not None
        self._house.gateway.kill()

    def _start(self) -> None:
        self._tell({"starts": True})
        self._house.gateway.start()

    def _rhythm(self) -> Iterator[tuple[bool, bool, bool]]:
        """What is due at a beat: a list with currents, one with the power, reports."""
        due = [0.0, 0.0, 0.0]
        every = (self._course.pace.list_period_s, self._course.pace.list_period_s / 5, self._course.pace.list_period_s / 2)
        while True:
            now = time.monotonic()
            hits = [now >= each for each in due]
            due = [max(each + period, now) if hit else each for each, period, hit in zip(due, every, hits, strict=True)]
            yield hits[0], hits[1], hits[2]

    def _meter_and_chargers(self, house: PerLine[int], due: tuple[bool, bool, bool]) -> None:
        currents, power, reports = due
        if (currents or power) and "meter" not in self._out:
            self._house.say(house, short=not currents)
        if reports:
            for charger in self._house.chargers:
                charger.report()

    def _tell(self, word: dict[str, Any]) -> None:
        assert self._observer.stdin is not None
        self._observer.stdin.write(json.dumps(word) + "\n")
        self._observer.stdin.flush()

    def _end(self) -> Seen:
        said, _ = self._observer.communicate(timeout=30)
        self._vandal.close()
        self._ended += self._house.gateway.process.poll() is not None
        log = self._house.gateway.log()
        return Seen(json.loads(said), self._pulled, log.count("Traceback"), self._ended, log)


def one(course: Course, seed: str) -> Seen:
    """A house and its chaos."""
    with rig.House(course.pace) as house:
        return Chaos(house, course, seed).run()


def main() -> int:
    """Run the campaign."""
    parser = arguments("Chaos, and an observer who looks for harm.")
    parser.add_argument("--minutes", type=float, help="how long, with real settings; otherwise 60, or with --fast 40 s")
    given = parser.parse_args()
    course = FAST if given.fast else FULL
    if given.minutes:
        course = course._replace(seconds=60 * given.minutes)
    with ThreadPoolExecutor(HOUSES) as pool:
        seen = list(pool.map(one, [course] * HOUSES, [f"{given.seed}/{number}" for number in range(HOUSES)]))
    return published(given, [promise(course, seen)])


def promise(course: Course, seen: list[Seen]) -> Promise:
    """R-22."""
    pulled = sum((each.pulled for each in seen), Counter())
    count = sum((Counter(each.observed["count"]) for each in seen), Counter())
    tracebacks, ended = sum(each.tracebacks for each in seen), sum(each.ended_by_itself for each in seen)
    for each in seen:
        for violation in each.observed["violations"]:
            print(f"violation: {violation}")
    worst = max(each.observed["worst_well_s"] for each in seen)
    longest = max(each.observed["worst_s"] for each in seen)
    figure = (
        f"{len(seen)} houses for {course.seconds:,.0f} s: {pulled['meter']} times unplugged, {pulled['broker']} brokers and "
        f"{pulled['gateway']} gateways killed, {count['limits']:,} limits seen: {count['violations']} violations, "
        f"{tracebacks} tracebacks, {ended} gateways that ended by themselves; the sum was over the fuse for {worst:.1f} s at most while "
        f"all was plugged in, {longest:.1f} s in all"
    )
    return Promise(
        "R-22",
        "whatever is pulled, an observer on the broker never sees limits and house above the fuse for longer than it takes to tell",
        f"0 violations: over the fuse for {course.allowed_s:g} s with all plugged in and the gateway online, {course.longest_s:g} s in all; seq never falls, no "
        "limit above a charger's maximum or retained; 0 tracebacks",
        figure,
        holds=not (count["violations"] or tracebacks or ended) and count["limits"] > 0,
    )


if __name__ == "__main__":
    sys.exit(main())
