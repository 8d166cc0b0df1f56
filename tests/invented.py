"""Invented readings: any values that a list can carry, with ids that belong to no meter. It must not know how they are decoded."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from dlms import apdu, hdlc
from dlms.axdr import INTEGERS, Tag
from dlms.cosem import build_date_time
from dlms.obis import CLOCK, KEPT_EXPONENT, LINES, Unit
from fixtures.every_list import LIST_IDS, METER_ID, METER_IDS, METER_TYPE
from han_gateway.meters.forms import FORMS, Column, Form
from han_gateway.meters.reading import Reading

Pick = Callable[[int, int], int]
"""Gives an integer between two, both included."""

FORM = {form.name: form for form in FORMS}
_ID_WIDTH, _TYPE_WIDTH = 8, 4  # what fits in the padded texts of the E350

_HIGHEST = {
    Unit.WATT: 10_000_000,
    Unit.VAR: 10_000_000,
    Unit.WATT_HOUR: 10**15,
    Unit.VAR_HOUR: 10**15,
    Unit.AMPERE: 10_000_000,
    Unit.VOLT: 1_000_000,
    Unit.NONE: 2**64,
}
_HIGHEST_DIRECT_MA = 200_000
_START = datetime(2000, 1, 1)
_SECONDS = int((datetime(2099, 12, 31) - _START).total_seconds())


def exponent(column: Column, form: Form) -> int:
    """Give the power of ten from the wire to the unit that is kept."""
    unit = column.unit or Unit.NONE
    scaler = form.exponents.get(unit, 0) if column.scaler is None else column.scaler
    return scaler - KEPT_EXPONENT.get(unit, 0)


def values(form: Form, pick: Pick) -> dict[str, int]:
    """Invent a value, at the resolution of the wire, for every number of a list."""
    numbers = {
        column.name: pick(*_bounds(column, form)) * 10 ** exponent(column, form)
        for column in form.columns
        if column.name is not None and column.unit is not None
    }
    return in_agreement(numbers) if form.profile.doubtful else numbers


def in_agreement(numbers: dict[str, int]) -> dict[str, int]:
    """Lower powers to what the currents can carry, and let those of the lines add up to the whole."""
    agreed, whole = dict(numbers), 0
    for line in LINES:
        carried = numbers.get(f"voltage_l{line}_mv", 0) * abs(numbers.get(f"current_l{line}_ma", 0)) // 1_000_000
        whole += carried
        for name in (f"power_import_l{line}_w", f"power_export_l{line}_w"):
            if name in agreed:
                agreed[name] = min(agreed[name], carried)
    for way in ("import", "export"):
        name, lines = f"power_{way}_w", [f"power_{way}_l{line}_w" for line in LINES]
        of_lines = [agreed[line] for line in lines if line in agreed]
        if name in agreed and (of_lines or "current_l1_ma" in agreed):
            agreed[name] = sum(of_lines) if of_lines else min(agreed[name], whole)
    return agreed


def reading(form: Form, numbers: dict[str, int], *, time: datetime | None = None) -> Reading:
    """Give the reading of a list with these numbers, as a decoder should give it back (zeros that mean nothing included)."""
    names = [column.name for column in form.columns]
    timed = CLOCK in names or form.frame.time_form != apdu.NO_TIME
    padded = {column.name for column in form.columns if column.width}
    texts: dict[str, Any] = {
        "list_id": LIST_IDS[form.profile.name],
        "meter_id": METER_IDS.get(form.profile.name, METER_ID)[: _ID_WIDTH if "meter_id" in padded else None],
        "meter_type": METER_TYPE[: _TYPE_WIDTH if "meter_type" in padded else None],
    }
    return Reading(
        manufacturer=form.profile.manufacturer,
        list=3 if "energy_import_wh" in names else 2 if "current_l1_ma" in names else 1,
        clock=build_date_time(time or _START, form.frame.clock) if timed else None,
        clock_rule=form.profile.clock,
        **{name: text for name, text in texts.items() if name in names},
        **{name: number for name, number in numbers.items() if name in Reading._fields},  # type: ignore[arg-type]
    )


def invent(form: Form, pick: Pick) -> Reading:
    """Invent a reading of a list."""
    return reading(form, values(form, pick), time=_START + timedelta(seconds=pick(0, _SECONDS)))


def invent_with(form: Form, rng: random.Random) -> Reading:
    """Invent a reading from a seeded source."""
    return invent(form, rng.randint)


@st.composite
def readings(draw: st.DrawFn, form: Form) -> Reading:
    """Any reading of a list."""
    return invent(form, lambda low, high: draw(st.integers(low, high)))


def any_form() -> st.SearchStrategy[Form]:
    """Any list that can be written."""
    return st.sampled_from(FORMS)


def information(frame: bytes) -> bytes:
    """Give LLC and APDU of a whole frame, flags included."""
    raw = frame[1:-1]
    return raw[hdlc.information_at(raw) : -2]


def framed(form: Form, message: bytes) -> bytes:
    """Put a message of any content into a frame with good checks, addressed as the form is."""
    return hdlc.build(form.frame.destination, form.frame.source, form.frame.control, message)


def renamed(form: Form, name: str, **changes: Any) -> Form:
    """Give a form with another column in the place of one: to write what no meter sends."""
    return replace(form, columns=tuple(replace(c, **changes) if c.name == name else c for c in form.columns))


def _bounds(column: Column, form: Form) -> tuple[int, int]:
    """Give the range of a number on the wire: what its type holds, and what the world does; no zero voltage, which may mean nothing."""
    width, signed = INTEGERS[column.tag]
    unit = column.unit or Unit.NONE
    fits = 2 ** (8 * width - signed) - 1
    highest = _HIGHEST_DIRECT_MA if form.profile.drifts and unit is Unit.AMPERE else _HIGHEST[unit]
    highest = min(fits, highest // 10 ** exponent(column, form))
    lowest = -highest if signed and column.tag is not Tag.INT8 else 0
    return (1, highest) if unit is Unit.VOLT else (lowest, highest)
