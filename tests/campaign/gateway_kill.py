"""Campaign: the gateway is killed at any moment while cars charge; each charger falls back in time, and the next process begins safely.

    python -m tests.campaign.gateway_kill [--seed N] [--fast | --count N]

Houses side by side, each with the real gateway process, a broker, lists every 0.2 s on a pty, and a charger with a failsafe of its own.
After one kill of four nobody starts the gateway before that failsafe must have taken over. Some houses live at real settings, with a
list every 10 s, for the seconds that nobody scaled. ``--fast`` is 48 kills in all, otherwise 2,000.
"""

import random
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from typing import NamedTuple

from han_gateway.adapters import store
from han_gateway.core.effects import Cause
from han_gateway.core.units import PerLine
from han_gateway.core.words.memory import Memory, Past
from tests.campaign import _rig as rig
from tests.campaign._guest import Guest
from tests.campaign._promise import Promise, arguments, published, wanted

FAST, FULL = 48, 2_000
HOUSES, REAL_HOUSES = 6, 2
REAL_KILLS = {True: 1, False: 5}
PATIENCE_S = 20.0
FALLBACK_S, COMPUTED_S = 1.0, 12.0
SLACK_S = 0.5  # for a charger that is looked at now and then, on a machine that has other things to do
QUIET = PerLine(2_000, 2_000, 2_000)


class Killed(NamedTuple):
    """What came after one kill; seconds, None for never.

    ``up_s`` from the start of the next process until it is online, ``fallback_s`` from there until its first limit of ``first_a``,
    ``computed_s`` from there until the first limit for which the meter was heard; ``failsafe_s`` is how late the charger fell back after its last limit had expired, where that was waited for.
    """

    up_s: float | None
    fallback_s: float | None
    computed_s: float | None
    will: bool
    first_a: int | None
    failsafe_s: float | None
    failsafe_held: bool


class Broken(NamedTuple):
    """What became of one house; ``read`` is how often its memory was there at a start, ``damaged`` how often it could not be used."""

    kills: list[Killed]
    read: int
    damaged: int
    tracebacks: int


def until(true: Callable[[], bool], patience_s: float = PATIENCE_S) -> bool:
    """Wait for what must become true."""
    end = time.monotonic() + patience_s
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


class Victim:
    """A house that is killed again and again, as its broker and its charger see it."""

    def __init__(self, house: rig.House, rng: random.Random) -> None:
        self._house = house
        self._rng = rng
        self._charger = house.chargers[0]
        self._status: list[tuple[float, bytes]] = []
        self._ended = threading.Event()
        self._ear = Guest(house.broker.port, ("han/home/status",), self._hear)
        self._meter = threading.Thread(target=self._speak, daemon=True)
        self._meter.start()

    def _hear(self, _topic: str, payload: bytes, _retained: bool) -> None:
        self._status.append((time.monotonic(), payload))

    def _speak(self) -> None:
        while not self._ended.wait(self._house.pace.list_period_s):
            self._house.say(QUIET)

    def ready(self) -> None:
        """Wait until the first process is at work."""
        until(lambda: self._computed() is not None)

    def kill(self, within_s: float, *, failsafe: bool) -> Killed:
        """At a random moment; then start it again, or first wait for the charger's failsafe."""
        time.sleep(self._rng.uniform(0, within_s))
        self._status.clear()
        self._house.gateway.kill()
        will = until(lambda: any(said == b"offline" for _, said in self._status))
        late = self._failsafe() if failsafe and self._charger.heard else None
        waited = failsafe and bool(self._charger.heard)
        self._status.clear()
        self._charger.heard.clear()
        began = time.monotonic()
        self._house.gateway.start()
        until(lambda: any(said == b"online" for _, said in self._status))
        until(lambda: self._computed() is not None)
        online = next((at for at, said in self._status if said == b"online"), None)
        first, computed = next(iter(self._charger.heard), None), self._computed()
        return Killed(
            up_s=None if online is None else online - began,
            fallback_s=None if first is None or online is None else max(0.0, first[0] - online),
            computed_s=None if computed is None or online is None else computed - online,
            will=will,
            first_a=None if first is None else first[1]["current_a"],
            failsafe_s=late,
            failsafe_held=not waited or late is not None,
        )

    def _computed(self) -> float | None:
        """When the first limit came for which the meter was heard."""
        heard = list(self._charger.heard)
        return next((at for at, limit in heard if Cause.METER_WAITING.value not in limit["reason"]), None)

    def _failsafe(self) -> float | None:
        """How late the charger falls back after its last limit has expired; None if it does not."""
        at, limit = self._charger.heard[-1]
        due = at + limit["valid_for_s"]
        fell = until(lambda: self._charger.now().silent_at is None, limit["valid_for_s"] + 1)
        return time.monotonic() - due if fell else None

    def close(self) -> None:
        """End."""
        self._ended.set()
        self._meter.join()
        self._ear.close()


def run(seed: str, pace: rig.Pace, count: int, long: bool) -> Broken:
    """So many kills of one house; without ``long`` nobody waits for a failsafe of a minute."""
    rng = random.Random(seed)
    with rig.House(
        pace, names=("garage",), state=Memory(round(time.time() * 1000), 0, (Past("garage", 1_500, 9_000_000),))
    ) as house:
        victim = Victim(house, rng)
        victim.ready()
        kills = [victim.kill(max(1.0, pace.list_period_s), failsafe=long and rng.random() < 0.25) for _ in range(count)]
        victim.close()
        log = house.gateway.log()
        whole = store.read(house.state / store.NAME) is not None
        return Broken(kills, log.count("remembered from"), log.count("is damaged") + (not whole), log.count("Traceback"))


def main() -> int:
    """Run the campaign."""
    given = arguments("kill -9 at any time is safe.", "kills in all", FAST, FULL).parse_args()
    each = -(-wanted(given) // HOUSES)
    with ThreadPoolExecutor(HOUSES + REAL_HOUSES) as pool:
        scaled = [pool.submit(run, f"{given.seed}/{number}", rig.HURRIED, each, True) for number in range(HOUSES)]
        real = [
            pool.submit(run, f"{given.seed}/real {number}", rig.REAL, REAL_KILLS[given.fast], not given.fast)
            for number in range(REAL_HOUSES)
        ]
        houses = [job.result() for job in [*scaled, *real]]
    return published(given, [promise(houses)])


def promise(houses: list[Broken]) -> Promise:
    """R-17."""
    kills = [each for house in houses for each in house.kills]
    late = [each.failsafe_s for each in kills if each.failsafe_s is not None]
    up, fallback, computed = (
        [value for value in values if value is not None]
        for values in zip(*((each.up_s, each.fallback_s, each.computed_s) for each in kills), strict=True)
    )
    begun = [each.up_s + each.fallback_s for each in kills if each.up_s is not None and each.fallback_s is not None]
    for each in kills:
        if each.computed_s is None or not each.will or not each.failsafe_held:
            print(each)
    never = sum(each.computed_s is None or not each.will or not each.failsafe_held for each in kills)
    unsafe = sum(each.first_a != rig.FALLBACK_MA // 1000 for each in kills)
    damaged, tracebacks = sum(house.damaged for house in houses), sum(house.tracebacks for house in houses)
    figure = (
        f"{len(kills):,} kills in {len(houses)} houses; failsafe waited for {len(late)} times, {max(late, default=0):.2f} s late at most; "
        f"online after {max(up):.1f} s, fallback {max(fallback):.2f} s later, a computed limit {max(computed):.1f} s later, at most "
        f"(from the start of the process to the fallback {median(begun):.1f} s in the median); "
        f"{unsafe} first limits other than the fallback, {never} without will, limit or failsafe; memory read "
        f"{sum(house.read for house in houses):,} times, {damaged} times damaged; {tracebacks} tracebacks"
    )
    holds = not (never or unsafe or damaged or tracebacks) and max(late, default=0) <= SLACK_S
    return Promise(
        "R-17",
        "a gateway that is killed at any moment leaves chargers that fall back, and the next one begins with the fallback",
        f"failsafe in its own time (+ {SLACK_S} s), fallback <= {FALLBACK_S:g} s after the start-up, a computed limit <= {COMPUTED_S:g} s "
        "after it; last will seen; no damaged memory",
        figure,
        holds=holds and max(fallback) <= FALLBACK_S and max(computed) <= COMPUTED_S,
    )


if __name__ == "__main__":
    sys.exit(main())
