"""``simulate``: control laws on random houses, or ours on a recorded one: would it hold, and how long would the car take?"""

import argparse
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from han_gateway.commands.keys import add_key_arguments, keys_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from han_gateway.core.site import Charger, Grid
    from han_gateway.core.units import Line
    from han_gateway.simulation.campaign import Score
    from han_gateway.simulation.plot import Chart
    from han_gateway.simulation.whatif import Answer

OF_MANY = ("kind", "houses", "days", "policy", "meter")
OF_ONE = ("fuse", "charger", "grid", "kwh", "key_file", "authentication_key_file")
"""The options for houses in software, and those for one that was recorded. A seed says nothing of the latter, and does no harm."""

EXAMPLE = """examples:
  han-gateway simulate                                                   (ten houses with one 3-phase car, all laws)
  han-gateway simulate --class it-one --houses 50 --policy han-gateway --policy evcc --json
  han-gateway simulate --class tn-three --plot day.svg
  han-gateway simulate --houses 1 --policy han-gateway --meter kamstrup-dk-encrypted
  han-gateway simulate --recording dump.txt --fuse 25 --charger 3x16     (your own house)

Your own house: exit 0 when it holds, 1 when the breaker might trip or the recording tells too little.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    from han_gateway.meters.models import MODELS
    from han_gateway.simulation.classes import CLASSES, TUNING_SEED
    from han_gateway.simulation.laws import LAWS

    parser.epilog = EXAMPLE
    classes = ", ".join(f"{name} ({kind.words})" for name, kind in CLASSES.items()).replace("%", "%%")
    parser.add_argument(
        "--class", dest="kind", choices=CLASSES, default="tn-one", metavar="CLASS", help=f"the kind of houses: {classes}"
    )
    parser.add_argument("--houses", type=_count, default=10, metavar="N", help="how many (default: 10)")
    parser.add_argument("--days", type=_count, default=1, metavar="D", help="how long (default: 1 day)")
    parser.add_argument("--seed", type=int, default=TUNING_SEED, metavar="S", help="which houses (default: those for tuning)")
    parser.add_argument(
        "--policy",
        action="append",
        choices=[*LAWS, "all", "front", "lists"],
        metavar="LAW",
        help=f"all (the default), or of: {', '.join(LAWS)}; front: what an oracle could do with the same cars; lists: the same with the meter's lists",
    )
    parser.add_argument(
        "--meter",
        choices=MODELS,
        metavar="NAME",
        help=f"give all houses this meter, and let every list go as bytes through the decoder: {', '.join(MODELS)}",
    )
    parser.add_argument("--json", action="store_true", help="a JSON object instead of a table")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="also draw the first house and the comparison (SVG)")
    mine = parser.add_argument_group("your own house")
    mine.add_argument("--recording", metavar="FILE", help="our own recording, or a dump in any known format")
    mine.add_argument("--fuse", type=_fuse, metavar="A", help="the main fuse")
    mine.add_argument(
        "--charger", type=_charger, metavar="PxA", help="phases and maximum, as 3x16, 1x32 or 1x32@L2 or 1x32@L1,L3"
    )
    mine.add_argument("--grid", choices=("TN", "TT", "IT"), help="the net, where it cannot be seen from the recording")
    mine.add_argument("--kwh", type=_kwh, default=40.0, metavar="E", help="the charge to time (default: 40 kWh)")
    add_key_arguments(mine)
    parser.set_defaults(parser=parser)


def main(args: argparse.Namespace) -> int:
    """1 when a file cannot be read or written, when a recording does not tell enough, or when the house would not hold."""
    from han_gateway.commands.dump_files import UnreadableError
    from han_gateway.simulation.whatif import NothingToGoOnError

    _refuse_idle_options(args)
    if args.recording and (args.fuse is None or args.charger is None):
        args.parser.error("--recording needs --fuse and --charger, as in --fuse 25 --charger 3x16")
    try:
        return _what_if(args) if args.recording else _compare(args)
    except (UnreadableError, UnwritableError, NothingToGoOnError) as why:
        print(f"han-gateway simulate: {why}", file=sys.stderr)
        return 1


def _refuse_idle_options(args: argparse.Namespace) -> None:
    """What was asked for and would change nothing: the answer would be to another question."""
    idle, why = (OF_MANY, "is not for a recording") if args.recording else (OF_ONE, "is for your own house: name its --recording")
    for place in idle:
        if getattr(args, place) != args.parser.get_default(place):
            args.parser.error(f"--{'class' if place == 'kind' else place.replace('_', '-')} {why}")


def _compare(args: argparse.Namespace) -> int:
    from han_gateway.simulation.campaign import compare, table
    from han_gateway.simulation.classes import fits
    from han_gateway.simulation.laws import FRONT, LAWS, LISTS

    if args.meter and not fits(args.kind, args.meter):
        args.parser.error(f"--meter: a {args.meter} is not for the net and the phases of the houses of class {args.kind}")
    groups = {"all": LAWS, "front": FRONT, "lists": LISTS}
    laws = [law for word in args.policy or ["all"] for law in groups.get(word, [word])]
    scores = compare(
        args.kind, laws, houses=args.houses, days=args.days, seed=args.seed, workers=os.cpu_count() or 1, meter=args.meter
    )
    told = {"class": args.kind, "houses": args.houses, "days": args.days, "seed": args.seed}
    told |= {"meter": args.meter} if args.meter else {}
    if args.json:
        print(json.dumps({**told, "laws": [score.as_json() for score in scores]}, indent=2))
    else:
        print(f"class {args.kind}, {args.houses} houses, {args.days} days each, seed {args.seed}")
        print("\n".join(table(scores)))
    if args.plot:
        _draw(args, scores)
    return 0


def _draw(args: argparse.Namespace, scores: "list[Score]") -> None:
    """The first house under the first law, and all laws beside each other."""
    from han_gateway.simulation.classes import CLASSES, case
    from han_gateway.simulation.laws import play
    from han_gateway.simulation.pictures import over_time, pareto

    first, law = case(args.kind, 0, days=1, seed=args.seed), scores[0].law
    first = replace(first, meter=args.meter or first.meter)
    panels = over_time(first, play(first, law, faithful=bool(args.meter)), f"{first.name}, {law}")
    _save(args.plot, [*panels, pareto(scores, f"{args.kind}: {CLASSES[args.kind].words}; houses: {args.houses}")])


def _what_if(args: argparse.Namespace) -> int:
    from han_gateway.commands.recorded_house import readings_in
    from han_gateway.core.site import Grid
    from han_gateway.simulation.whatif import ask, guess_grid, recorded, words

    readings = readings_in(args.recording, keys_of(args))
    grid = Grid(args.grid) if args.grid else guess_grid(readings)
    lists = sum(any(reading.current_ma) for _, reading in readings)
    answer = ask(recorded(readings, grid, args.fuse, _plugged(args, grid)), lists)
    print(json.dumps(_as_json(answer), indent=2) if args.json else "\n".join(words(answer, args.kwh)))
    if args.plot:
        from han_gateway.simulation.pictures import over_time

        _save(args.plot, over_time(answer.case, answer.own, "recording"))
    return int(bool(answer.judged.edge_trips))


def _as_json(answer: "Answer") -> dict[str, object]:
    own, none = answer.judged, answer.unruled
    return {
        "seconds": answer.case.supply.seconds,
        "lists": answer.lists,
        "grid": answer.case.site.grid.value,
        "holds": not own.edge_trips,
        "above_fuse_s": own.above_s[0],
        "worst_breaker_heat": round(own.edge_heat, 3),
        "delivered_kwh": round(own.delivered_kwh, 2),
        "possible_kwh": round(sum(answer.possible.delivered_wh.values()) / 1000, 2),
        "without_control": {"above_fuse_s": none.above_s[0], "trips": none.edge_trips},
    }


def _plugged(args: argparse.Namespace, grid: "Grid") -> "Charger":
    """The charger that was asked for, on the lines that were named, or on the first."""
    from han_gateway.core.site import Charger
    from han_gateway.core.units import LINES

    phases, maximum, lines = args.charger
    wires = 2 if phases == 1 and grid.three_wire else phases
    if lines and len(lines) != wires:
        args.parser.error(
            f"--charger: {phases} phase(s) in a {grid.value} net are {wires} line(s), as in {phases}x16@L1" + ",L2" * (wires - 1)
        )
    return Charger(name="car", lines=frozenset(lines or LINES[:wires]), maximum_ma=maximum)


def _charger(text: str) -> "tuple[int, int, tuple[Line, ...]]":
    """``3x16`` or ``1x32@L2``: phases, mA, and the lines that were named."""
    from han_gateway.core.units import Line

    size, _, where = text.partition("@")
    phases, _, amps = size.partition("x")
    lines: tuple[Line, ...] = ()
    try:
        lines = tuple(Line(name) for name in where.split(",")) if where else ()
        maximum = _amps(amps)
    except ValueError:
        maximum = 0
    if phases not in ("1", "3") or not 6_000 <= maximum <= 80_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not phases x amperes (6 to 80), as 3x16, 1x32 or 1x32@L2")
    return int(phases), maximum, lines


def _fuse(text: str) -> int:
    try:
        return _amps(text)
    except ValueError as why:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of amperes from 1 to 1000") from why


def _amps(text: str) -> int:
    """Amperes as mA. Raises ValueError."""
    amps = float(text)
    if not 1 <= amps <= 1_000:
        raise ValueError(text)
    return round(amps * 1000)


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text[:6]) <= 10_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 10000")
    return int(text)


def _kwh(text: str) -> float:
    try:
        energy = float(text)
    except ValueError:
        energy = 0
    if not 0 < energy <= 1_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not an energy from 0 to 1000 kWh")
    return energy


def _save(file: Path, charts: "Sequence[Chart]") -> None:
    """Write a picture. Raises UnwritableError."""
    from han_gateway.simulation.plot import picture

    try:
        file.write_text(picture(charts), encoding="utf-8")
    except OSError as why:
        raise UnwritableError(f"{file}: cannot be written ({(why.strerror or str(why)).lower()})") from why


class UnwritableError(Exception):
    """A picture that cannot be written: one line for people."""
