"""The meter in software, and the forms it fills in."""

import random
from dataclasses import replace

import pytest

from dlms import apdu
from dlms.apdu import LLC, NO_TIME
from dlms.axdr import Tag
from dlms.cosem import ClockStyle
from dlms.hdlc import FLAG
from dlms.sniffer import Sniffer
from han_gateway.meters import forms
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.forms import FORMS, Form
from han_gateway.meters.reading import Reading
from han_gateway.meters.sealing import TEST_KEYS
from han_gateway.meters.software_meter import sealed, write
from tests.invented import FORM, information, invent_with

LENGTHS = {
    "kaifa-list1": 39,
    "kaifa-1p-list2": 101,
    "kaifa-3p-list2": 121,
    "kaifa-1p-list3": 135,
    "kaifa-3p-list3": 155,
    "kaifa-se-3p": 155,
    "kaifa-se-ct": 171,
    "kaifa-se-pairs": 286,
    "aidon-list1": 42,
    "embriq-list1": 42,
    "aidon-1p-list2": 214,
    "aidon-it-list2": 271,
    "aidon-tn-list2": 290,
    "aidon-it-list3": 379,
    "aidon-tn-list3": 398,
    "aidon-se-3p": 579,
    "embriq-list2": 286,
    "kamstrup-3p-list2": 216,
    "kamstrup-3p-list3": 290,
    "kamstrup-2017-list2": 217,
    "kamstrup-1p-list2": 176,
    "kamstrup-1p-list3": 250,
    "kamstrup-dk-3p": 459,
}
"""Lengths of real lists (Kaifa and Aidon with a type of 8 characters where theirs has 7 or 4, Kamstrup with 8 for 18)."""


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_a_frame_of_each_form(form: Form) -> None:
    """Each form gives one whole frame, flags included, of the length that real meters send."""
    frame = write(form, invent_with(form, random.Random(1)))

    assert frame[:1] == frame[-1:] == FLAG
    assert Sniffer().feed(frame) == [frame[1:-1]]
    assert information(frame).startswith(LLC + b"\x0f")
    assert len(frame) - 2 == LENGTHS.get(form.name, len(frame) - 2)


def test_names_are_unique() -> None:
    """A form is found by its name."""
    assert len({form.name for form in FORMS}) == len(FORMS)


def test_a_known_frame() -> None:
    """The shortest list, written byte for byte as a Kaifa meter writes it: nothing in it belongs to a household."""
    reading = Reading(manufacturer="kaifa", list=1, power_import_w=549)
    expected = "7ea02701020110 5a87 e6e700 0f40000000 090c 07d00101060000 00ff800000 0201 0600000225"

    assert write(forms.KAIFA_LIST1, reading)[:-3].hex() == expected.replace(" ", "")


def test_what_is_not_measured_is_zero() -> None:
    """None is written as meters write it: 0, or an empty text."""
    form = forms.KAIFA_3P_LIST2
    (found,) = Decoder().feed(write(form, Reading(manufacturer="kaifa", list=2, list_id="KFM_001", voltage_l1_mv=230_000)))

    assert isinstance(found, Reading)
    assert found.meter_id is None
    assert found.current_ma == (0, 0, 0)
    assert found.voltage_mv == (230_000, 0, 0)


@pytest.mark.parametrize(
    ("milliamperes", "tenths"), [(0, 0), (49, 0), (50, 100), (149, 100), (150, 200), (-50, 0), (-51, -100), (-150, -100)]
)
def test_resolution(milliamperes: int, tenths: int) -> None:
    """A value is brought to the resolution of the wire, half up."""
    form = forms.AIDON_TN_LIST2
    reading = invent_with(form, random.Random(1))._replace(current_l1_ma=milliamperes)

    assert Decoder().feed(write(form, reading)) == [reading._replace(current_l1_ma=tenths)]


def test_values_without_a_place_in_a_reading() -> None:
    """Power factors and the like are written from extra values, and 0 without them."""
    form = forms.KAMSTRUP_DK_3P
    reading = invent_with(form, random.Random(1))
    plain, filled = write(form, reading), write(form, reading, extra={"power_factor": 99, "meter_number": 123_456})

    assert plain != filled
    assert Decoder().feed(plain) == Decoder().feed(filled) == [reading]
    assert information(filled).count((123_456).to_bytes(4, "big")) == 1


@pytest.mark.parametrize("value", [0, 1, 1234])
def test_a_number_in_a_group_of_its_own(value: int) -> None:
    """What the Croatian list has in a group, it writes in a group."""
    form = forms.ISKRA_HR_3P
    message = information(write(form, invent_with(form, random.Random(1)), extra={"unknown_29": value}))
    parsed = apdu.parse(message)
    assert isinstance(parsed, apdu.Apdu)

    (number,) = parsed.body.items[29].items
    assert (number.tag, number.value) == (Tag.UINT16, value)


def test_what_is_pushed_is_described() -> None:
    """The list of an E450 begins with class, code and attribute of each of its values: first of the list itself, and of its name."""
    form = forms.E450_LINES
    parsed = apdu.parse(information(write(form, invent_with(form, random.Random(1)))))
    assert isinstance(parsed, apdu.Apdu)
    described, name, *_ = parsed.body.items
    told = [tuple(part.value for part in each.items) for each in described.items]

    assert name.value == form.push
    assert told[:2] == [(40, form.push, 2, 0), (40, form.push, 1, 0)]
    assert told[2:] == [(1 if column.tag is Tag.OCTET_STRING else 3, column.code, 2, 0) for column in form.columns]


def test_the_style_of_the_clock() -> None:
    """Deviation and status vary with the firmware and change nothing of the wall clock."""
    form = forms.KAMSTRUP_3P_LIST3
    reading = invent_with(form, random.Random(1))
    (found,) = Decoder().feed(write(form, reading, clock=ClockStyle(deviation=-60, status=0x80)))

    assert isinstance(found, Reading)
    assert found.meter_time == reading.meter_time
    assert found.clock
    assert found.clock[-3:].hex() == "ffc480"


def test_an_envelope_tells_its_length_as_danish_meters_do() -> None:
    """Behind the system title stands 82 and two octets of length, though one would do, unless another size is asked for."""
    message = LLC + b"\x0f" + bytes(20)
    found = sealed(message, TEST_KEYS, b"XYZ\0\0\0\0\7", 1)[len(LLC) :]
    shortest = sealed(message, TEST_KEYS, b"XYZ\0\0\0\0\7", 1, length_size=0)[len(LLC) :]

    assert found[:13].hex() == f"db0858595a000000000782{len(found) - 13:04x}"
    assert found[13:] == shortest[11:]
    assert shortest[10] == len(shortest) - 11


def test_a_value_that_does_not_fit() -> None:
    """A value too large for its type cannot be written: that is a mistake of who plays the meter."""
    reading = invent_with(forms.AIDON_TN_LIST2, random.Random(1))._replace(current_l1_ma=10**9)

    with pytest.raises(OverflowError):
        write(forms.AIDON_TN_LIST2, reading)


def test_columns() -> None:
    """Null-data and texts have no unit, numbers have that of their register."""
    assert FORM["kamstrup-1p-list2"].columns[8].unit is None
    assert FORM["aidon-list1"].columns[0].unit == 27
    assert forms.Column(name="list_id", tag=Tag.VISIBLE_STRING).unit is None


def test_time_is_written_where_the_family_writes_it() -> None:
    """Aidon has no time in the head of its messages; a form that says so is written so."""
    untimed = replace(forms.KAIFA_LIST1, frame=replace(forms.KAIFA_LIST1.frame, time_form=NO_TIME))
    (found,) = Decoder().feed(write(untimed, Reading(manufacturer="kaifa", list=1, power_import_w=5)))

    assert found == Reading(manufacturer="kaifa", list=1, power_import_w=5, clock_rule=forms.KAIFA_LIST1.profile.clock)
