"""HDLC frames (format type 3) as they travel on a HAN port: found in any stream of bytes, and built.

    7E | format 2 | destination 1..4 | source 1..4 | control 1 | HCS 2 | information | FCS 2 | 7E

The length in the format field delimits the frame; there is no octet stuffing, so 7E and 7D occur inside (DLMS UA 1000-2 "Green
Book", chapter 8: non-basic frame format transparency). Two rules follow, and they are the whole of this file:

1. The header check is verified *before* the length is believed; what fails costs one byte and not a length.
2. Of two frames that overlap, the one that ends first wins: the other was cut off. So damage costs only what it hit.

This file must not know what the information field holds.
"""

from binascii import crc_hqx
from typing import NamedTuple

from dlms.crc import RESIDUE, REVERSED, crc16_x25, is_good
from dlms.rejects import Reason, Rejected

FLAG = b"\x7e"
MAX_LENGTH = 0x7FF
"""The format field has 11 bits for the length: at most 2,047 bytes between the flags, and never more are held back."""

CHECK_SIZE = 2
"""The frame check sequence at the end of a frame."""

_FLAG = FLAG[0]
_FORMAT_TYPE = 0xA0
_SEGMENTED = 0x08
_ADDRESS_WIDTHS = (1, 2, 4)
_HEADERS_REMEMBERED = 16  # a meter sends three or four different lists, so as many headers
_HEAD_SIZE = 9  # flag, format, addresses, control and HCS of every meter seen fit in it
_NOTHING: dict[bytes, int] = {}


class _Header(NamedTuple):
    """What a header with a good check says: its own size, and how many bytes lie between the flags, itself included."""

    size: int
    length: int


def build(destination: bytes, source: bytes, control: int, information: bytes) -> bytes:
    """Build a whole frame, flags included.

    Args:
        destination: the destination address as on the wire (last byte odd).
        source: the source address as on the wire.
        control: the control byte (13 for most meters, 10 for Kaifa's I frames).
        information: LLC and APDU, at most 2,047 bytes less the header.
    """
    length = 2 + len(destination) + len(source) + 1 + 2 + len(information) + 2
    if length > MAX_LENGTH:
        msg = f"{length} bytes do not fit in one HDLC frame of at most {MAX_LENGTH}"
        raise ValueError(msg)
    header = (_FORMAT_TYPE << 8 | length).to_bytes(2, "big") + destination + source + bytes([control])
    content = header + crc16_x25(header) + information
    return FLAG + content + crc16_x25(content) + FLAG


def information_at(raw: bytes) -> int:
    """Give the offset of the information field (LLC and APDU) in a frame that ``Deframer`` found; it ends 2 before the end."""
    header = _read_header(raw, 0)
    return header.size if isinstance(header, _Header) else len(raw)


def is_segmented(raw: bytes) -> bool:
    """Tell whether more frames of the same message follow."""
    return bool(raw[0] & _SEGMENTED)


class Deframer:
    """Finds the frames in a stream of bytes, fed in chunks of any size; how it was cut makes no difference.

    A frame is given as its bytes between the flags, header and check sequence included, when both checks are good. Rejects are
    reported once per damaged frame or per stretch of bytes between frames. Holds back at most one frame's length.
    With ``check_fcs=False`` the frame check is not asked for (masked dumps only; the header check always is).
    """

    def __init__(self, *, check_fcs: bool = True) -> None:
        """Start with nothing pending."""
        self._check_fcs = check_fcs
        self._spans: dict[bytes, int] = {}  # from flag to flag, by the first nine bytes of frames that were good
        self._even = self._spans  # the same, but nothing while more than a flag is pending
        self._rest = b""
        self._junk = 0  # bytes that belong to no frame since the last item
        self._junk_reason = Reason.NOISE
        self._claimed = 0  # bytes of the rest that belong to a frame already rejected

    def feed(self, data: bytes) -> list[bytes | Rejected]:
        """Take the next bytes and give what they complete, in the order of the wire.

        The even flow comes first: whole frames with headers seen before, back to back, none inside another. All else is searched.
        """
        frames: list[bytes | Rejected] = []
        at, last = 0, len(data) - 1
        while span := self._even.get(data[at : at + _HEAD_SIZE]):
            stop = at + span
            raw = data[at + 1 : stop]
            if stop > last or data[stop] != _FLAG or crc_hqx(raw.translate(REVERSED), 0xFFFF) != RESIDUE:
                break
            if _FLAG in raw and _Inner(data, self._check_fcs).frame_within(at + 1, stop):
                break
            frames.append(raw)
            if stop == last:
                self._rest = FLAG  # the closing flag may open the next frame as well
                return frames
            at = stop + 1 if data[stop + 1] == _FLAG else stop
        return self._search(data[at:] if frames else self._rest + data, frames)

    def close(self) -> list[bytes | Rejected]:
        """Say that no more bytes will come: what is pending is rejected, and the next ``feed`` starts afresh."""
        rest = self._rest
        items = self._settle(rest, 0, len(rest), 0 if len(rest) > 1 else None)
        self._rest = b""
        self._claimed = 0
        self._even = self._spans
        return items

    def _search(self, buffer: bytes, items: list[bytes | Rejected]) -> list[bytes | Rejected]:
        """Look at every flag; add to ``items`` what is found and keep what is pending."""
        done = 0  # all before this is settled
        waiting: int | None = None  # the first flag whose frame may still become whole
        inner = _Inner(buffer, self._check_fcs)
        at = buffer.find(FLAG)
        while at >= 0:
            verdict = self._examine(buffer, at, inner)
            if isinstance(verdict, bytes):
                items += [*self._settle(buffer, done, at, waiting), verdict]
                done = at = at + 1 + len(verdict)  # the closing flag: it may open the next frame as well
                waiting = None
                self._claimed = 0
                continue
            if verdict is None:
                waiting = at if waiting is None else waiting
            elif waiting is None and at >= self._claimed:
                if isinstance(verdict, Rejected):
                    items += [*self._settle(buffer, done, at, None), verdict]
                    done, stop = at, at + verdict.size - 1
                    self._claimed = stop + (buffer[stop] != _FLAG)  # a flag there may open the next frame
                elif verdict is Reason.HEADER_CHECK:
                    self._junk_reason = verdict
            at = buffer.find(FLAG, at + 1)
        return items + self._hold_back(buffer, done, len(buffer) if waiting is None else waiting)

    def _examine(self, buffer: bytes, at: int, inner: "_Inner") -> bytes | Rejected | Reason | None:
        """Judge the flag at ``at``.

        Gives the frame that begins there; or Rejected when the header is good and the frame is not; or the reason why no frame
        begins there; or None while there are too few bytes to tell, and for a frame that was cut off by another.
        """
        header = _read_header(buffer, at + 1)
        if not isinstance(header, _Header):
            return header
        stop = at + 1 + header.length
        if stop >= len(buffer) or inner.frame_within(at + 1, stop):
            return None
        raw = buffer[at + 1 : stop]
        if not self._check_fcs:
            return raw
        if buffer[stop : stop + 1] != FLAG or not is_good(raw):
            return Rejected(Reason.FRAME_CHECK, header.length + 2)
        if header.size < _HEAD_SIZE and len(self._spans) < _HEADERS_REMEMBERED:
            self._spans[buffer[at : at + _HEAD_SIZE]] = 1 + header.length
        return raw

    def _settle(self, buffer: bytes, start: int, stop: int, waiting: int | None) -> list[bytes | Rejected]:
        """Report the bytes from ``start`` to ``stop`` that belong to no frame; from ``waiting`` on they are a cut-off one."""
        cut = stop if waiting is None else waiting
        self._count_junk(buffer, start, cut)
        items: list[bytes | Rejected] = [Rejected(self._junk_reason, self._junk)] if self._junk else []
        self._junk, self._junk_reason = 0, Reason.NOISE
        if stop > cut >= self._claimed:
            items.append(Rejected(Reason.TRUNCATED, stop - cut))
        return items

    def _count_junk(self, buffer: bytes, start: int, stop: int) -> None:
        """Add what is neither a flag nor part of a frame already rejected."""
        start = max(start, self._claimed)
        if stop > start:
            self._junk += stop - start - buffer.count(FLAG, start, stop)

    def _hold_back(self, buffer: bytes, done: int, keep: int) -> list[bytes | Rejected]:
        """Keep the bytes from ``keep`` on, which may still become a frame; endless noise is reported every 2,047 bytes."""
        self._count_junk(buffer, done, keep)
        items: list[bytes | Rejected] = []
        if self._junk > MAX_LENGTH:
            items = [Rejected(self._junk_reason, self._junk)]
            self._junk, self._junk_reason = 0, Reason.NOISE
        self._rest = buffer[keep:]
        self._claimed = max(0, self._claimed - keep)
        self._even = _NOTHING if keep + 1 < len(buffer) or self._junk or self._claimed else self._spans
        return items


class _Inner:
    """Whole frames that may lie inside another. Each flag is judged once, or headers without frames would cost their number's square."""

    def __init__(self, buffer: bytes, check_fcs: bool) -> None:
        self._buffer = buffer
        self._check_fcs = check_fcs
        self._seen = 0
        self._frames: list[tuple[int, int]] = []  # opening and closing flag

    def frame_within(self, start: int, stop: int) -> bool:
        """Tell whether a whole frame lies between the two; ``start`` may not go back."""
        buffer = self._buffer
        at = buffer.find(FLAG, max(start, self._seen), stop)
        while at >= 0:
            header = _read_header(buffer, at + 1)
            end = at + 1 + header.length if isinstance(header, _Header) else len(buffer)
            if end < len(buffer) and (not self._check_fcs or (buffer[end] == _FLAG and is_good(buffer[at + 1 : end]))):
                self._frames.append((at, end))
            at = buffer.find(FLAG, at + 1, stop)
        self._seen = max(self._seen, stop)
        self._frames = [frame for frame in self._frames if frame[0] >= start]
        return any(end < stop for _, end in self._frames)


def _read_header(buffer: bytes, at: int) -> _Header | Reason | None:
    """Read the header that begins at ``at`` (after the flag); None while it is too short to tell."""
    if at >= len(buffer):
        return None
    if buffer[at] & 0xF0 != _FORMAT_TYPE:
        return Reason.NOISE
    position = at + 2
    for _address in ("destination", "source"):
        width = _address_width(buffer, position)
        if width not in _ADDRESS_WIDTHS:
            return None if width is None else Reason.HEADER_CHECK
        position += width
    size = position + 3 - at  # control and HCS complete it
    if at + size > len(buffer):
        return None
    length = (buffer[at] & 0x07) << 8 | buffer[at + 1]
    if length < size or not is_good(buffer[at : at + size]):
        return Reason.HEADER_CHECK
    return _Header(size, length)


def _address_width(buffer: bytes, at: int) -> int | None:
    """Count the bytes of the address at ``at``: only its last one is odd. None while cut off, 5 where it does not end."""
    widest = max(_ADDRESS_WIDTHS)
    for width in range(1, widest + 1):
        if at + width > len(buffer):
            return None
        if buffer[at + width - 1] & 1:
            return width
    return widest + 1
