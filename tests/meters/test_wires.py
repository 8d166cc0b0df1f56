"""What a list shows of the net."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from han_gateway.meters.decoder import Decoder
from han_gateway.meters.reading import Reading
from han_gateway.meters.wires import Wires, wires
from tests.frames import real_frames, twelve_hours

CURRENTS = {"current_l1_ma": 3_000, "current_l2_ma": 3_000, "current_l3_ma": 3_000}
VOLTAGES = {"voltage_l1_mv": 230_000, "voltage_l2_mv": 230_000, "voltage_l3_mv": 230_000}


def shown(fields: Mapping[str, int | None], manufacturer: str = "any", meter_type: str | None = None) -> Wires | None:
    """What a list of 3 A and 230 V on each line shows, but for these fields."""
    values = {**CURRENTS, **VOLTAGES, **fields}
    return wires(Reading(manufacturer=manufacturer, list=2, **values), meter_type)  # type: ignore[arg-type]


@pytest.mark.parametrize("missing", ["current_l2_ma", "voltage_l2_mv"])
def test_what_is_missing_between_two_others_was_not_measured(missing: str) -> None:
    """I2 or U2 alone is left out where there is no neutral."""
    found = shown({missing: None})
    assert found is not None
    assert not found.neutral


@pytest.mark.parametrize(
    "missing",
    [
        {"voltage_l1_mv": None, "voltage_l2_mv": None, "voltage_l3_mv": None},
        {"voltage_l2_mv": None, "voltage_l3_mv": None, "current_l2_ma": None, "current_l3_ma": None},
        {"current_l1_ma": None, "current_l2_ma": None, "current_l3_ma": None},
        {"current_l1_ma": None, "current_l2_ma": None},
        {"voltage_l1_mv": None, "voltage_l2_mv": None},
        {},
    ],
)
def test_a_list_without_voltages_or_of_one_phase_tells_nothing(missing: dict[str, int | None]) -> None:
    """A P1 telegram without voltages (some DSMR meters send none) is no three-wire net, nor is a meter of one phase."""
    assert shown(missing) is None


@pytest.mark.parametrize(
    ("manufacturer", "meter_type", "three_wire"),
    [
        ("kaifa", "MA304H3E", True),
        ("kaifa", "MA304H4", False),
        ("aidon", "6525", True),
        ("aidon", "6534", False),
        ("kamstrup", "6841121BN243101040", True),
        ("kamstrup", "6841131BN243101040", False),
        ("sagemcom", "6525", False),
    ],
)
def test_a_type_for_three_wires_shows_it(manufacturer: str, meter_type: str, three_wire: bool) -> None:
    """Whether this list names it or another did; a list without currents is left alone."""
    expected = Wires(neutral=False, by=f"type {meter_type[:7]}") if three_wire else None
    assert shown({}, manufacturer, meter_type) == expected
    assert wires(Reading(manufacturer=manufacturer, list=2, meter_type=meter_type, **CURRENTS | VOLTAGES)) == expected  # type: ignore[arg-type]
    assert wires(Reading(manufacturer=manufacturer, list=1, meter_type=meter_type, power_import_w=9)) is None


@pytest.mark.parametrize(("watts", "milliamps", "neutral"), [(1_553, 3_000, True), (1_552, 3_000, False), (460, 666, False)])
def test_more_power_than_three_wires_carry_shows_a_neutral(watts: int, milliamps: int, neutral: bool) -> None:
    """From three quarters of U times all currents together on, of 2 A and more."""
    found = shown({"power_import_w": watts, **dict.fromkeys(CURRENTS, milliamps)})
    assert (found is not None and found.neutral) is neutral


def test_power_that_is_not_sent_or_sold_shows_nothing() -> None:
    """Neither does a power without its currents."""
    assert shown({"power_import_w": None}) is None
    assert shown({"power_import_w": 0}) is None
    assert shown({"power_import_w": 9_000, "current_l3_ma": None}) is None
    assert shown({"power_import_w": 9_000, **dict.fromkeys(VOLTAGES)}) is None


@pytest.mark.recordings
def test_no_real_frame_shows_another_net_than_its_own(recordings: Path) -> None:
    """Where the net of a real meter is known, nothing that its lists show contradicts it; of each kind of net some show it."""
    proofs = [
        (frame.grid, shown.neutral)
        for frame in real_frames(recordings)
        for item in Decoder().feed(frame.raw)
        if frame.grid and isinstance(item, Reading) and (shown := wires(item))
    ]
    assert set(proofs) == {("TN", True), ("IT", False)}
    assert len(proofs) > 20


@pytest.mark.recordings
def test_power_and_currents_of_two_moments_are_a_matter_of_one_list(recordings: Path) -> None:
    """In 12.8 hours of a house on three wires a kettle came between the two only once: six lists in a row are no kettle (``core``)."""
    lists = [item for item in Decoder().feed(twelve_hours(recordings)) if isinstance(item, Reading) and item.has_currents]
    assert {shown is not None and not shown.neutral for shown in map(wires, lists)} == {True}

    by_power_alone = [wires(each._replace(meter_type=None, voltage_l2_mv=230_000)) is not None for each in lists]
    assert len(lists) > 4_000
    assert sum(by_power_alone) <= 1
