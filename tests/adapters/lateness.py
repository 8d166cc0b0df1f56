"""What becomes of a loop while something floods it: how late it is, and how much it must take between two turns of its own."""

import asyncio
from collections.abc import Callable

PERIOD_S = 0.01


async def lateness(ticks: int = 50) -> list[float]:
    """By how many seconds each of so many ticks came late."""
    loop = asyncio.get_running_loop()
    late = []
    for _ in range(ticks):
        due = loop.time() + PERIOD_S
        await asyncio.sleep(PERIOD_S)
        late.append(loop.time() - due)
    return late


async def most_between_ticks(heard: Callable[[], int], ticks: int = 50) -> int:
    """How many bytes came between two ticks, at most. A slow machine makes ticks late, but no more bytes: this is for any machine."""
    most = 0
    for _ in range(ticks):
        before = heard()
        await asyncio.sleep(PERIOD_S)
        most = max(most, heard() - before)
    return most
