"""One MQTT message of a device that listens to the meter: the bytes in it, whole frames for a decoder.

Devices publish frames as they came (Tibber Pulse, some with a few bytes of their own before them), as hex, as hex in JSON, without HDLC
(amsreader), or as P1 text. This file must not know whether a frame is good.
"""

from dlms import hdlc, p1
from dlms.rejects import Reason
from han_gateway.adapters.dumps import shape, text

_NOBODY, _UI = b"\x01", 0x13  # addresses and control of a frame that we put round a message ourselves
_MOST = hdlc.MAX_LENGTH - len(hdlc.build(_NOBODY, _NOBODY, _UI, b"")) + 2  # the flags do not count


def frames_of(payload: bytes) -> bytes:
    """Give the bytes of the meter in a message; nothing for words, a status or values that somebody has decoded already."""
    data = payload
    telegram = payload.lstrip()
    if telegram.startswith(p1.START) and not isinstance(p1.examine(telegram, 0), Reason):
        return telegram + b"\r\n"  # the line end says that no check sequence follows, where none does
    if shape.is_text(payload):
        found = text.find_bytes(text.clean(payload))
        data = found.data if found and len(found.data) >= text.LEAST_PAYLOAD else b""
    data = shape.unwrap(data)
    if shape.opens_message(data) and len(data) <= _MOST:
        return hdlc.build(_NOBODY, _NOBODY, _UI, data)
    return shape.with_flags(data) or data
