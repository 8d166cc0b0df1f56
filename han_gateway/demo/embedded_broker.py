"""An MQTT broker inside this process: amqtt, for machines without a mosquitto. It speaks MQTT 3.1.1 only.

This file must not know who connects.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from amqtt.broker import Broker
from amqtt.errors import AMQTTError

_ANONYMOUS = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}


CONNECT_S = 0.25
"""A CONNECT on loopback comes in one piece; who has not made sense by then speaks MQTT 5."""


class _Broker(Broker):  # type: ignore[misc]  # amqtt ships no types
    """amqtt, but it hangs up on a CONNECT of MQTT 5, where it would wait for ever for bytes that it thinks are missing."""

    async def _initialize_client_session(self, reader: Any, writer: Any, *address: Any) -> Any:
        try:
            async with asyncio.timeout(CONNECT_S):
                return await super()._initialize_client_session(reader, writer, *address)
        except TimeoutError as why:
            await writer.close()
            raise AMQTTError("no CONNECT of MQTT 3.1.1") from why


@asynccontextmanager
async def embedded_broker(port: int) -> AsyncIterator[None]:
    """Listen on this port of loopback."""
    for name in ("amqtt", "transitions"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # every try with MQTT 5 is an error to it
    broker = _Broker({"listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}}, "plugins": _ANONYMOUS})
    await broker.start()
    try:
        yield
    finally:
        await broker.shutdown()
