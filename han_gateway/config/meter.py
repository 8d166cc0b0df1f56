"""``[meter]``: the way to the HAN port, and what only the installer knows about the meter. It must not know how a way is gone."""

import re
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field

from han_gateway.config.section import Seconds, Section, number
from han_gateway.meters.reading import ClockRule

_TCP = re.compile(r"tcp:(\[[0-9A-Fa-f:.]+\]|[\w.-]+):(\d{1,5})")
_MQTT = re.compile(r"mqtt:((?:(?![+#])[ -~]){1,200})")  # one topic, not a pattern of them


def _from_text(value: object) -> object:
    """The environment knows only text, and a list of allowed numbers compares without converting."""
    return int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 10 else number(value)


def _port(value: str) -> str:
    if value != value.strip():
        raise ValueError("has a blank before or after it")
    if value.startswith("/") and "\0" not in value:
        return value
    if "://" in value:
        raise ValueError("is written without the slashes here: tcp:HOST:PORT, or mqtt:TOPIC for a topic on the broker of [mqtt]")
    if _MQTT.fullmatch(value):
        return value
    match = _TCP.fullmatch(value)
    if not match or not 0 < int(match[2]) < 65_536:
        raise ValueError("is neither a device nor tcp:HOST:PORT nor mqtt:TOPIC")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as why:
        raise ValueError("is not a time zone") from why
    return value


class MeterSettings(Section):
    """``[meter]``: the way to the HAN port, and what only the installer knows about the meter."""

    port: Annotated[str, AfterValidator(_port)] = Field(examples=["/dev/serial/by-id/usb-FTDI-if00-port0"])
    baud: Annotated[Literal[300, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200], BeforeValidator(_from_text)] = Field(
        default=2400, examples=[2400]
    )
    parity: Literal["E", "N", "O"] = Field(default="E", examples=["E"])
    clock: Literal["standard", "local", "utc"] | None = Field(default=None, examples=["local"])
    zone: Annotated[str, AfterValidator(_zone)] = Field(default="Europe/Oslo", examples=["Europe/Oslo"])
    ct_ratio: Annotated[int, BeforeValidator(number), Field(ge=1, le=10_000)] = Field(default=1, examples=[1])
    energy_count_wh: Annotated[int, BeforeValidator(number), Field(ge=1, le=1000)] | None = Field(default=None, examples=[1])
    current_count_ma: Annotated[int, BeforeValidator(number), Field(ge=1, le=1000)] | None = Field(default=None, examples=[1])
    key_file: Path | None = Field(default=None, examples=["/etc/han-gateway/home.meter-key"])
    authentication_key_file: Path | None = Field(default=None, examples=["/etc/han-gateway/home.meter-authentication-key"])
    silent_after_s: Seconds = Field(default=30, examples=[30])

    @property
    def clock_rule(self) -> ClockRule | None:
        """What the clock of the meter shows, where that is not left to the rule of its maker."""
        return ClockRule(self.clock) if self.clock else None

    @property
    def tcp(self) -> tuple[str, int] | None:
        """Host and port when the meter is behind a network, None for a device."""
        match = _TCP.fullmatch(self.port)
        return (match[1].strip("[]"), int(match[2])) if match else None

    @property
    def topic(self) -> str | None:
        """The topic on which the meter's frames come when another device listens to it, None for any other way."""
        match = _MQTT.fullmatch(self.port)
        return match[1] if match else None
