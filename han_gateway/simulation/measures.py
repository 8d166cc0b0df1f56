"""How well a house fared under a control law: safety, service and wear, in numbers that can be added up over houses.

Safety figures are net of the house alone: what the house would have done to its fuse without any car is nobody's fault here. This file
must not know policies.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from itertools import chain

from han_gateway.simulation.fuse import MCB_EDGE, MCB_NOMINAL
from han_gateway.simulation.lab import Case, Run, drawn
from han_gateway.simulation.service import fairness, waits
from han_gateway.simulation.supply import Supply

DAY_S = 86_400
STEPS = (1.0, 1.13, 1.3, 1.45)
"""The overloads that are counted, in units of the fuse: it never trips below 1.13, it must trip at 1.45 (IEC 60898-1)."""
TOUCH = 1e-9
"""A current of exactly the fuse is not above it, whatever the last bit says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """Sums over ``days`` of ``houses``. ``above_s`` follows ``STEPS``; ``i2t`` is the sum of (I/In)^2 - 1 above 1, in seconds.

    ``edge_heat`` is the most heat that the worst-case breaker held, as a share of what trips it. ``unobeyed_s`` are the seconds above the
    fuse that the house and those chargers make alone that do not obey at that moment: nobody could have prevented them. ``fairness`` is
    Jain's index, summed over houses; ``waits_s`` has the wait of each visit for its first current.
    """

    houses: int
    days: float
    above_s: tuple[float, ...]
    i2t: float
    edge_trips: int
    typical_trips: int
    edge_heat: float
    delivered_kwh: float
    changes: int
    pauses: int
    unobeyed_s: float = 0.0
    cars: int = 1
    fairness: float = 1.0
    waits_s: tuple[int, ...] = ()

    @property
    def hours(self) -> float:
        """Hours of houses."""
        return self.days * 24

    def per_day(self, place: int) -> float:
        """Seconds a day above ``STEPS[place]``."""
        return self.above_s[place] / self.days


class Judge:
    """Knows what the house alone does to its fuse, and judges runs against it."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._alone = _Stress(case, case.supply)

    def measure(self, run: Run) -> Measures:
        """Judge one run."""
        case, alone, both = self._case, self._alone, _Stress(self._case, self._case.supply.plus(drawn(self._case, run)))
        return Measures(
            houses=1,
            days=case.supply.seconds / DAY_S,
            above_s=tuple(with_cars - without for with_cars, without in zip(both.above_s, alone.above_s, strict=True)),
            i2t=both.i2t - alone.i2t,
            edge_trips=max(0, both.edge_trips - alone.edge_trips),
            typical_trips=max(0, both.typical_trips - alone.typical_trips),
            edge_heat=both.edge_heat,
            delivered_kwh=sum(run.delivered_wh.values()) / 1000,
            changes=sum(len(trace) - 1 for trace in run.limits.values() if trace),
            pauses=run.pauses,
            unobeyed_s=self._unobeyed_s(run),
            cars=len(case.cars),
            fairness=fairness(case, run),
            waits_s=waits(case, run),
        )

    def _unobeyed_s(self, run: Run) -> float:
        case = self._case
        if not any(each.deaf or each.offline for each in case.cars):
            return 0.0
        fuse_a = case.site.root.fuse_ma / 1000 + TOUCH
        worst = map(max, *case.supply.plus(drawn(case, run, unobeyed=True)).magnitudes())
        return float(sum(current > fuse_a for current in worst) - self._alone.above_s[0])


def total(parts: Iterable[Measures]) -> Measures:
    """Add houses up; of heat the most counts. Raises ValueError for none."""
    several = tuple(parts)
    if not several:
        raise ValueError("no house was measured")
    plain = [one.name for one in fields(Measures) if one.name not in ("above_s", "edge_heat", "waits_s")]
    sums = {name: sum(getattr(part, name) for part in several) for name in plain}
    above = tuple(sum(values) for values in zip(*(part.above_s for part in several), strict=True))
    every_wait = tuple(chain.from_iterable(part.waits_s for part in several))
    return Measures(above_s=above, edge_heat=max(part.edge_heat for part in several), waits_s=every_wait, **sums)


class _Stress:
    """What the fuse goes through, the worst of its lines at each second."""

    def __init__(self, case: Case, supply: Supply) -> None:
        fuse_a = case.site.root.fuse_ma / 1000
        lines = [[amps / fuse_a for amps in line] for line in supply.magnitudes()]
        over = [worst for worst in map(max, *lines) if worst > 1 + TOUCH]
        edge = [MCB_EDGE.stress(line) for line in lines]
        self.above_s = tuple(float(sum(worst > step + TOUCH for worst in over)) for step in STEPS)
        self.i2t = sum(worst * worst - 1 for worst in over)
        self.edge_trips = sum(trips for trips, _ in edge)
        self.edge_heat = max(heat for _, heat in edge)
        # What trips the typical breaker has tripped the worst of all before.
        self.typical_trips = sum(MCB_NOMINAL.stress(line)[0] for line in lines) if self.edge_trips else 0
