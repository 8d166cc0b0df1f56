"""The world of the demo: a recorded evening whose house gets cars added, and mishaps by the clock.

The recording says what the house draws; the cars really follow what they are told, so every list that is played back carries their
draw as well, and the loop is closed. The net is TN and the loads are mostly resistive, so currents on a line simply add up.
Time is the evening's. This file must not know about ports, brokers or the screen.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from enum import Enum
from itertools import count
from typing import NamedTuple

from han_gateway.core.units import LINES, Instant, Line, MilliAmps
from han_gateway.meters.models import Model
from han_gateway.meters.reading import Reading, clock_octets
from han_gateway.simulation.charger import Box, Charge, passed, plugged_in, told

LAPSE = 10
"""Evening seconds in one second of the demo."""
FUSE_MA = 25_000
L1, L2, L3 = LINES
BOXES = (
    Box(name="garage", lines=frozenset(LINES), watts_per_amp=690, reaction_ms=3_000),
    Box(name="carport", lines=frozenset({L2}), watts_per_amp=230, reaction_ms=5_000),
)


class Trouble(Enum):
    """What can go wrong in the demo: in words, when it begins and when it is over."""

    DAMAGE = ("noise on the meter's line damages a frame", "")
    UNPLUGGED = ("the meter's cable is pulled out", "the meter's cable is back")
    DEAF = ("the carport charger stops obeying and takes 10 A", "the carport charger obeys again")

    @property
    def begins(self) -> str:
        """The words for its beginning."""
        return self.value[0]

    @property
    def over(self) -> str:
        """The words for its end; empty where there is nothing to say."""
        return self.value[1]


class Mishap(NamedTuple):
    """When, in seconds of the demo, and what."""

    start: float
    end: float
    trouble: Trouble


MISHAPS = (
    Mishap(4.3, 4.7, Trouble.DAMAGE),
    Mishap(5.3, 8.9, Trouble.UNPLUGGED),
    Mishap(12.5, 20.0, Trouble.UNPLUGGED),
    Mishap(24.0, 29.0, Trouble.DEAF),
)
ROUND_S = 30.0
"""The mishaps come again after this many seconds."""
DEAF_MA = 10_000
"""What the charger takes that has stopped obeying."""
LIST_MS = 10_000
END_MS = 2_000
"""What lies between the last list of a recording and the first of the next."""


def troubles(seconds: float) -> frozenset[Trouble]:
    """Say what is wrong at this second of the demo."""
    return frozenset(mishap.trouble for mishap in MISHAPS if mishap.start <= seconds % ROUND_S < mishap.end)


class Heard(NamedTuple):
    """A recorded list: when it began, in ms since the start of the evening, and what it said."""

    at: Instant
    reading: Reading


class World:
    """House, cars and meter at the present moment of the evening; ``run`` lets it pass."""

    def __init__(self, evening: tuple[Heard, ...], model: Model) -> None:
        """Begin an evening: ``evening`` is repeated when it is over, ``model`` is the meter that tells it."""
        self._lists = endless(evening)
        self._next = next(self._lists)
        self._model = model
        self._sent = 0
        self._cars = {box.name: (box, plugged_in(box, 0)) for box in BOXES}
        self._over_since: Instant | None = None
        self.clock = evening[0].reading.meter_time
        self.highest_ma: MilliAmps = 0
        self.longest_over_ms = 0

    def tell(self, name: str, at: Instant, limit_ma: MilliAmps, valid_for_ms: int) -> None:
        """A charger hears its limit."""
        box, charge = self._cars[name]
        self._cars[name] = box, told(box, charge, max(at, charge.at), limit_ma, valid_for_ms)

    def chargers(self) -> Iterator[tuple[Box, Charge]]:
        """Every charger as it is now."""
        yield from self._cars.values()

    def run(self, at: Instant, wrong: frozenset[Trouble]) -> list[bytes]:
        """Let the evening pass until ``at``; give the frames that left the meter meanwhile."""
        frames = []
        while self._next.at <= at:
            self._drive(self._next.at, wrong)
            frames.append(self._speak(self._next))
            self._next = next(self._lists)
        self._drive(at, wrong)
        return frames

    def _drive(self, at: Instant, wrong: frozenset[Trouble]) -> None:
        for name, (box, charge) in self._cars.items():
            deaf = name == BOXES[-1].name and Trouble.DEAF in wrong
            now, when = replace(box, deaf=deaf), max(at, charge.at)
            begins = deaf and not box.deaf  # it takes what it likes, and then hears nothing
            self._cars[name] = now, told(box, charge, when, DEAF_MA, LIST_MS) if begins else passed(now, charge, when)

    def _speak(self, heard: Heard) -> bytes:
        reading = with_cars(heard.reading, tuple(self.chargers()))
        self.clock = reading.meter_time
        if reading.list > 1:
            self._judge(heard.at, max(current or 0 for current in reading.current_ma))
        self._sent += 1
        return self._model.say(reading.list, reading, self._sent)

    def _judge(self, at: Instant, current_ma: MilliAmps) -> None:
        """Keep the record: the highest current, and for how long the fuse was exceeded from list to list."""
        self.highest_ma = max(self.highest_ma, current_ma)
        if current_ma <= FUSE_MA:
            self._over_since = None
            return
        self._over_since = at if self._over_since is None else self._over_since
        self.longest_over_ms = max(self.longest_over_ms, at - self._over_since + self._model.list2_period_ms)


def endless(evening: tuple[Heard, ...]) -> Iterator[Heard]:
    """Give the evening from its beginning, and again when it is over; the meter's clock goes on."""
    begins = evening[0].at
    length = evening[-1].at - begins + END_MS
    for lap in count():
        later = timedelta(milliseconds=lap * length)
        for at, reading in evening:
            clock = reading.meter_time + later if reading.meter_time else None
            yield Heard(at - begins + lap * length, reading._replace(clock=clock_octets(clock)))


def with_cars(reading: Reading, cars: tuple[tuple[Box, Charge], ...]) -> Reading:
    """Add what the cars draw to what the house drew."""
    watts = sum(charge.current_ma * box.watts_per_amp for box, charge in cars) // 1000
    more = {line: sum(charge.current_ma for box, charge in cars if line in box.lines) for line in LINES}
    if reading.power_import_w is not None:
        reading = reading._replace(power_import_w=reading.power_import_w + watts)
    if reading.list == 1:
        return reading
    reading = _with_powers(reading, cars)
    return reading._replace(
        current_l1_ma=_plus(reading.current_l1_ma, more[Line.L1]),
        current_l2_ma=_plus(reading.current_l2_ma, more[Line.L2]),
        current_l3_ma=_plus(reading.current_l3_ma, more[Line.L3]),
    )


def _with_powers(reading: Reading, cars: tuple[tuple[Box, Charge], ...]) -> Reading:
    """Add to the power of each line, where the meter sends that."""
    powers = {}
    for line in LINES:
        name = f"power_import_{line.value.lower()}_w"
        watts = [charge.current_ma * box.watts_per_amp // len(box.lines) for box, charge in cars if line in box.lines]
        powers[name] = _plus(getattr(reading, name), sum(watts) // 1000)
    return reading._replace(**powers)  # type: ignore[arg-type]


def _plus(value: int | None, more: int) -> int | None:
    """What the meter does not send stays absent."""
    return None if value is None else value + more
