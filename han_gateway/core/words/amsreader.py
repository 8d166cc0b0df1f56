"""Words for those who know the amsreader (amsleser.no): its topics in the form "Home Assistant", and its ``/data.json``.

The names of the fields are theirs, so that a dashboard, or evcc's template ``amsleser``, works as it is; what this gateway does not know is
null or left out. This file must not know how messages travel, nor who asks.
"""

import json
from datetime import datetime
from typing import Any, NamedTuple

from han_gateway.core.load import complete
from han_gateway.core.site import Site
from han_gateway.core.units import LINES, Instant, MilliAmps, PerLine, thousandths
from han_gateway.core.words.topics import READING_EXPIRY_S, Message
from han_gateway.meters.as_json import iso
from han_gateway.meters.clock import DEFAULT_ZONE, ClockRule, utc
from han_gateway.meters.reading import Reading

ENERGY_EXPIRY_S = 4_000
"""A register is sent once an hour."""

Json = dict[str, Any]


def messages(
    topic: str, reading: Reading, now: datetime, *, clock: ClockRule | None = None, zone: str = DEFAULT_ZONE
) -> tuple[Message, ...]:
    """Word a list of the meter as an amsreader would: ``<topic>/power`` when it carries power, ``<topic>/energy`` when it carries registers."""
    time = utc(reading, rule=clock, zone=zone, arrived=now)
    stamp = {"t": iso(time or now)}
    said = []
    if reading.power_import_w is not None:
        said.append(Message(f"{topic}/power", _payload({**_power(reading), **stamp}), expiry_s=READING_EXPIRY_S))
    if reading.list >= 3:
        energy = {**_energy(reading), "rtc": None if time is None else iso(time), **stamp}
        said.append(Message(f"{topic}/energy", _payload(energy), expiry_s=ENERGY_EXPIRY_S))
    return tuple(said)


def status(topic: str, *, online: bool) -> Message:
    """Word whether the meter is heard."""
    return Message(f"{topic}/status", b"online" if online else b"offline", retain=True)


def _power(reading: Reading) -> Json:
    if reading.list == 1:
        return {"P": reading.power_import_w}
    said: Json = {
        "lv": reading.list_id,
        "id": reading.meter_id,
        "type": reading.meter_type,
        "P": reading.power_import_w,
        "Q": reading.reactive_import_var,
        "PO": reading.power_export_w,
        "QO": reading.reactive_export_var,
        **_numbered("I", map(thousandths, reading.current_ma)),
        **_numbered("U", map(thousandths, reading.voltage_mv)),
    }
    if reading.line_power_import_w != (None, None, None):  # meters that tell the power of each line
        said |= _numbered("P", reading.line_power_import_w) | _numbered("PO", reading.line_power_export_w)
    return said


def _energy(reading: Reading) -> Json:
    return {
        "tPI": thousandths(reading.energy_import_wh),
        "tPO": thousandths(reading.energy_export_wh),
        "tQI": thousandths(reading.reactive_energy_import_varh),
        "tQO": thousandths(reading.reactive_energy_export_varh),
    }


class Known(NamedTuple):
    """The last list of the meter with its power, the last with currents, and the last with registers; and when the first two came."""

    last: Reading | None = None
    last_at: Instant = 0
    currents: Reading | None = None
    currents_at: Instant = 0
    energies: Reading | None = None

    def after(self, reading: Reading, at: Instant) -> "Known":
        """What is known when this list has come."""
        known = self
        if reading.power_import_w is not None:
            known = known._replace(last=reading, last_at=at)
        if reading.has_currents:
            known = known._replace(currents=reading, currents_at=at)
        return known._replace(energies=reading) if reading.list >= 3 else known


def data_json(site: Site, known: Known, at: Instant, now: datetime) -> bytes | None:
    """Word what is known at ``at`` for ``/data.json``; None when the meter has been silent for so long that nobody may use it.

    A line whose current the meter does not measure has the same estimate that the chargers are governed by, marked with ``e``.
    """
    oldest = at - site.policy.stale_after_ms
    reading = known.last
    if reading is None or known.last_at < oldest:
        return None
    energies = known.energies
    import_w, export_w = reading.power_import_w, reading.power_export_w
    net_w = None if import_w is None else import_w - (export_w or 0)
    return _payload(
        {
            "mf": site.root.fuse_ma // 1000,
            "i": import_w,
            "e": export_w,
            "w": net_w,
            "ri": reading.reactive_import_var,
            "re": reading.reactive_export_var,
            "ic": energies and thousandths(energies.energy_import_wh),
            "ec": energies and thousandths(energies.energy_export_wh),
            "ric": energies and thousandths(energies.reactive_energy_import_varh),
            "rec": energies and thousandths(energies.reactive_energy_export_varh),
            **_lines(site, known.currents if known.currents_at >= oldest else None, net_w),
            "c": int(now.timestamp()),
        }
    )


def _lines(site: Site, reading: Reading | None, net_w: int | None) -> Json:
    """Voltage, current and power of each line: null where nothing is known, 0 A where this supply has no line."""
    load = None if reading is None else complete(site, reading)
    if reading is None or load is None:
        return {line.value.lower(): dict.fromkeys("uip") for line in LINES}
    currents = PerLine(*(0 if line in load.absent else load.current_ma[line.index] for line in LINES))
    powers = _powers(reading, currents, net_w)
    return {
        line.value.lower(): {
            "u": thousandths(reading.voltage_mv[line.index]),
            "i": thousandths(currents[line.index]),
            "p": powers[line.index],
            "e": line in load.estimated,
        }
        for line in LINES
    }


def _powers(reading: Reading, currents: PerLine[MilliAmps | None], net_w: int | None) -> PerLine[int | None]:
    """Net power of each line in W: as the meter says, else the total shared out by the currents, so that the three sum up to it.

    Without a neutral a line has no power of its own; whoever adds three needs the right sum.
    """
    told = zip(reading.line_power_import_w, reading.line_power_export_w, strict=True)
    if reading.line_power_import_w != (None, None, None):
        return PerLine(*(None if bought is None else bought - (sold or 0) for bought, sold in told))
    known = [current for current in currents if current is not None]
    if net_w is None or len(known) < len(LINES):
        return PerLine(None, None, None)
    whole = sum(known) or 1
    first, second = (net_w * current // whole for current in known[:2])
    return PerLine(first, second, net_w - first - second)


def _numbered(letter: str, values: Any) -> Json:
    return {f"{letter}{place}": value for place, value in enumerate(values, 1)}


def _payload(value: Json) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
