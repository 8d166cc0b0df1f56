"""A reading: what one list of one meter said, in integers.

Units are part of the names: W, var, mA, mV, Wh, varh (``energy_*`` and ``reactive_energy_*``). What the list does not carry, and
what the meter sends as a placeholder for something it does not measure, is None, never 0. Directions are the meter's: import is
towards the house. Currents may be negative (Aidon and E350 send a sign while a line exports). Strings are already cleaned.
This file must not know how any meter writes its lists.
"""

from datetime import datetime
from enum import Enum
from typing import NamedTuple

from dlms.cosem import ClockStyle, build_date_time, wall_clock


class ClockRule(Enum):
    """What a meter's clock shows."""

    STANDARD = "standard"  # winter time all year
    SUMMER = "summer"  # an hour ahead of winter time: one clock of a meter that says which of the two it shows
    LOCAL = "local"  # what the clock on the wall shows, summer time included
    UTC = "utc"


Triple = tuple[int | None, int | None, int | None]
"""One value for each of L1, L2, L3."""


class Reading(NamedTuple):
    """One list. ``list`` is 1 (power only), 2 (with currents) or 3 (with energy registers, in some families with nothing else).

    ``clock`` is the COSEM date-time of the list (12 octets), ``meter_time`` what it shows, without a zone; ``clock_rule`` what it means
    by the vendor's habit, None where nobody has found out. ``meters/clock.py`` makes UTC of them. ``current_step_ma`` is how coarse the
    currents are where that is 1 A or more: what was cut off or rounded away.
    """

    manufacturer: str
    list: int
    list_id: str | None = None
    meter_id: str | None = None
    meter_type: str | None = None
    clock_rule: ClockRule | None = None
    clock: bytes | None = None
    power_import_w: int | None = None
    power_export_w: int | None = None
    reactive_import_var: int | None = None
    reactive_export_var: int | None = None
    current_l1_ma: int | None = None
    current_l2_ma: int | None = None
    current_l3_ma: int | None = None
    voltage_l1_mv: int | None = None
    voltage_l2_mv: int | None = None
    voltage_l3_mv: int | None = None
    energy_import_wh: int | None = None
    energy_export_wh: int | None = None
    reactive_energy_import_varh: int | None = None
    reactive_energy_export_varh: int | None = None
    power_import_l1_w: int | None = None
    power_import_l2_w: int | None = None
    power_import_l3_w: int | None = None
    power_export_l1_w: int | None = None
    power_export_l2_w: int | None = None
    power_export_l3_w: int | None = None
    current_step_ma: int | None = None

    @property
    def meter_time(self) -> datetime | None:
        """The clock exactly as the meter sent it; None where the list has none or a field is not specified."""
        return None if self.clock is None else wall_clock(self.clock)

    @property
    def current_ma(self) -> Triple:
        """Line currents in mA as the meter sent them."""
        return (self.current_l1_ma, self.current_l2_ma, self.current_l3_ma)

    @property
    def has_currents(self) -> bool:
        """Whether the list says anything of what the lines carry."""
        return self.current_ma != (None, None, None)

    @property
    def voltage_mv(self) -> Triple:
        """Voltages in mV: line to neutral with four wires; L1-L2, L1-L3, L2-L3 with three."""
        return (self.voltage_l1_mv, self.voltage_l2_mv, self.voltage_l3_mv)

    @property
    def line_power_import_w(self) -> Triple:
        """Active power towards the house per line in W (Swedish and Danish lists)."""
        return (self.power_import_l1_w, self.power_import_l2_w, self.power_import_l3_w)

    @property
    def line_power_export_w(self) -> Triple:
        """Active power towards the net per line in W (Swedish and Danish lists)."""
        return (self.power_export_l1_w, self.power_export_l2_w, self.power_export_l3_w)


def clock_octets(clock: datetime | None) -> bytes | None:
    """Write a wall clock as a reading holds it: deviation and status not specified."""
    return None if clock is None else build_date_time(clock, ClockStyle())
