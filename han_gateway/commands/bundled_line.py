"""The meter's line for a support bundle: listened to for a while, or the end of a recording that is there; without the meter's number.

This file must not know what else is in a bundle.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from han_gateway.commands.anonymous import anonymous
from han_gateway.commands.redaction import Redactor

if TYPE_CHECKING:  # pydantic and pyserial take their time, and --help needs neither
    from han_gateway.commands.source import Source
    from han_gateway.config.load import Config

Chunk = tuple[int, bytes]
"""The instant, and what came then."""
LAST = 8_192
"""Chunks of a recording, from its end: more than an hour of a meter."""
NOT_ASKED = "there is no recording: --record 60 listens to the meter for a minute, with the gateway stopped\n"


def bundled(seconds: float | None, recording: Path | None, config: "Config | None", redactor: Redactor) -> str:
    """A recording as `decode` reads it, or why there is none."""
    if recording is not None:
        return _written(*_found(recording), redactor)
    if seconds is None:
        return NOT_ASKED
    if config is None:
        return "not recorded: the configuration cannot be used, and it names the port; `han-gateway record --port` needs none\n"
    return _written(*_heard(seconds, config), redactor)


def _found(path: Path) -> tuple[Iterable[Chunk], list[str]]:
    from han_gateway.adapters.recording import Arrived, read_recording

    try:
        with path.open("rb") as stream:
            arrived = (
                (each.at, each.data) for each in read_recording(stream) if isinstance(each, Arrived) and each.at is not None
            )
            last = deque(arrived, maxlen=LAST)
    except OSError as why:
        return (), [f"{path} cannot be read ({(why.strerror or str(why)).lower()})"]
    return last, [] if last else [f"{path} holds nothing of a meter: is it a recording of ours?"]


def _heard(seconds: float, config: "Config") -> tuple[Iterable[Chunk], list[str]]:
    from han_gateway.adapters.clock import SystemClock
    from han_gateway.commands.source import source
    from han_gateway.config.problems import ConfigError

    try:
        way = source(config.meter)
    except ConfigError as why:
        return (), [str(why)]
    print(f"listening to {way.name} for {seconds:g} s", flush=True)
    chunks, told = asyncio.run(_listen(way, seconds, SystemClock().now))
    for line in () if chunks else told:
        print(f"  nothing of the meter is in the bundle: {line}")
    return chunks, [*told, *([] if chunks else [f"not a byte in {seconds:g} s"])]


async def _listen(way: "Source", seconds: float, now: Callable[[], int]) -> tuple[list[Chunk], list[str]]:
    """What came, and what happened to the line. A line that cannot be opened is not waited for."""
    chunks: list[Chunk] = []
    told: list[str] = []
    ended = asyncio.Event()

    def changed(connected: bool, detail: str) -> None:
        told.append(detail)
        if not connected and not chunks:
            ended.set()

    task = asyncio.create_task(way.run(lambda data: chunks.append((now(), data)), changed))
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(ended.wait(), seconds)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    return chunks, told


def _written(chunks: Iterable[Chunk], told: Iterable[str], redactor: Redactor) -> str:
    """As a recording; what happened stands in it as remarks."""
    from han_gateway.adapters.recording import TITLE, iso_from_instant

    lines = [f"{iso_from_instant(at)} {data.hex().upper()}" for at, data in anonymous(chunks)]
    heading = [TITLE.decode() + lines[0].partition(" ")[0]] if lines else []
    return "\n".join((*heading, *(f"# {redactor.clean(each)}" for each in told), *lines)) + "\n"
