"""The promises of the what-if on a recording."""

import pytest

from han_gateway.core.site import Charger, Grid
from han_gateway.core.units import LINES, Line
from han_gateway.meters.reading import Reading
from han_gateway.simulation.whatif import NothingToGoOnError, ask, guess_grid, recorded, span, words

CAR = Charger(name="car", lines=frozenset(LINES))


def said(minutes: int, *amps: float, neutral: bool = True) -> list[tuple[int, Reading]]:
    """A steady house, a list every 10 s."""
    reading = Reading(
        manufacturer="test",
        list=2,
        power_import_w=round(sum(amps) * (230 if neutral else 125)),
        current_l1_ma=round(amps[0] * 1000),
        current_l2_ma=round(amps[1] * 1000),
        current_l3_ma=round(amps[2] * 1000),
        voltage_l1_mv=230_000,
    )
    return [(second * 1000, reading) for second in range(0, minutes * 60 + 10, 10)]


def test_the_net_shows_in_the_power() -> None:
    """With a neutral the currents are worth more."""
    assert guess_grid(said(1, 5, 6, 7)) is Grid.TN
    assert guess_grid(said(1, 5, 6, 7, neutral=False)) is Grid.IT


def test_a_house_without_currents_tells_nothing() -> None:
    """There is nothing to go on, and that is said."""
    power_only = [(at, Reading(manufacturer="test", list=1, power_import_w=500)) for at in range(0, 100_000, 2_000)]

    with pytest.raises(NothingToGoOnError, match="--grid"):
        guess_grid(power_only)
    with pytest.raises(NothingToGoOnError, match="too little"):
        recorded(power_only, Grid.TN, 25_000, CAR)


def test_room_for_all_is_said() -> None:
    """Where the car fits under the fuse anyhow, the answer is so, with the time that 16 A take."""
    told = list(words(ask(recorded(said(120, 5, 5, 5), Grid.TN, 25_000, CAR), 720), kwh=11.04))

    assert any(words.startswith("It holds") for words in told)
    assert any("Without control it would have held" in words for words in told)
    assert told[-1].endswith(("60 min.", "61 min.", "1 h 01 min.", "1 h 00 min."))


def test_one_line_is_one_line() -> None:
    """A 1-phase charger with a neutral loads one."""
    single = Charger(name="car", lines=frozenset({Line.L1}), maximum_ma=16_000)
    told = " ".join(words(ask(recorded(said(10, 5, 5, 5), Grid.TN, 25_000, single), 60), kwh=1))
    assert "with a charger of 1 line up to 16 A" in told


def test_a_house_that_is_full_is_said() -> None:
    """With 15 A of house under 25 A the car gets 10 A, and without control the fuse would be overloaded all the time."""
    answer = ask(recorded(said(60, 15, 3, 3), Grid.TN, 25_000, CAR), 360)
    told = " ".join(words(answer, kwh=100))

    assert answer.unruled.above_s[0] > 3_500
    assert answer.judged.edge_trips == 0
    assert "100 kWh are not reached" in told
    assert f"{span(answer.unruled.above_s[0])}" in told


def test_gaps_are_left_out() -> None:
    """A night without a recording is not a night without load: it does not count."""
    readings = said(10, 5, 5, 5)
    later = [(at + 8 * 3_600_000, reading) for at, reading in readings]

    assert recorded([*readings, *later], Grid.TN, 25_000, CAR).supply.seconds == 2 * 600 + 60
