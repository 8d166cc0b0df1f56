"""The classes of houses on which control laws are judged: which net, which meter, how many chargers, and what is wrong with them.

A case is a function of class, seed and number. Laws are tuned on ``TUNING_SEED`` and judged on others. This file must not know laws.
"""

import random
from dataclasses import dataclass, replace

from han_gateway.core.site import Charger, Circuit, Grid, Site
from han_gateway.core.units import LINES, Line
from han_gateway.meters.models import MODELS
from han_gateway.simulation.cars import Car, Visit
from han_gateway.simulation.lab import Case
from han_gateway.simulation.meter import Trouble
from han_gateway.simulation.misconduct import Lie, Untruth
from han_gateway.simulation.supply import Second
from han_gateway.simulation.town import DAY, HOUR, fuse_for, supply

TUNING_SEED = 1
"""Laws may be fitted to the houses of this seed."""
JUDGING_SEED = 40_117
"""Benchmarks judge with the houses of this seed; nobody looks at them one by one."""


ROUNDED_MA = 50
"""The margin of these houses: a meter that counts in tenths of an ampere may show exactly the fuse when as much more flows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Class:
    """A kind of houses. ``phases`` are chosen from for each charger; ``fuse_a`` is None where the house decides.

    ``uses`` is how many lines each car uses, where that is fewer than its charger has. ``unruly``: one charger misbehaves.
    ``slow_s`` is the slowest that cars follow, fastest and slowest of the class; ``silent`` is the share of chargers that never report.
    """

    words: str
    grid: Grid = Grid.TN
    meters: tuple[str, ...] = ("kaifa-tn", "aidon-tn")
    chargers: int = 1
    phases: tuple[int, ...] = (3,)
    slow_s: tuple[int, int] = (1, 6)
    silent: float = 0.25
    damaged: float = 0.0
    outages_a_day: int = 0
    fuse_a: int | None = None
    uses: tuple[int, ...] = ()
    unruly: bool = False


CLASSES = {
    "tn-one": Class(words="400 V, one 3-phase car"),
    "it-one": Class(
        words="230 V IT, one 1-phase car between lines, I2 not sent", grid=Grid.IT, meters=("aidon-it",), phases=(1,)
    ),
    "tn-three": Class(words="400 V, three mixed cars", chargers=3, phases=(3, 1, 1)),
    "ten": Class(words="400 V, 63 A, ten mixed chargers", chargers=10, phases=(3, 3, 1), fuse_a=63),
    "thirty": Class(words="400 V, 63 A, thirty mixed chargers", chargers=30, phases=(3, 3, 1), fuse_a=63),
    "kamstrup": Class(words="400 V, one 3-phase car, lists every 10 s only", meters=("kamstrup-tn",)),
    "slow": Class(words="400 V, one 3-phase car that takes 8 to 16 s to follow", slow_s=(8, 16)),
    "lossy": Class(words="400 V, one 3-phase car, 3 % of frames lost, outages", damaged=0.03, outages_a_day=3),
    "mixed": Class(words="400 V, three 3-phase chargers, cars of 3, 1 and 2 phases", chargers=3, uses=(3, 1, 2)),
    "unruly": Class(words="400 V, three mixed cars, one charger misbehaves", chargers=3, phases=(3, 1, 1), unruly=True),
}


def fits(name: str, meter: str) -> bool:
    """Tell whether a meter can stand in the houses of a class."""
    return MODELS[meter].grid == CLASSES[name].grid.value and MODELS[meter].phases > 1


def case(name: str, number: int, *, days: int, seed: int) -> Case:
    """House ``number`` of a class. Raises KeyError for a class that is not there."""
    kind = CLASSES[name]
    rng = random.Random(f"{name} {seed} {number}")  # noqa: S311  reproducible, and no secret
    house = supply(rng, kind.grid, days)
    fuse_a = kind.fuse_a or fuse_for(house)
    cars = [_car(rng, kind, place, days) for place in range(kind.chargers)]
    if kind.uses:
        cars = [_narrower(rng, car, kind.uses[place % len(kind.uses)]) for place, car in enumerate(cars)]
    if kind.unruly:
        place = rng.randrange(len(cars))
        cars[place] = _spoiled(rng, cars[place], days)
    root = Circuit(name="main", fuse_ma=fuse_a * 1000, margin_ma=ROUNDED_MA, parts=tuple(each.charger for each in cars))
    return Case(
        name=f"{name} {number}",
        site=Site(name="home", grid=kind.grid, root=root),
        supply=house,
        cars=tuple(cars),
        meter=kind.meters[number % len(kind.meters)],
        trouble=Trouble(kind.damaged, _outages(rng, kind.outages_a_day, days)),
        seed=rng.randrange(1 << 32),
    )


def ideal(house: Case) -> Case:
    """The same house, with cars that do at once what they are told, for oracles."""
    return replace(house, cars=tuple(map(_obedient, house.cars)))


def _obedient(car: Car) -> Car:
    return replace(car, failsafe_ma=0, down_s=0, up_s=0, wake_s=0, latency_ms=0, naps_after=None, offline=(), deaf=(), lies=())


def _car(rng: random.Random, kind: Class, place: int, days: int) -> Car:
    """A random charger and its car."""
    phases = kind.phases[place % len(kind.phases)]
    maximum = 1000 * (rng.choice((16, 16, 16, 32)) if phases == len(LINES) else rng.choice((16, 20, 32)))
    charger = Charger(name=f"car{place + 1:02}", lines=_lines(rng, kind.grid, phases), maximum_ma=maximum)
    hungry = rng.random() < 0.7
    return Car(
        charger=charger,
        visits=(Visit(0, days * DAY),) if hungry else _nights(rng, days),
        takes_ma=min(maximum, rng.choice((maximum, maximum, maximum - 500, 16_000))),
        shy_ma=rng.choice((0, 0, 200, 500, 1_000)),
        down_s=rng.randint(*kind.slow_s),
        up_s=rng.randint(*kind.slow_s),
        wake_s=rng.randint(5, 40),
        naps_after=rng.choice((None, None, None, None, 8)),
        report_s=None if rng.random() < kind.silent else rng.choice((5, 10, 10, 30)),
        latency_ms=rng.choice((50, 100, 300, 1_000)),
    )


def _narrower(rng: random.Random, car: Car, uses: int) -> Car:
    """A car that uses fewer lines than its charger has: the first ones as the charger happens to be wired."""
    first = rng.sample([line for line in LINES if line in car.charger.lines], uses)
    order = (*first, *(line for line in car.charger.order if line not in first))
    return replace(car, charger=replace(car.charger, order=order), poles=uses)


def _spoiled(rng: random.Random, car: Car, days: int) -> Car:
    """The same charger, which some day does not do what it should, for some hours each time."""
    spells = []
    for day in range(days):
        start = day * DAY + round(rng.uniform(0, 20) * HOUR)
        spells.append((start, start + round(rng.uniform(0.5, 4) * HOUR)))
    lies = tuple(Lie(start, end, rng.choice(tuple(Untruth))) for start, end in spells)
    away = tuple((start, start + rng.randint(60, 1_800)) for start, _ in spells)
    return rng.choice(
        (
            replace(car, deaf=tuple(spells)),
            replace(car, lies=lies, report_s=car.report_s or 10),
            replace(car, offline=away),
            replace(car, offline=away, failsafe_ma=car.charger.maximum_ma),
            replace(car, offline=away, failsafe_ma=None),
        )
    )


def _nights(rng: random.Random, days: int) -> tuple[Visit, ...]:
    """A car that comes home in the afternoon, more or less empty, and leaves in the morning."""
    nights = []
    for day in range(days):
        start, end = day * DAY + round(rng.uniform(15, 20) * HOUR), (day + 1) * DAY + round(rng.uniform(6, 9) * HOUR)
        nights.append(Visit(start, min(end, days * DAY), rng.uniform(40, 240) * HOUR))
    return tuple(nights)


def _lines(rng: random.Random, grid: Grid, phases: int) -> frozenset[Line]:
    if phases == len(LINES):
        return frozenset(LINES)
    first = rng.randrange(len(LINES))
    return frozenset({LINES[first], LINES[first - 1]} if grid.three_wire else {LINES[first]})


def _outages(rng: random.Random, a_day: int, days: int) -> tuple[tuple[Second, Second], ...]:
    starts = [rng.randrange(days * DAY) for _ in range(a_day * days)]
    return tuple((start, start + rng.randint(20, 400)) for start in starts)
