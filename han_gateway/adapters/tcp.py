"""The meter behind a network: raw TCP, as ser2net, ESPHome and esp-link serve a serial port.

A dead TCP connection looks like a quiet one, so silence itself is a reason to connect again. This file must not know what the bytes
mean.
"""

import asyncio
import os
import socket
from collections.abc import Callable

RETRY_S = 2.0
CONNECT_S = 5.0

Hear = Callable[[bytes], None]
Changed = Callable[[bool, str], None]

_KEEPALIVE = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
)


class TcpSource:
    """A connection that is there whenever it can be. ``silent_after_s`` without a byte ends it: twice the slowest list period."""

    def __init__(self, host: str, port: int, *, silent_after_s: float = 20) -> None:
        self.name = f"tcp:{host}:{port}"
        self._host = host
        self._port = port
        self._silent_after_s = silent_after_s

    async def run(self, hear: Hear, changed: Changed) -> None:
        """Read until cancelled: ``hear`` gets bytes, ``changed`` learns when the connection came or went, and why."""
        said = ""
        while True:
            try:
                async with asyncio.timeout(CONNECT_S):
                    reader, writer = await asyncio.open_connection(self._host, self._port)
            except (OSError, TimeoutError) as why:
                detail = f"{self.name} cannot be reached ({_words(why)}); is the serial server on, and the port right?"
                if detail != said:  # once, not every two seconds of a weekend
                    changed(False, detail)
                    said = detail
            else:
                changed(True, f"{self.name} connected")
                try:
                    said = await self._listen(reader, writer, hear)
                finally:
                    writer.transport.abort()
                changed(False, said)
            await asyncio.sleep(RETRY_S)

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hear: Hear) -> str:
        """Read until the connection ends; the answer is why."""
        line: socket.socket = writer.get_extra_info("socket")
        for level, option, value in _KEEPALIVE:
            line.setsockopt(level, option, value)
        try:
            while data := await self._read(reader):
                hear(data)
        except TimeoutError:
            return f"{self.name} sent nothing for {self._silent_after_s:g} s; connecting again"
        except OSError as why:
            return f"{self.name} broke ({_words(why)}); connecting again"
        return f"{self.name} closed the connection; connecting again"

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        async with asyncio.timeout(self._silent_after_s):  # not wait_for: in Python 3.11 that one can swallow a cancellation
            return await reader.read(4096)


def _words(why: Exception) -> str:
    code = getattr(why, "errno", None)
    if isinstance(why, TimeoutError):
        return "no answer"
    return os.strerror(code).lower() if code and code > 0 else "unknown host"
