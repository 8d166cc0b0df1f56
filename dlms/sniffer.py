"""Finds the frames in any stream of bytes: HDLC (it begins with 7E), M-Bus (68), P1 ("/") and bare envelopes (DB), in any mixture.

What a frame is, each of their files says; how frames are found, this one:

1. A check is verified *before* a length is believed; what fails costs one byte and not a length.
2. Of two frames that overlap, the one that ends first wins: the other was cut off. So damage costs only what it hit. Where the last frame
   was HDLC, an HDLC frame is cut off by its own kind only: its header has a check of its own, and nobody's line changes within it.
3. An envelope has no check, so it never cuts off a frame, and none is looked for in a damaged one.

A frame is given as bytes, HDLC between the flags, so the first octet tells which it is. This file must not know what a frame carries.
"""

import re
from binascii import crc_hqx
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from dlms import envelope, hdlc, mbus, p1
from dlms.crc import RESIDUE, REVERSED
from dlms.hdlc import FLAG
from dlms.rejects import Reason, Rejected

MOST_PENDING = max(hdlc.MAX_LENGTH + 2, mbus.MAX_LENGTH, p1.MAX_LENGTH, envelope.MAX_LENGTH) + hdlc.MAX_LENGTH + 2
"""No more bytes than this are ever held back: one frame that may still become whole, behind one that another has cut off."""

Verdict = bytes | Rejected | Reason | None

_FLAG, _ENVELOPE = FLAG[0], envelope.START[0]
_HEADERS_REMEMBERED = 16  # a meter sends three or four different lists, so as many headers
_HEAD_SIZE = 9  # flag, format, addresses, control and HCS of every meter seen fit in it
_NOISE_REPORTED = hdlc.MAX_LENGTH
_NOTHING: dict[bytes, int] = {}


class _Kind(NamedTuple):
    """A kind of frame.

    ``examine`` judges a start octet: it gives the frame that begins there; or Rejected when it began well and is not good, with what it
    costs; or the reason why none begins there; or None while there are too few bytes to tell.
    ``second`` is a pattern of what must follow: no other start is examined. ``flags`` is 1 where a frame stands between two flags, which
    are not given, and the closing one may open the next frame as well. ``margin`` holds the octets that may follow a frame and are no noise.
    """

    examine: Callable[[bytes, int], Verdict]
    second: bytes
    flags: int = 0
    margin: bytes = b""


class _Kinds:
    """Kinds of frames by their start octet."""

    def __init__(self, kinds: dict[bytes, _Kind]) -> None:
        self._by_start = {start[0]: kind for start, kind in kinds.items()}
        heads = (rb"%b(?=%b|\Z)" % (re.escape(start), kind.second) for start, kind in kinds.items())
        self._starts = re.compile(b"|".join(heads), re.DOTALL)

    def at(self, buffer: bytes, at: int) -> _Kind:
        """Give the kind of frame that may begin at a start octet."""
        return self._by_start[buffer[at]]

    def next_start(self, buffer: bytes, at: int, stop: int) -> int | None:
        """Find the first start octet from ``at`` on and before ``stop`` that is the last one, or that a frame may follow."""
        found = self._starts.search(buffer, at, stop)
        return found.start() if found else None


class Sniffer:
    """Finds the frames in a stream of bytes, fed in chunks of any size; how it was cut makes no difference.

    A frame is given when its checks are good. Rejects are reported once per damaged frame or per stretch of bytes between frames.
    With ``check_fcs=False`` the check at the end is not asked for (masked dumps only; the header check of HDLC always is, and so is the
    sum of M-Bus).
    """

    def __init__(self, *, check_fcs: bool = True) -> None:
        """Start with nothing pending."""
        hdlc_alone = {FLAG: _Kind(partial(hdlc.examine, check_fcs=check_fcs), hdlc.SECOND, flags=1)}
        p1_kind = _Kind(partial(p1.examine, check=check_fcs), p1.SECOND, margin=b"\r\n")
        checked = {**hdlc_alone, mbus.START: _Kind(mbus.examine, mbus.SECOND), p1.START: p1_kind}
        self._hdlc, self._checked = _Kinds(hdlc_alone), _Kinds(checked)
        self._kinds = _Kinds({**checked, envelope.START: _Kind(envelope.examine, envelope.SECOND, margin=envelope.START)})
        self._headers = _HEADERS_REMEMBERED if check_fcs else 0
        self._spans: dict[bytes, int] = {}  # from flag to flag, by the first nine bytes of HDLC frames that were good
        self._even = self._spans  # the same, but nothing while anything but a flag is pending, or another kind was the last
        self._on_hdlc = True  # whether the last frame was HDLC
        self._rest = b""
        self._junk = 0  # bytes that belong to no frame since the last item
        self._junk_reason = Reason.NOISE
        self._margin = b""  # octets that are no noise yet
        self._claimed = 0  # bytes of the rest that belong to a frame already rejected

    def feed(self, data: bytes) -> list[bytes | Rejected]:
        """Take the next bytes and give what they complete, in the order of the wire.

        The even flow comes first: whole HDLC frames with headers seen before, back to back, none inside another. All else is searched.
        """
        frames: list[bytes | Rejected] = []
        at, last = 0, len(data) - 1
        while span := self._even.get(data[at : at + _HEAD_SIZE]):
            stop = at + span
            raw = data[at + 1 : stop]
            if stop > last or data[stop] != _FLAG or crc_hqx(raw.translate(REVERSED), 0xFFFF) != RESIDUE:
                break
            if _FLAG in raw and _Inside(data, self._hdlc).is_cut_off(at, stop + 1):
                break
            frames.append(raw)
            if stop == last:
                self._rest = FLAG  # the closing flag may open the next frame as well
                return frames
            at = stop + 1 if data[stop + 1] == _FLAG else stop
        return self._search(data[at:] if frames else self._rest + data, frames)

    def close(self) -> list[bytes | Rejected]:
        """Say that no more bytes will come: what is pending is rejected or found, and the next ``feed`` starts afresh."""
        items = self._search(self._rest, [], ended=True)
        self._rest, self._margin, self._claimed = b"", b"", 0
        self._even, self._on_hdlc = self._spans, True
        return items

    def _search(self, buffer: bytes, items: list[bytes | Rejected], *, ended: bool = False) -> list[bytes | Rejected]:
        """Look at every start octet; add to ``items`` what is found and keep what is pending."""
        done = 0  # all before this is settled
        cut: int | None = None  # the first frame that another has cut off
        judge = _Judge(buffer, self._hdlc, self._checked, self._kinds, ended=ended)
        at = self._kinds.next_start(buffer, 0, len(buffer))
        while at is not None:
            verdict = Reason.NOISE if at < self._claimed and buffer[at] == _ENVELOPE else judge.verdict(at, on_hdlc=self._on_hdlc)
            if verdict is None:
                break
            if isinstance(verdict, bytes):
                items += [*self._settle(buffer, done, at, cut), verdict]
                done = at = self._accept(buffer, at, verdict)
                cut = None
            else:
                if cut is None and verdict is Reason.TRUNCATED:
                    cut = at
                elif cut is None and at >= self._claimed:
                    items += self._refuse(buffer, done, at, verdict)
                    done = at if isinstance(verdict, Rejected) else done
                at += 1
            at = self._kinds.next_start(buffer, at, len(buffer))
        if ended:
            return items + self._settle(buffer, done, len(buffer), cut)
        keep = len(buffer) if at is None else at
        return items + self._hold_back(buffer, done, keep if cut is None else cut)

    def _accept(self, buffer: bytes, at: int, frame: bytes) -> int:
        """Take note of a frame that was found; give the place after it, where the next may begin: for HDLC that is its closing flag."""
        kind = self._kinds.at(buffer, at)
        self._claimed, self._margin, self._on_hdlc = 0, kind.margin, bool(kind.flags)
        stop = at + kind.flags + len(frame)
        if kind.flags and len(self._spans) < self._headers and hdlc.information_at(frame) < _HEAD_SIZE:
            self._spans[buffer[at : at + _HEAD_SIZE]] = stop - at
        return stop - envelope.overlap(frame) if frame.startswith(envelope.START) else stop

    def _refuse(self, buffer: bytes, done: int, at: int, verdict: Rejected | Reason) -> list[bytes | Rejected]:
        """Report a frame that is not good, with what lay before it; or remember why none begins here."""
        if isinstance(verdict, Reason):
            self._junk_reason = verdict if verdict is Reason.HEADER_CHECK else self._junk_reason
            return []
        items = self._settle(buffer, done, at, None)
        self._margin = self._kinds.at(buffer, at).margin
        stop = at + verdict.size
        self._claimed = stop - (buffer[stop - 1] == _FLAG)  # a flag there may open the next frame
        return [*items, verdict]

    def _settle(self, buffer: bytes, start: int, stop: int, cut: int | None) -> list[bytes | Rejected]:
        """Report the bytes from ``start`` to ``stop`` that belong to no frame; from ``cut`` on they are one that was cut off."""
        cut = stop if cut is None else cut
        self._count_junk(buffer, start, cut)
        items: list[bytes | Rejected] = [Rejected(self._junk_reason, self._junk)] if self._junk else []
        self._junk, self._junk_reason = 0, Reason.NOISE
        if stop > cut >= self._claimed:
            items.append(Rejected(Reason.TRUNCATED, stop - cut))
        return items

    def _count_junk(self, buffer: bytes, start: int, stop: int) -> None:
        """Add what is neither a flag, nor part of a frame already rejected, nor what may follow a frame."""
        start = max(start, self._claimed)
        while start < stop and buffer[start] in self._margin:
            start += 1
        if stop > start:
            self._junk += stop - start - buffer.count(FLAG, start, stop)
            self._margin = b""

    def _hold_back(self, buffer: bytes, done: int, keep: int) -> list[bytes | Rejected]:
        """Keep the bytes from ``keep`` on, which may still become a frame; endless noise is reported every 2,047 bytes."""
        self._count_junk(buffer, done, keep)
        items: list[bytes | Rejected] = []
        if self._junk > _NOISE_REPORTED:
            items = [Rejected(self._junk_reason, self._junk)]
            self._junk, self._junk_reason = 0, Reason.NOISE
        self._rest = buffer[keep:]
        self._claimed = max(0, self._claimed - keep)
        calm = self._on_hdlc and self._rest in (b"", FLAG) and not (self._junk or self._claimed)
        self._even = self._spans if calm else _NOTHING
        return items


class _Judge:
    """Judges every start octet of a buffer, also by what lies inside the frame that it promises."""

    def __init__(self, buffer: bytes, alone: _Kinds, checked: _Kinds, kinds: _Kinds, *, ended: bool) -> None:
        self._buffer = buffer
        self._kinds = kinds
        self._inside_hdlc = _Inside(buffer, alone)
        self._inside = _Inside(buffer, checked)
        self._ended = ended

    def verdict(self, at: int, *, on_hdlc: bool) -> Verdict:
        """Give the verdict of its kind; but TRUNCATED for a frame that another one has cut off, or the end of the input."""
        kind = self._kinds.at(self._buffer, at)
        found = kind.examine(self._buffer, at)
        if isinstance(found, Reason):
            return found
        stop = len(self._buffer) + 1 if found is None else at + _size(kind, found) + isinstance(found, Rejected)
        if (self._inside_hdlc if kind.flags and on_hdlc else self._inside).is_cut_off(at, stop):
            return Reason.TRUNCATED
        if found is None and self._ended:
            return Reason.TRUNCATED if at + 1 < len(self._buffer) else Reason.NOISE
        return found


class _Inside:
    """Whole frames that may lie inside another. Each start is judged once, or starts without frames would cost their number's square."""

    def __init__(self, buffer: bytes, kinds: _Kinds) -> None:
        self._buffer = buffer
        self._kinds = kinds
        self._seen = 0
        self._frames: list[tuple[int, int]] = []  # first octet, and the place after the last

    def is_cut_off(self, start: int, stop: int) -> bool:
        """Tell whether a whole frame begins after ``start`` and ends before ``stop``; ``start`` may not go back."""
        at = self._kinds.next_start(self._buffer, max(start + 1, self._seen), stop)
        while at is not None:
            kind = self._kinds.at(self._buffer, at)
            if isinstance(found := kind.examine(self._buffer, at), bytes):
                self._frames.append((at, at + _size(kind, found)))
            at = self._kinds.next_start(self._buffer, at + 1, stop)
        self._seen = max(self._seen, stop)
        self._frames = [frame for frame in self._frames if frame[0] > start]
        return any(end < stop for _, end in self._frames)


def _size(kind: _Kind, found: bytes | Rejected) -> int:
    """Count the bytes of a frame on the wire, flags included."""
    return found.size if isinstance(found, Rejected) else len(found) + 2 * kind.flags
