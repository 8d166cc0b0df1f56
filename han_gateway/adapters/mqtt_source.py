"""The meter behind another device that publishes its frames: an amsreader, or a Tibber Pulse that was turned to the local broker.

The messages come over the gateway's own connection to the broker. This file must not know MQTT, nor what the frames mean.
"""

import asyncio
from collections.abc import Callable

from han_gateway.adapters.dumps.payload import frames_of
from han_gateway.adapters.silence import FLOOD_BYTES_PER_S

BACKLOG_S = 0.1
"""So much of a second's flood is taken at once, and the rest is lost: 25 kB, fifty lists."""

Hear = Callable[[bytes], None]
Changed = Callable[[bool, str], None]


class MqttSource:
    """What is published on one topic. Whoever holds the connection calls ``message``, in the loop; after ``silent_after_s`` it counts as lost."""

    def __init__(self, topic: str, *, silent_after_s: float = 30) -> None:
        self.name = f"mqtt:{topic}"
        self._silent_after_s = silent_after_s
        self._hear: Hear = lambda _: None
        self._changed: Changed = lambda _up, _why: None
        self._up = False
        self._came = asyncio.Event()
        self._useless = 0  # messages without a frame, since the last one with
        self._busy_until = 0.0

    def message(self, payload: bytes) -> None:
        """A message came."""
        now = asyncio.get_running_loop().time()
        self._busy_until = max(self._busy_until, now) + len(payload) / FLOOD_BYTES_PER_S
        data = frames_of(payload) if self._busy_until - now <= BACKLOG_S else b""
        if not data:
            self._useless += 1
            return
        self._useless = 0
        if not self._up:
            self._up = True
            self._changed(True, f"{self.name} sends")
        self._came.set()
        self._hear(data)

    async def run(self, hear: Hear, changed: Changed) -> None:
        """Let messages through until cancelled: ``hear`` gets bytes, ``changed`` learns when they come or stop, and why."""
        self._hear, self._changed = hear, changed
        while True:
            self._came.clear()
            try:
                async with asyncio.timeout(self._silent_after_s):
                    await self._came.wait()
            except TimeoutError:
                self._up = False
                changed(False, self._why())
                await self._came.wait()

    def _why(self) -> str:
        silent = f"{self.name}: no frame of a meter for {self._silent_after_s:g} s"
        if self._useless:
            return f"{silent}, but {self._useless} messages without one; let the device publish raw frames (docs/mqtt.md)"
        return f"{silent}; is the device on, does it publish to this broker, and is the topic right?"
