"""Campaign: clocks that jump change nothing but what the clock shows.

    python -m tests.campaign.clocks [--seed N] [--fast | --count N]

Each case is an hour of a house through the whole program (``_house.py``), lived three times from the same life at the same instants.
The second time the wall clock of the machine jumps again and again: by up to 20 years, to 1970, to 2038, by an hour as for summer time,
by a second. The third time it is the meter's own clock that jumps, by whole hours. All effects must be equal, and all messages, but for
what the clocks show. ``--fast`` is 6 hours, without it 1,000, about 25 min.
"""

import json
import logging
import random
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from han_gateway.adapters.recording import moment
from han_gateway.core.effects import Effect, ShowReading
from han_gateway.core.events import Event
from han_gateway.core.units import Instant
from han_gateway.core.words.topics import Message
from tests.campaign._house import STARTED, HandClock, Household, Program, frame
from tests.campaign._parts import Part, Tally, parts, tried
from tests.campaign._promise import Promise, arguments, published, wanted

FAST, FULL = 6, 1_000
HOUR_S, LIST_S = 3_600, 10
MODEL = "kaifa-tn"
STAMPS = ("issued_at", "since", "time", "meter_time")
EPOCH, OVERFLOW = datetime(1970, 1, 1, tzinfo=UTC), datetime(2038, 1, 19, 3, 14, 7, tzinfo=UTC)

Jump = Callable[[random.Random, Instant], timedelta]
"""How far a clock is off from now on."""


class Life(NamedTuple):
    """What came of an hour, without what clocks show: effects and messages; and how often a clock jumped."""

    effects: list[tuple[Instant, Effect]]
    messages: list[tuple[str, object]]
    jumps: int


def steady(_rng: random.Random, _at: Instant) -> timedelta:
    """A clock that is right."""
    return timedelta()


def anywhere(rng: random.Random, at: Instant) -> timedelta:
    """A clock that is set to anything."""
    now = moment(at)
    return rng.choice(
        (
            timedelta(days=rng.randint(-7_300, 7_300), milliseconds=rng.randint(0, 86_400_000)),
            EPOCH - now,
            OVERFLOW - now,
            timedelta(hours=rng.choice((-1, 1))),
            timedelta(seconds=rng.choice((-1, 1, -3, 7))),
            timedelta(),
        )
    )


def whole_hours(rng: random.Random, _at: Instant) -> timedelta:
    """A clock that is put to the time of another zone, or year. One that is set back by anything else is doubted for a moment."""
    return timedelta(hours=rng.choice((0, -1, 1, rng.randint(-175_000, 175_000))))


def life(seed: str, wall: Jump, meter: Jump) -> Life:
    """An hour of a house."""
    household, clock, rng = Household(seed), HandClock(), random.Random(f"{seed}/clocks")
    found, off, jumps = Life([], [], 0), timedelta(), 0

    def see(event: Event, effects: tuple[Effect, ...]) -> None:
        found.effects.extend((event.at, effect) for effect in effects if not isinstance(effect, ShowReading))

    def published(message: Message) -> None:
        found.messages.append((message.topic, _without_stamps(message.payload)))

    program = Program(clock, outlets_too=(household.see, see), published=published)
    program.live.source_changed(True, "opened")
    program.broker(True)
    for second in range(1, HOUR_S):
        clock.at = STARTED + 1000 * second
        if rng.random() < 0.02:
            clock.wall_off, off, jumps = wall(rng, clock.at), meter(rng, clock.at), jumps + 1
        program.beat()
        household.change()
        if second % LIST_S == 5:
            for topic, payload in household.words(clock.at):
                program.message(topic, payload)
        if second % 2 == 0:
            shown = (moment(clock.at) + off).replace(tzinfo=None)
            program.hear(frame(MODEL, 2 if second % LIST_S == 0 else 1, household.amps(clock.at), shown))
    return found._replace(jumps=jumps)


def _without_stamps(payload: bytes) -> object:
    value = json.loads(payload)
    return {key: each for key, each in value.items() if key not in STAMPS}


def the_same_life(part: Part) -> Tally:
    """An hour with good clocks, one under a wall clock that jumps, one told by a meter whose clock jumps."""
    logging.disable()
    tally = Tally()
    for number in range(part.cases):
        seed = f"{part.seed}/{number}"
        usual, walled, metered = life(seed, steady, steady), life(seed, anywhere, steady), life(seed, steady, whole_hours)
        if not (walled.jumps and metered.jumps and len(usual.effects) > HOUR_S // LIST_S):
            raise AssertionError("nothing jumped, or nothing happened")
        for name, other in (("wall clock", walled), ("meter's clock", metered)):
            good = usual[:2] == other[:2]
            tally = tally.plus(Tally(1, not good, example="" if good else f"another life under the {name} of {seed}"))
    return tally


def main() -> int:
    """Run the campaign."""
    given = arguments("Clocks that jump change nothing.", "hours", FAST, FULL).parse_args()
    hours = tried(the_same_life, parts(str(given.seed), wanted(given), 1))
    promise = Promise(
        "R-13",
        "clocks that jump change nothing but what they show",
        "wall ± 20 years, 1970, 2038, ± 1 h, meter ± 20 years in whole hours: effects and messages equal but for stamps, 0 exceptions",
        f"{hours.cases:,} hours with a clock that jumps every 50 s, {hours.broken} not equal",
        holds=not hours.broken,
    )
    return published(given, [promise])


if __name__ == "__main__":
    sys.exit(main())
