"""What all tables of the configuration have in common: the kinds of values, and that unknown keys are refused."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints


def number(value: object) -> object:
    """TOML's ``true`` is not the number 1, although Python thinks so."""
    if isinstance(value, bool):
        raise ValueError("is true or false, not a number")
    return value


Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
Amperes = Annotated[float, BeforeValidator(number), Field(ge=0, le=2_000, allow_inf_nan=False)]
Fuse = Annotated[float, BeforeValidator(number), Field(ge=6, le=2_000, allow_inf_nan=False)]
Watts = Annotated[float, BeforeValidator(number), Field(ge=500, le=1_000_000, allow_inf_nan=False)]
Seconds = Annotated[float, BeforeValidator(number), Field(gt=0, le=3_600, allow_inf_nan=False)]
TcpPort = Annotated[int, BeforeValidator(number), Field(ge=1, le=65_535)]


class Section(BaseModel):
    """A table of the file: frozen, and unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)
