"""Campaign: what mutated frames can do to the reader. Laws R-1 to R-4 with exact gates; the same seed is the same campaign.

    python -m tests.campaign.mutations [--seed N] [--fast | --count N]

Mutated frames stand between good ones in streams (``_damage.py``), which go through the ``Sniffer``, by turns a new one and one that has
heard all lists before; whatever passes goes through the whole ``Decoder``. A frame is *wrong* when it is accepted and its bytes are not
those of a frame that was sent, and *lost* when nobody touched it and it is not found. X-25 finds all errors of 1, 2, 3 or any odd number
of bits and all bursts of up to 16 bits; of other even weights it misses 1 in 2^15, of noise 1 in 2^16. A damaged frame that promises more
octets than it has left and then passes its check by chance takes them from its neighbour: it is wrong, and the neighbour is *taken*.

The sum of an M-Bus telegram finds all errors of 1 bit and all bursts of up to 8; two bits of the same weight may cancel out (9 of 128 at
most), and of noise it misses 1 in 2^8. So there the *readings* are judged, too: what the sum misses has to get past the rules of A-XDR, and
a list that deviates in what never changes has to come twice; two bits of values that cancel out remain (1 in 2^6 at most; of two wrong
bits 1 in 2^13 makes a current dangerously small, in one list, and one list raises no limit). The check of P1 is as strong as that of HDLC,
but for bits that change where a telegram ends.

``--fast`` is 2 million mutated frames; without it 100 million, and every 2-bit error of all frames up to 150 bytes.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator
from math import ceil, sqrt
from multiprocessing import Pool
from typing import NamedTuple

from tests.campaign._damage import (
    burst_of,
    even_bits,
    noise,
    odd_bits,
    one_bit,
    one_bit_of,
    random_cases,
    samples,
    some_bits,
    streams,
    two_bits_of,
)
from tests.campaign._judging import Tally, frames_law
from tests.campaign._nonsense import SLOWEST_MS, nonsense_law, readings_law, traced_peak_kib
from tests.campaign._promise import Promise, arguments, published, wanted
from tests.campaign._wires import p1_telegram, telegram

FAST, FULL = 2_000_000, 100_000_000
CASES_PER_TASK = 20_000
SHORT_FRAME = 150
SIGMAS = 4.75  # one false alarm in a million campaigns
PEAK_KIB = 256  # of one frame of nonsense, on top of what was there
TRACED = 2_000
EVEN_MISS, NOISE_MISS = 2**-15, 2**-16
SUM_EVEN_MISS, SUM_NOISE_MISS, SUM_READ_MISS = 9 / 128, 2**-8, 2**-6


class Law(NamedTuple):
    """A class of cases: its share of the count (0: it has a number of its own), and how often the check sequence may miss."""

    name: str
    run: Callable[[str, int], Tally]
    share: float
    miss: float = 0.0

    def allowed(self, cases: int) -> int:
        """Give the number of wrong frames at which chance is no excuse any more."""
        expected = cases * self.miss
        return ceil(expected + SIGMAS * sqrt(expected)) if expected else 0


def laws(*, slow: bool) -> list[Law]:
    """List all classes."""
    short = [form for form, frame in samples("0") if len(frame) <= SHORT_FRAME] if slow else []
    return [
        Law("1 bit, all", frames_law(one_bit), 0),
        *(Law(f"2 bits, all of {form.name}", frames_law(two_bits_of(form.name)), 0) for form in short),
        Law("2 bits", frames_law(random_cases(some_bits(2))), 0.08),
        Law("3 bits", frames_law(random_cases(some_bits(3))), 0.08),
        Law("odd weight", frames_law(random_cases(odd_bits)), 0.06),
        Law("burst <= 16", frames_law(random_cases(burst_of(16))), 0.08),
        Law("even weight", frames_law(random_cases(even_bits)), 0.16, EVEN_MISS),
        Law("noise", frames_law(random_cases(noise)), 0.08, NOISE_MISS),
        Law("stream", frames_law(streams(mixed=False)), 0.16, NOISE_MISS),
        Law("nonsense", nonsense_law, 0.1),
        Law("M-Bus: 1 bit, all", frames_law(one_bit_of(telegram)), 0),
        Law("M-Bus: burst <= 8", frames_law(random_cases(burst_of(8), telegram)), 0.03),
        Law("M-Bus: 2 bits", frames_law(random_cases(some_bits(2), telegram)), 0.02, SUM_EVEN_MISS),
        Law("M-Bus: noise", frames_law(random_cases(noise, telegram)), 0.02, SUM_NOISE_MISS),
        Law("M-Bus: 2 bits, readings", readings_law(some_bits(2)), 0.02, SUM_READ_MISS),
        Law("M-Bus: noise, readings", readings_law(noise), 0.02),
        Law("P1: 1 bit, all", frames_law(one_bit_of(p1_telegram)), 0),
        Law("P1: even weight", frames_law(random_cases(even_bits, p1_telegram)), 0.03, EVEN_MISS),
        Law("mixed stream", frames_law(streams(mixed=True)), 0.06, SUM_NOISE_MISS),
    ]


def run_task(task: tuple[int, str, int, bool]) -> tuple[int, Tally]:
    """Run a part of a class in a process of its own."""
    index, seed, count, slow = task
    return index, laws(slow=slow)[index].run(seed, count)


def tasks(seed: int, count: int, *, slow: bool) -> Iterator[tuple[int, str, int, bool]]:
    """Cut all classes into parts; each part has its own seed."""
    for index, law in enumerate(laws(slow=slow)):
        left = max(1, round(count * law.share)) if law.share else 1
        for part, done in enumerate(range(0, left, CASES_PER_TASK)):
            yield index, f"{seed}/{law.name}/{part}", min(CASES_PER_TASK, left - done), slow


def good(law: Law, tally: Tally) -> bool:
    """Tell whether a law holds."""
    return tally.wrong <= law.allowed(tally.cases) and not tally.lost and not tally.raised


def report(law: Law, tally: Tally) -> bool:
    """Print the line of a class, and tell whether its law holds."""
    slowest = f", slowest {tally.slowest_ms:.1f} ms" if tally.slowest_ms else ""
    rate = tally.cases / tally.seconds if tally.seconds else 0
    holds = good(law, tally)
    print(
        f"{law.name:32} {tally.cases:>11,} cases  wrong {tally.wrong} (at most {law.allowed(tally.cases)})  "
        f"good frames lost {tally.lost}  taken {tally.taken}  raised {tally.raised}  {rate:,.0f}/s a core{slowest}  {'ok' if holds else 'VIOLATED'}"
    )
    if not holds:
        print(f"    for example {tally.example}")
    return holds


def promises(tallies: list[tuple[Law, Tally]], peak_kib: float) -> list[Promise]:
    """Hold what was seen against the gates."""
    by_name = {law.name: tally for law, tally in tallies}
    total = Tally()
    for _, tally in tallies:
        total = total.plus(tally)
    nonsensical = by_name["nonsense"]
    framing = [(law, tally) for law, tally in tallies if tally is not nonsensical]
    never = [(law, tally) for law, tally in framing if not law.miss]
    chance = [(law, tally) for law, tally in framing if law.miss]
    return [
        Promise(
            "R-1",
            "no bytes can crash the reader",
            "0 exceptions",
            f"{total.cases:,} mutated frames, {total.raised} exceptions",
            holds=not total.raised,
        ),
        Promise(
            "R-2",
            "damaged frames never become readings, beyond the rate of the checksum",
            "0 wrong for up to 3 bits, any odd number and bursts up to 16 (M-Bus, which has but a sum: 1 bit and bursts up to 8); else "
            "λ + 4.75 √λ: "
            + ", ".join(f"{law.name} {law.allowed(tally.cases)} (λ = {tally.cases * law.miss:.1f})" for law, tally in chance),
            f"{sum(tally.wrong for _, tally in never)} wrong of {sum(tally.cases for _, tally in never):,}; "
            + ", ".join(f"{law.name} {tally.wrong} of {tally.cases:,}" for law, tally in chance),
            holds=all(tally.wrong <= law.allowed(tally.cases) for law, tally in framing),
        ),
        Promise(
            "R-3",
            "damage costs only the damaged frame",
            "0 good frames lost, but those of which a frame that passed its check by chance took octets: it is counted in R-2",
            f"{sum(tally.lost for _, tally in framing)} lost beside {sum(tally.cases for _, tally in framing):,} damaged ones; "
            f"{total.taken} taken",
            holds=not any(tally.lost for _, tally in framing),
        ),
        Promise(
            "R-4",
            "a good checksum on nonsense is safe, too",
            f"0 exceptions, 0 values out of range, 0 of another maker, 0 good frames lost; {SLOWEST_MS} ms and {PEAK_KIB} KiB at most",
            f"{nonsensical.cases:,} frames: {nonsensical.raised} exceptions, {nonsensical.wrong} wrong, {nonsensical.lost} lost; "
            f"slowest {nonsensical.slowest_ms:.1f} ms, {peak_kib:.0f} KiB",
            holds=not (nonsensical.raised or nonsensical.wrong or nonsensical.lost)
            and nonsensical.slowest_ms <= SLOWEST_MS
            and peak_kib <= PEAK_KIB,
        ),
    ]


def main() -> int:
    """Run the campaign."""
    given = arguments("What mutated frames can do to the reader.", "mutated frames in all", FAST, FULL).parse_args()
    count, slow = wanted(given), not (given.fast or given.count)
    began = time.perf_counter()
    classes = laws(slow=slow)
    tallies = [Tally() for _ in classes]
    with Pool(min(2, os.cpu_count() or 1)) as pool:
        for index, tally in pool.imap_unordered(run_task, tasks(given.seed, count, slow=slow)):
            tallies[index] = tallies[index].plus(tally)
    seen = list(zip(classes, tallies, strict=True))
    for law, tally in seen:
        report(law, tally)
    total, seconds = sum(tally.cases for tally in tallies), time.perf_counter() - began
    print(f"{total:,} mutated frames in {seconds:.0f} s, {total / seconds:,.0f}/s")
    return published(given, promises(seen, traced_peak_kib(f"{given.seed}/traced", TRACED)))


if __name__ == "__main__":
    sys.exit(main())
