"""``[caps]``: what the house is held below, and between what that may be changed over MQTT. It must not know how a cap is kept."""

from collections.abc import Iterator
from typing import Self

from pydantic import Field, model_validator

from han_gateway.config.problems import Problem
from han_gateway.config.section import Fuse, Section, Watts
from han_gateway.config.toml_file import TomlFile
from han_gateway.core.site import CapRule


class CapsSettings(Section):
    """Less than the fuse, for comfort. A cap without bounds stands as it is written."""

    power_w: Watts | None = Field(default=None, examples=[8000])
    power_min_w: Watts | None = Field(default=None, examples=[2000])
    power_max_w: Watts | None = Field(default=None, examples=[17000])
    line_a: Fuse | None = Field(default=None, examples=[20])
    line_min_a: Fuse | None = Field(default=None, examples=[10])
    line_max_a: Fuse | None = Field(default=None, examples=[25])

    @property
    def power(self) -> CapRule | None:
        """The power cap, in W."""
        return _rule(self.power_w, self.power_min_w, self.power_max_w, 1)

    @property
    def line(self) -> CapRule | None:
        """The phase cap, in mA."""
        return _rule(self.line_a, self.line_min_a, self.line_max_a, 1000)

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        for cap, least, most in (("power_w", "power_min_w", "power_max_w"), ("line_a", "line_min_a", "line_max_a")):
            figures = [figure for figure in (getattr(self, key) for key in (least, cap, most)) if figure is not None]
            if figures and getattr(self, cap) is None:
                raise ValueError(f"has bounds for a cap that is not there; add {cap}")
            if figures != sorted(figures):
                raise ValueError(f"must have {least} <= {cap} <= {most}; reorder the three")
        return self


def caps_problems(file: TomlFile, caps: CapsSettings, fuse_a: float) -> Iterator[Problem]:
    """What is wrong with the caps in a house with this main fuse."""
    if caps.line is not None and caps.line.most > fuse_a * 1000:
        where = file.where(("caps", "line_a" if caps.line_max_a is None else "line_max_a"))
        yield Problem(where, f"is above the main fuse of {fuse_a:g} A", "a cap can only be below it")


def _rule(cap: float | None, least: float | None, most: float | None, scale: int) -> CapRule | None:
    if cap is None:
        return None
    bounds = (cap if least is None else least, cap if most is None else most)
    return CapRule(default=round(cap * scale), least=round(bounds[0] * scale), most=round(bounds[1] * scale))
