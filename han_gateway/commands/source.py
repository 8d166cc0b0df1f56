"""The way to the meter that a configuration or a command line names. This file must not know what the bytes mean."""

from typing import Protocol

from dlms.ciphering import Keys
from han_gateway.adapters.broker import Broker
from han_gateway.adapters.mqtt_source import MqttSource
from han_gateway.adapters.serial_port import Changed, Hear, SerialSource
from han_gateway.adapters.tcp import TcpSource
from han_gateway.config.meter import MeterSettings
from han_gateway.config.problems import ConfigError, Problem
from han_gateway.meters.decoder import Decoder

TCP_SILENCE_S = 20.0
"""A TCP connection that is quiet for two of the slowest list periods is dead, whatever a serial line may be."""


class Source(Protocol):
    """Where bytes come from; it heals by itself."""

    name: str

    async def run(self, hear: Hear, changed: Changed) -> None:
        """Read until cancelled."""


def source(meter: MeterSettings) -> Source:
    """The source for a meter: a network address, or a device. Raises ConfigError for a topic, which only the daemon hears."""
    refuse_mqtt(meter)
    silent_after_s = meter.silent_after_s
    if meter.tcp:
        return TcpSource(*meter.tcp, silent_after_s=min(silent_after_s, TCP_SILENCE_S))
    return SerialSource(meter.port, baud=meter.baud, parity=meter.parity, silent_after_s=silent_after_s)


def refuse_mqtt(meter: MeterSettings) -> None:
    """Raise ConfigError for a meter whose frames somebody publishes."""
    if meter.topic:
        what = f"{meter.port} is heard by han-gateway run only"
        raise ConfigError([Problem("[meter] port", what, "to record it: han-gateway run --record FILE")])


def mqtt_source(meter: MeterSettings, broker: Broker) -> Source | None:
    """The source for a meter whose frames somebody publishes; None for any other. Before the broker is started."""
    if meter.topic is None:
        return None
    way = MqttSource(meter.topic, silent_after_s=meter.silent_after_s)
    broker.also(meter.topic, way.message)
    return way


def decoder(meter: MeterSettings, keys: Keys | None = None) -> Decoder:
    """A decoder for this meter; run and replay must use the same."""
    return Decoder(
        ct_ratio=meter.ct_ratio,
        energy_count_wh=meter.energy_count_wh,
        current_count_ma=meter.current_count_ma,
        lock=True,
        keys=keys,
    )
