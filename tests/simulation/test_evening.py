"""The promises of a simulated evening."""

from datetime import datetime

import pytest

from han_gateway.core.site import Grid
from han_gateway.core.units import LINES, Line
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.reading import Reading
from han_gateway.simulation.charger import Box
from han_gateway.simulation.evening import Evening, Plug, Said, Sent, bytes_of, due, unfold
from han_gateway.simulation.house import Appliance, House, Spell

L1, L2, L3 = LINES


def evening(
    meter: str = "kaifa-tn", minutes: int = 2, begins: datetime = datetime(2026, 1, 15, 17, 30), plug: Plug | None = None
) -> Evening:
    """An evening with a single heater of 2,300 W on L1, or between L1 and L2 where there is no neutral."""
    grid = Grid.IT if meter.endswith("-it") else Grid.TN
    lines = frozenset({L1, L2}) if grid.three_wire else frozenset({L1})
    heater = Appliance(name="heater", lines=lines, watts=2_300, spells=(Spell(0, 10**9),))
    return Evening(meter=meter, house=House(grid=grid, appliances=(heater,)), begins=begins, minutes=minutes, plug=plug)


def lists(of: Evening) -> list[tuple[int, int]]:
    """Give the instants and numbers of the lists."""
    return [(said.at, said.reading.list) for said in unfold(of) if isinstance(said, Sent)]


@pytest.mark.parametrize(
    ("meter", "expected"),
    [
        ("kaifa-tn", [(0, 2), (2_000, 1), (4_000, 1), (6_000, 1), (8_000, 1), (10_000, 2)]),
        ("aidon-tn", [(0, 2), (2_500, 1), (5_000, 1), (7_500, 1), (10_000, 2)]),
        ("kamstrup-tn", [(0, 2), (10_000, 2)]),
    ],
)
def test_each_make_has_its_rhythm(meter: str, expected: list[tuple[int, int]]) -> None:
    """Lists of power come between the lists with currents, at the period of the make or not at all."""
    assert [sent for sent in lists(evening(meter)) if sent[0] <= 10_000] == expected


@pytest.mark.parametrize(
    ("meter", "expected"),
    [
        ("kaifa-tn", [(600_000, 2), (610_000, 3), (620_000, 2)]),
        ("aidon-tn", [(600_000, 2), (610_000, 3), (620_000, 2)]),
        ("kamstrup-tn", [(600_000, 2), (605_000, 3), (610_000, 2), (620_000, 2)]),
        ("e350-it", [(600_000, 2), (610_000, 2), (620_000, 2)]),
    ],
)
def test_the_hourly_list(meter: str, expected: list[tuple[int, int]]) -> None:
    """Ten seconds after the hour the list of energies replaces the other; a Kamstrup sends one more; an E350 has none."""
    sent = lists(evening(meter, minutes=11, begins=datetime(2026, 1, 15, 17, 50)))

    assert [(at, number) for at, number in sent if 600_000 <= at <= 620_000 and number > 1] == expected


def test_aidon_writes_the_full_hour() -> None:
    """The clock in Aidon's hourly list shows the hour, not the second at which it is sent."""
    hourly = [
        said.reading
        for said in unfold(evening("aidon-tn", minutes=11, begins=datetime(2026, 1, 15, 17, 50)))
        if isinstance(said, Sent) and said.reading.list == 3
    ]

    assert [reading.meter_time for reading in hourly] == [datetime(2026, 1, 15, 18)]


def test_the_counter_counts() -> None:
    """After ten minutes of 2,300 W the counter of energy has grown by 383 Wh."""
    readings = [said.reading for said in unfold(evening(minutes=11)) if isinstance(said, Sent)]
    at_ten = next(reading for reading in readings if reading.meter_time == datetime(2026, 1, 15, 17, 40))

    assert at_ten.energy_import_wh is not None
    assert at_ten.energy_import_wh - 12_345_670 == 383


def test_a_frame_takes_its_time_on_the_wire() -> None:
    """A list arrives with its closing flag: at 2400 baud a Kaifa list 2 of 122 bytes takes 0.56 s, 11 bits a byte."""
    at, frame = next(bytes_of(evening()))

    assert isinstance(frame, bytes)
    assert at == round(len(frame) * 11 / 2.4)
    assert isinstance(Decoder().feed(frame)[0], Reading)


def test_a_list_that_a_meter_does_not_have_is_refused() -> None:
    """Nobody can make a Kamstrup send a list 1."""
    with pytest.raises(ValueError, match="kamstrup-tn sends no list 1"):
        evening("kamstrup-tn").model.say(1, Reading(manufacturer="kamstrup", list=1))


def test_nothing_is_due_between_the_lists() -> None:
    """At an odd second a Kaifa is silent."""
    assert due(evening(), 1_000) is None


def test_a_car_comes_and_reports() -> None:
    """A car draws from its reaction time after it came, on its lines, and its charger reports every ten seconds from then on."""
    box = Box(name="garage", lines=frozenset({Line.L2}), reaction_ms=3_000)
    said = list(unfold(evening(plug=Plug(box, 60_000, ((80_000, 10_000),)))))
    l2 = {sent.at: sent.reading.current_l2_ma for sent in said if isinstance(sent, Sent) and sent.reading.list == 2}

    assert [round(l2[at] or 0, -2) for at in (50_000, 60_000, 70_000, 80_000, 90_000)] == [0, 0, 6_000, 6_000, 10_000]
    assert [report.at for report in said if isinstance(report, Said)] == list(range(60_000, 120_000, 10_000))
