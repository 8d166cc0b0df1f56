"""M-Bus long frames that carry DLMS: known where they begin, taken apart, and built.

    68 | L | L | 68 | C | A | CI | STSAP | DTSAP | data | checksum | 16

Frame format FT 1.2 of IEC 60870-5-1, 6.2.4.2, as EN 13757-2 uses it; C by IEC 60870-5-2, the rest by IEC 62056-7-3 (DLMS over M-Bus).
L counts from C to the last of the data, twice, and the sum of these octets is the checksum. An L that is too small for its own header
has lost its ninth bit: some meters write 01 for 257. A message that does not fit in one telegram travels in several: the low half of CI
counts them from 0, and the last has the bit 10.

A sum of eight bits finds every change of one bit, or of up to eight in a row, but misses one other change in 256: the message inside has
to be judged more strictly for it. This file must not know what the data mean, nor where in a stream a telegram may be.
"""

from typing import NamedTuple

from dlms.rejects import Reason, Rejected

START = b"\x68"
SECOND = rb"."
"""What follows it: any length."""
STOP = 0x16
MAX_LENGTH = 266
"""The longest telegram that can be written, in bytes: 260 that L counts, and six around them."""

MOST_DATA = 245
"""How many octets of data the telegrams of most meters hold: L is 250 (FA) then."""

SEND_USER_DATA = 0x53
BROADCAST = 0xFF

_SEND = (SEND_USER_DATA, 0x73)  # without and with the frame count bit
_AROUND = 6  # octets that L does not count
_HEAD = 4  # octets before those that L counts
_HEADER = 5  # C, A, CI, STSAP, DTSAP
_NINTH_BIT = 256
_MOST_COUNTED = _NINTH_BIT + _HEADER - 1
_LAST = 0x10
_MOST_TELEGRAMS = 16
_CI_OF_OTHERS = 0x20  # from here on, another application layer than DLMS


class Telegram(NamedTuple):
    """A telegram in its parts; ``source`` and ``destination`` are the transport service access points."""

    control: int
    address: int
    ci: int
    source: int
    destination: int
    data: bytes

    @property
    def number(self) -> int:
        """Which telegram of its message it is, from 0."""
        return self.ci % _MOST_TELEGRAMS

    @property
    def is_last(self) -> bool:
        """Whether its message ends with it."""
        return bool(self.ci & _LAST)

    @property
    def is_dlms(self) -> bool:
        """Whether its data are of a DLMS message; EN 13757-3 leaves CI 00 to 1F to those."""
        return self.ci < _CI_OF_OTHERS


DATA_AT = _HEAD + _HEADER
"""Where the data begin in a telegram that was found; they end ``TAIL`` before its end."""
TAIL = 2


def examine(buffer: bytes, at: int) -> bytes | Rejected | Reason | None:
    """Judge the 68 at ``at``.

    Gives the telegram that begins there; or Rejected when it began well and its end is wrong; or the reason why no telegram begins
    there; or None while there are too few bytes to tell.
    """
    start, low, again, second, control = (*buffer[at : at + _HEAD + 1], *(-1,) * 5)[:5]
    if low != again >= 0 or (second >= 0 and second != start) or (control >= 0 and control not in _SEND):
        return Reason.NOISE
    length = size(low)
    raw = buffer[at : at + length]
    if len(raw) < length:
        return None
    if raw[-1] != STOP or sum(raw[_HEAD:-TAIL]) & 0xFF != raw[-TAIL]:
        return Rejected(Reason.FRAME_CHECK, length)
    return raw


def parse(raw: bytes) -> Telegram:
    """Take apart a telegram that ``examine`` found."""
    control, address, ci, source, destination = raw[_HEAD:DATA_AT]
    return Telegram(control, address, ci, source, destination, raw[DATA_AT:-TAIL])


def build(telegram: Telegram) -> bytes:
    """Build a whole telegram; one of more than 255 counted octets loses the ninth bit of its length, as real ones do."""
    control, address, ci, source, destination, data = telegram
    counted = bytes((control, address, ci, source, destination)) + data
    if len(counted) > _MOST_COUNTED:
        msg = f"{len(counted)} octets do not fit in one M-Bus telegram of at most {_MOST_COUNTED}"
        raise ValueError(msg)
    head = START + bytes([len(counted) % _NINTH_BIT]) * 2 + START
    return head + counted + bytes([sum(counted) & 0xFF, STOP])


def split(message: bytes, most: int = MOST_DATA, *, source: int = 0x01, destination: int = 0x67) -> bytes:
    """Build the telegrams of a message, with at most ``most`` octets of it in each."""
    pieces = [message[at : at + most] for at in range(0, len(message), most)] or [b""]
    if len(pieces) > _MOST_TELEGRAMS:
        msg = f"{len(message)} octets do not fit in {_MOST_TELEGRAMS} M-Bus telegrams"
        raise ValueError(msg)
    last = len(pieces) - 1
    return b"".join(
        build(Telegram(SEND_USER_DATA, BROADCAST, number | _LAST * (number == last), source, destination, piece))
        for number, piece in enumerate(pieces)
    )


def size(low: int) -> int:
    """Give how long a telegram with this L is, in bytes."""
    return (low if low >= _HEADER else low + _NINTH_BIT) + _AROUND
