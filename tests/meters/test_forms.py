"""The promises of the forms: lists are written as the files of them hold them, and are read from those files by the documents alone."""

from pathlib import Path

import pytest

from fixtures.every_list import frames
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.forms import FORMS, Form
from tests.invented import information
from tests.meters.test_layout import said, slow_reading

FOLDER = Path(__file__).parent.parent.parent / "fixtures" / "lists"


def stored(form: Form) -> bytes:
    """Give the frame of a list as it lies in the repository: the one line behind the heading, behind its instant."""
    _, line = (FOLDER / f"{form.name}.han").read_text(encoding="ascii").splitlines()
    return bytes.fromhex(line.split()[1])


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_a_list_is_written_as_its_file_has_it(form: Form) -> None:
    """What a meter in software puts on the wire for a list is, octet for octet, the file of it: addresses, codes, types, scales, places."""
    assert frames()[form.name].hex() == stored(form).hex()


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_the_file_of_a_list_is_read_by_the_documents(form: Form) -> None:
    """The file of a list says what a plain reader finds in it that knows the makers' documents: each quantity, each line, each name."""
    frame = stored(form)
    (found,) = Decoder().feed(frame)

    assert said(found) == {name: value for name, value in slow_reading(information(frame)).items() if value is not None}
