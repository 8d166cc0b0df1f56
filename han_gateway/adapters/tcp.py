"""The meter behind a network: raw TCP, as ser2net, ESPHome and esp-link serve a serial port.

A dead TCP connection looks like a quiet one, so silence itself is a reason to connect again. This file must not know what the bytes
mean.
"""

import asyncio
import errno
import logging
import os
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from han_gateway.adapters.silence import Silence, rest_s
from han_gateway.adapters.telnet import HEAD_BYTES, REMEDY, negotiates

log = logging.getLogger(__name__)

RETRY_S = 2.0
CONNECT_S = 5.0
"""For each of the addresses that a host has."""

Hear = Callable[[bytes], None]
Changed = Callable[[bool, str], None]

_KEEPALIVE = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
)


class TcpSource:
    """A connection that is there whenever it can be. ``silent_after_s`` without a byte ends it: twice the slowest list period.

    While a silence lasts it is made again ever more rarely, and counts as lost until a byte comes.
    """

    def __init__(self, host: str, port: int, *, silent_after_s: float = 20) -> None:
        self.name = f"tcp:{host}:{port}"
        self._host = host
        self._port = port
        self._silent_after_s = silent_after_s
        self._telnet = False
        self._asked: Future[list[Any]] | None = None  # the names of the network, which may take half a minute to say nothing

    async def run(self, hear: Hear, changed: Changed) -> None:
        """Read until cancelled: ``hear`` gets bytes, ``changed`` learns when the connection came or went, and why."""
        said = ""
        silence = Silence(self._silent_after_s)
        while True:
            try:
                reader, writer = await self._connect()
            except (OSError, TimeoutError, UnicodeError) as why:  # UnicodeError: a host name with an empty label
                detail = f"{self.name} cannot be reached ({_words(why)}); is the serial server on, and the port right?"
                if detail != said:  # once, not every two seconds of a weekend
                    changed(False, detail)
                    said = detail
            else:
                said = await self._serve(reader, writer, hear, changed, silence)
            await asyncio.sleep(RETRY_S)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Reach the first address of the host that answers: one that is dead must not hide the others. Raises why the last one did not."""
        if self._asked is None or self._asked.done():
            self._asked = _asked(self._host, self._port)
        async with asyncio.timeout(CONNECT_S):
            found = await asyncio.wrap_future(self._asked)
        trouble: Exception = OSError(errno.EADDRNOTAVAIL, "no address")
        for *_, address in found:
            try:
                async with asyncio.timeout(CONNECT_S):
                    return await asyncio.open_connection(*address[:2])
            except OSError as why:  # TimeoutError is one
                trouble = why
        raise trouble

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hear: Hear, changed: Changed, silence: Silence
    ) -> str:
        """Use a connection to its end; the answer is why it ended. In a silence that lasts there is no news until a byte comes."""
        lasting = silence.lasting
        if not lasting:
            changed(True, f"{self.name} connected")

        def heard(data: bytes) -> None:
            if silence.lasting:
                changed(True, f"{self.name} sends again")
            silence.broken()
            hear(data)

        try:
            said = await self._listen(reader, writer, heard, silence)
        finally:
            writer.transport.abort()
        if not (lasting and silence.lasting):
            changed(False, said)
        return said

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hear: Hear, silence: Silence) -> str:
        """Read until the connection ends; the answer is why."""
        line: socket.socket = writer.get_extra_info("socket")
        try:
            for level, option, value in _KEEPALIVE:
                line.setsockopt(level, option, value)
            head = b""
            while data := await self._read(reader, silence.limit_s):
                head = self._begun(head, data)
                hear(data)
                await asyncio.sleep(rest_s(data))
        except TimeoutError:
            text = f"{self.name} sent nothing for {silence.limit_s:g} s; connecting again (is the HAN port opened by the grid company?)"
            silence.passed()
            return text
        except OSError as why:
            return f"{self.name} broke ({_words(why)}); connecting again"
        return f"{self.name} closed the connection; connecting again"

    def _begun(self, head: bytes, data: bytes) -> bytes:
        """Look at how a connection begins, and say it once when it is telnet; the answer is its beginning, as far as it is known."""
        if len(head) == HEAD_BYTES:
            return head
        begins = (head + data)[:HEAD_BYTES]
        if negotiates(begins) and not self._telnet:
            self._telnet = True
            log.warning("%s speaks telnet, which doubles some bytes and so damages lists; %s", self.name, REMEDY)
        return begins

    async def _read(self, reader: asyncio.StreamReader, limit_s: float) -> bytes:
        async with asyncio.timeout(limit_s):  # not wait_for: in Python 3.11 that one can swallow a cancellation
            return await reader.read(4096)


def _asked(host: str, port: int) -> "Future[list[Any]]":
    """Ask for the addresses of a host in a thread that nobody waits for: not even the end of the program."""
    answer: Future[list[Any]] = Future()
    answer.set_running_or_notify_cancel()  # who is tired of waiting does not end it

    def ask() -> None:
        try:
            answer.set_result(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as why:
            answer.set_exception(why)

    threading.Thread(target=ask, name="names", daemon=True).start()
    return answer


def _words(why: Exception) -> str:
    code = getattr(why, "errno", None)
    if isinstance(why, TimeoutError):
        return "no answer"
    return os.strerror(code).lower() if code and code > 0 else "unknown host"
