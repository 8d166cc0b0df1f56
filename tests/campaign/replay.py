"""Campaign: what is replayed is what was decided live, byte for byte.

    python -m tests.campaign.replay [--seed N] [--fast]

Each case is a run in real time, in a process of its own: a meter speaks through a pty into the real serial source, in pieces and with
damage; chargers report, a cap is set, the broker goes and comes, and all is recorded. Then the recording is played. The SHA-256 over
all events and effects, each with its instant, must be equal up to the last thing that was recorded. ``--fast`` is 3 runs of 4 s, without
it 100 of 10 s, about 3 min: eight run side by side, as they mostly wait.
"""

import asyncio
import logging
import os
import random
import sys
import tempfile
import tty
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from multiprocessing import Pool
from pathlib import Path
from typing import NamedTuple

from han_gateway.adapters.clock import SystemClock
from han_gateway.adapters.recording import append, read_recording
from han_gateway.adapters.serial_port import SerialSource
from han_gateway.core.effects import Effect, SetLimit
from han_gateway.core.events import Event, SourceChanged
from han_gateway.core.site import Policy
from han_gateway.core.units import Instant
from han_gateway.meters.decoder import Decoder
from han_gateway.playback import Playback
from han_gateway.runtime import Gateway, Live, together
from han_gateway.timeline import Timeline
from tests.campaign._house import SITE, Household, frame
from tests.campaign._promise import Promise, arguments, published

FAST, FULL = (3, 4), (100, 10)
"""Runs, and seconds of each."""
SIDE_BY_SIDE = 8
LIST_S = 0.1
HASTY = replace(
    SITE,
    policy=Policy(
        list_period_ms=500,
        stale_after_ms=900,
        lost_after_ms=1_800,
        raise_window_ms=600,
        longest_window_ms=2_000,
        report_fresh_ms=1_500,
        republish_ms=1_000,
    ),
    root=replace(SITE.root, parts=tuple(replace(each, response_ms=400) for each in SITE.chargers)),
)
"""A house that decides as much in seconds as others in minutes."""


class Case(NamedTuple):
    """One run."""

    seed: str
    seconds: int


class Told(NamedTuple):
    """What came of a run: the digests of live and replay, how many limits were told, and how many bytes were recorded."""

    live: str
    replayed: str
    limits: int
    size: int


class Log:
    """An outlet that keeps everything."""

    def __init__(self) -> None:
        self.entries: list[tuple[Event, tuple[Effect, ...]]] = []

    def __call__(self, event: Event, effects: tuple[Effect, ...]) -> None:
        """Keep it. What the source says of itself for people is not recorded."""
        known = SourceChanged(at=event.at, connected=event.connected) if isinstance(event, SourceChanged) else event
        self.entries.append((known, effects))

    def digest(self, until: Instant) -> str:
        """SHA-256 of all that happened up to an instant, and of what came of it."""
        return sha256(
            "\n".join(f"{event} {effects}" for event, effects in self.entries if event.at <= until).encode()
        ).hexdigest()


async def run_live(case: Case, live: Live, household: Household) -> None:
    """The real source on a pty, the real loop, and a house that speaks."""
    master, slave = os.openpty()
    tty.setraw(slave)
    try:
        source = SerialSource(os.ttyname(slave), baud=2400, parity="N", silent_after_s=60)
        await together(
            source.run(live.hear, live.source_changed),
            live.tick(lambda: None),
            speak(case, master, live, household),
            duration_s=case.seconds,
        )
    finally:
        os.close(master)
        os.close(slave)


async def speak(case: Case, master: int, live: Live, household: Household) -> None:
    """The meter and the chargers, until cancelled."""
    rng, clock = random.Random(case.seed), SystemClock()
    for number in range(1_000_000):
        shown = clock.wall().replace(tzinfo=None, microsecond=0) + timedelta(seconds=10 * number)
        household.change()
        data = frame("kaifa-tn", 1 if number % 5 else 2, household.amps(clock.now()), shown)
        if rng.random() < 0.05:
            data = data[: rng.randrange(len(data))] + rng.randbytes(rng.randint(0, 30))
        cut = rng.randrange(len(data) + 1)
        for piece in (data[:cut], data[cut:]):
            os.write(master, piece)
            await asyncio.sleep(LIST_S / 2 * rng.uniform(0.5, 1.5))
        if rng.random() < 0.02:
            await asyncio.sleep(1.5)  # long enough to be stale, with bad luck to be lost
        if number % 7 == 3:
            talk(rng, live, household, clock.now())


def talk(rng: random.Random, live: Live, household: Household, at: Instant) -> None:
    """What comes from the broker: reports, and now and then a cap, or nothing any more."""
    for topic, payload in household.words(at):
        live.message(topic, payload)
    if rng.random() < 0.3:
        live.broker_changed(rng.random() < 0.7)
    if rng.random() < 0.3:
        live.message("han/home/caps/power/set", rng.choice((b"5000", b"8000", b"none", b"x")))


def both(case: Case) -> Told:
    """Live, and again from the recording."""
    logging.disable()
    household, ran, replayed, clock = Household(case.seed), Log(), Log(), SystemClock()
    with tempfile.TemporaryDirectory() as folder:
        path, started = Path(folder, "run.han"), clock.now()
        recorder = append(path, started)
        gateway = Gateway(HASTY, Decoder(lock=True), started, (ran, household.see))
        asyncio.run(run_live(case, Live(gateway, clock, prefix="han", recorder=recorder), household))
        recorder.close()
        playback = Playback(HASTY, "han", lambda: Decoder(lock=True), Timeline(), (replayed,))
        with path.open("rb") as file:
            playback.play(read_recording(file))
        size = path.stat().st_size
    last = playback.timeline.last or 0
    limits = sum(isinstance(effect, SetLimit) for _, effects in ran.entries for effect in effects)
    return Told(ran.digest(last), replayed.digest(last), limits, size)


def main() -> int:
    """Run the campaign."""
    given = arguments("What is replayed is what was decided live.").parse_args()
    count, seconds = FAST if given.fast else FULL
    with Pool(min(SIDE_BY_SIDE, count), maxtasksperchild=1) as pool:
        told = pool.map(both, [Case(f"{given.seed}/{number}", seconds) for number in range(count)], chunksize=1)
    for each in told[:3]:
        print(f"live {each.live[:16]}  replayed {each.replayed[:16]}  {each.limits} limits, {each.size:,} bytes")
    equal = sum(each.live == each.replayed for each in told)
    limits = sum(each.limits for each in told)
    promise = Promise(
        "R-21",
        "what is replayed is what was decided live",
        "SHA-256 of all events and effects equal, in every run",
        f"{equal} of {count} runs of {seconds} s over a pty equal, {limits:,} limits in them",
        holds=equal == count and all(each.limits for each in told),
    )
    return published(given, [promise])


if __name__ == "__main__":
    sys.exit(main())
