"""A reading as the JSON object of the contract: the same for ``decode``, MQTT and replay.

Amperes and volts are decimals here, and only here. Every key is always present, with null for what the list does not carry.
"""

from datetime import UTC, datetime
from typing import Any

from han_gateway.meters.reading import Reading

Json = dict[str, Any]


def as_json(reading: Reading, time: datetime | None) -> Json:
    """Give the reading as plain types; ``time`` is its UTC time where it is known (``meters.clock.utc``)."""
    return {
        "time": None if time is None else iso(time),
        "meter_time": None if reading.meter_time is None else reading.meter_time.isoformat(),
        "manufacturer": reading.manufacturer,
        "meter_id": reading.meter_id,
        "meter_type": reading.meter_type,
        "list_id": reading.list_id,
        "list": reading.list,
        "power_import_w": reading.power_import_w,
        "power_export_w": reading.power_export_w,
        "reactive_import_var": reading.reactive_import_var,
        "reactive_export_var": reading.reactive_export_var,
        "current_a": _per_line(*map(exact, reading.current_ma)),
        "voltage_v": _per_line(*map(exact, reading.voltage_mv)),
        "energy_import_wh": reading.energy_import_wh,
        "energy_export_wh": reading.energy_export_wh,
        "reactive_energy_import_varh": reading.reactive_energy_import_varh,
        "reactive_energy_export_varh": reading.reactive_energy_export_varh,
        "line_power_import_w": _per_line(*reading.line_power_import_w),
        "line_power_export_w": _per_line(*reading.line_power_export_w),
    }


def iso(moment: datetime) -> str:
    """A moment in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def exact(value: int | None) -> float | None:
    """Turn mA into A and mV into V; a whole number stays one."""
    if value is None:
        return None
    return value // 1000 if value % 1000 == 0 else value / 1000


def _per_line(l1: float | None, l2: float | None, l3: float | None) -> dict[str, float | None]:
    return {"L1": l1, "L2": l2, "L3": l3}
