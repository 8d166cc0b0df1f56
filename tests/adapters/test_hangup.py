"""SIGHUP to a daemon that starts, runs and stops."""

import asyncio
import os
import signal
from collections.abc import Iterator

import pytest

from han_gateway.adapters.hangup import Hangup


@pytest.fixture
def hangup() -> Iterator[Hangup]:
    """One that expects the signal; the tests' own way with it comes back afterwards."""
    before = signal.getsignal(signal.SIGHUP)
    yield Hangup()
    signal.signal(signal.SIGHUP, before)


def hang_up() -> None:
    """Send it to ourselves."""
    os.kill(os.getpid(), signal.SIGHUP)


@pytest.mark.parametrize("early", [0, 1, 3])
def test_a_signal_during_the_start_is_one_reload(hangup: Hangup, early: int) -> None:
    """It ends nobody; whoever can reload does it once, as soon as he is there, and again with each signal after that."""
    reloads: list[None] = []

    async def daemon() -> None:
        hangup.hear(lambda: reloads.append(None))
        assert reloads == []
        await asyncio.sleep(0.01)
        assert len(reloads) == bool(early)
        hang_up()
        await asyncio.sleep(0.01)

    for _ in range(early):
        hang_up()
    asyncio.run(daemon())
    assert len(reloads) == 1 + bool(early)


def test_a_signal_during_the_end_is_for_nobody(hangup: Hangup) -> None:
    """Neither a reload of what is being taken down, nor an end before the end."""
    reloads: list[None] = []

    async def daemon() -> None:
        hangup.hear(lambda: reloads.append(None))
        hangup.over()
        hang_up()
        await asyncio.sleep(0.01)

    asyncio.run(daemon())
    hang_up()
    assert reloads == []
