"""Campaign: what mutated P1 telegrams can do to the reader. The same seed is the same campaign.

    python -m tests.campaign.telegrams [--seed N] [--fast | --count N]

Each case is a mutated telegram between two good ones, in one stream, on a line that has heard good ones before and on one that has not.
With a check sequence a case is *wrong* when a reading comes out that nobody sent; CRC-16/ARC misses 1 in 2^16 of what it may miss at
all. Without one nothing can be certain; what is counted is how often a current comes out that is too small by more than the meter's
step and an eighth: the kind of error that blows a fuse. A telegram in an envelope alone on the line must get past its check sequence like
any other, and its neighbours are not lost. ``--fast`` is 21,000 telegrams, otherwise 1,000,000.
"""

import random
import sys
from collections.abc import Callable, Iterator
from math import ceil, sqrt
from multiprocessing import Pool
from typing import NamedTuple

from dlms.ciphering import Keys
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.reading import Reading
from han_gateway.meters.telegram_forms import SLOVENIA, TELEGRAM_FORMS, TelegramForm, write
from tests.campaign._promise import Promise, arguments, published, wanted
from tests.campaign._wires import KEYS, sealed

FAST, FULL = 21_000, 1_000_000
CASES_PER_TASK = 2_000
TELEGRAMS = 30
"""So many good ones of each form are written for the cases of a task."""
SIGMAS = 4.75  # one false alarm in a million campaigns
MISS = 2**-16
STEP_MA, SHARE = 1_000, 8 / 9
CHECKED = tuple(form for form in TELEGRAM_FORMS if form.checked)
FORMS_OF_KIND = {"checked": CHECKED, "sealed": CHECKED, "unchecked": (SLOVENIA,)}
"""With a check sequence; the same, each in an envelope; without a check sequence."""
UNPROVEN = Keys(KEYS.encryption)  # without the authentication key, which finds every change

Mutation = Callable[[bytes, random.Random], bytes]


class Tally(NamedTuple):
    """What came of a number of cases; ``small`` are currents that came out too small."""

    cases: int = 0
    wrong: int = 0
    lost: int = 0
    raised: int = 0
    small: int = 0
    example: str = ""

    def plus(self, other: "Tally") -> "Tally":
        """Add two tallies up."""
        numbers = (mine + theirs for mine, theirs in zip(self[:-1], other[:-1], strict=True))
        return Tally(*numbers, example=self.example or other.example)  # type: ignore[misc,arg-type]


def some_bits(most: int) -> Mutation:
    """Flip up to so many bits."""

    def mutate(wire: bytes, rng: random.Random) -> bytes:
        mask = sum(1 << bit for bit in rng.sample(range(8 * len(wire)), rng.randint(1, most)))
        return (int.from_bytes(wire, "big") ^ mask).to_bytes(len(wire), "big")

    return mutate


def burst(wire: bytes, rng: random.Random) -> bytes:
    """Change up to 16 bits in a row."""
    mask = rng.randint(1, 0xFFFF) << rng.randint(0, 8 * len(wire) - 16)
    return (int.from_bytes(wire, "little") ^ mask).to_bytes(len(wire), "little")


def lost_bytes(wire: bytes, rng: random.Random) -> bytes:
    """Lose some bytes in one place, or one in several."""
    at = rng.randrange(len(wire))
    if rng.random() < 0.5:
        return wire[:at] + wire[at + rng.randint(1, 200) :]
    gone = set(rng.sample(range(len(wire)), rng.randint(1, 6)))
    return bytes(octet for place, octet in enumerate(wire) if place not in gone)


def lost_line_ends(wire: bytes, rng: random.Random) -> bytes:
    """Lose some CR, or some whole line ends."""
    what, by = rng.choice(((b"\r\n", b"\n"), (b"\r\n", b""), (b"\r\n", b"\r")))
    pieces = wire.split(what)
    return b"".join(piece + (by if rng.random() < 0.2 else what) for piece in pieces[:-1]) + pieces[-1]


def added_bytes(wire: bytes, rng: random.Random) -> bytes:
    """Add noise, or a piece of the telegram once more."""
    at, start = rng.randrange(len(wire)), rng.randrange(len(wire))
    more = rng.randbytes(rng.randint(1, 30)) if rng.random() < 0.5 else wire[start : start + rng.randint(1, 120)]
    return wire[:at] + more + wire[at:]


def digits(wire: bytes, rng: random.Random) -> bytes:
    """Turn some digits into others: the text stays a telegram."""
    places = [place for place, octet in enumerate(wire[:-6]) if 0x30 <= octet <= 0x39]
    changed = bytearray(wire)
    for place in rng.sample(places, rng.randint(1, 4)):
        changed[place] = rng.choice(b"0123456789")
    return bytes(changed)


MUTATIONS: dict[str, Mutation] = {
    "1 bit": some_bits(1),
    "up to 12 bits": some_bits(12),
    "burst": burst,
    "lost bytes": lost_bytes,
    "lost line ends": lost_line_ends,
    "added bytes": added_bytes,
    "digits": digits,
}


def invented(rng: random.Random) -> Reading:
    """Invent a house: powers that its currents carry, and what else a telegram says."""
    amps = [rng.choice((0, rng.randint(0, 32_000))) for _ in range(3)]
    volts = [rng.randint(220_000, 240_000) for _ in range(3)]
    powers = [round(amp * volt * rng.uniform(0.9, 1) / 1_000_000) for amp, volt in zip(amps, volts, strict=True)]
    named = {f"{name}_l{line}_{unit}": values[line - 1] for line in (1, 2, 3) for name, unit, values in (
        ("current", "ma", amps), ("voltage", "mv", volts), ("power_import", "w", powers))}  # fmt: skip
    return Reading(
        manufacturer="invented",
        list=3,
        meter_id=f"{rng.randrange(10**8):08d}",
        power_import_w=sum(powers),
        energy_import_wh=rng.randrange(10**8),
        **named,  # type: ignore[arg-type]
    )


def telegram(form: TelegramForm, rng: random.Random) -> tuple[bytes, Reading]:
    """Write a telegram, and give what it says."""
    wire = write(form, invented(rng))
    (reading,) = Decoder().feed(wire)
    assert isinstance(reading, Reading)
    return wire, reading


def too_small(sent: Reading, found: Reading) -> bool:
    """Tell whether a current came out dangerously small."""
    pairs = zip(sent.current_ma, found.current_ma, strict=True)
    return any(was is not None and now is not None and now < (was - STEP_MA) * SHARE for was, now in pairs)


def hears(kind: str, good: list[tuple[bytes, Reading]], mutate: Mutation, rng: random.Random) -> Tally:
    """Put a mutated telegram between two good ones."""
    (before, first), (wire, sent), (after, last) = rng.sample(good, 3)
    if kind == "sealed":
        before, wire, after = (sealed(each, counter) for counter, each in enumerate((before, wire, after)))
    stream = before + mutate(wire, rng) + after
    try:
        items = Decoder(keys=UNPROVEN).feed(stream)
    except Exception as error:  # noqa: BLE001 - that nothing raises is the law
        return Tally(cases=1, raised=1, example=f"{error!r} on {stream!r}")
    readings = [item for item in items if isinstance(item, Reading)]
    strange = [reading for reading in readings if reading not in (first, sent, last)]
    lost = (first not in readings) + (last not in readings)
    small = sum(too_small(sent, reading) for reading in strange)
    return Tally(1, len(strange), lost, 0, small, repr(stream) if strange or lost else "")


def run_task(task: tuple[str, str, str, int]) -> tuple[str, str, Tally]:
    """Run a part of the campaign in a process of its own."""
    kind, name, seed, count = task
    rng, tally = random.Random(seed), Tally()
    good = [[telegram(form, rng) for _ in range(TELEGRAMS)] for form in FORMS_OF_KIND[kind]]
    for _ in range(count):
        tally = tally.plus(hears(kind, rng.choice(good), MUTATIONS[name], rng))
    return kind, name, tally


def tasks(seed: int, count: int) -> Iterator[tuple[str, str, str, int]]:
    """Cut the campaign into parts."""
    share = count // (len(FORMS_OF_KIND) * len(MUTATIONS))
    for kind in FORMS_OF_KIND:
        for name in MUTATIONS:
            for done in range(0, share, CASES_PER_TASK):
                yield kind, name, f"{seed}/{kind}/{name}/{done}", min(CASES_PER_TASK, share - done)


def allowed(cases: int) -> int:
    """Give the number of wrong readings at which chance is no excuse any more."""
    return ceil(cases * MISS + SIGMAS * sqrt(cases * MISS))


def promises(seen: dict[tuple[str, str], Tally]) -> list[Promise]:
    """Hold what was seen against the gates."""
    sums = dict.fromkeys(FORMS_OF_KIND, Tally())
    for (kind, _), tally in seen.items():
        sums[kind] = sums[kind].plus(tally)
    checked, unchecked, single = sums["checked"].plus(sums["sealed"]), sums["unchecked"], seen["unchecked", "1 bit"]
    return [
        Promise(
            "R-28",
            "a damaged P1 telegram never becomes a reading, beyond the rate of its check sequence, and costs only itself",
            f"0 exceptions, 0 good telegrams lost, at most {allowed(checked.cases)} wrong",
            f"{checked.cases:,} mutated telegrams: {checked.raised} exceptions, {checked.lost} lost, {checked.wrong} wrong",
            holds=not (checked.raised or checked.lost) and checked.wrong <= allowed(checked.cases),
        ),
        Promise(
            "R-29",
            "without a check sequence no wrong bit makes a current dangerously small",
            "0 exceptions, 0 currents too small by more than a step and an eighth after one wrong bit",
            f"{single.cases:,} telegrams with one wrong bit: {single.small} too small; {unchecked.cases:,} with any damage: "
            f"{unchecked.raised} exceptions, {unchecked.wrong} other readings, {unchecked.small} with a current too small",
            holds=not (unchecked.raised or single.small),
        ),
    ]


def main() -> int:
    """Run the campaign."""
    given = arguments("What mutated P1 telegrams can do to the reader.", "telegrams in all", FAST, FULL).parse_args()
    seen: dict[tuple[str, str], Tally] = {}
    with Pool(2) as pool:
        for kind, name, tally in pool.imap_unordered(run_task, tasks(given.seed, wanted(given))):
            seen[kind, name] = seen.get((kind, name), Tally()).plus(tally)
    for (kind, name), tally in sorted(seen.items(), reverse=True):
        print(f"{kind:9} {name:16} {tally._replace(example='')}")
        if tally.raised or tally.lost or (kind != "unchecked" and tally.wrong):
            print(f"    for example {tally.example[:3000]}")
    return published(given, promises(seen))


if __name__ == "__main__":
    sys.exit(main())
