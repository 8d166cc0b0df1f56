"""``[metrics]`` and ``[page]``: the HTTP port, and what is served there. It must not know what is measured or shown."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints

from han_gateway.config.section import Section, TcpPort


class MetricsSettings(Section):
    """``[metrics]``: where Prometheus finds us."""

    enabled: bool = Field(default=True, examples=["true"])
    host: Annotated[str, StringConstraints(min_length=1, max_length=253)] = Field(default="127.0.0.1", examples=["127.0.0.1"])
    port: TcpPort = Field(default=9755, examples=[9755])


class PageSettings(Section):
    """``[page]``: the page to look at, on that port. Read only, unless a file holds the token of those who may change something."""

    enabled: bool = Field(default=True, examples=["true"])
    token_file: Path | None = Field(default=None, examples=["/etc/han-gateway/page-token"])
