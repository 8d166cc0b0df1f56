"""A meter behind a network that goes away, hangs, and comes back."""

import asyncio
from collections.abc import Callable

import pytest

from han_gateway.adapters import tcp
from han_gateway.adapters.tcp import TcpSource

PATIENCE_S = 10.0


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp, "RETRY_S", 0.02)


async def until(condition: Callable[[], bool]) -> None:
    """Wait until the world looks like that."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110  what is waited for has no event
            await asyncio.sleep(0.005)


def test_a_connection_that_ends_is_made_again() -> None:
    """The server hangs up, and later falls silent for good: both times the source connects again and says why."""
    heard: list[bytes] = []
    changes: list[tuple[bool, str]] = []

    async def story() -> None:
        visits = 0

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal visits
            visits += 1
            writer.write(b"%d" % visits)
            if visits > 1:
                await reader.read()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        source = TcpSource("127.0.0.1", port, silent_after_s=0.1)
        task = asyncio.create_task(source.run(heard.append, lambda up, why: changes.append((up, why))))
        await until(lambda: visits >= 3)
        task.cancel()
        await asyncio.wait([task])
        server.close()
        await asyncio.sleep(0.05)

    asyncio.run(story())
    assert heard[:2] == [b"1", b"2"]
    assert [up for up, _ in changes][:4] == [True, False, True, False]
    assert "closed the connection" in changes[1][1]
    assert "sent nothing" in changes[3][1]


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
