"""Watts as amperes: what currents are worth in power, in mA at one voltage, so that a cap on power is one more limit of the same kind.

The voltage is that of the net as people call it: line to neutral in TN, line to line where there is no neutral. What a limit costs is in
``tree``. This file must not know who is capped, nor at how much.
"""

from math import isqrt

from han_gateway.core.site import Grid
from han_gateway.core.units import MilliAmps, PerLine
from han_gateway.meters.reading import Reading

NOMINAL_MV = 230_000
"""Where the meter has not said which voltage there is."""
_ROOT_OF_3 = isqrt(3_000_000)
"""In thousandths."""

Watts = int


def power_ma(grid: Grid, drawn_ma: PerLine[MilliAmps]) -> MilliAmps:
    """What the currents of one charger are worth. Without a neutral they are three alike, or the two ends of one."""
    together = sum(drawn_ma)
    if not grid.three_wire:
        return together
    alike = 2 * min(drawn_ma) >= max(drawn_ma)
    return together * _ROOT_OF_3 // 3_000 if alike else together // 2


def net_w(reading: Reading) -> Watts | None:
    """What is bought less what is sold; None where the list does not say."""
    return None if reading.power_import_w is None else reading.power_import_w - (reading.power_export_w or 0)


def mean_mv(reading: Reading) -> int | None:
    """The mean of the voltages that were measured; None where there are none."""
    volts = [voltage for voltage in reading.voltage_mv if voltage]
    return sum(volts) // len(volts) if volts else None


def as_ma(watts: Watts, volts_mv: int) -> MilliAmps:
    """So many watts at this voltage."""
    return watts * 1_000_000 // volts_mv
