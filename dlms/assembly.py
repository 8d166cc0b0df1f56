"""Joins what belongs together: HDLC segments, M-Bus telegrams and the blocks of a general-block-transfer become whole messages.

    frame --link (segments, telegrams)--> message --blocks--> message

Frames come in the order of the wire and may be lost. So a message waits for its next piece only until something else comes: a new
first piece, a piece out of order, or another message gives up what was begun, and nothing hangs. What is pending is bounded.
This file must not know what a message means.
"""

from collections.abc import Iterator
from typing import NamedTuple

from dlms import apdu, blocks, envelope, hdlc, mbus, p1
from dlms.rejects import Reason, Rejected

MOST_PIECES = 32
"""Pieces of one message; M-Bus can count to 16, the longest seen has three."""
MOST_OCTETS = 8_192
"""Octets of one message; the longest seen has some 1,200."""


class Message(NamedTuple):
    """A whole message: it begins at ``at`` (LLC, if it has one) and ends ``tail`` before the end of ``raw``.

    ``vouched`` is whether a check vouches for it that finds (nearly) all damage: not so for M-Bus, which has a sum of eight bits.
    ``bare`` is an envelope that came without a frame and so without any check.
    """

    raw: bytes
    at: int = 0
    tail: int = 0
    vouched: bool = True
    bare: bool = False

    @property
    def octets(self) -> bytes:
        """The message alone."""
        return self.raw[self.at : len(self.raw) - self.tail]


class Unfinished(NamedTuple):
    """A message whose end did not come: its beginning, and in words how far it got."""

    begun: bytes
    words: str


Joined = Message | Unfinished | Rejected


class Assembler:
    """Joins the pieces of the messages of one line."""

    def __init__(self) -> None:
        """Start with nothing pending."""
        self._link = _Pieces()
        self._blocks = _Pieces()

    @property
    def pending(self) -> bool:
        """Whether a message has begun and not ended."""
        return self._link.sender is not None or self._blocks.sender is not None

    def take(self, frame: bytes) -> list[Joined]:
        """Take a frame that the sniffer found; give the message that it completes, and what it shows to be lost."""
        sender = _sender(frame)
        found = _telegram(frame, sender) if frame.startswith(mbus.START) else self._framed(frame, sender)
        joined = self._link.add(found) if isinstance(found, _Piece) else [*self._link.give_up(), found]
        return [each for item in joined for each in self._unwrap(item, sender)]

    def whole(self, message: bytes) -> list[Joined]:
        """Take a message that came without a frame: the same, but that it may hold blocks."""
        return [*self._link.give_up(), *self._unwrap(Message(message), b"")]

    def missed(self) -> list[Joined]:
        """Say that bytes were lost between two frames: nobody numbers segments, so those that are pending are given up."""
        return [] if self._link.numbered else self._link.give_up()

    def close(self) -> list[Joined]:
        """Say that no more frames will come: what is pending is given up."""
        return [*self._link.give_up(), *self._blocks.give_up()]

    def _framed(self, frame: bytes, sender: bytes) -> "_Piece | Message":
        """Tell whether a frame that is not M-Bus is a segment, as those of HDLC may be; the first has the LLC, and all but the last have the bit."""
        if frame.startswith(p1.START):
            return Message(frame)
        if frame.startswith(envelope.START):
            return Message(frame, vouched=False, bare=True)
        at = hdlc.information_at(frame)
        opens, ends = frame.startswith(apdu.LLC, at), not hdlc.is_segmented(frame)
        if ends and (opens or self._link.sender != sender):
            return Message(frame, at, hdlc.CHECK_SIZE)
        return _Piece(sender, None, opens, ends, frame[at : -hdlc.CHECK_SIZE])

    def _unwrap(self, item: Joined, sender: bytes) -> Iterator[Joined]:
        """Give a message as it is, or what its blocks complete."""
        if not isinstance(item, Message):
            yield item
            return
        start = apdu.past_llc(item.raw, item.at)
        if item.raw[start : start + 1] != bytes([blocks.TAG]):
            yield from self._blocks.give_up()
            yield item
            return
        found = blocks.parse(item.raw[start : len(item.raw) - item.tail])
        if found is None:
            yield from self._blocks.give_up()
            yield Rejected(Reason.MALFORMED, len(item.raw), "general-block-transfer")
        for block in found or ():
            yield from self._blocks.add(_Piece(sender, block.number, block.number == 1, block.is_last, block.data, item.vouched))


class _Piece(NamedTuple):
    """A piece of a message; ``number`` is None where the wire does not count."""

    sender: bytes
    number: int | None
    is_first: bool
    is_last: bool
    data: bytes
    vouched: bool = True


class _Pieces:
    """The pieces of one message that have come so far, in order."""

    def __init__(self) -> None:
        self._pieces: list[_Piece] = []

    @property
    def sender(self) -> bytes | None:
        """Whose message is pending, if any."""
        return self._pieces[0].sender if self._pieces else None

    @property
    def numbered(self) -> bool:
        """Whether the wire counts what is pending, so that a loss shows by itself."""
        return bool(self._pieces) and self._pieces[0].number is not None

    def add(self, piece: _Piece) -> list[Joined]:
        """Add a piece; give the message that it completes, or what it shows to be lost."""
        if self._repeats(piece):
            return []
        lost: list[Joined] = []
        if piece.is_first:
            lost = self.give_up()
        elif not self._continues(piece):
            return [*self.give_up(), Rejected(Reason.SEGMENTED, len(piece.data), "a piece without those before it")]
        self._pieces.append(piece)
        if piece.is_last:
            whole = b"".join(each.data for each in self._pieces)
            self._pieces = []
            return [*lost, Message(whole, vouched=piece.vouched)]
        too_long = len(self._pieces) >= MOST_PIECES or sum(len(each.data) for each in self._pieces) > MOST_OCTETS
        return [*lost, *(self.give_up() if too_long else [])]

    def give_up(self) -> list[Joined]:
        """Forget what is pending, and say what it was."""
        pieces, self._pieces = self._pieces, []
        words = f"a message of which {len(pieces)} pieces came and not the next"
        return [Unfinished(b"".join(each.data for each in pieces), words)] if pieces else []

    def _continues(self, piece: _Piece) -> bool:
        """Tell whether a piece is the next of its message."""
        if self.sender != piece.sender:
            return False
        before = self._pieces[-1].number
        return before is None or before + 1 == piece.number

    def _repeats(self, piece: _Piece) -> bool:
        """Tell whether a piece is the one before once more."""
        return piece.number is not None and self._pieces[-1:] == [piece]


def _telegram(frame: bytes, sender: bytes) -> _Piece | Message | Rejected:
    """Tell what an M-Bus telegram carries: a piece of a message, or all of one."""
    telegram = mbus.parse(frame)
    if not telegram.is_dlms:
        return Rejected(Reason.NOT_PUSH, len(frame), f"CI {telegram.ci:02X}")
    if telegram.number == 0 and telegram.is_last:
        return Message(frame, mbus.DATA_AT, mbus.TAIL, vouched=False)
    return _Piece(sender, telegram.number, telegram.number == 0, telegram.is_last, telegram.data, vouched=False)


def _sender(frame: bytes) -> bytes:
    """Give what all pieces of a message have in common: the addresses, and for M-Bus the start octet before them."""
    if frame.startswith(mbus.START):
        telegram = mbus.parse(frame)
        return bytes((frame[0], telegram.address, telegram.source, telegram.destination))
    return frame[:1] if frame.startswith((p1.START, envelope.START)) else hdlc.addresses(frame)
