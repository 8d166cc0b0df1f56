"""Sharing out as one would do it on paper: every limit of a site as a row of costs, and one step at a time until nobody can take one.

This is what ``han_gateway.core.allocation`` is held against. It is slow, it uses fractions, and it shares no code with it.
"""

import random
from fractions import Fraction
from typing import NamedTuple

from han_gateway.core.allocation import Room, Want
from han_gateway.core.site import Charger, Circuit, Grid, Site
from han_gateway.core.units import LINES, PerLine
from tests.core.houses import random_tree

NAMES = [f"c{number}" for number in range(8)]


class Row(NamedTuple):
    """A limit, as reasons name it: what each mA of each charger that loads it costs, and what there is, both in thousandths of a mA."""

    name: str
    costs: dict[str, int]
    budget: int

    def used(self, amps: dict[str, int]) -> int:
        """What these currents take of it."""
        return sum([cost * amps[name] for name, cost in self.costs.items()])


class Sharing(NamedTuple):
    """Everything that an allocation is told."""

    site: Site
    room: Room
    wants: tuple[Want, ...]


def rows(case: Sharing) -> list[Row]:
    """Every limit that any charger of the site loads."""
    lines = {want.charger.name: want.charger.lines if want.lines is None else want.lines for want in case.wants}
    found = list(_rows(case.site.root, case.room, lines, case.room.main))
    if case.room.power_ma is not None:
        costs = [0, 1000, 1000, 1733] if case.site.grid.three_wire else [0, 1000, 2000, 3000]
        found.append(Row("power cap", {name: costs[len(used)] for name, used in lines.items()}, 1000 * case.room.power_ma))
    return [row for row in found if row.costs]


def _rows(circuit: Circuit, room: Room, lines: dict[str, frozenset], own: PerLine[int]) -> list[Row]:  # type: ignore[type-arg]
    below = [each.name for each in circuit.chargers() if each.name in lines]
    found = [
        Row(f"{circuit.name} fuse, {line.value}", {name: 1000 for name in below if line in lines[name]}, 1000 * own[line.index])
        for line in LINES
    ]
    for part in circuit.parts:
        if isinstance(part, Circuit):
            whole = part.fuse_ma - part.margin_ma
            found += _rows(part, room, lines, room.circuits.get(part.name, PerLine(whole, whole, whole)))
    return found


def held(want: Want) -> int:
    """What a charger holds whatever happens."""
    return min(want.floor_ma, want.ceiling_ma)


def lowest(charger: Charger) -> int:
    """The smallest multiple of the step that is not below the minimum."""
    return charger.minimum_ma + -charger.minimum_ma % charger.step_ma


def more(want: Want, has: int) -> int | None:
    """What it would have after one raise, or None if it may not have more."""
    after = has + want.charger.step_ma if has else lowest(want.charger)
    return after if after <= min(want.ceiling_ma, want.charger.maximum_ma) else None


def fits(amps: dict[str, int], name: str, limits: list[Row]) -> bool:
    """Whether these currents respect every limit that this charger loads."""
    return all(row.used(amps) <= row.budget for row in limits if name in row.costs)


def one_step(case: Sharing) -> dict[str, int]:
    """Limits by charger: floors, then minimums in turn, then the poorest by one step, priority by priority; absent ones after all others."""
    turn = sorted(case.wants, key=lambda want: (-want.charger.priority, want.rank, want.charger.name))
    amps = {want.charger.name: held(want) for want in turn}
    for absent in (False, True):
        _share([want for want in turn if want.absent is absent], amps, rows(case))
    return amps


def _share(turn: list[Want], amps: dict[str, int], limits: list[Row]) -> None:
    def raised(want: Want) -> bool:
        name = want.charger.name
        after = more(want, amps[name])
        if after is None or not fits({**amps, name: after}, name, limits):
            return False
        amps[name] = after
        return True

    for want in turn:
        if not amps[want.charger.name]:
            raised(want)
    for priority in sorted({want.charger.priority for want in turn}, reverse=True):
        rising = [want for want in turn if want.charger.priority == priority and amps[want.charger.name]]
        while rising:
            poorest = min(rising, key=lambda want: Fraction(amps[want.charger.name], want.charger.weight))
            if not raised(poorest):
                rising.remove(poorest)


def random_sharing(rng: random.Random) -> Sharing:
    """Any site at any moment."""
    return random_moment(rng, random_site(rng))


def random_site(rng: random.Random) -> Site:
    """Fuses below fuses, with up to eight chargers."""
    grid = rng.choice((Grid.TN, Grid.IT))
    root = random_tree(rng, NAMES[: rng.choice((1, 2, 2, 3, 4, 8))], depth=rng.randint(1, 4), grid=grid)
    return Site(name="home", grid=grid, root=root)


def random_moment(rng: random.Random, site: Site) -> Sharing:
    """A site with any room that its meters and caps may leave, and anything that its chargers may want and hold."""
    root = site.root
    budget = root.fuse_ma - root.margin_ma
    room = Room(
        PerLine(*(min(rng.randint(-5000, 80_000), budget) for _ in LINES)),
        rng.choice((None, rng.randint(-5000, 200_000))),
        {circuit.name: _measured(rng, circuit) for circuit in _below(root) if rng.random() < 0.3},
    )
    return Sharing(site, room, tuple(_want(rng, charger) for charger in root.chargers()))


def _below(circuit: Circuit) -> list[Circuit]:
    inner = [part for part in circuit.parts if isinstance(part, Circuit)]
    return inner + [deeper for part in inner for deeper in _below(part)]


def _measured(rng: random.Random, circuit: Circuit) -> PerLine[int]:
    budget = circuit.fuse_ma - circuit.margin_ma
    return PerLine(*(budget - rng.choice((0, rng.randint(0, 20_000))) for _ in LINES))


def _want(rng: random.Random, charger: Charger) -> Want:
    top = charger.maximum_ma // charger.step_ma * charger.step_ma
    ceiling = rng.choice((0, 6000, 11_000, charger.maximum_ma, charger.maximum_ma))
    start = lowest(charger)
    held = rng.randrange(start, top + 1, charger.step_ma) if start <= min(top, ceiling) and rng.random() < 0.2 else 0
    lines = None if len(charger.lines) < 3 or rng.random() < 0.8 else charger.lines - {rng.choice(LINES)}
    return Want(
        charger=charger,
        ceiling_ma=ceiling,
        floor_ma=min(held, ceiling // charger.step_ma * charger.step_ma),
        lines=lines,
        rank=(rng.choice((0, 0, 1)),),
        absent=rng.random() < 0.2,
    )
