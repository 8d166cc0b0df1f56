"""Values as the samples of a metric: by phase, by direction, in base units. It must not know what they mean."""

from collections.abc import Iterable, Iterator

from han_gateway.core.units import LINES

Sample = tuple[str, tuple[str, ...], float | None]
"""Name, values of the labels, value; None is not exported."""


def phases(name: str, whose: str, values: Iterable[float | None], scale: int = 1) -> Iterator[Sample]:
    """One value for each line; ``scale`` is how many of its unit make the base unit."""
    for line, value in zip(LINES, values, strict=True):
        yield name, (whose, line.value), None if value is None else value / scale


def directions(name: str, meter: str, values: Iterable[int | None]) -> Iterator[Sample]:
    """What comes in, and what goes out."""
    for direction, value in zip(("import", "export"), values, strict=True):
        yield name, (meter, direction), value


def thousandths(value: int | None) -> float | None:
    """Milliseconds as seconds, milliamperes as amperes."""
    return None if value is None else value / 1000
