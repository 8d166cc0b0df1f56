"""From encrypted bytes to readings: invented meters that encrypt, through the decoder, and the real ones, whose keys nobody here has."""

import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlms import apdu, ciphering, hdlc
from dlms.ciphering import AUTHENTICATED, ENCRYPTED, Keys
from dlms.rejects import Reason, Rejected
from dlms.unsealer import IN_A_ROW
from han_gateway.meters import forms
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.forms import FORMS, Form
from han_gateway.meters.layout import Layout
from han_gateway.meters.reading import Reading
from han_gateway.meters.software_meter import message, sealed, wrapped, write
from han_gateway.meters.wrapping import LONG_TELEGRAMS, TELEGRAMS, Way, Wrapping
from tests.frames import RealFrame, real_frames
from tests.invented import any_form, framed, information, invent_with, readings

TITLE = b"XYZ\x00\x00\x00\x00\x07"
KEYS = Keys(bytes(range(16)), bytes(range(100, 116)))
ENCRYPTION_ONLY = Keys(KEYS.encryption)
WRONG = Keys(bytes(range(50, 66)))
BOTH = AUTHENTICATED | ENCRYPTED


def envelope(form: Form, reading: Reading, counter: int, security: int = BOTH) -> bytes:
    """LLC and an encrypted list."""
    return sealed(information(write(form, reading)), KEYS, TITLE, counter, security=security)


def frame(form: Form, reading: Reading, counter: int, security: int = BOTH) -> bytes:
    """An encrypted list as it comes from the line."""
    return framed(form, envelope(form, reading, counter, security))


def only(items: list[Reading | Rejected]) -> Reading | Rejected:
    """Give the one item."""
    (item,) = items
    return item


def reason(item: Reading | Rejected) -> Reason | None:
    """Tell why something was rejected; None for a reading."""
    return item.reason if isinstance(item, Rejected) else None


@pytest.mark.parametrize(("security", "keys"), [(BOTH, KEYS), (BOTH, ENCRYPTION_ONLY), (ENCRYPTED | 1, ENCRYPTION_ONLY)])
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_every_list_is_read(form: Form, security: int, keys: Keys) -> None:
    """With the key each list of each meter is read as if it were not encrypted, framed or bare, with or without LLC."""
    decoder, plain = Decoder(keys=keys), Decoder()
    for seed in range(4):
        reading = invent_with(form, random.Random(seed))
        expected = plain.feed(write(form, reading))
        assert [type(item) for item in expected] == [Reading]
        assert decoder.feed(frame(form, reading, 4 * seed, security)) == expected
        assert [decoder.message(envelope(form, reading, 4 * seed + 1, security))] == expected
        assert [decoder.message(envelope(form, reading, 4 * seed + 2, security)[len(apdu.LLC) :])] == expected


@given(st.data(), any_form())
def test_any_reading_comes_back(data: st.DataObject, form: Form) -> None:
    """Sealing and opening lose nothing of any reading."""
    reading = data.draw(readings(form))
    assert Decoder(keys=KEYS).feed(frame(form, reading, 1)) == Decoder().feed(write(form, reading))


def test_without_a_key_the_sender_is_named() -> None:
    """Without a key an encrypted list is Rejected(ENCRYPTED) with the system title of its sender, and yields nothing."""
    data = frame(forms.KAMSTRUP_3P_LIST2, invent_with(forms.KAMSTRUP_3P_LIST2, random.Random(1)), 1)
    assert Decoder().feed(data) == [Rejected(Reason.ENCRYPTED, len(data) - 2, "system title 58595A0000000007")]


def test_a_wrong_key_says_so_and_damage_does_not() -> None:
    """A whole frame under a wrong key is Rejected(WRONG_KEY); a damaged one is damaged, whichever key is configured."""
    form = forms.KAMSTRUP_3P_LIST2
    data = frame(form, invent_with(form, random.Random(1)), 1)
    damaged = data[:60] + bytes([data[60] ^ 4]) + data[61:]

    assert Decoder(keys=WRONG).feed(data) == [Rejected(Reason.WRONG_KEY, len(data) - 2, ciphering.WRONG_KEY)]
    for keys in (KEYS, WRONG, None):
        assert reason(only(Decoder(keys=keys).feed(damaged))) is Reason.FRAME_CHECK


def test_a_forged_list_is_refused() -> None:
    """With the authentication key a list whose ciphertext somebody changed is refused, although the frame's own check is right."""
    form = forms.KAIFA_3P_LIST2
    whole = envelope(form, invent_with(form, random.Random(1)), 1)
    for bit in range(0, 8 * len(whole), 5):
        forged = bytearray(whole)
        forged[bit // 8] ^= 1 << bit % 8
        assert reason(only(Decoder(keys=KEYS).feed(framed(form, bytes(forged))))) is not None


def test_an_old_list_is_refused_and_a_meter_that_counts_anew_is_not_lost_for_ever() -> None:
    """A frame that comes again is Rejected(REPLAYED); when the counter has begun anew the lists are believed again after a while."""
    form = forms.KAMSTRUP_3P_LIST2
    reading = invent_with(form, random.Random(1))
    decoder = Decoder(keys=KEYS, lock=True)
    sent = [1_000, 1_001, 1_000, 1_001, *range(1, IN_A_ROW + 3)]

    found = [reason(only(decoder.feed(frame(form, reading, counter)))) for counter in sent]

    assert found == [None, None] + [Reason.REPLAYED] * (2 + IN_A_ROW) + [None, None]


def test_a_plain_list_on_a_line_with_keys() -> None:
    """It is read, as somebody may have switched encryption off; with an authentication key it is refused, as nothing proves its sender."""
    form = forms.KAIFA_3P_LIST2
    reading = invent_with(form, random.Random(1))
    decoder = Decoder(keys=ENCRYPTION_ONLY)
    for counter in range(3):
        assert decoder.feed(write(form, reading)) == [reading]
        assert decoder.feed(frame(form, reading, counter)) == [reading]
    data = write(form, reading)
    assert Decoder(keys=KEYS).feed(data) == [Rejected(Reason.UNAUTHENTICATED, len(data) - 2, ciphering.UNPROVEN)]


def test_what_is_inside_must_be_a_list() -> None:
    """A message that opens and is no list is refused for what it is, also an envelope in an envelope."""
    other = sealed(sealed(b"\x0f\x01", KEYS, TITLE, 1), KEYS, TITLE, 2)
    assert reason(Decoder(keys=KEYS).message(sealed(b"\xc0\x01", KEYS, TITLE, 1))) is Reason.NOT_PUSH
    assert reason(Decoder(keys=KEYS).message(other)) is Reason.ENCRYPTED


def test_a_part_of_a_longer_message_is_not_opened() -> None:
    """A frame with the segmentation bit is a part, whatever it looks like."""
    form = forms.KAIFA_3P_LIST2
    content = envelope(form, invent_with(form, random.Random(1)), 1)
    decoder = Decoder(keys=KEYS)

    assert decoder.feed(hdlc.build(b"\x01", b"\x02\x01", 0x10, content, segmented=True)) == []
    assert reason(only(decoder.close())) is Reason.TRUNCATED


@pytest.mark.parametrize(
    "wrapping",
    [TELEGRAMS, LONG_TELEGRAMS, Wrapping(Way.SEGMENTS, 100), Wrapping(Way.BLOCKS, 110)],
    ids=lambda each: each.way.name,
)
@pytest.mark.parametrize("security", [BOTH, ENCRYPTED | 1])
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_every_list_in_every_way(form: Form, security: int, wrapping: Wrapping) -> None:
    """An encrypted list is read from M-Bus telegrams, segments and blocks as from one frame, and names its sender without a key."""
    decoder = Decoder(keys=ENCRYPTION_ONLY)
    other = replace(form, frame=replace(form.frame, wrapping=wrapping))
    for counter in range(1, 4):
        reading = invent_with(form, random.Random(counter))
        stream = wrapped(other, envelope(form, reading, counter, security))
        assert decoder.feed(stream) == Decoder().feed(write(form, reading))
        told = only(Decoder().feed(stream))
        assert isinstance(told, Rejected)
        assert (told.reason, told.detail) == (Reason.ENCRYPTED, f"system title {TITLE.hex().upper()}")


@pytest.mark.parametrize(("keys", "believed"), [(KEYS, "ABA"), (ENCRYPTION_ONLY, "A.A")])
def test_a_tag_vouches_for_what_m_bus_does_not(keys: Keys, believed: str) -> None:
    """On M-Bus a list whose meter id changed is believed at once when a tag was checked, and else when it comes a second time."""
    form = replace(forms.KAIFA_3P_LIST2, frame=replace(forms.KAIFA_3P_LIST2.frame, wrapping=TELEGRAMS))
    reading, decoder = invent_with(form, random.Random(1)), Decoder(keys=keys)
    found = ""
    for counter, name in enumerate("ABA", start=1):
        content = sealed(message(form, reading._replace(meter_id=name * 16)), KEYS, TITLE, counter)
        item = only(decoder.feed(wrapped(form, content)))
        found += (item.meter_id or "")[:1] if isinstance(item, Reading) else "."
    assert found == believed


def test_the_list_is_learned_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was decrypted is read through the layout that was learned, not parsed in full each time."""
    learned = 0
    fix = Layout.fix

    def count(layout: Layout, raw: bytes, changing: int) -> None:
        nonlocal learned
        learned += 1
        fix(layout, raw, changing)

    monkeypatch.setattr(Layout, "fix", count)
    decoder = Decoder(keys=KEYS)
    for counter in range(20):
        reading = invent_with(forms.AIDON_TN_LIST2, random.Random(counter))
        assert isinstance(only(decoder.feed(frame(forms.AIDON_TN_LIST2, reading, counter))), Reading)
    assert learned == 1


@given(st.binary(max_size=80), st.sampled_from([b"", apdu.LLC, apdu.LLC + b"\xdb\x08", apdu.LLC + b"\xdb\x08" + TITLE]))
def test_any_bytes_give_a_reading_or_a_reason(content: bytes, beginning: bytes) -> None:
    """With keys, too, no bytes make the decoder raise."""
    for keys in (KEYS, ENCRYPTION_ONLY):
        assert isinstance(Decoder(keys=keys).message(beginning + content), (Reading, Rejected))


def items_of(frame: RealFrame, keys: Keys | None) -> list[Reading | Rejected]:
    """Decode a real frame by a decoder that knows nothing but keys."""
    decoder = Decoder(keys=keys)
    return [decoder.message(frame.raw)] if frame.kind in ("llc", "dlms-apdu") else decoder.feed(frame.raw) + decoder.close()


@pytest.mark.recordings
def test_real_frames_name_their_sender_and_yield_nothing(recordings: Path) -> None:
    """Real encrypted frames give their system title without a key, WRONG_KEY with somebody's, and never a reading."""
    rng, seen = random.Random(7), Counter[Reason]()
    for frame in real_frames(recordings):
        if not frame.encrypted:
            continue
        key, other = Keys(rng.randbytes(16)), Keys(rng.randbytes(16), rng.randbytes(16))
        plain = [item for item in items_of(frame, None) if reason(item) is Reason.ENCRYPTED]
        for item in plain:
            assert isinstance(item, Rejected)
            titled = frame.raw.partition(b"\xdb\x08")[2]
            if not titled:  # a P1 telegram may leave the title out
                assert item.detail == "no system title"
                continue
            title = titled[:8]
            assert item.detail == f"system title {title.hex().upper()}"
        for keys in (key, other):
            found = [reason(item) for item in items_of(frame, keys)]
            assert None not in found
            assert Reason.ENCRYPTED not in found
            told = sum(item in (Reason.WRONG_KEY, Reason.UNAUTHENTICATED) for item in found)
            if frame.kind == "hdlc":  # others may be a part, or cut anywhere
                assert told == len(plain), frame.name
            seen.update(item for item in found if item)
    assert seen[Reason.WRONG_KEY] >= 2 * 20
