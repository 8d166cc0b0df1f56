"""The meter on a serial port: bytes as they come, and a port that comes back by itself.

The only place that knows SerialException, termios.error and what the kernel says when an adapter is pulled out. This file must not
know what the bytes mean.
"""

import asyncio
import errno
import logging
import os
import select
import termios
from collections.abc import Callable
from pathlib import Path

import serial

from han_gateway.adapters.ports import errno_of, holder
from han_gateway.adapters.silence import Silence, rest_s

log = logging.getLogger(__name__)

RETRY_S = 2.0
LOOK_S = 10.0
"""So often the settings of the port are looked at."""
ROBBED_S = 0.1
"""The rest after bytes that somebody else has taken."""
_BY_ID = Path("/dev/serial/by-id")

Hear = Callable[[bytes], None]
Changed = Callable[[bool, str], None]


class SerialSource:
    """A serial port that is open whenever it can be. Speed in baud; parity ``E``, ``N`` or ``O``; always 8 data bits, 1 stop bit.

    After a silence it is opened again, ever more rarely: some adapters hang. So it is when another program has changed its settings. That
    is no news, and nobody but the log hears of it. A program that opens the port in spite of our lock may take bytes: that is told.
    """

    def __init__(self, device: str, *, baud: int = 2400, parity: str = "E", silent_after_s: float = 30) -> None:
        self.name = device
        self._baud = baud
        self._parity = parity
        self._silent_after_s = silent_after_s
        self._robbed = False

    async def run(self, hear: Hear, changed: Changed) -> None:
        """Read until cancelled: ``hear`` gets bytes, ``changed`` learns when the port opened or was lost, and why."""
        said = ""
        is_open = False
        silence = Silence(self._silent_after_s)
        while True:
            try:
                port = serial.Serial(self.name, self._baud, parity=self._parity, timeout=0, exclusive=True)
            except (OSError, ValueError, termios.error) as why:  # SerialException is an OSError
                detail = self._cannot_open(why)
            else:
                with port:
                    if not is_open:
                        changed(True, f"{self.name} open at {self._baud} baud, 8{self._parity}1")
                    is_open, said = True, ""
                    detail = await self._listen(port.fileno(), hear, silence)
                if not detail:
                    continue
            if detail != said:  # once, not every two seconds of a weekend
                changed(False, detail)
            is_open, said = False, detail
            await asyncio.sleep(RETRY_S)

    async def _listen(self, fd: int, hear: Hear, silence: Silence) -> str:
        """Read until the port goes away; the answer is why, and nothing when it was only silent for too long."""
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[str] = loop.create_future()
        alarm = loop.call_later(silence.limit_s, self._too_long, silence, ended)
        resting: asyncio.TimerHandle | None = None
        looking = asyncio.ensure_future(self._look(fd, ended))

        def readable() -> None:
            nonlocal alarm, resting
            data, trouble = self._read(fd)
            if trouble and not ended.done():
                loop.remove_reader(fd)
                ended.set_result(trouble)
            if data:
                silence.broken()
                alarm.cancel()
                alarm = loop.call_later(silence.limit_s, self._too_long, silence, ended)
                hear(data)
            rest = rest_s(data) if data or trouble else ROBBED_S
            if rest:
                loop.remove_reader(fd)
                resting = loop.call_later(rest, loop.add_reader, fd, readable)

        loop.add_reader(fd, readable)
        try:
            return await ended
        finally:
            loop.remove_reader(fd)
            looking.cancel()
            alarm.cancel()
            if resting:
                resting.cancel()

    async def _look(self, fd: int, ended: asyncio.Future[str]) -> None:
        """Watch the settings of the port: whoever opens it too may leave it at another speed, and then no list is ever read again."""
        ours = _settings(fd)
        while not ended.done():
            await asyncio.sleep(LOOK_S)
            if ours and _settings(fd) not in (ours, None) and not ended.done():
                log.warning("another program has changed the settings of %s; they are set again%s", self.name, self._by_whom())
                ended.set_result("")

    def _read(self, fd: int) -> tuple[bytes, str]:
        """What there is to read, or why there will be no more."""
        try:
            data = os.read(fd, 4096)
        except BlockingIOError:
            return b"", ""
        except OSError as why:
            return b"", f"{self.name} went away ({os.strerror(why.errno or 0).lower()}); it is opened again when it is back"
        if data:
            return data, ""
        if _hung_up(fd):
            return b"", f"{self.name} was unplugged; it is opened again when it is back"
        if not self._robbed:  # once: to find out by whom costs a look at every process
            self._robbed = True
            log.warning("another program takes bytes from %s, and lists are lost%s", self.name, self._by_whom())
        return b"", ""

    def _by_whom(self) -> str:
        who = holder(self.name)
        return f"; stop {who}" if who else "; stop that program"

    def _too_long(self, silence: Silence, ended: asyncio.Future[str]) -> None:
        """End the listening; what is behind it is told once a silence."""
        if not silence.lasting:
            log.warning(
                "%s: no bytes for %g s; is the HAN port opened by the grid company, and the cable in? "
                "If both are: han-gateway detect %s",
                self.name,
                self._silent_after_s,
                self.name,
            )
        silence.passed()
        if not ended.done():
            ended.set_result("")

    def _cannot_open(self, why: Exception) -> str:
        code = errno_of(why)
        if code in {errno.EIO, errno.ENODEV, errno.ENXIO, errno.EPROTO}:
            return f"{self.name} does not answer ({os.strerror(code).lower()}); take the adapter out and put it in again"
        if isinstance(why, termios.error):
            return f'{self.name} refuses {self._baud} baud, 8{self._parity}1; try parity = "N" in [meter]'
        if code == errno.ENOENT:
            return f"{self.name} is not there: unplugged, or another name? {_present()}"
        if code == errno.EACCES:
            return f"{self.name} may not be opened by this user; add it to the group dialout and log in again"
        if code in {errno.EAGAIN, errno.EBUSY}:
            return f"{self.name} is in use by another program; stop that one first"
        return f"{self.name} cannot be opened ({os.strerror(code).lower() if code and code != errno.ENOTTY else 'not a serial port'})"


def _settings(fd: int) -> list[object] | None:
    """Speed, parity and mode of the port; None for one that is gone, which its reader notices."""
    try:
        return termios.tcgetattr(fd)
    except (OSError, termios.error):
        return None


def _hung_up(fd: int) -> bool:
    """Tell an adapter that is gone from bytes that were there a moment ago."""
    poll = select.poll()
    poll.register(fd, 0)
    return bool(poll.poll(0))


def _present() -> str:
    """The adapters that are there, for somebody who mistyped one."""
    try:
        names = sorted(path.name for path in _BY_ID.iterdir())[:5]
    except OSError:
        names = []
    return f"{_BY_ID} has: {', '.join(names)}" if names else f"no adapter is in {_BY_ID}"
