"""A connection to the broker for each charger without a failsafe, whose last will is the charger's fallback limit.

MQTT knows one will for each connection, and ours is that of ``status``. So each such charger gets a small connection of its own that says
nothing: if we die, or are stopped, the broker tells the charger its fallback. It helps against the death of the gateway, not of
the broker. This file must not know any make, nor how a charger is spoken to.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace

from han_gateway.adapters.broker import Broker, BrokerSettings
from han_gateway.core.words.topics import Message


class Guards:
    """``on_back(charger)`` is called when a guard is connected anew: the broker may have told the charger its fallback meanwhile."""

    def __init__(self, settings: BrokerSettings, on_back: Callable[[str], None]) -> None:
        self._settings = settings
        self._on_back = on_back
        self._guards: dict[str, tuple[Message, Broker]] = {}
        self._troubles: dict[str, str] = {}

    def start(self, wills: Mapping[str, Message]) -> None:
        """Guard these chargers; each has the message that the broker shall send if we die."""
        loop = asyncio.get_running_loop()
        for name, will in wills.items():
            guard = self._guard(name, will)
            self._guards[name] = will, guard
            guard.start(loop)

    def absent(self) -> dict[str, str]:
        """The chargers whose guard is not connected now, and what it met last: their broker will not speak for us if we die."""
        return {name: self._troubles.get(name, "") for name, (_, guard) in self._guards.items() if not guard.connected}

    async def change(self, wills: Mapping[str, Message]) -> None:
        """Guard others from now on. A guard that stays is not touched; one that goes says its will, as the last word to its charger."""
        going = {name: guard for name, (will, guard) in self._guards.items() if wills.get(name) != will}
        for name in going:
            del self._guards[name]
        await asyncio.gather(*(guard.stop() for guard in going.values()))
        self.start({name: will for name, will in wills.items() if name not in self._guards})

    async def stop(self) -> None:
        """Leave every charger at its fallback."""
        await self.change({})

    def _guard(self, name: str, will: Message) -> Broker:
        """Troubles of the broker are told by the main connection, so this one only keeps them, for when it is the only one in trouble."""

        def connection(connected: bool) -> None:
            if connected:
                self._on_back(name)

        return Broker(
            replace(self._settings, client_id=f"{self._settings.client_id}.{name}"),
            will=will,
            birth=None,
            subscriptions=(),
            on_connection=connection,
            on_message=lambda _topic, _payload: None,
            on_trouble=lambda text: self._troubles.update({name: text}),
        )
