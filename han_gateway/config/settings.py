"""The shape of the configuration file: one record per table, units in the key names, an example for every key.

Only this folder knows pydantic; the core gets dataclasses. This file must not open anything, nor know how a
problem is worded for people (``problems.py``).
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from han_gateway.config.caps import CapsSettings
from han_gateway.config.meter import MeterSettings
from han_gateway.config.neighbours import AmsreaderSettings, HomeAssistantSettings
from han_gateway.config.section import Amperes, Fuse, Seconds, Section, Slug, TcpPort, number
from han_gateway.config.web import MetricsSettings, PageSettings

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[\w.-]{1,253})(?::(\d{1,5}))?")


_BARE_HOST = re.compile(r"[\w.-]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f.]*(%\w+)?")
"""A name or an address and nothing else; only IPv6 has colons, and more than one of them."""


def _bare_host(value: str) -> str:
    if value and not _BARE_HOST.fullmatch(value):
        raise ValueError("is not a name or an address alone; the port and TLS have keys of their own (port, tls)")
    return value


def _host(value: str) -> str:
    match = _HOST.fullmatch(value)
    if not match or not 0 < int(match[2] or 1) < 65_536:
        raise ValueError("is neither HOST nor HOST:PORT")
    return value


def _folder(value: Path) -> Path:
    if "\0" in str(value):
        raise ValueError("is not a folder")
    return value


class SiteSettings(Section):
    """``[site]``: the house and its main fuse."""

    name: Slug = Field(examples=["home"])
    grid: Literal["TN", "TT", "IT"] = Field(examples=["TN"])
    fuse_a: Fuse = Field(examples=[25])
    margin_a: Amperes = Field(default=0.5, examples=[0.5])
    state_dir: Annotated[Path, AfterValidator(_folder)] | None = Field(default=None, examples=["/var/lib/han-gateway/home"])


class MqttSettings(Section):
    """``[mqtt]``: the broker. The password itself never stands here, only the name of the file that holds it."""

    host: Annotated[str, StringConstraints(min_length=1, max_length=253), AfterValidator(_bare_host)] = Field(
        default="localhost", examples=["localhost"]
    )
    port: TcpPort | None = Field(default=None, examples=[1883])
    other_hosts: Annotated[tuple[Annotated[str, AfterValidator(_host)], ...], Field(max_length=7)] = Field(
        default=(), examples=['["nas.lan", "pi.lan:1884"]']
    )
    username: str | None = Field(default=None, examples=["han-gateway"])
    password_file: Path | None = Field(default=None, examples=["/etc/han-gateway/mqtt-password"])
    tls: bool = Field(default=False, examples=["true"])
    ca_file: Path | None = Field(default=None, examples=["/etc/ssl/certs/broker.pem"])
    cert_file: Path | None = Field(default=None, examples=["/etc/han-gateway/client.pem"])
    key_file: Path | None = Field(default=None, examples=["/etc/han-gateway/client.key"])
    prefix: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,32}(/[A-Za-z0-9_-]{1,32}){0,3}$")] = Field(
        default="han", examples=["han"]
    )

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if not self.tls and (self.ca_file or self.cert_file or self.key_file):
            raise ValueError("names certificates but does not switch TLS on; add tls = true")
        if bool(self.cert_file) != bool(self.key_file):
            raise ValueError("needs cert_file and key_file together; add the missing one")
        if self.password_file and not self.username:
            raise ValueError("has a password_file but no username; add username")
        return self

    @property
    def address(self) -> tuple[str, int]:
        """Host and port, the port by default that of the protocol."""
        return self.host, self.port or (8883 if self.tls else 1883)

    @property
    def other_addresses(self) -> tuple[tuple[str, int], ...]:
        """Where else the broker may be; the port by default that of ``host``."""
        found = (_HOST.fullmatch(host) for host in self.other_hosts)
        return tuple((match[1].strip("[]"), int(match[2] or self.address[1])) for match in found if match)


class PolicySettings(Section):
    """``[policy]``: the figures of the safety policy. Few houses need to change one."""

    list_period_s: Seconds = Field(default=10, examples=[10])
    stale_after_s: Seconds | None = Field(default=None, examples=[25])
    lost_after_s: Annotated[Seconds, Field(le=60)] = Field(default=60, examples=[60])
    raise_window_s: Seconds = Field(default=20, examples=[20])
    longest_window_s: Seconds = Field(default=90, examples=[90])
    raise_deadband_a: Amperes = Field(default=2, examples=[2])
    report_fresh_s: Seconds = Field(default=35, examples=[35])
    foresee_above_percent: Annotated[int, BeforeValidator(number), Field(ge=100, le=1000)] = Field(default=105, examples=[105])
    hold_minimum: bool = Field(default=True, examples=[True])
    estimate_margin_a: Amperes = Field(default=1.5, examples=[1.5])
    valid_for_s: Seconds = Field(default=60, examples=[60])
    republish_s: Seconds = Field(default=10, examples=[10])

    @property
    def stale_s(self) -> float:
        """Two and a half list periods, unless configured: one lost frame changes nothing."""
        return self.stale_after_s or 2.5 * self.list_period_s

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.list_period_s < self.stale_s < self.lost_after_s:
            raise ValueError("must have list_period_s < stale_after_s < lost_after_s; reorder the three")
        if self.republish_s >= self.valid_for_s:
            raise ValueError("must have republish_s < valid_for_s, or limits would expire in between; lower republish_s")
        return self


class CircuitSettings(Section):
    """``[[circuit]]``: a fuse below another one."""

    name: Slug = Field(examples=["garage"])
    fuse_a: Fuse = Field(examples=[20])
    margin_a: Amperes = Field(default=0, examples=[0.5])
    parent: Slug = Field(default="main", examples=["main"])
    meter: Literal["mqtt"] | None = Field(default=None, examples=["mqtt"])


class Settings(BaseSettings):
    """The whole file. Chargers stay unread tables here: each is read alone, so that a wrong one does not stop the others."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, env_prefix="HAN_", env_nested_delimiter="__")

    site: SiteSettings
    meter: MeterSettings
    mqtt: MqttSettings = MqttSettings()
    metrics: MetricsSettings = MetricsSettings()
    page: PageSettings = PageSettings()
    homeassistant: HomeAssistantSettings = HomeAssistantSettings()
    amsreader: AmsreaderSettings = AmsreaderSettings()
    policy: PolicySettings = PolicySettings()
    caps: CapsSettings = CapsSettings()
    circuit: tuple[CircuitSettings, ...] = Field(default=(), max_length=100)
    charger: tuple[Mapping[str, Any], ...] = Field(default=(), max_length=100)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment overrides the file; the file arrives parsed, because its size and its lines are our business."""
        del settings_cls, dotenv_settings, file_secret_settings
        return env_settings, init_settings
