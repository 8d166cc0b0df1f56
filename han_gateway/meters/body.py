"""The three shapes of a body, walked to one kind of row: what it means, and where it stands.

Whatever the shape, the rest of the house sees ``Row``s only. This file must not know a maker; profiles bring what the wire omits.
"""

from collections.abc import Iterator
from typing import NamedTuple

from dlms import obis
from dlms.axdr import Data, Tag
from dlms.rejects import Reason, Rejected
from han_gateway.meters.profiles import Profile, Shape

_OBIS_SIZE = 6
_STRINGS = (Tag.OCTET_STRING, Tag.VISIBLE_STRING)


class Row(NamedTuple):
    """One value of a list: its register (None: no code we know), its Data, and scaler and unit where the wire has them."""

    register: obis.Register | None
    data: Data
    scaler: int | None = None
    unit: int | None = None


_BY_NAME = {register.name: register for register in obis.REGISTERS.values()}


def shape_of(body: Data) -> Shape | None:
    """Tell the shape of a body by its outermost values alone."""
    items = body.items
    if not items:
        return None
    if body.tag is Tag.ARRAY:
        return Shape.REGISTERS if all(_is_register(item) for item in items) else None
    first = items[0]
    if _is_code(first) or first.tag is Tag.VISIBLE_STRING:
        return Shape.PAIRS
    if first.tag is Tag.OCTET_STRING or (len(items) == 1 and first.tag is Tag.UINT32):
        return Shape.POSITIONAL
    return None


def rows(shape: Shape, body: Data) -> list[Row]:
    """Walk a body; the rows of a positional one have no register until a profile names them."""
    if shape is Shape.REGISTERS:
        return list(_registers(body))
    if shape is Shape.PAIRS:
        return list(_pairs(body))
    return [Row(None, item) for item in body.items]


def list_id(shape: Shape, walked: list[Row]) -> str | None:
    """Find the list id: the first text of a positional body, else the value of its register."""
    if shape is Shape.POSITIONAL:
        return text(walked[0].data)
    return next((text(row.data) for row in walked if row.register == _BY_NAME["list_id"]), None)


def named(walked: list[Row], profile: Profile) -> list[Row] | Rejected:
    """Give every row its register: by position where the profile says so; check the units that the wire states."""
    if profile.shape is Shape.POSITIONAL:
        columns = profile.columns.get(len(walked))
        if columns is None:
            return Rejected(Reason.UNKNOWN_LIST, detail=f"{profile.name} list of {len(walked)} values")
        return [row._replace(register=_BY_NAME[name]) for name, row in zip(columns, walked, strict=True)]
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


def _pairs(body: Data) -> Iterator[Row]:
    """Walk code, value, code, value; what is no code stands alone: a list id in front, null-data where a phase is missing."""
    items = iter(body.items)
    for place, item in enumerate(items):
        if _is_code(item):
            value = next(items, None)
            if value is not None:
                yield Row(obis.REGISTERS.get(obis.key(_octets(item))), value)
        elif place == 0:
            yield Row(_BY_NAME["list_id"], item)
        else:
            yield Row(None, item)


def _registers(body: Data) -> Iterator[Row]:
    """Walk structures of code, value and perhaps (scaler, unit)."""
    for item in body.items:
        code, value, *rest = item.items
        scaler = unit = None
        if rest and len(rest[0].items) == 2:
            scaler, unit = (_integer(part) for part in rest[0].items)
        yield Row(obis.REGISTERS.get(obis.key(_octets(code))), value, scaler, unit)


def _is_code(data: Data) -> bool:
    return data.tag is Tag.OCTET_STRING and len(_octets(data)) == _OBIS_SIZE


def _is_register(data: Data) -> bool:
    return data.tag is Tag.STRUCTURE and len(data.items) >= 2 and _is_code(data.items[0])


def _octets(data: Data) -> bytes:
    return data.value if isinstance(data.value, bytes) else b""


def _integer(data: Data) -> int | None:
    return data.value if isinstance(data.value, int) else None
