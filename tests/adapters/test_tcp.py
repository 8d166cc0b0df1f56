"""A meter behind a network that goes away, hangs, and comes back."""

import asyncio
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from han_gateway.adapters import tcp
from han_gateway.adapters.silence import FLOOD_BYTES_PER_S
from han_gateway.adapters.tcp import TcpSource
from han_gateway.meters.decoder import Decoder
from tests.adapters.lateness import most_between_ticks
from tests.mosquitto import free_port
from tests.ser2net import BEGINS

PATIENCE_S = 30.0
FEW_READS = 5 * 4096


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp, "RETRY_S", 0.02)


async def until(condition: Callable[[], bool]) -> None:
    """Wait until the world looks like that."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110  what is waited for has no event
            await asyncio.sleep(0.005)


def test_a_connection_that_ends_is_made_again() -> None:
    """The server hangs up, again and again: each time the source connects again and says why."""
    heard: list[bytes] = []
    changes: list[tuple[bool, str]] = []

    async def story() -> None:
        visits = 0

        async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal visits
            visits += 1
            writer.write(b"%d" % visits)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        source = TcpSource("127.0.0.1", server.sockets[0].getsockname()[1])
        task = asyncio.create_task(source.run(heard.append, lambda up, why: changes.append((up, why))))
        await until(lambda: visits >= 3)
        task.cancel()
        await asyncio.wait([task])
        server.close()
        await asyncio.sleep(0.05)

    asyncio.run(story())
    assert heard[:2] == [b"1", b"2"]
    assert [up for up, _ in changes][:4] == [True, False, True, False]
    assert all("closed the connection" in why for up, why in changes if not up)


def test_a_server_that_hangs_is_connected_again_ever_more_rarely_and_told_once() -> None:
    """One that accepts and says nothing is told once; it counts as connected again when a byte comes."""
    changes: list[tuple[bool, str]] = []
    waited: list[float] = []

    async def story() -> None:
        visits = 0
        loop = asyncio.get_running_loop()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal visits
            visits += 1
            if visits >= 4:
                writer.write(b"x")
            await reader.read()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        source = TcpSource("127.0.0.1", server.sockets[0].getsockname()[1], silent_after_s=0.1)
        real = source._read

        async def read(reader: asyncio.StreamReader, limit_s: float) -> bytes:
            began = loop.time()
            try:
                return await real(reader, limit_s)
            finally:
                waited.append(loop.time() - began)

        source._read = read  # type: ignore[method-assign]
        task = asyncio.create_task(source.run(lambda _: None, lambda up, why: changes.append((up, why))))
        await until(lambda: len(changes) >= 3)
        task.cancel()
        await asyncio.wait([task])
        server.close()
        await asyncio.sleep(0.05)

    asyncio.run(story())
    assert [up for up, _ in changes] == [True, False, True]
    assert all(seconds > 0.09 * 2**nth for nth, seconds in enumerate(waited[:3]))
    assert "sent nothing for 0.1 s" in changes[1][1]
    assert "is the HAN port opened by the grid company?" in changes[1][1]
    assert "sends again" in changes[2][1]


def test_a_flood_does_not_starve_the_loop() -> None:
    """A peer that sends without end is read at a bounded speed, and the loop has its turn after a few reads at most."""
    most: list[int] = []
    size = 0
    decoder = Decoder()

    def hear(data: bytes) -> None:
        nonlocal size
        size += len(data)
        decoder.feed(data)

    async def story() -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            source = TcpSource("127.0.0.1", server.getsockname()[1])
            task = asyncio.create_task(source.run(hear, lambda _up, _why: None))
            line, _ = await asyncio.to_thread(server.accept)

            def pour() -> None:
                with suppress(OSError):
                    while True:
                        line.sendall(bytes(range(256)) * 64)

            thread = threading.Thread(target=pour, daemon=True)
            thread.start()
            most.append(await most_between_ticks(lambda: size))
            task.cancel()
            await asyncio.wait([task])
            await asyncio.to_thread(thread.join, 2)
            line.close()

    began = time.monotonic()
    asyncio.run(story())
    assert 0 < size < 2 * FLOOD_BYTES_PER_S * (time.monotonic() - began)
    assert 0 < most[0] < FEW_READS


def test_a_host_that_cannot_be_one_is_told() -> None:
    """A name with an empty part is unreachable like any other, and ends nothing."""
    changes: list[tuple[bool, str]] = []

    async def story() -> None:
        task = asyncio.create_task(TcpSource("no..host", 1).run(lambda _: None, lambda up, why: changes.append((up, why))))
        await until(lambda: bool(changes))
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(story())
    assert "cannot be reached (unknown host)" in changes[0][1]


def test_a_cancelled_source_ends_wherever_it_is() -> None:
    """Stopping the daemon ends the source in every phase of connecting and reading, also while bytes arrive."""

    async def story(pause_s: float) -> None:
        async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"x")
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        source = TcpSource("127.0.0.1", server.sockets[0].getsockname()[1])
        task = asyncio.create_task(source.run(lambda _: None, lambda _up, _why: None))
        await asyncio.sleep(pause_s)
        task.cancel()
        await asyncio.wait([task], timeout=PATIENCE_S)
        assert task.cancelled()
        server.close()
        await asyncio.sleep(0.01)

    for step in range(100):
        asyncio.run(story(step / 20_000))


def test_an_unreachable_server_is_told_once() -> None:
    """Retries are quiet, and the message asks the right question."""
    changes: list[tuple[bool, str]] = []

    async def story() -> None:
        source = TcpSource("127.0.0.1", 1)
        task = asyncio.create_task(source.run(lambda _: None, lambda up, why: changes.append((up, why))))
        await until(lambda: bool(changes))
        await asyncio.sleep(0.2)
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(story())
    assert changes == [
        (False, "tcp:127.0.0.1:1 cannot be reached (connection refused); is the serial server on, and the port right?")
    ]


SERVER = """
import socket, sys, time
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as server:
    while True:
        line, _ = server.accept()
        try:
            while True:
                line.sendall(b"list")
                time.sleep(0.02)
        except OSError:
            pass
"""


def test_a_server_that_freezes_is_left_and_found_again() -> None:
    """A serial server stopped in mid-air, its connection still open: left after the silence, and heard again when it goes on."""
    port = free_port()
    heard: list[bytes] = []
    changes: list[tuple[bool, str]] = []

    async def story(server: "subprocess.Popen[bytes]") -> None:
        source = TcpSource("127.0.0.1", port, silent_after_s=0.3)
        task = asyncio.create_task(source.run(heard.append, lambda up, why: changes.append((up, why))))
        await until(lambda: len(heard) > 3)
        server.send_signal(signal.SIGSTOP)
        await until(lambda: bool(changes) and not changes[-1][0])
        assert "sent nothing for 0.3 s" in changes[-1][1]
        before, told = len(heard), len(changes)
        await asyncio.sleep(1.0)  # more attempts: the kernel accepts for it
        assert len(changes) == told
        server.send_signal(signal.SIGCONT)
        await until(lambda: len(heard) > before + 3 and changes[-1][0])
        task.cancel()
        await asyncio.wait([task])

    with subprocess.Popen([sys.executable, "-c", SERVER, str(port)]) as server:
        try:
            asyncio.run(story(server))
        finally:
            server.kill()


def test_a_cable_that_is_pulled_is_noticed_without_a_word() -> None:
    """When what is between us and the server forwards nothing any more, and says nothing: left after the silence; kept alive till then."""
    changes: list[tuple[bool, str]] = []
    options: list[int] = []
    visits: list[asyncio.StreamWriter] = []

    async def story() -> None:
        forwards, cut = True, 0

        async def between(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            visits.append(writer)
            mine = len(visits)
            while forwards or mine > cut + 1:
                writer.write(b"list")
                await asyncio.sleep(0.02)
            await asyncio.sleep(PATIENCE_S)

        server = await asyncio.start_server(between, "127.0.0.1", 0)
        source = TcpSource("127.0.0.1", server.sockets[0].getsockname()[1], silent_after_s=0.3)
        real = source._listen

        async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *rest: Any) -> str:
            ending = asyncio.ensure_future(real(reader, writer, *rest))
            await asyncio.sleep(0.05)
            line = writer.get_extra_info("socket")
            options.extend(line.getsockopt(level, option) for level, option, _ in tcp._KEEPALIVE)
            return await ending

        source._listen = listen  # type: ignore[method-assign,assignment]
        task = asyncio.create_task(source.run(lambda _: None, lambda up, why: changes.append((up, why))))
        await until(lambda: bool(options))
        cut, forwards = len(visits), False
        await until(lambda: len(visits) >= cut + 2)
        await until(lambda: changes[-1][0])
        task.cancel()
        await asyncio.wait([task])
        server.close()
        for writer in visits:
            writer.transport.abort()
        await asyncio.sleep(0.05)

    asyncio.run(story())
    assert options[:4] == [1, 10, 5, 3]
    ups = [up for up, _ in changes]
    assert ups == [True, *[False, True] * (len(ups) // 2)]  # a machine that stands still for 0.3 s is one more silence
    assert len(ups) >= 3


def test_a_dead_address_does_not_hide_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host with two addresses, of which the first one swallows everything: the second is reached a moment later."""
    monkeypatch.setattr(tcp, "CONNECT_S", 2.0)
    changes: list[tuple[bool, str]] = []

    async def story() -> None:
        with socket.socket() as dead:  # its queue is full, so whoever comes waits for ever
            dead.bind(("127.0.0.1", 0))
            dead.listen(0)
            port = dead.getsockname()[1]
            visitors = [socket.socket() for _ in range(4)]
            for visitor in visitors:
                visitor.setblocking(False)
                with suppress(BlockingIOError):
                    visitor.connect(("127.0.0.1", port))
            guests: list[asyncio.StreamWriter] = []

            def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                guests.append(writer)
                writer.write(b"alive")

            server = await asyncio.start_server(serve, "127.0.0.2", port)

            here = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
            both = [(*here, ("127.0.0.1", port)), (*here, ("127.0.0.2", port))]
            monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
            heard: list[bytes] = []
            task = asyncio.create_task(
                TcpSource("two.example", port).run(heard.append, lambda up, why: changes.append((up, why)))
            )
            await until(lambda: heard == [b"alive"])
            task.cancel()
            await asyncio.wait([task])
            for guest in guests:
                guest.transport.abort()
            server.close()
            await asyncio.sleep(0)
            for visitor in visitors:
                visitor.close()

    asyncio.run(story())
    assert [up for up, _ in changes] == [True]


def test_names_that_nobody_answers_for_hold_up_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A DNS that is dead for half a minute is waited for by one thread only, told once, and never by the end of the program."""
    monkeypatch.setattr(tcp, "CONNECT_S", 0.05)
    answered, asked = threading.Event(), 0

    def dead(*_: Any, **__: Any) -> list[Any]:
        nonlocal asked
        asked += 1
        answered.wait(6 * PATIENCE_S)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", dead)
    changes: list[str] = []

    async def story() -> None:
        task = asyncio.create_task(TcpSource("meter.example", 1).run(lambda _: None, lambda _up, why: changes.append(why)))
        await asyncio.sleep(0.5)  # some attempts
        task.cancel()
        await asyncio.wait([task])

    before = time.monotonic()
    asyncio.run(story())
    assert time.monotonic() - before < PATIENCE_S
    answered.set()
    assert (asked, len(changes)) == (1, 1)
    assert "no answer" in changes[0]


def test_a_server_that_speaks_telnet_is_named_once(caplog: pytest.LogCaptureFixture) -> None:
    """With the remedy, at its first connection and at no other; its bytes are handed on as they came. One that serves raw bytes is not named."""
    heard: list[bytes] = []

    async def story(begins: bytes) -> None:
        visits = 0

        async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal visits
            visits += 1
            for at in range(0, len(begins), 4):  # in pieces that cut its offers
                writer.write(begins[at : at + 4])
                await asyncio.sleep(0.01)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        source = TcpSource("127.0.0.1", server.sockets[0].getsockname()[1])
        task = asyncio.create_task(source.run(heard.append, lambda *_: None))
        await until(lambda: visits >= 3)
        task.cancel()
        await asyncio.wait([task])
        server.close()
        await asyncio.sleep(0.05)

    asyncio.run(story(b"\x7e\xa0\xff\xff" * 20))
    assert "telnet" not in caplog.text
    heard.clear()
    asyncio.run(story(BEGINS + b"\x7e\xff\xff"))
    assert b"".join(heard).startswith(BEGINS + b"\x7e\xff\xff" + BEGINS)
    (said,) = (record.getMessage() for record in caplog.records if "telnet" in record.getMessage())
    assert "speaks telnet" in said
    assert "accepter: tcp" in said
