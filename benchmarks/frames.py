"""Frames to measure with: six kinds of list, many different ones of each, as one meter sends them through a day.

They are written by the software meter, so nothing here was captured. All values vary and no frame comes twice in a batch, so that
nobody gains by remembering what it just saw.
"""

from datetime import datetime, timedelta
from random import Random

from dlms.cosem import build_date_time
from han_gateway.meters import forms
from han_gateway.meters.models import METERS
from han_gateway.meters.reading import Reading
from han_gateway.meters.software_meter import write

COUNT = 64
_START = datetime(2026, 1, 15, 17, 0, 10)  # noqa: DTZ001 - a meter's clock has no zone

KINDS = {
    "Kaifa list 1": (METERS["kaifa-it"], forms.KAIFA_LIST1),
    "Kaifa list 2": (METERS["kaifa-it"], forms.KAIFA_3P_LIST2),
    "Aidon list 2": (METERS["aidon-tn"], forms.AIDON_TN_LIST2),
    "Aidon list 3": (METERS["aidon-tn"], forms.AIDON_TN_LIST3),
    "Kamstrup list, 09 0C": (METERS["kamstrup-tn"], forms.KAMSTRUP_2017_LIST2),
    "Kamstrup list, 0C": (METERS["kamstrup-tn"], forms.KAMSTRUP_3P_LIST2),
}


def frames(kind: str, count: int = COUNT) -> list[bytes]:
    """Write so many frames of a kind, the same ones each time."""
    meter, form = KINDS[kind]
    random = Random(kind)
    # Currents and energies in the coarsest steps that any of these lists has, so that none is rounded.
    readings = (
        Reading(
            manufacturer=form.profile.manufacturer,
            list=2,
            list_id=meter.list_id,
            meter_id="9999999999999999",
            meter_type=meter.meter_type,
            clock=build_date_time(_START + timedelta(seconds=10 * number), form.frame.clock),
            power_import_w=100 + 10 * number + random.randrange(10),
            power_export_w=0,
            reactive_import_var=random.randrange(500),
            reactive_export_var=random.randrange(500),
            current_l1_ma=100 * random.randrange(250),
            current_l2_ma=100 * random.randrange(250),
            current_l3_ma=100 * random.randrange(250),
            voltage_l1_mv=1000 * random.randrange(220, 240),
            voltage_l2_mv=1000 * random.randrange(220, 240),
            voltage_l3_mv=1000 * random.randrange(220, 240),
            energy_import_wh=10 * random.randrange(10_000_000),
            energy_export_wh=10 * random.randrange(100_000),
            reactive_energy_import_varh=10 * random.randrange(100_000),
            reactive_energy_export_varh=10 * random.randrange(100_000),
        )
        for number in range(count)
    )
    return [write(form, reading) for reading in readings]
