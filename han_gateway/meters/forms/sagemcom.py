"""The list that Netz Niederoesterreich prescribes to its meters, here of Sagemcom's T210-D.

In the field this body travels encrypted, in M-Bus telegrams without LLC.
"""

from dataclasses import replace

from dlms.apdu import PLAIN_TIME
from dlms.axdr import Tag
from dlms.cosem import ClockStyle
from dlms.obis import CLOCK
from han_gateway.meters.forms.record import AMPERES, VOLTS, Column, Form, Frame, by_line, columns
from han_gateway.meters.profiles import SAGEMCOM

NOE_COLUMNS: tuple[Column, ...] = (
    Column(name=CLOCK, tag=Tag.OCTET_STRING),
    *columns(("energy_import_wh", "energy_export_wh", "power_import_w", "power_export_w"), Tag.UINT32, scaler=0),
    *columns(by_line(VOLTS), Tag.UINT16, scaler=-1),
    *columns(by_line(AMPERES), Tag.UINT16, scaler=-2),
    *columns(("power_factor",), Tag.UINT16, scaler=-3),
    Column(name="meter_id", tag=Tag.OCTET_STRING),
)
_SAGEMCOM = Frame(
    destination=b"\x01",
    source=b"\x67",
    control=0x53,
    invoke_id=b"\x80\0\0\0",
    time_form=PLAIN_TIME,
    clock=ClockStyle(deviation=-60, status=2, hundredths=0),
)
_SIGNED = tuple(replace(column, tag=Tag.INT16) if column.name == "power_factor" else column for column in NOE_COLUMNS)

SAGEMCOM_3P = Form(name="sagemcom-3p", profile=SAGEMCOM, frame=_SAGEMCOM, columns=NOE_COLUMNS, exponents={})
SAGEMCOM_SIGNED_3P = Form(name="sagemcom-signed-3p", profile=SAGEMCOM, frame=_SAGEMCOM, columns=_SIGNED, exponents={})
