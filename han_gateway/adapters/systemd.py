"""What systemd wants to know of a service, and how journald wants its lines: one datagram, one prefix, no library.

Without NOTIFY_SOCKET in the environment nothing happens. It must not know when the house is well: who calls ``alive`` does, and
it must be the loop that decides limits, after it decided, or the watchdog watches nothing. sd_notify(3), sd-daemon(3).
"""

import logging
import os
import socket
import stat
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import TextIO

NOTICE = 25
"""A logging level between INFO and WARNING, as syslog has it."""

# Logging level from which on a line has this syslog priority (sd-daemon(3)).
_PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (NOTICE, 5), (logging.INFO, 6), (0, 7))


class Notifier:
    """Tells the service manager how we are. A manager that does not listen is its own trouble, never ours.

    ``watchdog_s`` is how often ``alive`` should be called: half of what systemd asks for, or None when it asks for nothing.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self.watchdog_s = _watchdog_s(environment)
        self._address = environment.get("NOTIFY_SOCKET", "")
        if self._address.startswith("@"):  # an abstract socket
            self._address = "\0" + self._address[1:]
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) if self._address else None

    def ready(self, status: str = "") -> None:
        """The start, or a reload, is complete."""
        self._send("READY=1", *_status(status))

    def status(self, text: str) -> None:
        """One line for ``systemctl status``."""
        self._send(*_status(text))

    def alive(self) -> None:
        """The controller has done its work just now."""
        self._send("WATCHDOG=1")

    def reloading(self, monotonic_us: int) -> None:
        """A reload began at this moment of CLOCK_MONOTONIC (systemd 253 insists on it); ``ready`` ends it."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={monotonic_us}")

    def stopping(self, status: str = "") -> None:
        """The end has begun."""
        self._send("STOPPING=1", *_status(status))

    def close(self) -> None:
        """Give back the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _send(self, *lines: str) -> None:
        if self._socket is None:
            return
        try:
            self._socket.sendto("\n".join(lines).encode(errors="replace"), self._address)
        except OSError as error:
            logging.getLogger(__name__).debug("systemd does not listen: %s", error)


class Log(logging.StreamHandler[TextIO]):
    """Writes to somebody who may have stopped reading: a journal that hangs, a pipe into a pager. He loses lines; nobody waits for him."""

    def __init__(self, stream: TextIO) -> None:
        """Stop waiting for pipes and sockets; a terminal belongs to a person, and other programs."""
        super().__init__(stream)
        with suppress(OSError, ValueError, AttributeError):  # stderr is closed, or no file at all
            kind = os.fstat(stream.fileno()).st_mode
            if stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind):
                os.set_blocking(stream.fileno(), False)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  logging calls it so
        """A line that was not taken is lost; what is wrong with the line itself is told as ever."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)


class JournalFormatter(logging.Formatter):
    """No time (journald has it), a priority before every line, so that ``journalctl -p warning`` finds what it should."""

    def format(self, record: logging.LogRecord) -> str:
        """``<4>text``; a traceback gets the prefix on each of its lines."""
        prefix = f"<{priority(record.levelno)}>"
        return "\n".join(prefix + line for line in super().format(record).split("\n"))


def priority(level: int) -> int:
    """The syslog priority of a logging level."""
    return next(number for least, number in _PRIORITIES if level >= least)


def under_journald(environment: Mapping[str, str] = os.environ, descriptor: int | None = None) -> bool:
    """True when stderr goes to journald itself, and not where somebody has redirected it (systemd.exec(5), JOURNAL_STREAM)."""
    stream = environment.get("JOURNAL_STREAM")
    if not stream:
        return False
    try:
        ours = os.fstat(sys.stderr.fileno() if descriptor is None else descriptor)
    except (OSError, ValueError):  # stderr is closed, or no file at all
        return False
    return stream == f"{ours.st_dev}:{ours.st_ino}"


def _status(text: str) -> tuple[str, ...]:
    return (f"STATUS={' '.join(text.split())}",) if text else ()


def _watchdog_s(environment: Mapping[str, str]) -> float | None:
    """Half of WATCHDOG_USEC in seconds, unless it is meant for another process."""
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    asked = environment.get("WATCHDOG_USEC", "")
    return int(asked) / 2_000_000 if asked.isascii() and asked.isdigit() and int(asked) else None
