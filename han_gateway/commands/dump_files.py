"""Opening the files that people name, ``-`` for standard input among them. This file must not know what is in them."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar

T = TypeVar("T")


class UnreadableError(Exception):
    """A file that cannot be read: one line for people."""


def contents(name: str, read: Callable[[BinaryIO], Iterator[T]]) -> Iterator[T]:
    """What ``read`` finds in a file. Raises UnreadableError."""
    try:
        if name == "-":
            yield from read(sys.stdin.buffer)
        else:
            with Path(name).open("rb") as stream:
                yield from read(stream)
    except (OSError, ValueError) as why:  # ValueError: a NUL in the name
        reason = getattr(why, "strerror", None) or str(why)
        raise UnreadableError(f"{name}: cannot be read ({reason.lower()})") from why
