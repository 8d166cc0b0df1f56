"""Machine instructions per frame, counted by valgrind: hardly any noise, so it shows what a stopwatch cannot.

The difference of a long run and a short one, so that starting Python, importing and learning the lists cancel out. Beside them what
a compiled C++ decoder needs for the same kind of frame (with -O2, counted the same way on x86-64).

    python -m benchmarks.instructions [--peer]
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence

from benchmarks.frames import COUNT, KINDS, frames
from benchmarks.machine import machine

COMPILED = {
    "Kaifa list 1": 16_000,
    "Kaifa list 2": 25_000,
    "Aidon list 2": 240_000,
    "Aidon list 3": 204_000,
    "Kamstrup list, 09 0C": 257_000,
    "Kamstrup list, 0C": 257_000,
}


def work(contender: str, kind: str, passes: int) -> None:
    """Decode; this is what runs under valgrind."""
    from benchmarks.contenders import CONTENDERS  # noqa: PLC0415 - only the child pays for the import

    decode = CONTENDERS[contender]()
    batch = frames(kind)
    for _ in range(passes):
        decode(batch)


def count(contender: str, kind: str, passes: int) -> int:
    """Instructions of one whole process that decodes the batch so many times."""
    command = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null", sys.executable]
    command += ["-m", "benchmarks.instructions", "--work", contender, kind, str(passes)]
    # Dictionaries and sets in the same order in each run.
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    found = re.search(r"I\s+refs:\s+([\d,]+)", done.stderr)
    if done.returncode or not found:
        raise SystemExit(f"{contender} could not decode {kind} under valgrind:\n{done.stderr}")
    return int(found[1].replace(",", ""))


def per_frame(contender: str, kind: str, passes: int) -> int:
    """Instructions for one frame of this kind, once its list is known."""
    return round((count(contender, kind, 2 + passes) - count(contender, kind, 2)) / (passes * COUNT))


def main(arguments: Sequence[str] | None = None) -> None:
    """Count for all kinds and print the table; with ``--work`` be the process that is counted."""
    parser = argparse.ArgumentParser(description="instructions per frame, by valgrind")
    parser.add_argument("--peer", action="store_true", help="count amshan as well, which takes two minutes more")
    parser.add_argument("--work", nargs=3, metavar=("CONTENDER", "KIND", "PASSES"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.work:
        contender, kind, passes = options.work
        work(contender, kind, int(passes))
        return
    if not shutil.which("valgrind"):
        print("instructions per frame: skipped, there is no valgrind (apt install valgrind)")
        return
    print(machine())
    passes = {"own": 20, "own, clock read": 20} | ({"amshan": 1} if options.peer else {})
    print(f"instructions per frame\n{'':22}{''.join(f'{name:>16}' for name in (*passes, 'compiled C++'))}")
    for kind in KINDS:
        told = (*(per_frame(contender, kind, times) for contender, times in passes.items()), COMPILED[kind])
        print(f"{kind:22}{''.join(f'{number:16,}' for number in told)}", flush=True)


if __name__ == "__main__":
    main()
