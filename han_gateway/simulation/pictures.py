"""What a run and a comparison look like: load, limit and fuse over time, and utilisation against overload.

This file must not know SVG, only what is worth seeing.
"""

from collections.abc import Sequence
from itertools import pairwise

from han_gateway.core.units import LINES
from han_gateway.simulation.campaign import Score
from han_gateway.simulation.lab import Case, Run, drawn
from han_gateway.simulation.laws import BARE, FRONT, LISTS, ORACLES, OWN, PEERS
from han_gateway.simulation.plane import Mark, Plane
from han_gateway.simulation.plot import COLOURS, Curve, Panel

SHOWN_S = 86_400
GENEROUS = 1.2
USEFUL = 0.95
"""The utilisation that is aimed at."""
OURS, PEER, ORACLE = "#e8590c", "#4c8bc0", "#2f9e44"
ROOM = 1.1
"""How much of an axis stays free above what is drawn."""


def over_time(case: Case, run: Run, title: str) -> list[Panel]:
    """One chart for each line that a charger uses, and one of the limits, of the first day."""
    used = [line for line in LINES if any(line in charger.lines for charger in case.site.chargers)]
    seconds = min(case.supply.seconds, SHOWN_S)
    fuse = case.site.root.fuse_ma / 1000
    loads, alone = case.supply.plus(drawn(case, run)).magnitudes(), case.supply.magnitudes()
    top = ROOM * max(fuse, *(max(loads[line.index][:seconds]) for line in used))
    panels = [
        Panel(
            title=f"{title}: {line.value}, A",
            across="hours",
            top=top,
            right=seconds / 3600,
            curves=(
                Curve("house and cars", loads[line.index][:seconds], COLOURS[0]),
                Curve("house alone", alone[line.index][:seconds], COLOURS[4]),
            ),
            level=(f"fuse {fuse:g} A", fuse),
        )
        for line in used
    ]
    limits = tuple(
        Curve(name, _held(trace, seconds), COLOURS[place % len(COLOURS)])
        for place, (name, trace) in enumerate(run.limits.items())
    )
    top = ROOM * max(charger.maximum_ma for charger in case.site.chargers) / 1000
    return [*panels, Panel(title="limits, A", across="hours", top=top, right=seconds / 3600, curves=limits[:5])]


def pareto(scores: Sequence[Score], title: str, aim: float | None = None) -> Plane:
    """Utilisation against overload, with wear as the area of the mark: the best laws stand small, at the lower right.

    Joined are the oracles of the front that no other one beats in both. ``aim`` is the overload that a target allows. Who gives more
    than there is leaves no room on the page for the others, and is left out, as are oracles with cars that do not exist.
    """
    shown = [score for score in scores if score.utilisation <= GENEROUS and score.law not in ORACLES]
    marks = [_mark(score) for score in shown if score.law not in FRONT | LISTS or score.law == BARE]
    front = efficient([(score.utilisation, score.measures.per_day(0)) for score in shown if score.law in FRONT])
    xs = [score.utilisation for score in shown] + [USEFUL]
    return Plane(
        title=title,
        subtitle="Down is safer, right is more energy, small is calmer.",
        across="energy delivered, as a share of the oracle that is one list late",
        upward="seconds a day above the fuse, because of cars",
        sized="changes of limits an hour",
        left=min(xs) - 0.02,
        right=max(*xs, 1.0) + 0.02,
        floor=1.0,
        top=2.5 * max(10.0, *(score.measures.per_day(0) for score in shown)),
        marks=tuple(marks),
        path=tuple(front),
        path_name="oracle with real cars: patience and reserve",
        path_colour=ORACLE,
        aim=None if aim is None else (USEFUL, aim),
    )


def efficient(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Those points that no other has more of the first and less of the second, from left to right."""
    kept: list[tuple[float, float]] = []
    for x, y in sorted(points, key=lambda point: (-point[0], point[1])):
        if not kept or y < kept[-1][1]:
            kept.append((x, y))
    return kept[::-1]


def _mark(score: Score) -> Mark:
    overload, changes = score.measures.per_day(0), score.measures.changes / score.measures.hours
    colour = OURS if score.law == OWN else PEER if score.law in PEERS else ORACLE
    return Mark(score.law, score.utilisation, overload, changes, colour, quiet=score.law != OWN and score.law not in PEERS)


def _held(trace: Sequence[tuple[int, int]], seconds: int) -> list[float]:
    """A list of changes (ms, mA) as one value a second (A)."""
    values = [0.0] * min(seconds, trace[0][0] // 1000 if trace else seconds)
    for (at, limit_ma), (then, _) in pairwise([*trace, (seconds * 1000, 0)]):
        values += [limit_ma / 1000] * (min(then // 1000, seconds) - at // 1000)
    return values[:seconds]
