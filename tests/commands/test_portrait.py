"""What can be said of a meter after a moment."""

import pytest

from han_gateway.commands.portrait import portrait
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.models import METERS
from han_gateway.meters.reading import Reading
from han_gateway.meters.software_meter import write

FULL = {f"current_l{line}_ma": 1_000 for line in (1, 2, 3)} | {f"voltage_l{line}_mv": 230_000 for line in (1, 2, 3)}


def decoded(name: str, **zero: int) -> Reading:
    """What the decoder makes of a list 2 of a meter with 1 A and 230 V everywhere, but where told otherwise."""
    meter = METERS[name]
    values = FULL | zero
    reading = Reading(manufacturer="x", list=2, list_id=meter.list_id, meter_type=meter.meter_type, **values)  # type: ignore[arg-type]
    (item,) = Decoder().feed(write(meter.list2, reading))
    assert isinstance(item, Reading)
    return item


@pytest.mark.parametrize(
    ("reading", "words"),
    [
        (decoded("kaifa-tn"), "do not tell whether there is a neutral"),
        (decoded("aidon-tn"), "do not tell"),
        (decoded("kamstrup-tn"), "do not tell"),
        (decoded("kamstrup-it"), "type 6841121: three wires"),
        (decoded("kaifa-it", voltage_l2_mv=0), "the second voltage is not measured"),
        (decoded("aidon-it"), "L2's current is not measured"),
        (decoded("kaifa-tn")._replace(voltage_l1_mv=None, voltage_l2_mv=None, voltage_l3_mv=None), "do not tell"),  # as DSMR
        (decoded("kaifa-1p"), "one phase"),
        (decoded("aidon-1p"), "one phase"),
        (decoded("kamstrup-1p"), "one phase"),
        (Reading(manufacturer="kaifa", list=1, power_import_w=500), "only the power has been heard"),
    ],
)
def test_the_wires_are_told_where_the_lists_show_them(reading: Reading, words: str) -> None:
    """One phase and three wires are told by what is missing or by the type; U1 to U3 of 230 V tell nothing, and it says so."""
    assert words in portrait([(0, reading)]).wires


def test_lists_are_counted_and_their_periods_told() -> None:
    """The usual time between lists, to half a second; a list that waited in a buffer tells no period."""
    power, currents = Reading(manufacturer="kaifa", list=1, power_import_w=1), decoded("kaifa-tn")
    heard = [(0, power), (1, currents), (2_010, power), (3_990, power), (6_050, power), (10_020, currents), (12_000, power)]
    drawn = portrait(heard)

    assert drawn.lists == {1: 5, 2: 2}
    assert [drawn.power_period_s, drawn.current_period_s] == [2.0, 10.0]
    assert drawn[:3] == ("kaifa", "MA304H4", "KFM_001")
    assert drawn.voltage_v == (230, 230, 230)


def test_one_list_tells_no_period() -> None:
    """There is no period before a list has come twice."""
    assert portrait([(0, decoded("kaifa-tn"))]).current_period_s is None


@pytest.mark.parametrize(("watts", "amps", "three_wire"), [(2_070, 3, False), (1_190, 3, None), (460, 0.5, None)])
def test_a_neutral_is_proven_by_the_power(watts: int, amps: float, three_wire: bool | None) -> None:
    """More power than three wires could carry with these currents proves a neutral; less, or currents too small to tell, prove nothing."""
    currents = {f"current_l{line}_ma": round(amps * 1_000) for line in (1, 2, 3)}
    drawn = portrait([(0, decoded("kaifa-tn", power_import_w=watts, **currents))])

    assert (drawn.phases, drawn.three_wire) == (3, three_wire)
    assert ('grid = "TN"' in drawn.wires) == (three_wire is False or "do not tell" in drawn.wires)
