"""What is possible at all: our law and the peers beside the front of an oracle that must do with the same cars.

The oracle (``han_gateway.simulation.bound``) knows the house of this second, decides every second, and leaves room in plain ways: patience
and reserve. Its members draw a front of utilisation against seconds above the fuse. Who stands above it loses by knowing too little or
too late; below it stands only who knows what the house is going to do. ``oracle-sees`` does, for as long as its cars take to follow.
A second front is that of the same oracle hearing the house by its lists only: who stands below that makes something of the powers between.

    python -m benchmarks.front [--houses 4] [--days 1] [--seed 1] [--plot FILE.svg] [--json FILE] [--bounds FILE [--own]] [CLASS ...]
"""

import argparse
import json
import os
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.protection import SHARES, UTILISATION, best_peer
from han_gateway.simulation.campaign import Score, compare, table
from han_gateway.simulation.classes import CLASSES, TUNING_SEED
from han_gateway.simulation.laws import FRONT, LISTS, OWN, PEERS, SEES
from han_gateway.simulation.pictures import efficient, pareto
from han_gateway.simulation.plot import picture

Point = tuple[float, float]


class Bound(NamedTuple):
    """One figure of a class: the target, what the front has at the utilisation that is wanted, what our law has, and the lists' front at ours.

    None where a front does not deliver that much.
    """

    figure: str
    target: float
    of: str
    least: float | None
    own: float
    utilisation: float
    lists: float | None


def bounds(scores: Sequence[Score]) -> Iterator[Bound]:
    """Where the targets lie beside the front, and what our law loses at its own utilisation."""
    targets = []
    for name, figure, share in SHARES:
        peer = best_peer(scores, figure)
        least = at(edge(scores, figure), UTILISATION)
        targets.append(Bound(name, share * max(0.0, figure(peer)), f"{share:g} of {peer.law}", least, 0.0, 0.0, None))
    return renewed(targets, scores)


def renewed(before: Iterable[Bound], scores: Sequence[Score]) -> Iterator[Bound]:
    """The same targets, in the same houses, beside our law as it is now."""
    own = next(score for score in scores if score.law == OWN)
    for bound, (_, figure, _) in zip(before, SHARES, strict=True):
        lists = at(edge(scores, figure, LISTS), own.utilisation)
        yield bound._replace(own=figure(own), utilisation=own.utilisation, lists=lists)


def words(scores: Sequence[Score]) -> Iterator[str]:
    """Say that plainly."""
    own, sees = (next(score for score in scores if score.law == law) for law in (OWN, SEES))
    for (_, figure, _), bound in zip(SHARES, bounds(scores), strict=True):
        yield f"{bound.figure}: the target is {bound.target:.1f} ({bound.of}) at a utilisation of {UTILISATION}"
        if bound.least is None:
            yield f"  BEYOND THE FRONT: no oracle delivers {UTILISATION}"
        else:
            yield f"  {'within the front' if bound.least <= bound.target else 'BEYOND THE FRONT'}: it has {bound.least:.1f} at {UTILISATION}"
        yield f"  {OWN} has {bound.own:.1f} at {bound.utilisation:.3f}; {_there('the front', at(edge(scores, figure), own.utilisation))}"
        yield f"  who hears the lists alone: {_there('that front', bound.lists)}"
        yield f"  who sees as far ahead as cars take to follow has {figure(sees):.1f} at {sees.utilisation:.3f}"


def _there(front: str, figure: float | None) -> str:
    return f"{front} ends before" if figure is None else f"{front} has {figure:.1f} there"


def edge(scores: Sequence[Score], figure: Callable[[Score], float], family: Container[str] = FRONT) -> list[Point]:
    """The front of a family: members that no other one beats in both, by utilisation."""
    return efficient([(score.utilisation, figure(score)) for score in scores if score.law in family])


def at(front: Sequence[Point], utilisation: float) -> float | None:
    """What the front has at a utilisation, between two members in proportion; None beyond the one that delivers most, or for no front."""
    if not front:
        return None
    if utilisation <= front[0][0]:
        return front[0][1]
    for (left, low), (right, high) in pairwise(front):
        if left <= utilisation <= right:
            return low + (high - low) * (utilisation - left) / (right - left)
    return None


def _kept(file: Path) -> dict[str, Any]:
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else {}


def _keep(file: Path, name: str, found: dict[str, Any]) -> None:
    file.write_text(json.dumps(_kept(file) | {name: found}, indent=1) + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """Play and tell."""
    parser = argparse.ArgumentParser(description="what is possible at all")
    parser.add_argument("--houses", type=int, default=4)
    parser.add_argument("--days", type=int, default=1)
    parser.add_argument("--seed", type=int, default=TUNING_SEED)
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw the fronts")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures, as docs/pictures/front.json")
    parser.add_argument(
        "--bounds", type=Path, metavar="FILE", help="keep where the targets lie beside those of other classes in it"
    )
    parser.add_argument(
        "--own", action="store_true", help="play no more than our law and the oracles of lists; the rest stays as FILE has it"
    )
    parser.add_argument("classes", nargs="*", metavar="CLASS", help=", ".join(CLASSES))
    options = parser.parse_args(arguments)
    unknown = set(options.classes) - set(CLASSES)
    if unknown:
        parser.error(f"no such class: {', '.join(sorted(unknown))}")
    missing = set(options.classes) - set(_kept(options.bounds) if options.bounds else ())
    if options.own and (missing or not options.classes):
        parser.error(
            f"--own renews classes that --bounds FILE has; name them, and play without --own first: {', '.join(sorted(missing))}"
        )
    charts = []
    kept: dict[str, Any] = {"seed": options.seed, "days": options.days, "classes": {}}
    for name in options.classes or ("tn-one", "it-one"):
        laws = (OWN, *LISTS) if options.own else (OWN, *PEERS, *FRONT, *LISTS, SEES)
        scores = compare(name, laws, houses=options.houses, days=options.days, seed=options.seed, workers=os.cpu_count() or 1)
        title = f"{name}: {CLASSES[name].words}; {options.houses} houses x {options.days} days, seed {options.seed}"
        print(f"\n== {title}")
        print("\n".join(table(sorted(scores, key=lambda score: -score.utilisation))))
        if options.bounds:
            found = (
                renewed((Bound(**each) for each in _kept(options.bounds)[name]["bounds"]), scores)
                if options.own
                else bounds(scores)
            )
            _keep(options.bounds, name, {"houses": options.houses, "bounds": [bound._asdict() for bound in found]})
        if options.own:
            continue
        print("\n".join(words(scores)), flush=True)
        kept["classes"][name] = {"houses": options.houses, "laws": [score.as_json() for score in scores]}
        _, figure, share = SHARES[0]
        charts.append(pareto(scores, title, aim=share * figure(best_peer(scores, figure))))
    if options.plot:
        options.plot.write_text(picture(charts), encoding="utf-8")
    if options.json:
        options.json.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
