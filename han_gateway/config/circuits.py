"""The fuses of a house: the flat list of the configuration as a tree below the main fuse.

A charger that is wrong is left out elsewhere; a fuse that is wrong leaves no house. This file must not know how a file is read.
"""

from collections.abc import Iterator, Mapping, Sequence

from han_gateway.config.caps import caps_problems
from han_gateway.config.charger import ChargerSettings
from han_gateway.config.house import charger_of, milli
from han_gateway.config.problems import ConfigError, Problem, did_you_mean
from han_gateway.config.settings import CircuitSettings, Settings
from han_gateway.config.toml_file import TomlFile
from han_gateway.core.site import Circuit, Grid

ROOT = "main"
"""The main fuse, as ``parent`` and ``circuit`` name it."""
DEEPEST = 8
"""Fuses one below the other."""


def tree(file: TomlFile, settings: Settings, chargers: Sequence[ChargerSettings]) -> Circuit:
    """The flat list of circuits as a tree below the main fuse. Raises ConfigError with every problem of the circuits and the caps."""
    problems = [*_circuit_problems(file, settings.circuit), *caps_problems(file, settings.caps, settings.site.fuse_a)]
    if problems:
        raise ConfigError(problems)

    def build(name: str, fuse_a: float, margin_a: float, *, metered: bool = False) -> Circuit:
        parts = [part for part in settings.circuit if part.parent == name]
        below = [build(part.name, part.fuse_a, part.margin_a, metered=part.meter is not None) for part in parts]
        own = [charger_of(charger, Grid(settings.site.grid)) for charger in chargers if charger.circuit == name]
        fuse_ma, margin_ma = milli(fuse_a), milli(margin_a)
        return Circuit(name=name, fuse_ma=fuse_ma, margin_ma=margin_ma, metered=metered, parts=(*own, *below))

    return build(ROOT, settings.site.fuse_a, settings.site.margin_a)


def _circuit_problems(file: TomlFile, circuits: Sequence[CircuitSettings]) -> Iterator[Problem]:
    parents = {circuit.name: circuit.parent for circuit in circuits if circuit.name != ROOT}
    seen = {ROOT}
    for number, circuit in enumerate(circuits):
        if circuit.name in seen:
            where = file.where(("circuit", number, "name"))
            main = circuit.name == ROOT
            what = "is the main fuse, which stands under [site]" if main else "is the name of another circuit"
            yield Problem(where, f"{circuit.name!r} {what}", "leave this one out" if main else "give each its own name")
            continue
        seen.add(circuit.name)
        where = file.where(("circuit", number, "parent"))
        if circuit.parent != ROOT and circuit.parent not in parents:
            yield Problem(where, f"there is no circuit {circuit.parent!r}", did_you_mean(circuit.parent, [ROOT, *parents]))
        elif _depth(parents, circuit.name) > DEEPEST:
            what = f"{circuit.name!r} is in a circle or more than {DEEPEST} fuses below the main fuse"
            yield Problem(where, what, f'let each chain of parents end at "{ROOT}" sooner')


def _depth(parents: Mapping[str, str], name: str) -> int:
    depth = 0
    while name in parents and depth <= DEEPEST:
        name = parents[name]
        depth += 1
    return depth
