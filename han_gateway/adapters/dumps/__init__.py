"""Dumps of meters in whatever form people have them: recognised by content, line by line, never refused with a traceback.

    read      the bytes of a dump, with their times where the dump kept them
    timeline  the same on the clock of a replay

Forms: our own recordings; raw binary; hex in lines with or without flags, frames split over lines or without HDLC at all;
"Received N bytes" logs; times above or before the bytes; telnet logs that show a telegram layer by layer; hex annotated or
masked by hand; decimal lists; bytes as Python or .NET print them; MQTT captures with hex or JSON; P1 telegrams as text, also in logs. What is none of these gives no chunks, or bytes that the
decoder will count as noise. This file must not know whether a frame is good.
"""

import codecs
import io
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, tzinfo
from typing import BinaryIO, cast

from han_gateway.adapters import recording
from han_gateway.adapters.dumps import text
from han_gateway.adapters.dumps.assembler import Assembler, Chunks
from han_gateway.adapters.dumps.chunk import Chunk
from han_gateway.adapters.dumps.telegram import TelegramLines
from han_gateway.adapters.dumps.times import split_time
from han_gateway.adapters.recording import Arrived, Kind
from han_gateway.core.units import Instant

__all__ = ["Chunk", "Kind", "read", "timeline"]

LONGEST_LINE = 1 << 18  # bytes; a longer line is read in pieces
_BLOCK = 1 << 16

_BINARY_FRAME = re.compile(rb"\x7e[\xa0-\xaf]")  # in UTF-8 no such byte follows a tilde
_BYTE_ORDER_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_PRINTABLE = bytes({*range(0x20, 0x7F), *b"\t\r\n\f\x1b"})
_LABEL = re.compile(r"(?:(mbus|hdlc|gbt|llc|gcm|dlms|dsmr) frame|\bapplication (data)|\b(payload))\s*:$", re.IGNORECASE)
_LAYERS = {"mbus": 0, "hdlc": 0, "gbt": 1, "llc": 1, "gcm": 2, "dlms": 3, "dsmr": 3, "data": 4, "payload": 4}


def read(source: BinaryIO) -> Iterator[Chunk]:
    """Give the bytes of a dump in order; ``source`` is read as it comes, so it may be a pipe that is still being written."""
    buffered = source if isinstance(source, io.BufferedReader) else io.BufferedReader(cast("io.RawIOBase", source))
    try:
        yield from _recognise(buffered)
    finally:
        if buffered is not source:
            buffered.detach()  # else it would close a file that is the caller's


def timeline(chunks: Iterable[Chunk], zone: tzinfo = UTC) -> Iterator[Arrived]:
    """Put a dump on the clock of a replay. Times without a zone are taken to be in ``zone``; where there is none, ``at`` is None.

    Instants never go back: the hour that an autumn night has twice is told apart by order, a clock that was set back stands still.
    """
    last: Instant | None = None
    for chunk in chunks:
        at = None if chunk.at is None else _instant(chunk.at, zone, last)
        last = last if at is None else at
        yield Arrived(at, chunk.data, chunk.kind)


def _instant(moment: datetime, zone: tzinfo, last: Instant | None) -> Instant:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    at = recording.instant(moment)
    if last is None or at >= last:
        return at
    return max(last, recording.instant(moment.replace(fold=1)))


def _recognise(source: io.BufferedReader) -> Iterator[Chunk]:
    head = source.peek(_BLOCK)
    if head.startswith(recording.TITLE):
        yield from _recording(source)
    elif head[:2] in _BYTE_ORDER_MARKS:
        lines = codecs.getreader("utf-16")(source, "replace")
        yield from _lines(line.encode("utf-8", "replace") for line in lines)
    elif _is_binary(head):
        while block := source.read1(_BLOCK):
            yield Chunk(None, block, Kind.STREAM)
    else:
        yield from _lines(_cut(source))


def _is_binary(head: bytes) -> bool:
    """Tell bytes as they came from a line from text: by a frame, or by how much of it cannot be printed."""
    start = head[:512]  # a power cut may leave zeros at the end of a text file
    return _BINARY_FRAME.search(head) is not None or len(start.translate(None, _PRINTABLE)) * 8 > len(start)


def _recording(source: io.BufferedReader) -> Iterator[Chunk]:
    for recorded in recording.read_recording(source):
        if isinstance(recorded, Arrived) and recorded.at is not None:
            yield Chunk(recording.moment(recorded.at), recorded.data, Kind.STREAM)


def _cut(source: io.BufferedReader) -> Iterator[bytes]:
    """Give the lines; one that is too long in pieces, cut between two bytes of hex."""
    rest = b""
    while piece := source.readline(LONGEST_LINE):
        line = rest + piece
        rest = b""
        if len(piece) == LONGEST_LINE and not piece.endswith(b"\n"):
            cut = line.rfind(b" ", -3) + 1 or len(line) & ~1
            line, rest = line[:cut], line[cut:]
        yield line
    if rest:
        yield rest


def _lines(lines: Iterable[bytes]) -> Iterator[Chunk]:
    assembler = Assembler()
    reader = _LineReader(assembler)
    for line in lines:
        try:
            data = bytes.fromhex(line.decode("ascii"))  # by far the most lines are only hex
        except ValueError:
            yield from reader.read(line)
            continue
        if data:
            yield from assembler.stream(data)
        else:
            yield from reader.read(line) if reader.telegram.inside else assembler.blank()
    yield from assembler.end()


class _LineReader:
    """Reads the lines that are not only hex."""

    def __init__(self, assembler: Assembler) -> None:
        self._assembler = assembler
        self.telegram = TelegramLines()

    def read(self, line: bytes) -> Chunks:
        words = text.clean(line)
        sent = self.telegram.read(words)
        at, rest = split_time(text.without_log_level(words))
        if sent is not None:
            return self._assembler.verbatim(sent, at)
        label = _LABEL.search(rest) if rest.endswith(":") else None
        if label:
            return self._assembler.label(_LAYERS[label[label.lastindex or 0].lower()])
        printed = text.printed(rest)
        return self._assembler.read(printed, at) if printed else self._bytes_or_words(at, rest)

    def _bytes_or_words(self, at: datetime | None, rest: str) -> Chunks:
        found = None if rest.startswith(" charger ") else text.find_bytes(rest)
        if found is None:
            return self._assembler.heading(at) if at else self._assembler.words()
        if found.whole:
            return self._assembler.payload(found.data, at)
        return self._assembler.stream(found.data, at)
