"""A layout: where the values of one list of one meter stand, learned once from the full parse and checked on every frame.

A meter repeats the same few lists all day; only numbers, clocks and check sequences change. So the full parse is done once per
list, to *learn*; reading is always done through the layout: all bytes but the changing ones must equal those learned, then the
numbers are taken from fixed offsets. There is one way to a reading, not two, and a frame that deviates in a single constant bit is
parsed in full again. This file must not know a maker: profiles say what the wire leaves out.
"""

from collections.abc import Sequence
from typing import Any

from dlms.apdu import Apdu
from dlms.axdr import INTEGERS, Data, Tag
from dlms.cosem import DATE_TIME_SIZE
from dlms.obis import CLOCK
from dlms.rejects import Reason, Rejected
from han_gateway.meters import body as bodies
from han_gateway.meters.body import Row
from han_gateway.meters.family import Profile, Shape
from han_gateway.meters.numbers import Number, Scaling, describe, pick, steps
from han_gateway.meters.profiles import identify
from han_gateway.meters.reading import Reading

from_bytes = int.from_bytes
new_reading = tuple.__new__  # what Reading._make does, without asking again how many fields there are

_INVOKE_ID_SIZE = 4
_TEXTS = ("list_id", "meter_id", "meter_type")
_CLOCK_FIELD = Reading._fields.index(CLOCK)
_IDENTITY, _CHANGING = Reading._fields[:_CLOCK_FIELD], Reading._fields[_CLOCK_FIELD:]
# Fields before the clock are the same in every frame of a layout; the clock and all after it change.


class Layout:
    """One list of one meter; immutable. ``profile`` is the family it belongs to, ``identified`` whether the list names it."""

    __slots__ = ("_constant", "_head", "_mask", "_steps", "_tail", "_unpack", "identified", "profile")

    def __init__(self, profile: Profile, texts: dict[str, str | None], numbers: list[Number]) -> None:
        """Take what ``learn`` found: numbers and clock in the order of their offsets."""
        self.profile = profile
        self.identified = texts.get("list_id") is not None
        self._unpack = describe(numbers).unpack_from
        names = [number.name for number in numbers]
        places = [_CHANGING.index(name) for name in names]
        self._steps = steps(profile, numbers, places)
        identity = {**texts, "manufacturer": profile.manufacturer, "list": _list_number(names), "clock_rule": profile.clock}
        self._head = (*(identity.get(field) for field in _IDENTITY), *(None,) * min(places))
        self._tail = (None,) * (len(_CHANGING) - max(places) - 1)

    def fix(self, raw: bytes, changing: int) -> None:
        """Remember the bits of a frame that may not change; ``changing`` has a 1 for each that may."""
        self._mask = changing ^ from_bytes(b"\xff" * len(raw), "big")
        self._constant = from_bytes(raw, "big") & self._mask

    def read(self, raw: bytes) -> Reading | Rejected | None:
        """Read a frame of the same length; None when one of its constant bits is not that of this layout."""
        if from_bytes(raw, "big") & self._mask != self._constant:
            return None
        values: Sequence[Any] = self._unpack(raw)
        if self._steps:
            values = [*values]
            for step in self._steps:
                step(values)
            if not values:
                return Rejected(Reason.OUT_OF_RANGE, len(raw))
        return new_reading(Reading, (*self._head, *values, *self._tail))


def learn(raw: bytes, apdu: Apdu, check_size: int, scaling: Scaling, owner: Profile | None) -> Layout | Rejected:
    """Learn the layout of a frame from its full parse.

    Args:
        raw: the frame between its flags, or a bare message; all offsets count from here.
        apdu: what ``dlms.apdu.parse`` made of it.
        check_size: the size of the check sequence at the end of ``raw``: 2, or 0 for a message without one.
        scaling: what is configured.
        owner: the family that named itself on this line before; it owns the lists of its shape that carry no name.
    """
    shape = bodies.shape_of(apdu.body)
    walked = bodies.rows(shape, apdu.body) if shape else []
    profile = _profile(shape, apdu.body, walked, owner) if shape else None
    if profile is None:
        return Rejected(
            Reason.UNKNOWN_LIST, len(raw), f"{shape.value if shape else 'shapeless'} body of {len(apdu.body.items)} values"
        )
    rows = bodies.named(walked, profile)
    if isinstance(rows, Rejected):
        return rows._replace(size=len(raw))
    numbers = pick(rows, profile, scaling)
    if isinstance(numbers, Rejected):
        return numbers._replace(size=len(raw))
    texts = {row.register.name: bodies.text(row.data) for row in rows if row.register and row.register.name in _TEXTS}
    clocks = [row.data.at for row in rows if row.register and row.register.name == CLOCK and _is_clock(row)]
    if apdu.date_time_at is not None:
        clocks = [apdu.date_time_at, *clocks]
    numbers += [Number(at, CLOCK, Tag.OCTET_STRING) for at in clocks[:1]]
    layout = Layout(profile, texts, sorted(numbers))
    narrow = {number.at: number.bits for number in numbers}
    places = [
        (len(raw) - check_size, 8 * check_size, check_size),
        (apdu.invoke_id_at, 8 * _INVOKE_ID_SIZE, _INVOKE_ID_SIZE),
        *((at, 8 * DATE_TIME_SIZE, DATE_TIME_SIZE) for at in clocks),
        *((row.data.at, narrow.get(row.data.at, 8 * width), width) for row in rows if (width := _width(row))),
    ]
    layout.fix(raw, sum((1 << bits) - 1 << 8 * (len(raw) - at - width) for at, bits, width in places))
    return layout


def _profile(shape: Shape, body: Data, walked: list[Row], owner: Profile | None) -> Profile | None:
    """Identify the family by its signature, a nameless list by the line it came on."""
    signature = bodies.signature(shape, body, walked)
    return owner if owner is not None and owner.may_send(signature) else identify(signature)


def _is_clock(row: Row) -> bool:
    return isinstance(row.data.value, bytes) and len(row.data.value) == DATE_TIME_SIZE


def _width(row: Row) -> int:
    """Count the octets that may change: those of numbers, and of texts that nobody reads, as the time of day in letters."""
    if isinstance(row.data.value, bytes):
        is_read = row.register is not None and row.register.name in (*_TEXTS, CLOCK)
        return 0 if is_read else len(row.data.value)
    return INTEGERS[row.data.tag][0] if row.data.tag in INTEGERS else 0


def _list_number(names: list[str]) -> int:
    """Call a list by what it carries: 3 with energy registers, 2 with currents, 1 with power alone."""
    if "energy_import_wh" in names:
        return 3
    return 2 if "current_l1_ma" in names else 1
