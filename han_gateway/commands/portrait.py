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
from han_gateway.meters.wires import Wires, wires

Timed = tuple[Instant, Reading]

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
    if reading.current_ma[2] is None and reading.voltage_mv[2] is None:
        return _Wires('one phase: the charger has phases = ["L1"]', 1)
    shown = _most_telling(readings)
    if shown is None:
        return _Wires(
            "three phases; these voltages do not tell whether there is a neutral: 400 V between two lines is "
            'grid = "TN", 230 V is "IT" or "TT"',
            3,
        )
    if shown.neutral:
        return _Wires(f'three phases, and {shown.by}: grid = "TN"', 3, False)
    return _Wires(f'{shown.by}: three wires without a neutral, grid = "IT" or "TT"', 3, True)


def _most_telling(readings: Sequence[Reading]) -> Wires | None:
    """What the lists show of the net; that there is no neutral is shown by each of them, that there is one needs some power."""
    meter_type = _last(each.meter_type for each in readings)
    shown = [found for each in reversed(readings) if (found := wires(each, meter_type))]
    return next((found for found in shown if not found.neutral), shown[0] if shown else None)
