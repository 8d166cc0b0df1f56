"""One small file that survives: a kill or a power cut at any byte leaves the old memory or the new one, never half of one.

    {"version":1,"crc32":"4b108078","memory":{"at":1768495380000,"chargers":{"garage":{"had_ua":9400000,...}},...}}

It is written beside the old one, forced to the disk, and takes its name in one step. Every byte is either fixed or covered by the check
sum, so what is damaged is never taken for a memory. This file must not know when it is worth writing: SD cards wear.
"""

import os
import re
import stat
from contextlib import suppress
from pathlib import Path
from zlib import crc32

from han_gateway.core.words.memory import LARGEST, Memory, understood, worded

NAME = "state.json"
BROKEN = ".broken"
"""What is added to the name of a file that could not be used."""

_FORM = re.compile(rb'\{"version":1,"crc32":"([0-9a-f]{8})","memory":(\{.*\})\}\n', re.DOTALL)


class BrokenStateError(Exception):
    """There is a file and it cannot be used; the words say why."""


def write(path: Path, memory: Memory) -> None:
    """Put ``memory`` in the place of what was there. Takes as long as the disk takes.

    Raises OSError; then the old one is there, or already the new one, but that may not outlive a power cut yet.
    """
    payload = worded(memory)
    content = b'{"version":1,"crc32":"%08x","memory":%s}\n' % (crc32(payload), payload)
    new = path.with_name(path.name + ".new")
    try:
        new.unlink(missing_ok=True)  # whatever a kill, or somebody, has left there: a link is not followed, a pipe not waited for
        with new.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError:
        with suppress(OSError):
            new.unlink()
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read(path: Path) -> Memory | None:
    """Read the memory; None where there is none yet. Raises BrokenStateError."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise BrokenStateError("is not a file")
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError:
        return None
    except OSError as why:
        raise BrokenStateError((why.strerror or str(why)).lower()) from why
    if len(content) > LARGEST:
        raise BrokenStateError(f"is larger than {LARGEST:,} bytes")
    found = _FORM.fullmatch(content)
    memory = understood(found[2]) if found and crc32(found[2]) == int(found[1], 16) else None
    if memory is None:
        raise BrokenStateError("is damaged, or of another version")
    return memory


def set_aside(path: Path) -> Path | None:
    """Keep a file that cannot be used under another name, instead of one that was kept there before; None where that is not possible."""
    aside = path.with_name(path.name + BROKEN)
    try:
        path.replace(aside)
    except OSError:
        return None
    return aside
