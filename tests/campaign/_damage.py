"""Frames damaged in every way, in streams between good ones. The same seed gives the same streams.

It must not know who reads them.
"""

import random
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import combinations, islice
from typing import NamedTuple

from dlms.hdlc import FLAG
from han_gateway.meters.forms import Form
from tests.campaign._wires import HDLC_FORMS, Source, found_in, hdlc_frame, of_form, p1_telegram, telegram

FROM_ONE_FRAME = 100
"""So many mutations are made from one frame until another is written."""
IN_A_STREAM = 20
HURT_IN_A_STREAM = 5
HEADER_SIZE = 10  # both flags' worth of bytes before the information field of the longest header, rounded up; M-Bus has nine


class Case(NamedTuple):
    """A stream in the pieces in which it comes, the frames in it that nobody touched, as the sniffer gives them, and how many are damaged.

    ``allowed`` is what may come out of it besides: the damaged frames as they were, for where it did not matter.
    """

    pieces: tuple[bytes, ...]
    untouched: tuple[bytes, ...]
    allowed: frozenset[bytes]
    damaged: int = 1

    @property
    def stream(self) -> bytes:
        """All of it."""
        return b"".join(self.pieces)


Cases = Callable[[str, int], Iterator[Case]]
"""From a seed, streams with so many damaged frames in all."""

Mutation = Callable[[bytes, random.Random], bytes]
"""Changes a whole frame, flags included; what it gives is never the frame itself."""


# --- one frame mutated ------------------------------------------------------------------------------------------------------------


def flip(frame: bytes, bits: Iterable[int]) -> bytes:
    """Flip these bits of a frame."""
    changed = bytearray(frame)
    for bit in bits:
        changed[bit >> 3] ^= 1 << (bit & 7)
    return bytes(changed)


def some_of(rng: random.Random, places: range, count: int) -> set[int]:
    """So many different places: ``rng.sample``, three times as fast for a few of many."""
    drawn = set[int]()
    while len(drawn) < count:
        drawn.update(rng.choices(places, k=count - len(drawn)))
    return drawn


def some_bits(count: int) -> Mutation:
    """Flip exactly so many bits, anywhere, flags included."""
    return lambda frame, rng: flip(frame, some_of(rng, range(8 * len(frame)), count))


def odd_bits(frame: bytes, rng: random.Random) -> bytes:
    """Flip an odd number of bits, five or more, between the flags (a damaged flag is no matter for the check sequence)."""
    return flip(frame, some_of(rng, range(8, 8 * len(frame) - 8), 2 * rng.randint(2, 20) + 1))


def even_bits(frame: bytes, rng: random.Random) -> bytes:
    """Flip an even number of bits, four or more, behind the header: what only the frame check can find."""
    return flip(frame, some_of(rng, range(8 * HEADER_SIZE, 8 * len(frame) - 8), 2 * rng.randint(2, 20)))


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


# --- between good frames ----------------------------------------------------------------------------------------------------------


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


def between_neighbours(frame: bytes, mutated: Iterable[bytes], rng: random.Random, *, mixed: bool = False) -> Iterator[Case]:
    """Put what was made of a frame into streams in which each damaged one stands between two good ones."""
    left = iter(mutated)
    while damaged := tuple(islice(left, IN_A_STREAM)):
        good = rng.choices(neighbours(mixed=mixed), k=len(damaged) + 1)
        pairs = (before + bad for before, bad in zip(good, damaged, strict=False))
        untouched = tuple(bare for each in good for bare in found_in(each))
        yield Case((*pairs, good[-1]), untouched, frozenset(found_in(frame)), len(damaged))


def random_cases(mutate: Mutation, source: Source = hdlc_frame) -> Cases:
    """Give any number of cases of one kind of mutation of one kind of frame."""

    def cases(seed: str, count: int) -> Iterator[Case]:
        rng = random.Random(seed)
        for done in range(0, count, FROM_ONE_FRAME):
            frame = source(rng)
            mutated = (mutate(frame, rng) for _ in range(min(FROM_ONE_FRAME, count - done)))
            yield from between_neighbours(frame, mutated, rng, mixed=source is not hdlc_frame)

    return cases


def one_bit(seed: str, _count: int) -> Iterator[Case]:
    """Flip every single bit of an HDLC frame of every form."""
    rng = random.Random(seed)
    for _form, frame in samples(seed):
        yield from every_bit(frame, rng, mixed=False)


def one_bit_of(source: Source) -> Cases:
    """Flip every single bit of five frames of another kind."""

    def cases(seed: str, _count: int) -> Iterator[Case]:
        rng = random.Random(seed)
        for _ in range(5):
            yield from every_bit(source(rng), rng, mixed=True)

    return cases


def every_bit(frame: bytes, rng: random.Random, *, mixed: bool) -> Iterator[Case]:
    """Flip every single bit of a frame."""
    return between_neighbours(frame, (flip(frame, (bit,)) for bit in range(8 * len(frame))), rng, mixed=mixed)


def two_bits_of(name: str) -> Cases:
    """Flip every pair of bits of a frame of one form."""

    def cases(seed: str, _count: int) -> Iterator[Case]:
        rng = random.Random(seed)
        frame = next(frame for form, frame in samples(seed) if form.name == name)
        yield from between_neighbours(frame, (flip(frame, pair) for pair in combinations(range(8 * len(frame)), 2)), rng)

    return cases


# --- a stream mutated between good frames -----------------------------------------------------------------------------------------


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


def stream(rng: random.Random, frames: int, *, mixed: bool = False) -> Case:
    """Damage every third frame, and what lies beside it; flags are doubled, shared or lost between good frames."""
    first = rng.randrange(3)
    sent = rng.choices(neighbours(mixed=mixed), k=frames)
    pieces = list[bytes]()
    end = b""
    for place, frame in enumerate(sent):
        hurt, beside = place % 3 == first, (place - 1) % 3 == first
        if place and (hurt or beside or rng.random() < 0.5):
            piece = between(rng) + (damage(frame, rng) if hurt else frame)
        else:
            piece = damage(frame, rng) if hurt else frame[end == frame[:1] == FLAG :]  # one of two flags between them was lost
        pieces.append(piece)
        end = piece[-1:] or end
    damaged = range(first, frames, 3)
    untouched = tuple(bare for place, frame in enumerate(sent) if place not in damaged for bare in found_in(frame))
    allowed = frozenset(bare for place in damaged for bare in found_in(sent[place]))
    return Case(tuple(pieces), untouched, allowed, len(damaged))


def streams(*, mixed: bool) -> Cases:
    """Give streams of damaged and good frames: of HDLC, or of all kinds."""

    def cases(seed: str, count: int) -> Iterator[Case]:
        rng = random.Random(seed)
        for done in range(0, count, HURT_IN_A_STREAM):
            yield stream(rng, 3 * min(HURT_IN_A_STREAM, count - done), mixed=mixed)

    return cases
