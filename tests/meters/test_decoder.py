"""From bytes to readings: invented meters through the decoder."""

import random
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlms import apdu, blocks, hdlc, mbus
from dlms.axdr import Data, Tag, build, parse
from dlms.crc import crc16_x25
from dlms.rejects import Reason, Rejected
from dlms.sniffer import Sniffer
from han_gateway.meters import forms
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.forms import FORMS, Form
from han_gateway.meters.reading import Reading
from han_gateway.meters.software_meter import write
from han_gateway.meters.wrapping import FRAME, LONG_TELEGRAMS, TELEGRAMS, Header, Way, Wrapping, wrap
from tests.invented import any_form, framed, information, invent_with, readings

NAMED = [form for form in FORMS if any(column.name == "list_id" for column in form.columns)]


def one(form: Form, seed: int = 1) -> tuple[bytes, Reading]:
    """Invent a frame of a form, and the reading that it must give."""
    reading = invent_with(form, random.Random(seed))
    return write(form, reading), reading


def only(items: list[Reading | Rejected]) -> Reading | Rejected:
    """Give the one item."""
    (item,) = items
    return item


def reason(item: Reading | Rejected) -> Reason | None:
    """Tell why something was rejected; None for a reading."""
    return item.reason if isinstance(item, Rejected) else None


def body(form: Form, data: Data) -> bytes:
    """Write a frame with any body, headed as the form is."""
    return framed(form, apdu.build(form.frame.invoke_id, apdu.NO_TIME, None, data))


class TestReadings:
    """What a meter sent is what is read."""

    @pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
    def test_every_list_is_read(self, form: Form) -> None:
        """Each list that can be written is read, the first time and through its layout."""
        decoder = Decoder()
        for seed in range(4):
            frame, expected = one(form, seed)
            assert decoder.feed(frame) == [own_name(form, expected)]

    @given(st.data(), any_form())
    def test_any_reading_comes_back(self, data: st.DataObject, form: Form) -> None:
        """Encoding and decoding are inverse for any reading of any list, in any scale it can be written in."""
        reading = data.draw(readings(form))

        assert Decoder().feed(write(form, reading)) == [own_name(form, reading)]

    @given(st.lists(st.tuples(any_form(), st.integers(0, 9)), max_size=6), st.lists(st.integers(0, 3000), max_size=12))
    def test_any_cuts(self, chosen: list[tuple[Form, int]], places: list[int]) -> None:
        """How a stream was cut makes no difference."""
        stream = b"".join(one(form, seed)[0] for form, seed in chosen)
        cuts = [0, *sorted(min(place, len(stream)) for place in places), len(stream)]
        whole, pieces = Decoder(), Decoder()

        expected = whole.feed(stream) + whole.close()
        found = [item for start, stop in pairwise(cuts) for item in pieces.feed(stream[start:stop])]

        assert found + pieces.close() == expected
        assert len(expected) == len(chosen)

    @pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
    def test_messages_without_hdlc(self, form: Form) -> None:
        """A message is read with and without LLC, and as often as it comes."""
        frame, expected = one(form)
        decoder = Decoder()

        for message in (information(frame), information(frame)[len(apdu.LLC) :]) * 2:
            assert decoder.message(message) == own_name(form, expected)

    @given(st.lists(st.tuples(st.sampled_from(NAMED), st.integers(0, 5)), max_size=8))
    def test_the_order_of_named_lists_is_no_matter(self, chosen: list[tuple[Form, int]]) -> None:
        """Lists that name themselves are read the same in any company, and by a decoder that knows nothing."""
        decoder = Decoder()

        for form, seed in chosen:
            frame, expected = one(form, seed)
            assert decoder.feed(frame) == Decoder().feed(frame) == [expected]


class TestNamelessLists:
    """Lists that do not say whose they are."""

    def test_list_1_belongs_to_the_meter_of_the_line(self) -> None:
        """Aidon and the E350 send the same list 1: it is the E350's after that has named itself, and was Aidon's guess before."""
        list1, _ = one(forms.EMBRIQ_LIST1)
        decoder = Decoder()

        makers = [manufacturer(item) for item in decoder.feed(list1 + one(forms.EMBRIQ_LIST2)[0] + list1 + list1)]

        assert makers == ["aidon", "landis-gyr", "landis-gyr", "landis-gyr"]

    def test_the_swedish_list_is_aidon_s(self) -> None:
        """The long nameless list is the Swedish Aidon's, and nobody knows its clock rule."""
        frame, expected = one(forms.AIDON_SE_3P)

        assert expected.clock_rule is None
        assert Decoder().feed(frame) == [expected]


class TestLock:
    """A line belongs to one family."""

    KAIFA, KAMSTRUP, AIDON1, AIDON2 = (
        one(form)[0] for form in (forms.KAIFA_3P_LIST2, forms.KAMSTRUP_3P_LIST2, forms.AIDON_LIST1, forms.AIDON_TN_LIST2)
    )

    def test_a_foreign_list_is_refused(self) -> None:
        """A list of another family on a locked line is Rejected(FOREIGN_METER) and names both."""
        decoder = Decoder(lock=True)
        decoder.feed(self.KAIFA)

        rejected = only(decoder.feed(self.KAMSTRUP))

        assert reason(rejected) is Reason.FOREIGN_METER
        assert isinstance(rejected, Rejected)
        assert rejected.detail == "kamstrup on a line of kaifa"
        assert rejected.size == len(self.KAMSTRUP) - 2

    def test_without_lock_every_list_is_read(self) -> None:
        """A decoder that is not locked reads whatever comes."""
        items = Decoder().feed((self.KAIFA + self.KAMSTRUP + self.AIDON1 + self.AIDON2) * 3)

        assert all(isinstance(item, Reading) for item in items)
        assert len(items) == 12

    def test_ten_in_a_row_are_an_exchange(self) -> None:
        """The tenth foreign list in a row is believed, and from then on the old meter is the foreign one."""
        decoder = Decoder(lock=True)
        decoder.feed(self.KAIFA)

        reasons = [reason(only(decoder.feed(self.KAMSTRUP))) for _ in range(12)]

        assert reasons == [Reason.FOREIGN_METER] * 9 + [None] * 3
        assert reason(only(decoder.feed(self.KAIFA))) is Reason.FOREIGN_METER

    @pytest.mark.parametrize("own", [one(forms.KAIFA_3P_LIST2)[0], one(forms.KAIFA_3P_LIST3)[0]], ids=["known", "new"])
    def test_an_own_list_ends_the_row(self, own: bytes) -> None:
        """Nine foreign lists, one of the own meter, known or new, and nine more are no exchange."""
        decoder = Decoder(lock=True)
        decoder.feed(self.KAIFA)
        for _ in range(9):
            decoder.feed(self.KAMSTRUP)
        assert isinstance(only(decoder.feed(own)), Reading)

        assert [reason(only(decoder.feed(self.KAMSTRUP))) for _ in range(9)] == [Reason.FOREIGN_METER] * 9

    @pytest.mark.parametrize("offset", range(10))
    def test_an_exchange_for_a_meter_with_nameless_lists(self, offset: int) -> None:
        """After an exchange all lists of the new meter are read, whichever of them was the tenth."""
        decoder = Decoder(lock=True)
        decoder.feed(self.KAIFA)
        day = ([self.AIDON1] * 3 + [self.AIDON2]) * 10
        items = [only(decoder.feed(frame)) for frame in day[offset:]]

        assert [reason(item) for item in items[:9]] == [Reason.FOREIGN_METER] * 9
        assert [reason(item) for item in items[9:]] == [None] * len(items[9:])
        assert reason(only(decoder.feed(self.KAIFA))) is Reason.FOREIGN_METER

    def test_an_exchange_for_a_meter_that_never_names_itself(self) -> None:
        """A Swedish Aidon takes over a line, too; until one that names itself comes, and be it the one before."""
        swedish = one(forms.AIDON_SE_3P)[0]
        decoder = Decoder(lock=True)
        decoder.feed(self.KAIFA)

        items = [only(decoder.feed(swedish)) for _ in range(20)]

        assert [reason(item) for item in items] == [Reason.FOREIGN_METER] * 9 + [None] * 11
        assert [reason(item) for item in decoder.feed(self.KAIFA + swedish)] == [None, Reason.FOREIGN_METER]

    def test_a_nameless_list_does_not_own_a_line(self) -> None:
        """Before any list has named itself, whatever comes is read."""
        decoder = Decoder(lock=True)

        assert isinstance(only(decoder.feed(self.AIDON1)), Reading)
        assert isinstance(only(decoder.feed(self.KAIFA)), Reading)
        assert reason(only(decoder.feed(self.AIDON1))) is Reason.FOREIGN_METER


class TestRejects:
    """What is no reading is a value with a reason."""

    @pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
    def test_damage(self, form: Form) -> None:
        """A damaged frame yields no reading."""
        frame, _ = one(form)
        broken = frame[:30] + bytes([frame[30] ^ 4]) + frame[31:]

        assert reason(only(Decoder().feed(broken))) is Reason.FRAME_CHECK

    def test_masked_dumps(self) -> None:
        """Without the frame check a masked frame is read, and its masked id is what it says."""
        frame, expected = one(forms.KAIFA_3P_LIST2)
        assert expected.meter_id
        masked = frame.replace(expected.meter_id.encode(), b"X" * 16)

        assert reason(only(Decoder().feed(masked))) is Reason.FRAME_CHECK
        for _ in range(2):
            assert Decoder(check_fcs=False).feed(masked) == [expected._replace(meter_id="X" * 16)]

    def test_the_end_of_the_input(self) -> None:
        """What was pending when the input ended is Rejected(TRUNCATED)."""
        decoder = Decoder()
        assert decoder.feed(one(forms.KAIFA_3P_LIST2)[0][:50]) == []

        assert [reason(item) for item in decoder.close()] == [Reason.TRUNCATED]

    def test_encrypted(self) -> None:
        """A ciphered message is Rejected(ENCRYPTED) with the system title of its sender and its size."""
        frame = framed(forms.KAMSTRUP_3P_LIST2, apdu.LLC + bytes.fromhex("db084b414d4500000001820010") + bytes(40))
        rejected = only(Decoder().feed(frame))

        assert rejected == Rejected(Reason.ENCRYPTED, len(frame) - 2, "system title 4B414D4500000001")

    def test_a_message_without_a_head(self) -> None:
        """A body alone, as some programs log it, is read, with the clock that stands in it or none."""
        form = forms.ISKRA_3P
        frame, expected = one(form)
        message = information(frame)
        parsed = apdu.parse(message)
        assert isinstance(parsed, apdu.Apdu)

        assert Decoder().message(build(parsed.body)) == expected._replace(clock=None)
        assert reason(Decoder().message(build(parsed.body)[:-1])) is Reason.MALFORMED

    def test_a_part_of_a_longer_message(self) -> None:
        """A frame with the segmentation bit is no message, also where it looks whole; it is told when something else comes."""
        whole, _ = one(forms.KAIFA_LIST1)
        segmented = resealed(bytes([whole[1] | 0x08]) + whole[2:-1])

        decoder = Decoder()
        assert decoder.feed(segmented) == []
        assert [reason(item) for item in decoder.close()] == [Reason.TRUNCATED]
        assert [reason(item) for item in decoder.feed(whole + segmented + whole)] == [None, Reason.TRUNCATED, None]

    @pytest.mark.parametrize("message", [b"", apdu.LLC, b"\xe1\x00", b"KAM5"])
    def test_other_messages(self, message: bytes) -> None:
        """What is no data-notification is Rejected(NOT_PUSH), framed or not."""
        assert reason(only(Decoder().feed(framed(forms.KAIFA_LIST1, message)))) is Reason.NOT_PUSH
        assert reason(Decoder().message(message)) is Reason.NOT_PUSH

    @pytest.mark.parametrize(
        ("data", "why"),
        [
            (Data(Tag.NULL, None), Reason.UNKNOWN_LIST),
            (Data(Tag.STRUCTURE, ()), Reason.UNKNOWN_LIST),
            (Data(Tag.ARRAY, ()), Reason.UNKNOWN_LIST),
            (Data(Tag.ARRAY, (Data(Tag.UINT32, 1),) * 3), Reason.UNKNOWN_LIST),
            (Data(Tag.STRUCTURE, (Data(Tag.UINT32, 1), Data(Tag.UINT32, 1))), Reason.UNKNOWN_LIST),
            (Data(Tag.STRUCTURE, (Data(Tag.OCTET_STRING, b"KFM_001"),) * 5), Reason.UNKNOWN_LIST),
            (Data(Tag.STRUCTURE, (Data(Tag.VISIBLE_STRING, b"Somebody_V1"), Data(Tag.UINT32, 1))), Reason.UNKNOWN_LIST),
            (Data(Tag.STRUCTURE, (Data(Tag.VISIBLE_STRING, b"Kamstrup_V0001"),)), Reason.UNKNOWN_LIST),
        ],
    )
    def test_nonsense(self, data: Data, why: Reason) -> None:
        """A well-formed body that is no list we know is rejected with its reason and size."""
        frame = body(forms.KAMSTRUP_3P_LIST2, data)

        for rejected in (only(Decoder().feed(frame)), Decoder().message(information(frame))):
            assert isinstance(rejected, Rejected)
            assert rejected.reason is why
            assert rejected.size in (len(frame) - 2, len(information(frame)))

    def test_a_frame_between_others_costs_only_itself(self) -> None:
        """A rejected frame changes nothing for those around it."""
        frame, expected = one(forms.AIDON_TN_LIST3)
        bad = body(forms.AIDON_TN_LIST3, Data(Tag.NULL, None))

        assert [item for item in Decoder().feed(frame + bad + frame) if isinstance(item, Reading)] == [expected] * 2


WAYS = {
    "telegrams": TELEGRAMS,
    "long telegrams": LONG_TELEGRAMS,
    "short telegrams": Wrapping(Way.TELEGRAMS, 60),
    "segments": Wrapping(Way.SEGMENTS, 120),
    "blocks": Wrapping(Way.BLOCKS, 110),
}


ONE_OF_EACH_LENGTH = list({len(information(one(form)[0])): form for form in NAMED}.values())
"""Over M-Bus, two lists of equal length on one line are a list in which something changed that never does."""


class TestWrapped:
    """Messages that come in another way than in one HDLC frame."""

    @pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
    @pytest.mark.parametrize("wrapping", WAYS.values(), ids=WAYS)
    def test_every_list_in_every_way(self, form: Form, wrapping: Wrapping) -> None:
        """Each list is read from M-Bus telegrams, HDLC segments and blocks, the first time and through its layout."""
        decoder, wrapped = Decoder(), in_the_way(wrapping, form)
        for seed in range(3):
            frames, expected = one(wrapped, seed)
            assert decoder.feed(frames) == [own_name(form, expected)]

    @given(
        st.lists(
            st.tuples(st.sampled_from(ONE_OF_EACH_LENGTH), st.sampled_from([FRAME, *WAYS.values()]), st.integers(0, 9)),
            max_size=5,
        ),
        st.lists(st.integers(0, 3000), max_size=12),
    )
    def test_any_cuts(self, chosen: list[tuple[Form, Wrapping, int]], places: list[int]) -> None:
        """A stream of all ways gives all its readings and nothing else, wherever it is cut."""
        sent = [one(in_the_way(wrapping, form), seed) for form, wrapping, seed in chosen]
        stream = b"".join(frames for frames, _ in sent)
        cuts = [0, *sorted(min(place, len(stream)) for place in places), len(stream)]
        decoder = Decoder()
        found = [item for start, stop in pairwise(cuts) for item in decoder.feed(stream[start:stop])]

        assert found + decoder.close() == [expected for _, expected in sent]

    @pytest.mark.parametrize("wrapping", WAYS.values(), ids=WAYS)
    def test_a_lost_piece_costs_its_message(self, wrapping: Wrapping) -> None:
        """Whichever piece is lost, damaged or twice there, no wrong reading comes of it, and the next message is read."""
        form = in_the_way(wrapping, forms.AIDON_TN_LIST3)
        frames, expected = one(form)
        pieces = wire(frames)
        for at, piece in enumerate(pieces):
            damaged = piece[:30] + bytes([piece[30] ^ 4]) + piece[31:]
            for instead in (b"", damaged, piece[:-3], piece + piece):
                decoder = Decoder()
                items = decoder.feed(b"".join((*pieces[:at], instead, *pieces[at + 1 :], frames)))
                assert [item for item in items if isinstance(item, Reading)] in ([expected], [expected] * 2)
                assert items[-1] == expected

    @pytest.mark.parametrize("form", [forms.KAIFA_3P_LIST2, forms.AIDON_TN_LIST3], ids=lambda form: form.name)
    def test_a_weak_check_is_not_believed_what_never_changes(self, form: Form) -> None:
        """On M-Bus, a list whose text, code or scaler changed is believed when it comes a second time; on HDLC at once."""
        for wrapping, doubted in ((TELEGRAMS, True), (FRAME, False)):
            wrapped = in_the_way(wrapping, form)
            reading = invent_with(form, random.Random(1))
            old, new, other = (write(wrapped, reading._replace(meter_id=name * 16)) for name in "ABC")
            decoder = Decoder()
            sent = (old, new, old, new, old, other, new, new, new, other, old, other, other)
            found = [only(decoder.feed(frames)) for frames in sent]
            ids = "".join((item.meter_id or "")[:1] if isinstance(item, Reading) else "." for item in found)
            assert ids == ("A.A.A..BB...C" if doubted else "ABABACBBBCACC")
            doubt = "what never changes has changed, and only a weak check vouches for that"
            assert {item[::2] for item in found if isinstance(item, Rejected)} <= {(Reason.FRAME_CHECK, doubt)}

    def test_a_known_frame_gives_up_what_is_pending(self) -> None:
        """A message that lacks its end is told before the next one, also when that is of a known layout."""
        known, expected = one(forms.KAIFA_3P_LIST2)
        frames, _ = one(in_the_way(WAYS["segments"], forms.AIDON_TN_LIST2))
        decoder = Decoder()
        decoder.feed(known)

        items = decoder.feed(wire(frames)[0] + known)

        assert [reason(item) for item in items] == [Reason.TRUNCATED, None]
        assert items[1:] == decoder.feed(known) == [expected]

    @pytest.mark.parametrize("wrapping", WAYS.values(), ids=WAYS)
    def test_encrypted(self, wrapping: Wrapping) -> None:
        """A ciphered message is Rejected(ENCRYPTED) with the system title of its sender, also when its end is lost."""
        sealed = apdu.LLC + bytes.fromhex("db084b414d4500000001820110") + bytes(272)
        pieces = wire(wrap(sealed, wrapping, Header(b"\x41", b"\x03", 0x13)))
        for kept in (pieces, pieces[:-1]):
            decoder = Decoder()
            rejected = only(decoder.feed(b"".join(kept)) + decoder.close())
            assert isinstance(rejected, Rejected)
            assert rejected.reason is Reason.ENCRYPTED
            assert rejected.detail == "system title 4B414D4500000001"

    def test_blocks_without_frames(self) -> None:
        """A message that came without HDLC may be made of blocks; without the last it is Rejected(TRUNCATED)."""
        frame, expected = one(forms.AIDON_TN_LIST3)
        pieces = blocks.split(information(frame)[len(apdu.LLC) :], 150)

        assert Decoder().message(apdu.LLC + b"".join(pieces)) == expected
        assert reason(Decoder().message(b"".join(pieces[:-1]))) is Reason.TRUNCATED
        assert reason(Decoder().message(b"".join(pieces[1:]))) is Reason.SEGMENTED
        assert reason(Decoder().message(pieces[0][:-1])) is Reason.MALFORMED


def in_the_way(wrapping: Wrapping, form: Form) -> Form:
    """Give a form that is wrapped in another way."""
    return replace(form, frame=replace(form.frame, wrapping=wrapping))


def wire(stream: bytes) -> list[bytes]:
    """Take a stream apart into its frames as they are on the wire."""
    found = [item for item in Sniffer().feed(stream) if isinstance(item, bytes)]
    return [frame if frame.startswith(mbus.START) else hdlc.FLAG + frame + hdlc.FLAG for frame in found]


class TestMemory:
    """What a decoder remembers is bounded."""

    def test_layouts(self) -> None:
        """A line that shows ever new lists makes it forget, not grow; and all of them are read."""
        decoder = Decoder()
        for size in range(1, 60):
            form = padded(size)
            frame, expected = one(form)
            assert decoder.feed(frame + frame) == [expected] * 2
            assert len(decoder._layouts) <= 16

    def test_the_lists_of_a_meter_are_kept(self) -> None:
        """As many lists as any meter sends are all remembered: one that comes again in any order is read in one go."""
        decoder = Decoder()
        for size in range(1, 17):
            decoder.feed(one(padded(size))[0])

        assert len(decoder._layouts) == 16


def own_name(form: Form, reading: Reading) -> Reading:
    """Give the reading as a decoder that knows nothing of the line has it: a nameless list 1 of the E350 is taken for Aidon's."""
    if form is forms.EMBRIQ_LIST1:
        return reading._replace(manufacturer="aidon", clock_rule=forms.AIDON_LIST1.profile.clock)
    return reading


def manufacturer(item: Reading | Rejected) -> str:
    """Tell the maker of a reading."""
    assert isinstance(item, Reading)
    return item.manufacturer


def resealed(content: bytes) -> bytes:
    """Compute both checks of a Kaifa frame again."""
    header = content[:6]
    return hdlc.FLAG + sealed(sealed(header) + content[8:-2]) + hdlc.FLAG


def sealed(content: bytes) -> bytes:
    """Append the check sequence."""
    return content + crc16_x25(content)


def padded(size: int) -> Form:
    """Give a form of a size of its own."""
    wide = forms.EMBRIQ_LIST2
    columns = tuple(replace(column, width=8 + size) if column.name == "meter_id" else column for column in wide.columns)
    return replace(wide, columns=columns)


def test_any_bytes() -> None:
    """No bytes make the decoder raise, framed or not."""
    rng = random.Random(11)
    decoder = Decoder(lock=True)
    for _ in range(2000):
        noise = rng.randbytes(rng.randrange(60))
        for item in (*decoder.feed(framed(rng.choice(FORMS), noise)), decoder.message(noise)):
            assert isinstance(item, (Reading, Rejected))


def test_deep_nesting() -> None:
    """A body that nests without end is Rejected(MALFORMED)."""
    deep = apdu.LLC + bytes.fromhex("0f4000000000") + b"\x02\x01" * 900

    assert isinstance(parse(b"\x02\x01" * 900), Rejected)
    assert reason(only(Decoder().feed(framed(forms.KAIFA_LIST1, deep)))) is Reason.MALFORMED
