"""A reading."""

from datetime import datetime

from han_gateway.meters.reading import ClockRule, Reading, clock_octets


def test_values_per_line() -> None:
    """Quantities of the three lines come together, in order."""
    reading = Reading(
        manufacturer="aidon",
        list=2,
        current_l1_ma=1,
        current_l3_ma=3,
        voltage_l1_mv=4,
        voltage_l2_mv=5,
        power_import_l2_w=6,
        power_export_l3_w=7,
    )

    assert reading.current_ma == (1, None, 3)
    assert reading.voltage_mv == (4, 5, None)
    assert reading.line_power_import_w == (None, 6, None)
    assert reading.line_power_export_w == (None, None, 7)


def test_the_clock() -> None:
    """The clock is read where there is one."""
    time = datetime(2026, 11, 21, 5, 0, 10)

    assert Reading(manufacturer="aidon", list=1, clock=clock_octets(time)).meter_time == time
    assert Reading(manufacturer="aidon", list=1, clock=b"\xff" * 12).meter_time is None
    assert Reading(manufacturer="aidon", list=1).meter_time is None
    assert clock_octets(None) is None


def test_currents_are_there_or_not() -> None:
    """One current is enough for a list to say something of the lines; a list of power or of registers says nothing."""
    assert Reading(manufacturer="kaifa", list=2, current_l3_ma=0).has_currents
    assert not Reading(manufacturer="kaifa", list=1, power_import_w=5).has_currents
    assert not Reading(manufacturer="iskraemeco", list=3, energy_import_wh=5).has_currents


def test_the_words_for_a_clock() -> None:
    """What a clock shows is called as it is in a configuration, where one of these words is written."""
    assert [ClockRule(word) for word in ("standard", "summer", "local", "utc")] == [*ClockRule]
