"""Where a law loses: what each second above the fuse was due to, and why a car did not get what it could have had.

This is for those who improve a law: it names the part of the loop that cost most. This file must not know any law.
"""

from collections import Counter
from enum import Enum
from itertools import pairwise

from han_gateway.core.units import PerLine
from han_gateway.simulation.lab import Case, Run, drawn, unit, watts_per_amp
from han_gateway.simulation.measures import TOUCH
from han_gateway.simulation.meter import Meter
from han_gateway.simulation.supply import Pulse, Second, Supply, add_up

RAISED_S = 30
"""A raise so shortly before an overload is part of it."""
PAUSED_MA = 6_000


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
    NOT_TAKEN = "offered and not taken: waking, ramping, asleep or unheard"


def overloads(case: Case, run: Run) -> Counter[Overload]:
    """Seconds above the fuse that the house alone would not have been above it, by cause."""
    fuse = case.site.root.fuse_ma / 1000 + TOUCH
    alone = list(map(max, *case.supply.magnitudes()))
    total = list(map(max, *case.supply.plus(drawn(case, run)).magnitudes()))
    allowed = list(map(max, *case.supply.plus(offered(case, run)).magnitudes()))
    raises = _raises(run)
    period, delay = _rhythm(case)
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
        name, seconds = each.charger.name, case.supply.seconds
        limits = [(at // 1000, limit) for at, limit in run.limits[name]]
        ours, theirs, told = (_table(trace, seconds) for trace in (run.currents[name], oracle.currents[name], limits))
        joules = Counter[Shortfall]()
        for got, could, limit in zip(ours, theirs, told, strict=True):
            if could > got:
                cause = Shortfall.PAUSED if limit < PAUSED_MA else Shortfall.LOW if limit < could else Shortfall.NOT_TAKEN
                joules[cause] += could - got
        worth = watts_per_amp(case, each) / 1000 / 3600
        for cause, milliamp_seconds in joules.items():
            found[cause] += round(milliamp_seconds * worth)
    return found


def offered(case: Case, run: Run) -> Supply:
    """What the cars would draw if each that draws took its whole offer at once, as a table."""
    pulses = []
    for each in case.cars:
        amps, seconds = unit(case, each), case.supply.seconds
        limits = _table([(at // 1000, limit) for at, limit in run.limits[each.charger.name]], seconds)
        flows = _table(run.currents[each.charger.name], seconds)
        levels = [min(limit, each.takes_ma) if flow else 0 for limit, flow in zip(limits, flows, strict=True)]
        changes = [second for second in range(1, seconds) if levels[second] != levels[second - 1]]
        for start, end in pairwise([0, *changes, seconds]):
            pulses.append(Pulse(start, end, PerLine(*(line * (levels[start] / 1000) for line in amps))))
    return add_up(case.site.grid, case.supply.seconds, pulses)


def _raises(run: Run) -> list[Second]:
    """When limits rose."""
    return [at // 1000 for trace in run.limits.values() for (_, before), (at, after) in pairwise(trace) if after > before]


def _rhythm(case: Case) -> tuple[Second, Second]:
    """How often a list with currents is sent, and how long it travels, in seconds, rounded up."""
    meter = Meter(case.meter)
    period = meter.model.list2_period_ms
    heard = meter.say(period, PerLine(0j, 0j, 0j))
    return period // 1000, -(-(heard.at - period) // 1000)


def _table(trace: list[tuple[Second, int]], seconds: int) -> list[int]:
    """A list of changes as one value a second."""
    values: list[int] = []
    level = 0
    for at, value in [*trace, (seconds, 0)]:
        values += [level] * (min(at, seconds) - len(values))
        level = value
    return values
