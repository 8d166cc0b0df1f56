"""Many houses under many laws, on all processors, and the table that comes of it.

Every law gets the same houses with the same misfortunes. Utilisation is the energy delivered as a share of what the oracle that is one
list late delivers; ``reach`` the same against the oracle that knows this second. This file must not know any law or class.
"""

import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import active_children
from typing import Any

from han_gateway.simulation.classes import case
from han_gateway.simulation.laws import ORACLES, play
from han_gateway.simulation.measures import STEPS, Judge, Measures, total
from han_gateway.simulation.service import percentile

NOW, LATE = ORACLES


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How a law did, beside the oracles."""

    law: str
    measures: Measures
    utilisation: float
    reach: float

    def as_json(self) -> dict[str, Any]:
        """Plain types; seconds, I2t and trips are per day of a house."""
        sums, days, hours = self.measures, self.measures.days, self.measures.hours
        return {
            "law": self.law,
            "houses": sums.houses,
            "utilisation": round(self.utilisation, 4),
            "utilisation_of_now": round(self.reach, 4),
            "delivered_kwh": round(sums.delivered_kwh, 1),
            "above_s_per_day": {f"{step:g}": round(sums.per_day(place), 2) for place, step in enumerate(STEPS)},
            "i2t_per_day": round(sums.i2t / days, 2),
            "edge_trips": sums.edge_trips,
            "typical_trips": sums.typical_trips,
            "edge_heat": round(sums.edge_heat, 3),
            "changes_per_hour": round(sums.changes / hours, 2),
            "pauses_per_hour": round(sums.pauses / hours, 3),
            "unobeyed_s_per_day": round(sums.unobeyed_s / days, 2),
            "fairness": round(sums.fairness / sums.houses, 4),
            "first_charge_p95_s": percentile(sums.waits_s, 95),
        }


def compare(
    name: str, laws: Iterable[str], *, houses: int, days: int, seed: int, workers: int = 1, meter: str | None = None
) -> list[Score]:
    """Let each law, and the oracles, run so many houses of a class. Raises KeyError for a name that is not there.

    With ``meter`` all houses have that one, and every list goes as bytes through the real decoder.
    """
    wanted = tuple(dict.fromkeys((*laws, *ORACLES)))
    run = partial(house, name, wanted, days, seed, meter=meter)
    found = _spread(run, houses, workers) if workers > 1 else list(map(run, range(houses)))
    sums = {law: total(one[law] for one in found) for law in wanted}
    late, now = sums[LATE].delivered_kwh or 1.0, sums[NOW].delivered_kwh or 1.0
    return [
        Score(law=law, measures=each, utilisation=each.delivered_kwh / late, reach=each.delivered_kwh / now)
        for law, each in sums.items()
    ]


def _spread(run: Callable[[int], dict[str, Measures]], houses: int, workers: int) -> list[dict[str, Measures]]:
    """All houses on so many processors. Ctrl-C ends it at once: a worker would finish its house first, and that takes minutes."""
    with ProcessPoolExecutor(workers, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN)) as pool:
        played = [pool.submit(run, number) for number in range(houses)]
        try:
            return [one.result() for one in played]
        except KeyboardInterrupt:
            for worker in active_children():
                worker.terminate()
            raise


def house(name: str, laws: Sequence[str], days: int, seed: int, number: int, *, meter: str | None = None) -> dict[str, Measures]:
    """One house under each law."""
    one = case(name, number, days=days, seed=seed)
    one = replace(one, meter=meter or one.meter)
    judge = Judge(one)
    return {law: judge.measure(play(one, law, faithful=meter is not None)) for law in laws}


def table(scores: Iterable[Score]) -> Iterator[str]:
    """The scores for people. Everything but utilisation and trips is per day or hour of a house.

    Where there are several cars, how fair it was and how long they waited; where some do not obey, what that alone did to the fuse.
    """
    scores = list(scores)
    several = any(score.measures.cars > score.measures.houses for score in scores)
    strays = any(score.measures.unobeyed_s for score in scores)
    yield (
        f"{'law':20}{'utilised':>9}{'of now':>8}{'s>In/d':>9}{'>1.13':>8}{'>1.3':>8}{'>1.45':>7}"
        f"{'trips':>7}{'typical':>8}{'I2t/d':>8}{'changes/h':>10}{'pauses/h':>9}"
        f"{' fair  wait p95' * several}{'  unobeyed' * strays}"
    )
    for score in scores:
        sums = score.measures
        above = [sums.per_day(place) for place in range(len(STEPS))]
        yield (
            f"{score.law:20}{score.utilisation:9.3f}{score.reach:8.3f}{above[0]:9.0f}{above[1]:8.0f}{above[2]:8.1f}{above[3]:7.1f}"
            f"{sums.edge_trips:7}{sums.typical_trips:8}{sums.i2t / sums.days:8.0f}"
            f"{sums.changes / sums.hours:10.1f}{sums.pauses / sums.hours:9.2f}"
            + f"{sums.fairness / sums.houses:5.2f}{percentile(sums.waits_s, 95):8} s" * several
            + f"{sums.unobeyed_s / sums.days:10.0f}" * strays
        )
