"""Campaign: what mutated frames can do to the reader. Laws R-1 to R-4 with exact gates; the same seed is the same campaign.

    python -m tests.campaign.mutations [--seed N] [--fast | --count N]

Each case is a good frame, a mutated one and another good frame in one stream, put through the ``Sniffer``, by turns a new one and one
that has heard all lists before; whatever passes goes through the whole ``Decoder``. A case is *wrong* when a frame is accepted whose bytes
are not those of a frame that was sent, and *lost* when a frame that nobody touched is not found. X-25 finds all errors of 1, 2, 3 or any
odd number of bits and all bursts of up to 16 bits; of other even weights it misses 1 in 2^15, of noise 1 in 2^16.

The sum of an M-Bus telegram finds all errors of 1 bit and all bursts of up to 8; two bits of the same weight may cancel out (9 of 128 at
most), and of noise it misses 1 in 2^8. So there the *readings* are judged, too: what the sum misses has to get past the rules of A-XDR, and
a list that deviates in what never changes has to come twice; two bits of values that cancel out remain (1 in 2^6 at most; of two wrong
bits 1 in 2^13 makes a current dangerously small, in one list, and one list raises no limit). The check of P1 is as strong as that of HDLC,
but for bits that change where a telegram ends.

``--fast`` is 2 million mutated frames; without it 100 million, and every 2-bit error of all frames up to 150 bytes.
"""

import os
import random
import sys
import time
import tracemalloc
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from functools import cache
from itertools import combinations, cycle
from math import ceil, sqrt
from multiprocessing import Pool
from typing import NamedTuple

from dlms.hdlc import FLAG
from dlms.rejects import Rejected
from dlms.sniffer import Sniffer
from han_gateway.meters.as_json import as_json
from han_gateway.meters.clock import utc
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.forms import Form
from han_gateway.meters.plausible import LIMITS
from han_gateway.meters.reading import Reading
from tests.campaign._parts import cpu_ms
from tests.campaign._promise import Promise, arguments, published
from tests.campaign._wires import (
    HDLC_FORMS,
    MBUS_FORMS,
    Source,
    as_sent,
    content,
    found_in,
    hdlc_frame,
    of_form,
    on_the_wire,
    p1_telegram,
    telegram,
)
from tests.invented import framed, information

FAST, FULL = 2_000_000, 100_000_000
CASES_PER_TASK = 20_000
CASES_PER_FRAME = 100
SHORT_FRAME = 150
SIGMAS = 4.75  # one false alarm in a million campaigns
SLOWEST_MS, PEAK_KIB = 20, 256  # of one frame of nonsense: CPU time, and memory on top of what was there
TRACED = 2_000
EVEN_MISS, NOISE_MISS = 2**-15, 2**-16
SUM_EVEN_MISS, SUM_NOISE_MISS, SUM_READ_MISS = 9 / 128, 2**-8, 2**-6
HEADER_SIZE = 10  # both flags' worth of bytes before the information field of the longest header, rounded up; M-Bus has nine


class Case(NamedTuple):
    """A stream, the frames that nobody touched (as the sniffer gives them), and those that may come out of it besides."""

    stream: bytes
    untouched: tuple[bytes, ...]
    allowed: frozenset[bytes]


class Tally(NamedTuple):
    """What came of a number of cases; ``slowest_ms`` is CPU time of one case."""

    cases: int = 0
    wrong: int = 0
    lost: int = 0
    raised: int = 0
    slowest_ms: float = 0.0
    seconds: float = 0.0
    example: str = ""

    def plus(self, other: "Tally") -> "Tally":
        """Add two tallies up."""
        return Tally(
            cases=self.cases + other.cases,
            wrong=self.wrong + other.wrong,
            lost=self.lost + other.lost,
            raised=self.raised + other.raised,
            slowest_ms=max(self.slowest_ms, other.slowest_ms),
            seconds=self.seconds + other.seconds,
            example=self.example or other.example,
        )


Mutation = Callable[[bytes, random.Random], bytes]
"""Changes a whole frame, flags included; what it gives is never the frame itself."""


# --- one frame mutated ------------------------------------------------------------------------------------------------------------


def flip(frame: bytes, bits: Iterator[int] | tuple[int, ...] | list[int]) -> bytes:
    """Flip these bits of a frame."""
    mask = 0
    for bit in bits:
        mask ^= 1 << bit
    return (int.from_bytes(frame, "big") ^ mask).to_bytes(len(frame), "big")


def some_bits(count: int) -> Mutation:
    """Flip exactly so many bits, anywhere, flags included."""
    return lambda frame, rng: flip(frame, rng.sample(range(8 * len(frame)), count))


def odd_bits(frame: bytes, rng: random.Random) -> bytes:
    """Flip an odd number of bits, five or more, between the flags (a damaged flag is no matter for the check sequence)."""
    return flip(frame, rng.sample(range(8, 8 * len(frame) - 8), 2 * rng.randint(2, 20) + 1))


def even_bits(frame: bytes, rng: random.Random) -> bytes:
    """Flip an even number of bits, four or more, behind the header: what only the frame check can find."""
    return flip(frame, rng.sample(range(8, 8 * (len(frame) - HEADER_SIZE)), 2 * rng.randint(2, 20)))


def burst_of(widest: int) -> Mutation:
    """Change up to so many bits in a row; a line sends the least significant bit of a byte first, and so do we count them here."""

    def burst(frame: bytes, rng: random.Random) -> bytes:
        width = rng.randint(1, widest)
        pattern = rng.getrandbits(width) | 1 | 1 << (width - 1)
        mask = pattern << rng.randint(0, 8 * len(frame) - width)
        return (int.from_bytes(frame, "little") ^ mask).to_bytes(len(frame), "little")

    return burst


def noise(frame: bytes, rng: random.Random) -> bytes:
    """Keep the header, and replace all behind it by noise."""
    return frame[:HEADER_SIZE] + rng.randbytes(len(frame) - HEADER_SIZE - 1) + frame[-1:]


@cache
def samples(seed: str) -> tuple[tuple[Form, bytes], ...]:
    """Give one invented HDLC frame of every form."""
    rng = random.Random(seed)
    return tuple((form, of_form(form, rng)) for form in HDLC_FORMS)


@cache
def neighbours(*, mixed: bool) -> tuple[bytes, ...]:
    """Give good frames to stand beside a damaged one: HDLC, or all kinds."""
    rng = random.Random("neighbours")
    others = (source(rng) for source in (telegram, p1_telegram) for _ in range(12)) if mixed else ()
    return (*(frame for _, frame in samples("neighbours")), *others)


def between_neighbours(frame: bytes, mutated: bytes, rng: random.Random, *, mixed: bool = False) -> Case:
    """Put a mutated frame between two good ones."""
    before, after = (rng.choice(neighbours(mixed=mixed)) for _ in range(2))
    return Case(before + mutated + after, found_in(before) + found_in(after), frozenset(found_in(frame)))


def random_cases(mutate: Mutation, source: Source = hdlc_frame) -> Callable[[str, int], Iterator[Case]]:
    """Give any number of cases of one kind of mutation of one kind of frame."""

    def cases(seed: str, count: int) -> Iterator[Case]:
        rng = random.Random(seed)
        for done in range(0, count, CASES_PER_FRAME):
            frame = source(rng)
            for _ in range(min(CASES_PER_FRAME, count - done)):
                yield between_neighbours(frame, mutate(frame, rng), rng, mixed=source is not hdlc_frame)

    return cases


def one_bit(seed: str, _count: int) -> Iterator[Case]:
    """Flip every single bit of an HDLC frame of every form."""
    rng = random.Random(seed)
    for _form, frame in samples(seed):
        yield from every_bit(frame, rng, mixed=False)


def one_bit_of(source: Source) -> Callable[[str, int], Iterator[Case]]:
    """Flip every single bit of five frames of another kind."""

    def cases(seed: str, _count: int) -> Iterator[Case]:
        rng = random.Random(seed)
        for _ in range(5):
            yield from every_bit(source(rng), rng, mixed=True)

    return cases


def every_bit(frame: bytes, rng: random.Random, *, mixed: bool) -> Iterator[Case]:
    """Flip every single bit of a frame."""
    for bit in range(8 * len(frame)):
        yield between_neighbours(frame, flip(frame, (bit,)), rng, mixed=mixed)


def two_bits_of(name: str) -> Callable[[str, int], Iterator[Case]]:
    """Flip every pair of bits of a frame of one form."""

    def cases(seed: str, _count: int) -> Iterator[Case]:
        rng = random.Random(seed)
        frame = next(frame for form, frame in samples(seed) if form.name == name)
        for pair in combinations(range(8 * len(frame)), 2):
            yield between_neighbours(frame, flip(frame, pair), rng)

    return cases


# --- a stream mutated between good frames -------------------------------------------------------------------------------------------


def damage(frame: bytes, rng: random.Random) -> bytes:
    """Hurt a frame as a line does: bytes lost, added or replaced, the end cut off, or all of it gone."""
    at, size = rng.randrange(len(frame)), rng.randint(1, 40)
    kind = rng.randrange(5)
    if kind == 0:
        return frame[:at] + frame[at + size :]
    if kind == 1:
        return frame[:at] + rng.randbytes(size) + frame[at:]
    if kind == 2:
        return frame[:at] + rng.randbytes(size) + frame[at + size :]
    if kind == 3:
        return frame[:at]
    return frame[:at] + frame[at // 2 :]  # a piece of it twice


def between(rng: random.Random) -> bytes:
    """Give what may lie between the flags of two frames: nothing, more flags, line ends, noise."""
    return rng.choice((b"", b"", b"\x7e" * rng.randint(1, 5), b"\r\n", rng.randbytes(rng.randint(1, 30))))


def stream_cases(seed: str, count: int, *, mixed: bool = False) -> Iterator[Case]:
    """Damage one frame of five, and what lies between them; flags are doubled, shared or lost between good frames."""
    rng = random.Random(seed)
    for _ in range(count):
        good = [rng.choice(neighbours(mixed=mixed)) for _ in range(5)]
        hurt = rng.randrange(5)
        stream = good[0] if hurt else damage(good[0], rng)
        for place, frame in enumerate(good[1:], start=1):
            touched = hurt in (place - 1, place)
            if touched or rng.random() < 0.5:
                stream += between(rng) + (damage(frame, rng) if hurt == place else frame)
            else:
                stream += frame[stream[-1:] == frame[:1] == FLAG :]  # one of two flags between them was lost
        untouched = tuple(bare for place, frame in enumerate(good) if place != hurt for bare in found_in(frame))
        yield Case(stream, untouched, frozenset(found_in(good[hurt])))


def mixed_stream_cases(seed: str, count: int) -> Iterator[Case]:
    """The same with frames of all kinds."""
    return stream_cases(seed, count, mixed=True)


# --- judging --------------------------------------------------------------------------------------------------------------------------


def acquainted() -> Sniffer:
    """A sniffer on a line where every list was heard before: it goes another, faster way through frames whose headers it knows."""
    sniffer = Sniffer()
    for _, frame in samples("neighbours"):
        sniffer.feed(frame)
    sniffer.close()
    return sniffer


def judge(case: Case, sniffer: Sniffer | None = None) -> tuple[int, int]:
    """Feed a case, count the frames that are wrong and those that are lost, and read all of them. Without a sniffer to a new one."""
    sniffer = sniffer or Sniffer()
    found = [item for item in sniffer.feed(case.stream) + sniffer.close() if isinstance(item, bytes)]
    missing = [content(frame) for frame in case.untouched]
    sent = {content(frame) for frame in case.allowed}
    wrong = 0
    for frame in found:
        if content(frame) in missing:
            missing.remove(content(frame))
        elif not as_sent(frame, sent):
            wrong += 1
            read_aloud(Decoder().feed(on_the_wire(frame)))
    return wrong, len(missing)


def read_aloud(items: list[Reading | Rejected]) -> None:
    """Do with readings what the program does with them."""
    for item in items:
        if isinstance(item, Reading):
            as_json(item, utc(item))
            utc(item, arrived=datetime(2026, 1, 1, tzinfo=UTC))


def frames_law(cases: Callable[[str, int], Iterator[Case]]) -> Callable[[str, int], Tally]:
    """Run cases through the sniffer: by turns one that has just begun, and one that knows its meters."""

    def run(seed: str, count: int) -> Tally:
        tally = Tally()
        sniffers = cycle((None, acquainted()))
        began = time.perf_counter()
        for case, sniffer in zip(cases(seed, count), sniffers, strict=False):
            wrong, lost, raised, example = 0, 0, 0, ""
            try:
                wrong, lost = judge(case, sniffer)
            except Exception as error:  # noqa: BLE001 - that nothing raises is the law
                raised, example = 1, f"{error!r} on {case.stream.hex()}"
            if wrong or lost:
                example = case.stream.hex()
            tally = tally._replace(
                cases=tally.cases + 1,
                wrong=tally.wrong + wrong,
                lost=tally.lost + lost,
                raised=tally.raised + raised,
                example=tally.example or example,
            )
        return tally._replace(seconds=time.perf_counter() - began)

    return run


def readings_law(mutate: Mutation) -> Callable[[str, int], Tally]:
    """Mutate one telegram of a plain list and feed it to a decoder that knows its meter; wrong is a reading that was not sent."""

    def run(seed: str, count: int) -> Tally:
        rng = random.Random(seed)
        tally = Tally()
        began = time.perf_counter()
        for done in range(0, count, CASES_PER_FRAME):
            form = rng.choice([form for form in MBUS_FORMS if len(form.columns) > 1])
            good = of_form(form, rng)
            locked = Locked(form, good)
            for _ in range(min(CASES_PER_FRAME, count - done)):
                pieces = list(found_in(good))
                at = rng.randrange(len(pieces))
                pieces[at] = mutate(pieces[at], rng)
                tally = tally.plus(locked.hears(b"".join(pieces), sent=locked.expected))
        return tally._replace(seconds=time.perf_counter() - began)

    return run


# --- nonsense with good checks --------------------------------------------------------------------------------------------------------


def nonsense(message: bytes, rng: random.Random) -> bytes:
    """Change a message as nobody on a line could by accident: a few edits of its bytes, tags, lengths and pieces."""
    changed = bytearray(message)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(max(1, len(changed)))
        kind = rng.randrange(8)
        if kind <= 2:
            changed[at : at + 1] = bytes([rng.randrange(256)])
        elif kind == 3:
            changed[at : at + 1] = bytes(
                [rng.choice((0, 1, 2, 3, 5, 6, 9, 10, 15, 16, 17, 18, 20, 21, 22, 0x7F, 0x81, 0x82, 0xFF))]
            )
        elif kind == 4:
            del changed[at : at + rng.randint(1, 12)]
        elif kind == 5:
            stop = at + rng.randint(1, 40)
            changed[at:at] = changed[at:stop]
        elif kind == 6:
            changed[at:at] = b"\x02\x01" * rng.randint(1, 20) if rng.random() < 0.5 else rng.randbytes(rng.randint(1, 12))
        else:
            other = information(rng.choice(samples("neighbours"))[1])
            start = rng.randrange(len(other))
            changed[at:at] = other[start : start + rng.randint(1, 60)]
    return bytes(changed[:1900])


def nonsense_law(seed: str, count: int) -> Tally:
    """Feed frames with good checks and nonsense in them to a decoder that is locked to a meter.

    Wrong is a reading of another maker, or with a value out of range; lost is a good frame after it that is not read.
    """
    rng = random.Random(seed)
    tally = Tally()
    began = time.perf_counter()
    for done in range(0, count, CASES_PER_FRAME):
        form = rng.choice([form for form in HDLC_FORMS if len(form.columns) > 1])
        good = of_form(form, rng)
        locked = Locked(form, good)
        for _ in range(min(CASES_PER_FRAME, count - done)):
            tally = tally.plus(locked.hears(framed(form, nonsense(information(good), rng))))
    return tally._replace(seconds=time.perf_counter() - began)


ONE_LIST = frozenset({"kaifa", "sagemcom"})
TWO_MAKERS = ("kaifa-noe", "sagemcom")
"""They send the same list, and only the number of the meter in it, which nonsense may change, tells whose it is."""


class Locked:
    """A decoder on the line of one meter."""

    def __init__(self, form: Form, good: bytes) -> None:
        """Let it meet its meter."""
        self.decoder = Decoder(lock=True)
        (expected,) = self.decoder.feed(good)
        assert isinstance(expected, Reading)
        self.expected = expected
        self.makers = ONE_LIST if form.profile.name in TWO_MAKERS else {form.profile.manufacturer}
        self.good = good

    def hears(self, frame: bytes, *, sent: Reading | None = None) -> Tally:
        """Feed it a frame, and then a good one; with ``sent`` every other reading is wrong, and without those out of range."""
        items: list[Reading | Rejected] = []
        try:
            milliseconds = cpu_ms(lambda: items.extend(self.decoder.feed(frame)), SLOWEST_MS / 4)
            read_aloud(items)
            lost = int(self.decoder.feed(self.good)[-1:] != [self.expected])
        except Exception as error:  # noqa: BLE001 - that nothing raises is the law
            return Tally(cases=1, raised=1, example=f"{error!r} on {frame.hex()}")
        readings = [item for item in items if isinstance(item, Reading)]
        wrong = sum(item != sent if sent else not in_range(item, self.makers) for item in readings)
        return Tally(cases=1, wrong=wrong, lost=lost, slowest_ms=milliseconds, example=frame.hex() if wrong or lost else "")


def in_range(reading: Reading, makers: Collection[str]) -> bool:
    """Tell whether a reading is of this maker, and no value of it beyond what can be measured; only currents have a sign.

    The reader compares bits of the wire where that says the same, so up to the next power of two a value may pass.
    """
    for name, limit in LIMITS.items():
        value = getattr(reading, name, None)
        if value is not None and not (-limit if name.startswith("current_") else 0) <= value < 2 * limit:
            return False
    return reading.manufacturer in makers


# --- the campaign -----------------------------------------------------------------------------------------------------------------------


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
        Law("odd weight", frames_law(random_cases(odd_bits)), 0.08),
        Law("burst <= 16", frames_law(random_cases(burst_of(16))), 0.08),
        Law("even weight", frames_law(random_cases(even_bits)), 0.16, EVEN_MISS),
        Law("noise", frames_law(random_cases(noise)), 0.08, NOISE_MISS),
        Law("stream", frames_law(stream_cases), 0.16, NOISE_MISS),
        Law("nonsense", nonsense_law, 0.08),
        Law("M-Bus: 1 bit, all", frames_law(one_bit_of(telegram)), 0),
        Law("M-Bus: burst <= 8", frames_law(random_cases(burst_of(8), telegram)), 0.03),
        Law("M-Bus: 2 bits", frames_law(random_cases(some_bits(2), telegram)), 0.02, SUM_EVEN_MISS),
        Law("M-Bus: noise", frames_law(random_cases(noise, telegram)), 0.02, SUM_NOISE_MISS),
        Law("M-Bus: 2 bits, readings", readings_law(some_bits(2)), 0.02, SUM_READ_MISS),
        Law("M-Bus: noise, readings", readings_law(noise), 0.02),
        Law("P1: 1 bit, all", frames_law(one_bit_of(p1_telegram)), 0),
        Law("P1: even weight", frames_law(random_cases(even_bits, p1_telegram)), 0.03, EVEN_MISS),
        Law("mixed stream", frames_law(mixed_stream_cases), 0.06, SUM_NOISE_MISS),
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
        f"good frames lost {tally.lost}  raised {tally.raised}  {rate:,.0f}/s a core{slowest}  {'ok' if holds else 'VIOLATED'}"
    )
    if not holds:
        print(f"    for example {tally.example}")
    return holds


def traced_peak_kib(seed: str, count: int) -> float:
    """The most memory that one frame of nonsense takes on top of what a decoder that knows its meter holds."""
    rng = random.Random(seed)
    form = next(form for form in HDLC_FORMS if len(form.columns) > 1)
    message = information(of_form(form, rng))
    locked = Locked(form, framed(form, message))
    frames = [framed(form, nonsense(message, rng)) for _ in range(count)]
    peak = 0
    tracemalloc.start()
    for frame in frames:
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        locked.decoder.feed(frame)
        peak = max(peak, tracemalloc.get_traced_memory()[1] - before)
    tracemalloc.stop()
    return peak / 1024


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
            "0 good frames lost",
            f"{sum(tally.lost for _, tally in framing)} lost beside {sum(tally.cases for _, tally in framing):,} damaged ones",
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
    parser = arguments("What mutated frames can do to the reader.")
    parser.add_argument("--count", type=int, help=f"mutated frames in all; otherwise {FULL:,}, with --fast {FAST:,}")
    given = parser.parse_args()
    count, slow = given.count or (FAST if given.fast else FULL), not (given.fast or given.count)
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
