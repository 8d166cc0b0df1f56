"""``replay --serve``: the bytes of a dump on a TCP port or a pty, at the speed they came, for any program that reads a meter.

This file must not know what the bytes mean, only when they came.
"""

import fcntl
import os
import socket
import struct
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterator, Sequence

from dlms.ciphering import Keys
from dlms.hdlc import build
from han_gateway.adapters.recording import Arrived, Kind
from han_gateway.commands.dump_files import UnreadableError, contents
from han_gateway.commands.pace import Pace
from han_gateway.core.units import Instant
from han_gateway.meters.clock import DEFAULT_ZONE
from han_gateway.meters.decoder import Decoder
from han_gateway.playback import entries, items
from han_gateway.timeline import Timeline

PIECE = 64
"""Bytes. A dump without times is cut this fine, so that each list comes at the time of its own clock."""

MAX_MESSAGE = 2_000
"""Bytes; what one HDLC frame holds."""


def serve(files: Sequence[str], where: tuple[str, int] | str, speed: float, keys: Keys | None = None) -> int:
    """Play the files once; 1 when one could not be read or nobody can be served. Keys only tell what time it was: bytes go as they are."""
    try:
        send = _pty() if isinstance(where, str) else _tcp(*where)
    except (OSError, OverflowError) as why:
        print(f"han-gateway replay: cannot serve there ({(getattr(why, 'strerror', None) or str(why)).lower()})", file=sys.stderr)
        return 1
    pace = Pace(speed)
    count = 0
    try:
        for name in files:
            for at, data in _moments(name, keys):
                pace.wait_for(at)
                send(data)
                count += len(data)
    except UnreadableError as why:
        print(f"han-gateway replay: {why}", file=sys.stderr)
        return 1
    send(b"")
    print(f"{count:,} bytes served", file=sys.stderr)
    return 0 if count else 1


def _moments(name: str, keys: Keys | None) -> Iterator[tuple[Instant, bytes]]:
    """The bytes of a file, each piece with the instant at which it is to be sent."""
    timeline, decoder = Timeline(), Decoder(check_fcs=False, keys=keys)
    for entry in contents(name, lambda stream: entries(stream, DEFAULT_ZONE)):
        if not isinstance(entry, Arrived):
            continue
        for piece in _pieces(entry):
            for item in items(decoder, piece):
                timeline.place(piece.at, item)
            at = timeline.last if piece.at is None else timeline.reach(piece.at)
            yield at or 0, _framed(piece)


def _pieces(entry: Arrived) -> Iterator[Arrived]:
    if entry.at is not None or entry.kind is Kind.MESSAGE:
        yield entry
    else:
        for start in range(0, len(entry.data), PIECE):
            yield entry._replace(data=entry.data[start : start + PIECE])


def _framed(entry: Arrived) -> bytes:
    """A message that a dump kept without its frame gets one again: a line carries frames."""
    if entry.kind is Kind.STREAM:
        return entry.data
    if len(entry.data) > MAX_MESSAGE:  # no meter sends such a one
        return b""
    llc = b"" if entry.data.startswith(b"\xe6\xe7\x00") else b"\xe6\xe7\x00"
    return build(b"\x03", b"\x21", 0x13, llc + entry.data)


def _pty() -> Callable[[bytes], None]:
    """A pty that looks like a serial port; what nobody reads waits. Sending nothing waits until all was read."""
    master, slave = os.openpty()
    tty.setraw(slave)
    print(f"serving on {os.ttyname(slave)} (8N1)", file=sys.stderr, flush=True)

    def send(data: bytes) -> None:
        if not data:
            _drain(slave)
        while data:
            data = data[os.write(master, data) :]

    return send


def _drain(slave: int) -> None:
    """Wait until a reader has taken everything, two seconds at most: closing the pty throws away what is still in it."""
    for _ in range(200):
        (unread,) = struct.unpack("i", fcntl.ioctl(slave, termios.FIONREAD, bytes(4)))
        if not unread:
            return
        time.sleep(0.01)


def _tcp(host: str, port: int) -> Callable[[bytes], None]:
    """A server for one client at a time; while there is none the past stands still."""
    server = socket.create_server((host, port))
    print(f"serving on tcp:{host}:{server.getsockname()[1]}, waiting for a client", file=sys.stderr, flush=True)
    client: socket.socket | None = None

    def send(data: bytes) -> None:
        nonlocal client
        while True:
            client = client or server.accept()[0]
            try:
                client.sendall(data)
            except OSError:
                client.close()
                client = None
            else:
                return

    return send
