"""Campaign: a small mistake in `dlms`, `meters`, `core` or `devices` is noticed by the tests.

    python -m tests.campaign.mutants [--seed N] [--fast] [--modules core/headroom,dlms]

Each module is changed in one place at a time, and the tests that touch that place are run. A mutant that no test notices is a survivor:
it is printed with its place and the change, unless `tests/campaign/survivors.toml` tells why no test could. All are tried; with
``--fast`` some of the three modules on which a fuse depends most, chosen by the seed.
"""

import os
import random
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

# What all tests import is imported before the forks, once.
import construct  # noqa: F401
import hypothesis.strategies  # noqa: F401
import pydantic  # noqa: F401

from tests.campaign._mutate import ROOT, Mutant, mutants_of
from tests.campaign._promise import Promise, arguments, published
from tests.campaign._trial import PAGES, answer_of, cold, warm

STRICT = tuple(f"han_gateway/core/{name}.py" for name in ("allocation", "draw", "headroom", "supervision"))
FAST = 60
OTHERS_PERCENT = 90
TABLES = f"{PAGES}::test_tables_are_those_of_the_code[rules.md]"
_OF_CORE = ("tests/core", f"{PAGES}::test_figures_of_the_law_are_those_of_the_code", TABLES)
TESTS = {
    "dlms": ("tests/dlms", "tests/meters"),
    **dict.fromkeys(("han_gateway/core", *(f"han_gateway/core/{room}" for room in ("seen", "people", "words"))), _OF_CORE),
    "han_gateway/devices": ("tests/devices", f"{PAGES}::test_tables_are_those_of_the_code[chargers.md]"),
    "han_gateway/meters": ("tests/meters", f"{PAGES}::test_tables_are_those_of_the_code[README.md]"),
    "han_gateway/meters/forms": ("tests/meters",),
}
"""Which tests should notice, for each room; of its own file first. What people read of figures, chargers and meters is in the documentation."""
OF_STRICT = (*(f"tests/core/test_{Path(file).name}" for file in STRICT), TABLES)
"""These must be enough for those alone."""
EXPLAINED = Path(__file__).with_name("survivors.toml")


class Score(NamedTuple):
    """Of one file: how many mutants were tried, how many the tests killed, and how many of the others are explained."""

    file: str
    tried: int
    killed: int
    explained: int

    @property
    def percent(self) -> float:
        """Killed, of those that could be."""
        return 100 * self.killed / max(1, self.tried - self.explained)

    @property
    def holds(self) -> bool:
        """Whether that is enough."""
        return self.percent >= (100 if self.file in STRICT else OTHERS_PERCENT)


def files(modules: Sequence[str]) -> list[str]:
    """The files of modules like ``core/headroom``, of rooms like ``dlms``; without any, all."""
    every = sorted(str(path.relative_to(ROOT)) for room in TESTS for path in (ROOT / room).glob("*.py"))
    chosen = [file for file in every if not modules or any(module in file for module in modules)]
    return chosen or sys.exit(f"no module has {' or '.join(modules)} in its name")


def survivors(mutants: Sequence[Mutant], tests: Sequence[str], jobs: int) -> list[Mutant]:
    """Try them; those that no test notices."""
    record, killed = answer_of(lambda: warm(tests, mutants, jobs))
    if record.failed:
        sys.exit(f"these tests fail without any mutant: {', '.join(record.failed)}")
    left = {number: mutant for number, mutant in enumerate(mutants) if not killed.get(number) and record.early(mutant)}
    killed |= cold(left, record, jobs)
    return [mutant for number, mutant in enumerate(mutants) if not killed.get(number)]


def explanations() -> dict[tuple[str, str, str], str]:
    """Why a survivor survives, by file, source line and change."""
    kept = tomllib.loads(EXPLAINED.read_text(encoding="utf-8")) if EXPLAINED.exists() else {}
    return {(each["file"], each["text"], each["change"]): each["why"] for each in kept.get("survivor", [])}


def scores(tried: Iterable[Mutant], alive: Sequence[Mutant], known: dict[tuple[str, str, str], str]) -> list[Score]:
    """For each file."""
    counts = Counter(mutant.file for mutant in tried)
    survived = Counter(mutant.file for mutant in alive)
    explained = Counter(mutant.file for mutant in alive if mutant.key in known)
    return [Score(file, count, count - survived[file], explained[file]) for file, count in counts.items()]


def main() -> int:
    """Run the campaign."""
    parser = arguments("The tests notice a small mistake.")
    parser.add_argument("--modules", default="", metavar="NAMES", help="only these, as core/headroom,dlms; otherwise all")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    given = parser.parse_args()
    began, known = time.perf_counter(), explanations()
    mutants = [mutant for file in (STRICT if given.fast else files(given.modules.split(","))) for mutant in mutants_of(file)]
    if given.fast:
        mutants = random.Random(given.seed).sample(mutants, FAST)
    alive: list[Mutant] = []
    for room, tests in TESTS.items():
        here = [mutant for mutant in mutants if str(Path(mutant.file).parent) == room]
        if here:
            found = survivors(here, OF_STRICT if {mutant.file for mutant in here} <= set(STRICT) else tests, given.jobs)
            print(*(_told(mutant, known) for mutant in found), sep="\n", flush=True)
            alive += found
    all_scores = scores(mutants, alive, known)
    for score in all_scores:
        print(
            f"{score.file:40} {score.tried:4} tried, {score.killed:4} killed, {score.explained:3} explained: {score.percent:5.1f} %"
        )
    for file, text, change in known.keys() - {mutant.key for mutant in alive} if not given.fast and not given.modules else ():
        print(f"no longer needed in {EXPLAINED.name}: {file}: {text}: {change}")
    return published(given, [promise(all_scores, time.perf_counter() - began)])


def _told(mutant: Mutant, known: dict[tuple[str, str, str], str]) -> str:
    return f"{mutant}\n      explained: {known[mutant.key]}" if mutant.key in known else str(mutant)


def promise(all_scores: list[Score], seconds: float) -> Promise:
    """What this campaign is about."""
    tried, killed = sum(score.tried for score in all_scores), sum(score.killed for score in all_scores)
    explained = sum(score.explained for score in all_scores)
    worst = min(all_scores, key=lambda score: score.percent)
    seen = f"{killed:,} of {tried:,} mutants killed, {explained} of the others explained, in {seconds:.0f} s"
    return Promise(
        "R-10",
        "the tests notice a small mistake in the standard, the meters or the decisions",
        f"≥ {OTHERS_PERCENT} % of each module's mutants killed; in allocation, draw, headroom and supervision each one killed or explained",
        f"{seen}; least: {Path(worst.file).stem}, {worst.percent:.1f} %",
        holds=all(score.holds for score in all_scores),
    )


if __name__ == "__main__":
    sys.exit(main())
