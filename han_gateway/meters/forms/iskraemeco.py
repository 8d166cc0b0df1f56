"""The lists of Iskraemeco's AM550 and IE.5: no codes, no scales, and others in each grid company."""

from dlms.apdu import PLAIN_TIME
from dlms.cosem import ClockStyle
from han_gateway.meters.forms.record import Frame, positional
from han_gateway.meters.profiles import (
    ISKRA,
    ISKRA_AT,
    ISKRA_AT_LISTS,
    ISKRA_CELJE,
    ISKRA_CELJE_LISTS,
    ISKRA_HR,
    ISKRA_HR_LISTS,
    ISKRA_LISTS,
)

_ISKRA = Frame(
    destination=b"\xcf",
    source=b"\x02\x23",
    control=0x13,
    invoke_id=bytes(4),
    time_form=PLAIN_TIME,
    clock=ClockStyle(deviation=-60, hundredths=0),
)
_NAMES = tuple(each.names for each in ISKRA_LISTS)

ISKRA_3P = positional("iskra-3p", ISKRA, _ISKRA, _NAMES[0], "oo" + "U" * 4 + "u" * 6 + "U" * 6)
ISKRA_ENERGY = positional("iskra-energy", ISKRA, _ISKRA, _NAMES[1], "ooeo" + "U" * 8)
ISKRA_1P = positional("iskra-1p", ISKRA, _ISKRA, _NAMES[2], "ooUUUUuuUU")
ISKRA_1P_POWER = positional("iskra-1p-power", ISKRA, _ISKRA, _NAMES[3], "ooUUUUuUU")
ISKRA_TARIFFS = positional("iskra-tariffs", ISKRA, _ISKRA, _NAMES[4], "o" + "U" * 8)
ISKRA_CELJE_3P = positional("iskra-celje-3p", ISKRA_CELJE, _ISKRA, ISKRA_CELJE_LISTS[0].names, "oo" + "u" * 6 + "U" * 4)
ISKRA_CELJE_1P = positional("iskra-celje-1p", ISKRA_CELJE, _ISKRA, ISKRA_CELJE_LISTS[1].names, "oouuUUUU")
ISKRA_HR_3P = positional(
    "iskra-hr-3p", ISKRA_HR, _ISKRA, ISKRA_HR_LISTS[0].names, "ooo" + "U" * 12 + "u" + "U" * 6 + "u" * 6 + "Ugggb"
)
ISKRA_AT_ENERGY = positional("iskra-at-energy", ISKRA_AT, _ISKRA, ISKRA_AT_LISTS[0].names, "oooo" + "U" * 6 + "oo")
