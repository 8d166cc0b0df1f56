"""Campaign: no message from the broker can raise, be believed when it is nonsense, or take long.

    python -m tests.campaign.payloads [--seed N] [--fast | --count N]

Hostile payloads on every topic on which the house is spoken to: JSON that nests without end, numbers beyond any range, NaN, true for a
number, keys twice, bytes that are no UTF-8, sizes around and beyond the bound, good reports with a few bytes changed. What is believed must
be in range and about somebody in the house; what is refused is refused in our own words. ``--fast`` is a million, without it 20
million, about 4 min.
"""

import json
import random
import string
import sys
from collections.abc import Callable

from han_gateway.core.events import Asked, CapSaid, Overheard
from han_gateway.core.units import LINES
from han_gateway.core.words.inbox import (
    MAX_CURRENT_A,
    MAX_FOR_S,
    MAX_REPORT_BYTES,
    MAX_SESSION_WH,
    NO_CAP,
    Heard,
    Inlet,
    Refused,
    inlets,
    understood,
)
from tests.campaign._house import SITE
from tests.campaign._parts import Part, Tally, cpu_ms, parts, tried
from tests.campaign._promise import Promise, arguments, published, wanted

FAST, FULL = 1_000_000, 20_000_000
CASES_PER_PART = 5_000
SLOWEST_MS = 1.0
INLETS = tuple(inlets("han", SITE).values())

GOOD = (
    b'{"current_a":{"L1":6.1,"L2":6,"L3":5.9},"status":"charging","limit_a":10,"session_wh":4200}',
    b'{"current_a":{"L1":12.5}}',
    b'{"status":"idle"}',
    b"8000",
    b"none",
)
NUMBERS = (
    *(
        "1e400",
        "-1e400",
        "1e-400",
        "NaN",
        "Infinity",
        "-Infinity",
        "true",
        "false",
        "null",
        "-1",
        "-0.0",
        "1000.0001",
        "1e3",
        "01",
    ),
    *("9" * 400, "9" * 4_090, "0x10", '"6"', "[]", "{}", "1.7976931348623157e308", "2" * 18, "10000001", "20000.5"),
)
PIECES = (
    b"\xff",
    b"\xed\xa0\x80",
    b"\x00",
    b"\xef\xbb\xbf",
    b"\xc0\x80",
    b"{",
    b"[",
    b'"',
    b"\\",
    b"\\ud800",
    b",",
    b":",
    b"}",
    b"-",
    b"e9",
)

Maker = Callable[[random.Random], bytes]


def deep(rng: random.Random) -> bytes:
    """Nesting, closed or not, up to 100 thousand levels."""
    levels = rng.choice((10, 31, 32, 63, 64, 65, 1_000, 100_000))
    opening, closing = rng.choice((("[", "]"), ('{"a":', "}"), ('{"current_a":', "}"), ('{"L1":[', "]}")))
    return (opening * levels + rng.choice(("", "1")) + closing * rng.choice((0, levels))).encode()


def odd_numbers(rng: random.Random) -> bytes:
    """A report or a cap with numbers that are none, or too many."""
    values = [rng.choice(NUMBERS) for _ in range(5)]
    report = f'{{"current_a":{{"L1":{values[0]},"L2":{values[1]}}},"limit_a":{values[2]},"session_wh":{values[3]}}}'
    return rng.choice((report, values[4], f'{{"current_a":{values[4]}}}', f'{{"status":{values[4]}}}')).encode()


def twice(rng: random.Random) -> bytes:
    """A key that occurs twice, here or there."""
    key = rng.choice(("L1", "current_a", "status", "limit_a"))
    inner = f'"{key}":{rng.choice(NUMBERS)},"{key}":{rng.randint(0, 40)}'
    return f"{{{inner}}}".encode() if rng.random() < 0.5 else f'{{"current_a":{{{inner}}}}}'.encode()


def large(rng: random.Random) -> bytes:
    """Around the bound and beyond it."""
    size = rng.choice((MAX_REPORT_BYTES - 1, MAX_REPORT_BYTES, MAX_REPORT_BYTES + 1, 65_536, 1_000_000))
    return rng.choice((b" " * size, b'{"a":"' + b"x" * max(0, size - 8) + b'"}', b"1" * size, b'"' + b"\\u0041" * (size // 6)))


def mutated(rng: random.Random) -> bytes:
    """A good message, hurt."""
    data = bytearray(rng.choice(GOOD))
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data) + 1)
        data[at : at + rng.randint(0, 3)] = rng.choice((rng.choice(PIECES), rng.randbytes(1), b""))
    return bytes(data)


def words(rng: random.Random) -> bytes:
    """JSON of any shape, and text that is none."""
    text = "".join(rng.choices(string.printable + "äß☃\ud800", k=rng.randint(0, 40)))
    value = rng.choice((text, {"status": text}, {text: text}, {"current_a": {text: 1}}, [text] * 3, {"current_a": [1, 2, 3]}))
    return json.dumps(value, ensure_ascii=rng.random() < 0.5).encode(errors="surrogatepass")


def noise(rng: random.Random) -> bytes:
    """No text at all."""
    return rng.randbytes(rng.choice((0, 1, 5, 33, 200)))


MAKERS: tuple[tuple[Maker, int], ...] = (
    *((mutated, 30), (odd_numbers, 25), (twice, 10), (words, 20), (noise, 10)),
    *((deep, 4), (large, 1)),
)
"""Kinds of hostility, and how many of a hundred are of each."""


def sane(heard: Heard, inlet: Inlet) -> bool:
    """What is believed is of the one whose topic it is, and in range."""
    if isinstance(heard, CapSaid):
        rule = SITE.rule(heard.cap)
        return rule is not None and (heard.value is None or (type(heard.value) is int and rule.least <= heard.value <= rule.most))
    if isinstance(heard, Overheard):
        limit_ma = heard.limit_ma
        return heard.charger == inlet.name and (
            limit_ma is None or (type(limit_ma) is int and 0 <= limit_ma <= 1000 * MAX_CURRENT_A)
        )
    if isinstance(heard, Asked):
        return heard.charger == inlet.name and (heard.for_ms is None or 0 < heard.for_ms <= 1000 * MAX_FOR_S)
    numbers = [amps for amps in heard.current_ma if amps is not None]
    session = getattr(heard, "session_wh", None)
    limit = getattr(heard, "limit_ma", None)
    name = getattr(heard, "charger", None) or getattr(heard, "circuit", None)
    return (
        name == inlet.name
        and all(type(amps) is int and 0 <= amps <= 1000 * MAX_CURRENT_A for amps in (*numbers, limit or 0))
        and 0 <= (session or 0) <= MAX_SESSION_WH
    )


def meant(payload: bytes, inlet: Inlet) -> bool:
    """Read again, in another way: no key is there twice, and where a number is read there is none of true and false."""
    if inlet.kind == "limit":  # what is not ours there counts, whether it can be read or not
        return True
    objects: list[dict[str, object]] = []
    twice = False

    def seen(pairs: list[tuple[str, object]]) -> dict[str, object]:
        nonlocal twice
        objects.append(dict(pairs))
        twice |= len(objects[-1]) != len(pairs)
        return objects[-1]

    report = None if payload.strip().lower() in NO_CAP else json.loads(payload, object_pairs_hook=seen)
    if not isinstance(report, dict):
        return not isinstance(report, bool)
    keys = ("limit_a", "session_wh") if inlet.kind == "charger" else ()
    numbers = [report.get(key) for key in keys] + [(report.get("current_a") or {}).get(line.value) for line in LINES]
    return not twice and not any(isinstance(number, bool) for number in numbers)


def own_words(refused: Refused) -> bool:
    """One short printable line."""
    return all(text.isascii() and text.isprintable() and 0 < len(text) < 200 for text in refused)


def nothing_gets_through(part: Part) -> Tally:
    """Any payload on any topic."""
    rng, tally = random.Random(part.seed), Tally()
    makers, weights = zip(*MAKERS, strict=True)
    for make in rng.choices(makers, weights, k=part.cases):
        payload, inlet = make(rng), rng.choice(INLETS)
        heard: list[Heard | Refused] = []
        why: object = None
        try:
            slowest_ms = cpu_ms(lambda: heard.append(understood(SITE, inlet, payload, 0)), SLOWEST_MS / 4)  # noqa: B023  called at once
            why = heard[0]
            good = own_words(heard[0]) if isinstance(heard[0], Refused) else sane(heard[0], inlet) and meant(payload, inlet)
        except Exception as error:  # noqa: BLE001  that nothing raises is the law
            slowest_ms, good, why = 0.0, False, error
        tally = tally.plus(Tally(1, not good, slowest_ms, "" if good else f"{payload[:300]!r} for {inlet}: {why!r}"))
    return tally


def main() -> int:
    """Run the campaign."""
    given = arguments(
        "No message from the broker can raise, or be believed when it is nonsense.", "payloads", FAST, FULL
    ).parse_args()
    seen = tried(nothing_gets_through, parts(str(given.seed), wanted(given), CASES_PER_PART))
    promise = Promise(
        "R-23a",
        "no message from the broker can crash the gateway, or be believed when it is nonsense",
        f"0 exceptions, 0 values out of range; {SLOWEST_MS:g} ms each at most",
        f"{seen.cases:,} hostile payloads, {seen.broken} of them; slowest {seen.slowest_ms:.2f} ms",
        holds=not seen.broken and seen.slowest_ms <= SLOWEST_MS,
    )
    return published(given, [promise])


if __name__ == "__main__":
    sys.exit(main())
