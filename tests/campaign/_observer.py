"""An observer on the broker, in a process of its own: does what was said to the chargers, and what the house took, fit under the fuse?

    python -m tests.campaign._observer PORT ALLOWED_S LONGEST_S

Its arithmetic is its own: the last limit of each charger while it is valid, its failsafe after that, plus the house, against the fuse.
On standard input it is told, one JSON object a line, what the house takes, what is pulled just now, and when a gateway is started;
at its end it prints one object with what it has seen. It must not know, nor import, anything of the gateway.
"""

import json
import sys
import threading
import time
from collections import Counter
from typing import Any

from tests.campaign._guest import Guest

FUSE_A = 25.0
FAILSAFE_A = 6.0
LEAST_A, MOST_A = 6.0, 16.0
CHARGERS = ("garage", "yard")
LINES = ("L1", "L2", "L3")
LOOK_S = 0.05
METER_STATES = {"waiting", "fresh", "stale", "lost"}
CHARGER_STATES = {"charging", "allowed", "waiting", "paused", "idle", "full", "error"}


class Observer:
    """``allowed_s``: how long a sum may stay above the fuse while nothing is pulled; ``longest_s``: whatever is pulled."""

    def __init__(self, port: int, allowed_s: float, longest_s: float) -> None:
        self.allowed_s, self.longest_s = allowed_s, longest_s
        self.house: dict[str, float] = dict.fromkeys(LINES, 0.0)
        self.pulled: list[str] = []
        self.starting = False
        self.well_since = time.monotonic()
        self.over_since: float | None = None
        self.told = False
        self.limits: dict[str, tuple[float, float, float]] = {}
        self.seq: dict[str, int] = {}
        self.count: Counter[str] = Counter()
        self.violations: list[str] = []
        self.worst_well_s = self.worst_s = 0.0
        self.lock = threading.Lock()
        self.guest = Guest(port, ("han/home/#",), self.hear)

    def in_force(self, name: str, now: float) -> float:
        """The limit (A) that this charger obeys: the last one while it is valid, its failsafe before and after."""
        at, valid_s, amps = self.limits.get(name, (0.0, -1.0, 0.0))
        return amps if now - at <= valid_s else FAILSAFE_A

    def look(self) -> None:
        """Is any line over the fuse, and for how long?"""
        with self.lock:
            now = time.monotonic()
            limits = {name: self.in_force(name, now) for name in CHARGERS}
            total = max(self.house.values()) + sum(limits.values())
            if total <= FUSE_A or not any(limits.values()):
                self.over_since, self.told = None, False
                return
            self.over_since = self.over_since or now
            lasts = now - self.over_since
            well = 0.0 if self.pulled or self.starting else now - max(self.over_since, self.well_since)
            self.worst_s, self.worst_well_s = max(self.worst_s, lasts), max(self.worst_well_s, well)
            if (well > self.allowed_s or lasts > self.longest_s) and not self.told:
                self.told = True
                self.wrong(
                    f"{total:.1f} A since {lasts:.1f} s, {well:.1f} s of them in peace: house {self.house}, limits {limits}"
                )

    def wrong(self, what: str) -> None:
        """A violation."""
        self.count["violations"] += 1
        if len(self.violations) < 20:
            self.violations.append(what)

    def hear(self, topic: str, payload: bytes, retained: bool) -> None:
        """Somebody said something."""
        with self.lock:
            self.count["messages"] += 1
            _, _, *rest = topic.split("/")
            try:
                if rest[0] == "chargers" and rest[2] == "limit":
                    self.limit(rest[1], json.loads(payload), retained)
                elif rest[0] == "chargers" and rest[2] == "state":
                    self.state(json.loads(payload))
                elif rest == ["headroom"]:
                    self.sane(json.loads(payload)["state"] in METER_STATES, payload)
                elif rest == ["status"]:
                    self.count[payload.decode()] += 1
                    if self.starting and payload == b"online":
                        self.starting, self.well_since = False, time.monotonic()
                    self.sane(payload in (b"online", b"offline"), payload)
            except (ValueError, KeyError, TypeError) as why:
                self.wrong(f"{topic} cannot be understood ({why!r}): {payload[:80]!r}")

    def limit(self, name: str, limit: dict[str, Any], retained: bool) -> None:
        """A limit must be new, no more than the charger can, and not from a shelf."""
        amps, seq = float(limit["current_a"]), int(limit["seq"])
        self.count["limits"] += 1
        self.sane(not retained, f"{name}: a limit is retained")
        self.sane(amps == 0 or LEAST_A <= amps <= MOST_A, f"{name}: {limit}")
        self.sane(all(0 <= limit["limit_a"][line] <= amps for line in LINES), f"{name}: {limit}")
        self.sane(0 < limit["valid_for_s"] <= 60, f"{name}: {limit}")
        # A message whose acknowledgement was lost with the broker may come twice; an older one may not.
        self.sane(seq >= self.seq.get(name, 0), f"{name}: {seq} after {self.seq.get(name)}")
        self.seq[name] = seq
        self.limits[name] = (time.monotonic(), limit["valid_for_s"], amps)

    def state(self, state: dict[str, Any]) -> None:
        """The state of a charger, retained or not."""
        self.count["states"] += 1
        self.sane(state["state"] in CHARGER_STATES and 0 <= state["limit_a"] <= MOST_A, state)

    def sane(self, true: bool, what: object) -> None:
        """What must hold at once."""
        if not true:
            self.wrong(str(what))

    def told_by_the_rig(self, word: dict[str, Any]) -> None:
        """What the rig knows first."""
        with self.lock:
            self.house = word.get("house", self.house)
            if "pulled" in word:
                self.pulled = word["pulled"]
                self.well_since = time.monotonic()
            if "starts" in word:  # until it is online nobody can expect anything of it
                self.seq.clear()
                self.starting = True


def main() -> int:
    """Look until standard input ends."""
    observer = Observer(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]))
    ended = threading.Event()

    def listen() -> None:
        for line in sys.stdin:
            observer.told_by_the_rig(json.loads(line))
        ended.set()

    threading.Thread(target=listen, daemon=True).start()
    while not ended.wait(LOOK_S):
        observer.look()
    observer.guest.close()
    seen = {"worst_s": observer.worst_s, "worst_well_s": observer.worst_well_s, "violations": observer.violations}
    print(json.dumps({"count": observer.count} | seen))
    return 0


if __name__ == "__main__":
    sys.exit(main())
