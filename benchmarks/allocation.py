"""How long it takes to share the room out, for 1 to 30 chargers, on random sites.

A site is one main fuse, and with ten chargers or more a fuse below it for each six; every call has a room and wants of its own. Told is
the processor's time of one call, median and 99th percentile, with the tree known, as it is in a house after the first list. Before the
watch runs, what every call gives is compared with one step at a time.

    python -m benchmarks.allocation [--calls 2000] [--seed 1]
"""

import argparse
import random
from collections.abc import Iterator, Sequence
from statistics import quantiles
from time import thread_time_ns

from benchmarks.machine import machine
from han_gateway.core.allocation import Room, Want, allocate
from han_gateway.core.site import Circuit, Grid, Site
from han_gateway.core.units import LINES, PerLine
from tests.core.houses import random_charger
from tests.core.sharing import Sharing, one_step

FUSE_MA = {1: 25_000, 3: 25_000, 10: 63_000, 30: 63_000}
CALLS_PER_SITE = 50


def site(rng: random.Random, count: int, fuse_ma: int) -> Site:
    """A house with so many chargers."""
    chargers = [random_charger(rng, f"c{number}") for number in range(count)]
    rows = [
        Circuit(name=f"row{place}", fuse_ma=rng.choice((32_000, 63_000)), parts=tuple(chargers[place : place + 6]))
        for place in range(0, count, 6)
    ]
    parts = tuple(rows) if count >= 10 else tuple(chargers)
    return Site(name="home", grid=Grid.TN, root=Circuit(name="main", fuse_ma=fuse_ma, parts=parts))


def cases(rng: random.Random, count: int, calls: int, fuse_ma: int) -> Iterator[Sharing]:
    """So many calls, on a new site every now and then."""
    house = site(rng, count, fuse_ma)
    for number in range(calls):
        if number % CALLS_PER_SITE == 0:
            house = site(rng, count, fuse_ma)
        room = PerLine(*(rng.randint(0, fuse_ma) for _ in LINES))
        wants = [
            Want(charger=each, lines=each.lines, ceiling_ma=rng.choice((each.maximum_ma, each.maximum_ma, 10_000)))
            for each in house.chargers
        ]
        yield Sharing(house, Room(room, rng.choice((None, 2 * fuse_ma))), tuple(wants))


def timed(case: Sharing) -> float:
    """Microseconds of one call; refuses to time what is not right."""
    limits = {grant.charger: grant.limit_ma for grant in allocate(*case)}
    if limits != one_step(case):
        raise SystemExit("not what one step at a time would give, so its speed says nothing")
    begin = thread_time_ns()
    allocate(*case)
    return (thread_time_ns() - begin) / 1000


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description="time to share the room out")
    parser.add_argument("--calls", type=int, default=2000, help="for each number of chargers")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    print(machine())
    print(f"us of CPU for one call, {options.calls} calls on random sites, seed {options.seed}")
    print(f"{'chargers':>8} {'fuse':>6} {'p50':>8} {'p99':>8}")
    for count, fuse_ma in [*FUSE_MA.items(), (30, 250_000)]:
        rng = random.Random(f"{options.seed}/{count}/{fuse_ma}")
        spent = [timed(case) for case in cases(rng, count, options.calls, fuse_ma)]
        print(
            f"{count:8} {fuse_ma // 1000:4} A {quantiles(spent, n=100)[49]:8.0f} {quantiles(spent, n=100)[98]:8.0f}", flush=True
        )


if __name__ == "__main__":
    main()
