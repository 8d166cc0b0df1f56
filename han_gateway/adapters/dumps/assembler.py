"""Puts the lines of a dump together: which belong to one stream, which are a message, which say the same thing again.

This file must not know how bytes are written as text.
"""

from datetime import datetime

from han_gateway.adapters.dumps import shape
from han_gateway.adapters.dumps.chunk import Chunk
from han_gateway.adapters.recording import Kind

LONGEST_HELD = 1 << 16  # bytes; a message is at most a few hundred

Chunks = tuple[Chunk, ...]


class Assembler:
    """Takes what the lines hold, in order, and gives chunks as soon as it is clear what they are."""

    def __init__(self) -> None:
        self._at: datetime | None = None  # the time of the heading above
        self._fresh = False  # nothing has come since that heading
        self._tail = b""  # the stream since the last line that began with a flag
        self._held = b""  # lines that look like a message or a frame without flags, until they end
        self._held_at: datetime | None = None
        self._layer: int | None = None  # of the labelled block above
        self._in_block = False  # every line until its end is one message
        self._skip = False  # the block repeats what an outer layer gave

    def heading(self, at: datetime) -> Chunks:
        """Note a line with only a time: what follows came then."""
        chunks = self.end()
        self._at = at
        self._fresh = True
        return chunks

    def label(self, layer: int) -> Chunks:
        """Note the title of a block; ``layer`` counts inwards from 0, HDLC.

        A log that shows a telegram layer by layer shows the same bytes each time: an inner block that follows an outer one is
        passed over. A log of inner blocks alone loses nothing.
        """
        chunks = self.end()
        self._skip = self._layer is not None and layer > self._layer
        self._layer = layer
        self._in_block = layer > 0
        return chunks

    def blank(self) -> Chunks:
        """Note an empty line: a message ends, and so does the reach of a heading that has been used."""
        chunks = self.end()
        if not self._fresh:
            self._at = None
        return chunks

    def words(self) -> Chunks:
        """Note a line without bytes: it ends a block of a log, but may be a remark inside bytes written by hand."""
        return self.end() if self._in_block and not self._skip else ()

    def payload(self, data: bytes, at: datetime | None) -> Chunks:
        """Take bytes that are known to belong together."""
        chunks = self.end()
        self._fresh = False
        self._tail = b""
        data = shape.unwrap(data)
        if shape.is_text(data) and not data.startswith(b"/"):
            return chunks  # a bridge says how it feels
        return (*chunks, _classified(data, at or self._at))

    def verbatim(self, data: bytes, own: datetime | None = None) -> Chunks:
        """Take bytes that are no hex at all (P1 text): they are for the decoder to judge. ``own`` is a time on the line itself."""
        chunks = self.end()
        self._fresh = False
        return (*chunks, Chunk(own or self._at, data, Kind.STREAM))

    def read(self, data: bytes, own: datetime | None = None) -> Chunks:
        """Take bytes as a program read them: a frame or a message that is whole, or any piece of the stream."""
        if shape.with_flags(data) is None and not shape.is_whole_message(data):
            return self.verbatim(data, own)
        return (*self.end(), _classified(data, own or self._at))

    def stream(self, data: bytes, own: datetime | None = None) -> Chunks:
        """Take a line of hex: a piece of a stream, of a message, or a whole one. ``own`` is a time on the line itself."""
        if self._skip:
            if not shape.opens_frame(data):
                return ()
            self.end()
        self._fresh = False
        at = own or self._at
        if self._held or self._in_block:
            if self._continues_held(data):
                return self._hold(self._held + data, at)
            return (*self.end(), *self.stream(data, own))
        if data[0] == shape.FLAG or shape.opens_telegram(data):
            self._tail = data
            return (Chunk(at, data, Kind.STREAM),)
        return self._piece(data, at)

    def end(self) -> Chunks:
        """Give what was held: no more lines belong to it."""
        held = shape.unwrap(self._held) if self._in_block else self._held
        if not self._in_block and shape.opens_unflagged(held):
            self._tail = b"\x7e" + held  # if it was a frame whose flag stood on a line before, it may go on
        self._held = b""
        self._in_block = self._skip = False
        return (_classified(held, self._held_at),) if held else ()

    def _piece(self, data: bytes, at: datetime | None) -> Chunks:
        """Take a line that begins with no flag: either the frame above goes on, or something without flags begins."""
        frame = shape.open_frame(self._tail)
        if not shape.goes_on(frame, data):
            if shape.is_hex_of_hex(data):
                return self.payload(data, at)
            if shape.opens_message(data) or shape.opens_unflagged(data):
                return self._hold(data, at)
        self._tail = (frame or shape.closing_flag(self._tail)) + data  # which may open the next frame as well
        return (Chunk(at, data, Kind.STREAM),)

    def _continues_held(self, data: bytes) -> bool:
        if not self._in_block and shape.opens_unflagged(self._held):
            return len(self._held) + len(data) <= shape.unflagged_length(self._held)
        if self._in_block or len(self._held) <= 3:  # an LLC header alone on its line
            return len(self._held) < LONGEST_HELD
        return not (shape.opens_frame(data) or shape.opens_message(data) or len(self._held) > LONGEST_HELD)

    def _hold(self, data: bytes, at: datetime | None) -> Chunks:
        self._held, self._held_at = data, at
        complete = not self._in_block and (shape.with_flags(data) is not None or shape.is_whole_message(data))
        return self.end() if complete else ()


def _classified(data: bytes, at: datetime | None) -> Chunk:
    framed = shape.with_flags(data)
    if framed:
        return Chunk(at, framed, Kind.STREAM)
    return Chunk(at, data, Kind.MESSAGE if shape.opens_message(data) else Kind.STREAM)
