"""A meter whose frames somebody publishes: when it counts as heard, when as lost, and what a flood can do."""

import asyncio
import time
from collections.abc import Callable

from han_gateway.adapters.mqtt_source import MqttSource
from han_gateway.adapters.silence import FLOOD_BYTES_PER_S

FRAME = bytes.fromhex("7ea02a410883130413e6e7000f40000000000101020309060100010700ff06000002dd02020f00161b5cf67e")
PATIENCE_S = 30.0


async def until(condition: Callable[[], bool]) -> None:
    """Wait until the world looks like that."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110  what is waited for has no event
            await asyncio.sleep(0.005)


def story(play: Callable[[MqttSource], Callable[[list[tuple[bool, str]]], bool]]) -> tuple[list[bytes], list[tuple[bool, str]]]:
    """Run a source through what ``play`` does to it, until what that gives is true of the changes."""
    heard: list[bytes] = []
    changes: list[tuple[bool, str]] = []

    async def run() -> None:
        source = MqttSource("pulse/frames", silent_after_s=0.1)
        task = asyncio.create_task(source.run(heard.append, lambda up, why: changes.append((up, why))))
        await asyncio.sleep(0)
        done = play(source)
        await until(lambda: done(changes))
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(run())
    return heard, changes


def test_the_first_frame_opens_the_way_and_silence_closes_it() -> None:
    """It counts as connected with the first frame, before that is heard, and as lost after the silence, with what to look for."""

    def play(source: MqttSource) -> Callable[[list[tuple[bool, str]]], bool]:
        source.message(FRAME)
        source.message(FRAME.hex().encode())
        return lambda changes: len(changes) == 2

    heard, changes = story(play)
    assert heard == [FRAME, FRAME]
    assert [up for up, _ in changes] == [True, False]
    assert "is the topic right?" in changes[1][1]


def test_it_is_back_with_the_next_frame() -> None:
    """A silence is told once, however long it is, and the next frame ends it."""
    heard: list[bytes] = []
    changes: list[tuple[bool, str]] = []

    async def run() -> None:
        source = MqttSource("pulse/frames", silent_after_s=0.05)
        task = asyncio.create_task(source.run(heard.append, lambda up, why: changes.append((up, why))))
        await until(lambda: len(changes) == 1)
        await asyncio.sleep(0.2)
        source.message(FRAME)
        await until(lambda: len(changes) == 3)
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(run())
    assert [up for up, _ in changes] == [False, True, False]
    assert heard == [FRAME]


def test_messages_without_frames_are_silence_and_the_reason_is_told() -> None:
    """A device that publishes decoded values is not a meter: it is told to publish frames."""

    def play(source: MqttSource) -> Callable[[list[tuple[bool, str]]], bool]:
        source.message(b'{"P":4090,"t":"2026-01-15T17:00:10Z"}')
        source.message(b"online")
        return bool

    heard, changes = story(play)
    assert heard == []
    assert [up for up, _ in changes] == [False]
    assert "2 messages without one; let the device publish raw frames" in changes[0][1]


def test_a_flood_is_cut() -> None:
    """Whoever floods the topic gets a small part of a second's work through, and no more."""
    took: list[float] = []

    def play(source: MqttSource) -> Callable[[list[tuple[bool, str]]], bool]:
        began = time.monotonic()
        for _ in range(1_000):
            source.message(b"\xff" * 4_000)
        took.append(time.monotonic() - began)
        return bool

    heard, _ = story(play)
    assert 0 < sum(map(len, heard)) < FLOOD_BYTES_PER_S * (0.2 + took[0])
