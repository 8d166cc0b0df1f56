"""The tables of those who live beside us: ``[homeassistant]`` and ``[amsreader]``. This file must not know what they are told."""

from typing import Annotated

from pydantic import Field, StringConstraints

from han_gateway.config.section import Section

Topic = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}(/[A-Za-z0-9_-]{1,64}){0,7}$")]
"""A topic, or the beginning of one, to publish on."""


class HomeAssistantSettings(Section):
    """``[homeassistant]``: whether Home Assistant is told of our devices, and its discovery prefix."""

    enabled: bool = Field(default=False, examples=["true"])
    prefix: Topic = Field(default="homeassistant", examples=["homeassistant"])


class AmsreaderSettings(Section):
    """``[amsreader]``: where to publish what an amsreader would; nowhere without a topic."""

    topic: Topic | None = Field(default=None, examples=["amsreader"])
