"""What a list shows of the net: whether there is a neutral. Most lists do not tell, as 230 V may stand between a line and the neutral or two lines.

This file must not know what a house was configured to be.
"""

from typing import NamedTuple

from han_gateway.meters.reading import Reading

# Types of three-phase meters for three wires, by how they begin (the makers' type lists). Kamstrup's send I2 and U2 all the same.
_THREE_WIRE_TYPES = {"kaifa": ("MA304H3", "MA304T3"), "aidon": ("6525", "6540"), "kamstrup": ("6841121", "6851121")}
_LEAST_MA = 2_000  # of all three currents together; below this their rounding counts
_PROVES_NEUTRAL = 0.75  # P / (U x the sum of the currents): without a neutral 1/sqrt 3 at the most, with one up to 1


class Wires(NamedTuple):
    """What a list shows: whether there is a neutral, and by what, in words."""

    neutral: bool
    by: str


def wires(reading: Reading, meter_type: str | None = None) -> Wires | None:
    """Tell what a list with currents shows of the net, None where it does not tell. Another list may have named the type of the meter."""
    i1, i2, i3 = reading.current_ma
    u1, u2, u3 = reading.voltage_mv
    named = meter_type or reading.meter_type or ""
    if i2 is None and None not in (i1, i3):
        return Wires(neutral=False, by="L2's current is not measured")
    if u2 is None and None not in (u1, u3):
        return Wires(neutral=False, by="the second voltage is not measured")
    if reading.has_currents and named.startswith(_THREE_WIRE_TYPES.get(reading.manufacturer, ("-",))):
        return Wires(neutral=False, by=f"type {named[:7]}")
    if _proves_neutral(reading):
        return Wires(neutral=True, by="more power than such currents carry without a neutral")
    return None


def _proves_neutral(reading: Reading) -> bool:
    """Without a neutral P / (U x the sum of the currents) is 1/sqrt 3 at the most."""
    currents, volts = reading.current_ma, [value for value in reading.voltage_mv if value]
    amps = sum(abs(value) for value in currents if value)
    if None in currents or not volts or amps < _LEAST_MA:
        return False
    return (reading.power_import_w or 0) * 1e6 * len(volts) > _PROVES_NEUTRAL * sum(volts) * amps
