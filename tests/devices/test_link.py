"""A charger and its make: units, rounding, and the words of the last will."""

from dataclasses import replace

import pytest

from han_gateway.core.site import Charger
from han_gateway.core.units import LINES, Line, PerLine
from han_gateway.devices.link import Link, admissible, fed_values, restart, safe, safes, values_of
from han_gateway.devices.makes import DEVICES
from han_gateway.devices.record import Device

CHARGER = Charger(name="garage", lines=frozenset(LINES))
LINK = Link(charger=CHARGER, device=DEVICES["go-e"], base="han/home/chargers/garage", identity="go-eCharger/1")
SWAPPED = replace(LINK, charger=Charger(name="garage", lines=frozenset(LINES), order=(Line.L2, Line.L3, Line.L1)))


@pytest.mark.parametrize(
    ("three_wire", "lines", "watts", "phases"),
    [(False, 1, 2_297, 1), (False, 2, 4_595, 3), (False, 3, 6_893, 3), (True, 2, 2_297, 1), (True, 3, 3_979, 3)],
)
def test_a_limit_in_watts(three_wire: bool, lines: int, watts: int, phases: int) -> None:
    """At 230 V, rounded down: line to neutral with a neutral, line to line without."""
    link = replace(LINK, three_wire=three_wire)
    values = values_of(link, frozenset(LINES[:lines]), 9_990, 7)
    assert (values["watts"], values["phases"], values["epoch_s"]) == (watts, phases, 7)
    assert (values["amps"], values["deciamps"], values["milliamps"]) == (9, 99, 9_990)


def test_a_net_has_a_neutral_unless_it_is_said_to_have_none() -> None:
    """Three lines are worth three voltages to neutral."""
    assert values_of(LINK, frozenset(LINES), 10_000, 0)["watts"] == 6_900


def test_terminals_are_the_chargers_own() -> None:
    """L1 of a charger that is wired to L2 hears what is for L2."""
    values = values_of(SWAPPED, frozenset({Line.L2}), 10_000, 0)
    assert [values[f"l{place}_amps"] for place in (1, 2, 3)] == [10, 0, 0]
    fed = fed_values(SWAPPED, PerLine(1_000, 2_000, 3_000), None)
    assert [fed[f"l{place}_deciamps"] for place in (1, 2, 3)] == [20, 30, 10]


def test_what_the_house_draws_is_rounded_up() -> None:
    """A feed says rather too much than too little, also of what flows out; what is unknown is left out."""
    fed = fed_values(LINK, PerLine[int | None](8_001, None, -8_099), -5)
    assert fed == {"l1_deciamps": 81, "l3_deciamps": -80, "house_w": -5}


def test_a_charger_is_told_nothing_that_it_cannot_take() -> None:
    """Above its most it hears its most, below its least a pause."""
    assert [admissible(LINK, limit) for limit in (0, 5_999, 6_000, 31_900, 40_000)] == [0, 0, 6_000, 31_900, 32_000]


@pytest.mark.parametrize("device", DEVICES.values(), ids=DEVICES.keys())
@pytest.mark.parametrize("fallback_ma", [0, 6_000])
def test_the_last_will_is_one_whole_message(device: Device, fallback_ma: int) -> None:
    """Whatever the make: the words of its last will are filled in, not retained, and sent for certain."""
    will = safe(replace(LINK, device=device, charger=replace(CHARGER, fallback_ma=fallback_ma)))
    assert "<" not in will.topic + will.payload.decode()
    assert (will.qos, will.retain) == (1, False)


def test_the_last_will_says_the_fallback() -> None:
    """A go-e is told its fallback current, or to stop if that is a pause."""
    assert safe(LINK)[:2] == ("go-eCharger/1/amp/set", b"6")
    assert safe(replace(LINK, charger=replace(CHARGER, fallback_ma=0)))[:2] == ("go-eCharger/1/frc/set", b"1")


def test_the_last_will_names_no_time() -> None:
    """It is written long before it is said, so its time is that of nobody's clock."""
    assert b'"timestamp":0,' in safe(replace(LINK, device=DEVICES["openwb"])).payload


def test_only_who_needs_it_is_guarded() -> None:
    """The broker speaks for us only to chargers that have no failsafe."""
    assert safes([LINK]) == {}
    assert list(safes([replace(LINK, guarded=True)])) == ["garage"]


def test_a_restart_in_its_own_words() -> None:
    """Who can be restarted over MQTT is, by one message that does not wait; who cannot has none."""
    message = restart(LINK)
    assert message is not None
    assert (message.topic, message.payload, message.retain) == ("go-eCharger/1/rst/set", b"true", False)
    assert message.expiry_s == 10
    assert restart(replace(LINK, device=DEVICES["smartevse"])) is None
