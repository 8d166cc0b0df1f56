"""What the bytes of a line show. A pty has no parity, so wrong settings are made with UARTs in software (``tests/uart.py``)."""

import random
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlms import apdu, hdlc
from dlms.axdr import Data, Tag
from dlms.cosem import ClockStyle, build_date_time
from han_gateway.commands.signs import SAMPLE_BYTES, Ear, Evidence, Kind, LineErrors, kind_of
from han_gateway.commands.verdicts import GO_ON, best, verdict
from han_gateway.meters import telegram_forms
from han_gateway.meters.forms import FORMS, Form
from han_gateway.meters.models import METERS
from han_gateway.meters.reading import Reading
from han_gateway.meters.software_meter import write
from han_gateway.meters.telegram_forms import SWEDEN_KAMSTRUP
from tests.invented import FORM, framed, invent_with
from tests.uart import Uart, inverted, received, sent

EVEN, NONE, ODD = Uart(), Uart(parity="N"), Uart(parity="O")
FAST = Uart(115_200, "N")
P1 = telegram_forms.write(
    SWEDEN_KAMSTRUP,
    Reading(
        manufacturer="kamstrup",
        list=3,
        clock=build_date_time(datetime(2026, 1, 15, 18), ClockStyle()),
        power_import_w=4310,
        current_l1_ma=9700,
        voltage_l1_mv=230_700,
        energy_import_wh=2_721_127,
    ),
)
UNKNOWN = framed(FORM["aidon-list1"], apdu.build(bytes(4), apdu.NO_TIME, None, Data(Tag.STRUCTURE, (Data(Tag.UINT8, 7),))))
ENCRYPTED = hdlc.build(b"\x41", b"\x03", 0x13, apdu.LLC + b"\xdb\x08KAM12345\x82\x01\x00" + bytes(range(200)))
MBUS_BODY = bytes([0x53, 0xFF, 0x00, 0x01, 0x67, *range(100)])
MBUS = b"\x68%c%c\x68%b%c\x16" % (len(MBUS_BODY), len(MBUS_BODY), MBUS_BODY, sum(MBUS_BODY) & 0xFF)


def lists(form: Form | str, count: int = 3) -> bytes:
    """A few lists of a form."""
    form = FORM[form] if isinstance(form, str) else form
    return b"".join(write(form, invent_with(form, random.Random(seed))) for seed in range(count))


def heard(data: bytes, errors: LineErrors | None = None) -> Evidence:
    """What an ear makes of these bytes, in pieces as a line gives them."""
    ear = Ear()
    for at in range(0, len(data), 50):
        ear.hear(at, data[at : at + 50])
    return ear.evidence(errors)


def through(data: bytes, sender: Uart, receiver: Uart) -> bytes:
    """What a receiver at another setting makes of these bytes."""
    return received(sent(data, sender), receiver, at_baud=sender.baud)[0]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_every_list_that_is_read_is_a_meter(form: Form) -> None:
    """At the right setting each list of each meter names its meter, also after half a frame."""
    assert kind_of(heard(lists(form)[5:])) is Kind.METER


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", Kind.SILENT),
        (UNKNOWN, Kind.UNKNOWN_METER),
        (ENCRYPTED, Kind.ENCRYPTED),
        (P1.replace(b"9.7", b"9.3"), Kind.P1),
        (P1[:-30], Kind.P1),
        (MBUS, Kind.MBUS),
        (b"x" + MBUS[:-2] + b"\x00\x16" + MBUS, Kind.MBUS),
        (MBUS[:-1], Kind.GARBLED),
        (b"+++ATZ\r\nOK\r\nRING\r\nhello, this is a modem\r\n", Kind.TEXT),
        (b"\x00\x80\xff", Kind.NOISE),
        (bytes(300), Kind.POLARITY),
        (b"\xff" * 290 + b"\xfe" * 10, Kind.POLARITY),
        (random.Random(4).randbytes(3000), Kind.GARBLED),
        (lists("aidon-tn-list2").replace(b"AIDON", b"AXDON"), Kind.DAMAGED),
        (bytes(value & 0x7F for value in lists("aidon-tn-list2")), Kind.SEVEN_BITS),
    ],
    ids=lambda value: value.value if isinstance(value, Kind) else "",
)
def test_what_is_not_a_meter_is_told_apart(data: bytes, kind: Kind) -> None:
    """Silence, other languages, encryption, noise and damage are each recognised as what they are."""
    assert kind_of(heard(data)) is kind


@pytest.mark.parametrize("form", [METERS["kamstrup-tn"].list2, METERS["kamstrup-tn"].list3], ids=["list2", "list3"])
def test_a_kamstrup_read_with_parity_is_recognised(form: Form) -> None:
    """8N1 in a receiver set to 8E1 slips from bit to bit; what becomes of the first bytes is known, and so is the remedy."""
    meter = METERS["kamstrup-tn"]
    reading = invent_with(form, random.Random(1))._replace(list_id=meter.list_id, meter_type=meter.meter_type)
    seen = heard(through(write(form, reading) * 2, NONE, EVEN))

    assert kind_of(seen) is Kind.NO_PARITY
    assert 'parity = "N"' in verdict(Kind.NO_PARITY, seen, seconds=16).todo


@pytest.mark.parametrize("receiver", [NONE, ODD])
def test_a_lenient_receiver_reads_even_parity_all_the_same(receiver: Uart) -> None:
    """8E1 read as 8N1 or 8O1 gives the right bytes with errors counted, if the receiver does not drop them: so 8E1 is tried first."""
    bits = sent(lists("kaifa-3p-list2"), EVEN)
    data, framing, parity = received(bits, receiver)

    assert kind_of(heard(data)) is Kind.METER
    assert framing + parity > len(data) / 4


@pytest.mark.parametrize(
    ("sender", "receiver"),
    [(EVEN, FAST), (EVEN, Uart(9600, "N")), (FAST, EVEN), (FAST, NONE), (EVEN, Uart(2400, "E", 7)), (FAST, Uart(57_600, "N"))],
    ids=str,
)
def test_a_wrong_speed_is_not_a_meter_and_not_silent(sender: Uart, receiver: Uart) -> None:
    """Whatever the speed, bytes of some kind come, and each finding makes the next setting be tried."""
    kind = kind_of(heard(through(lists("aidon-se-3p"), sender, receiver)))

    assert kind in GO_ON


@pytest.mark.parametrize(
    ("data", "gaps"), [(P1 * 3, (0, 1)), (lists("aidon-se-3p"), (0, 1, 2, 3, 7))], ids=["telegrams", "frames"]
)
def test_an_inverted_line_is_recognised(data: bytes, gaps: tuple[int, ...]) -> None:
    """A P1 port without an adapter that inverts is told apart from garbage, whether it sends text or frames, and the words say so."""
    for gap in gaps:
        seen = heard(received(inverted(sent(data, FAST, gap=gap)), FAST, at_baud=115_200)[0])
        assert kind_of(seen) is Kind.INVERTED
        assert "the line is inverted" in verdict(Kind.INVERTED, seen, seconds=16).what


@pytest.mark.parametrize("receiver", [EVEN, NONE, Uart(57_600, "N")], ids=str)
def test_an_inverted_line_at_a_wrong_speed_makes_the_next_be_tried(receiver: Uart) -> None:
    """Whatever a slower receiver makes of an inverted line, it is no final finding."""
    data = received(inverted(sent(P1 * 3, FAST)), receiver, at_baud=115_200)[0]
    assert kind_of(heard(data)) in GO_ON


def test_the_words_hold_the_facts() -> None:
    """Counts, times, the sender of encrypted lists and what the UART counted stand in the verdict."""
    noise = random.Random(4).randbytes(3000)

    assert "no bytes in 15 s" in verdict(Kind.SILENT, heard(b""), seconds=15).what
    assert "ask your grid company to open it" in verdict(Kind.SILENT, heard(b""), seconds=15).todo
    assert "system title 4B414D3132333435" in verdict(Kind.ENCRYPTED, heard(ENCRYPTED), seconds=16).what
    assert "40 framing and 7 parity errors" in verdict(Kind.GARBLED, heard(noise, LineErrors(40, 7)), seconds=16).what
    assert "2 began as one" in verdict(Kind.GARBLED, heard(b"\x7e\xa0\x27\x01" * 2 + bytes(40)), seconds=16).what
    assert "1 with a wrong check" in verdict(Kind.DAMAGED, heard(lists("kaifa-list1", 1)[:-4] + bytes(9)), seconds=16).what
    assert (
        verdict(Kind.BUSY, heard(b""), seconds=16, holder="zigbee2mqtt (process 7)").what == "in use by zigbee2mqtt (process 7)"
    )
    assert "serial server" in verdict(Kind.GARBLED, heard(noise), seconds=16, over_tcp=True).todo


@pytest.mark.parametrize("kind", Kind)
def test_every_finding_says_what_to_do_next(kind: Kind) -> None:
    """There are words for each finding, with and without a network between, and none has a gap left in it."""
    for over_tcp in (False, True):
        told = verdict(kind, heard(b""), seconds=16, over_tcp=over_tcp)
        assert told.what
        assert told.todo
        assert "{" not in told.what + told.todo


def test_the_most_telling_trial_is_the_verdict() -> None:
    """Garbled bytes tell more than a setting that the adapter refused, and a meter more than anything."""
    told = [verdict(kind, heard(b""), seconds=16) for kind in (Kind.REFUSED, Kind.GARBLED, Kind.METER, Kind.SILENT)]

    assert best(tuple(told)).kind is Kind.METER
    assert best(tuple(told[:2])).kind is Kind.GARBLED


def test_endless_bytes_are_not_kept() -> None:
    """However much comes, a bounded sample is looked at, and all of it is counted."""
    ear = Ear()
    for _ in range(50):
        ear.hear(0, bytes(4096))
    seen = ear.evidence()

    assert seen.size == 50 * 4096
    assert len(seen.sample) == SAMPLE_BYTES


@given(st.lists(st.binary(max_size=300), max_size=5))
def test_no_bytes_are_without_a_verdict(chunks: list[bytes]) -> None:
    """Any bytes give a finding with words."""
    ear = Ear()
    for chunk in chunks:
        ear.hear(0, chunk)
    verdict(kind_of(ear.evidence()), ear.evidence(), seconds=16)


def test_meters_of_the_shop_are_named() -> None:
    """The meters in software are recognised by their own lists."""
    for meter in METERS.values():
        if meter.sealing:
            continue
        reading = Reading(manufacturer="x", list=2, list_id=meter.list_id, meter_type=meter.meter_type, voltage_l1_mv=230_000)
        assert kind_of(heard(write(meter.list2, reading))) is Kind.METER
