"""The closed loop in virtual time: a house, its meter, its cars, and the control law between them.

Everything happens off one agenda, in order of instants. The house is a table of currents; the cars add theirs; the meter measures the
sum; the policy hears the meter and the chargers; what it orders reaches the cars after a while. Nothing is computed for a second in
which nothing happens, which is what makes days pass in moments. This file must not know how a policy decides, nor how runs are judged.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from heapq import heappop, heappush
from typing import NamedTuple

from han_gateway.core.events import CapSaid, Event, Tick
from han_gateway.core.site import Grid, Site
from han_gateway.core.units import LINES, Instant, Line, MilliAmps, PerLine
from han_gateway.simulation.cars import Car
from han_gateway.simulation.house import VOLTS, Draw, car
from han_gateway.simulation.meter import NO_TROUBLE, Meter, Trouble
from han_gateway.simulation.policy import Order, Policy
from han_gateway.simulation.sockets import Socket
from han_gateway.simulation.supply import Pulse, Second, Supply, add_up, phasors

TICK_MS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A house to try a control law on. ``said`` is what somebody sets at run time, in order."""

    name: str
    site: Site
    supply: Supply
    cars: tuple[Car, ...]
    meter: str
    said: tuple[CapSaid, ...] = ()
    trouble: Trouble = NO_TROUBLE
    seed: int = 0


class Flow(NamedTuple):
    """A current that flows on these lines from a second on."""

    start: Second
    current_ma: MilliAmps
    lines: frozenset[Line]


@dataclass(slots=True, kw_only=True)
class Run:
    """What became of a case: every change of a limit (ms), every change of a current (s), and the energy delivered.

    ``lines`` has the lines that a charger was told to use whenever they changed (ms).
    """

    limits: dict[str, list[tuple[Instant, MilliAmps]]] = field(default_factory=dict)
    flows: dict[str, list[Flow]] = field(default_factory=dict)
    lines: dict[str, list[tuple[Instant, frozenset[Line]]]] = field(default_factory=dict)
    delivered_wh: dict[str, float] = field(default_factory=dict)
    pauses: int = 0

    @property
    def currents(self) -> dict[str, list[tuple[Second, MilliAmps]]]:
        """Every change of a current, whatever the lines."""
        return {name: [(flow.start, flow.current_ma) for flow in flows] for name, flows in self.flows.items()}


class Lab:
    """One case and what happens in it. The policy is made by ``make``, which may look at the laboratory."""

    def __init__(self, case: Case, make: Callable[["Lab"], Policy], *, faithful: bool = False) -> None:
        self.case = case
        self.run = Run(limits={each.charger.name: [] for each in case.cars}, flows={each.charger.name: [] for each in case.cars})
        self._end = case.supply.seconds * 1000
        self._now: Instant = 0
        self._agenda: list[tuple[Instant, int, Callable[[Instant], None]]] = []
        self._entries = 0
        self._flowing = [0j, 0j, 0j]
        self._next_tick: Instant = 0
        self._meter = Meter(case.meter, trouble=case.trouble, seed=case.seed, faithful=faithful)
        self.sockets = {each.charger.name: self._socket(each) for each in case.cars}
        for first, period in self._meter.rhythm:
            self._at(first, partial(self._list_due, period))
        for each in self.sockets.values():
            if each.car.report_s:
                self._at(each.car.report_s * 1000, partial(self._report_due, each))
        for said in case.said:
            self._at(said.at, lambda _at, event=said: self._tell(event))  # type: ignore[misc]
        self._policy = make(self)

    def play(self) -> Run:
        """Let it all happen."""
        while self._agenda:
            at = self._agenda[0][0]
            due = max(self._next_tick, -(-self._policy.due_at // TICK_MS) * TICK_MS)
            if min(at, due) >= self._end:
                break
            if due <= at:
                self._next_tick = due + TICK_MS
                self._now = due
                self._tell(Tick(at=due))
            else:
                self._next_tick = max(self._next_tick, (at // TICK_MS + 1) * TICK_MS)
                _, _, happen = heappop(self._agenda)
                self._now = at
                happen(at)
        for name, socket in self.sockets.items():
            socket.settle(self.case.supply.seconds)
            self.run.delivered_wh[name] = joules(self.case, self.run, socket.car) / 3600
        return self.run

    def _at(self, at: Instant, happen: Callable[[Instant], None]) -> None:
        self._entries += 1
        heappush(self._agenda, (at, self._entries, happen))

    def _socket(self, each: Car) -> Socket:
        """A charger with its share of the currents."""
        trace = self.run.flows[each.charger.name]
        level = 0

        def flows(second: Second, change_ma: MilliAmps) -> None:
            nonlocal level
            level += change_ma
            trace.append(Flow(second, level, socket.lines))
            amps = unit(self.case, each, socket.lines)
            self._flowing = [now + line * (change_ma / 1000) for now, line in zip(self._flowing, amps, strict=True)]

        def later(second: Second, happen: Callable[[Second], None]) -> None:
            self._at(second * 1000, lambda at: happen(at // 1000))

        worth = partial(watts_per_amp, self.case, each)
        socket = Socket(each, later, flows, worth)  # a name that ``flows`` looks up when the first current flows
        return socket

    def _list_due(self, period: int, at: Instant) -> None:
        """The meter measures and sends."""
        self._at(at + period, partial(self._list_due, period))
        if period == self._meter.model.list1_period_ms and self._meter.number(at) != 1:
            return  # the list with currents goes instead
        second = at // 1000
        amps = PerLine(*(line[second] + cars for line, cars in zip(self.case.supply.amps, self._flowing, strict=True)))
        heard = self._meter.say(at, amps)
        if heard.event is not None:
            self._at(heard.at, lambda _at, event=heard.event: self._tell(event))  # type: ignore[misc]

    def _report_due(self, socket: Socket, at: Instant) -> None:
        self._at(at + (socket.car.report_s or 0) * 1000, partial(self._report_due, socket))
        if socket.car.hears(at // 1000):
            self._tell(socket.said(at))

    def _tell(self, event: Event) -> None:
        self._carry(self._policy.handle(event))

    def _carry(self, orders: Iterable[Order]) -> None:
        """Bring orders to the chargers: they act in the whole second after the message has arrived."""
        for order in orders:
            trace = self.run.limits[order.charger]
            if not trace or trace[-1][1] != order.limit_ma:
                self.run.pauses += bool(trace and not order.limit_ma)
                trace.append((self._now, order.limit_ma))
            lines = self.run.lines.setdefault(order.charger, [])
            if order.lines and (not lines or lines[-1][1] != order.lines):
                lines.append((self._now, order.lines))
            socket = self.sockets[order.charger]
            valid_s = None if order.valid_ms is None else order.valid_ms // 1000
            arrives = -(-(self._now + socket.car.latency_ms) // 1000) * 1000
            if arrives == self._now:
                socket.told(self._now // 1000, order.limit_ma, valid_s, order.lines)
            else:
                self._at(arrives, partial(_hear, socket, order, valid_s))


def _hear(socket: Socket, order: Order, valid_s: int | None, at: Instant) -> None:
    socket.told(at // 1000, order.limit_ma, valid_s, order.lines)


def flowing(case: Case, run: Run, each: Car) -> Iterator[tuple[Flow, Second]]:
    """Each current of a charger and when it ended."""
    flows = run.flows[each.charger.name]
    return zip(flows, [*(flow.start for flow in flows[1:]), case.supply.seconds], strict=False)


def joules(case: Case, run: Run, each: Car) -> float:
    """The energy that a car got."""
    return sum(
        flow.current_ma / 1000 * watts_per_amp(case, each, flow.lines) * (end - flow.start)
        for flow, end in flowing(case, run, each)
    )


def unit(case: Case, each: Car, lines: frozenset[Line] | None = None) -> PerLine[complex]:
    """The line currents of one ampere of a car, in each line that it uses, or in each of these."""
    draws = _draws(case.site.grid, lines or each.loads)
    return PerLine(*(sum(amps, 0j) for amps in zip(*(phasors(case.site.grid, draw) for draw in draws), strict=True)))


def watts_per_amp(case: Case, each: Car, lines: frozenset[Line] | None = None) -> float:
    """What an ampere in each line that a car uses, or in each of these, is worth."""
    return sum(draw.watts for draw in _draws(case.site.grid, lines or each.loads))


def _draws(grid: Grid, lines: frozenset[Line]) -> list[Draw]:
    """One ampere in each of these lines. On four wires a car of two phases is two loads, each with the neutral."""
    parts = [lines] if grid.three_wire or len(lines) != 2 else [frozenset({line}) for line in LINES if line in lines]
    return [car(grid, VOLTS, part, 1000) for part in parts]


def drawn(case: Case, run: Run, *, unobeyed: bool = False) -> Supply:
    """What the cars drew, as a table, or only what they drew while they did not obey."""
    pulses = []
    for each in case.cars:
        spells = (*each.deaf, *each.offline) if unobeyed else ((0, case.supply.seconds),)
        for flow, end in flowing(case, run, each):
            amps = PerLine(*(line * (flow.current_ma / 1000) for line in unit(case, each, flow.lines)))
            pulses += [Pulse(max(flow.start, first), min(end, last), amps) for first, last in spells if flow.current_ma]
    return add_up(case.site.grid, case.supply.seconds, pulses)
