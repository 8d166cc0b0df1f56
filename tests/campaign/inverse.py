"""Campaign: what a meter sends is what is read, however the bytes were cut on their way; and no list fits two meters.

    python -m tests.campaign.inverse [--seed N] [--fast | --count N]

A reading of any values that a list can carry is written by the software meter and must come back from the decoder as it was. A stream
of five frames, one of them hurt and with noise between them, must give the same however it was cut. A signature (shape of the body,
list id, number and types of values) fits one maker at most. ``--fast`` is 20 thousand of each, half as many streams; without it a million, 10 min.
"""

import random
import sys
from collections.abc import Iterable
from itertools import pairwise

from dlms.rejects import Reason, Rejected
from fixtures.every_list import LIST_IDS
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.family import Shape, Signature
from han_gateway.meters.forms import FORMS
from han_gateway.meters.profiles import identify
from han_gateway.meters.reading import Reading
from han_gateway.meters.software_meter import write
from tests.campaign._damage import stream
from tests.campaign._parts import Part, Tally, parts, tried
from tests.campaign._promise import Promise, arguments, published, wanted
from tests.invented import invent_with
from tests.meters.test_decoder import own_name
from tests.meters.test_profiles import SIGNATURES, fitting

FAST, FULL = 20_000, 1_000_000
CASES_PER_PART = 1_000
FRAMES = 5
NOISE = {Reason.NOISE, Reason.HEADER_CHECK}


def readings_come_back(part: Part) -> Tally:
    """Any reading of any list, through bytes and back."""
    rng, tally = random.Random(part.seed), Tally()
    for _ in range(part.cases):
        form = rng.choice(FORMS)
        sent = own_name(form, invent_with(form, rng))
        frame = write(form, sent)
        good = Decoder().feed(frame) == [sent]
        tally = tally.plus(Tally(1, not good, example="" if good else f"{form.name}: {frame.hex()}"))
    return tally


def cuts_are_no_matter(part: Part) -> Tally:
    """Any stream, whole and in up to 20 pieces."""
    rng, tally = random.Random(part.seed), Tally()
    whole, pieces = Decoder(), Decoder()  # they get to know the line: frames with known headers go another, faster way
    for _ in range(part.cases):
        sent = stream(rng, FRAMES).stream
        places = [0, *sorted(rng.randint(0, len(sent)) for _ in range(rng.randint(1, 20))), len(sent)]
        expected = heard([*whole.feed(sent), *whole.close()])
        found = heard([*(item for start, stop in pairwise(places) for item in pieces.feed(sent[start:stop])), *pieces.close()])
        good = found == expected
        tally = tally.plus(Tally(1, not good, example="" if good else f"{sent.hex()} cut at {places}"))
    return tally


def heard(items: Iterable[Reading | Rejected]) -> tuple[list[Reading | Rejected], int]:
    """What was said, and the bytes of noise: a long stretch of that is told in pieces, wherever it was cut."""
    said, noise = list[Reading | Rejected](), 0
    for item in items:
        if isinstance(item, Rejected) and item.reason in NOISE:
            noise += item.size
        else:
            said.append(item)
    return said, noise


def one_meter_at_most(part: Part) -> Tally:
    """Any signature, most of them close to one that is known."""
    rng, tally = random.Random(part.seed), Tally()
    known = sorted(set(LIST_IDS.values()))
    spellings = sorted({signature.types for signature in SIGNATURES.values()})
    for _ in range(part.cases):
        word = rng.choice(known)
        cut = rng.randint(0, len(word))
        other = rng.choice(known)
        list_id = rng.choice(
            (None, word, word[:cut], word + other, word[:cut] + other[cut:], word[:cut] + chr(rng.randint(32, 126)))
        )
        spelled = rng.choice(spellings)
        size = rng.choice((rng.randint(0, 120), len(spelled)))
        signature = Signature(rng.choice(list(Shape)), list_id, size, spelled, rng.choice((None, "1812", "178210", "9900")))
        families = fitting(signature)
        good = len(families) <= 1 and identify(signature) is (families[0] if families else None)
        tally = tally.plus(Tally(1, not good, example="" if good else f"{signature} fits {families}"))
    return tally


def main() -> int:
    """Run the campaign."""
    given = arguments("What is sent is what is read.", "readings", FAST, FULL).parse_args()
    count = wanted(given)
    back, cuts, signatures = (
        tried(law, parts(f"{given.seed}/{law.__name__}", cases, CASES_PER_PART))
        for law, cases in ((readings_come_back, count), (cuts_are_no_matter, count // 2), (one_meter_at_most, count))
    )
    return published(
        given,
        [
            Promise(
                "R-6",
                "what a meter sends is what is read, however the bytes are cut",
                "0 readings changed by encoding and decoding, 0 streams read otherwise when cut",
                f"{back.cases:,} readings, {back.broken} changed; {cuts.cases:,} streams, {cuts.broken} read otherwise",
                holds=not back.broken and not cuts.broken,
            ),
            Promise(
                "R-7",
                "no list fits two meters",
                "at most 1 maker for each signature",
                f"{signatures.cases:,} signatures, {signatures.broken} fit more than one",
                holds=not signatures.broken,
            ),
        ],
    )


if __name__ == "__main__":
    sys.exit(main())
