"""The way to the meter that a configuration or a command line names. This file must not know what the bytes mean."""

from typing import Protocol

from han_gateway.adapters.serial_port import Changed, Hear, SerialSource
from han_gateway.adapters.tcp import TcpSource
from han_gateway.config.settings import MeterSettings
from han_gateway.meters.decoder import Decoder

TCP_SILENCE_S = 20.0
"""A TCP connection that is quiet for two of the slowest list periods is dead, whatever a serial line may be."""


class Source(Protocol):
    """Where bytes come from; it heals by itself."""

    name: str

    async def run(self, hear: Hear, changed: Changed) -> None:
        """Read until cancelled."""


def source(port: str, tcp: tuple[str, int] | None, baud: int, parity: str, silent_after_s: float) -> Source:
    """The source for a port: a network address when ``tcp`` is given, else a device."""
    if tcp:
        return TcpSource(*tcp, silent_after_s=min(silent_after_s, TCP_SILENCE_S))
    return SerialSource(port, baud=baud, parity=parity, silent_after_s=silent_after_s)


def decoder(meter: MeterSettings) -> Decoder:
    """A decoder for this meter; run and replay must use the same."""
    return Decoder(
        ct_ratio=meter.ct_ratio, energy_count_wh=meter.energy_count_wh, current_count_ma=meter.current_count_ma, lock=True
    )
