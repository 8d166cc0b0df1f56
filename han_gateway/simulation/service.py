"""How fairly cars were served, and how long they waited: what a night looks like to those who share a fuse.

This file must not know policies, nor the fuse.
"""

from collections.abc import Sequence

from han_gateway.simulation.cars import Car
from han_gateway.simulation.lab import Case, Run, joules, watts_per_amp
from han_gateway.simulation.supply import Second


def fairness(case: Case, run: Run) -> float:
    """Jain's index of what each car got as a share of what it could have taken: 1 is equal shares, 1/n is all for one of n."""
    shares = [_got_as(case, run, each) / could for each in case.cars if (could := could_as(each))]
    squares = sum(share * share for share in shares)
    return sum(shares) ** 2 / (len(shares) * squares) if squares else 1.0


def waits(case: Case, run: Run) -> tuple[Second, ...]:
    """For each visit how long it was until the car drew something; all of the visit if it never did."""
    found = []
    for each in case.cars:
        flowing = [flow.start for flow in run.flows[each.charger.name] if flow.current_ma]
        for visit in each.visits:
            began = next((at for at in flowing if visit.start <= at < visit.end), visit.end)
            found.append(began - visit.start)
    return tuple(found)


def could_as(car: Car) -> float:
    """The charge (ampere seconds on all lines that it uses) that a car could have taken while it was plugged in."""
    full = [car.takes_ma / 1000 * (visit.end - visit.start) for visit in car.visits]
    return sum(
        most if visit.wants_as is None else min(most, visit.wants_as) for most, visit in zip(full, car.visits, strict=True)
    )


def percentile(values: Sequence[Second], percent: int) -> Second:
    """The smallest value that is not exceeded by so many percent of all; 0 if there are none."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)] if ordered else 0


def _got_as(case: Case, run: Run, car: Car) -> float:
    return joules(case, run, car) / watts_per_amp(case, car)
