"""Campaign: what is shared out never exceeds a fuse, on any line, in any tree; and it is shared out fairly. Integers, no tolerance.

    python -m tests.campaign.fuse_law [--seed N] [--fast | --count N]

Each case is a random site (with a neutral or three wires; fuses below fuses, some with a meter; priorities, weights, mixed steps and
minimums) at a random moment (what each meter leaves; a cap on the power; chargers that hold current already, which may be more than there
is), and one allocation on it. Each site has four such moments. All laws must hold on all of them, exactly; the true currents, as phasors
of any power factor and with cars that use one phase of three, to the rounding of a float. The same seed is the same campaign. ``--fast`` is
200 thousand cases, without it 10 million, about half an hour on two cores.
"""

import cmath
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from math import acos, pi, sqrt
from multiprocessing import Pool
from typing import NamedTuple

from han_gateway.core.allocation import Room, Want, allocate
from han_gateway.core.effects import Cause, Grant
from han_gateway.core.site import Circuit
from han_gateway.core.units import LINES, Line, PerLine
from tests.campaign._promise import Promise, arguments, published, wanted
from tests.core.sharing import Row, Sharing, fits, held, lowest, more, one_step, random_moment, random_site, rows

FAST, FULL = 200_000, 10_000_000
CASES_PER_TASK = 5_000
MOMENTS = 4
"""Cases of one site."""

ROUNDING = 1e-6

WORST_ANGLE = acos(0.9)
"""A car's current may lead or lag its voltage by so much."""

L1, L2, L3 = LINES
ANGLE_OF_LINE = {L1: 0.0, L2: -2 * pi / 3, L3: 2 * pi / 3}
ANGLE_OF_PAIR = {(L1, L2): pi / 6, (L2, L3): -pi / 2, (L1, L3): -pi / 6}
"""Of the voltage from the first to the second line; the voltage of a line against the middle of the net is at its own angle."""


class Outcome(NamedTuple):
    """A case, every limit of its site, what it came to, the limits that are over, and a source of chance for what a law may try."""

    case: Sharing
    rows: list[Row]
    grants: tuple[Grant, ...]
    amps: dict[str, int]
    over: list[Row]
    rng: random.Random


def outcome(case: Sharing, rng: random.Random) -> Outcome:
    """Share out."""
    grants = allocate(*case)
    limits, amps = rows(case), {grant.charger: grant.limit_ma for grant in grants}
    return Outcome(case, limits, grants, amps, [row for row in limits if row.used(amps) > row.budget], rng)


# --- laws: each tells whether it holds ----------------------------------------------------------------------------------------------


def under_every_limit(found: Outcome) -> bool:
    """No fuse, on any line, and no cap is over what it has, unless what was held already is; then nobody was given more of it."""
    floors = {want.charger.name: held(want) for want in found.case.wants}
    return all(row.used(found.amps) == row.used(floors) for row in found.over)


def whole_steps(found: Outcome) -> bool:
    """Each share is 0, or whole steps from the minimum to the maximum or to what was wanted; never less than was held."""

    def good(want: Want, amps: int) -> bool:
        top = min(want.ceiling_ma, want.charger.maximum_ma)
        in_range = lowest(want.charger) <= amps <= top and amps % want.charger.step_ma == 0
        return amps >= held(want) and (in_range or not amps)

    return all(good(want, grant.limit_ma) for want, grant in zip(found.case.wants, found.grants, strict=True))


def as_one_by_one(found: Outcome) -> bool:
    """Exactly what comes of raising the poorest by one step as long as anyone can be raised."""
    return found.amps == one_step(found.case)


def reasons_are_true(found: Outcome) -> bool:
    """A share ends at its own top, or the limit that its reason names has no room for one step more."""
    limits = {row.name: row for row in found.rows}

    def true(want: Want, grant: Grant) -> bool:
        name, after, reason = want.charger.name, more(want, grant.limit_ma), grant.reason
        if after is None or reason.cause is Cause.CHARGER:
            return after is None and reason.cause is Cause.CHARGER
        if reason.cause is not Cause.POWER_CAP and reason.cause is not (Cause.FUSE if grant.limit_ma else Cause.NO_ROOM):
            return False
        limit = limits[f"{reason.circuit} fuse, {reason.line.value}" if reason.line else "power cap"]
        return name in limit.costs and limit.used({**found.amps, name: after}) > limit.budget

    return all(true(want, grant) for want, grant in zip(found.case.wants, found.grants, strict=True))


def fair(found: Outcome) -> bool:
    """Nobody could have a step more if somebody gave a step back and, of the same standing, were still as rich; of a lower, any step."""

    def could_give(rich: Want, poor: Want, after: int) -> bool:
        less = found.amps[rich.charger.name] - rich.charger.step_ma
        richer = less * poor.charger.weight >= after * rich.charger.weight
        mine, theirs = _standing(poor), _standing(rich)
        return less >= max(lowest(rich.charger), held(rich)) and (mine > theirs or (mine == theirs and richer))

    for poor in found.case.wants:
        name = poor.charger.name
        after = more(poor, found.amps[name]) if found.amps[name] else None
        for rich in found.case.wants if after else ():
            if after and rich is not poor and could_give(rich, poor, after):
                less = found.amps[rich.charger.name] - rich.charger.step_ma
                if fits({**found.amps, name: after, rich.charger.name: less}, name, found.rows):
                    return False
    return True


def _standing(want: Want) -> tuple[bool, int]:
    """Who is there goes before who is absent, then the priority counts."""
    return not want.absent, want.charger.priority


def unused_room_is_no_matter(found: Outcome) -> bool:
    """Room that nobody used may be taken away, all or some of it, and every share stays what it is."""
    site, room, wants = found.case
    budgets = {row.name: _smaller(found, row) for row in found.rows}

    def cut(circuit: Circuit, own: PerLine[int]) -> PerLine[int]:
        return PerLine(*(budgets.get(f"{circuit.name} fuse, {line.value}", own[line.index]) for line in LINES))

    below = {circuit.name: cut(circuit, _room(circuit, room)) for circuit in _circuits(site.root) if circuit is not site.root}
    less = Room(cut(site.root, room.main), budgets.get("power cap"), below)
    return {grant.charger: grant.limit_ma for grant in allocate(site, less, wants)} == found.amps


def _smaller(found: Outcome, row: Row) -> int:
    used, budget = -(-row.used(found.amps) // 1000), row.budget // 1000
    return found.rng.choice((used, found.rng.randint(used, budget))) if used <= budget else budget


def _room(circuit: Circuit, room: Room) -> PerLine[int]:
    """What a fuse below the main fuse has: what its meter leaves, or all of it."""
    whole = circuit.fuse_ma - circuit.margin_ma
    return room.circuits.get(circuit.name, PerLine(whole, whole, whole))


def _circuits(circuit: Circuit) -> Iterator[Circuit]:
    yield circuit
    for part in circuit.parts:
        if isinstance(part, Circuit):
            yield from _circuits(part)


def true_currents(found: Outcome) -> bool:
    """With house and cars as phasors, whatever their angles, no line of any fuse carries more than it has."""
    site, room, wants = found.case
    flows = {want.charger.name: _flow(found, want) for want in wants}
    if site.grid.three_wire and any(abs(sum(flow.values())) > ROUNDING for flow in flows.values()):
        raise AssertionError("three wires whose currents do not sum to zero")
    over = {row.name for row in found.over}
    for circuit in _circuits(site.root):
        budget = circuit.fuse_ma - circuit.margin_ma
        left = room.main if circuit is site.root else _room(circuit, room)
        for line in LINES:
            house = cmath.rect(budget - left[line.index], found.rng.uniform(-pi, pi))
            cars = sum(flows[each.name].get(line, 0j) for each in circuit.chargers())
            if cars and abs(house + cars) > budget + ROUNDING and f"{circuit.name} fuse, {line.value}" not in over:
                return False
    return True


def true_power(found: Outcome) -> bool:
    """The apparent power of all cars, as phasors, is no more than the cap on it."""
    site, room, wants = found.case
    if room.power_ma is None or any(row.name == "power cap" for row in found.over):
        return True
    volts = (
        1 / sqrt(3) if site.grid.three_wire else 1.0
    )  # of a line against the middle of the net, as a part of the nominal voltage
    flows = [_flow(found, want) for want in wants]
    power = sum(cmath.rect(volts, ANGLE_OF_LINE[line]) * amps.conjugate() for flow in flows for line, amps in flow.items())
    return abs(power) <= max(0, room.power_ma) + ROUNDING


def _flow(found: Outcome, want: Want) -> dict[Line, complex]:
    """What a car on this charger makes of its limit: all of it, on all lines or on some, at any power factor."""
    lines = sorted(want.charger.lines if want.lines is None else want.lines, key=lambda line: line.index)
    amps, phi = found.amps[want.charger.name], found.rng.uniform(-WORST_ANGLE, WORST_ANGLE)
    if not found.case.site.grid.three_wire or (len(lines) == 3 and found.rng.random() < 0.7):
        return {line: cmath.rect(amps, ANGLE_OF_LINE[line] + phi) for line in lines}
    first, second = sorted(found.rng.sample(lines, 2), key=lambda line: line.index)
    current = cmath.rect(amps, ANGLE_OF_PAIR[first, second] + phi)
    return {first: current, second: -current}


class Law(NamedTuple):
    """A law, and on one of how many cases it is tried."""

    holds: Callable[[Outcome], bool]
    every: int = 1


LAWS = (
    Law(under_every_limit),
    Law(whole_steps),
    Law(reasons_are_true),
    Law(true_currents),
    Law(true_power),
    Law(as_one_by_one, 4),
    Law(fair, 4),
    Law(unused_room_is_no_matter, 8),
)


# --- the campaign -------------------------------------------------------------------------------------------------------------------


class Tally(NamedTuple):
    """Cases, for each law how often it was broken, and the first case that broke one."""

    cases: int
    broken: Counter[str]
    example: str


def cases(rng: random.Random) -> Iterator[Sharing]:
    """Any sites, each at some moments."""
    while True:
        site = random_site(rng)
        yield from (random_moment(rng, site) for _ in range(MOMENTS))


def run(task: tuple[str, int]) -> Tally:
    """So many cases of one seed."""
    seed, count = task
    rng = random.Random(seed)
    broken: Counter[str] = Counter()
    example = ""
    for number, case in enumerate(islice(cases(rng), count)):
        found = outcome(case, rng)
        for law in LAWS:
            if number % law.every == 0 and not law.holds(found):
                broken[law.holds.__name__] += 1
                example = example or f"{law.holds.__name__}: {found.case} gave {found.amps}"
    return Tally(count, broken, example)


def main() -> int:
    """Run the campaign."""
    given = arguments("No allocation is over a fuse.", "cases in all", FAST, FULL).parse_args()
    count = wanted(given)
    began = time.perf_counter()
    tasks = [
        (f"{given.seed}/{part}", min(CASES_PER_TASK, count - done)) for part, done in enumerate(range(0, count, CASES_PER_TASK))
    ]
    tried, broken, example = 0, Counter[str](), ""
    with Pool(min(2, os.cpu_count() or 1)) as pool:
        for tally in pool.imap_unordered(run, tasks):
            tried, broken, example = tried + tally.cases, broken + tally.broken, example or tally.example
    for law in LAWS:
        name, often = law.holds.__name__, "all cases" if law.every == 1 else f"one case of {law.every}"
        print(f"{name:26} {often:15} broken {broken[name]}")
    if example:
        print(f"for example\n    {example}")
    seen = f"{tried:,} moments of {tried // MOMENTS:,} random sites in {time.perf_counter() - began:.0f} s, {broken.total()} violations"
    promise = Promise(
        "R-8",
        "no allocation puts more on a fuse than it has, on any line, in any tree",
        "0 violations of 8 laws, exact integers, no tolerance",
        seen,
        holds=not example,
    )
    return published(given, [promise])


if __name__ == "__main__":
    sys.exit(main())
