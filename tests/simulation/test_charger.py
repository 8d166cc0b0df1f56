"""The promises of the charger in software."""

from hypothesis import given
from hypothesis import strategies as st

from han_gateway.core.units import LINES, Line
from han_gateway.simulation.charger import Box, is_full, passed, plugged_in, report, told

BOX = Box(name="garage", lines=frozenset(LINES), reaction_ms=3_000, watts_per_amp=690)


def test_a_car_takes_its_time() -> None:
    """A new limit flows after the reaction time, not before."""
    charge = told(BOX, passed(BOX, plugged_in(BOX, 0), 60_000), 60_000, 13_000, 60_000)

    assert [passed(BOX, charge, at).current_ma for at in (60_000, 62_999, 63_000)] == [6_000, 6_000, 13_000]


def test_below_the_minimum_it_pauses() -> None:
    """A limit under 6 A is a pause, never 5 A."""
    assert passed(BOX, told(BOX, plugged_in(BOX, 0), 10_000, 5_999, 60_000), 20_000).current_ma == 0


def test_a_car_takes_no_more_than_it_can() -> None:
    """A limit above what the car can take is obeyed by taking what it can."""
    assert passed(BOX, told(BOX, plugged_in(BOX, 0), 0, 32_000, 60_000), 10_000).current_ma == 16_000


def test_silence_brings_the_failsafe() -> None:
    """When a limit has expired and nobody spoke again, the charger goes to its failsafe current by itself."""
    charge = told(BOX, plugged_in(BOX, 0), 0, 16_000, 60_000)

    assert [passed(BOX, charge, at).current_ma for at in (59_999, 62_999, 63_000)] == [16_000, 16_000, 6_000]


def test_a_word_in_time_keeps_the_failsafe_away() -> None:
    """A limit that is repeated before it expires stays in force."""
    charge = told(BOX, told(BOX, plugged_in(BOX, 0), 0, 16_000, 60_000), 50_000, 16_000, 60_000)

    assert passed(BOX, charge, 105_000).current_ma == 16_000


def test_a_deaf_charger_nods() -> None:
    """A deaf charger reports the limit and goes on as before."""
    deaf = Box(name="deaf", lines=frozenset({Line.L2}), deaf=True)
    charge = passed(deaf, told(deaf, passed(deaf, plugged_in(deaf, 0), 5_000), 5_000, 0, 60_000), 30_000)

    assert (charge.current_ma, charge.limit_ma) == (6_000, 0)


def test_energy_adds_up() -> None:
    """An hour of 10 A on three phases of 230 V is 6,900 Wh."""
    box = Box(name="b", lines=frozenset(LINES), reaction_ms=0, watts_per_amp=690)

    assert passed(box, told(box, plugged_in(box, 0), 0, 10_000, 4_000_000), 3_600_000).session_wh == 6_900


def test_a_full_car_stops() -> None:
    """A car that has what it wanted draws nothing and says so."""
    box = Box(name="b", lines=frozenset(LINES), reaction_ms=0, wants_wh=100)
    charge = passed(box, plugged_in(box, 0), 3_600_000)

    assert is_full(box, charge)
    assert report(box, charge)["status"] == "full"
    assert charge.current_ma == 0


def test_the_report_is_the_contract() -> None:
    """A report carries current per line, status, limit and energy, in amperes and watt-hours."""
    box = Box(name="b", lines=frozenset({Line.L1, Line.L3}), reaction_ms=0)
    charge = passed(box, told(box, plugged_in(box, 0), 0, 10_000, 60_000), 1_000)

    assert report(box, charge) == {
        "current_a": {"L1": 10.0, "L2": 0.0, "L3": 10.0},
        "status": "charging",
        "limit_a": 10.0,
        "session_wh": 0,
    }


@given(
    st.lists(st.tuples(st.integers(0, 90_000), st.integers(0, 40_000)), max_size=12),
    st.lists(st.integers(0, 700_000), max_size=9),
)
def test_looking_changes_nothing(commands: list[tuple[int, int]], looks: list[int]) -> None:
    """How often somebody looks at a charge changes nothing of it: time passes the same in one step or in many."""
    seldom = often = plugged_in(BOX, 0)
    at = 0
    for gap, limit_ma in commands:
        at += gap
        for look in sorted(look for look in looks if often.at <= look <= at):
            often = passed(BOX, often, look)
        seldom, often = told(BOX, seldom, at, limit_ma, 60_000), told(BOX, often, at, limit_ma, 60_000)

    assert passed(BOX, seldom, 2_000_000) == passed(BOX, often, 2_000_000)
