"""The promises of the forms: lists are written as the files of them hold them, and are read from those files by the documents alone."""

import random
from datetime import datetime
from pathlib import Path

import pytest

from dlms.apdu import NO_TIME
from dlms.axdr import Data
from dlms.obis import CLOCK
from fixtures.every_list import frames
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.family import types
from han_gateway.meters.forms import E450_ENERGIES, FORMS, Form
from han_gateway.meters.forms.record import TAGS
from han_gateway.meters.reading import Reading, clock_octets
from han_gateway.meters.software_meter import write
from tests.invented import information, invent_with
from tests.meters.test_layout import said, slow_reading

FOLDER = Path(__file__).parent.parent.parent / "fixtures" / "lists"


def stored(name: str) -> bytes:
    """Give the frame of a list or telegram as it lies in the repository: the one line behind the heading, behind its instant."""
    _, line = (FOLDER / f"{name}.han").read_text(encoding="ascii").splitlines()
    return bytes.fromhex(line.split()[1])


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_a_list_is_written_as_its_file_has_it(form: Form) -> None:
    """What a meter in software puts on the wire for a list is, octet for octet, the file of it: addresses, codes, types, scales, places."""
    assert frames()[form.name].hex() == stored(form.name).hex()


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_the_file_of_a_list_is_read_by_the_documents(form: Form) -> None:
    """The file of a list says what a plain reader finds in it that knows the makers' documents: each quantity, each line, each name."""
    frame = stored(form.name)
    (found,) = Decoder().feed(frame)

    assert said(found) == {name: value for name, value in slow_reading(information(frame)).items() if value is not None}


TIMED = [form for form in FORMS if form.frame.time_form != NO_TIME or CLOCK in {column.name for column in form.columns}]


@pytest.mark.parametrize("form", TIMED, ids=lambda form: form.name)
def test_a_sunday_is_the_seventh_day_or_the_0th_of_an_aidon(form: Form) -> None:
    """The day of the week is 7 on a Sunday, but for Aidon's meters, which count from 0."""
    sunday = clock_octets(datetime(2026, 1, 18, 17, 30))
    (found,) = Decoder().feed(write(form, invent_with(form, random.Random(1))._replace(clock=sunday)))

    assert isinstance(found, Reading)
    assert found.clock
    assert found.clock[4] == (0 if found.manufacturer == "aidon" else 7)


def test_reactive_energy_is_told_by_its_quadrant() -> None:
    """Energy of the four quadrants has the codes 5 to 8 (IEC 62056-6-1, value group C), in their order."""
    codes = {
        column.name: column.code[2] for column in E450_ENERGIES.columns if column.name and column.name.startswith("quadrant")
    }

    assert codes == {f"quadrant_{number}": 4 + number for number in (1, 2, 3, 4)}


def test_positional_lists_are_spelled_as_they_are_recognised() -> None:
    """A letter means the same type for the meter that writes a list and for the reader that recognises it."""
    assert {letter: types((Data(tag, None),)) for letter, tag in TAGS.items()} == {letter: letter for letter in TAGS}
