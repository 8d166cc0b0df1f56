"""Where a law loses: what each second above the fuse was due to, and why a car did not get what it could have had.

This is for those who improve a law: it names the part of the loop that cost most. This file must not know any law.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from enum import Enum
from itertools import pairwise
from typing import NamedTuple, TypeVar

from han_gateway.core.units import Line, MilliAmps, PerLine
from han_gateway.simulation.cars import Car
from han_gateway.simulation.lab import Case, Run, drawn, unit, watts_per_amp
from han_gateway.simulation.measures import TOUCH
from han_gateway.simulation.meter import Meter
from han_gateway.simulation.supply import Pulse, Second, Supply, add_up

RAISED_S = 30
"""A raise so shortly before an overload is part of it."""
PAUSED_MA = 6_000
NO_LINES = frozenset[Line]()
T = TypeVar("T")


class Overload(Enum):
    """What a second above the fuse was due to."""

    UNHEARD = "the house stepped up, no list with currents heard since"
    RAISED = "the same, within 30 s of a raise"
    FOLLOWING = "cut far enough, the car is still following"
    UNCUT = "heard, and not cut far enough"


class Shortfall(Enum):
    """Why a car drew less than the oracle would have given it."""

    PAUSED = "paused while its minimum was there"
    LOW = "its limit was lower than what was there"
    NARROW = "on fewer lines than it could use"
    NOT_TAKEN = "offered and not taken: waking, ramping, asleep or unheard"


def overloads(case: Case, run: Run) -> Counter[Overload]:
    """Seconds above the fuse that the house alone would not have been above it, by cause."""
    fuse = case.site.root.fuse_ma / 1000 + TOUCH
    alone = list(map(max, *case.supply.magnitudes()))
    total = list(map(max, *case.supply.plus(drawn(case, run)).magnitudes()))
    allowed = list(map(max, *case.supply.plus(offered(case, run)).magnitudes()))
    raises = _raises(run)
    period, delay = Meter(case.meter).currents
    found: Counter[Overload] = Counter()
    began = -1
    for second, current in enumerate(total):
        if current <= fuse:
            began = -1
            continue
        began = second if began < 0 else began
        if alone[second] > fuse:
            continue
        next_list = -(-began // period) * period + delay
        if allowed[second] <= fuse:
            found[Overload.FOLLOWING] += 1
        elif second >= next_list:
            found[Overload.UNCUT] += 1
        else:
            found[Overload.RAISED if any(began - RAISED_S <= at <= began for at in raises) else Overload.UNHEARD] += 1
    return found


def shortfalls(case: Case, run: Run, oracle: Run) -> Counter[Shortfall]:
    """Energy (Wh) that the oracle delivered at a time when this run did not, by cause. What was made up for later counts, too."""
    found: Counter[Shortfall] = Counter()
    for each in case.cars:
        ours, theirs = (_powers(case, either, each) for either in (run, oracle))
        joules: defaultdict[Shortfall, float] = defaultdict(float)
        for got, could, limit in zip(ours, theirs, _limits(case, run, each), strict=True):
            if could.watts > got.watts:
                joules[_cause(got, could, limit)] += could.watts - got.watts
        found.update({cause: round(missed / 3600) for cause, missed in joules.items()})
    return found


def offered(case: Case, run: Run) -> Supply:
    """What the cars would draw if each that draws took its whole offer at once, as a table."""
    pulses = []
    seconds = case.supply.seconds
    for each in case.cars:
        flows = ((flow.start, flow.lines if flow.current_ma else NO_LINES) for flow in run.flows[each.charger.name])
        offers = list(zip(_limits(case, run, each), _table(flows, seconds, NO_LINES), strict=True))
        changes = [second for second in range(1, seconds) if offers[second] != offers[second - 1]]
        for start, end in pairwise([0, *changes, seconds]):
            limit, lines = offers[start]
            if lines:
                level = min(limit, each.takes_ma) / 1000
                pulses.append(Pulse(start, end, PerLine(*(line * level for line in unit(case, each, lines)))))
    return add_up(case.site.grid, seconds, pulses)


class _Power(NamedTuple):
    """What a car draws: the current in each line that it uses, and what that is worth."""

    current_ma: MilliAmps
    watts: float


def _powers(case: Case, run: Run, each: Car) -> list[_Power]:
    """What a car draws, second by second."""
    powers = (
        (flow.start, _Power(flow.current_ma, flow.current_ma / 1000 * watts_per_amp(case, each, flow.lines)))
        for flow in run.flows[each.charger.name]
    )
    return _table(powers, case.supply.seconds, _Power(0, 0.0))


def _limits(case: Case, run: Run, each: Car) -> list[MilliAmps]:
    """What a charger is told, second by second."""
    return _table(((at // 1000, limit) for at, limit in run.limits[each.charger.name]), case.supply.seconds, 0)


def _cause(got: _Power, could: _Power, limit: MilliAmps) -> Shortfall:
    """Why it drew less. A current no lower than the oracle's that is worth less flows in fewer lines."""
    if limit < PAUSED_MA:
        return Shortfall.PAUSED
    if limit < could.current_ma:
        return Shortfall.LOW
    return Shortfall.NARROW if got.current_ma >= could.current_ma else Shortfall.NOT_TAKEN


def _raises(run: Run) -> list[Second]:
    """When limits rose."""
    return [at // 1000 for trace in run.limits.values() for (_, before), (at, after) in pairwise(trace) if after > before]


def _table(trace: Iterable[tuple[Second, T]], seconds: Second, nothing: T) -> list[T]:
    """A list of changes as one value a second."""
    values: list[T] = []
    level = nothing
    for at, value in [*trace, (seconds, nothing)]:
        values += [level] * (min(at, seconds) - len(values))
        level = value
    return values
