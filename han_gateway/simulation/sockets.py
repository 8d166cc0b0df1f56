"""A charge as it goes: what a charger and its car draw, second by second, and what the charger says of it.

Currents flow in whole seconds. It keeps the manners of IEC 61851-1: below the minimum it pauses, and it may always take less than it is
offered. When a limit has expired and nobody repeated it, or the connection is gone for long, the charger falls back to its own failsafe.
This file must not know the house, nor who decides the limits.
"""

from collections.abc import Callable

from han_gateway.core.events import ChargerSaid, ChargerStatus
from han_gateway.core.units import LINES, Instant, Line, MilliAmps, PerLine
from han_gateway.simulation.cars import Car, Visit
from han_gateway.simulation.misconduct import ALONE_S, within
from han_gateway.simulation.supply import Second

TAPER = 0.85
"""The share of a charge at which a car begins to take less, down to its minimum when it is full."""
NAP_S = 3_600
LOOK_S = 120
"""How often a tapering car looks at its battery."""

Later = Callable[[Second, Callable[[Second], None]], None]
"""Asks to be called at a second to come."""
Worth = Callable[[frozenset[Line]], float]
"""What an ampere in each of these lines is worth, on any scale: how much faster a car fills on three than on one."""


class Socket:
    """A charge as it goes. ``flows`` is told every change of the current: when, and by how many mA."""

    def __init__(self, car: Car, later: Later, flows: Callable[[Second, MilliAmps], None], worth: Worth = len) -> None:
        self.car = car
        self.limit_ma = car.charger.minimum_ma if car.failsafe_ma is None else car.failsafe_ma
        self.current_ma = 0
        self.lines = car.loads
        self.offered = car.charger.lines
        self.charged_as = 0.0
        self.pauses = 0
        self.visit: Visit | None = None
        self._later = later
        self._flows = flows
        self._worth = worth
        self._since = 0
        self._expires: Second | None = None
        self._orders = 0
        self._pending: dict[int, tuple[Second, MilliAmps]] = {}
        self._wakes_at: Second | None = None
        self._standing: tuple[MilliAmps, frozenset[Line] | None] | None = None
        self._then_ma = 0
        for start, end in car.offline:
            later(start + ALONE_S, self._alone)
            later(end, self._back)
        for _, end in car.deaf:
            later(end, self._follow)
        for lie in car.lies:
            later(lie.start, self._lie)
        for visit in car.visits:
            later(visit.start, self._arrive)
            later(visit.end, self._leave)

    def told(self, second: Second, limit_ma: MilliAmps, valid_s: int | None, lines: frozenset[Line] | None = None) -> None:
        """A limit arrives. None as its validity is a limit that never expires; it is found again by who was away.

        Other lines are used as soon as nothing flows.
        """
        self._standing = (limit_ma, lines) if valid_s is None else None
        if not self.car.hears(second):
            return
        self.offered = lines or self.offered
        if valid_s is not None:
            if self._expires is None:
                self._later(second + valid_s, self._expire)
            self._expires = second + valid_s
        if limit_ma != self.limit_ma:
            self.limit_ma = limit_ma
            self._follow(second)

    def said(self, at: Instant) -> ChargerSaid:
        """What the charger reports of itself."""
        lie = next((lie for lie in self.car.lies if lie.start <= at // 1000 < lie.end), None)
        current = self.current_ma if lie is None else lie.told(self.current_ma, self._then_ma)
        amps = (current if line in self.lines else 0 for line in LINES)
        return ChargerSaid(at=at, charger=self.car.charger.name, current_ma=PerLine(*amps), status=self._status())

    def wants_ma(self) -> MilliAmps:
        """The largest offer that this car would make use of now; 0 when there is none, or it is full."""
        if self.visit is None or self._full():
            return 0
        return self._appetite() + self.car.shy_ma

    def takes_at(self, limit_ma: MilliAmps) -> MilliAmps:
        """What the car would draw at a limit, had it followed."""
        asleep = self.car.naps_after is not None and self.pauses >= self.car.naps_after
        if self.visit is None or asleep or self._full() or limit_ma < self.car.charger.minimum_ma:
            return 0
        return max(self.car.charger.minimum_ma, min(self._appetite(), limit_ma - self.car.shy_ma))

    def most_ma(self) -> MilliAmps:
        """The most that it draws now or is on its way to draw, by all that it has heard."""
        if not self._pending:
            return self.current_ma
        return max(self.current_ma, *(self.takes_at(limit) for _, limit in self._pending.values()))

    def settle(self, second: Second) -> None:
        """Count what has flowed until now."""
        share = self._worth(self.lines) / self._worth(self.car.loads)
        self.charged_as += self.current_ma / 1000 * (second - self._since) * share
        self._since = second

    def _status(self) -> ChargerStatus:
        if self.visit is None:
            return ChargerStatus.IDLE
        if self.current_ma:
            return ChargerStatus.CHARGING
        return ChargerStatus.FULL if self._full() else ChargerStatus.CONNECTED

    def _full(self) -> bool:
        return self.visit is not None and self.visit.wants_as is not None and self.charged_as >= self.visit.wants_as

    def _appetite(self) -> MilliAmps:
        """What the car can take: less and less towards the end of its charge."""
        full, minimum = self.car.takes_ma, self.car.charger.minimum_ma
        if self.visit is None or not self.visit.wants_as:
            return full
        left = max(0.0, 1 - self.charged_as / self.visit.wants_as) / (1 - TAPER)
        return full if left >= 1 else max(minimum, round(full * left))

    def _follow(self, second: Second) -> None:
        """The car goes where the limit leads, after its time. What was ordered earlier and is due no sooner is void."""
        if self.current_ma and within(self.car.deaf, second):
            return
        due = self._due(second, self.takes_at(self.limit_ma))
        self._orders += 1
        order = self._orders
        self._pending = {each: (then, limit) for each, (then, limit) in self._pending.items() if then < due}
        self._pending[order] = (due, self.limit_ma)

        def act(then: Second) -> None:
            if order in self._pending:
                _, limit = self._pending.pop(order)
                target = self.takes_at(limit)
                self._wakes_at = None
                if self.current_ma and not target and self.visit and not self._full():
                    self._paused(then)
                self._flow(then, target)

        self._later(due, act)

    def _due(self, second: Second, target: MilliAmps) -> Second:
        """When it obeys. A car that is still waking wakes when it would have, to the limit that it has heard in time by then."""
        if self.current_ma or not target:
            return second + (self.car.down_s if target < self.current_ma or not target else self.car.up_s)
        if self._wakes_at is None:
            self._wakes_at = second + self.car.wake_s
            return self._wakes_at
        return max(self._wakes_at, second + (self.car.down_s if target < self.most_ma() else self.car.up_s))

    def _paused(self, second: Second) -> None:
        """One pause more; enough of them make some cars fall asleep."""
        self.pauses += 1
        if self.pauses == self.car.naps_after:
            self._later(second + NAP_S, self._wake)

    def _wake(self, second: Second) -> None:
        self.pauses = 0
        self._follow(second)

    def _flow(self, second: Second, current_ma: MilliAmps) -> None:
        self.settle(second)
        if current_ma != self.current_ma:
            if not self.current_ma:
                self.lines = self.car.loads_of(self.offered)
            self._flows(second, current_ma - self.current_ma)
            self.current_ma = current_ma

    def _look(self, second: Second) -> None:
        """Look at the battery: taper, and stop when it is full."""
        if self.visit is None or self.visit.wants_as is None:
            return
        self.settle(second)
        self._flow(second, min(self.current_ma, self.takes_at(self.limit_ma)))
        if not self._full():
            self._later(second + LOOK_S, self._look)

    def _arrive(self, second: Second) -> None:
        self.settle(second)
        self.visit = next(visit for visit in self.car.visits if visit.start == second)
        self.charged_as, self.pauses = 0.0, 0
        self._follow(second)
        self._look(second)

    def _leave(self, second: Second) -> None:
        if self.visit is not None and self.visit.end == second:
            self._pending.clear()
            self._wakes_at = None
            self._flow(second, 0)
            self.visit = None

    def _expire(self, second: Second) -> None:
        """The last limit is no longer valid, unless somebody has repeated it since."""
        if self._expires is not None and second < self._expires:
            self._later(self._expires, self._expire)
            return
        self._expires = None
        self._fend_for_itself(second)

    def _fend_for_itself(self, second: Second) -> None:
        if self.car.failsafe_ma is not None and self.limit_ma != self.car.failsafe_ma:
            self.limit_ma = self.car.failsafe_ma
            self._follow(second)

    def _alone(self, second: Second) -> None:
        """It has been without a connection for long."""
        if not self.car.hears(second):
            self._fend_for_itself(second)

    def _back(self, second: Second) -> None:
        """It is connected again, and asks for the limit that stands."""
        if self._standing is not None:
            limit_ma, lines = self._standing
            self.told(second, limit_ma, None, lines)

    def _lie(self, _second: Second) -> None:
        self._then_ma = self.current_ma
