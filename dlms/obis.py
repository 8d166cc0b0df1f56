"""OBIS codes (IEC 62056-6-1) and DLMS units (Blue Book 4.3.2) of what a HAN port sends.

``REGISTERS`` says which quantity a code means and in which unit it must come. Only the groups A, C, D and E are compared: meters
disagree about the channel B, and F says nothing here. Quantities are named with the integer unit this house keeps them in: W, var,
mA, mV, Wh, varh. This file must not know which meter sends what.
"""

from enum import IntEnum
from typing import NamedTuple


class Unit(IntEnum):
    """Unit codes on the wire."""

    WATT = 27
    VAR = 29
    WATT_HOUR = 30
    VAR_HOUR = 32
    AMPERE = 33
    VOLT = 35
    NONE = 255


KEPT_EXPONENT = {Unit.AMPERE: -3, Unit.VOLT: -3}
"""The power of ten in which a unit is kept where it is not 0: amperes as mA, volts as mV."""


class Register(NamedTuple):
    """What a code means: the name of the quantity (a text or a clock has no unit)."""

    name: str
    unit: Unit | None = None


Key = tuple[int, int, int, int]
"""The groups A, C, D, E of a code."""

LINES = (1, 2, 3)
CLOCK = "clock"
LOGICAL_DEVICE_NAME: Key = (0, 42, 0, 0)


def key(code: bytes) -> Key:
    """Give the groups that are compared of the six octets of a code."""
    return code[0], code[2], code[3], code[4]


def _per_direction(d: int, active: str, reactive: str, units: tuple[Unit, Unit]) -> dict[Key, Register]:
    """Name the registers of one kind (D=7 now, D=8 since the beginning) for the whole meter and for each line."""
    suffix = {Unit.WATT: "w", Unit.VAR: "var", Unit.WATT_HOUR: "wh", Unit.VAR_HOUR: "varh"}
    table = {}
    for line, c in ((0, 0), *((line, 20 * line) for line in LINES)):
        middle = f"_l{line}" if line else ""
        for offset, name, unit in (
            (1, f"{active}_import", units[0]),
            (2, f"{active}_export", units[0]),
            (3, f"{reactive}_import", units[1]),
            (4, f"{reactive}_export", units[1]),
        ):
            table[1, c + offset, d, 0] = Register(f"{name}{middle}_{suffix[unit]}", unit)
    return table


REGISTERS: dict[Key, Register] = {
    (0, 1, 0, 0): Register(CLOCK),
    (1, 0, 2, 129): Register("list_id"),
    LOGICAL_DEVICE_NAME: Register("list_id"),  # the maker's three letters, then what he likes: it names his lists
    (0, 96, 1, 0): Register("meter_id"),
    (1, 0, 0, 5): Register("meter_id"),
    (0, 96, 1, 7): Register("meter_type"),
    (1, 96, 1, 1): Register("meter_type"),
    (1, 0, 0, 1): Register("meter_number", Unit.NONE),
    (1, 13, 7, 0): Register("power_factor", Unit.NONE),
    **{(1, 13 + 20 * line, 7, 0): Register(f"power_factor_l{line}", Unit.NONE) for line in LINES},
    **{(1, 11 + 20 * line, 7, 0): Register(f"current_l{line}_ma", Unit.AMPERE) for line in LINES},
    **{(1, 12 + 20 * line, 7, 0): Register(f"voltage_l{line}_mv", Unit.VOLT) for line in LINES},
    **_per_direction(7, "power", "reactive", (Unit.WATT, Unit.VAR)),
    **_per_direction(8, "energy", "reactive_energy", (Unit.WATT_HOUR, Unit.VAR_HOUR)),
}
"""Every code that is understood; (31, 7, 0) is C, D, E of the current in L1, 51 of L2, 71 of L3, and so on in steps of 20."""
