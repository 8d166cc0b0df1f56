"""What came of damaged streams: frames that nobody sent, frames that were lost, and what raised.

It must not know how the streams were damaged.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import cycle
from typing import NamedTuple

from dlms.rejects import Rejected
from dlms.sniffer import Sniffer
from han_gateway.meters.as_json import as_json
from han_gateway.meters.clock import utc
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.reading import Reading
from tests.campaign._damage import Case, Cases, samples
from tests.campaign._wires import as_sent, content, on_the_wire


class Tally(NamedTuple):
    """What came of a number of cases; ``slowest_ms`` is CPU time of one case.

    ``taken`` are frames that nobody touched and that are not found either, but lie in part in a frame that is wrong: chance made that one
    long enough, so they are its price and not that of the damage.
    """

    cases: int = 0
    wrong: int = 0
    lost: int = 0
    raised: int = 0
    slowest_ms: float = 0.0
    seconds: float = 0.0
    example: str = ""
    taken: int = 0

    def plus(self, other: "Tally") -> "Tally":
        """Add two tallies up."""
        return Tally(
            self.cases + other.cases,
            self.wrong + other.wrong,
            self.lost + other.lost,
            self.raised + other.raised,
            max(self.slowest_ms, other.slowest_ms),
            self.seconds + other.seconds,
            self.example or other.example,
            self.taken + other.taken,
        )


def acquainted() -> Sniffer:
    """A sniffer on a line where every list was heard before: it goes another, faster way through frames whose headers it knows."""
    sniffer = Sniffer()
    for _, frame in samples("neighbours"):
        sniffer.feed(frame)
    sniffer.close()
    return sniffer


def judge(case: Case, sniffer: Sniffer | None = None) -> tuple[int, int, int]:
    """Count the frames that are wrong, those that are lost and those that wrong ones took, and read all of the wrong ones.

    A sniffer that is given hears the stream in its pieces; otherwise a new one hears all of it at once.
    """
    reader, pieces = (Sniffer(), (case.stream,)) if sniffer is None else (sniffer, case.pieces)
    items = [item for piece in pieces for item in reader.feed(piece)]
    found = tuple([item for item in items + reader.close() if isinstance(item, bytes)])
    return (0, 0, 0) if found == case.untouched else _closer_look(case, found)


def _closer_look(case: Case, found: tuple[bytes, ...]) -> tuple[int, int, int]:
    """Hold every frame that was found against what was sent."""
    missing = list(case.untouched)
    sent = {content(frame) for frame in case.allowed}
    wrong = list[bytes]()
    for frame in found:
        same = next((each for each in missing if content(each) == content(frame)), None)
        if same is not None:
            missing.remove(same)
        elif not as_sent(frame, sent):
            wrong.append(on_the_wire(frame))
            read_aloud(Decoder().feed(wrong[-1]))
    taken = sum(any(_reaches_into(each, on_the_wire(frame)) for each in wrong) for frame in missing)
    return len(wrong), len(missing) - taken, taken


def _reaches_into(wrong: bytes, good: bytes) -> bool:
    """Tell whether a frame ends with two or more of the octets with which another begins, or holds all of it."""
    return good in wrong or any(wrong.endswith(good[:size]) for size in range(2, min(len(wrong), len(good))))


def read_aloud(items: list[Reading | Rejected]) -> None:
    """Do with readings what the program does with them."""
    for item in items:
        if isinstance(item, Reading):
            as_json(item, utc(item))
            utc(item, arrived=datetime(2026, 1, 1, tzinfo=UTC))


def frames_law(cases: Cases) -> Callable[[str, int], Tally]:
    """Run streams through the sniffer: by turns one that has just begun, and one that knows its meters."""

    def run(seed: str, count: int) -> Tally:
        tally = Tally()
        sniffers = cycle((None, acquainted()))
        began = time.perf_counter()
        for case, sniffer in zip(cases(seed, count), sniffers, strict=False):
            wrong, lost, taken, raised, example = 0, 0, 0, 0, ""
            try:
                wrong, lost, taken = judge(case, sniffer)
            except Exception as error:  # noqa: BLE001 - that nothing raises is the law
                raised, example = 1, f"{error!r} on {case.stream.hex()}"
            if wrong or lost:
                example = case.stream.hex()
            tally = tally.plus(Tally(case.damaged, wrong, lost, raised, example=example, taken=taken))
        return tally._replace(seconds=time.perf_counter() - began)

    return run
