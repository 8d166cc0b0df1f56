"""From the lines of a P1 telegram to a reading.

The lines name themselves (OBIS code and unit), so there is one way for all meters; only who made a meter is data (``MAKERS``).
Channel 0 is the electricity meter; gas and water meters behind it have channels of their own and say nothing here. Numbers go from
decimals to integers exactly. A telegram without a check sequence is believed only as far as it agrees with itself (``_agreed``).
"""

import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from dlms import obis, p1
from dlms.cosem import ClockStyle, build_date_time
from dlms.obis import CLOCK, KEPT_EXPONENT, LINES, Key, Unit
from dlms.p1 import Line, Telegram
from dlms.rejects import Reason, Rejected
from han_gateway.meters.plausible import LIMITS, LOWEST
from han_gateway.meters.reading import ClockRule, Reading

MAKERS: Mapping[str, str] = MappingProxyType(
    {
        "ADN": "aidon",
        "EGM": "elgama",
        "ELL": "sagemcom",  # Ellevio writes its own letters before Sagemcom's name; so do the next three
        "ENE": "sagemcom",
        "EST": "sagemcom",
        "FLU": "sagemcom",
        "ESY": "easymeter",
        "HAG": "hager",
        "ISK": "iskraemeco",
        "KAM": "kamstrup",
        "KMP": "kamstrup",
        "KFM": "kaifa",
        "LGF": "landis-gyr",
        "LGZ": "landis-gyr",
        "SAG": "sagemcom",
        "XMX": "landis-gyr",  # Xemex made the port of Landis+Gyr's Dutch meters
    }
)
"""Who made a meter, by the three letters that its telegram begins with; others are called by their letters."""

_TARIFFS = {  # where a total is missing, its tariffs make it
    (1, c, 8, tariff): register.name
    for (a, c, d, e), register in obis.REGISTERS.items()
    if (a, d, e) == (1, 8, 0)
    for tariff in (1, 2, 3, 4)
}
_DUTCH_METER_ID: Key = (0, 96, 1, 1)
_NAMES = {key: register.name for key, register in obis.REGISTERS.items()} | {_DUTCH_METER_ID: "meter_id"} | _TARIFFS
_UNITS = {register.name: register.unit for register in obis.REGISTERS.values()}
_NO_HISTORY = 255  # group F of a value of now
_SPELLINGS: Mapping[str, tuple[Unit, ...]] = MappingProxyType(
    {
        "w": (Unit.WATT,),
        "wh": (Unit.WATT_HOUR,),
        "var": (Unit.VAR, Unit.VAR_HOUR),  # makers disagree about the h
        "varh": (Unit.VAR_HOUR,),
        "va": (Unit.VAR, Unit.VAR_HOUR),  # in a document of Aidon's
        "vah": (Unit.VAR_HOUR,),
        "a": (Unit.AMPERE,),
        "v": (Unit.VOLT,),
    }
)
_DECIMAL = re.compile(r"(-?[0-9]{1,12})(?:\.([0-9]{1,9}))?")
_SHORT_CLOCK = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([WS]?)")
_LONG_CLOCK = re.compile(r"([0-9]{4}).?([0-9]{2}).?([0-9]{2})[ T]([0-9]{2}):([0-9]{2}):([0-9]{2})()")
_CENTURY = 2000
_SEASONS = {
    "": (None, 0x00),
    "W": (ClockRule.STANDARD, 0x00),  # winter time; some meters stay on it in summer, and say so
    "S": (ClockRule.SUMMER, 0x80),
}

_COARSE_MA = 1_000  # a step of the currents that matters to a fuse
_HIGHEST_MV = 253_000  # of a good net, where the telegram names no voltage
_PLACEHOLDERS = ("voltage_l2_mv", "current_l2_ma")  # 0 on three wires, between two real voltages


class _Number(NamedTuple):
    """A value in the unit it is kept in, and how fine its meter writes it."""

    value: int
    step: int


def read(telegram: Telegram, *, ct_ratio: int = 1) -> Reading | Rejected:
    """Read a telegram; ``ct_ratio`` multiplies everything that passes the current transformers."""
    lines = _lines(telegram)
    if isinstance(lines, Rejected):
        return lines
    numbers = _numbers(lines, checked=telegram.checked)
    if isinstance(numbers, Rejected):
        return numbers
    if not numbers:
        return Rejected(Reason.UNKNOWN_LIST, detail="a telegram without a quantity")
    values: dict[str, Any] = {name: value * (1 if name.endswith("_mv") else ct_ratio) for name, (value, _) in numbers.items()}
    strange = next((name for name, value in values.items() if not LOWEST[name] <= value <= LIMITS[name]), None)
    if strange:
        return Rejected(Reason.OUT_OF_RANGE, detail=strange)
    _drop_placeholders(values)
    name = _clean(telegram.identification)
    clock, rule = _clock(lines)
    return Reading(
        manufacturer=MAKERS.get(name[:3].upper(), name[:3].lower()),
        list=3 if "energy_import_wh" in values else 2 if "current_l1_ma" in values else 1,
        list_id=name,
        meter_id=_meter_id(lines),
        clock=clock,
        clock_rule=rule,
        current_step_ma=_coarse(numbers, ct_ratio),
        **{name: value for name, value in values.items() if name in Reading._fields},
    )


def _lines(telegram: Telegram) -> dict[Key, Line] | Rejected:
    """Give the lines of the electricity meter whose codes we know."""
    found: dict[Key, Line] = {}
    for line in telegram.lines:
        code = p1.octets(line.code)
        if code is None or code[1] or code[5] != _NO_HISTORY or obis.key(code) not in _NAMES:
            continue
        if obis.key(code) in found:
            return Rejected(Reason.MALFORMED, detail=f"{line.code} twice")
        found[obis.key(code)] = line
    return found


def _numbers(lines: dict[Key, Line], *, checked: bool) -> dict[str, _Number] | Rejected:
    """Read the numbers, by name. Without a check sequence an empty value is an error, and the numbers must agree."""
    totals: dict[str, _Number] = {}
    sums: dict[str, _Number] = {}
    for key, line in lines.items():
        name = _NAMES[key]
        if name not in LIMITS or (checked and line.values[0].text == ""):  # a phase that this meter does not have
            continue
        number = _number(line, name)
        if isinstance(number, Rejected):
            return number
        if key in _TARIFFS:
            sums[name] = _Number(number.value + sums.get(name, number._replace(value=0)).value, number.step)
        else:
            totals[name] = number
    return sums | totals if checked else _agreed(sums | totals)


def _number(line: Line, name: str) -> _Number | Rejected:
    """Read a number in the unit it is kept in, half up."""
    text, unit = line.values[0]
    wanted = _UNITS[name]
    if wanted is None or wanted not in _SPELLINGS.get(unit.lower().removeprefix("k"), ()):
        return Rejected(Reason.UNIT, detail=f"{name} with unit {unit[:8]!a}")
    decimal = _DECIMAL.fullmatch(text)
    if decimal is None or len(line.values) > 1:
        return Rejected(Reason.MALFORMED, detail=f"{name} is no number")
    fraction = decimal[2] or ""
    exponent = (3 if unit.lower().startswith("k") else 0) - KEPT_EXPONENT.get(wanted, 0) - len(fraction)
    factor, divisor = 10 ** max(exponent, 0), 10 ** max(-exponent, 0)
    return _Number((2 * int(decimal[1] + fraction) * factor + divisor) // (2 * divisor), factor)


def _agreed(numbers: dict[str, _Number]) -> dict[str, _Number] | Rejected:
    """Believe the currents of a telegram without a check sequence only where powers confirm them.

    The powers of the lines must make up the total, and no line may carry more power than its voltage and current allow: a current that
    lost a digit on its way is the dangerous one. Where there are no powers to compare with, the currents are left out.
    """
    currents = {line: number for line in LINES if (number := numbers.get(f"current_l{line}_ma"))}
    if not currents:
        return numbers
    total = _net(numbers, "")
    powers = {line: power for line in LINES if (power := _net(numbers, f"_l{line}"))}
    if total is None or not currents.keys() <= powers.keys():
        return {name: number for name, number in numbers.items() if not name.startswith("current_")}
    difference = sum(power.value for power in powers.values()) - total.value
    carried = (
        _carries(power, currents[line], numbers.get(f"voltage_l{line}_mv")) for line, power in powers.items() if line in currents
    )
    if abs(difference) > total.step + sum(power.step for power in powers.values()) or not all(carried):
        return Rejected(Reason.FRAME_CHECK, detail="no check sequence, and currents and powers do not agree")
    return numbers


def _coarse(numbers: dict[str, _Number], ct_ratio: int) -> int | None:
    """Give the step of the currents (mA) where it is a whole ampere or more, as in Dutch telegrams; None where it is finer."""
    step = max((number.step for name, number in numbers.items() if name.startswith("current_")), default=0) * ct_ratio
    return step if step >= _COARSE_MA else None


def _net(numbers: dict[str, _Number], of: str) -> _Number | None:
    """Give what is taken less what is given, of a line (``_l1``) or of all; None where it is not sent."""
    taken, given = (numbers.get(f"power_{way}{of}_w") for way in ("import", "export"))
    return taken and taken._replace(value=taken.value - (given.value if given else 0))


def _carries(power: _Number, current: _Number, voltage: _Number | None) -> bool:
    """Tell whether a line can carry a power (W) by its current (mA), each cut off at its step."""
    volts = voltage.value if voltage else _HIGHEST_MV
    return (abs(power.value) - power.step) * 1_000_000 <= volts * (abs(current.value) + current.step)


def _drop_placeholders(values: dict[str, Any]) -> None:
    """Drop the zeros that stand for "not measured" on a three-wire net."""
    if values.get("voltage_l2_mv") == 0 and values.get("voltage_l1_mv") and values.get("voltage_l3_mv"):
        for name in _PLACEHOLDERS:
            if not values.get(name):
                values.pop(name, None)


def _clock(lines: dict[Key, Line]) -> tuple[bytes | None, ClockRule | None]:
    """Read the clock, and what it says of its season; an impossible one is none."""
    line = next((line for key, line in lines.items() if _NAMES[key] == CLOCK), None)
    text = line.values[0].text if line else ""
    found = _SHORT_CLOCK.fullmatch(text) or _LONG_CLOCK.fullmatch(text)
    if found is None:
        return None, None
    year, month, day, hour, minute, second = map(int, found.group(1, 2, 3, 4, 5, 6))
    rule, status = _SEASONS[found[7]]
    try:
        moment = datetime(year + (_CENTURY if len(found[1]) == 2 else 0), month, day, hour, minute, second)
    except ValueError:
        return None, None
    return build_date_time(moment, ClockStyle(status=status)), rule


def _meter_id(lines: dict[Key, Line]) -> str | None:
    texts = (_clean(line.values[0].text) for key, line in lines.items() if _NAMES[key] == "meter_id")
    return next((text for text in texts if text), None)


def _clean(text: str) -> str:
    """Keep printable ASCII only."""
    return "".join(letter for letter in text if " " <= letter <= "~").strip()
