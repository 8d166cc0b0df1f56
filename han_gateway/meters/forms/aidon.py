"""The lists of Aidon meters in Norway and Sweden, and of Landis+Gyr's E350 with EMBRIQ, which writes the same way."""

from collections.abc import Iterable

from dlms.apdu import NO_TIME
from dlms.axdr import Tag
from dlms.cosem import DEVIATION_NOT_SPECIFIED, ClockStyle
from dlms.obis import CLOCK, LINES
from han_gateway.meters.family import Profile
from han_gateway.meters.forms.record import (
    AMPERES,
    DIRECTIONS,
    ENERGIES,
    IDENTITY,
    POWERS,
    UNITS_OF_KIND,
    VOLTS,
    Column,
    Form,
    Frame,
    by_line,
    code,
    columns,
)
from han_gateway.meters.profiles import AIDON, AIDON_SE, EMBRIQ

_AIDON = Frame(
    destination=b"\x41",
    source=b"\x08\x83",
    control=0x13,
    invoke_id=b"\x40\0\0\0",
    time_form=NO_TIME,
    clock=ClockStyle(sunday=0, deviation=0),
)
_AIDON_SE = Frame(
    destination=b"\x41",
    source=b"\x08\x83",
    control=0x13,
    invoke_id=b"\x40\0\0\0",
    time_form=NO_TIME,
    clock=ClockStyle(sunday=0, deviation=DEVIATION_NOT_SPECIFIED, status=0xFF),
)
_AIDON_IDENTITY = (*columns(("list_id",), Tag.VISIBLE_STRING, b=1), *columns(IDENTITY[1:], Tag.VISIBLE_STRING))
_AIDON_POWERS = columns(POWERS, Tag.UINT32, scaler=0)
_AIDON_CLOCK = columns((CLOCK,), Tag.OCTET_STRING)
_AIDON_ENERGIES = columns(ENERGIES, Tag.UINT32, scaler=1)


def _aidon_lines(currents: Iterable[int], voltages: Iterable[int], scaler: int = -1) -> tuple[Column, ...]:
    return (
        *columns(by_line(AMPERES, currents), Tag.INT16, scaler=scaler),
        *columns(by_line(VOLTS, voltages), Tag.UINT16, scaler=-1),
    )


def _aidon(name: str, *parts: tuple[Column, ...], profile: Profile = AIDON, frame: Frame = _AIDON) -> Form:
    return Form(name=name, profile=profile, frame=frame, columns=sum(parts, ()), exponents={})


_AIDON_1P, _AIDON_IT, _AIDON_TN = _aidon_lines((1,), (1,)), _aidon_lines((1, 3), LINES), _aidon_lines(LINES, LINES)
_AIDON_HOUR = (*_AIDON_CLOCK, *_AIDON_ENERGIES)

AIDON_LIST1 = _aidon("aidon-list1", _AIDON_POWERS[:1])
AIDON_1P_LIST2 = _aidon("aidon-1p-list2", _AIDON_IDENTITY, _AIDON_POWERS, _AIDON_1P)
AIDON_IT_LIST2 = _aidon("aidon-it-list2", _AIDON_IDENTITY, _AIDON_POWERS, _AIDON_IT)
AIDON_TN_LIST2 = _aidon("aidon-tn-list2", _AIDON_IDENTITY, _AIDON_POWERS, _AIDON_TN)
AIDON_1P_LIST3 = _aidon("aidon-1p-list3", _AIDON_IDENTITY, _AIDON_POWERS, _AIDON_1P, _AIDON_HOUR)
AIDON_IT_LIST3 = _aidon("aidon-it-list3", _AIDON_IDENTITY, _AIDON_POWERS, _AIDON_IT, _AIDON_HOUR)
AIDON_TN_LIST3 = _aidon("aidon-tn-list3", _AIDON_IDENTITY, _AIDON_POWERS, _AIDON_TN, _AIDON_HOUR)
AIDON_SE_3P = _aidon(
    "aidon-se-3p",
    _AIDON_CLOCK,
    _AIDON_POWERS,
    _AIDON_TN,
    *(
        columns([f"{quantity}_l{line}_{UNITS_OF_KIND[quantity.split('_')[0]]}" for quantity in DIRECTIONS], Tag.UINT32, scaler=0)
        for line in LINES
    ),
    columns(ENERGIES, Tag.UINT32, scaler=0),
    profile=AIDON_SE,
    frame=_AIDON_SE,
)
EMBRIQ_LIST1 = _aidon("embriq-list1", _AIDON_POWERS[:1], profile=EMBRIQ)
EMBRIQ_LIST2 = _aidon(
    "embriq-list2",
    columns(("list_id",), Tag.VISIBLE_STRING, b=1),
    (Column(name="meter_id", tag=Tag.VISIBLE_STRING, code=code("meter_id", 0), width=16),),
    (Column(name="meter_type", tag=Tag.VISIBLE_STRING, code=code("meter_type", 0), width=4),),
    _AIDON_POWERS,
    _aidon_lines(LINES, LINES, scaler=-2),
    profile=EMBRIQ,
)
