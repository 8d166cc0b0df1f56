"""The meter on a serial port: bytes as they come, and a port that comes back by itself.

The only place that knows SerialException, termios.error and what the kernel says when an adapter is pulled out. This file must not
know what the bytes mean.
"""

import asyncio
import errno
import logging
import os
import termios
from collections.abc import Callable
from pathlib import Path

import serial

log = logging.getLogger(__name__)

RETRY_S = 2.0
_BY_ID = Path("/dev/serial/by-id")

Hear = Callable[[bytes], None]
Changed = Callable[[bool, str], None]


class SerialSource:
    """A serial port that is open whenever it can be. Speed in baud; parity ``E``, ``N`` or ``O``; always 8 data bits, 1 stop bit."""

    def __init__(self, device: str, *, baud: int = 2400, parity: str = "E", silent_after_s: float = 30) -> None:
        self.name = device
        self._baud = baud
        self._parity = parity
        self._silent_after_s = silent_after_s

    async def run(self, hear: Hear, changed: Changed) -> None:
        """Read until cancelled: ``hear`` gets bytes, ``changed`` learns when the port opened or was lost, and why."""
        said = ""
        while True:
            try:
                port = serial.Serial(self.name, self._baud, parity=self._parity, timeout=0, exclusive=True)
            except (OSError, ValueError, termios.error) as why:  # SerialException is an OSError
                detail = self._cannot_open(why)
                if detail != said:  # once, not every two seconds of a weekend
                    changed(False, detail)
                    said = detail
            else:
                with port:
                    changed(True, f"{self.name} open at {self._baud} baud, 8{self._parity}1")
                    said = await self._listen(port.fileno(), hear)
                changed(False, said)
            await asyncio.sleep(RETRY_S)

    async def _listen(self, fd: int, hear: Hear) -> str:
        """Read until the port goes away; the answer is why."""
        loop = asyncio.get_running_loop()
        lost: asyncio.Future[str] = loop.create_future()
        silence = loop.call_later(self._silent_after_s, self._complain)

        def readable() -> None:
            nonlocal silence
            try:
                data = os.read(fd, 4096)
            except BlockingIOError:
                return
            except OSError as why:
                data, reason = (
                    b"",
                    f"{self.name} went away ({os.strerror(why.errno or 0).lower()}); it is opened again when it is back",
                )
            else:
                reason = f"{self.name} was unplugged; it is opened again when it is back"
            if data:
                silence.cancel()
                silence = loop.call_later(self._silent_after_s, self._complain)
                hear(data)
            elif not lost.done():
                loop.remove_reader(fd)
                lost.set_result(reason)

        loop.add_reader(fd, readable)
        try:
            return await lost
        finally:
            loop.remove_reader(fd)
            silence.cancel()

    def _complain(self) -> None:
        log.warning(
            "%s: no bytes for %g s; is the HAN port opened by the grid company, and the cable in?",
            self.name,
            self._silent_after_s,
        )

    def _cannot_open(self, why: Exception) -> str:
        if isinstance(why, termios.error):
            return f'{self.name} refuses {self._baud} baud, 8{self._parity}1; try parity = "N" in [meter]'
        code = getattr(why, "errno", None)
        if code == errno.ENOENT:
            return f"{self.name} is not there: unplugged, or another name? {_present()}"
        if code == errno.EACCES:
            return f"{self.name} may not be opened by this user; add it to the group dialout and log in again"
        if code in {errno.EAGAIN, errno.EBUSY}:
            return f"{self.name} is in use by another program; stop that one first"
        return f"{self.name} cannot be opened ({os.strerror(code).lower() if code else 'not a serial port'})"


def _present() -> str:
    """The adapters that are there, for somebody who mistyped one."""
    try:
        names = sorted(path.name for path in _BY_ID.iterdir())[:5]
    except OSError:
        names = []
    return f"{_BY_ID} has: {', '.join(names)}" if names else f"no adapter is in {_BY_ID}"
