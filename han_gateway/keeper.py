"""Keeps what was learned over a restart: recalls it at the start, writes it down seldom, and never stands in the loop's way.

Writing happens in a thread of its own, one write at a time, every 15 minutes, a moment after somebody has asked something of a charger or its
lines have changed, and at the end, and only if there is something new.
Trouble with the file costs the learning and nothing else. This file must not know what is learned, nor how it is written.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from han_gateway.adapters import store
from han_gateway.adapters.recording import moment
from han_gateway.core.effects import Effect, SetLimit, ShowOutcome
from han_gateway.core.events import Ask, Event
from han_gateway.core.fairness import LEAD_MA
from han_gateway.core.units import Instant, Line, MilliAmps
from han_gateway.core.words.memory import Memory, Past, worth_keeping

log = logging.getLogger("han_gateway")

EVERY_MS = 900_000
"""SD cards wear: 96 writes a day at most, and one for each wish and each change of phases."""
SOON_MS = 1_000
REST_MS = 60_000
"""A wish is written at once, but not oftener than this, however fast wishes change, and lines."""
BY_MA = 2_000
"""By how much more or less a charger must have had to be worth one of them. What is smaller waits for the end of the run."""


class Keeper:
    """Knows one file and what stands in it. ``remembered`` gives what there is to remember now; ``count`` are the writes that failed.

    Without a folder there is no file, and nothing happens. All but ``_write`` belongs to the loop.
    """

    def __init__(self, folder: Path | None, started: Instant, remembered: Callable[[], Memory]) -> None:
        self.count = 0
        self._path = None if folder is None else folder / store.NAME
        self._remembered = remembered
        self._due = started + EVERY_MS
        self._seen = started - REST_MS
        self._kept: Memory | None = None
        self._failing = False
        self._told: dict[str, frozenset[Line]] = {}
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="state")
        self._job: Future[None] | None = None

    def recalled(self) -> Memory | None:
        """What an earlier run has left. A file that is broken is set aside, and the start goes on."""
        if self._path is None:
            return None
        try:
            self._kept = store.read(self._path)
        except store.BrokenStateError as why:
            aside = store.set_aside(self._path)
            kept = f"it is kept as {aside.name}" if aside else "it stays where it is"
            log.warning("%s %s: nothing is remembered of earlier runs; %s", self._path, why, kept)
        return self._kept

    def see(self, event: Event, effects: Iterable[Effect]) -> None:
        """Let time pass: an outlet. What an owner has asked must outlive a power cut, so it does not wait.

        Nor does a change of phases: to tell a charger its old lines after a crash would be one more.
        """
        if [effect for effect in effects if self._presses(effect)]:
            self._due = min(self._due, max(event.at + SOON_MS, self._seen + REST_MS))
        if event.at >= self._due:
            self._seen = event.at
            self._due = event.at + EVERY_MS
            if self._job is None or self._job.done():  # a card that takes a quarter of an hour is not asked again
                self._keep(BY_MA)

    def _presses(self, effect: Effect) -> bool:
        """Tell whether this is worth a write of its own; of lines only those that are others than before."""
        if not isinstance(effect, SetLimit):
            return isinstance(effect, ShowOutcome)
        before = self._told.get(effect.grant.charger, effect.lines)
        self._told[effect.grant.charger] = effect.lines
        return effect.lines != before

    async def close(self) -> None:
        """Write the last words, and wait until they are on the disk."""
        if self._job is not None:
            await asyncio.wrap_future(self._job)
        self._keep(LEAD_MA)
        if self._job is not None:
            await asyncio.wrap_future(self._job)
        self._worker.shutdown()

    def _keep(self, by_ma: MilliAmps) -> None:
        memory = self._remembered()
        if self._path is not None and worth_keeping(self._kept, memory, by_ma):
            self._job = self._worker.submit(self._write, self._path, memory)

    def _write(self, path: Path, memory: Memory) -> None:
        try:
            store.write(path, memory)
        except OSError as why:
            self.count += 1
            if not self._failing:
                reason = (why.strerror or str(why)).lower()
                log.warning("%s cannot be written (%s); the house is protected all the same", path, reason)
            self._failing = True
        else:
            self._kept = memory
            self._failing = False


def told(memory: Memory, recalled: Memory) -> str:
    """One line for the log: of when the memory is, and what of it counts in this house."""
    known = "; ".join(_known(past) for past in recalled.chargers if past != Past(past.name))
    patience = f"raises wait for {recalled.patience_ms / 1000:g} s" if recalled.patience_ms else ""
    words = "; ".join(filter(None, (known, patience))) or "nothing that still counts"
    return f"remembered from {moment(memory.at):%Y-%m-%d %H:%M} UTC: {words}"


_WISHES = {Ask.PAUSE: " is paused by you,", Ask.BOOST: " is first in line,"}


def _known(past: Past) -> str:
    wish = _WISHES[past.wish] if past.wish else ""
    slow = f" takes {past.response_ms / 1000:g} s to follow," if past.response_ms else ""
    lines = " and ".join(sorted(line.value for line in past.midst.lines or ()))
    few = f" is to use {lines} only," if lines else ""
    turn = "" if past.midst.turn_ms is None else " is in its turn,"
    return f"{past.name}{wish}{slow}{few}{turn} has had {past.had_ua / 1e6:.1f} A lately"
