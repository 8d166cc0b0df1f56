"""The lists of Landis+Gyr's E450: what it pushes is described in front (Switzerland), or known by its place (Burgenland).

In the field the long ones travel in blocks (general-block-transfer), those of Burgenland encrypted.
"""

from dlms.apdu import PLAIN_TIME
from dlms.axdr import Tag
from dlms.obis import LINES
from han_gateway.meters.forms.record import AMPERES, VOLTS, Column, Form, Frame, by_line, code, columns, positional
from han_gateway.meters.profiles import BURGENLAND, E450

_E450 = Frame(destination=b"\xce\xff", source=b"\x03", control=0x13, invoke_id=bytes(4), time_form=PLAIN_TIME)
_PUSH_SETUP = bytes((0, 8, 25, 9, 0, 255))
_REACTIVE = ((1, 5), (1, 6), (1, 7), (1, 8))  # energy in the four quadrants, which no reading has a place for


def _e450(name: str, *parts: tuple[Column, ...]) -> Form:
    meter_id = columns(("meter_id",), Tag.OCTET_STRING)
    return Form(name=name, profile=E450, frame=_E450, columns=sum(parts, meter_id), exponents=E450.exponents, push=_PUSH_SETUP)


_POWER = columns(("power_import_w",), Tag.UINT32)
_QUADRANTS = tuple(Column(name=f"quadrant_{c - 4}", tag=Tag.UINT32, code=code("", b, (1, c, 8, 0))) for b, c in _REACTIVE)
_LINES = columns(by_line(AMPERES), Tag.UINT16)

E450_LINES = _e450(
    "e450-lines",
    _POWER,
    columns(("energy_import_wh",), Tag.UINT32, b=1),
    _LINES,
    columns(by_line(VOLTS), Tag.UINT16),
    columns([f"power_import_l{line}_w" for line in LINES], Tag.UINT32),
)
E450_ENERGIES = _e450(
    "e450-energies",
    columns(("power_import_w", "power_export_w"), Tag.UINT32),
    columns(("energy_import_wh", "energy_export_wh"), Tag.UINT32, b=1),
    _QUADRANTS,
)
E450_CURRENTS = _e450("e450-currents", *(form_part for form_part in (E450_ENERGIES.columns[1:], _LINES)))
E450_BURGENLAND = positional("e450-burgenland", BURGENLAND, _E450, BURGENLAND.lists[0].names, "uuuuuuUUUUuuuo")
