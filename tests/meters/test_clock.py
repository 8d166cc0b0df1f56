"""From a meter's wall clock to UTC."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlms.cosem import ClockStyle, build_date_time
from han_gateway.meters.clock import ClockRule, hours_off, utc
from han_gateway.meters.reading import Reading

WINTER, SUMMER = datetime(2021, 11, 25, 23, 0, 55), datetime(2021, 7, 25, 23, 0, 55)
GAP, TWICE = datetime(2021, 3, 28, 2, 30), datetime(2021, 10, 31, 2, 30)
ONE, TWO = timedelta(hours=1), timedelta(hours=2)


def reading(clock: datetime | None, rule: ClockRule | None = None) -> Reading:
    """Give a reading that has a clock and nothing else."""
    octets = None if clock is None else build_date_time(clock, ClockStyle())
    return Reading(manufacturer="kaifa", list=1, clock=octets, clock_rule=rule)


def at(clock: datetime, behind: timedelta) -> datetime:
    """Give the UTC of a clock that is so far ahead of it."""
    return (clock - behind).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("clock", "rule", "expected"),
    [
        (WINTER, ClockRule.STANDARD, at(WINTER, ONE)),
        (SUMMER, ClockRule.STANDARD, at(SUMMER, ONE)),
        (GAP, ClockRule.STANDARD, at(GAP, ONE)),
        (TWICE, ClockRule.STANDARD, at(TWICE, ONE)),
        (WINTER, ClockRule.LOCAL, at(WINTER, ONE)),
        (SUMMER, ClockRule.LOCAL, at(SUMMER, TWO)),
        (GAP, ClockRule.LOCAL, None),
        (TWICE, ClockRule.LOCAL, None),
        (TWICE - ONE, ClockRule.LOCAL, at(TWICE - ONE, TWO)),
        (TWICE + ONE, ClockRule.LOCAL, at(TWICE + ONE, ONE)),
        (GAP - ONE, ClockRule.LOCAL, at(GAP - ONE, ONE)),
        (GAP + ONE, ClockRule.LOCAL, at(GAP + ONE, TWO)),
        (SUMMER, ClockRule.SUMMER, at(SUMMER, TWO)),
        (TWICE, ClockRule.SUMMER, at(TWICE, TWO)),
        (SUMMER, ClockRule.UTC, at(SUMMER, timedelta())),
        (WINTER, None, at(WINTER, ONE)),
        (SUMMER, None, None),
        (TWICE, None, None),
        (None, ClockRule.LOCAL, None),
    ],
)
def test_rules(clock: datetime | None, rule: ClockRule | None, expected: datetime | None) -> None:
    """Each rule gives its UTC, by habit of the vendor and by configuration; None in hours that tell nothing."""
    assert utc(reading(clock, rule)) == expected
    if rule is not None:
        assert utc(reading(clock, ClockRule.UTC), rule=rule) == expected


def test_the_zone_is_configured() -> None:
    """A meter in Finland is an hour ahead of one in Norway; one in Portugal or Ireland shows UTC in winter."""
    assert utc(reading(SUMMER, ClockRule.LOCAL), zone="Europe/Helsinki") == at(SUMMER, timedelta(hours=3))
    assert utc(reading(SUMMER, ClockRule.STANDARD), zone="Europe/Helsinki") == at(SUMMER, TWO)
    for zone in ("Europe/Lisbon", "Europe/Dublin"):
        assert utc(reading(WINTER, ClockRule.STANDARD), zone=zone) == at(WINTER, timedelta())
        assert utc(reading(SUMMER, ClockRule.STANDARD), zone=zone) == at(SUMMER, timedelta())
        assert utc(reading(SUMMER, ClockRule.LOCAL), zone=zone) == at(SUMMER, ONE)


@pytest.mark.parametrize("hours", range(-1, 5))
@pytest.mark.parametrize("rule", [None, ClockRule.STANDARD, ClockRule.LOCAL])
def test_the_arrival_decides_which_hour(hours: int, rule: ClockRule | None) -> None:
    """Live, a clock that is whole hours off is put right by when its list arrived, also in the hour that occurs twice."""
    for clock in (WINTER, SUMMER, TWICE, GAP):
        for late in (timedelta(minutes=-9), timedelta(), timedelta(seconds=70), timedelta(minutes=10)):
            arrived = at(clock, timedelta(hours=hours)) + late
            assert utc(reading(clock, rule), arrived=arrived) == at(clock, timedelta(hours=hours))


def test_a_configured_rule_wins() -> None:
    """What the owner configured is not put right by the arrival."""
    arrived = at(SUMMER, TWO)

    assert utc(reading(SUMMER), rule=ClockRule.STANDARD, arrived=arrived) == at(SUMMER, ONE)


def test_a_clock_that_is_plainly_wrong_keeps_its_rule() -> None:
    """A clock that no whole hours explain is translated by its rule."""
    hours = (timedelta(hours=4), timedelta(hours=-3))  # it would be two behind UTC, or five ahead
    for wrong in (*hours, timedelta(minutes=30), timedelta(minutes=10, seconds=1), timedelta(minutes=-10, seconds=-1)):
        arrived = at(SUMMER, TWO) + wrong

        assert utc(reading(SUMMER, ClockRule.LOCAL), arrived=arrived) == at(SUMMER, TWO)
        assert utc(reading(SUMMER), arrived=arrived) is None


def test_hours_off() -> None:
    """A clock that was moved by an hour is told apart from one that is right, and from one that is wrong."""
    assert hours_off(reading(SUMMER, ClockRule.LOCAL), None, "Europe/Oslo", at(SUMMER, TWO)) == 0
    assert hours_off(reading(SUMMER, ClockRule.LOCAL), None, "Europe/Oslo", at(SUMMER, ONE)) == -1
    assert hours_off(reading(SUMMER, ClockRule.STANDARD), None, "Europe/Oslo", at(SUMMER, TWO)) == 1
    assert hours_off(reading(SUMMER, ClockRule.STANDARD), ClockRule.LOCAL, "Europe/Oslo", at(SUMMER, TWO)) == 0
    assert hours_off(reading(SUMMER, ClockRule.LOCAL), None, "Europe/Oslo", at(SUMMER, TWO) + ONE / 2) is None
    assert hours_off(reading(SUMMER), None, "Europe/Oslo", at(SUMMER, TWO)) is None
    assert hours_off(reading(None, ClockRule.LOCAL), None, "Europe/Oslo", at(SUMMER, TWO)) is None


@given(st.binary(min_size=12, max_size=12), st.sampled_from([None, *ClockRule]), st.sampled_from(["Europe/Oslo", "Pacific/Apia"]))
def test_any_clock_of_a_wire(octets: bytes, rule: ClockRule | None, zone: str) -> None:
    """No clock on a wire makes it raise, and what it gives is aware."""
    lost = Reading(manufacturer="kaifa", list=1, clock=octets)
    for arrived in (None, datetime(2026, 1, 1, tzinfo=UTC)):
        moment = utc(lost, rule=rule, zone=zone, arrived=arrived)
        assert moment is None or moment.utcoffset() == timedelta()


@pytest.mark.parametrize("year", [0, 1, 2, 9998, 9999])
@pytest.mark.parametrize(("month", "day", "hour"), [(1, 1, 0), (12, 31, 23)])
def test_the_ends_of_the_calendar(year: int, month: int, day: int, hour: int) -> None:
    """A clock at an end of the calendar gives a time or none, under every rule."""
    octets = year.to_bytes(2, "big") + bytes((month, day, 1, hour, 30, 0, 0xFF, 0x80, 0, 0))
    for rule in ClockRule:
        for arrived in (None, datetime(2026, 1, 1, tzinfo=UTC)):
            utc(Reading(manufacturer="kaifa", list=1, clock=octets, clock_rule=rule), arrived=arrived)
