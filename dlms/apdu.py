"""LLC and data-notification (Green Book 9.3 and 9.5): the head of every plain message on a HAN port, both ways.

    E6 E7 00 | 0F | long-invoke-id-and-priority 4 | date-time | body

The date-time comes in three spellings: absent (00), with its length (0C + 12 octets, as the standard has it), and with the tag of
an octet-string before that (09 0C, Kaifa and Kamstrup of 2017). This file must not know what the body means.
"""

from typing import NamedTuple

from construct import Bytes, Const, ConstructError, If, Select, Struct, Tell, this

from dlms import axdr, ciphering
from dlms.cosem import DATE_TIME_SIZE
from dlms.rejects import Reason, Rejected

LLC = b"\xe6\xe7\x00"
"""Destination LSAP E6, source LSAP E7 (a response), quality 00."""

DATA_NOTIFICATION = 0x0F

NO_TIME, PLAIN_TIME, TAGGED_TIME = b"\x00", b"\x0c", b"\x09\x0c"
"""The three spellings of the date-time field, up to its 12 octets."""

HEAD = bytes([DATA_NOTIFICATION]) + bytes(4) + NO_TIME
"""The shortest head of a data-notification: no invoke id, no time."""

_BODIES = tuple(bytes([tag]) for tag in (axdr.Tag.ARRAY, axdr.Tag.STRUCTURE))

_HEAD = Struct(
    "tag" / Const(bytes([DATA_NOTIFICATION])),
    "invoke_id" / Bytes(4),
    "time_form" / Select(Const(NO_TIME), Const(PLAIN_TIME), Const(TAGGED_TIME)),
    "date_time_at" / Tell,
    "date_time" / If(this.time_form != NO_TIME, Bytes(DATE_TIME_SIZE)),
    "body_at" / Tell,
)


class Apdu(NamedTuple):
    """A data-notification. Offsets count from the start of the parsed buffer; ``date_time_at`` is None where there is no time."""

    invoke_id_at: int
    date_time_at: int | None
    body: axdr.Data


def parse(buffer: bytes, at: int = 0) -> Apdu | Rejected:
    """Read the message that begins at ``at`` (LLC optional) and ends with the buffer."""
    at = past_llc(buffer, at)
    if at >= len(buffer) or buffer[at] != DATA_NOTIFICATION:
        return _not_plain(buffer, at)
    try:
        head = _HEAD.parse(buffer[at:])
    except ConstructError:
        return Rejected(Reason.MALFORMED, len(buffer), "head of the data-notification")
    body = axdr.parse(buffer, at + head.body_at)
    if isinstance(body, Rejected):
        return body
    date_time_at = None if head.date_time is None else at + head.date_time_at
    return Apdu(at + 1, date_time_at, body)


def past_llc(buffer: bytes, at: int = 0) -> int:
    """Give the place of the APDU in a message that begins at ``at``: behind its LLC, if it has one."""
    return at + len(LLC) if buffer.startswith(LLC, at) else at


def headed(message: bytes) -> bytes:
    """Give a message that was cut down to its body, as some programs log it, a head again; any other stays what it is."""
    return HEAD + message if message[:1] in _BODIES else message


def build(invoke_id: bytes, time_form: bytes, date_time: bytes | None, body: axdr.Data) -> bytes:
    """Write LLC and data-notification; ``time_form`` is one of the three spellings, ``date_time`` None for the first."""
    head: bytes = _HEAD.build({"invoke_id": invoke_id, "time_form": time_form, "date_time": date_time})
    return LLC + head + axdr.build(body)


def _not_plain(buffer: bytes, at: int) -> Rejected:
    """Say what a message is that is no data-notification; an encrypted one with the system title of its sender."""
    if ciphering.is_sealed(buffer, at):
        return Rejected(Reason.ENCRYPTED, len(buffer), ciphering.sender(buffer, at))
    tag = f"tag {buffer[at]:02X}" if at < len(buffer) else "empty"
    return Rejected(Reason.NOT_PUSH, len(buffer), tag)
