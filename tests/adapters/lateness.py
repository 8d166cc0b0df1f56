"""How late a loop is while something floods it."""

import asyncio


async def lateness(ticks: int = 50, period_s: float = 0.01) -> list[float]:
    """By how many seconds each of so many ticks came late."""
    loop = asyncio.get_running_loop()
    late = []
    for _ in range(ticks):
        due = loop.time() + period_s
        await asyncio.sleep(period_s)
        late.append(loop.time() - due)
    return late
