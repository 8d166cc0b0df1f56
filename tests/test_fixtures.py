"""The promises of the fixtures: made by the script, readable, and no damage yields a reading or costs a neighbour."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from dlms.ciphering import Keys
from dlms.rejects import Reason, Rejected
from fixtures.damage import DAMAGES, Damage
from fixtures.every_list import METER_ID, frames
from fixtures.make import DEMO, EVENINGS, FOLDER, Row, decoded, evening, files, frames_of
from han_gateway.adapters.recording import Said, read_recording
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.models import METERS, MODELS
from han_gateway.meters.reading import Reading
from han_gateway.simulation.evening import Sent, unfold

HARMLESS = {"flags", "noise", "repeated", "in-pieces", "byte-by-byte", "text", "no-closing-flag", "no-flags"}
"""Where the frames themselves are whole, or whole again with the flags of their neighbours."""

ENERGY_ALONE = {"iskra-energy", "iskra-tariffs"}


def stored(name: str) -> bytes:
    """Give the file as it lies in the repository."""
    return (FOLDER / f"{name}.han").read_bytes()


def test_the_script_makes_what_is_there() -> None:
    """Every file of fixtures/ is, byte for byte, what scripts/make-fixtures writes, and there is no other."""
    made = files()
    there = {path.relative_to(FOLDER) for path in FOLDER.rglob("*") if path.is_file() and path.suffix in {".han", ".md"}}

    assert [str(path) for path, content in made.items() if (FOLDER / path).read_bytes() != content] == []
    assert there == {*made, Path("demo-evening.han")} - {DEMO}


def test_the_fixtures_stay_small() -> None:
    """A clone costs little: no fixture over 300 kB, all of them below 4 MB."""
    sizes = [path.stat().st_size for path in FOLDER.rglob("*.han")]

    assert max(sizes) <= 300_000
    assert sum(sizes) <= 4_000_000


@pytest.mark.parametrize("row", EVENINGS, ids=lambda row: row.name)
def test_an_evening_decodes_to_what_the_house_drew(row: Row) -> None:
    """Every frame of an evening is read, and says what was true, within what its meter's lists resolve."""
    number = EVENINGS.index(row) + 1
    truth = [said.reading for said in unfold(evening(row, number)) if isinstance(said, Sent)]
    readings, rejects = decoded(stored(row.name), MODELS[row.meter].keys)

    assert rejects == Counter()
    assert len(readings) == len(truth)
    for reading, true in zip(readings, truth, strict=True):
        assert_told_the_truth(reading, true)


@pytest.mark.parametrize("name", sorted(frames()))
def test_every_list_has_a_file_that_is_read(name: str) -> None:
    """The file of each list gives one reading, by a decoder that knows nothing; where it carries the power, the power is right."""
    (reading,), rejects = decoded(stored(f"lists/{name}"))

    assert rejects == Counter()
    assert reading.power_import_w == (None if name in ENERGY_ALONE else 3_450)
    assert (reading.meter_id or METER_ID).startswith(("99", "18"))
    assert reading.current_l1_ma in (None, 5_000, 15_000)


@pytest.mark.parametrize("row", [row for row in EVENINGS if MODELS[row.meter].keys], ids=lambda row: row.name)
def test_an_encrypted_evening_says_nothing_without_its_key(row: Row) -> None:
    """Without a key every list is rejected as encrypted, and named by its system title; with another key nothing opens."""
    lists = frames_of(stored(row.name))
    decoder = Decoder()
    told = [item for data in lists for item in decoder.feed(data)] + decoder.close()
    meter = METERS[row.meter]
    assert meter.sealing
    named = meter.sealing.system_title.hex().upper()
    title = f"system title {named}" if named else "no system title"
    readings, rejects = decoded(stored(row.name), Keys(bytes(16)))

    assert [item[::2] for item in told if isinstance(item, Rejected)] == [(Reason.ENCRYPTED, title)] * len(lists)
    assert (readings, rejects) == ([], Counter({Reason.WRONG_KEY.value: len(lists)}))


def assert_told_the_truth(reading: Reading, true: Reading) -> None:
    """Compare what was read with what was so, where the list carries it."""
    assert reading.manufacturer == true.manufacturer
    assert reading.power_import_w == true.power_import_w
    for read, so in zip((*reading.current_ma, *reading.voltage_mv), (*true.current_ma, *true.voltage_mv), strict=True):
        assert read is None or so is None or abs(read - so) <= 500
    assert reading.meter_id in (None, true.meter_id)
    assert reading.meter_time in (None, true.meter_time)
    assert (
        reading.energy_import_wh is None
        or true.energy_import_wh is None
        or abs(reading.energy_import_wh - true.energy_import_wh) <= 5
    )


@pytest.mark.parametrize(
    ("name", "absent"),
    [
        ("evening-kaifa-it", {"voltage_l2_mv"}),
        ("evening-aidon-it", {"current_l2_ma"}),
        ("evening-e350-it", {"current_l2_ma", "voltage_l2_mv"}),
        ("evening-kamstrup-it", set[str]()),
        (
            "evening-kamstrup-1p",
            {f"{kind}_l{line}_{unit}" for line in (2, 3) for kind, unit in (("current", "ma"), ("voltage", "mv"))},
        ),
    ],
)
def test_what_a_meter_does_not_measure_is_absent(name: str, absent: set[str]) -> None:
    """In the recordings of three-wire nets and of one phase, what the meter leaves out is None in every list 2."""
    readings = [reading for reading in decoded(stored(name))[0] if reading.list == 2]
    measured = [f"{kind}_l{line}_{unit}" for kind, unit in (("current", "ma"), ("voltage", "mv")) for line in (1, 2, 3)]

    assert readings
    assert all({field for field in measured if getattr(reading, field) is None} == absent for reading in readings)


@pytest.mark.parametrize("row", EVENINGS, ids=lambda row: row.name)
def test_lists_come_in_the_rhythm_of_the_meter(row: Row) -> None:
    """Lists with currents come in the meter's period, and where there is an hourly one it comes once in these forty minutes."""
    sent = [said for said in unfold(evening(row, 1)) if isinstance(said, Sent)]
    lists = Counter(said.reading.list for said in sent)
    with_currents = [said.at for said in sent if said.reading.list > 1]

    assert max(after - before for before, after in pairwise(with_currents)) == evening(row, 1).model.list2_period_ms
    assert lists[3] == (1 if row.minutes == 40 else 0)


@pytest.mark.parametrize("row", [row for row in EVENINGS if row.car], ids=lambda row: row.name)
def test_an_evening_holds_the_reports_of_its_charger(row: Row) -> None:
    """A replay of an evening is complete: the charger's reports are in it."""
    with (FOLDER / f"{row.name}.han").open("rb") as file:
        reports = [item for item in read_recording(file) if isinstance(item, Said)]

    assert len(reports) == (row.minutes - 5) * 6
    assert any(b'"status":"charging"' in report.payload for report in reports)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name)
def test_damage_yields_no_reading_and_costs_no_neighbour(damage: Damage) -> None:
    """Whatever happens to every second frame, the others are all read, and nothing is read that was not sent."""
    sent, _ = decoded(stored(damage.victim))
    readings, rejects = decoded(stored(f"hostile/{damage.name}"))

    assert set(readings) <= set(sent)
    assert len(readings) >= 10
    assert damage.name in HARMLESS or len(readings) == 10
    assert damage.name in HARMLESS or sum(rejects.values()) >= 10


def test_ten_good_neighbours_are_in_every_hostile_file() -> None:
    """The test above means something: the good frames are really there, ten at least."""
    for damage in DAMAGES:
        line = b"".join(frames_of(stored(f"hostile/{damage.name}")))
        whole = {frame for frame in frames_of(stored(damage.victim)) if frame[1:-1] in line}

        assert len(whole) >= 10, damage.name
