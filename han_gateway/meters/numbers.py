"""The numbers of a list: where they stand, how they are scaled, and what must be done to them after that.

This file must not know a shape or a maker; ``body.py`` brings the rows, profiles what the wire leaves out.
"""

from collections.abc import Callable
from operator import itemgetter
from struct import Struct
from typing import NamedTuple

from dlms.axdr import INTEGERS, Tag
from dlms.cosem import DATE_TIME_SIZE
from dlms.obis import KEPT_EXPONENT, Unit
from dlms.rejects import Reason, Rejected
from han_gateway.meters.body import Row
from han_gateway.meters.family import Profile
from han_gateway.meters.plausible import LIMITS, LOWEST, Values, demand_agreement, drop_placeholders, undo_drift
from han_gateway.meters.reading import Reading

Step = Callable[[Values], None]
"""One thing that is done to the values of every frame, in place; it clears them where one is nothing a meter can measure."""

_STRUCT_CODES = {1: "B", 2: "H", 4: "I", 8: "Q"}
_DRIFT_BITS = 7  # a scale that firmware changed by 100 must still fit
_LARGEST_SCALER = 6  # real scalers lie between -3 and +1


class Scaling(NamedTuple):
    """What the owner knows of an installation that the wire does not tell; None leaves it to the profile.

    ``ct_ratio`` multiplies everything that passes the current transformers. ``energy_count_wh`` and ``current_count_ma`` are one count of
    a meter that sends no scaler: Kamstrup counts 10 Wh in Norway, 1 Wh in Sweden and after some firmware updates.
    """

    ct_ratio: int = 1
    energy_count_wh: int | None = None
    current_count_ma: int | None = None


class Number(NamedTuple):
    """A number in the frame (or the clock, as its octets): place, quantity, type, and the factor and divisor of its raw value.

    ``bits`` is how many of its low bits may change: those above would make a value that nobody believes.
    """

    at: int
    name: str
    tag: Tag
    factor: int = 1
    divisor: int = 1
    bits: int = 8 * DATE_TIME_SIZE

    @property
    def width(self) -> int:
        """Its size in bytes."""
        return INTEGERS[self.tag][0] if self.tag in INTEGERS else DATE_TIME_SIZE


def pick(rows: list[Row], profile: Profile, scaling: Scaling) -> list[Number] | Rejected:
    """Pick the rows that a reading has a place for, in the order of the wire."""
    numbers: dict[str, Number] = {}
    for row in rows:
        name = row.register.name if row.register else ""
        if name not in LIMITS or name not in Reading._fields or row.data.value is None:  # null-data: this phase does not exist
            continue
        if not isinstance(row.data.value, int):
            return Rejected(Reason.MALFORMED, detail=f"{name} is no number")
        if name in numbers:
            return Rejected(Reason.MALFORMED, detail=f"{name} twice")
        exponent = _exponent(row, profile)
        if abs(exponent) > _LARGEST_SCALER:
            return Rejected(Reason.OUT_OF_RANGE, detail=f"{name} with scaler {row.scaler}")
        number = _number(row, name, exponent, scaling, _DRIFT_BITS if profile.drifts else 0)
        if row.data.value >> number.bits not in (0, -1):
            return Rejected(Reason.OUT_OF_RANGE, detail=name)
        numbers[name] = number
    if not numbers:
        return Rejected(Reason.UNKNOWN_LIST, detail=f"{profile.name} list without a quantity")
    return list(numbers.values())


def describe(numbers: list[Number]) -> Struct:
    """Describe the numbers as one C structure with pad bytes between them."""
    parts, end = [">"], 0
    for number in numbers:
        parts.append(f"{number.at - end}x{_struct_code(number.tag)}")
        end = number.at + number.width
    return Struct("".join(parts))


def steps(profile: Profile, numbers: list[Number], places: list[int]) -> list[Step]:
    """List what has to be done to the raw values of a list, which belong at ``places``; often nothing, for list 1."""
    first, end = min(places), max(places) + 1
    placed = [numbers[places.index(place)] if place in places else None for place in range(first, end)]
    names = [number.name if number else "" for number in placed]
    integers = [number for number in numbers if number.tag in INTEGERS]
    done: list[Step | None] = [
        None if places == list(range(first, end)) else _spread(places),
        _multiply(placed),
        _divide(placed),
        undo_drift(names) if profile.drifts else None,
        drop_placeholders(names, profile),
        _watch(placed) if profile.drifts or any(map(_holds_the_incredible, integers)) else None,
        demand_agreement(names) if profile.doubtful else None,
    ]
    return [step for step in done if step]


def _number(row: Row, name: str, exponent: int, scaling: Scaling, spare_bits: int) -> Number:
    """Describe how a number is read and which of its bits may change."""
    factor = _configured_factor(row, scaling) or 10 ** max(exponent, 0)
    divisor = 10 ** max(-exponent, 0)
    width, signed = INTEGERS[row.data.tag]
    believable = (LIMITS[name] * divisor // factor).bit_length()
    bits = 8 * width if signed else min(8 * width, believable + spare_bits)
    ratio = 1 if name.endswith("_mv") else scaling.ct_ratio
    return Number(row.data.at, name, row.data.tag, factor * ratio, divisor, bits)


def _exponent(row: Row, profile: Profile) -> int:
    """Give the power of ten between the raw value and the unit it is kept in."""
    unit = (row.register and row.register.unit) or Unit.NONE
    scaler = profile.exponents.get(unit, 0) if row.scaler is None else row.scaler
    return scaler - KEPT_EXPONENT.get(unit, 0)


def _configured_factor(row: Row, scaling: Scaling) -> int | None:
    """Give the owner's word on one count, for values whose scale is not on the wire."""
    unit = row.register.unit if row.register else None
    if row.scaler is not None:
        return None
    return (
        scaling.energy_count_wh
        if unit in (Unit.WATT_HOUR, Unit.VAR_HOUR)
        else scaling.current_count_ma
        if unit is Unit.AMPERE
        else None
    )


def _struct_code(tag: Tag) -> str:
    if tag not in INTEGERS:
        return f"{DATE_TIME_SIZE}s"
    width, signed = INTEGERS[tag]
    return _STRUCT_CODES[width].lower() if signed else _STRUCT_CODES[width]


def _holds_the_incredible(number: Number) -> bool:
    """Tell whether a signed type can hold values that nobody believes; such lists are looked at value by value."""
    width, signed = INTEGERS[number.tag]
    return signed and (LOWEST[number.name] == 0 or (number.factor << 8 * width - 1) // number.divisor > LIMITS[number.name])


Placed = list[Number | None]
"""The numbers in the order of a reading, None where a list has a gap."""


def _spread(places: list[int]) -> Step:
    """Put the values where they belong, with None between."""
    nothing = len(places)
    spread = itemgetter(*(places.index(place) if place in places else nothing for place in range(min(places), max(places) + 1)))

    def step(values: Values) -> None:
        values[:] = spread((*values, None))

    return step


def _multiply(placed: Placed) -> Step | None:
    """Scale up what needs it."""
    changing = [(place, number.factor) for place, number in enumerate(placed) if number and number.factor != 1]

    def step(values: Values) -> None:
        for place, factor in changing:
            values[place] *= factor

    return step if changing else None


def _divide(placed: Placed) -> Step | None:
    """Scale down what needs it, half up."""
    changing = [(place, number.divisor) for place, number in enumerate(placed) if number and number.divisor != 1]

    def step(values: Values) -> None:
        for place, divisor in changing:
            values[place] = (2 * values[place] + divisor) // (2 * divisor)

    return step if changing else None


def _watch(placed: Placed) -> Step:
    """Believe no value outside its range."""
    ranges = [
        (place, LOWEST[number.name], LIMITS[number.name])
        for place, number in enumerate(placed)
        if number and number.name in LIMITS
    ]

    def step(values: Values) -> None:
        if not all(values[place] is None or lowest <= values[place] <= highest for place, lowest, highest in ranges):
            values.clear()

    return step
