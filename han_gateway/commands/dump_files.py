"""Opening the files that people name, ``-`` for standard input among them. This file must not know what is in them, if it is not packed."""

import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar

T = TypeVar("T")

_PACKED = {
    b"\x1f\x8b\x08": "gunzip",
    b"BZh": "bunzip2",
    b"\xfd7zXZ\0": "unxz",
    b"PK\x03\x04": "unzip",
    b"\x28\xb5\x2f\xfd": "unzstd",
    b"7z\xbc\xaf\x27\x1c": "7z x",
}
"""How packed files begin, and what unpacks them. No meter begins like that."""


class UnreadableError(Exception):
    """A file that cannot be read: one line for people."""


def contents(name: str, read: Callable[[BinaryIO], Iterator[T]]) -> Iterator[T]:
    """What ``read`` finds in a file. Raises UnreadableError."""
    try:
        if name == "-":
            yield from read(_unpacked(name, sys.stdin.buffer))
        else:
            with Path(name).open("rb") as stream:
                yield from read(_unpacked(name, stream))
    except (OSError, ValueError) as why:  # ValueError: a NUL in the name
        reason = getattr(why, "strerror", None) or str(why)
        raise UnreadableError(f"{name}: cannot be read ({reason.lower()})") from why


def _unpacked(name: str, stream: BinaryIO) -> BinaryIO:
    """The same file, if it is not packed: bytes of an archive would only be counted as noise. Raises UnreadableError."""
    start = stream.peek(1) if isinstance(stream, io.BufferedReader) else b""
    for magic, remedy in _PACKED.items():
        if start.startswith(magic):
            raise UnreadableError(f"{name}: is packed; unpack it first, with {remedy}")
    return stream
