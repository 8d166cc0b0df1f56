"""The lists that meters send, as data for writing them: header, columns, types. The inverse of ``profiles.py`` and as plain.

Each form is one list of one family, with the frame around it as captured frames have it. Names of columns are those of
``dlms.obis.REGISTERS``. This file must not know values.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dlms.apdu import NO_TIME, PLAIN_TIME, TAGGED_TIME
from dlms.axdr import Tag
from dlms.cosem import DEVIATION_NOT_SPECIFIED, ClockStyle
from dlms.obis import CLOCK, LINES, REGISTERS, Key, Unit
from han_gateway.meters.profiles import AIDON, AIDON_SE, EMBRIQ, KAIFA, KAIFA_COLUMNS, KAIFA_SE, KAMSTRUP, Profile
from han_gateway.meters.wrapping import FRAME, Wrapping

_KEYS = {register.name: key for key, register in reversed(REGISTERS.items())}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One value of a list; ``name`` None is null-data. ``code`` is empty where the wire has none, ``width`` pads texts with NUL."""

    name: str | None
    tag: Tag
    code: bytes = b""
    scaler: int | None = None
    width: int = 0

    @property
    def unit(self) -> Unit | None:
        """The unit of a number, None for texts and clocks."""
        return REGISTERS[_KEYS[self.name]].unit if self.name in _KEYS else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What a family puts around a body: HDLC addresses and control, invoke id, spelling of the time, style of the clock, wrapping."""

    destination: bytes
    source: bytes
    control: int
    invoke_id: bytes
    time_form: bytes
    clock: ClockStyle = field(default_factory=ClockStyle)
    wrapping: Wrapping = FRAME


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One list: its family, what stands around it, its columns, and the powers of ten that its wire leaves out."""

    name: str
    profile: Profile
    frame: Frame
    columns: tuple[Column, ...]
    exponents: Mapping[Unit, int]


def _code(name: str, b: int, key: Key | None = None) -> bytes:
    """Give the six octets of a register's code in channel ``b``; ``key`` where a family uses another code than the usual one."""
    a, c, d, e = key or _KEYS[name]
    return bytes((a, b, c, d, e, 255))


def _columns(names: Iterable[str], tag: Tag, *, b: int = 0, scaler: int | None = None) -> tuple[Column, ...]:
    return tuple(Column(name=name, tag=tag, code=_code(name, b), scaler=scaler) for name in names)


def _by_line(pattern: str, lines: Iterable[int] = LINES) -> tuple[str, ...]:
    return tuple(pattern.format(line) for line in lines)


_POWERS = ("power_import_w", "power_export_w", "reactive_import_var", "reactive_export_var")
_ENERGIES = ("energy_import_wh", "energy_export_wh", "reactive_energy_import_varh", "reactive_energy_export_varh")
_IDENTITY = ("list_id", "meter_id", "meter_type")
_AMPERES, _VOLTS = "current_l{}_ma", "voltage_l{}_mv"
_DIRECTIONS = tuple(f"{kind}_{direction}" for kind in ("power", "reactive") for direction in ("import", "export"))
_UNITS_OF_KIND = {"power": "w", "reactive": "var"}

# --- Kaifa, Norway and Sweden -----------------------------------------------------------------------------------------------------

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
    if name in (*_IDENTITY, CLOCK):
        return Tag.OCTET_STRING
    return energy if name in _ENERGIES else Tag.UINT32


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
    columns=tuple(Column(name=name, tag=_kaifa_tag(name, Tag.UINT32), code=_code(name, 0)) for name in KAIFA_COLUMNS[18]),
    exponents=KAIFA_SE.exponents,
)

# --- Aidon, Norway and Sweden; Landis+Gyr E350 with EMBRIQ, which writes the same way ----------------------------------------------

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
_AIDON_IDENTITY = (*_columns(("list_id",), Tag.VISIBLE_STRING, b=1), *_columns(_IDENTITY[1:], Tag.VISIBLE_STRING))
_AIDON_POWERS = _columns(_POWERS, Tag.UINT32, scaler=0)
_AIDON_CLOCK = _columns((CLOCK,), Tag.OCTET_STRING)
_AIDON_ENERGIES = _columns(_ENERGIES, Tag.UINT32, scaler=1)


def _aidon_lines(currents: Iterable[int], voltages: Iterable[int], scaler: int = -1) -> tuple[Column, ...]:
    return (
        *_columns(_by_line(_AMPERES, currents), Tag.INT16, scaler=scaler),
        *_columns(_by_line(_VOLTS, voltages), Tag.UINT16, scaler=-1),
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
        _columns(
            [f"{quantity}_l{line}_{_UNITS_OF_KIND[quantity.split('_')[0]]}" for quantity in _DIRECTIONS], Tag.UINT32, scaler=0
        )
        for line in LINES
    ),
    _columns(_ENERGIES, Tag.UINT32, scaler=0),
    profile=AIDON_SE,
    frame=_AIDON_SE,
)
EMBRIQ_LIST1 = _aidon("embriq-list1", _AIDON_POWERS[:1], profile=EMBRIQ)
EMBRIQ_LIST2 = _aidon(
    "embriq-list2",
    _columns(("list_id",), Tag.VISIBLE_STRING, b=1),
    (Column(name="meter_id", tag=Tag.VISIBLE_STRING, code=_code("meter_id", 0), width=16),),
    (Column(name="meter_type", tag=Tag.VISIBLE_STRING, code=_code("meter_type", 0), width=4),),
    _AIDON_POWERS,
    _aidon_lines(LINES, LINES, scaler=-2),
    profile=EMBRIQ,
)

# --- Kamstrup, Norway, Sweden and Denmark -----------------------------------------------------------------------------------------

_KAMSTRUP = Frame(destination=b"\x2b", source=b"\x21", control=0x13, invoke_id=bytes(4), time_form=PLAIN_TIME)
_KAMSTRUP_2017 = Frame(destination=b"\x2b", source=b"\x21", control=0x13, invoke_id=bytes(4), time_form=TAGGED_TIME)
_KAMSTRUP_ID = (
    Column(name="list_id", tag=Tag.VISIBLE_STRING),
    Column(name="meter_id", tag=Tag.VISIBLE_STRING, code=_code("meter_id", 1, (1, 0, 0, 5))),
    Column(name="meter_type", tag=Tag.VISIBLE_STRING, code=_code("meter_type", 1, (1, 96, 1, 1))),
)
_KAMSTRUP_POWERS = _columns(_POWERS, Tag.UINT32, b=1)
_KAMSTRUP_AMPERES = _columns(_by_line(_AMPERES), Tag.UINT32, b=1)
_KAMSTRUP_VOLTS = _columns(_by_line(_VOLTS), Tag.UINT16, b=1)
_KAMSTRUP_CLOCK = _columns((CLOCK,), Tag.OCTET_STRING, b=1)
_KAMSTRUP_ENERGIES = _columns(_ENERGIES, Tag.UINT32, b=1)
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
    factors = (*_by_line("power_factor_l{}", lines), "power_factor")
    return (
        _KAMSTRUP_ID[:1],
        _KAMSTRUP_ENERGIES,
        _columns(("meter_number",), Tag.UINT32, b=1),
        _KAMSTRUP_POWERS,
        _KAMSTRUP_CLOCK,
        _KAMSTRUP_VOLTS[: len(lines)],
        _KAMSTRUP_AMPERES[: len(lines)],
        _columns(_by_line("power_import_l{}_w", lines), Tag.UINT32, b=1),
        _columns(factors, Tag.UINT16, b=1),
        _columns(_by_line("power_export_l{}_w", lines), Tag.UINT32, b=1),
        _columns(_by_line("energy_export_l{}_wh", lines), Tag.UINT32, b=1),
        _columns(_by_line("energy_import_l{}_wh", lines), Tag.UINT32, b=1),
    )


KAMSTRUP_DK_3P = _kamstrup("kamstrup-dk-3p", *_danish(LINES))
KAMSTRUP_DK_1P = _kamstrup("kamstrup-dk-1p", *_danish((1,)))

FORMS: tuple[Form, ...] = (
    *(KAIFA_LIST1, KAIFA_1P_LIST2, KAIFA_3P_LIST2, KAIFA_1P_LIST3, KAIFA_3P_LIST3),
    *(KAIFA_SE_1P, KAIFA_SE_3P, KAIFA_SE_CT, KAIFA_SE_PAIRS),
    *(AIDON_LIST1, AIDON_1P_LIST2, AIDON_IT_LIST2, AIDON_TN_LIST2, AIDON_1P_LIST3, AIDON_IT_LIST3, AIDON_TN_LIST3, AIDON_SE_3P),
    *(EMBRIQ_LIST1, EMBRIQ_LIST2),
    *(KAMSTRUP_3P_LIST2, KAMSTRUP_3P_LIST3, KAMSTRUP_2017_LIST2, KAMSTRUP_2017_LIST3, KAMSTRUP_1P_LIST2, KAMSTRUP_1P_LIST3),
    *(KAMSTRUP_1P_SHORT_LIST2, KAMSTRUP_1P_SHORT_LIST3, KAMSTRUP_DK_3P, KAMSTRUP_DK_1P),
)
"""Every list that can be written."""
