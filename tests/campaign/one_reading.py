"""Campaign: one wrong reading never raises a limit.

    python -m tests.campaign.one_reading [--seed N] [--fast | --count N]

Each case is one house and 40 lists of a busy evening, of which one is replaced by a wrong one, or a wrong one inserted. The law is that
of ``tests/properties/test_no_raise_on_one_reading.py``: every raise is allowed by *each* list of the raise window before it, so by the
neighbours of the wrong one, too. ``--fast`` is 4 thousand cases, without it 400 thousand, about 50 min on two cores.
"""

import random
import sys

from tests.campaign._parts import Part, Tally, parts, tried
from tests.campaign._promise import Promise, arguments, published, wanted
from tests.properties.test_no_raise_on_one_reading import SITES, a_run, check, with_a_wrong_one

FAST, FULL = 4_000, 400_000
CASES_PER_PART = 50


def raises_are_allowed(part: Part) -> Tally:
    """Any run with a wrong reading in it."""
    rng, tally = random.Random(part.seed), Tally()
    for _ in range(part.cases):
        site, run = rng.choice(SITES), with_a_wrong_one(rng, a_run(rng))
        try:
            check(site, run)
        except AssertionError as why:
            tally = tally.plus(Tally(1, 1, example=f"{why} in {site.name} on {run}"))
        else:
            tally = tally.plus(Tally(1))
    return tally


def main() -> int:
    """Run the campaign."""
    given = arguments("One wrong reading never raises a limit.", "evenings", FAST, FULL).parse_args()
    runs = tried(raises_are_allowed, parts(str(given.seed), wanted(given), CASES_PER_PART))
    promise = Promise(
        "R-9",
        "one wrong reading never raises a limit",
        "0 raises that any list of the window before them forbids",
        f"{runs.cases:,} evenings of 40 lists, one of them wrong: {runs.broken} such raises",
        holds=not runs.broken,
    )
    return published(given, [promise])


if __name__ == "__main__":
    sys.exit(main())
