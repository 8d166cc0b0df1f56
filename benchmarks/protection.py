"""The main fuse under our law, under what others do, and under oracles: every class of houses, with the targets beside the figures.

The houses are those of the judging seed, on which nothing was tuned. A class passes when, beside the best peer of the same run,
seconds above the fuse are at most a quarter, seconds above 1.3 In at most a tenth, the worst-case breaker never trips where the house
alone would not trip it, utilisation is at least 0.95 of the oracle that is one list late, and neither changes nor pauses are more than
the median peer's. The best peer of a figure is the one with the least of it among those that deliver at least ``SERVES`` of that oracle:
who does not charge does not overload. Few houses make a quick look; the verdict needs 200 houses of two days.

    python -m benchmarks.protection [--houses 4] [--days 1] [--seed 40117] [--laws LAW,LAW] [--json FILE] [CLASS ...]
"""

import argparse
import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

from benchmarks.machine import machine
from han_gateway.simulation.campaign import Score, compare, table
from han_gateway.simulation.classes import CLASSES, JUDGING_SEED
from han_gateway.simulation.laws import EVERY, LAWS, OWN, PEERS

SERVES = 0.7
UTILISATION = 0.95
FEWER = {"ten": 2, "thirty": 4}
"""Classes with many chargers take so much longer for each house: a fraction of the houses is played."""


class Verdict(NamedTuple):
    """A figure, what it should be, and whether it is."""

    words: str
    figure: float
    target: float
    passed: bool


def above(place: int) -> Callable[[Score], float]:
    """Seconds a day above a step."""
    return lambda score: score.measures.per_day(place)


SHARES = (("s above In a day", above(0), 1 / 4), ("s above 1.3 In a day", above(2), 1 / 10))
"""Figures of which we may have no more than a share of the best peer's."""


def changes(score: Score) -> float:
    """Changes of limits an hour."""
    return score.measures.changes / score.measures.hours


def pauses(score: Score) -> float:
    """Pauses an hour."""
    return score.measures.pauses / score.measures.hours


def best_peer(scores: Sequence[Score], figure: Callable[[Score], float]) -> Score:
    """The peer with the least of a figure among those that charge."""
    peers = [score for score in scores if score.law in PEERS]
    return min([score for score in peers if score.utilisation >= SERVES] or peers, key=figure)


def verdicts(scores: Sequence[Score]) -> Iterator[Verdict]:
    """Our law against the targets."""
    own = next(score for score in scores if score.law == OWN)
    peers = [score for score in scores if score.law in PEERS]
    for words, figure, share in SHARES:
        best = best_peer(scores, figure)
        target = share * max(0.0, figure(best))
        yield Verdict(f"{words} ({share:g} of {best.law})", figure(own), target, figure(own) <= target)
    yield Verdict("trips, worst case", own.measures.edge_trips, 0, own.measures.edge_trips == 0)
    yield Verdict("utilisation", own.utilisation, UTILISATION, own.utilisation >= UTILISATION)
    for words, figure in (("changes an hour (median peer)", changes), ("pauses an hour (median peer)", pauses)):
        target = median(map(figure, peers))
        yield Verdict(words, figure(own), target, figure(own) <= target)


def judge(scores: Sequence[Score]) -> int:
    """Print the verdicts, where there is our law and a peer; how many targets were not reached."""
    laws = {score.law for score in scores}
    if OWN not in laws or not laws & set(PEERS):
        return 0
    short = 0
    for verdict in verdicts(scores):
        short += not verdict.passed
        mark = "PASS" if verdict.passed else "short of"
        print(f"  {mark:9}{verdict.words:38}{verdict.figure:9.3f}  target {verdict.target:.3f}", flush=True)
    return short


def options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """What was asked for. Exits for a class or law that is not there."""
    parser = argparse.ArgumentParser(description="protection of the main fuse")
    parser.add_argument("--houses", type=int, default=4)
    parser.add_argument("--days", type=int, default=1)
    parser.add_argument("--seed", type=int, default=JUDGING_SEED)
    parser.add_argument("--laws", type=lambda text: text.split(","), default=list(LAWS), help=",".join(LAWS))
    parser.add_argument("--json", type=Path, metavar="FILE", help="also keep the figures")
    parser.add_argument("classes", nargs="*", metavar="CLASS", help=", ".join(CLASSES))
    found = parser.parse_args(arguments)
    unknown = (set(found.classes) - set(CLASSES)) | (set(found.laws) - set(EVERY))
    if unknown:
        parser.error(f"no such class or law: {', '.join(sorted(unknown))}")
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Play all classes and print what came of it."""
    asked = options(arguments)
    print(machine())
    short = 0
    kept: dict[str, Any] = {"machine": machine(), "seed": asked.seed, "days": asked.days, "classes": {}}
    for name in asked.classes or CLASSES:
        houses = max(1, asked.houses // FEWER.get(name, 1))
        began = perf_counter()
        scores = compare(name, asked.laws, houses=houses, days=asked.days, seed=asked.seed, workers=os.cpu_count() or 1)
        seconds = perf_counter() - began
        words = f"{houses} houses x {asked.days} days, seed {asked.seed}, {seconds:.0f} s"
        print(f"\n== {name}: {CLASSES[name].words}; {words}")
        print("\n".join(table(scores)))
        short += judge(scores)
        kept["classes"][name] = {"houses": houses, "took_s": round(seconds), "laws": [score.as_json() for score in scores]}
        if asked.json:
            asked.json.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    print(f"\n{short} targets not reached")


if __name__ == "__main__":
    main()
