"""Our own recordings: all that came from outside, each with its instant, a line each: what is in here decides what a replay does.

    # han-gateway recording 1, started 2026-01-15T17:00:00.000Z
    2026-01-15T17:00:00.000Z memory {"at":1768495380000,"chargers":{"garage":{"had_ua":9400000}}}
    2026-01-15T17:00:00.123Z 7EA027...
    2026-01-15T17:00:00.500Z charger garage {"status":"charging"}
    2026-01-15T17:00:02.250Z cap power 8000
    2026-01-15T17:00:02.250Z command garage pause
    2026-01-15T17:00:02.500Z circuit shed {"current_a":{"L1":3.2}}
    2026-01-15T17:00:03.014Z broker lost
    2026-01-15T17:00:04.120Z source connected

A recording is only ever appended to; each start of the program adds a heading. Lines that cannot be read (a power cut in
the middle of one) are passed over. This file must not know what the bytes mean.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import BinaryIO, NamedTuple

from han_gateway.core.units import Instant

TITLE = b"# han-gateway recording 1, started "
RETRY_MS = 10_000  # how long a file that could not be written is left alone
LONGEST_LINE = 1 << 18  # bytes; what is longer was not written by us
KINDS = ("charger", "limit", "command", "circuit", "cap")

_WAYS = {f"{way} {word}": (way, word == "connected") for way in ("source", "broker") for word in ("connected", "lost")}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Kind(Enum):
    """How bytes want to be read."""

    STREAM = "stream"  # as they came from the line: HDLC frames, cut anywhere
    MESSAGE = "message"  # exactly one LLC or APDU, without HDLC around it


class Started(NamedTuple):
    """A run of the program began to record."""

    at: Instant


class Arrived(NamedTuple):
    """Bytes came from the meter. ``at`` is None where a dump kept no times: then only the meter's own clock can tell."""

    at: Instant | None
    data: bytes
    kind: Kind = Kind.STREAM


class Said(NamedTuple):
    """Something was published about a ``charger`` (its report, a ``limit`` or a ``command``), a ``circuit`` or a ``cap``: its name in the configuration, and the bytes."""

    at: Instant
    kind: str
    name: str
    payload: bytes


class Remembered(NamedTuple):
    """What the run that starts at this instant knew of an earlier one (``core/words/memory.py``)."""

    at: Instant
    payload: bytes


class WayChanged(NamedTuple):
    """The way to the meter (``source``) or to the chargers (``broker``) opened or was lost."""

    at: Instant
    way: str
    connected: bool


Recorded = Started | Remembered | Arrived | Said | WayChanged


def instant(time: datetime) -> Instant:
    """Give an aware time as milliseconds since 1970, rounded down."""
    return (time - _EPOCH) // _MILLISECOND


def moment(at: Instant) -> datetime:
    """Give an instant as an aware UTC time; the inverse of `instant`."""
    return _EPOCH + timedelta(milliseconds=at)


def instant_from_iso(text: str) -> Instant:
    """Read an ISO 8601 time with a zone; exact to the millisecond.

    Raises ValueError for anything else, OverflowError for a time whose UTC is not in the calendar (year 0 or 10000).
    """
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        raise ValueError(f"a time without a zone: {text!r}")
    return instant(parsed.astimezone(UTC))


def iso_from_instant(at: Instant) -> str:
    """Write an instant as UTC with three decimals and a Z; the inverse of `instant_from_iso`."""
    return moment(at).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


class Recorder:
    """Writes a recording, and never stops its caller: trouble with the file is kept in `failed`, not raised.

    ``file`` is binary, appended to and unbuffered (see `append`), so that each line is one write that happens at once.
    After trouble the file is tried again `RETRY_MS` later; `lost` counts the lines that did not get written, and a remark in
    the file tells where they are missing.
    """

    def __init__(self, file: BinaryIO, started: Instant) -> None:
        self.failed: OSError | None = None
        self.lost = 0
        self._file = file
        self._missing = 0  # lines lost since the last one that was written
        self._retry_at = started
        self._torn = _has_content(file)  # the last run may have been cut off in the middle of a line
        self._write(started, TITLE + iso_from_instant(started).encode())

    def remembered(self, at: Instant, payload: bytes) -> None:
        """Write down what is known of an earlier run: first of all, if anything."""
        self._write(at, f"{iso_from_instant(at)} memory {_written(payload)}".encode())

    def arrived(self, at: Instant, data: bytes) -> None:
        """Write down bytes of the meter."""
        self._write(at, f"{iso_from_instant(at)} {data.hex().upper()}".encode())

    def said(self, at: Instant, kind: str, name: str, payload: bytes) -> None:
        """Write down what was published about one of ``KINDS``; ``name`` is a slug, the payload may be any bytes."""
        self._write(at, f"{iso_from_instant(at)} {kind} {name} {_written(payload)}".encode())

    def way(self, at: Instant, way: str, connected: bool) -> None:
        """Write down that the ``source`` or the ``broker`` came or went."""
        self._write(at, f"{iso_from_instant(at)} {way} {'connected' if connected else 'lost'}".encode())

    def close(self) -> None:
        """Close the file; trouble goes where all trouble goes."""
        try:
            self._file.close()
        except OSError as trouble:
            self.failed = trouble

    def _write(self, at: Instant, line: bytes) -> None:
        if self.failed is not None and at < self._retry_at:
            self._lose()
            return
        gap = f"# {self._missing} lines are missing here\n".encode() if self._missing else b""
        record = b"\n" * self._torn + gap + line + b"\n"
        try:
            written = self._file.write(record)
            self._file.flush()
        except OSError as trouble:
            self._give_up(at, trouble)
            return
        if written < len(record):
            self._give_up(at, OSError("the disk took only a part of the line"))
            return
        self._torn = False
        self._missing = 0
        self.failed = None

    def _give_up(self, at: Instant, trouble: OSError) -> None:
        self.failed = trouble
        self._lose()
        self._torn = True
        self._retry_at = at + RETRY_MS

    def _lose(self, lines: int = 1) -> None:
        self.lost += lines
        self._missing += lines


def append(path: Path, started: Instant) -> Recorder:
    """Begin, or go on with, the recording in ``path``. Raises OSError when it cannot be opened."""
    return Recorder(path.open("ab", buffering=0), started)


def read_recording(source: BinaryIO) -> Iterator[Recorded]:
    """Give what was recorded, in the order of the file. An `Arrived` of ours always has its instant."""
    while line := source.readline(LONGEST_LINE):
        recorded = _read_line(line)
        if recorded is not None:
            yield recorded


def _read_line(line: bytes) -> Recorded | None:
    """Read one line; None for an empty one, a comment, or one that is broken."""
    try:
        text = line.strip(b"\0\r\n").decode()
        if text.startswith("#"):
            return Started(instant_from_iso(text.removeprefix(TITLE.decode())))
        stamp, _, rest = text.partition(" ")
        at = instant_from_iso(stamp)
        if rest in _WAYS:
            return WayChanged(at, *_WAYS[rest])
        kind, _, words = rest.partition(" ")
        if kind == "memory":
            return Remembered(at, _read_payload(words))
        if kind not in KINDS:
            return Arrived(at, bytes.fromhex(rest)) if rest else None
        name, payload = words.split(" ", 1)
        return Said(at, kind, name, _read_payload(payload))
    except (ValueError, OverflowError):
        return None


def _written(payload: bytes) -> str:
    """Write a payload so that it fits on a line: as it is where that is possible (JSON), else in hex behind the word hex."""
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        text = ""
    plain = text.isprintable() and text != "" and not text.startswith("hex ")
    return text if plain else "hex " + payload.hex()


def _read_payload(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("hex ")) if text.startswith("hex ") else text.encode()


def _has_content(file: BinaryIO) -> bool:
    """Tell whether an appended file already holds something. What has no position (a pipe) holds nothing."""
    try:
        return file.tell() > 0
    except OSError:
        return False
