"""The date-time of 12 octets."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlms.cosem import DATE_TIME_SIZE, ClockStyle, build_date_time, clock_style, wall_clock

clocks = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31)).map(lambda moment: moment.replace(microsecond=0))
styles = st.builds(
    ClockStyle,
    sunday=st.sampled_from([0, 7]),
    deviation=st.integers(-0x8000, 0x7FFF),
    status=st.integers(0, 255),
    hundredths=st.integers(0, 255),
)
GOOD = bytes.fromhex("07e50b19041700 37 ff8000 00".replace(" ", ""))


@given(clocks, styles)
def test_the_wall_clock_is_read_back(clock: datetime, style: ClockStyle) -> None:
    """Whatever stands around it, the wall clock is what was written."""
    octets = build_date_time(clock, style)

    assert len(octets) == DATE_TIME_SIZE
    assert wall_clock(octets) == clock


@given(clocks, styles)
def test_the_style_is_read_back(clock: datetime, style: ClockStyle) -> None:
    """What stands around a wall clock is read back; the number of a Sunday on Sundays."""
    sunday = style.sunday if clock.isoweekday() == 7 else 7

    assert clock_style(build_date_time(clock, style)) == style._replace(sunday=sunday)


@given(clocks, styles, st.binary(max_size=9))
def test_a_clock_is_read_where_it_stands(clock: datetime, style: ClockStyle, before: bytes) -> None:
    """A clock inside a frame is read at its offset."""
    assert wall_clock(before + build_date_time(clock, style) + b"\xff", len(before)) == clock


def test_a_known_clock() -> None:
    """25 November 2021 is a Thursday, and the octets are those of a real meter's style."""
    assert wall_clock(GOOD) == datetime(2021, 11, 25, 23, 0, 55)
    assert build_date_time(datetime(2021, 11, 25, 23, 0, 55), ClockStyle()) == GOOD


@pytest.mark.parametrize(("sunday", "octet"), [(0, 0), (7, 7)])
def test_sunday_is_0_or_7(sunday: int, octet: int) -> None:
    """A Sunday is written as the meter numbers it, and a Saturday is 6 for everybody."""
    assert build_date_time(datetime(2024, 10, 27), ClockStyle(sunday=sunday))[4] == octet
    assert build_date_time(datetime(2024, 10, 26), ClockStyle(sunday=sunday))[4] == 6


@pytest.mark.parametrize("place", [2, 3, 5, 6, 7])
def test_a_field_that_is_not_specified_is_no_clock(place: int) -> None:
    """A month, day, hour, minute or second of FF gives no clock."""
    assert wall_clock(GOOD[:place] + b"\xff" + GOOD[place + 1 :]) is None


@pytest.mark.parametrize("year", [0, 1, 9999, 0xFFFF])
def test_a_year_without_neighbours_is_no_clock(year: int) -> None:
    """A year that is not specified, impossible, or at an end of the calendar, where UTC would fall off it, gives no clock."""
    assert wall_clock(year.to_bytes(2, "big") + GOOD[2:]) is None


@pytest.mark.parametrize("place", [4, 8, 9, 10, 11])
def test_what_nobody_needs_is_not_validated(place: int) -> None:
    """Weekday, hundredths, deviation and status may be anything: meters disagree about them."""
    assert wall_clock(GOOD[:place] + b"\x77" + GOOD[place + 1 :]) == datetime(2021, 11, 25, 23, 0, 55)


def test_a_day_that_does_not_exist_is_no_clock() -> None:
    """30 February gives no clock."""
    assert wall_clock(bytes.fromhex("07e5021e041700ffff800000")) is None


@given(st.binary(max_size=20))
def test_any_octets_give_a_clock_or_none(octets: bytes) -> None:
    """No octets make the reader raise."""
    clock = wall_clock(octets)

    assert clock is None or clock.tzinfo is None
