"""The meter's own clock, from its bytes through the controller: it is shown, and decides nothing but whether the meter repeats itself."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from dlms.rejects import Rejected
from han_gateway.core.effects import Effect, ShowReading
from han_gateway.meters.clock import utc
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.models import METERS
from han_gateway.meters.reading import Reading, clock_octets
from han_gateway.meters.software_meter import write
from tests.core.houses import Run, charger, house

METER = METERS["kaifa-tn"]
AMPS = (4, 6, 18, 21, 9, 3, 3, 14, 14, 2, 2, 2, 2, 26, 5, 5, 5, 5)
OCTOBER = datetime(2026, 10, 25, 2, 58, 50)  # summer time ends at 3
MARCH = datetime(2026, 3, 29, 1, 58, 50)  # it begins at 2

Clock = Callable[[int], datetime]


def told(moment: datetime, amps: int) -> Reading:
    """A list of this instant on the meter's clock, through the wire."""
    current = {f"current_l{line}_ma": amps * 1000 for line in (1, 2, 3)} | {f"voltage_l{line}_mv": 230_000 for line in (1, 2, 3)}
    reading = Reading(
        manufacturer="kaifa",
        list=2,
        list_id=METER.list_id,
        meter_type=METER.meter_type,
        clock=clock_octets(moment),
        power_import_w=690 * amps,
        **current,  # type: ignore[arg-type]
    )
    (item,) = Decoder().feed(write(METER.list2, reading))
    assert not isinstance(item, Rejected)
    return item


def decided(clock: Clock) -> list[tuple[int, Effect]]:
    """All that the controller did but for showing the readings, on one evening under this clock."""
    run = Run(house(charger("garage"), charger("yard")))
    for number, amps in enumerate(AMPS, 1):
        run.hear(10_000 * number, told(clock(number), amps))
    return [(at, effect) for at, effect in run.effects if not isinstance(effect, ShowReading)]


def running(start: datetime, jump: timedelta = timedelta()) -> Clock:
    """A clock that jumps once, in the middle."""
    return lambda number: start + timedelta(seconds=10 * number) + (jump if number > len(AMPS) // 2 else timedelta())


@pytest.mark.parametrize(
    "clock",
    [
        running(OCTOBER, timedelta(hours=-1)),
        running(MARCH, timedelta(hours=1)),
        running(OCTOBER, timedelta(days=-7000)),
        running(OCTOBER, timedelta(days=7000)),
        running(OCTOBER, timedelta(seconds=-10)),
    ],
    ids=["october", "march", "back to the past", "far ahead", "one clock twice"],
)
def test_a_clock_that_jumps_changes_no_decision(clock: Clock) -> None:
    """Summer time, a clock that is set, one that is lost: every limit and note is as with a clock that runs on."""
    assert decided(clock) == decided(running(datetime(2026, 1, 15, 18)))


def test_the_hour_that_comes_twice_has_a_time_live_and_none_in_a_dump() -> None:
    """In the repeated hour the arrival says which it is; without an arrival ``time`` is null rather than a guess."""
    reading = told(datetime(2026, 10, 25, 2, 30), 5)
    for hour in (0, 1):
        arrived = datetime(2026, 10, 25, hour, 30, 1, tzinfo=UTC)
        assert utc(reading, arrived=arrived) == datetime(2026, 10, 25, hour, 30, tzinfo=UTC)
    assert utc(reading) is None
