"""The lists of Kamstrup meters in Norway, Sweden and Denmark."""

from dlms.apdu import PLAIN_TIME, TAGGED_TIME
from dlms.axdr import Tag
from dlms.obis import CLOCK, LINES
from han_gateway.meters.forms.record import AMPERES, ENERGIES, POWERS, VOLTS, Column, Form, Frame, by_line, code, columns
from han_gateway.meters.profiles import KAMSTRUP

_KAMSTRUP = Frame(destination=b"\x2b", source=b"\x21", control=0x13, invoke_id=bytes(4), time_form=PLAIN_TIME)
_KAMSTRUP_2017 = Frame(destination=b"\x2b", source=b"\x21", control=0x13, invoke_id=bytes(4), time_form=TAGGED_TIME)
_KAMSTRUP_ID = (
    Column(name="list_id", tag=Tag.VISIBLE_STRING),
    Column(name="meter_id", tag=Tag.VISIBLE_STRING, code=code("meter_id", 1, (1, 0, 0, 5))),
    Column(name="meter_type", tag=Tag.VISIBLE_STRING, code=code("meter_type", 1, (1, 96, 1, 1))),
)
_KAMSTRUP_POWERS = columns(POWERS, Tag.UINT32, b=1)
_KAMSTRUP_AMPERES = columns(by_line(AMPERES), Tag.UINT32, b=1)
_KAMSTRUP_VOLTS = columns(by_line(VOLTS), Tag.UINT16, b=1)
_KAMSTRUP_CLOCK = columns((CLOCK,), Tag.OCTET_STRING, b=1)
_KAMSTRUP_ENERGIES = columns(ENERGIES, Tag.UINT32, b=1)
_KAMSTRUP_HOUR = (*_KAMSTRUP_CLOCK, *_KAMSTRUP_ENERGIES)
_NO_PHASE = (Column(name=None, tag=Tag.NULL),) * 4  # two pairs of null-data, for L2 and L3


def _kamstrup(name: str, *parts: tuple[Column, ...], frame: Frame = _KAMSTRUP) -> Form:
    return Form(name=name, profile=KAMSTRUP, frame=frame, columns=sum(parts, ()), exponents=KAMSTRUP.exponents)


_KAMSTRUP_3P = (_KAMSTRUP_ID, _KAMSTRUP_POWERS, _KAMSTRUP_AMPERES, _KAMSTRUP_VOLTS)
_KAMSTRUP_1P = (_KAMSTRUP_ID, _KAMSTRUP_POWERS, _KAMSTRUP_AMPERES[:1], _NO_PHASE, _KAMSTRUP_VOLTS[:1], _NO_PHASE)
_KAMSTRUP_1P_SHORT = (_KAMSTRUP_ID, _KAMSTRUP_POWERS, _KAMSTRUP_AMPERES[:1], _KAMSTRUP_VOLTS[:1])

KAMSTRUP_3P_LIST2 = _kamstrup("kamstrup-3p-list2", *_KAMSTRUP_3P)
KAMSTRUP_3P_LIST3 = _kamstrup("kamstrup-3p-list3", *_KAMSTRUP_3P, _KAMSTRUP_HOUR)
KAMSTRUP_2017_LIST2 = _kamstrup("kamstrup-2017-list2", *_KAMSTRUP_3P, frame=_KAMSTRUP_2017)
KAMSTRUP_2017_LIST3 = _kamstrup("kamstrup-2017-list3", *_KAMSTRUP_3P, _KAMSTRUP_HOUR, frame=_KAMSTRUP_2017)
KAMSTRUP_1P_LIST2 = _kamstrup("kamstrup-1p-list2", *_KAMSTRUP_1P)
KAMSTRUP_1P_LIST3 = _kamstrup("kamstrup-1p-list3", *_KAMSTRUP_1P, _KAMSTRUP_HOUR)
KAMSTRUP_1P_SHORT_LIST2 = _kamstrup("kamstrup-1p-short-list2", *_KAMSTRUP_1P_SHORT)
KAMSTRUP_1P_SHORT_LIST3 = _kamstrup("kamstrup-1p-short-list3", *_KAMSTRUP_1P_SHORT, _KAMSTRUP_HOUR)


def _danish(lines: tuple[int, ...]) -> tuple[tuple[Column, ...], ...]:
    """Give the columns of the Danish push list 1: 65 values with three phases, 37 with one."""
    factors = (*by_line("power_factor_l{}", lines), "power_factor")
    return (
        _KAMSTRUP_ID[:1],
        _KAMSTRUP_ENERGIES,
        columns(("meter_number",), Tag.UINT32, b=1),
        _KAMSTRUP_POWERS,
        _KAMSTRUP_CLOCK,
        _KAMSTRUP_VOLTS[: len(lines)],
        _KAMSTRUP_AMPERES[: len(lines)],
        columns(by_line("power_import_l{}_w", lines), Tag.UINT32, b=1),
        columns(factors, Tag.UINT16, b=1),
        columns(by_line("power_export_l{}_w", lines), Tag.UINT32, b=1),
        columns(by_line("energy_export_l{}_wh", lines), Tag.UINT32, b=1),
        columns(by_line("energy_import_l{}_wh", lines), Tag.UINT32, b=1),
    )


KAMSTRUP_DK_3P = _kamstrup("kamstrup-dk-3p", *_danish(LINES))
KAMSTRUP_DK_1P = _kamstrup("kamstrup-dk-1p", *_danish((1,)))
