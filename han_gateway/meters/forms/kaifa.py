"""The lists of Kaifa meters in Norway, Sweden and Austria."""

from dataclasses import replace

from dlms.apdu import NO_TIME, PLAIN_TIME, TAGGED_TIME
from dlms.axdr import Tag
from dlms.cosem import ClockStyle
from dlms.obis import CLOCK, LOGICAL_DEVICE_NAME
from han_gateway.meters.forms.record import AMPERES, ENERGIES, IDENTITY, VOLTS, Column, Form, Frame, by_line, code, columns
from han_gateway.meters.forms.sagemcom import NOE_COLUMNS
from han_gateway.meters.profiles import KAIFA, KAIFA_AT, KAIFA_COLUMNS, KAIFA_NOE, KAIFA_SE

_KAIFA_NO = Frame(destination=b"\x01", source=b"\x02\x01", control=0x10, invoke_id=b"\x40\0\0\0", time_form=TAGGED_TIME)
_KAIFA_SE = Frame(destination=b"\x01", source=b"\x00\x01", control=0x10, invoke_id=b"\x40\0\0\0", time_form=TAGGED_TIME)
_KAIFA_SE_PAIRS = Frame(
    destination=b"\x01",
    source=b"\x00\x01",
    control=0x10,
    invoke_id=b"\x40\0\0\0",
    time_form=NO_TIME,
    clock=ClockStyle(deviation=-60),
)


def _kaifa_tag(name: str, energy: Tag) -> Tag:
    if name in (*IDENTITY, CLOCK):
        return Tag.OCTET_STRING
    return energy if name in ENERGIES else Tag.UINT32


def _kaifa(name: str, frame: Frame, count: int, energy: Tag = Tag.UINT32) -> Form:
    columns = tuple(Column(name=column, tag=_kaifa_tag(column, energy)) for column in KAIFA_COLUMNS[count])
    return Form(name=name, profile=KAIFA, frame=frame, columns=columns, exponents=KAIFA.exponents)


KAIFA_LIST1 = _kaifa("kaifa-list1", _KAIFA_NO, 1)
KAIFA_1P_LIST2 = _kaifa("kaifa-1p-list2", _KAIFA_NO, 9)
KAIFA_3P_LIST2 = _kaifa("kaifa-3p-list2", _KAIFA_NO, 13)
KAIFA_1P_LIST3 = _kaifa("kaifa-1p-list3", _KAIFA_NO, 14)
KAIFA_3P_LIST3 = _kaifa("kaifa-3p-list3", _KAIFA_NO, 18)
KAIFA_SE_1P = _kaifa("kaifa-se-1p", _KAIFA_SE, 14)
KAIFA_SE_3P = _kaifa("kaifa-se-3p", _KAIFA_SE, 18)
KAIFA_SE_CT = _kaifa("kaifa-se-ct", _KAIFA_SE, 18, Tag.UINT64)
KAIFA_SE_PAIRS = Form(
    name="kaifa-se-pairs",
    profile=KAIFA_SE,
    frame=_KAIFA_SE_PAIRS,
    columns=tuple(Column(name=name, tag=_kaifa_tag(name, Tag.UINT32), code=code(name, 0)) for name in KAIFA_COLUMNS[18]),
    exponents=KAIFA_SE.exponents,
)

# Austria and Poland: in the field these bodies travel encrypted, in M-Bus telegrams without LLC.

_KAIFA_AT = Frame(
    destination=b"\x01",
    source=b"\x67",
    control=0x53,
    invoke_id=bytes(4),
    time_form=PLAIN_TIME,
    clock=ClockStyle(deviation=-60, hundredths=0),
)


def _boxed(names: tuple[str, ...], tag: Tag, scaler: int | None = None) -> tuple[Column, ...]:
    return tuple(replace(column, boxed=True) for column in columns(names, tag, scaler=scaler))


KAIFA_AT_3P = Form(
    name="kaifa-at-3p",
    profile=KAIFA_AT,
    frame=_KAIFA_AT,
    columns=(
        *columns((CLOCK,), Tag.OCTET_STRING),
        *_boxed(("meter_id",), Tag.OCTET_STRING),
        Column(name="list_id", tag=Tag.OCTET_STRING, code=code("list_id", 0, LOGICAL_DEVICE_NAME), boxed=True),
        *_boxed(by_line(VOLTS), Tag.UINT16, -1),
        *_boxed(by_line(AMPERES), Tag.UINT16, -2),
        *_boxed(("power_import_w", "power_export_w", *ENERGIES), Tag.UINT32, 0),
    ),
    exponents={},
)
KAIFA_NOE_3P = Form(name="kaifa-noe-3p", profile=KAIFA_NOE, frame=_KAIFA_AT, columns=NOE_COLUMNS, exponents={})
