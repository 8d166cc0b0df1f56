"""P1 telegrams on a line, through the decoder."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlms.ciphering import Keys, build, seal
from dlms.rejects import Reason, Rejected
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.forms import KAIFA_3P_LIST2
from han_gateway.meters.reading import Reading
from han_gateway.meters.software_meter import write
from han_gateway.meters.telegram_forms import NETHERLANDS, SLOVENIA, SWEDEN_KAMSTRUP, TELEGRAM_FORMS, TelegramForm
from han_gateway.meters.telegram_forms import write as write_telegram
from han_gateway.meters.telegrams import Telegrams
from tests.invented import information, invent_with
from tests.meters.test_telegram import READING, rounded

WIRE = write_telegram(SWEDEN_KAMSTRUP, READING)
UNCHECKED = write_telegram(SLOVENIA, READING)
FRAME = write(KAIFA_3P_LIST2, invent_with(KAIFA_3P_LIST2, random.Random(1)))
SEALED = b"/XYZ5\r\n\r\n\xdb\x08XYZ12345\x28\x30\0\0\0\x01" + bytes(range(35)) + b"!0000\r\n"


def kinds(items: list[Reading | Rejected]) -> list[str]:
    """Give the maker of each reading and the reason of each reject."""
    return [item.reason.value if isinstance(item, Rejected) else item.manufacturer for item in items]


@pytest.mark.parametrize("form", TELEGRAM_FORMS, ids=lambda form: form.name)
def test_every_telegram_is_read(form: TelegramForm) -> None:
    """Telegrams back to back are one reading each, framed by nothing but themselves, and nothing is left over."""
    wire = write_telegram(form, READING)
    decoder = Decoder()
    assert decoder.feed(wire * 3) + decoder.close() == [rounded(READING, form)] * 3


@given(st.lists(st.integers(0, 3 * len(WIRE)), max_size=12))
def test_however_the_stream_is_cut(cuts: list[int]) -> None:
    """How the stream was cut into chunks makes no difference."""
    stream = WIRE + UNCHECKED.replace(b"A)", b"X)") + WIRE
    decoder = Decoder()
    edges = [0, *sorted(cuts), len(stream)]
    items = [item for start, stop in pairwise(edges) for item in decoder.feed(stream[start:stop])]
    assert kinds(items + decoder.close()) == ["kamstrup", "frame_check", "kamstrup"]


def test_languages_may_be_mixed() -> None:
    """Frames, telegrams and noise on one line are each what they are."""
    decoder = Decoder()
    items = decoder.feed(FRAME + WIRE + b"\0\xff\0" + FRAME + WIRE[:100] + b"\r\n" + WIRE) + decoder.close()
    assert kinds(items) == ["kaifa", "kamstrup", "noise", "kaifa", "truncated", "kamstrup"]


def test_a_telegram_without_its_line_end() -> None:
    """The last telegram of a file is read, whether or not its last line ends."""
    assert kinds(Decoder().feed(WIRE.rstrip())) == ["kamstrup"]
    assert kinds(Decoder().feed(WIRE.replace(b"\r", b""))) == ["kamstrup"]


def test_a_bare_telegram() -> None:
    """A telegram that came as one message is read; half of one, or a damaged one, is not."""
    for wire in (WIRE, WIRE.rstrip(), UNCHECKED.rstrip()):
        assert isinstance(Decoder().message(wire), Reading)
    assert Decoder().message(WIRE[:50]) == Rejected(Reason.TRUNCATED, 50)
    assert Decoder().message(b"/12") == Rejected(Reason.NOISE, 3)
    assert kinds([Decoder().message(WIRE.replace(b"9.7", b"9.3"))]) == ["frame_check"]
    assert isinstance(Decoder(check_fcs=False).message(WIRE.replace(b"9.7", b"9.3")), Reading)
    assert isinstance(Telegrams(1).find(WIRE.replace(b"9.7", b"9.3")), Rejected)


def test_a_line_that_has_check_sequences() -> None:
    """Once a telegram had a check sequence, one without is damaged; a line that never had one is read."""
    *read, damaged = Decoder().feed(UNCHECKED + WIRE + UNCHECKED)
    assert kinds(read) == ["iskraemeco", "kamstrup"]
    assert damaged == Rejected(
        Reason.FRAME_CHECK, len(UNCHECKED.rstrip()), "no check sequence, although the telegrams of this line have one"
    )


def test_an_encrypted_telegram() -> None:
    """Without a key an encrypted telegram is whole and not readable."""
    assert kinds(Decoder().feed(SEALED)) == ["encrypted"]
    assert kinds([Decoder().message(SEALED)]) == ["encrypted"]


KEYS = Keys(bytes(range(16)), bytes(range(16, 32)))
OTHER = Keys(bytes(16), bytes(16))


def sealed_telegram(title: bytes, counter: int = 1, plain: bytes = WIRE) -> bytes:
    """Write a telegram with an envelope where its lines should be."""
    envelope = build(seal(plain, KEYS, title, counter))
    return b"/XYZ5\r\n\r\n" + envelope + b"!0000\r\n"


@pytest.mark.parametrize("title", [b"XYZ12345", b""])
def test_an_encrypted_telegram_is_opened(title: bytes) -> None:
    """With its key a telegram in an envelope is read, with and without a system title; with another key it is not, nor a second time."""
    wire = sealed_telegram(title)
    decoder = Decoder(keys=KEYS)
    assert kinds(decoder.feed(wire + sealed_telegram(title, 2))) == ["kamstrup"] * 2
    assert kinds(decoder.feed(wire)) == ["replayed"]
    assert kinds([Decoder(keys=KEYS).message(wire)]) == ["kamstrup"]
    assert kinds(Decoder(keys=OTHER).feed(wire)) == ["wrong_key"]
    damaged = sealed_telegram(title, plain=WIRE.replace(b"9.7", b"9.3"))
    assert kinds(Decoder(keys=KEYS).feed(damaged)) == ["frame_check"]


def test_an_envelope_around_a_telegram() -> None:
    """A telegram in an envelope alone, as one message, is read with its key; without one its sender is named."""
    envelope = build(seal(WIRE, KEYS, b"XYZ12345", 1))
    assert kinds([Decoder(keys=KEYS).message(envelope)]) == ["kamstrup"]
    found = Decoder().message(envelope)
    assert isinstance(found, Rejected)
    assert (found.reason, found.detail) == (Reason.ENCRYPTED, "system title 58595A3132333435")
    (told,) = Decoder().feed(sealed_telegram(b"XYZ12345"))
    assert isinstance(told, Rejected)
    assert told.detail == "system title 58595A3132333435"


def bare(counter: int, plain: bytes = WIRE) -> bytes:
    """Write an envelope as it is on the line in Luxembourg, with nothing around it."""
    return build(seal(plain, KEYS, b"XYZ12345", counter), length_size=2)


@given(st.lists(st.integers(0, 5000), max_size=6))
def test_envelopes_alone_on_the_line(cuts: list[int]) -> None:
    """Envelopes in a stream, between noise, are opened with their key however the stream is cut; without one their sender is named."""
    stream = bytes(3) + bare(1) + bare(2) + b"\xdb\x08noise" + bare(3)
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    for keys in (KEYS, Keys(KEYS.encryption)):
        decoder = Decoder(keys=keys)
        found = [item for start, stop in pairwise(places) for item in decoder.feed(stream[start:stop])]
        assert kinds(found) == ["noise", "kamstrup", "kamstrup", "noise", "kamstrup"]
    _, told, *_ = Decoder().feed(stream)
    assert told == Rejected(Reason.ENCRYPTED, len(bare(1)), "system title 58595A3132333435")
    assert kinds(Decoder(keys=OTHER).feed(bare(1))) == ["wrong_key"]
    assert kinds(Decoder(keys=KEYS).feed(bare(2) + bare(1))) == ["kamstrup", "replayed"]


def test_an_envelope_alone_is_believed_for_what_is_in_it() -> None:
    """No check vouches for an envelope alone: without a proven sender it must hold a telegram that fits its own check."""
    unproven = Keys(KEYS.encryption)
    damaged = bare(1, WIRE.replace(b"9.7", b"9.3"))
    assert kinds(Decoder(keys=KEYS).feed(damaged)) == kinds(Decoder(keys=unproven).feed(damaged)) == ["frame_check"]
    message = invent_with(KAIFA_3P_LIST2, random.Random(1))
    listed = bare(1, information(write(KAIFA_3P_LIST2, message))[3:].ljust(300, b"\0"))
    assert len(listed) > 256
    assert Decoder(keys=unproven).feed(listed) == [
        Rejected(Reason.FRAME_CHECK, len(listed), "nothing vouches for an envelope without a frame, and it holds no telegram")
    ]
    assert kinds(Decoder(keys=KEYS).feed(listed)) == ["malformed"]  # which was believed, and is too long for its list


def test_an_envelope_that_lost_bytes_hides_no_other() -> None:
    """An envelope that lost bytes, or whose length is damaged, costs itself and not the next."""
    good = bare(2)
    for hurt in (
        bare(1)[:-40],
        bare(1)[:200] + bare(1)[240:],
        bare(1)[:11] + b"\x0f" + bare(1)[12:],
        bare(1)[:11] + b"\x01" + bare(1)[12:],
    ):
        assert kinds(Decoder(keys=KEYS).feed(hurt + good))[-1] == "kamstrup"


def test_a_plain_telegram_where_a_sender_must_be_proven() -> None:
    """With an authentication key a plain telegram is refused; with the other key alone it is read."""
    assert kinds(Decoder(keys=KEYS).feed(WIRE)) == ["unauthenticated"]
    assert kinds(Decoder(keys=Keys(KEYS.encryption)).feed(WIRE + WIRE)) == ["kamstrup"] * 2


def test_the_line_has_an_owner() -> None:
    """With a lock another meter's telegram is refused, and ten in a row say that the meter was exchanged; so between languages."""
    other = write_telegram(NETHERLANDS, READING)
    for first, second, maker in ((WIRE, other, "iskraemeco"), (FRAME, WIRE, "kamstrup"), (WIRE, FRAME, "kaifa")):
        decoder = Decoder(lock=True)
        assert len(kinds(decoder.feed(first))) == 1
        assert kinds(decoder.feed(second * 8)) == ["foreign_meter"] * 8
        assert isinstance(decoder.feed(first)[0], Reading)
        assert kinds(decoder.feed(second * 10)) == ["foreign_meter"] * 9 + [maker]


def test_transformers() -> None:
    """The configured ratio reaches the telegrams."""
    (found,) = Decoder(ct_ratio=60).feed(WIRE)
    assert isinstance(found, Reading)
    assert found.current_l1_ma == 60 * 9_700


def test_a_reject_tells_its_size() -> None:
    """What a telegram cost is said, whatever is wrong with it."""
    for wire in (b"/XYZ5\r\n\r\n1-0:1.7.0(1*V)\r\n!", b"/XYZ5\r\n\r\n!", b"/XYZ5\r\n\r\nwords\r\n!"):
        found = Telegrams(1).read(wire)
        assert isinstance(found, Rejected)
        assert found.size == len(wire)


@given(st.binary(max_size=60))
def test_total(data: bytes) -> None:
    """No bytes make it raise."""
    for wire in (data, b"/XYZ5\r\n\r\n" + data + b"!", WIRE[:300] + data + WIRE[300:]):
        assert isinstance(Decoder().message(wire), Reading | Rejected)
        assert isinstance(Telegrams(1).find(wire), bytes | Rejected)


def test_a_head_alone_hides_nothing() -> None:
    """What looks like the head of a telegram and is none keeps no frame back that comes after it."""
    assert kinds(Decoder().feed(b"/XYZ5\r\n" + FRAME * 3))[-3:] == ["kaifa"] * 3
