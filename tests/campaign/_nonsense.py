"""Nonsense with good checks, and what gets past the sum of an M-Bus telegram, told to a decoder that knows its meter.

It must not know how frames are found in a stream.
"""

import random
import time
import tracemalloc
from collections.abc import Callable, Collection
from functools import partial
from time import thread_time_ns

from dlms.rejects import Rejected
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.forms import Form
from han_gateway.meters.plausible import LIMITS
from han_gateway.meters.reading import Reading
from tests.campaign._damage import FROM_ONE_FRAME, Mutation, samples
from tests.campaign._judging import Tally, read_aloud
from tests.campaign._parts import cpu_ms
from tests.campaign._wires import HDLC_FORMS, MBUS_FORMS, found_in, of_form
from tests.invented import framed, information

SLOWEST_MS = 20  # CPU time of one frame of nonsense


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

    def hear(locked: "Locked", rng: random.Random) -> Tally:
        return locked.hears(framed(locked.form, nonsense(information(locked.good), rng)))

    return _told(HDLC_FORMS, hear, seed, count)


def _told(forms: Collection[Form], hear: Callable[["Locked", random.Random], Tally], seed: str, count: int) -> Tally:
    """Let ``hear`` happen so often, now with this meter and now with that one."""
    rng = random.Random(seed)
    tally = Tally()
    began = time.perf_counter()
    for done in range(0, count, FROM_ONE_FRAME):
        form = rng.choice([form for form in forms if len(form.columns) > 1])
        locked = Locked(form, of_form(form, rng))
        for _ in range(min(FROM_ONE_FRAME, count - done)):
            tally = tally.plus(hear(locked, rng))
    return tally._replace(seconds=time.perf_counter() - began)


ONE_LIST = frozenset({"kaifa", "sagemcom"})
TWO_MAKERS = ("kaifa-noe", "sagemcom")
"""They send the same list, and only the number of the meter in it, which nonsense may change, tells whose it is."""


class Locked:
    """A decoder on the line of one meter."""

    def __init__(self, form: Form, good: bytes) -> None:
        """Let it meet its meter."""
        self.form = form
        self.decoder = Decoder(lock=True)
        (expected,) = self.decoder.feed(good)
        assert isinstance(expected, Reading)
        self.expected = expected
        self.makers = ONE_LIST if form.profile.name in TWO_MAKERS else {form.profile.manufacturer}
        self.good = good

    def _timed(self, frame: bytes, items: list[Reading | Rejected]) -> float:
        """Feed it a frame, once: what comes twice may be believed. What seems slow is timed again with others that know the meter."""
        began = thread_time_ns()
        items += self.decoder.feed(frame)
        milliseconds = (thread_time_ns() - began) / 1e6
        if milliseconds < SLOWEST_MS / 4:
            return milliseconds
        others = [acquainted_with(self.good) for _ in range(3)]
        return min(milliseconds, cpu_ms(lambda: others.pop().feed(frame), SLOWEST_MS / 4))

    def hears(self, frame: bytes, *, sent: Reading | None = None) -> Tally:
        """Feed it a frame, and then a good one; with ``sent`` every other reading is wrong, and without those out of range."""
        items: list[Reading | Rejected] = []
        try:
            milliseconds = self._timed(frame, items)
            read_aloud(items)
            lost = int(self.decoder.feed(self.good)[-1:] != [self.expected])
        except Exception as error:  # noqa: BLE001 - that nothing raises is the law
            return Tally(cases=1, raised=1, example=f"{error!r} on {frame.hex()}")
        readings = [item for item in items if isinstance(item, Reading)]
        wrong = sum(item != sent if sent else not in_range(item, self.makers) for item in readings)
        return Tally(cases=1, wrong=wrong, lost=lost, slowest_ms=milliseconds, example=frame.hex() if wrong or lost else "")


def acquainted_with(good: bytes) -> Decoder:
    """Give a decoder that has heard its meter."""
    decoder = Decoder(lock=True)
    decoder.feed(good)
    return decoder


def in_range(reading: Reading, makers: Collection[str]) -> bool:
    """Tell whether a reading is of this maker, and no value of it beyond what can be measured; only currents have a sign.

    The reader compares bits of the wire where that says the same, so up to the next power of two a value may pass.
    """
    for name, limit in LIMITS.items():
        value = getattr(reading, name, None)
        if value is not None and not (-limit if name.startswith("current_") else 0) <= value < 2 * limit:
            return False
    return reading.manufacturer in makers


def readings_law(mutate: Mutation) -> Callable[[str, int], Tally]:
    """Mutate one telegram of a plain list and feed it to a decoder that knows its meter; wrong is a reading that was not sent."""

    def hear(locked: Locked, rng: random.Random) -> Tally:
        pieces = list(found_in(locked.good))
        at = rng.randrange(len(pieces))
        pieces[at] = mutate(pieces[at], rng)
        return locked.hears(b"".join(pieces), sent=locked.expected)

    return partial(_told, MBUS_FORMS, hear)


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
