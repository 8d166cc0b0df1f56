"""How others do it, the three laws that remember: for ramps, risks and waiting times. The others are in ``peers``."""

from collections import deque
from typing import ClassVar

from han_gateway.core.site import Charger, Site
from han_gateway.core.units import Instant, MilliAmps, PerLine
from han_gateway.simulation.peers import Limits, Peer, whole


class Warp(Peer):
    """Target per line by a filtered error: down by 94 % of it, up by half of it; chargers start on the least of four minutes.

    A charger needs one and a half minimums to start, and neither starts nor stops again within 3.5 minutes, unless even the
    minimums are too much. 65 s without a list stop all of them.
    """

    period_ms = 10_000
    silence_ms: ClassVar[int] = 65_000
    window: ClassVar[int] = 24
    hold_ms: ClassVar[int] = 210_000

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self._past: deque[PerLine[MilliAmps]] = deque(maxlen=self.window)
        self._switched: dict[str, Instant] = dict.fromkeys(self.limits, -self.hold_ms)
        self._before: PerLine[MilliAmps] | None = None

    def woken(self, at: Instant) -> Limits:
        """Allocate."""
        if self.load is None or at - self.load_at > self.silence_ms:
            return dict.fromkeys(self.limits, 0)
        room = self._target(self.load)
        self._past.append(room)
        least = PerLine(*(min(values) for values in zip(*self._past, strict=True)))
        active = [charger for charger in self.chargers if self.limits[charger.name]]
        fits = self.shared(room, active)
        stopped = [charger for charger in active if not fits[charger.name]]
        for charger in stopped:
            self._switched[charger.name] = at
        active = [charger for charger in active if charger not in stopped]
        if not stopped and len(self._past) == self.window:
            active += self._starter(active, least, at)
        return dict.fromkeys(self.limits, 0) | self.shared(room, active)

    def _starter(self, active: list[Charger], least: PerLine[MilliAmps], at: Instant) -> list[Charger]:
        """One charger more, if there has been room for one and a half minimums for long."""
        for charger in self.chargers:
            waited = at - self._switched[charger.name] >= self.hold_ms
            needs = [*active, charger]
            spare = PerLine(*(room - charger.minimum_ma // 2 for room in least))
            if charger not in active and waited and all(self.shared(spare, needs).values()):
                self._switched[charger.name] = at
                return [charger]
        return []

    def _target(self, load: PerLine[MilliAmps]) -> PerLine[MilliAmps]:
        """What the chargers may have on each line: what they have, corrected by part of the error."""
        rooms = []
        for line, (current, before) in enumerate(zip(load, self._before or load, strict=True)):
            mean = (current + before) // 2
            rise = (current - mean) / max(mean, 1)
            filtered = current if rise > 0.2 else mean
            error = self.fuse_ma - filtered
            allocated = sum(
                self.limits[charger.name] for charger in self.chargers if any(place.index == line for place in charger.lines)
            )
            change = min(error // 2, self.fuse_ma // 2) if error > 0 else error * 15 // 16
            rooms.append(max(0, allocated + change))
        self._before = load
        return PerLine(*rooms)


class HassEvse(Peer):
    """Tolerates an overload for 60, 30, 10 or 1 s by its size, then cuts it in full; raises after a quarter of an hour at the earliest.

    Currents are rounded down, so up to an ampere of overload goes unseen. Commands keep 20 s apart.
    """

    period_ms = 1_000
    patience: ClassVar[tuple[tuple[float, int], ...]] = ((1.13, 60), (1.4, 30), (2.0, 10), (float("inf"), 1))
    apart_ms: ClassVar[int] = 20_000
    raise_ms: ClassVar[int] = 900_000

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.limits = {charger.name: charger.maximum_ma for charger in site.chargers}
        self._told_at: dict[str, Instant] = dict.fromkeys(self.limits, -self.raise_ms)
        self._sharers = {
            charger.name: sum(1 for other in self.chargers if other.lines & charger.lines) for charger in self.chargers
        }
        self._risk = [0.0, 0.0, 0.0]
        self._available = [0, 0, 0]

    def woken(self, at: Instant) -> Limits:
        """Every second."""
        if self.load is None:
            return dict(self.limits)
        for line, current in enumerate(self.load):
            self._weigh(line, self.fuse_ma - current // 1000 * 1000)
        limits = {}
        for charger in self.chargers:
            room = min(self._available[line.index] for line in charger.lines) // self._sharers[charger.name]
            old = self.limits[charger.name]
            new = whole(charger, old + room)
            waited = at - self._told_at[charger.name]
            if (new < old and waited >= self.apart_ms) or (new > old and waited >= self.raise_ms):
                limits[charger.name] = new
                self._told_at[charger.name] = at
        return limits

    def _weigh(self, line: int, available: MilliAmps) -> None:
        """Risk grows with each second of overload and fades by one a second; only when it is full, the overload counts."""
        if available >= 0:
            self._risk[line] = max(0.0, self._risk[line] - 1)
            self._available[line] = min(available, self.fuse_ma)
            return
        ratio = 1 - available / self.fuse_ma
        self._risk[line] += 60 / next(seconds for border, seconds in self.patience if ratio <= border)
        if self._risk[line] >= 60:
            self._available[line] = available
            self._risk[line] = 0.0


class Cryptotomte(Peer):
    """The fuse less the house less 2 A: down at once, up after 5 s, 6 A held for 15 s before a pause, back at 8 A for 30 s."""

    period_ms = 1_000
    margin_ma: ClassVar[MilliAmps] = 2_000
    up_ms: ClassVar[int] = 5_000
    hold_ms: ClassVar[int] = 15_000
    back_ms: ClassVar[int] = 30_000
    back_ma: ClassVar[MilliAmps] = 8_000
    silence_ms: ClassVar[int] = 60_000

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self._since: dict[str, Instant | None] = dict.fromkeys(self.limits)
        self._goal: dict[str, MilliAmps] = dict(self.limits)

    def listed(self, load: PerLine[MilliAmps], at: Instant) -> Limits:
        """Compute what each could have; what must wait, waits."""
        room = PerLine(*(self.fuse_ma - house - self.margin_ma for house in self.house(load)))
        self._goal = self.shared(room)
        return self._ripe(at)

    def woken(self, at: Instant) -> Limits:
        """Do what has waited for long enough; without a meter, hold the minimum."""
        if self.load is not None and at - self.load_at > self.silence_ms:
            return {charger.name: min(self.limits[charger.name], charger.minimum_ma) for charger in self.chargers}
        return self._ripe(at) if self.load is not None else {}

    def _ripe(self, at: Instant) -> Limits:
        limits = {}
        for charger in self.chargers:
            name, goal = charger.name, self._goal[charger.name]
            limit = self.limits[name]
            wait = self._wait(charger, limit, goal)
            if wait is None:
                self._since[name] = None
                continue
            since = self._since[name]
            self._since[name] = at if since is None else since
            if at - (self._since[name] or 0) >= wait:
                limits[name], self._since[name] = goal, None
            elif not goal:
                limits[name] = charger.minimum_ma
        return limits

    def _wait(self, charger: Charger, limit: MilliAmps, goal: MilliAmps) -> int | None:
        """How long to wait before going from a limit to another, None to stay."""
        if goal == limit or (not limit and goal < max(self.back_ma, charger.minimum_ma)):
            return None
        if not limit:
            return self.back_ms
        if not goal:
            return self.hold_ms
        return self.up_ms if goal > limit else 0
