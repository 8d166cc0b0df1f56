"""Where the demo is seen: a live table on a terminal, or plain lines in a pipe.

This file must not know what happens, only how it is put before people.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from han_gateway.demo.scene import Scene, in_words

PLAIN_EVERY_S = 1.0
WIDTH = 80


class Screen(Protocol):
    """A way to show the scene; called ten times a second."""

    def show(self, scene: Scene) -> None:
        """Show how things stand now."""


class PlainScreen:
    """A line a second, and one for each thing that happens. No colours, no cursor."""

    def __init__(self) -> None:
        self._next_s = 0.0
        self._noted = 0

    def show(self, scene: Scene) -> None:
        """Print what is new."""
        fresh = scene.notes - self._noted
        for seconds, who, text in list(scene.log)[len(scene.log) - min(fresh, len(scene.log)) :]:
            sys.stdout.write(f"{seconds:5.1f} s  {who}: {text}\n")
        self._noted = scene.notes
        if scene.seconds >= self._next_s:
            sys.stdout.write(in_words(scene) + "\n")
            sys.stdout.flush()
            self._next_s += PLAIN_EVERY_S


@contextmanager
def screen(*, plain: bool) -> Iterator[Screen]:
    """Open the screen that fits: the table needs a terminal and rich."""
    if plain or not sys.stdout.isatty():
        yield PlainScreen()
        return
    try:
        from han_gateway.demo.table import live  # noqa: PLC0415 - rich is an extra
    except ImportError:
        sys.stdout.write('plain lines only; the live table needs rich: pip install "han-gateway[demo]"\n')
        yield PlainScreen()
        return
    with live(WIDTH) as table:
        yield table
