"""OBIS codes and what they mean."""

import pytest

from dlms.obis import REGISTERS, Register, Unit, key

SUFFIX_OF_UNIT = {
    Unit.WATT: "w",
    Unit.VAR: "var",
    Unit.WATT_HOUR: "wh",
    Unit.VAR_HOUR: "varh",
    Unit.AMPERE: "ma",
    Unit.VOLT: "mv",
}


def test_channel_and_billing_period_are_not_compared() -> None:
    """Codes that differ in B and F only are the same quantity, for meters disagree about them."""
    assert key(bytes((1, 0, 31, 7, 0, 255))) == key(bytes((1, 1, 31, 7, 0, 101)))


def test_the_medium_is_compared() -> None:
    """A gas meter's register is no electricity register."""
    assert key(bytes((7, 0, 1, 8, 0, 255))) not in REGISTERS


@pytest.mark.parametrize(
    ("code", "name", "unit"),
    [
        ((1, 1, 7, 0), "power_import_w", Unit.WATT),
        ((1, 2, 7, 0), "power_export_w", Unit.WATT),
        ((1, 3, 7, 0), "reactive_import_var", Unit.VAR),
        ((1, 4, 7, 0), "reactive_export_var", Unit.VAR),
        ((1, 31, 7, 0), "current_l1_ma", Unit.AMPERE),
        ((1, 51, 7, 0), "current_l2_ma", Unit.AMPERE),
        ((1, 71, 7, 0), "current_l3_ma", Unit.AMPERE),
        ((1, 32, 7, 0), "voltage_l1_mv", Unit.VOLT),
        ((1, 72, 7, 0), "voltage_l3_mv", Unit.VOLT),
        ((1, 1, 8, 0), "energy_import_wh", Unit.WATT_HOUR),
        ((1, 2, 8, 0), "energy_export_wh", Unit.WATT_HOUR),
        ((1, 3, 8, 0), "reactive_energy_import_varh", Unit.VAR_HOUR),
        ((1, 21, 7, 0), "power_import_l1_w", Unit.WATT),
        ((1, 62, 7, 0), "power_export_l3_w", Unit.WATT),
        ((1, 44, 7, 0), "reactive_export_l2_var", Unit.VAR),
        ((1, 61, 8, 0), "energy_import_l3_wh", Unit.WATT_HOUR),
        ((1, 53, 7, 0), "power_factor_l2", Unit.NONE),
        ((1, 13, 7, 0), "power_factor", Unit.NONE),
        ((0, 1, 0, 0), "clock", None),
        ((1, 0, 2, 129), "list_id", None),
        ((0, 96, 1, 0), "meter_id", None),
        ((1, 0, 0, 5), "meter_id", None),
        ((0, 96, 1, 7), "meter_type", None),
        ((1, 96, 1, 1), "meter_type", None),
    ],
)
def test_registers(code: tuple[int, int, int, int], name: str, unit: Unit | None) -> None:
    """Each code means what the interface descriptions of the meters print."""
    assert REGISTERS[code] == Register(name, unit)


def test_names_say_their_unit() -> None:
    """The name of a quantity ends in the unit it is kept in."""
    for register in REGISTERS.values():
        if register.unit in SUFFIX_OF_UNIT:
            assert register.name.rpartition("_")[2] == SUFFIX_OF_UNIT[register.unit]


def test_a_quantity_has_one_code() -> None:
    """No two codes name the same quantity; only texts have a code per family."""
    names = [register.name for register in REGISTERS.values() if register.unit is not None]

    assert len(names) == len(set(names))
