"""Would this house hold with a car on top of its recorded load, and how long would the car take?

The recording gives the magnitudes of the line currents every ten seconds or so; each holds until the next. Their angles are unknown,
so the car's current is added in full, which is the safe side: where export or three wires make less of it, the house holds all the
more. This file must not know files.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from han_gateway.core.load import complete
from han_gateway.core.site import Charger, Circuit, Grid, Site
from han_gateway.core.units import LINES, Instant, MilliAmps, PerLine
from han_gateway.meters.reading import Reading
from han_gateway.simulation.cars import Car, Visit
from han_gateway.simulation.lab import Case, Run, drawn, flowing, watts_per_amp
from han_gateway.simulation.laws import OWN, play
from han_gateway.simulation.measures import Judge, Measures
from han_gateway.simulation.supply import Second, hold

GAP_S = 60
"""A longer silence in a recording is left out: nobody knows what the house did."""
THREE_WIRES = 0.75
"""P / (U x the sum of the currents) is near 1 with a neutral, and near 0.58 (1/sqrt 3) to 0.5 without."""
METER = {Grid.TN: "kaifa-tn", Grid.TT: "kaifa-it", Grid.IT: "kaifa-it"}

Readings = Sequence[tuple[Instant, Reading]]


class NothingToGoOnError(ValueError):
    """The recording does not tell what is needed; the words are for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What would have happened: the case, our law and no law on it."""

    case: Case
    lists: int
    own: Run
    judged: Measures
    unruled: Measures
    possible: Run


def guess_grid(readings: Readings) -> Grid:
    """With or without a neutral, by how much power the currents amount to. Raises NothingToGoOnError."""
    ratios = []
    for _, reading in readings:
        currents = [value for value in reading.current_ma if value]
        volts = [value for value in reading.voltage_mv if value]
        if len(currents) == len(LINES) and volts and reading.power_import_w:
            ratios.append(reading.power_import_w * 1e6 * len(volts) / (sum(volts) * sum(currents)))
    if not ratios:
        if any(reading.current_ma[1] is None and reading.current_ma[0] is not None for _, reading in readings):
            return Grid.IT
        raise NothingToGoOnError("whether the house has a neutral cannot be seen here; say --grid TN, TT or IT")
    return Grid.TN if median(ratios) > THREE_WIRES else Grid.IT


def recorded(readings: Readings, grid: Grid, fuse_ma: MilliAmps, charger: Charger) -> Case:
    """The case of a recording with a car that is always hungry. Raises NothingToGoOnError."""
    site = Site(name="home", grid=grid, root=Circuit(name="main", fuse_ma=fuse_ma, parts=(charger,)))
    samples: list[tuple[Second, PerLine[float]]] = []
    second, before = 0, None
    for at, reading in readings:
        load = complete(site, reading)
        if load is None:
            continue
        second += 0 if before is None else min(max(0, at - before) // 1000, GAP_S)
        before = at if before is None else max(before, at)
        samples.append((second, PerLine(*((current or 0) / 1000 for current in load.current_ma))))
    if second < GAP_S:
        raise NothingToGoOnError("less than a minute of lists with currents: too little to tell")
    house = hold(grid, samples, second)
    car = Car(charger=charger, visits=(Visit(0, second),), takes_ma=charger.maximum_ma)
    return Case(name="recording", site=site, supply=house, cars=(car,), meter=METER[grid])


def ask(case: Case, lists: int) -> Answer:
    """Try it."""
    judge, own = Judge(case), play(case, OWN)
    return Answer(
        case=case,
        lists=lists,
        own=own,
        judged=judge.measure(own),
        unruled=judge.measure(play(case, "none")),
        possible=play(case, "oracle-late"),
    )


def words(answer: Answer, kwh: float) -> Iterator[str]:
    """The answer in plain words."""
    case, judged, unruled = answer.case, answer.judged, answer.unruled
    fuse = case.site.root.fuse_ma / 1000
    charger = case.site.chargers[0]
    alone = case.supply.magnitudes()
    line, worst = max(((line, max(alone[line.index])) for line in LINES), key=lambda pair: pair[1])
    net = "no neutral" if case.site.grid.three_wire else "a neutral"
    yield f"{span(case.supply.seconds)} of recording, {answer.lists:,} lists with currents, a net with {net}."
    yield f"The house alone draws at most {worst:.1f} A, on {line.value}; the fuse is {fuse:g} A."
    total = max(map(max, case.supply.plus(drawn(case, answer.own)).magnitudes()))
    holds = "It holds" if not judged.edge_trips else "It does NOT hold"
    yield (
        f"{holds} with a charger of {len(charger.lines)} line{'s' * (len(charger.lines) > 1)} up to {charger.maximum_ma / 1000:g} A under this gateway: "
        f"at most {total:.1f} A, {span(judged.above_s[0])} above the fuse because of the car; "
        f"even the worst breaker that the standard allows gets to {judged.edge_heat:.0%} of what trips it."
    )
    if unruled.above_s[0] > 0:
        trips = f"and would trip it {unruled.edge_trips} times" if unruled.edge_trips else "and might not trip it"
        yield f"Without control the car would keep the fuse overloaded for {span(unruled.above_s[0])}, {trips}."
    else:
        yield "Without control it would have held as well."
    yield from _service(answer, kwh)


def _service(answer: Answer, kwh: float) -> Iterator[str]:
    got, best = (sum(run.delivered_wh.values()) / 1000 for run in (answer.own, answer.possible))
    yield f"A car that is never full gets {got:.1f} kWh in that time, {got / (best or 1):.0%} of what was possible."
    needs = time_for(answer.case, answer.own, kwh)
    if needs is None:
        yield f"{kwh:g} kWh are not reached within the recording."
    else:
        yield f"{kwh:g} kWh, plugged in when the recording begins, take {span(needs)}."


def time_for(case: Case, run: Run, kwh: float) -> Second | None:
    """How long the first car takes for so much energy; None when it does not get it."""
    each = case.cars[0]
    left = kwh * 3_600_000
    for flow, end in flowing(case, run, each):
        watts = flow.current_ma / 1000 * watts_per_amp(case, each, flow.lines)
        if watts * (end - flow.start) >= left > 0:
            return flow.start + round(left / watts)
        left -= watts * (end - flow.start)
    return None


def span(seconds: float) -> str:
    """A duration for people: ``7 h 05 min``, ``12 min``, ``40 s``."""
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    minutes = round(whole / 60)
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"
