"""The shapes of a body, walked to one kind of row: what it means, and where it stands.

Whatever the shape, the rest of the house sees ``Row``s only. This file must not know a maker; profiles bring what the wire omits.
"""

from collections.abc import Iterator
from typing import NamedTuple

from dlms import obis
from dlms.axdr import Data, Tag
from dlms.cosem import DATE_TIME_SIZE
from dlms.rejects import Reason, Rejected
from han_gateway.meters.family import Profile, Shape, Signature, types

_OBIS_SIZE = 6
_CLASS_CODE_ATTRIBUTE, _VALUE = 3, 2
_CODES_AT_LEAST = 4  # one value in so many; groups of code, value and (scaler, unit) have one in three
_STRINGS = (Tag.OCTET_STRING, Tag.VISIBLE_STRING)


class Row(NamedTuple):
    """One value of a list: its register (None: no code we know), its Data, and scaler and unit where the wire has them."""

    register: obis.Register | None
    data: Data
    scaler: int | None = None
    unit: int | None = None


_BY_NAME = {register.name: register for register in obis.REGISTERS.values()}


def shape_of(body: Data) -> Shape | None:
    """Tell the shape of a body by its outermost values alone; None for what is no list."""
    items = body.items
    if not items:
        return None
    if body.tag is Tag.ARRAY:
        return Shape.REGISTERS if all(map(_is_register, items)) else None
    first = items[0]
    if len(first.items) == len(items) and all(map(_is_object, first.items)):
        return Shape.OBJECTS
    coded = sum(_is_code(item) or _is_register(item) for item in items)
    if first.tag is Tag.VISIBLE_STRING or _CODES_AT_LEAST * coded >= len(items):
        return Shape.PAIRS
    return Shape.POSITIONAL


def rows(shape: Shape, body: Data) -> list[Row]:
    """Walk a body; the rows of a positional one have no register until a profile names them."""
    if shape is Shape.REGISTERS:
        return [_register(item) for item in body.items]
    if shape is Shape.PAIRS:
        return list(_pairs(body.items))
    if shape is Shape.OBJECTS:
        return [_object(*pair) for pair in zip(body.items[0].items, body.items, strict=True)]
    return [Row(None, item) for item in body.items]


def signature(shape: Shape, body: Data, walked: list[Row]) -> Signature:
    """Give all by which a family is recognised: the list id is the first text of a positional body, else the value of its register."""
    list_id = text(walked[0].data) if shape is Shape.POSITIONAL else _text_of(walked, "list_id")
    return Signature(shape, list_id, len(walked), types(body.items), _text_of(walked, "meter_id"))


def named(walked: list[Row], profile: Profile) -> list[Row] | Rejected:
    """Give every row its register: by position where the profile says so; check the units that the wire states."""
    if profile.shape is Shape.POSITIONAL:
        columns = profile.columns(types(tuple(row.data for row in walked)))
        if columns is None:
            return Rejected(Reason.UNKNOWN_LIST, detail=f"{profile.name} list of {len(walked)} values")
        return [row._replace(register=_BY_NAME.get(name)) for name, row in zip(columns, walked, strict=True)]
    for row in walked:
        if row.unit is not None and row.register is not None and row.unit != row.register.unit:
            return Rejected(Reason.UNIT, detail=f"{row.register.name} with unit {row.unit}")
    return walked


def text(data: Data) -> str | None:
    """Clean a string from the wire: printable ASCII only, NUL padding gone; None when nothing is left or it is no string."""
    if data.tag not in _STRINGS:
        return None
    cleaned = "".join(chr(octet) for octet in _octets(data) if 0x20 <= octet < 0x7F).strip()
    return cleaned or None


def _pairs(items: tuple[Data, ...]) -> Iterator[Row]:
    """Walk code, value, perhaps (scaler, unit), and structures of the same; what has no code stands alone."""
    place = 0
    while place < len(items):
        item = items[place]
        if _is_register(item):
            yield _register(item)
        elif _is_code(item):
            size = 3 if place + 2 < len(items) and _is_scale(items[place + 2]) else 2
            if place + 1 < len(items):
                yield _row(*items[place : place + size])
            place += size - 1
        else:
            yield Row(_alone(place, item, last=place == len(items) - 1), item)
        place += 1


def _alone(place: int, item: Data, *, last: bool) -> obis.Register | None:
    """Name a value that has no code: clock or list id in front, the number of the meter at the end; null-data where a phase is missing."""
    if place == 0:
        return _BY_NAME["clock" if item.tag is Tag.OCTET_STRING and len(_octets(item)) == DATE_TIME_SIZE else "list_id"]
    return _BY_NAME["meter_id"] if last and item.tag in _STRINGS else None


def _register(item: Data) -> Row:
    """Read a structure of code, value and perhaps (scaler, unit)."""
    return _row(*item.items[:3])


def _row(code: Data, value: Data, scale: Data | None = None) -> Row:
    scaler = unit = None
    if scale is not None and len(scale.items) == 2:
        scaler, unit = (_integer(part) for part in scale.items)
    return Row(obis.REGISTERS.get(obis.key(_octets(code))), value, scaler, unit)


def _object(description: Data, value: Data) -> Row:
    """Read a value by its description; what is not the value of an object (its name, its scaler) means nothing here."""
    _, code, attribute, *_ = description.items
    return Row(obis.REGISTERS.get(obis.key(_octets(code))) if attribute.value == _VALUE else None, value)


def _text_of(walked: list[Row], name: str) -> str | None:
    return next((text(row.data) for row in walked if row.register and row.register.name == name), None)


def _is_code(data: Data) -> bool:
    return data.tag is Tag.OCTET_STRING and len(_octets(data)) == _OBIS_SIZE


def _is_register(data: Data) -> bool:
    return data.tag is Tag.STRUCTURE and len(data.items) >= 2 and _is_code(data.items[0])


def _is_object(data: Data) -> bool:
    """Tell whether this describes what is pushed: class, code, attribute, and an index into it (Blue Book 4.4.8.2)."""
    parts = data.items
    return data.tag is Tag.STRUCTURE and len(parts) >= _CLASS_CODE_ATTRIBUTE and _is_code(parts[1])


def _is_scale(data: Data) -> bool:
    return tuple(part.tag for part in data.items) == (Tag.INT8, Tag.ENUM)


def _octets(data: Data) -> bytes:
    return data.value if isinstance(data.value, bytes) else b""


def _integer(data: Data) -> int | None:
    return data.value if isinstance(data.value, int) else None
