"""The instant of every reading of a dump that kept no times."""

from datetime import datetime, timedelta

from dlms.rejects import Reason, Rejected
from han_gateway.adapters.recording import instant_from_iso
from han_gateway.meters.clock import ClockRule, utc
from han_gateway.meters.reading import Reading, clock_octets
from han_gateway.timeline import Timeline


def reading(clock: datetime | None, number: int = 2) -> Reading:
    """A list with this clock."""
    return Reading(manufacturer="aidon", list=number, clock=clock_octets(clock))


def test_the_dumps_own_time_wins() -> None:
    """What the dump says is later than any clock of a meter."""
    timeline = Timeline()
    assert timeline.place(1_000, reading(datetime(2026, 1, 1))) == 1_000


def test_a_meters_clock_is_read_by_its_rule_in_every_hour_of_the_year() -> None:
    """Looking the offset up once an hour makes no difference, the two nights of the change included."""
    for rule in (ClockRule.STANDARD, ClockRule.LOCAL, ClockRule.UTC):
        timeline = Timeline(rule=rule)
        moment = datetime(2026, 3, 28)
        while moment < datetime(2026, 11, 1):
            expected = utc(reading(moment), rule=rule)
            if expected is not None and timeline.last is not None:
                placed = timeline.place(None, reading(moment))
                assert placed == max(timeline.last, instant_from_iso(expected.isoformat()))
            else:
                timeline.place(None, reading(moment))
            moment += timedelta(minutes=37)


def test_a_list_without_a_clock_comes_one_period_later() -> None:
    """Ten seconds where only slow lists are seen, two and a half once list 1 is there; damage takes no time."""
    timeline = Timeline()
    start = timeline.place(None, reading(datetime(2026, 1, 1)))
    assert timeline.place(None, reading(None)) == start + 10_000
    assert timeline.place(None, reading(None, 1)) == start + 12_500
    assert timeline.place(None, reading(None)) == start + 15_000
    assert timeline.place(None, Rejected(Reason.NOISE, 1)) == start + 15_000


def test_time_never_goes_back_a_little_and_breaks_when_it_jumps() -> None:
    """A clock that was set stands still; another day's dump says that it broke."""
    timeline = Timeline()
    steps = [100_000, 70_000, 10_000, 10_000 + 25 * 3_600_000, 10_000 + 25 * 3_600_000]
    seen = [(timeline.reach(step), timeline.broke) for step in steps]
    assert seen == [(100_000, False), (100_000, False), (10_000, True), (steps[3], True), (steps[3], False)]
