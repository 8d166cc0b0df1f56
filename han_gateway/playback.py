"""The recorded past through the controller of the present: a replay.

The same ``Gateway`` as live, fed from a file. Each start of the program that the file tells of is a new beginning, and so is a jump of
more than a day. This file must not know where decisions are shown.
"""

import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO
from zoneinfo import ZoneInfo

from dlms.rejects import Rejected
from han_gateway.adapters import dumps
from han_gateway.adapters.recording import TITLE, Arrived, Kind, Recorded, Remembered, Said, Started, WayChanged, read_recording
from han_gateway.core.events import BrokerChanged, SourceChanged
from han_gateway.core.site import Site
from han_gateway.core.units import Instant
from han_gateway.core.words import inbox
from han_gateway.core.words.memory import understood
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.reading import Reading
from han_gateway.runtime import Gateway, Outlet
from han_gateway.timeline import Timeline


def entries(stream: BinaryIO, zone: str) -> Iterator[Recorded]:
    """What a file tells: our own recording word by word, any other dump as arrivals. Times without a zone are local in ``zone``."""
    buffered = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(stream)  # type: ignore[type-var]
    if buffered.peek(len(TITLE)).startswith(TITLE):
        yield from read_recording(buffered)
    else:
        yield from dumps.timeline(dumps.read(buffered), ZoneInfo(zone))


def items(decoder: Decoder, arrived: Arrived) -> list[Reading | Rejected]:
    """What an arrival says."""
    return [decoder.message(arrived.data)] if arrived.kind is Kind.MESSAGE else decoder.feed(arrived.data)


class Playback:
    """Plays entries through a house. ``readings`` and ``rejects`` count, ``timeline.last`` is how far it got."""

    def __init__(
        self, site: Site, prefix: str, decoder: Callable[[], Decoder], timeline: Timeline, outlets: tuple[Outlet, ...]
    ) -> None:
        self.readings = 0
        self.rejects: Counter[str] = Counter()
        self.timeline = timeline
        self._site = site
        self._prefix = prefix
        self._new_decoder = decoder
        self._decoder = decoder()
        self._outlets = outlets
        self._gateway: Gateway | None = None
        self._fresh = False  # nothing has happened since the start

    def play(self, recorded: Iterable[Recorded]) -> None:
        """Let everything happen again, in order."""
        for entry in recorded:
            if isinstance(entry, Arrived):
                for item in items(self._decoder, entry):
                    self._count(item)
                    at = self.timeline.place(entry.at, item)
                    self._house(at).meter(at, item)
            elif isinstance(entry, Started):
                self._start(entry.at)
            elif isinstance(entry, Remembered):
                self._recall(entry)
            else:
                self._happen(entry)
            self._fresh = isinstance(entry, Started)

    def close(self) -> None:
        """The end of the input: what the decoder still held is counted as lost."""
        for item in self._decoder.close():
            self._count(item)

    def _start(self, at: Instant) -> Gateway:
        self.close()
        self.timeline.last = at
        self._decoder = self._new_decoder()
        self._gateway = Gateway(self._site, self._decoder, at, self._outlets)
        return self._gateway

    def _recall(self, entry: Remembered) -> None:
        """What this run knew when it started. It stands right behind the heading; a line that has got elsewhere is passed over."""
        memory = understood(entry.payload)
        if memory is not None and self._fresh and self._gateway is not None:
            self._gateway.recall(entry.at, memory)

    def _house(self, at: Instant) -> Gateway:
        """The controller at an instant; a new one where the time is another day's."""
        if self._gateway is None or self.timeline.broke:
            self._gateway = Gateway(self._site, self._decoder, at, self._outlets)
        return self._gateway

    def _happen(self, entry: Recorded) -> None:
        at = self.timeline.reach(entry.at or 0)
        house = self._house(at)
        if isinstance(entry, Said):
            inlet = inbox.Inlet(entry.kind, entry.name)
            if inlet in inbox.inlets(self._prefix, self._site).values():
                event = inbox.understood(self._site, inlet, entry.payload, at)
                if not isinstance(event, inbox.Refused):
                    house.handle(event)
        elif isinstance(entry, WayChanged):
            change = BrokerChanged if entry.way == "broker" else SourceChanged
            house.handle(change(at=at, connected=entry.connected))

    def _count(self, item: Reading | Rejected) -> None:
        if isinstance(item, Rejected):
            self.rejects[item.reason.value] += 1
        else:
            self.readings += 1
