"""A meter in software: writes any list of ``forms/`` from a reading, byte for byte as the real meter would.

It is the inverse of the decoder: fixtures, the demo, the simulation and half of the tests are made with it.
This file must not know time; whoever plays the meter decides when a list is sent.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from dlms import apdu, ciphering
from dlms.axdr import Data, Tag
from dlms.ciphering import AUTHENTICATED, ENCRYPTED, Keys
from dlms.cosem import ClockStyle, build_date_time
from dlms.obis import CLOCK, KEPT_EXPONENT, Unit
from han_gateway.meters.family import Shape
from han_gateway.meters.forms import Column, Form
from han_gateway.meters.reading import Reading
from han_gateway.meters.wrapping import Header, wrap

Extra = Mapping[str, int | bytes]
"""What a list carries and a reading has no place for: power factors, reactive power and energy per line, numbers nobody understands."""

_NO_EXTRA: Extra = MappingProxyType({})
_TEXTS = (Tag.OCTET_STRING, Tag.VISIBLE_STRING)
_PARTS_OF_CLOCK = {CLOCK: slice(None), "date": slice(5), "time": slice(5, 9)}
_CLASS_DATA, _CLASS_REGISTER, _CLASS_PUSH = 1, 3, 40
_START_OF_TIME = datetime(2000, 1, 1)


def write(form: Form, reading: Reading, *, extra: Extra = _NO_EXTRA, clock: ClockStyle | None = None) -> bytes:
    """Write one list as it goes over the wire: in one HDLC frame, flags included, unless its form wraps it in another way.

    Args:
        form: which list.
        reading: its values; None is written as the meter writes what it does not measure: 0, or an empty text.
        extra: values of registers that a reading has no place for, in the units of ``dlms.obis.REGISTERS``.
        clock: the style of the clock where it differs from the form's (deviation and status vary with the firmware).
    """
    return wrapped(form, message(form, reading, extra=extra, clock=clock))


def message(form: Form, reading: Reading, *, extra: Extra = _NO_EXTRA, clock: ClockStyle | None = None) -> bytes:
    """Write one list as LLC and APDU, as ``write`` does before it is wrapped."""
    frame = form.frame
    moment = build_date_time(reading.meter_time or _START_OF_TIME, clock or frame.clock)
    time = None if frame.time_form == apdu.NO_TIME else moment
    values = [_value(column, form, reading, extra, moment) for column in form.columns]
    return apdu.build(frame.invoke_id, frame.time_form, time, _body(form, values))


def wrapped(form: Form, content: bytes) -> bytes:
    """Wrap LLC and APDU, plain or sealed, as the form says."""
    frame = form.frame
    return wrap(content, frame.wrapping, Header(frame.destination, frame.source, frame.control))


def sealed(
    message: bytes,
    keys: Keys,
    system_title: bytes,
    counter: int,
    *,
    security: int = AUTHENTICATED | ENCRYPTED,
    length_size: int = 2,
) -> bytes:
    """Encrypt a message, to be framed as any other; an LLC stays in front of the envelope.

    Args:
        message: LLC (or none) and APDU, or a P1 telegram.
        keys: those of the meter; an authenticated message needs both.
        system_title: 8 octets, three letters of the maker first; none for the short envelope of Polish P1 ports.
        counter: the frame counter; a meter never uses one twice.
        security: the security control byte: 30 for Kamstrup and Landis+Gyr, 20 or 21 for Kaifa, 20 for Sagemcom.
        length_size: octets of the length behind 80, minimal or not; 0 for the shortest form.
    """
    at = apdu.past_llc(message)
    envelope = ciphering.seal(message[at:], keys, system_title, counter, security)
    return message[:at] + ciphering.build(envelope, length_size=length_size)


def _value(column: Column, form: Form, reading: Reading, extra: Extra, moment: bytes) -> Data:
    """Write one value of a list."""
    if column.name is None:
        return Data(Tag.NULL, None)
    if column.name in _PARTS_OF_CLOCK:
        return Data(column.tag, moment[_PARTS_OF_CLOCK[column.name]])
    known = extra.get(column.name, getattr(reading, column.name, None))
    if column.tag in _TEXTS:
        octets = known if isinstance(known, bytes) else str(known or "").encode("ascii")
        return Data(column.tag, octets.ljust(column.width, b"\0"))
    if column.tag is Tag.ARRAY:
        return Data(Tag.ARRAY, (Data(Tag.UINT16, int(known or 0)),))
    unit = column.unit or Unit.NONE
    scaler = form.exponents.get(unit, 0) if column.scaler is None or unit is Unit.NONE else column.scaler
    return Data(column.tag, _raw(int(known or 0), scaler - KEPT_EXPONENT.get(unit, 0)))


def _raw(value: int, exponent: int) -> int:
    """Bring a value to the resolution of the wire, half up."""
    factor, step = int(10 ** max(-exponent, 0)), int(10 ** max(exponent, 0))
    return (value * factor + step // 2) // step


def _body(form: Form, values: list[Data]) -> Data:
    """Arrange the values in the shape of the family."""
    pairs = list(zip(form.columns, values, strict=True))
    if form.profile.shape is Shape.REGISTERS:
        return Data(Tag.ARRAY, tuple(_register(column, value) for column, value in pairs))
    if form.profile.shape is Shape.OBJECTS:
        return Data(Tag.STRUCTURE, (_objects(form), Data(Tag.OCTET_STRING, form.push), *values))
    flat: list[Data] = []
    for column, value in pairs:
        flat += [_register(column, value)] if column.boxed else _parts(column, value)
    return Data(Tag.STRUCTURE, tuple(flat))


def _objects(form: Form) -> Data:
    """Say what is pushed: the list of it, the code of the object that pushes, then value by value (Blue Book 4.4.8.2)."""
    pushed = [(_CLASS_PUSH, form.push, 2), (_CLASS_PUSH, form.push, 1)]
    pushed += [(_CLASS_DATA if column.tag in _TEXTS else _CLASS_REGISTER, column.code, 2) for column in form.columns]
    return Data(Tag.ARRAY, tuple(Data(Tag.STRUCTURE, _object(*each)) for each in pushed))


def _object(class_id: int, code: bytes, attribute: int) -> tuple[Data, ...]:
    return (Data(Tag.UINT16, class_id), Data(Tag.OCTET_STRING, code), Data(Tag.INT8, attribute), Data(Tag.UINT16, 0))


def _register(column: Column, value: Data) -> Data:
    """Write code, value and, for a number, scaler and unit as one structure."""
    return Data(Tag.STRUCTURE, _parts(column, value))


def _parts(column: Column, value: Data) -> tuple[Data, ...]:
    """Give what the wire has of one value: its code and, where that is sent, scaler and unit."""
    parts: tuple[Data, ...] = (Data(Tag.OCTET_STRING, column.code), value) if column.code else (value,)
    if column.scaler is not None and column.unit is not None:
        parts += (Data(Tag.STRUCTURE, (Data(Tag.INT8, column.scaler), Data(Tag.ENUM, int(column.unit)))),)
    return parts
