"""What campaigns of many small cases share: a count cut into parts, each with a seed of its own, run on two cores, and added up.

It must not know what a case is.
"""

import os
import time
from collections.abc import Callable, Iterable
from multiprocessing import Pool
from typing import NamedTuple

CORES = min(2, os.cpu_count() or 1)


class Part(NamedTuple):
    """So many cases of one seed: what one process does in one go."""

    seed: str
    cases: int


class Tally(NamedTuple):
    """Cases, how many broke the law, the CPU time of the slowest in ms (0 where it is not measured), and the first that broke it."""

    cases: int = 0
    broken: int = 0
    slowest_ms: float = 0.0
    example: str = ""

    def plus(self, other: "Tally") -> "Tally":
        """Add two tallies up."""
        slowest_ms = max(self.slowest_ms, other.slowest_ms)
        return Tally(self.cases + other.cases, self.broken + other.broken, slowest_ms, self.example or other.example)


def parts(seed: str, count: int, size: int) -> list[Part]:
    """Cut a count into parts of at most ``size``; the same seed gives the same parts."""
    return [Part(f"{seed}/{place}", min(size, count - done)) for place, done in enumerate(range(0, count, size))]


def tried(law: Callable[[Part], Tally], tasks: Iterable[Part]) -> Tally:
    """Try a law on all parts, and show the first case that broke it."""
    total = Tally()
    with Pool(CORES) as pool:
        for tally in pool.imap_unordered(law, tasks):
            total = total.plus(tally)
    if total.example:
        print(f"for example\n    {total.example}")
    return total


def cpu_ms(call: Callable[[], object], suspect_ms: float) -> float:
    """CPU time of a call in ms. One that seems slow is timed again: the least of three counts, as a busy machine is no slowness of ours."""
    least = float("inf")
    for _ in range(3):
        began = time.thread_time_ns()
        call()
        least = min(least, (time.thread_time_ns() - began) / 1e6)
        if least < suspect_ms:
            break
    return least
