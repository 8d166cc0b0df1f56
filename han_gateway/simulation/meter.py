"""The meter on the wall: which list it sends when, what the list says, and when it has arrived.

There are two ways to hear it. *Faithful* writes every list with the software meter, damages some, and decodes the bytes with the real
decoder. *Fast* fills in what the decoder made of one sample list, rounded as the wire rounds; a test holds the two to the same
decisions. This file must not know what the house does with a list.
"""

import math
import random
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache
from typing import NamedTuple

from dlms.rejects import Rejected
from han_gateway.core.events import MeterGarbled, MeterSaid
from han_gateway.core.site import Grid
from han_gateway.core.units import Instant, PerLine
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.models import MODELS
from han_gateway.meters.reading import Reading, clock_octets
from han_gateway.simulation.house import VOLTS
from han_gateway.simulation.supply import Second, node_volts

BEGINS = datetime(2026, 1, 12)  # noqa: DTZ001  a meter's clock has no zone
BITS = 11
"""Of a byte with start, parity and stop bit; a line without parity is a tenth faster, which is left aside."""
HOUR_MS = 3_600_000
SAMPLE = 11_111
"""A value that shows on every digit how far the wire rounds."""
POWERS = ("power_import_w", "power_export_w", "reactive_import_var", "reactive_export_var")
CURRENTS = ("current_l1_ma", "current_l2_ma", "current_l3_ma")
IMPORTS = ("power_import_l1_w", "power_import_l2_w", "power_import_l3_w")
EXPORTS = ("power_export_l1_w", "power_export_l2_w", "power_export_l3_w")
VOLTAGES = ("voltage_l1_mv", "voltage_l2_mv", "voltage_l3_mv")


class Trouble(NamedTuple):
    """What becomes of frames: the share that is damaged, and the spells (seconds) in which nothing arrives."""

    damaged: float = 0.0
    outages: tuple[tuple[Second, Second], ...] = ()


NO_TROUBLE = Trouble()


class Heard(NamedTuple):
    """What arrived, and when. None is a frame that left no trace."""

    at: Instant
    event: MeterSaid | MeterGarbled | None


class Meter:
    """A model of ``MODELS`` in a house. One seed, one fate of each frame, whichever way it is heard."""

    def __init__(self, model: str, *, trouble: Trouble = NO_TROUBLE, seed: int = 0, faithful: bool = False) -> None:
        self.model = MODELS[model]
        self.faithful = faithful
        self._hourly_at = self.model.hourly_at_ms
        self._samples = {number: self._sample(number) for number in self.model.lists}
        self._delays = {number: self._delay(number) for number in self.model.lists}
        self._signed = self._samples[2].current_l1_ma is not None and self._samples[2].current_l1_ma < 0
        self._steps = {name: _step(abs(getattr(self._samples[2], name) or 0)) for name in (*CURRENTS, *VOLTAGES)}
        self._node_volts = node_volts(Grid(self.model.grid))
        self._three_wire = Grid(self.model.grid).three_wire
        self._trouble = trouble
        self._luck = random.Random(seed)  # noqa: S311  reproducible, and no secret
        self._decoder = Decoder(keys=self.model.keys)
        self._sent = 0

    @property
    def rhythm(self) -> tuple[tuple[Instant, int], ...]:
        """Series of lists: the first instant and the period of each."""
        series = [(period, period) for period in (self.model.list1_period_ms, self.model.list2_period_ms) if period]
        if self._hourly_at and self._hourly_at % self.model.list2_period_ms:
            series.append((self._hourly_at, HOUR_MS))
        return tuple(series)

    @property
    def currents(self) -> tuple[Second, Second]:
        """How often a list with currents is sent, and how long it travels: whole seconds, rounded up."""
        return self.model.list2_period_ms // 1000, -(-self._delays[2] // 1000)

    def number(self, at: Instant) -> int:
        """Which list it sends at an instant that is due: where both are, the one with currents; once an hour the one with energy."""
        if at % HOUR_MS == self._hourly_at:
            return 3
        return 2 if at % self.model.list2_period_ms == 0 else 1

    def say(self, at: Instant, amps: PerLine[complex]) -> Heard:
        """Measure now and send: what is heard of it, at the arrival of the closing flag."""
        number = self.number(at)
        reading = self._measured(number, at, amps)
        arrives = at + self._delays[number]
        damaged = self._trouble.damaged > 0 and self._luck.random() < self._trouble.damaged
        if any(start * 1000 <= at < end * 1000 for start, end in self._trouble.outages):
            return Heard(arrives, None)
        if self.faithful:
            return Heard(arrives, self._through_the_wire(number, reading, arrives, damaged=damaged))
        return Heard(arrives, None if damaged else MeterSaid(at=arrives, reading=reading))

    def _through_the_wire(self, number: int, reading: Reading, at: Instant, *, damaged: bool) -> MeterSaid | MeterGarbled | None:
        frame = bytearray(self.model.say(number, reading, self._sent))
        self._sent += 1
        if damaged:
            frame[len(frame) // 2] ^= 0x10
        items = self._decoder.feed(bytes(frame))
        if not items:
            return None
        return MeterGarbled(at=at, rejected=items[-1]) if isinstance(items[-1], Rejected) else MeterSaid(at=at, reading=items[-1])

    def _measured(self, number: int, at: Instant, amps: PerLine[complex]) -> Reading:
        """The list as it reads after the wire has rounded it; fields that this meter does not send stay None."""
        sample = self._samples[number]
        volts = VOLTS + 2.5 * math.sin(at / 143_000) + math.sin(at / 21_800)
        scale = volts / VOLTS * self._node_volts
        watts = round(scale * sum(current.real for current in amps))
        if number == 1:
            clock = _clock(at, sample.clock) if sample.clock else None
            return sample._replace(power_import_w=max(watts, 0), clock=clock)
        var = round(-scale * sum(current.imag for current in amps))
        values: dict[str, int | bytes | None] = dict(
            zip(POWERS, (max(watts, 0), max(-watts, 0), max(var, 0), max(-var, 0)), strict=True)
        )
        for name, current in zip(CURRENTS, amps, strict=True):
            exporting = self._signed and current.real < 0
            values[name] = self._rounded(name, -abs(current) * 1000 if exporting else abs(current) * 1000)
        for name in VOLTAGES:
            values[name] = self._rounded(name, volts * 1000)
        if not self._three_wire:
            of_lines = [round(scale * current.real) for current in amps]
            values |= zip(IMPORTS, (max(each, 0) for each in of_lines), strict=True)
            values |= zip(EXPORTS, (max(-each, 0) for each in of_lines), strict=True)
        on_the_hour = number == 3 and self._samples[2].clock is None
        values["clock"] = _clock(at // HOUR_MS * HOUR_MS if on_the_hour else at, sample.clock or b"")
        sent = {name: value for name, value in values.items() if getattr(sample, name) is not None}
        return sample._replace(**sent)  # type: ignore[arg-type]

    def _rounded(self, name: str, value: float) -> int:
        step = self._steps[name]
        return (round(value) + step // 2) // step * step

    def _delay(self, number: int) -> Instant:
        """How long a list is on its way."""
        return round(len(self.model.say(number, self._blank(number))) * BITS * 1000 / self.model.baud)

    def _blank(self, number: int) -> Reading:
        watts = SAMPLE * (200_000 + SAMPLE) // 10**6
        numbers = dict.fromkeys(POWERS, 0) | dict.fromkeys(CURRENTS, SAMPLE) | dict.fromkeys(VOLTAGES, 200_000 + SAMPLE)
        numbers |= dict.fromkeys(IMPORTS, watts) | {"power_import_w": 3 * watts}
        blank = Reading(
            manufacturer=self.model.manufacturer,
            list=number,
            list_id=self.model.list_id,
            meter_id="0000000000000001",
            meter_type=self.model.meter_type,
            clock=_midnight(0),
        )
        return blank._replace(**numbers)  # type: ignore[arg-type]

    def _sample(self, number: int) -> Reading:
        """What the decoder makes of one list; with a sign on the first current if the wire can carry one."""
        items: list[Reading | Rejected] = []
        for current_ma in (-SAMPLE, SAMPLE):
            decoder = Decoder(keys=self.model.keys)
            with suppress(OverflowError):
                data = self.model.say(number, self._blank(number)._replace(current_l1_ma=current_ma))
                items = decoder.feed(data) + decoder.close()
            if items and isinstance(items[0], Reading):
                return items[0]
        raise TypeError(f"the decoder does not know list {number} of a {self.model.name}: {items}")


def _clock(at: Instant, style: bytes) -> bytes:
    """The meter's clock, with deviation and status as in a sample. Only days are written from scratch, the time of day has a byte for each part."""
    day, seconds = divmod(at // 1000, 86_400)
    octets = _midnight(day)
    return octets[:5] + bytes((seconds // 3600, seconds // 60 % 60, seconds % 60)) + style[8:]


@cache
def _midnight(day: int) -> bytes:
    return clock_octets(BEGINS + timedelta(days=day)) or b""


def _step(value: int) -> int:
    """How far the wire rounds, seen on a value that ends in ones."""
    return next((step for step in (1000, 100, 10, 1) if value % step == 0), 1) if value else 1
