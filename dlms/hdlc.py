"""HDLC frames (format type 3) as they travel on a HAN port: known where they begin, and built.

    7E | format 2 | destination 1..4 | source 1..4 | control 1 | HCS 2 | information | FCS 2 | 7E

The length in the format field delimits the frame; there is no octet stuffing, so 7E and 7D occur inside (DLMS UA 1000-2 "Green
Book", chapter 8: non-basic frame format transparency). So the header check is verified *before* the length is believed. A message
that does not fit in one frame travels in several, and all but the last have the segmentation bit. This file must not know what the
information field holds, nor where in a stream a frame may be.
"""

import re
from typing import NamedTuple

from dlms.crc import crc16_x25, is_good
from dlms.rejects import Reason, Rejected

FLAG = b"\x7e"
SECOND = rb"[\xa0-\xaf]"
"""What follows the flag that opens a frame: a format field of type 3."""
MAX_LENGTH = 0x7FF
"""The format field has 11 bits for the length: at most 2,047 bytes between the flags, and never more are held back."""

CHECK_SIZE = 2
"""The frame check sequence at the end of a frame."""

_FLAG = FLAG[0]
_FORMAT_TYPE = 0xA0
_SEGMENTED = 0x08
_CONTROL_AND_CHECK = 3  # what follows the addresses in a header
_EVEN, _ODD = (b"[" + re.escape(bytes(range(first, 256, 2))) + b"]" for first in (0, 1))
_ADDRESS = b"(?:%b{3}|%b)?%b" % (_EVEN, _EVEN, _ODD)  # 1, 2 or 4 octets, and only the last is odd
_HEAD = re.compile(b"%b.%b%b.{3}" % (SECOND, _ADDRESS, _ADDRESS), re.DOTALL)
_HEAD_BEGUN = re.compile(
    rb"(?:%b(?:.(?:%b{0,3}|%b(?:%b{0,3}|%b.{0,2})))?)?\Z" % (SECOND, _EVEN, _ADDRESS, _EVEN, _ADDRESS), re.DOTALL
)


class _Header(NamedTuple):
    """What a header with a good check says: its own size, and how many bytes lie between the flags, itself included."""

    size: int
    length: int


def build(destination: bytes, source: bytes, control: int, information: bytes, *, segmented: bool = False) -> bytes:
    """Build a whole frame, flags included.

    Args:
        destination: the destination address as on the wire (last byte odd).
        source: the source address as on the wire.
        control: the control byte (13 for most meters, 10 for Kaifa's I frames).
        information: LLC and APDU, at most 2,047 bytes less the header.
        segmented: whether more frames of the same message follow.
    """
    length = 2 + len(destination) + len(source) + 1 + 2 + len(information) + 2
    if length > MAX_LENGTH:
        msg = f"{length} bytes do not fit in one HDLC frame of at most {MAX_LENGTH}"
        raise ValueError(msg)
    header = ((_FORMAT_TYPE | _SEGMENTED * segmented) << 8 | length).to_bytes(2, "big") + destination + source + bytes([control])
    content = header + crc16_x25(header) + information
    return FLAG + content + crc16_x25(content) + FLAG


def information_at(raw: bytes) -> int:
    """Give the offset of the information field (LLC and APDU) in a frame that was found; it ends 2 before the end."""
    header = _read_header(raw, 0)
    return header.size if isinstance(header, _Header) else len(raw)


def addresses(raw: bytes) -> bytes:
    """Give destination and source of a frame that was found, as on the wire."""
    return raw[2 : information_at(raw) - _CONTROL_AND_CHECK]


def is_segmented(raw: bytes) -> bool:
    """Tell whether more frames of the same message follow."""
    return bool(raw[0] & _SEGMENTED)


def examine(buffer: bytes, at: int, *, check_fcs: bool = True) -> bytes | Rejected | Reason | None:
    """Judge the flag at ``at``.

    Gives the frame that begins there, from flag to flag without either; or Rejected when the header is good and the frame is not; or the
    reason why no frame begins there; or None while there are too few bytes to tell. Without ``check_fcs`` a good header suffices.
    """
    header = _read_header(buffer, at + 1)
    if not isinstance(header, _Header):
        return header
    stop = at + 1 + header.length
    if stop >= len(buffer):
        return None
    raw = buffer[at + 1 : stop]
    if check_fcs and not (buffer[stop] == _FLAG and is_good(raw)):
        return Rejected(Reason.FRAME_CHECK, header.length + 2)
    return raw


def _read_header(buffer: bytes, at: int) -> _Header | Reason | None:
    """Read the header that begins at ``at`` (after the flag); None while it is too short to tell."""
    head = _HEAD.match(buffer, at)
    if head is None:
        begun = _HEAD_BEGUN.match(buffer, at)
        return None if begun else Reason.HEADER_CHECK if buffer[at] & 0xF0 == _FORMAT_TYPE else Reason.NOISE
    length = (buffer[at] & 0x07) << 8 | buffer[at + 1]
    size = head.end() - at
    if length < size or not is_good(head[0]):
        return Reason.HEADER_CHECK
    return _Header(size, length)
