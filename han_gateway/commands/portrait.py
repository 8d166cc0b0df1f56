"""What can be said of a meter after listening to it for a moment: its maker, lists and periods, and the wires of the net.

Pure. It says only what the lists show: whether U1 to U3 of 230 V stand between a line and the neutral or between two lines is not on the
wire. This file must not know how the readings came here.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from han_gateway.core.units import Instant
from han_gateway.meters.reading import Reading

Timed = tuple[Instant, Reading]

# Types of three-phase meters for three wires, by how they begin (the makers' type lists). Kamstrup's send I2 and U2 all the same.
_THREE_WIRE_TYPES = {"kaifa": ("MA304H3", "MA304T3"), "aidon": ("6525", "6540"), "kamstrup": ("6841121", "6851121")}
_LEAST_MA = 2_000  # of all three currents together; below this their rounding counts
_PROVES_NEUTRAL = 0.75  # P / (U x the sum of the currents): without a neutral 1/sqrt 3 at the most, with one up to 1
_SAME_LIST_MS = 1_000  # lists that arrive closer than this came out of one buffer and tell no period


class Portrait(NamedTuple):
    """A meter. ``lists`` counts each list (1, 2, 3); periods in s, None where a list was heard once; voltages in V as the meter sends them.

    ``phases`` is 1 or 3, and ``three_wire`` True where the lists show that there is no neutral, False where they show that there is one;
    None where they do not tell.
    """

    manufacturer: str
    meter_type: str | None
    list_id: str | None
    lists: dict[int, int]
    power_period_s: float | None
    current_period_s: float | None
    voltage_v: tuple[float | None, ...]
    wires: str
    phases: int | None = None
    three_wire: bool | None = None


def portrait(heard: Sequence[Timed]) -> Portrait:
    """Describe the meter that sent these readings, at least one."""
    readings = [reading for _, reading in heard]
    lists = sorted({reading.list for reading in readings})
    return Portrait(
        manufacturer=readings[-1].manufacturer,
        meter_type=_last(reading.meter_type for reading in readings),
        list_id=_last(reading.list_id for reading in readings),
        lists={number: sum(reading.list == number for reading in readings) for number in lists},
        power_period_s=_period([at for at, reading in heard]),
        current_period_s=_period([at for at, reading in heard if reading.has_currents]),
        voltage_v=next(
            (
                tuple(None if mv is None else mv / 1000 for mv in each.voltage_mv)
                for each in reversed(readings)
                if each.has_currents
            ),
            (None, None, None),
        ),
        **_wires(readings)._asdict(),
    )


def _last(texts: Iterable[str | None]) -> str | None:
    return next((text for text in reversed([*texts]) if text), None)


def _period(times: Sequence[Instant]) -> float | None:
    """Give the usual time between two lists in s, to half a second."""
    gaps = [later - earlier for earlier, later in pairwise(times) if later - earlier >= _SAME_LIST_MS]
    return round(median(gaps) / 500) / 2 if gaps else None


class _Wires(NamedTuple):
    wires: str
    phases: int | None = None
    three_wire: bool | None = None


def _wires(readings: Sequence[Reading]) -> _Wires:
    """Say what the lists show of the net."""
    reading = next((each for each in reversed(readings) if each.has_currents), None)
    if reading is None:
        return _Wires("only the power has been heard yet: nothing is known of the net")
    _, i2, i3 = reading.current_ma
    _, u2, u3 = reading.voltage_mv
    meter_type = _last(each.meter_type for each in readings) or ""
    if i3 is None and u3 is None:
        return _Wires('one phase: the charger has phases = ["L1"]', 1)
    if i2 is None or u2 is None:
        missing = "L2's current" if i2 is None else "the second voltage"
        return _Wires(f'{missing} is not measured: three wires without a neutral, grid = "IT" or "TT"', 3, True)
    if meter_type.startswith(_THREE_WIRE_TYPES.get(reading.manufacturer, ("-",))):
        return _Wires(f'type {meter_type[:7]} is for three wires without a neutral: grid = "IT" or "TT"', 3, True)
    if _neutral(readings):
        return _Wires('three phases, and more power than such currents carry without a neutral: grid = "TN"', 3, False)
    return _Wires(
        "three phases; these voltages do not tell whether there is a neutral: 400 V between two lines is "
        'grid = "TN", 230 V is "IT" or "TT"',
        3,
    )


def _neutral(readings: Sequence[Reading]) -> bool:
    """Tell whether power and currents prove a neutral: without one P / (U x the sum of the currents) is 1/sqrt 3 at the most."""
    for reading in readings:
        currents, volts = reading.current_ma, [value for value in reading.voltage_mv if value]
        amps = sum(abs(value) for value in currents if value)
        if None in currents or not volts or amps < _LEAST_MA:
            continue
        if (reading.power_import_w or 0) * 1e6 * len(volts) > _PROVES_NEUTRAL * sum(volts) * amps:
            return True
    return False
