"""Campaign: a search guided by coverage finds no bytes that break a promise, at any of the ways in.

    python -m tests.campaign.fuzz [--seed N] [--fast | --minutes N] [--targets feed,read]

Each target of `tests/fuzz/targets.py` is searched with atheris for so many minutes, 15 unless told otherwise, two at a time; with ``--fast``
for 5 seconds. What is found is kept in `fixtures/hostile/found/`, where a test tries it for ever. Where there is no atheris, as it has no
wheel for this machine, nothing is tried and nothing is said to hold.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from tests.campaign._promise import Promise, arguments, published
from tests.fuzz.targets import FOUND, ROOT, TARGETS

FAST_S = 5
MINUTES = 15.0
LIMITS = ("-max_len=4096", "-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1", "-verbosity=1")
"""An input that takes 10 s, or a process of a GiB, is a finding, too."""


class Searched(NamedTuple):
    """A target, how many inputs were tried, and the end of what was said if one broke the promise."""

    name: str
    inputs: int
    trouble: str


def search(name: str, seconds: int, seed: int) -> Searched:
    """Search one target."""
    kept = FOUND / name
    options = [f"-max_total_time={seconds}", f"-seed={seed}", f"-artifact_prefix={kept}/", *LIMITS]
    kept.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="han-fuzz-") as folder:
        command = [sys.executable, "-m", "tests.fuzz.search", name, folder, *options]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace", check=False)
    for folder_of in (kept, FOUND):
        if not any(folder_of.iterdir()):
            folder_of.rmdir()
    done = re.search(r"stat::number_of_executed_units:\s*(\d+)", ended.stderr)
    said = "\n".join((ended.stdout + ended.stderr).splitlines()[-40:])
    return Searched(name, int(done[1]) if done else 0, said if ended.returncode else "")


def promise(found: Sequence[Searched], seconds: int) -> Promise:
    """What this campaign is about."""
    broken = [each.name for each in found if each.trouble]
    inputs = sum(each.inputs for each in found)
    what = f"{len(found)} targets, {seconds / 60:.3g} min each: {inputs:,} inputs, {len(broken)} findings"
    text = f"no bytes break what is promised at a way in ({', '.join(each.name for each in found)})"
    return Promise("R-5", text, "0 findings of a search guided by coverage", what, holds=not broken)


def parsed() -> argparse.Namespace:
    """The arguments."""
    parser = arguments("A search finds nothing.")
    parser.add_argument("--minutes", type=float, help=f"for each target; otherwise {MINUTES:g}")
    parser.add_argument("--targets", default=",".join(TARGETS), metavar="NAMES", help="only these, as feed,read; otherwise all")
    return parser.parse_args()


def main() -> int:
    """Run the campaign."""
    given = parsed()
    if find_spec("atheris") is None:
        print("skipped: atheris is not installed; where it has a wheel, .venv/bin/pip install -r locks/fuzz.txt brings it")
        return 0
    seconds = FAST_S if given.fast else round(60 * (given.minutes or MINUTES))
    with ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        found = list(pool.map(lambda name: search(name, seconds, given.seed), given.targets.split(",")))
    for each in found:
        print(f"{each.name:8} {each.inputs:>12,} inputs  {TARGETS[each.name].promise}")
        print(each.trouble, end="\n" if each.trouble else "")
    kept = sorted(path.relative_to(ROOT) for path in Path(FOUND).glob("*/*"))
    print(*(f"kept: {path}" for path in kept), sep="\n", end="\n" if kept else "")
    return published(given, [promise(found, seconds)])


if __name__ == "__main__":
    sys.exit(main())
