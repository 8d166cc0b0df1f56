"""The meter's line without the number of the meter."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlms.crc import crc16_arc
from dlms.hdlc import FLAG
from dlms.rejects import Rejected
from han_gateway.commands.anonymous import anonymous
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.models import METERS
from han_gateway.meters.reading import Reading
from han_gateway.meters.software_meter import message, wrapped
from han_gateway.meters.telegram_forms import TELEGRAM_FORMS, TelegramForm
from han_gateway.meters.telegram_forms import write as write_telegram
from han_gateway.meters.wrapping import TELEGRAMS, Header, Way, Wrapping, wrap
from tests.campaign._wires import found_in

NUMBER = "9900000000000017"


def line(name: str) -> bytes:
    """A list of this software meter, as it goes over the wire."""
    return wrapped(METERS[name].list2, message_of(name))


def message_of(name: str) -> bytes:
    """The same without what carries it."""
    meter = METERS[name]
    reading = Reading(
        manufacturer=name.partition("-")[0], list=2, list_id=meter.list_id, meter_id=NUMBER, meter_type=meter.meter_type
    )
    return message(meter.list2, reading)


PIECES = [
    TELEGRAMS,
    *(Wrapping(way, size) for way in (Way.TELEGRAMS, Way.SEGMENTS, Way.BLOCKS) for size in (40, 55, 70, 100, 150)),
]
NAMES = [name for name in sorted(METERS) if line(name)[:1] == FLAG]


def covered(*chunks: bytes) -> bytes:
    """The chunks, joined again."""
    return b"".join(data for _, data in anonymous(enumerate(chunks)))


def nameless(reading: Reading) -> Reading:
    """Give a reading without what may hold the number: some makers' lists are called by the logical device name."""
    return reading._replace(meter_id=None, list_id=None)


def readings(data: bytes) -> list[Reading]:
    """What a decoder makes of it."""
    return [each for each in Decoder().feed(data) if not isinstance(each, Rejected)]


@pytest.mark.parametrize("name", NAMES)
def test_a_recording_decodes_to_the_same_but_for_the_number(name: str) -> None:
    """Every list is as it was, and whole; where its number stood stand as many letters."""
    was = line(name) * 3
    now = covered(was)
    assert len(now) == len(was)
    assert NUMBER.encode() not in now
    before, after = readings(was), readings(now)
    assert len(after) == len(before) == 3
    assert [nameless(each) for each in after] == [nameless(each) for each in before]
    assert {each.meter_id for each in after} == {each.meter_id and "X" * len(NUMBER) for each in before}


@pytest.mark.parametrize("form", TELEGRAM_FORMS, ids=lambda form: form.name)
def test_a_telegram_decodes_to_the_same_but_for_the_number(form: TelegramForm) -> None:
    """So does every P1 telegram, and neither its own number nor the gas meter's is in it."""
    was = write_telegram(form, Reading(manufacturer=form.manufacturer, list=2, meter_id=NUMBER, energy_import_wh=5_000)) * 3
    now = covered(was)
    assert len(now) == len(was)
    assert NUMBER.encode() not in now
    assert b"4700000000" not in now
    before, after = readings(was), readings(now)
    assert len(after) == len(before) == 3
    assert [nameless(each) for each in after] == [nameless(each) for each in before]
    assert {each.meter_id for each in after} == {each.meter_id and "X" * len(NUMBER) for each in before}


@given(
    name=st.sampled_from(NAMES), cuts=st.lists(st.integers(0, 700), max_size=9), hits=st.lists(st.integers(0, 700), max_size=4)
)
def test_however_it_was_cut_and_damaged_the_number_does_not_come_out(name: str, cuts: list[int], hits: list[int]) -> None:
    """Of a list that is damaged, begun or broken off no more than three digits in a row are left."""
    data = bytearray(line(name) * 2)
    for hit in hits:
        data[hit % len(data)] ^= 0x40
    ends = sorted({cut % len(data) for cut in cuts} | {0, len(data)})
    now = covered(*(bytes(data[start:stop]) for start, stop in pairwise(ends)))
    assert len(now) == len(data)
    assert re.search(rb"[0-9]{12,}", now) is None
    if hits:
        assert re.search(NUMBER[:6].encode(), now) is None


@pytest.mark.parametrize("wrapping", PIECES)
@pytest.mark.parametrize("name", NAMES)
def test_no_piece_of_a_message_holds_a_piece_of_the_number(name: str, wrapping: Wrapping) -> None:
    """Where a message may cut the number in two, short numbers are covered as well, and its frames are still whole."""
    was = wrap(message_of(name), wrapping, Header(b"\x41", b"\x03", 0x13))
    now = covered(was)
    assert len(now) == len(was)
    assert len(found_in(now)) == len(found_in(was))
    assert not [at for at in range(len(NUMBER) - 3) if NUMBER[at : at + 4].encode() in now]


def test_a_telegram_without_its_numbers() -> None:
    """Of a P1 telegram the numbers of meters are covered, in digits and in hex, and it is whole; values and clock stay."""
    lines = (
        "0-0:1.0.0(260115180000W)",
        "0-0:96.1.1(39393030303030)",
        "1-0:1.8.0(00012345.678*kWh)",
        "0-1:96.1.0(9900000000000017)",
    )
    text = ("/XYZ5\\990017_A\r\n\r\n" + "\r\n".join(lines) + "\r\n!").encode()
    for check in (b"%04X" % crc16_arc(text), b""):
        now = covered(text + check + b"\r\n")
        (telegram,) = found_in(now)
        assert bool(telegram.rpartition(b"!")[2]) is bool(check)
        assert b"99" not in telegram.rpartition(b"!")[0]
        assert b"39" not in telegram.rpartition(b"!")[0]
        assert b"(260115180000W)" in now
        assert b"(00012345.678*kWh)" in now


def test_a_wrong_parity_does_not_hide_a_number_from_us() -> None:
    """Digits whose eighth bit came out set are digits all the same."""
    wrong = bytes(value | (value.bit_count() & 1) << 7 for value in line("aidon-it"))
    now = bytes(value & 0x7F for value in covered(wrong))
    assert NUMBER.encode() not in now
    assert re.search(rb"[0-9]{6,}", now) is None


def test_of_an_encrypted_list_the_meters_own_part_of_the_title_is_covered() -> None:
    """The maker stays, as it tells what meter it is."""
    assert covered(b"\x7e..\xdb\x08KAM\x01\x02\x03\x04\x05rest") == b"\x7e..\xdb\x08KAMXXXXXrest"
    bare = b"\xdb\x08KAM\x01\x02\x03\x04\x05\x82\x01\x05\x30\0\0\0\x01" + b"01234567" * 32
    assert covered(bare * 2) == bare.replace(b"\x01\x02\x03\x04\x05", b"XXXXX") * 2
