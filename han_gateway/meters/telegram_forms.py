"""The P1 telegrams that meters send, as data for writing them, and the writing. The inverse of ``telegram.py``.

A form is one telegram of one family of meters: its lines in order, each with its code, how many digits it has and how its unit is
spelled. Names are those of ``dlms.obis.REGISTERS``. This file must not know values.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from dlms import p1
from dlms.obis import CLOCK, KEPT_EXPONENT, LINES, REGISTERS
from dlms.p1 import Line, Telegram, Value
from han_gateway.meters.reading import ClockRule, Reading

_NO_EXTRA: Mapping[str, int] = MappingProxyType({})
_KEYS = {register.name: key for key, register in reversed(REGISTERS.items())}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One number of a telegram: its quantity, its code, the digits before and after the point, its unit as the meter spells it.

    ``tariff`` 1 and 2 share a total between them; 0 is the total.
    """

    name: str
    code: str
    whole: int
    decimals: int
    unit: str
    tariff: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramForm:
    """One telegram: what it calls itself, the rows in order, how its clock is written (``strftime``), whether it has a check sequence.

    A row is a number, the name of a text (``clock``, ``meter_id``) with its code, or a line that is always the same.
    """

    name: str
    manufacturer: str
    identification: str
    rows: tuple[Field | tuple[str, str] | Line, ...]
    clock: str = "%y%m%d%H%M%S"
    season: bool = True
    checked: bool = True


def write(form: TelegramForm, reading: Reading, *, extra: Mapping[str, int] = _NO_EXTRA) -> bytes:
    """Write a telegram; ``extra`` has the registers that a reading has no place for, in the units of ``dlms.obis.REGISTERS``."""
    lines = tuple(_line(form, row, reading, extra) for row in form.rows)
    return p1.build(Telegram(form.identification, lines, form.checked))


def _line(form: TelegramForm, row: Field | tuple[str, str] | Line, reading: Reading, extra: Mapping[str, int]) -> Line:
    if isinstance(row, Line):
        return row
    if isinstance(row, Field):
        known = extra.get(row.name, getattr(reading, row.name, None))
        return Line(row.code, (Value(_digits(row, _share(int(known or 0), row.tariff)), row.unit),))
    name, code = row
    return Line(code, (Value(_moment(form, reading) if name == CLOCK else getattr(reading, name) or ""),))


def _moment(form: TelegramForm, reading: Reading) -> str:
    if reading.meter_time is None:
        return ""
    season = "S" if reading.clock_rule is ClockRule.SUMMER else "W"
    return reading.meter_time.strftime(form.clock) + (season if form.season else "")


def _share(total: int, tariff: int) -> int:
    """Give a total, or the part of it that is counted by a tariff: two thirds by day, the rest by night."""
    night = total // 3
    return (total, total - night, night)[tariff]


def _digits(field: Field, value: int) -> str:
    """Write a value at the resolution of the wire, half up. These meters write no sign: OverflowError for what needs one."""
    if value < 0:
        raise OverflowError(f"{field.name} of {value}")
    unit = REGISTERS[_KEYS[field.name]].unit
    exponent = field.decimals + (KEPT_EXPONENT.get(unit, 0) if unit else 0) - (3 if field.unit.startswith("k") else 0)
    factor, divisor = 10 ** max(exponent, 0), 10 ** max(-exponent, 0)
    digits = f"{(2 * value * factor + divisor) // (2 * divisor):0{field.whole + field.decimals}d}"
    return f"{digits[: -field.decimals]}.{digits[-field.decimals :]}" if field.decimals else digits


_POWERS = ("power_import_w", "power_export_w")
_REACTIVE = ("reactive_import_var", "reactive_export_var")
_ENERGIES = ("energy_import_wh", "energy_export_wh")
_REACTIVE_ENERGIES = ("reactive_energy_import_varh", "reactive_energy_export_varh")


def _fields(names: Iterable[str], whole: int, decimals: int, unit: str) -> tuple[Field, ...]:
    return tuple(Field(name=name, code=_code(name), whole=whole, decimals=decimals, unit=unit) for name in names)


def _code(name: str) -> str:
    a, c, d, e = _KEYS[name]
    return f"{a}-0:{c}.{d}.{e}"


def _of_line(names: Iterable[str], line: int) -> tuple[str, ...]:
    return tuple(f"{stem}_l{line}_{suffix}" for stem, _, suffix in (name.rpartition("_") for name in names))


def _by_quantity(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for quantity in names for line in LINES for name in _of_line((quantity,), line))


def _by_line(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for line in LINES for name in _of_line(names, line))


_CLOCK = ((CLOCK, "0-0:1.0.0"),)
_VOLTS = _fields([f"voltage_l{line}_mv" for line in LINES], 3, 1, "V")
_AMPERES = [f"current_l{line}_ma" for line in LINES]


def _swedish(var: str, varh: str, *, by_line: bool, counter: int = 8) -> tuple[Field | tuple[str, str], ...]:
    """Give the 27 lines of the Swedish recommendation, by line or by quantity; ``counter`` is the digits of an energy before the point."""
    order = _by_line if by_line else _by_quantity
    return (
        *_CLOCK,
        *_fields(_ENERGIES, counter, 3, "kWh"),
        *_fields(_REACTIVE_ENERGIES, counter, 3, varh),
        *_fields(_POWERS, 4, 3, "kW"),
        *_fields(_REACTIVE, 4, 3, var),
        *_fields(order(_POWERS), 4, 3, "kW"),
        *_fields(order(_REACTIVE), 4, 3, var),
        *_VOLTS,
        *_fields(_AMPERES, 3, 1, "A"),
    )


def _tariffs(name: str, whole: int) -> tuple[Field, ...]:
    code = _code(name).removesuffix("0")
    return tuple(
        Field(name=name, code=f"{code}{tariff}", whole=whole, decimals=3, unit="kWh", tariff=tariff) for tariff in (1, 2)
    )


def _fixed(code: str, *texts: str) -> Line:
    return Line(code, tuple(Value(*text.split("*")) for text in texts))


_GAS = (
    _fixed("0-1:24.1.0", "003"),
    _fixed("0-1:96.1.0", "4700000000000000000000000000000042"),
    _fixed("0-1:24.2.1", "260115170000W", "01234.567*m3"),
)
_DUTCH_ENERGIES = (*_tariffs("energy_import_wh", 6), *_tariffs("energy_export_wh", 6))

SWEDEN_KAMSTRUP = TelegramForm(
    name="p1-se-kamstrup",
    manufacturer="kamstrup",
    identification="KAM5",
    rows=_swedish("kVAr", "kVArh", by_line=False),
)
SWEDEN_SAGEMCOM = TelegramForm(
    name="p1-se-sagemcom",
    manufacturer="sagemcom",
    identification=r"ELL5\253000000_A",
    rows=_swedish("kvar", "kvarh", by_line=False),
)
SWEDEN_E360 = TelegramForm(
    name="p1-se-e360",
    manufacturer="landis-gyr",
    identification="LGF5E360",
    rows=_swedish("kVAr", "kVArh", by_line=True),
)
DENMARK_NES = TelegramForm(
    name="p1-dk-nes",
    manufacturer="nes",
    identification="NES5:00000-3E",
    rows=_swedish("kVAr", "kVArh", by_line=True, counter=5),
    clock="%Y%m%d %H:%M:%S",
    season=False,
)
NETHERLANDS = TelegramForm(
    name="p1-nl",
    manufacturer="iskraemeco",
    identification=r"ISK5\2M550T-1012",
    rows=(
        _fixed("1-3:0.2.8", "50"),
        *_CLOCK,
        ("meter_id", "0-0:96.1.1"),
        *_DUTCH_ENERGIES,
        _fixed("0-0:96.14.0", "0001"),
        *_fields(_POWERS, 2, 3, "kW"),
        _fixed("1-0:99.97.0", "1", "0-0:96.7.19", "250101000000W", "0000000240*s"),
        _fixed("0-0:96.13.0", ""),
        *_VOLTS,
        *_fields(_AMPERES, 3, 0, "A"),
        *_fields(_by_quantity(_POWERS), 2, 3, "kW"),
        *_GAS,
    ),
)
BELGIUM = TelegramForm(
    name="p1-be",
    manufacturer="sagemcom",
    identification=r"FLU5\253000000_A",
    rows=(
        _fixed("0-0:96.1.4", "50217"),
        ("meter_id", "0-0:96.1.1"),
        *_CLOCK,
        *_DUTCH_ENERGIES,
        _fixed("1-0:1.6.0", "260103120000W", "04.500*kW"),
        *_fields(_POWERS, 2, 3, "kW"),
        *_fields(_by_quantity(_POWERS), 2, 3, "kW"),
        *_VOLTS,
        *_fields(_AMPERES, 3, 2, "A"),
        _fixed("1-0:31.4.0", "999*A"),
        _fixed("0-0:96.13.0", ""),
        *_GAS,
    ),
)
SLOVENIA = TelegramForm(
    name="p1-si",
    manufacturer="iskraemeco",
    identification=r"ISK9\2M551T-200",
    rows=(
        ("meter_id", "0-0:96.1.0"),
        *_fields(_ENERGIES, 6, 3, "kWh"),
        *_fields(_POWERS, 2, 3, "kW"),
        *_fields(_by_quantity(_POWERS), 2, 3, "kW"),
        *_VOLTS,
        *_fields(_AMPERES, 3, 0, "A"),
    ),
    checked=False,
)

TELEGRAM_FORMS: tuple[TelegramForm, ...] = (
    *(SWEDEN_KAMSTRUP, SWEDEN_SAGEMCOM, SWEDEN_E360),
    *(DENMARK_NES, NETHERLANDS, BELGIUM, SLOVENIA),
)
"""Every telegram that the software meter writes."""
