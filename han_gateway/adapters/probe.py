"""Listens to one port at one setting for a while, without healing anything: for `detect`, which wants to know what is wrong.

A line with its own trouble comes back as a word, never as an exception. This file must not know what the bytes mean.
"""

import errno
import fcntl
import os
import select
import socket
import struct
import termios
from collections.abc import Callable
from typing import NamedTuple

import serial

from han_gateway.adapters.ports import errno_of

CONNECT_S = 5.0
_GLANCE_S = 0.2  # so often the listener is asked whether it has heard enough
_COUNTERS = struct.Struct("20i")  # struct serial_icounter_struct of linux/serial.h; 6, 8 and 9 are frame, parity and breaks

_TROUBLE = {
    errno.ENOENT: "no_port",
    errno.ENODEV: "no_port",
    errno.ENXIO: "no_port",
    errno.EIO: "gone",
    errno.EPROTO: "gone",
    errno.EACCES: "denied",
    errno.EPERM: "denied",
    errno.EAGAIN: "busy",
    errno.EBUSY: "busy",
}

Hear = Callable[[bytes], None]
Opened = Callable[[], None]
"""The line is open, and listening begins."""
Left = Callable[[], float]
"""How many seconds to listen on; 0 or less when enough has been heard."""


class End(NamedTuple):
    """How listening ended. ``trouble`` is a word for what is wrong with the port, None when nothing is.

    ``errors`` are the framing errors, parity errors and breaks that the UART counted meanwhile, None where it does not count.
    """

    trouble: str | None = None
    detail: str = ""
    errors: tuple[int, int, int] | None = None


def listen_serial(device: str, baud: int, parity: str, hear: Hear, left: Left, opened: Opened = lambda: None) -> End:
    """Listen to a device at a speed in baud and a parity ``E``, ``N`` or ``O``."""
    try:
        port = serial.Serial(device, baud, parity=parity, timeout=0, exclusive=True)
    except (OSError, ValueError, termios.error) as why:  # SerialException is an OSError
        code = errno_of(why)
        word = _TROUBLE.get(code or 0, "refused" if isinstance(why, termios.error) else "unusable")
        return End(word, os.strerror(code).lower() if code and code != errno.ENOTTY else "not a serial port")
    with port:
        opened()
        fd = port.fileno()
        before = _counted(fd)
        trouble = _listen(fd, lambda: os.read(fd, 4096), hear, left)
        after = _counted(fd)
    return End(trouble, "", None if before is None or after is None else _since(before, after))


def listen_tcp(host: str, port: int, hear: Hear, left: Left, opened: Opened = lambda: None) -> End:
    """Listen to a serial server."""
    try:
        line = socket.create_connection((host, port), timeout=CONNECT_S)
    except TimeoutError:
        return End("unreachable", "no answer")
    except (socket.gaierror, UnicodeError):  # a name with an empty label cannot even be asked for
        return End("unreachable", "unknown host")
    except OSError as why:
        return End("unreachable", os.strerror(why.errno or 0).lower())
    with line:
        opened()
        trouble = _listen(line.fileno(), lambda: line.recv(4096), hear, left)
    return End("unreachable", "it hung up") if trouble else End()


def _listen(fd: int, read: Callable[[], bytes], hear: Hear, left: Left) -> str | None:
    """Read until enough was heard; the answer is what went wrong, if anything did."""
    while (seconds := left()) > 0:
        readable, _, _ = select.select([fd], [], [], min(seconds, _GLANCE_S))
        if not readable:
            continue
        try:
            data = read()
        except BlockingIOError:
            continue
        except OSError:
            return "gone"
        if not data:
            return "gone"
        hear(data)
    return None


def _counted(fd: int) -> tuple[int, int, int] | None:
    """Ask the driver for its counters; a pty and some adapters have none."""
    try:
        counters = _COUNTERS.unpack(fcntl.ioctl(fd, termios.TIOCGICOUNT, bytes(_COUNTERS.size)))
    except OSError:
        return None
    return counters[6], counters[8], counters[9]


def _since(before: tuple[int, int, int], after: tuple[int, int, int]) -> tuple[int, int, int]:
    frame, parity, breaks = (later - earlier for earlier, later in zip(before, after, strict=True))
    return frame, parity, breaks
