"""A TOML file with its line numbers, so that a mistake can be pointed at.

Bounded before it is parsed. This file must not know which keys mean something.
"""

import codecs
import errno
import os
import re
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from han_gateway.config.problems import ConfigError, Problem

Place = tuple[str | int, ...]
"""The way to a value: ``("site", "fuse_a")``, ``("circuit", 0, "parent")``."""

LARGEST_FILE = 64 * 1024
"""Bytes. A house with 30 chargers needs 5 KiB; what is larger is not a configuration."""

ENVIRONMENT = "HAN_"
"""Variables that begin so override the file: ``HAN_SITE__FUSE_A=20``."""


class TomlFile(NamedTuple):
    """The parsed file, and what is needed to point into it."""

    path: Path
    document: dict[str, Any]
    lines: Mapping[Place, int]

    def where(self, place: Place) -> str:
        """``gateway.toml, line 3, site.fuse_a`` or the environment variable that overrides it."""
        variable = ENVIRONMENT + "__".join(str(part) for part in place).upper()
        dotted = ".".join(str(part + 1) if isinstance(part, int) else part[:64] for part in place)
        if variable in os.environ:
            return f"environment variable {variable}"
        line = _line_of(self.lines, place)
        return f"{self.path.name}, " + (f"line {line}, " if line else "") + dotted


def first_bytes(path: Path, most: int) -> bytes:
    """What a file begins with. Raises OSError, also for what is no file: a pipe may never speak, a device never end."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "not a file")
    with path.open("rb") as stream:
        return stream.read(most)


def read_toml(path: Path) -> TomlFile:
    """Read and parse a file of at most 64 KiB. Raises ConfigError."""
    where = path.name or str(path)
    try:
        data = first_bytes(path, LARGEST_FILE + 1)
    except (OSError, ValueError) as why:
        reason = getattr(why, "strerror", None) or str(why)
        remedy = f"sudo chmod a+r {path}" if isinstance(why, PermissionError) else "check the name after --config"
        raise ConfigError([Problem(str(path), f"cannot be read ({reason.lower()})", remedy)]) from why
    if len(data) > LARGEST_FILE:
        what = f"is larger than {LARGEST_FILE // 1024} KiB"
        raise ConfigError([Problem(where, what, "name the configuration, not a recording")])
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode()  # some editors write one
        return TomlFile(path, tomllib.loads(text), _key_lines(text))
    except UnicodeDecodeError as why:
        line = data.count(b"\n", 0, why.start) + 1
        raise ConfigError([Problem(f"{where}, line {line}", "is not UTF-8 text", "save the file as UTF-8")]) from why
    except RecursionError as why:
        raise ConfigError([Problem(where, "is nested too deeply", "start from config/gateway.example.toml")]) from why
    except ValueError as why:  # TOMLDecodeError, and a number with more digits than int() takes
        found = re.search(r"\(at line (\d+), column (\d+)\)", str(why))
        place = f"{where}, line {found[1]}, column {found[2]}" if found else where
        what = re.sub(r"\s*\(at .*\)", "", str(why))[:100]
        raise ConfigError(
            [Problem(place, f"is not TOML ({what[:1].lower()}{what[1:]})", "see config/gateway.example.toml")]
        ) from why


_HEADER = re.compile(r"\s*(\[\[?)\s*([\w.-]+)\s*\]")
_KEY = re.compile(r"\s*([\w-]+)\s*[.=]")


def _key_lines(text: str) -> dict[Place, int]:
    """The line on which each table and key of a TOML text stands, counted from 1; enough to point at, not a parser."""
    found: dict[Place, int] = {}
    counts: dict[str, int] = {}
    table: Place = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            name = header[2]
            table = tuple(name.split("."))
            if header[1] == "[[":
                table = (*table, counts.get(name, 0))
                counts[name] = counts.get(name, 0) + 1
            found.setdefault(table, number)
        elif key := _KEY.match(line):
            found.setdefault((*table, key[1]), number)
    return found


def _line_of(lines: Mapping[Place, int], place: Place) -> int | None:
    """The line of the nearest thing around ``place`` that has one."""
    return next((lines[place[:size]] for size in range(len(place), 0, -1) if place[:size] in lines), None)
