"""Random houses with the appliances that people in the Nordics have, from a seed: what each draws, when, and on which lines.

A house is a list of pulses, added up once into a table. Its fuse is the smallest that it would have been given: the house alone is
rarely above it. This file must not know about chargers, meters or control.
"""

import math
import random
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import NamedTuple

from han_gateway.core.site import Grid
from han_gateway.core.units import LINES, Line, PerLine
from han_gateway.simulation.house import Draw
from han_gateway.simulation.supply import Pulse, Second, Supply, add_up, phasors

MINUTE, HOUR, DAY = 60, 3_600, 86_400
FUSES_A = (16, 20, 25, 32, 35, 40, 50, 63)
BUSY_S = 120
"""How many seconds a day a house may be above its fuse before it would have been given a larger one."""

Spells = Iterator[tuple[Second, Second]]
Habit = Callable[[random.Random, int], Spells]
"""When an appliance draws its power, given a source of chance and the number of days."""


class Kind(NamedTuple):
    """A kind of appliance: how many a house has, its power, how many lines it uses, and its habit.

    ``start`` is by how much more it draws in its first second, ``lag`` its inductive reactive power per watt.
    """

    number: tuple[int, int]
    watts: tuple[int, int]
    poles: int
    habit: Habit
    share: float = 1.0
    start: float = 0.0
    lag: float = 0.0


class Place(NamedTuple):
    """A socket in a net."""

    grid: Grid
    lines: frozenset[Line]


def always(low: tuple[int, int], high: tuple[int, int]) -> Habit:
    """On for ``low`` seconds, off for ``high``, all day, as a thermostat does."""

    def habit(rng: random.Random, days: int) -> Spells:
        on_s, off_s = rng.uniform(*low), rng.uniform(*high)
        at = -rng.uniform(0, on_s + off_s)
        while at < days * DAY:
            length = on_s * rng.uniform(0.7, 1.4)
            yield int(at), int(at + length) + 1
            at += length + off_s * rng.uniform(0.7, 1.4)

    return habit


def now_and_then(
    times: tuple[int, int],
    hours: tuple[float, float],
    minutes: tuple[float, float],
    on_s: tuple[int, int] = (0, 0),
    off_s: tuple[int, int] = (0, 0),
) -> Habit:
    """In use a few times a day, between these hours and for so long; if it cycles then, on and off for so many seconds."""

    def habit(rng: random.Random, days: int) -> Spells:
        for day in range(days):
            for _ in range(rng.randint(*times)):
                at = day * DAY + rng.uniform(*hours) * HOUR
                end = at + rng.uniform(*minutes) * MINUTE
                while at < end:
                    length = rng.uniform(*on_s) if on_s[1] else end - at
                    yield int(at), int(min(at + length, end)) + 1
                    at += length + rng.uniform(*off_s)

    return habit


def daylight(rng: random.Random, days: int) -> Spells:
    """Slices of the day in which the sun may shine, as long as a cloud takes to pass."""
    for day in range(days):
        at = day * DAY + 8.5 * HOUR
        while at < day * DAY + 17 * HOUR:
            length = rng.uniform(20, 240)
            yield int(at), int(at + length)
            at += length


KINDS = {
    "rest of the house": Kind((6, 9), (40, 260), 1, always((200, 1_500), (60, 900)), lag=0.1),
    "panel oven": Kind((2, 5), (500, 1_200), 1, always((60, 300), (90, 500))),
    "floor heating": Kind((1, 3), (400, 900), 1, always((300, 900), (400, 1_500))),
    "water heater": Kind((1, 1), (1_950, 2_000), 1, now_and_then((3, 6), (0, 23), (15, 80))),
    "heat pump": Kind((1, 1), (900, 2_500), 1, always((500, 2_000), (200, 1_500)), 0.6, 2.5, 0.3),
    "ground source heat pump": Kind((1, 1), (2_500, 5_000), 3, always((900, 3_000), (600, 2_400)), 0.2, 2.0, 0.4),
    "induction hob, left": Kind((1, 1), (1_400, 3_700), 1, now_and_then((1, 2), (15.5, 19), (10, 40), (4, 25), (3, 20))),
    "induction hob, right": Kind((1, 1), (1_200, 3_600), 1, now_and_then((1, 2), (15.5, 19), (8, 30), (4, 25), (3, 20))),
    "oven": Kind((1, 1), (2_000, 2_700), 1, now_and_then((0, 2), (15, 19), (30, 70), (25, 90), (25, 70))),
    "kettle": Kind((1, 1), (1_800, 2_200), 1, now_and_then((3, 7), (6, 22), (1.5, 4))),
    "microwave": Kind((1, 1), (1_100, 1_400), 1, now_and_then((1, 4), (7, 21), (1, 5))),
    "washing machine": Kind((1, 1), (1_900, 2_200), 1, now_and_then((0, 1), (8, 21), (10, 22))),
    "dishwasher": Kind((1, 1), (1_800, 2_100), 1, now_and_then((0, 1), (18, 23), (10, 18))),
    "dryer": Kind((1, 1), (1_800, 2_500), 1, now_and_then((0, 1), (9, 22), (45, 100), (200, 500), (40, 90)), 0.8),
    "sauna, heating up": Kind((1, 1), (6_000, 9_000), 3, now_and_then((0, 1), (17, 20), (25, 40)), 0.2),
    "sauna, in use": Kind((1, 1), (6_000, 9_000), 3, now_and_then((0, 1), (18, 21), (30, 60), (90, 180), (60, 180)), 0.2),
    "car nobody meters": Kind((1, 1), (2_200, 3_600), 1, now_and_then((0, 1), (17, 23), (60, 300)), 0.15),
    "solar cells": Kind((1, 1), (-8_000, -3_000), 3, daylight, 0.15),
}


def supply(rng: random.Random, grid: Grid, days: int) -> Supply:
    """A random house on this net."""
    pulses: list[Pulse] = []
    turns = cycle(rng.sample(range(len(LINES)), len(LINES)))
    for name, kind in KINDS.items():
        if rng.random() < kind.share:
            for _ in range(rng.randint(*kind.number)):
                pulses += _pulses(rng, days, name, kind, _place(grid, kind.poles, next(turns)))
    return add_up(grid, days * DAY, pulses)


def fuse_for(house: Supply) -> int:
    """The fuse (A) that such a house has: the smallest that it rarely exceeds, or the largest there is."""
    worst = sorted(map(max, *house.magnitudes()), reverse=True)
    busy = worst[BUSY_S * house.seconds // DAY]
    return next((rating for rating in FUSES_A if rating >= busy), FUSES_A[-1])


def _pulses(rng: random.Random, days: int, name: str, kind: Kind, place: Place) -> Iterator[Pulse]:
    watts = rng.randint(*kind.watts)
    amps = phasors(place.grid, Draw(place.lines, watts, watts * kind.lag))
    for start, end in kind.habit(rng, days):
        if name == "solar cells":
            sun = math.sin(math.pi * (start % DAY / HOUR - 8.5) / 8.5) * rng.choice((1.0, 1.0, 0.9, 0.4))
            yield Pulse(start, end, _times(amps, sun))
            continue
        yield Pulse(start, end, amps)
        if kind.start:
            yield Pulse(start, start + 1, _times(amps, kind.start))


def _place(grid: Grid, poles: int, turn: int) -> Place:
    """Where it is plugged in: electricians give each line its turn. Without a neutral a 1-phase load sits between two."""
    if poles == len(LINES):
        return Place(grid, frozenset(LINES))
    return Place(grid, frozenset({LINES[turn], LINES[turn - 1]} if grid.three_wire else {LINES[turn]}))


def _times(amps: PerLine[complex], factor: float) -> PerLine[complex]:
    return PerLine(*(current * factor for current in amps))
