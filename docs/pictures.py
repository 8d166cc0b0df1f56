"""Draws the pictures of docs/protection.md and docs/bench.md, from scenarios that are tested and from figures that are kept.

A phone shows a picture 360 pixels wide, so letters are large; paper is white and screens may be dark, so colours are such that they read on
both, and there is no background. ``tests/test_docs.py`` checks that the files are as this one would write them. It must not know how
anything is decided.
"""

import json
import math
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from han_gateway.core.effects import SetLimit
from han_gateway.core.events import Event, MeterSaid
from han_gateway.core.gateway import start, step
from han_gateway.core.site import Site
from han_gateway.core.units import Instant, Line
from han_gateway.simulation.lab import Case, Lab, Run, drawn
from han_gateway.simulation.laws import FRONT, OWN, PEERS, SEES
from han_gateway.simulation.pictures import ORACLE, OURS, PEER, efficient
from han_gateway.simulation.plane import Box, decades
from han_gateway.simulation.plot import FAINT, INK, line, text, ticks
from han_gateway.simulation.policy import Order
from han_gateway.simulation.scenario import build

FOLDER = Path(__file__).parent / "pictures"
SCENARIOS = Path(__file__).parent.parent / "tests" / "scenarios"

WIDTH, LEFT, RIGHT = 640, 46, 22
LETTERS = 18
LETTER = 0.6
"""How wide a letter is on average, as a share of its height."""
HOUSE, CAR, FUSE = "#8f8f8f", "#4c8bc0", "#e03131"


class Watched:
    """Our own law, with what it heard and what it ordered written down: lists (ms, whether with currents)."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._state = start(site, 0)
        self.lists: list[tuple[Instant, bool]] = []

    @property
    def due_at(self) -> Instant:
        """When something happens by itself."""
        return self._state.due_at

    def handle(self, event: Event) -> Iterable[Order]:
        """One step."""
        if isinstance(event, MeterSaid):
            self.lists.append((event.at, any(current is not None for current in event.reading.current_ma)))
        self._state, effects = step(self._site, self._state, event)
        limits = (effect for effect in effects if isinstance(effect, SetLimit))
        return [Order(each.grant.charger, each.grant.limit_ma, each.valid_for_ms, each.lines) for each in limits]


@dataclass(frozen=True, slots=True)
class Told:
    """A scenario and what became of it."""

    case: Case
    run: Run
    lists: Sequence[tuple[Instant, bool]]


def told(name: str) -> Told:
    """Play a scenario of ``tests/scenarios``, with bytes through the real decoder."""
    case = build(tomllib.loads((SCENARIOS / f"{name}.toml").read_text(encoding="utf-8")))
    watched = Watched(case.site)
    run = Lab(case, lambda _lab: watched, faithful=True).play()
    return Told(case, run, watched.lists)


@dataclass(frozen=True, slots=True, kw_only=True)
class Axes:
    """A chart on the page: seconds across, amperes upward from 0; ``unit_s`` is what the scale counts in, ``zero_s`` where it begins."""

    top: float
    bottom: float
    first_s: float
    last_s: float
    most: float
    unit_s: int = 1
    zero_s: float = 0

    def x(self, second: float) -> float:
        """Where an instant is."""
        within = min(max(second, self.first_s), self.last_s)
        return LEFT + (WIDTH - LEFT - RIGHT) * (within - self.first_s) / (self.last_s - self.first_s)

    def y(self, amps: float) -> float:
        """Where a current is."""
        return self.bottom - (self.bottom - self.top) * amps / self.most

    def frame(self, levels: Iterable[float]) -> Iterator[str]:
        """Horizontal lines, with their amperes."""
        for amps in levels:
            yield line(LEFT, self.y(amps), WIDTH - RIGHT, self.y(amps), FAINT, 0.4)
            yield words(LEFT - 8, self.y(amps) + 6, f"{amps:g}", anchor="end")

    def scale(self, unit: str) -> Iterator[str]:
        """The time below."""
        first, last = ((second - self.zero_s) / self.unit_s for second in (self.first_s, self.last_s))
        for value in ticks(first, last):
            yield words(self.x(self.zero_s + value * self.unit_s), self.bottom + 24, f"{value:g}", anchor="middle")
        yield words(WIDTH - RIGHT, self.bottom + 48, unit, anchor="end")

    def path(self, steps: Sequence[tuple[float, float]]) -> str:
        """Steps (second, amperes), each of which holds until the next, as the end of a path that began at its first point."""
        held = [(self.x(at), self.y(amps)) for at, amps in steps]
        parts = [
            f"M{held[0][0]:.1f} {held[0][1]:.1f}",
            *(f"H{x:.1f}V{y:.1f}" for x, y in held[1:]),
            f"H{self.x(self.last_s):.1f}",
        ]
        return "".join(parts)

    def filled(self, steps: Sequence[tuple[float, float]], colour: str, opacity: float) -> str:
        """The area below steps."""
        shape = f"{self.path(steps)}V{self.y(0):.1f}H{self.x(self.first_s):.1f}Z"
        return f'<path d="{shape}" fill="{colour}" fill-opacity="{opacity:g}"/>'

    def drawn(self, steps: Sequence[tuple[float, float]], colour: str) -> str:
        """The steps themselves."""
        return f'<path d="{self.path(steps)}" fill="none" stroke="{colour}" stroke-width="2.5"/>'


def words(x: float, y: float, said: str, *, anchor: str = "start", colour: str = INK, bold: bool = False) -> str:
    """Words in letters that a phone can show."""
    return text(x, y, said, anchor=anchor, colour=colour, size=LETTERS, bold=bold)


def page(height: int, said: str, parts: Iterable[str]) -> str:
    """An SVG document, with what it shows in words for those who do not see it."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" role="img">\n'
        f"<title>{said}</title>\n" + "\n".join(parts) + "\n</svg>\n"
    )


def each_step(values: Sequence[float], first_s: int, last_s: int) -> list[tuple[float, float]]:
    """One value a second as the steps between them."""
    kept = [(float(first_s), values[first_s])]
    for second in range(first_s + 1, last_s):
        if round(values[second], 2) != round(kept[-1][1], 2):
            kept.append((float(second), values[second]))
    return kept


def limits(run: Run, charger: str, axes: Axes) -> list[tuple[float, float]]:
    """The limits of a charger as steps, in seconds and A."""
    trace = [(at / 1000, limit / 1000) for at, limit in run.limits[charger]]
    before = [limit for at, limit in trace if at <= axes.first_s] or [0.0]
    return [(axes.first_s, before[-1]), *((at, limit) for at, limit in trace if axes.first_s < at < axes.last_s)]


def one_line(name: str, said: str, first_s: int, last_s: int, *, events: Sequence[tuple[float, str]], unit: str) -> str:
    """What flows in L2, which messages came, and the limit: one above the other."""
    shown = told(name)
    by_minutes = unit == "minutes"
    unit_s, zero_s = (60, 0.0) if by_minutes else (1, events[0][0])
    load = Axes(top=64, bottom=256, first_s=first_s, last_s=last_s, most=32, unit_s=unit_s, zero_s=zero_s)
    limit = replace(load, top=368, bottom=448, most=20)
    return page(
        504, said, [*_load(shown, load), *_messages(shown, load), *_limit(shown, limit), *_events(events, load, limit, unit)]
    )


def _load(shown: Told, axes: Axes) -> Iterator[str]:
    """House and car on top of each other, and the fuse."""
    place, fuse = Line.L2.index, shown.case.site.root.fuse_ma / 1000
    first, last = int(axes.first_s), int(axes.last_s)
    house = each_step(shown.case.supply.magnitudes()[place], first, last)
    both = each_step(shown.case.supply.plus(drawn(shown.case, shown.run)).magnitudes()[place], first, last)
    yield words(LEFT, 20, "current in L2, A", bold=True)
    yield from axes.frame((0, 10, 20, 30))
    yield axes.filled(both, CAR, 0.5) + axes.filled(house, HOUSE, 0.85) + axes.drawn(both, CAR)
    yield _above(both, fuse, axes)
    yield line(LEFT, axes.y(fuse), WIDTH - RIGHT, axes.y(fuse), FUSE).replace("/>", ' stroke-width="2"/>')
    yield words(WIDTH - RIGHT, axes.y(fuse) - 8, f"fuse {fuse:g} A", anchor="end", colour=FUSE)
    yield words(LEFT + 10, axes.y(house[0][1] + 6), "car", colour=CAR, bold=True)
    yield words(LEFT + 10, axes.y(0) - 8, "house", colour="#ffffff", bold=True)


def _above(steps: Sequence[tuple[float, float]], fuse: float, axes: Axes) -> str:
    """What is more than the fuse."""
    parts = [
        f"M{axes.x(at):.1f} {axes.y(fuse):.1f}V{axes.y(amps):.1f}H{axes.x(end):.1f}V{axes.y(fuse):.1f}Z"
        for (at, amps), (end, _) in pairwise([*steps, (axes.last_s, 0.0)])
        if amps > fuse
    ]
    return f'<path d="{"".join(parts)}" fill="{FUSE}" fill-opacity="0.6"/>'


def _messages(shown: Told, axes: Axes) -> Iterator[str]:
    """A long stroke for each list with currents, a short one for each with nothing but the power."""
    base = axes.bottom + 36
    path = [
        f"M{axes.x(at / 1000):.1f} {base}v{-24 if currents else -10}"
        for at, currents in shown.lists
        if axes.first_s <= at / 1000 < axes.last_s
    ]
    yield f'<path d="{"".join(path)}" stroke="{INK}" stroke-width="2"/>'
    both = len({currents for _, currents in shown.lists}) > 1
    meaning = "messages of the meter" + (" (long: with currents)" if both else "")
    yield words(LEFT, base + 22, meaning)


def _limit(shown: Told, axes: Axes) -> Iterator[str]:
    """The limit of the only charger, and each of its values."""
    (charger,) = shown.run.limits
    steps = limits(shown.run, charger, axes)
    yield words(LEFT, axes.top - 16, "limit of the charger, A", bold=True)
    yield from axes.frame((0, 10, 20))
    yield axes.filled(steps, OURS, 0.15) + axes.drawn(steps, OURS)
    for at, amps in steps:
        yield words(axes.x(at) + 8, axes.y(amps) + 22, f"{amps:g} A", colour=OURS, bold=True)


def _events(events: Sequence[tuple[float, str]], load: Axes, limit: Axes, unit: str) -> Iterator[str]:
    """What happens in the house, through both charts."""
    for second, said in events:
        x = load.x(second)
        stroke = f'stroke="{INK}" stroke-width="1.5" stroke-dasharray="3 4"'
        path = f"M{x:.1f} {load.top - 14:.1f}V{load.bottom + 38:.1f}M{x:.1f} {limit.top - 6:.1f}V{limit.bottom:.1f}"
        yield f'<path d="{path}" {stroke}/>'
        yield words(x + 6, load.top - 4, said)
    yield from limit.scale(unit)


def turns() -> str:
    """A row for each charger: when it charges, and how much."""
    shown = told("three-cars-take-turns")
    first = Axes(top=34, bottom=98, first_s=30, last_s=shown.case.supply.seconds, most=8, unit_s=60)
    rows = [replace(first, top=34 + 100 * row, bottom=98 + 100 * row) for row in range(len(shown.run.limits))]
    parts = [part for axes, charger in zip(rows, shown.run.limits, strict=True) for part in _turns(shown.run, charger, axes)]
    return page(352, "Three chargers where two minimums fit: each waits in its turn.", [*parts, *rows[-1].scale("minutes")])


WAITS = 56
"""As wide as the word."""


def _turns(run: Run, charger: str, axes: Axes) -> Iterator[str]:
    """One of them."""
    steps = limits(run, charger, axes)
    yield words(LEFT, axes.top - 10, f"{charger}: limit, A", bold=True)
    yield from axes.frame((0, 6))
    yield axes.filled(steps, CAR, 0.5) + axes.drawn(steps, CAR)
    for (at, amps), (end, _) in pairwise([*steps, (axes.last_s, 0.0)]):
        if not amps and axes.x(end) - axes.x(at) >= WAITS:
            yield words(axes.x((at + end) / 2), axes.y(0) - 8, "waits", anchor="middle")


LEAST, MOST = 0.74, 1.08
"""Who delivers less than the first is left out of the picture."""
FLOOR_S = 10.0
"""What is below is drawn on it, as a logarithm has no zero."""
PLACES = ((1, 0.35), (-1, 0.35), (0, 1.6), (0, -0.9), (1, 1.2), (1, -0.5), (-1, 1.2), (-1, -0.5))
"""Where a name may stand beside its mark: right or left of it or in the middle, and how many letters lower."""
SCALE = 70
"""Room for the numbers of the scale."""


def front() -> str:
    """Energy against overload: our law, others, and what an oracle could do with the same cars."""
    kept = json.loads((FOLDER / "front.json").read_text(encoding="utf-8"))
    (played,) = kept["classes"].values()
    said = "Energy delivered against seconds above the fuse, for our law, six others and an oracle"
    return page(650, said, [*_plane(played["laws"], "1", 20), *_plane(played["laws"], "1.13", 350)])


def _plane(laws: Sequence[dict[str, Any]], above: str, top: float) -> Iterator[str]:
    """Scales, what the oracles can do, and the marks."""
    found = {law["law"]: (law["utilisation"], law["above_s_per_day"][above]) for law in laws}
    marks = {name: found[name] for name in (OWN, *PEERS, SEES)}
    most = 10.0 ** math.ceil(math.log10(max(overload for _, overload in marks.values())))
    high, low = top + 20, top + 240

    def spot(point: tuple[float, float]) -> tuple[float, float]:
        height = math.log(max(point[1], FLOOR_S) / FLOOR_S) / math.log(most / FLOOR_S)
        return SCALE + (WIDTH - SCALE - RIGHT) * (point[0] - LEAST) / (MOST - LEAST), low - (low - high) * height

    said = "seconds a day above the fuse" if above == "1" else f"seconds a day above {above} times the fuse"
    yield words(10, top, said, bold=True)
    for value, strong in decades(FLOOR_S, most):
        y = spot((LEAST, value))[1]
        yield line(SCALE, y, WIDTH - RIGHT, y, FAINT, 0.5 if strong else 0.2)
        if strong:
            yield words(SCALE - 8, y + 6, "\u2264 " * (value == FLOOR_S) + f"{value:g}", anchor="end")
    for share in ticks(LEAST, 1.0):
        yield words(spot((share, 1))[0], low + 24, f"{100 * share:.0f} %", anchor="middle")
    yield words(WIDTH - RIGHT, low + 48, "energy delivered", anchor="end")
    joined = [spot(point) for point in efficient([found[name] for name in FRONT]) if point[0] >= LEAST]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in joined)
    yield f'<polyline points="{path}" fill="none" stroke="{ORACLE}" stroke-width="3"/>'
    yield from _named({name: spot(point) for name, point in marks.items()}, joined)


def _named(spots: dict[str, tuple[float, float]], joined: Sequence[tuple[float, float]]) -> Iterator[str]:
    """A mark for each law, and its name where it covers nothing."""
    taken = [Box(x - 10, y - 10, x + 10, y + 10) for x, y in spots.values()]
    taken += [Box(x - 6, y - 6, x + 6, y + 6) for one, two in pairwise(joined) for x, y in _between(one, two)]
    for name, (x, y) in spots.items():
        colour = OURS if name == OWN else PEER if name in PEERS else ORACLE
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{10 if name == OWN else 7}" fill="{colour}"/>'
        said = "oracle that sees ahead" if name == SEES else name
        box = _place(x, y, LETTER * LETTERS * len(said) * (1.15 if name == OWN else 1), taken)
        taken.append(box)
        yield words(box.left, box.bottom - 4, said, colour=colour, bold=name == OWN)
    x, y = joined[1]
    box = _place(x, y, LETTER * LETTERS * 26, taken)
    yield words(box.left, box.bottom - 4, "oracle with the same cars", colour=ORACLE)


def _between(one: tuple[float, float], two: tuple[float, float]) -> Iterator[tuple[float, float]]:
    """Points on the way, close enough that no name fits between them."""
    for share in range(9):
        yield one[0] + (two[0] - one[0]) * share / 8, one[1] + (two[1] - one[1]) * share / 8


def _place(x: float, y: float, width: float, taken: Sequence[Box]) -> Box:
    """The first place that is free and on the page."""
    lefts = [(x + 14 * side - width * (1 - side) / 2, y + lower * LETTERS) for side, lower in PLACES]
    boxes = [Box(left, foot - LETTERS + 4, left + width, foot + 4) for left, foot in lefts]
    inside = [box for box in boxes if box.left > SCALE and box.right < WIDTH]
    return next((box for box in inside if not any(box.meets(other) for other in taken)), boxes[0])


PICTURES: dict[str, Callable[[], str]] = {
    "evening.svg": lambda: one_line(
        "oven-in-the-evening",
        "An oven comes on: the limit falls with the next message. It goes off: the limit rises after a window of lists.",
        120,
        420,
        events=((184, "oven on"), (336, "oven off")),
        unit="minutes",
    ),
    "power.svg": lambda: one_line(
        "kettle-between-two-lists",
        "A kettle comes on between two lists with currents: the limit falls on the power alone.",
        110,
        145,
        events=((121, "kettle on"), (130.56, "the list that shows it")),
        unit="seconds after the kettle came on",
    ),
    "turns.svg": turns,
    "front.svg": front,
}


def main() -> None:
    """Write every picture."""
    for name, draw in PICTURES.items():
        (FOLDER / name).write_text(draw(), encoding="utf-8")


if __name__ == "__main__":
    main()
