"""What bytes look like from outside: an HDLC stream, an HDLC frame without its flags, M-Bus telegrams, an LLC, an APDU, a bare body.

Only to sort the bytes of dumps, which say nothing of themselves; whether a frame is good is for the decoder to tell.
"""

import re

from dlms import apdu, mbus
from dlms.rejects import Reason

FLAG = 0x7E

_FRAME = re.compile(rb"\x7e+[\xa0-\xaf]")
_MESSAGE = re.compile(rb"\xe6\xe7\x00|\x0f.{4}[\x00\x09\x0c]|\xdb\x08", re.DOTALL)
_BODY = re.compile(rb"[\x01\x02][\x01-\x40][\x02\x06\x09\x0a]")
_HEX_OF_HEX = re.compile(rb"(?:[0-9A-Fa-f]{2}){7,}")
_TELEGRAM_HEAD = 4  # bytes of an M-Bus telegram that are the same in all
_LONGEST_PREAMBLE = 32  # bytes that a bridge may put before a frame


def opens_frame(data: bytes) -> bool:
    """Tell whether the bytes begin with a flag and an HDLC header."""
    return _FRAME.match(data) is not None


def opens_telegram(data: bytes) -> bool:
    """Tell whether the bytes begin an M-Bus telegram."""
    return len(data) > _TELEGRAM_HEAD and data.startswith(mbus.START) and not isinstance(mbus.examine(data, 0), Reason)


def opens_message(data: bytes) -> bool:
    """Tell whether the bytes begin as an LLC, a data-notification or a ciphered one."""
    return _MESSAGE.match(data) is not None


def is_whole_message(data: bytes) -> bool:
    """Tell whether the bytes are exactly one data-notification, so that the next line is another one."""
    return opens_message(data) and isinstance(apdu.parse(data), apdu.Apdu)


def opens_unflagged(data: bytes) -> bool:
    """Tell whether the bytes may begin an HDLC frame without its flag."""
    return len(data) > 2 and data[0] & 0xF0 == 0xA0 and unflagged_length(data) >= len(data)


def unflagged_length(data: bytes) -> int:
    """Give the length that a frame without its flags says it has (ISO/IEC 13239, format type 3)."""
    return (data[0] & 0x07) << 8 | data[1]


def with_flags(data: bytes) -> bytes | None:
    """Put the flags round a frame that lacks them; None if the bytes are not exactly one."""
    if opens_unflagged(data) and unflagged_length(data) == len(data):
        return b"\x7e" + data + b"\x7e"
    return None


def is_hex_of_hex(data: bytes) -> bool:
    """Tell whether the bytes are themselves hex digits, which spell something that a meter sends."""
    if not _HEX_OF_HEX.fullmatch(data):
        return False
    inner = bytes.fromhex(data.decode())
    return opens_frame(inner) or opens_message(inner) or with_flags(inner) is not None or _BODY.match(inner) is not None


def unwrap(data: bytes) -> bytes:
    """Undo what loggers and bridges do to a payload: hex of hex, a few bytes before the frame, an APDU cut down to its body."""
    while is_hex_of_hex(data):
        data = bytes.fromhex(data.decode())
    if opens_message(data) or opens_unflagged(data):
        return data
    frame = _FRAME.search(data, 0, _LONGEST_PREAMBLE)
    if frame:
        return data[frame.start() :]
    return apdu.HEAD + data if _BODY.match(data) else data


def is_text(data: bytes) -> bool:
    """Tell whether a payload is words (a bridge's status) rather than bytes of a meter."""
    return data.isascii() and data.decode().replace("\n", "").replace("\r", "").isprintable()


def open_frame(stream: bytes) -> bytes:
    """Give the frame that a stream ends in the middle of; nothing if the last frame is whole."""
    if stream.startswith(mbus.START) and not isinstance(mbus.examine(stream, 0), Reason):
        return _open_telegram(stream)
    at = stream.find(FLAG)
    while at >= 0:
        while stream[at + 1 : at + 2] == b"\x7e":
            at += 1
        header = stream[at + 1 : at + 3]
        if header and header[0] & 0xF0 != 0xA0:
            at = stream.find(FLAG, at + 1)
            continue
        if len(header) < 2:
            return stream[at:] if header else b""  # a lone flag closed the frame before it
        closing = at + 1 + unflagged_length(header)
        if closing >= len(stream):
            return stream[at:]
        at = closing if stream[closing] == FLAG else stream.find(FLAG, at + 1)
    return b""


def _open_telegram(stream: bytes) -> bytes:
    """Give the M-Bus telegram that a stream of them ends in the middle of; nothing if the last one is whole or damaged."""
    at = 0
    while isinstance(found := mbus.examine(stream, at), bytes):
        at += len(found)
    return stream[at:] if found is None else b""


def closing_flag(stream: bytes) -> bytes:
    """Give the flag that a stream ends with, if it does."""
    return stream[-1:] if stream[-1:] == bytes([FLAG]) else b""


def goes_on(frame: bytes, data: bytes) -> bool:
    """Tell whether the bytes go on with an open frame: they must end within it, or hold its last byte where it belongs."""
    if len(frame) < 3:
        return frame != b""
    if frame.startswith(mbus.START):
        lacking = mbus.size(frame[1]) - len(frame)
        return len(data) <= lacking or data[lacking - 1] == mbus.STOP
    lacking = unflagged_length(frame[1:3]) + 2 - len(frame)
    return len(data) <= lacking or data[lacking - 1] == FLAG
