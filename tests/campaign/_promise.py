"""What all campaigns share: their arguments, and what becomes of a promise that was tried.

A campaign ends with ``return published(arguments, promises)``: every promise is printed with its gate and what was seen, and with
``--figures FILE`` also kept in that file, from which the table of docs/promises.md is made. It must not know what is promised.
"""

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from benchmarks.machine import machine


class Promise(NamedTuple):
    """A sentence with a figure: its id (``R-14``), the sentence, what must hold, what was seen, and whether it held."""

    id: str
    text: str
    gate: str
    figure: str
    holds: bool


def arguments(description: str, cases: str = "", fast: int = 0, full: int = 0) -> argparse.ArgumentParser:
    """The arguments that every campaign takes; one may add its own before it parses. ``cases`` is what it counts, if it does."""
    main = sys.modules["__main__"].__spec__
    parser = argparse.ArgumentParser(prog=f"python -m {main.name}" if main else None, description=description)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fast", action="store_true", help="fewer cases, as in CI; the same laws")
    if cases:
        parser.add_argument("--count", type=int, help=f"{cases}; otherwise {full:,}, with --fast {fast:,}")
        parser.set_defaults(counts=(fast, full))
    parser.add_argument("--figures", type=Path, metavar="FILE", help="keep the figures in this JSON file, beside those it holds")
    return parser


def wanted(given: argparse.Namespace) -> int:
    """How many cases to try."""
    fast, full = given.counts
    return int(given.count or (fast if given.fast else full))


def published(given: argparse.Namespace, promises: Iterable[Promise]) -> int:
    """Print the promises and keep their figures; the exit code is 1 if one did not hold."""
    tried = list(promises)
    for each in tried:
        print(
            f"{each.id:5} {'holds ' if each.holds else 'BROKEN'} {each.text}\n      gate: {each.gate}\n      seen: {each.figure}"
        )
    if given.figures:
        _keep(given, tried)
    return 0 if all(each.holds for each in tried) else 1


def _keep(given: argparse.Namespace, promises: Iterable[Promise]) -> None:
    main = sys.modules["__main__"].__spec__
    name = main.name.rpartition(".")[2].replace("_", "-") if main else "?"
    chosen = ((option, getattr(given, option, None)) for option in ("count", "minutes"))
    options = "--fast " * given.fast + "".join(f"--{option} {value} " for option, value in chosen if value)
    command = f"scripts/campaign {options}--seed {given.seed} {name}"
    kept = json.loads(given.figures.read_text(encoding="utf-8")) if given.figures.exists() else {}
    kept |= {each.id: {**each._asdict(), "command": command, "machine": machine()} for each in promises}
    ordered = dict(
        sorted(kept.items(), key=lambda item: (int("".join(filter(str.isdigit, item[0]))), item[0]))
    )  # R-9, R-23a, R-23b
    given.figures.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
