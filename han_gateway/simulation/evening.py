"""An evening in a house with a car, as its meter tells it: a timed list of what was said, and of the bytes that carry it.

Which list comes when is the meter's habit; what it says is what the house draws at that second. Time is virtual and counts in ms
from the start of the evening. This file must not know about files, ports or MQTT.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from han_gateway.core.units import LINES, Instant, MilliAmps, PerLine
from han_gateway.meters.models import MODELS, Model
from han_gateway.meters.reading import Reading, clock_octets
from han_gateway.simulation.charger import Box, Charge, passed, plugged_in, report, told
from han_gateway.simulation.house import Draw, Flow, House, car, line_voltages

STEP_MS = 500
"""Half a second divides every list period."""
REPORT_MS = 10_000
"""How often a charger reports."""
HOUR_MS = 3_600_000
BITS = {"N": 10, "E": 11}
"""Of one byte on a line: start, eight, parity or none, stop."""
LEAD_OHMS = 0.05
"""The wires to the house: what a current costs in voltage."""
CURRENTS = ("current_l1_ma", "current_l2_ma", "current_l3_ma")
VOLTAGES = ("voltage_l1_mv", "voltage_l2_mv", "voltage_l3_mv")
UNEVEN_VOLTS = (0.4, -0.3, 0.8)
NOT_MEASURED = {"kaifa": ("voltage_l2_mv",), "landis-gyr": ("voltage_l2_mv", "current_l2_ma")}
"""What these makes send as 0 on three wires, because they do not measure it there."""


class Said(NamedTuple):
    """A charger's report: when, who, and the payload."""

    at: Instant
    charger: str
    report: dict[str, Any]


class Sent(NamedTuple):
    """A list of the meter: when it begins, and what it says."""

    at: Instant
    reading: Reading


class Plug(NamedTuple):
    """A car that arrives: its charger, when it is plugged in, and the limits it will be told, as (instant, mA) in order."""

    box: Box
    at: Instant
    limits: tuple[tuple[Instant, MilliAmps], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evening:
    """A house, the meter that watches it, the hour, and a car or none. ``begins`` is the meter's clock, on a full 10 s."""

    meter: str
    house: House
    begins: datetime
    minutes: int
    plug: Plug | None = None
    meter_id: str = "0000000000000001"
    energy_wh: int = 12_345_670

    @property
    def model(self) -> Model:
        """The meter as ``MODELS`` knows it."""
        return MODELS[self.meter]

    @property
    def manufacturer(self) -> str:
        """Who made the meter."""
        return self.model.manufacturer

    def draws(self, at: Instant, charge: Charge | None) -> tuple[Draw, ...]:
        """What the car adds to the house."""
        if self.plug is None or charge is None or not charge.current_ma:
            return ()
        return (car(self.house.grid, self.house.volts(at), self.plug.box.lines, charge.current_ma),)


def unfold(evening: Evening) -> Iterator[Sent | Said]:
    """Let the evening pass, and give all that is said in it, in order."""
    charge: Charge | None = None
    energy_mws = var_mws = then = 0
    for at in range(0, evening.minutes * 60_000, STEP_MS):
        charge = _car(evening.plug, charge, at)
        number = due(evening, at)
        if number:
            flow = evening.house.flow(at, evening.draws(at, charge))
            energy_mws += round(flow.watts * (at - then))
            var_mws += round(flow.var * (at - then))
            then = at
            counters = (evening.energy_wh + energy_mws // HOUR_MS, max(var_mws, 0) // HOUR_MS, max(-var_mws, 0) // HOUR_MS)
            yield Sent(at, _reading(evening, at, number, flow, counters))
        if evening.plug and charge and at % REPORT_MS == 0:
            yield Said(at, evening.plug.box.name, report(evening.plug.box, charge))


def bytes_of(evening: Evening) -> Iterator[tuple[Instant, bytes | Said]]:
    """The same as they arrive: whole frames at the instant of their last byte, reports at once."""
    model = evening.model
    byte_ms = BITS[model.parity] * 1000 / model.baud
    sent = 0
    for said in unfold(evening):
        if isinstance(said, Said):
            yield said.at, said
        else:
            data = model.say(said.reading.list, said.reading, sent)
            sent += 1
            yield said.at + round(len(data) * byte_ms), data


def due(evening: Evening, at: Instant) -> int | None:
    """Say which list the meter sends at this instant: 1, 2, 3 or None.

    The hourly list comes at hh:00:10 in place of the list 2; a Kamstrup sends it in addition, between two lists.
    """
    model = evening.model
    after_the_hour = ((evening.begins.minute * 60 + evening.begins.second) * 1000 + at) % HOUR_MS
    if model.hourly_at_ms is not None and after_the_hour == model.hourly_at_ms:
        return 3
    if at % model.list2_period_ms == 0:
        return 2
    return 1 if model.list1_period_ms and at % model.list1_period_ms == 0 else None


def _car(plug: Plug | None, charge: Charge | None, at: Instant) -> Charge | None:
    """Let the car live until this instant: it arrives, is told what is due, and charges."""
    if plug is None or at < plug.at:
        return None
    charge = passed(plug.box, charge or plugged_in(plug.box, at), at)
    for told_at, limit_ma in plug.limits:
        if told_at == at:
            charge = told(plug.box, charge, at, limit_ma, HOUR_MS)
    return charge


def _line_powers(flow: Flow, nodes: PerLine[complex]) -> dict[str, int]:
    """The power of each line, where there is a neutral; one that gives power to the net has it as export."""
    watts = [round((volts * amps.conjugate()).real) for volts, amps in zip(nodes, flow.amps, strict=True)]
    imports = {f"power_import_{line.value.lower()}_w": max(each, 0) for line, each in zip(LINES, watts, strict=True)}
    return imports | {f"power_export_{line.value.lower()}_w": max(-each, 0) for line, each in zip(LINES, watts, strict=True)}


def _reading(evening: Evening, at: Instant, number: int, flow: Flow, counters: tuple[int, int, int]) -> Reading:
    """What an ideal meter reads at this instant; the form leaves out what this one does not send."""
    clock = evening.begins + timedelta(milliseconds=at)
    if number == 3 and evening.manufacturer == "aidon":  # which writes the full hour, not the second of sending
        clock = clock.replace(second=0)
    watts, var = round(flow.watts), round(flow.var)
    volts = evening.house.volts(at)
    lines: dict[str, Any] = dict(zip(CURRENTS, flow.current_ma, strict=True))
    for name, more, current_ma in zip(VOLTAGES, UNEVEN_VOLTS, flow.current_ma, strict=True):
        lines[name] = round(1000 * (volts + more) - LEAD_OHMS * current_ma)
    if evening.house.grid.three_wire:
        lines |= dict.fromkeys(NOT_MEASURED.get(evening.manufacturer, ()))
    else:
        lines |= _line_powers(flow, line_voltages(evening.house.grid, volts))
    return Reading(
        manufacturer=evening.manufacturer,
        list=number,
        list_id=evening.model.list_id,
        meter_id=evening.meter_id,
        meter_type=evening.model.meter_type,
        clock=clock_octets(clock),
        power_import_w=max(watts, 0),
        power_export_w=max(-watts, 0),
        reactive_import_var=max(var, 0),
        reactive_export_var=max(-var, 0),
        energy_import_wh=counters[0],
        energy_export_wh=0,
        reactive_energy_import_varh=counters[1],
        reactive_energy_export_varh=counters[2],
        **lines,
    )
