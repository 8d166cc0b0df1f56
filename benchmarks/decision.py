"""How long the controller takes to answer: one event of a simulated day, for 1 to 30 chargers.

A random house of a class is played for some hours with our law, and each call of ``step`` is timed by the processor's own clock: lists with
currents, on which limits change, lists with power alone, and reports. Each play of a house is the same to the bit, so what a step takes in the
quickest of its plays is what the law needs, and the rest is what else the machine was doing to caches and clocks. Told are the median and the 99th
percentile of that, and beside them those of all plays as they were, with the worst.

    python -m benchmarks.decision [--hours 6] [--seed 1] [--plays 3]
"""

import argparse
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain
from statistics import quantiles
from time import thread_time_ns

from benchmarks.machine import machine
from han_gateway.core.events import ChargerSaid, Event, MeterSaid
from han_gateway.simulation.classes import case
from han_gateway.simulation.lab import Lab
from han_gateway.simulation.policy import Gateway, Order
from han_gateway.simulation.supply import Supply

CLASSES = ("tn-one", "it-one", "tn-three", "ten", "thirty")


class Timed(Gateway):
    """Our law with a watch."""

    times: defaultdict[str, list[float]]

    def handle(self, event: Event) -> Iterable[Order]:
        """One step, timed in microseconds."""
        begin = thread_time_ns()
        orders = super().handle(event)
        self.times[_kind(event)].append((thread_time_ns() - begin) / 1000)
        return orders


def _kind(event: Event) -> str:
    if isinstance(event, MeterSaid):
        return "list with power only" if event.reading.current_ma == (None, None, None) else "list with currents"
    return "report" if isinstance(event, ChargerSaid) else "tick"


def played(name: str, hours: int, seed: int) -> dict[str, list[float]]:
    """Microseconds of every step by kind of event, in the first hours of a house, in the order of its events."""
    house = case(name, 0, days=1, seed=seed)
    amps = type(house.supply.amps)(*(line[: hours * 3600] for line in house.supply.amps))
    found: defaultdict[str, list[float]] = defaultdict(list)

    def watched(lab: Lab) -> Timed:
        policy = Timed(lab.case.site)
        policy.times = found
        return policy

    Lab(replace(house, supply=Supply(grid=house.supply.grid, amps=amps)), watched).play()
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Time and tell."""
    parser = argparse.ArgumentParser(description="the time of a decision")
    parser.add_argument("--hours", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plays", type=int, default=3)
    options = parser.parse_args(arguments)
    print(machine())
    for name in CLASSES:
        plays = [played(name, options.hours, options.seed) for _ in range(options.plays)]
        for kind in sorted(plays[0]):
            steps = list(zip(*(play[kind] for play in plays), strict=True))
            needed, all_of_them = _percentiles(min(step) for step in steps), _percentiles(chain.from_iterable(steps))
            worst = max(map(max, steps))
            print(
                f"{name:9} {kind:21} {needed}   as played: {all_of_them}   worst {worst:6.0f} us   ({len(steps)} events)",
                flush=True,
            )


def _percentiles(figures: Iterable[float]) -> str:
    cuts = quantiles(figures, n=100)
    return f"p50 {cuts[49]:5.0f} us p99 {cuts[98]:5.0f} us"


if __name__ == "__main__":
    main()
