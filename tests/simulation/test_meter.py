"""The promises of the meter on the wall."""

import random
from datetime import datetime

import pytest

from han_gateway.core.events import MeterGarbled, MeterSaid
from han_gateway.core.units import PerLine
from han_gateway.meters.models import MODELS
from han_gateway.simulation.meter import Meter, Trouble

# An E350's list 1 looks like an Aidon's until its list 2 has been heard; no class of houses has one.
OF_HOUSES = ("kaifa-tn", "kaifa-it", "aidon-tn", "aidon-it", "kamstrup-tn", "kamstrup-it")


def anything(rng: random.Random) -> PerLine[complex]:
    """Line currents, some of them exporting, some tiny."""
    return PerLine(*(complex(rng.uniform(-9, 60), rng.uniform(-5, 5)) * rng.choice((1, 1, 0.01)) for _ in range(3)))


@pytest.mark.parametrize("model", OF_HOUSES)
def test_the_fast_way_says_what_the_wire_says(model: str) -> None:
    """Whatever flows, both ways give the very same reading at the very same instant."""
    rng = random.Random(model)
    fast, faithful = Meter(model), Meter(model, faithful=True)
    for first, period in fast.rhythm:
        for number in range(200):
            at, amps = first + period * number, anything(rng)
            assert fast.say(at, amps) == faithful.say(at, amps)


@pytest.mark.parametrize("model", [name for name, each in MODELS.items() if each.phases == 3 and name != "e350-it"])
def test_every_model_is_heard(model: str) -> None:
    """Any meter of three phases can stand in a house: each of its lists is read, with the currents that flow."""
    meter = Meter(model, faithful=True)
    amps = PerLine(9 + 1j, 17 - 2j, 4 + 0.5j)
    heard = [meter.say(meter.model.list2_period_ms * number, amps).event for number in range(1, 5)]

    for event in heard:
        assert isinstance(event, MeterSaid)
        assert all(ma is None or abs(ma - 1000 * abs(so)) <= 500 for ma, so in zip(event.reading.current_ma, amps, strict=True))


@pytest.mark.parametrize(("model", "second", "clock"), [("kaifa-tn", 10, 10), ("aidon-it", 10, 0), ("kamstrup-tn", 5, 5)])
def test_once_an_hour_the_list_has_energy(model: str, second: int, clock: int) -> None:
    """Kaifa and Aidon send list 3 in place of a list 2, Kamstrup beside them; an Aidon's clock shows the full hour."""
    meter, amps = Meter(model), PerLine(1 + 0j, 1 + 0j, 1 + 0j)
    due = {at for first, period in meter.rhythm for at in range(first, 7_200_000, period)}
    hourly = sorted(at for at in due if meter.number(at) == 3)
    event = meter.say(hourly[1], amps).event

    assert hourly == [second * 1000, 3_600_000 + second * 1000]
    assert isinstance(event, MeterSaid)
    assert event.reading.list == 3
    assert event.reading.meter_time == datetime(2026, 1, 12, 1, 0, clock)
    assert meter.number(20_000) == 2


def test_a_damaged_frame_is_rejected_by_the_decoder() -> None:
    """Faithful damage is real damage."""
    heard = Meter("kaifa-tn", trouble=Trouble(damaged=1.0), faithful=True).say(10_000, PerLine(1 + 0j, 1 + 0j, 1 + 0j))

    assert not isinstance(heard.event, MeterSaid)


@pytest.mark.parametrize("faithful", [True, False])
def test_nothing_arrives_in_an_outage(faithful: bool) -> None:
    """What is sent while the line is dead is lost without a trace."""
    meter = Meter("kaifa-tn", trouble=Trouble(outages=((20, 30),)), faithful=faithful)
    amps = PerLine(1 + 0j, 1 + 0j, 1 + 0j)

    assert [meter.say(at, amps).event is None for at in (10_000, 20_000, 28_000, 30_000)] == [False, True, True, False]


def test_a_share_of_frames_is_lost() -> None:
    """The share that is said, and in both ways the same ones."""
    amps = PerLine(1 + 0j, 1 + 0j, 1 + 0j)
    meters = [Meter("kamstrup-tn", trouble=Trouble(damaged=0.03), seed=5, faithful=faithful) for faithful in (True, False)]
    lost = [
        [at for at in range(10_000, 10_000_000, 10_000) if isinstance(meter.say(at, amps).event, MeterGarbled | None)]
        for meter in meters
    ]

    assert lost[0] == lost[1]
    assert 15 < len(lost[0]) < 50


def test_a_list_arrives_after_it_was_sent() -> None:
    """2400 baud: a list with currents takes about a second, a list 1 a fifth of one, a list 3 of an Aidon nearly two."""
    amps = PerLine(1 + 0j, 1 + 0j, 1 + 0j)
    meter = Meter("aidon-tn")

    assert 1_000 < meter.say(20_000, amps).at - 20_000 < 1_500
    assert 100 < meter.say(12_500, amps).at - 12_500 < 300
