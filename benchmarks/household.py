"""A house to measure with: a three-phase Kaifa meter that sends list 1 every 2 s, list 2 every 10 s and list 3 on the hour.

Written by the software meter, so nothing here was captured.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from han_gateway.meters.forms import Form
from han_gateway.meters.models import METERS
from han_gateway.meters.reading import Reading, clock_octets
from han_gateway.meters.software_meter import write

METER = METERS["kaifa-it"]
EPOCH = datetime(2026, 1, 15)  # noqa: DTZ001 - a meter's clock has no zone
LIST1_S, LIST2_S, LIST3_S = 2, 10, 3_600


def frame(second: int, current_ma: int) -> bytes:
    """The list that is due at this even second of the day, with about so much current on each line."""
    form = _due(second)
    return write(
        form,
        Reading(
            manufacturer=form.profile.manufacturer,
            list=2,
            list_id=METER.list_id,
            meter_id="9999999999999999",
            meter_type=METER.meter_type,
            clock=clock_octets(EPOCH + timedelta(seconds=second)),
            power_import_w=current_ma * 398 // 1_000,
            power_export_w=0,
            reactive_import_var=0,
            reactive_export_var=0,
            current_l1_ma=current_ma,
            current_l2_ma=current_ma * 9 // 10,
            current_l3_ma=current_ma * 8 // 10,
            voltage_l1_mv=230_000,
            voltage_l2_mv=231_000,
            voltage_l3_mv=232_000,
            energy_import_wh=50_000_000 + second,
            energy_export_wh=0,
            reactive_energy_import_varh=1_000 + second,
            reactive_energy_export_varh=0,
        ),
    )


def day(hours: float) -> Iterator[bytes]:
    """All lists of so many hours, the same ones each time: a load that wanders between 2 and 22 A."""
    random = Random("a day")
    current_ma = 8_000
    for second in range(0, round(hours * 3_600), LIST1_S):
        current_ma = min(22_000, max(2_000, current_ma + random.randrange(-600, 601)))
        yield frame(second, current_ma)


def _due(second: int) -> Form:
    assert METER.list1 is not None
    assert METER.list3 is not None
    if second % LIST3_S == 0:
        return METER.list3
    return METER.list2 if second % LIST2_S == 0 else METER.list1
