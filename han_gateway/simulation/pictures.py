"""What a run and a comparison look like: load, limit and fuse over time, and utilisation against overload.

This file must not know SVG, only what is worth seeing.
"""

from collections.abc import Sequence
from itertools import pairwise

from han_gateway.core.units import LINES
from han_gateway.simulation.campaign import Score
from han_gateway.simulation.lab import Case, Run, drawn
from han_gateway.simulation.plot import COLOURS, Curve, Dot, Panel

SHOWN_S = 86_400
GENEROUS = 1.05
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


def pareto(scores: Sequence[Score], title: str) -> list[Panel]:
    """Utilisation against overload, and against wear: the best laws stand at the lower right.

    Who gives more than there is leaves no room on the page for the others, and is left out.
    """
    scores = [score for score in scores if score.utilisation <= GENEROUS]
    left, right = min(0.9, *(score.utilisation for score in scores)) - 0.02, GENEROUS + 0.05
    overload = tuple(Dot(score.law, score.utilisation, max(0.0, score.measures.per_day(0))) for score in scores)
    wear = tuple(Dot(score.law, score.utilisation, score.measures.changes / score.measures.hours) for score in scores)
    return [
        Panel(title=f"{title}: {words}", across="utilisation", top=ROOM * (_top(dots) or 1), left=left, right=right, dots=dots)
        for words, dots in (("seconds above the fuse a day", overload), ("changes of the limit an hour", wear))
    ]


def _top(dots: Sequence[Dot]) -> float:
    return max(dot.y for dot in dots)


def _held(trace: Sequence[tuple[int, int]], seconds: int) -> list[float]:
    """A list of changes (ms, mA) as one value a second (A)."""
    values = [0.0] * min(seconds, trace[0][0] // 1000 if trace else seconds)
    for (at, limit_ma), (then, _) in pairwise([*trace, (seconds * 1000, 0)]):
        values += [limit_ma / 1000] * (min(then // 1000, seconds) - at // 1000)
    return values[:seconds]
