"""What a form is: a list that a meter sends, as data for writing it. The inverse of ``profiles.py`` and as plain; knows no maker.

Each form is one list of one family, with the frame around it as captured frames have it. Names of columns are those of
``dlms.obis.REGISTERS`` where these have one. No form knows values.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dlms.axdr import Tag
from dlms.cosem import ClockStyle
from dlms.obis import LINES, REGISTERS, Key, Unit
from han_gateway.meters.family import Columns, Profile
from han_gateway.meters.wrapping import FRAME, Wrapping

KEYS = {register.name: key for key, register in reversed(REGISTERS.items())}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One value of a list; ``name`` None is null-data. ``code`` is empty where the wire has none, ``width`` pads texts with NUL.

    ``boxed``: code and value stand in a structure of their own, where the values of the list around it do not.
    """

    name: str | None
    tag: Tag
    code: bytes = b""
    scaler: int | None = None
    width: int = 0
    boxed: bool = False

    @property
    def unit(self) -> Unit | None:
        """The unit of a number, None for texts and clocks."""
        return REGISTERS[KEYS[self.name]].unit if self.name in KEYS else None


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
    """One list: its family, what stands around it, its columns, and the powers of ten that its wire leaves out.

    ``push`` is the code of the object that pushes it, where the list begins with what it holds.
    """

    name: str
    profile: Profile
    frame: Frame
    columns: tuple[Column, ...]
    exponents: Mapping[Unit, int]
    push: bytes = b""


def code(name: str, b: int, key: Key | None = None) -> bytes:
    """Give the six octets of a register's code in channel ``b``; ``key`` where a family uses another code than the usual one."""
    a, c, d, e = key or KEYS[name]
    return bytes((a, b, c, d, e, 255))


def columns(names: Iterable[str], tag: Tag, *, b: int = 0, scaler: int | None = None) -> tuple[Column, ...]:
    """Give columns of one type, with the codes of their registers in channel ``b``."""
    return tuple(Column(name=name, tag=tag, code=code(name, b), scaler=scaler) for name in names)


def by_line(pattern: str, lines: Iterable[int] = LINES) -> tuple[str, ...]:
    """Name a quantity of several lines."""
    return tuple(pattern.format(line) for line in lines)


POWERS = ("power_import_w", "power_export_w", "reactive_import_var", "reactive_export_var")
ENERGIES = ("energy_import_wh", "energy_export_wh", "reactive_energy_import_varh", "reactive_energy_export_varh")
IDENTITY = ("list_id", "meter_id", "meter_type")
AMPERES, VOLTS = "current_l{}_ma", "voltage_l{}_mv"
DIRECTIONS = tuple(f"{kind}_{direction}" for kind in ("power", "reactive") for direction in ("import", "export"))
UNITS_OF_KIND = {"power": "w", "reactive": "var"}


TAGS = {
    "o": Tag.OCTET_STRING,
    "v": Tag.VISIBLE_STRING,
    "c": Tag.UINT8,
    "u": Tag.UINT16,
    "U": Tag.UINT32,
    "e": Tag.ENUM,
    "b": Tag.BOOLEAN,
    "g": Tag.ARRAY,
}
"""The types of positional lists, by the letters of ``family.types``; a group is written as an array of one number."""


def positional(name: str, profile: Profile, frame: Frame, names: Columns, types: str) -> Form:
    """Give the form of a positional list; ``types`` has one letter for each value."""
    places = tuple(Column(name=each, tag=TAGS[letter]) for each, letter in zip(names, types, strict=True))
    return Form(name=name, profile=profile, frame=frame, columns=places, exponents=profile.exponents)
