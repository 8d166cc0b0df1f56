"""The oracle with real cars: what no law without foresight can avoid, and how much less it would be with some.

It knows the true currents of this very second, their angles, what each car draws, is about to draw by what it has heard, and would draw
at any limit; it decides every second. What it cannot do is make cars faster: its orders take their way and cars take their time. So it
is above the fuse only from the second in which the house steps up beyond the room that was left until the cars have followed. In this
sense it is a bound: who leaves as little room as it does, and does not know what the house will do, cannot be above for less. A law may
leave more room, and pays with utilisation; so the oracle comes as a family, by two plain ways of leaving room. *Patience* raises no further
than what was there throughout the last seconds, *reserve* always keeps some amperes free. The family draws a front of utilisation
against overload. Cleverer ways to wait (patience that learns, a reserve kept for raises only) were tried and end up on the same front; a
law beyond it would have to know the habits of the house.

One member *foresees* the house for as long as the slowest car takes to follow: what it still is above the fuse is the chargers' doing.
Others *hear* the house as a gateway does, by lists with currents, and still know to the ampere what each car draws: what these are above
the fuse more than the family is the price of ten seconds between two lists.
All keep the rules: whole steps, nothing between nothing and the minimum, max-min fair shares. Nobody raises before others have made room.
This file must not be mistaken for a control law.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from han_gateway.core.allocation import highest_ma, lowest_ma
from han_gateway.core.events import Event, Tick
from han_gateway.core.units import LINES, Instant, MilliAmps, PerLine
from han_gateway.simulation.lab import Case, Lab
from han_gateway.simulation.meter import Meter
from han_gateway.simulation.oracle import room_ma, turns
from han_gateway.simulation.policy import Order
from han_gateway.simulation.sockets import Socket
from han_gateway.simulation.supply import Second

WAY_S = 1
"""An order arrives within a second, at the next whole one."""


class Manner(NamedTuple):
    """How a member of the family leaves room: seconds of patience, reserve, and whether it sees what comes or hears only what lists say."""

    patience_s: Second = 0
    reserve_ma: MilliAmps = 0
    foresees: bool = False
    hears: bool = False


Room = Sequence[MilliAmps]
"""By line."""
Limits = Mapping[str, MilliAmps]


class Bound:
    """Cuts to the room of now, or of what is to come; raises to the least room of its patience."""

    def __init__(self, lab: Lab, manner: Manner) -> None:
        self._lab = lab
        cars = lab.case.cars
        ahead = WAY_S + max((max(each.down_s, each.up_s) for each in cars), default=0) if manner.foresees else 0
        rooms = room(lab.case, manner.reserve_ma)
        if manner.hears:
            period_s, delay_s = Meter(lab.case.meter).currents
            rooms = PerLine(*(heard(line, period_s, delay_s) for line in rooms))
        self._cuts = [least(line, 0, ahead) for line in rooms]
        self._raises = [least(line, manner.patience_s, ahead) for line in rooms]
        self._sockets = list(lab.sockets.items())
        self._lines = {each.charger.name: [line.index for line in LINES if line in each.loads] for each in cars}
        self._limits: dict[str, MilliAmps] = {each.charger.name: 0 for each in cars}
        self._unruly = [each.charger.name for each in cars if each.deaf or each.offline]
        self._fills: dict[tuple[object, ...], Limits] = {}
        self._wakes: Instant = 0

    @property
    def due_at(self) -> Instant:
        """Every second."""
        return self._wakes

    def handle(self, event: Event) -> Iterable[Order]:
        """Look at the world; what meters and chargers say is no news."""
        if not isinstance(event, Tick):
            return ()
        self._wakes = event.at + 1_000
        second = event.at // 1000
        strays = [name for name in self._unruly if not self._lab.sockets[name].car.obeys(second)]
        most = {name: self._most(name, socket, name in strays) for name, socket in self._sockets}
        wants = tuple(0 if name in strays else socket.takes_at(socket.car.charger.maximum_ma) for name, socket in self._sockets)
        now = self._fill(self._without(strays, most, [line[second] for line in self._cuts]), wants)
        later = [line[second] for line in self._raises]
        calm = self._fill(self._without(strays, most, list(later)), wants)
        for name, socket in self._sockets:
            if name in strays:
                continue
            self._limits[name] = min(self._limits[name], now[name])
            if calm[name] > self._limits[name]:
                self._limits[name] = self._raised(socket, calm[name], later, most)
                most[name] = max(most[name], socket.takes_at(self._limits[name]))
        return [Order(name, limit) for name, limit in self._limits.items() if self._lab.sockets[name].limit_ma != limit]

    def _most(self, name: str, socket: Socket, strays: bool) -> MilliAmps:
        """The most that a car may come to draw by all that was said to it until now, arrived or not."""
        most = socket.most_ma()
        return most if strays else max(most, socket.takes_at(self._limits[name]))

    def _without(self, names: Iterable[str], most: Limits, left: list[MilliAmps]) -> list[MilliAmps]:
        """What is left of a room beside some chargers."""
        for name in names:
            for line in self._lines[name]:
                left[line] -= most[name]
        return left

    def _raised(self, socket: Socket, goal: MilliAmps, later: Room, most: Limits) -> MilliAmps:
        """As far towards the goal as the others have made room."""
        charger = socket.car.charger
        left = self._without((name for name in self._lines if name != charger.name), most, list(later))
        free = min(left[line] for line in self._lines[charger.name])
        limits = range(goal, max(lowest_ma(charger), self._limits[charger.name] + 1) - 1, -charger.step_ma)
        return next((limit for limit in limits if socket.takes_at(limit) <= free), self._limits[charger.name])

    def _fill(self, left: list[MilliAmps], wants: tuple[MilliAmps, ...]) -> Limits:
        """Fair shares of a room, counted in what cars would really draw. Who charges is let in before who does not."""
        charging = tuple(bool(limit) for limit in self._limits.values())
        key = (*left, *wants, *charging)
        if key not in self._fills:
            ordered = sorted(zip(self._sockets, wants, charging, strict=True), key=lambda each: not each[2])
            self._fills[key] = self._shares(left, [socket for (_, socket), want, _ in ordered if want])
        return self._fills[key]

    def _shares(self, left: list[MilliAmps], hungry: Iterable[Socket]) -> Limits:
        """Minimums first, then a step at a time to whoever has least."""
        limits = dict.fromkeys(self._limits, 0)
        heap = []
        for order, socket in enumerate(hungry):
            lowest = lowest_ma(socket.car.charger)
            if self._take(left, socket, 0, lowest):
                limits[socket.car.charger.name] = lowest
                heap.append((lowest, order, socket))
        heapify(heap)
        while heap:
            limit, order, socket = heappop(heap)
            higher = limit + socket.car.charger.step_ma
            wanted = higher <= highest_ma(socket.car.charger) and limit < socket.wants_ma()
            if wanted and self._take(left, socket, limit, higher):
                limits[socket.car.charger.name] = higher
                heappush(heap, (higher, order, socket))
        return limits

    def _take(self, left: list[MilliAmps], socket: Socket, limit: MilliAmps, higher: MilliAmps) -> bool:
        """Take what one limit draws more than another, if it is there on each line."""
        more = socket.takes_at(higher) - socket.takes_at(limit)
        lines = self._lines[socket.car.charger.name]
        fits = all(left[line] >= more for line in lines)
        if fits:
            for line in lines:
                left[line] -= more
        return fits


def room(case: Case, reserve_ma: MilliAmps = 0) -> PerLine[list[MilliAmps]]:
    """How much current of cars brings each line exactly to its fuse, for every second; export makes room.

    Exact on four wires, where each car loads its lines along their voltage, and for one car alone on three.
    """
    fuse = case.site.root.fuse_ma / 1000
    lines = zip(case.supply.amps, turns(case), strict=True)
    return PerLine(*([room_ma(fuse, current * turn) - reserve_ma for current in line] for line, turn in lines))


def heard(values: Sequence[MilliAmps], period_s: Second, delay_s: Second) -> list[MilliAmps]:
    """What is known of them at each second: the value in the last list that has arrived, and the first of all before that."""
    return [values[max(0, (second - delay_s) // period_s * period_s)] for second in range(len(values))]


def least(values: Sequence[MilliAmps], behind: Second, ahead: Second) -> list[MilliAmps]:
    """The least of so many seconds before and after each."""
    found: list[MilliAmps] = []
    falling: deque[Second] = deque()
    for second in range(len(values) + ahead):
        if second < len(values):
            while falling and values[falling[-1]] >= values[second]:
                falling.pop()
            falling.append(second)
        if second >= ahead:
            while falling[0] < second - ahead - behind:
                falling.popleft()
            found.append(values[falling[0]])
    return found
