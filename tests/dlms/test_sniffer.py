"""Frames in a stream of bytes."""

import random
import sys
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlms import hdlc
from dlms.crc import crc16_x25
from dlms.hdlc import FLAG, MAX_LENGTH, Deframer, build, information_at, is_segmented
from dlms.rejects import Reason, Rejected

Item = bytes | Rejected


def frame(information: bytes, *, destination: bytes = b"\x01", source: bytes = b"\x02\x01") -> bytes:
    """Build a frame as Kaifa addresses it."""
    return build(destination, source, 0x10, information)


A, B, C = frame(b"the first"), frame(b"the second, longer"), frame(b"third", destination=b"\x2b", source=b"\x21")


def raw(whole: bytes) -> bytes:
    """Give what lies between the flags."""
    return whole[1:-1]


def feed(*chunks: bytes, check_fcs: bool = True) -> list[Item]:
    """Feed chunks to a new deframer, and close it."""
    deframer = Deframer(check_fcs=check_fcs)
    items = [item for chunk in chunks for item in deframer.feed(chunk)]
    return items + deframer.close()


def frames(items: Iterable[Item]) -> list[bytes]:
    """Give the frames alone."""
    return [item for item in items if isinstance(item, bytes)]


def rejects(items: Iterable[Item]) -> list[tuple[Reason, int]]:
    """Give the reasons and sizes of what was rejected."""
    return [(item.reason, item.size) for item in items if isinstance(item, Rejected)]


def damaged(whole: bytes, at: int = -6) -> bytes:
    """Flip a bit; by default in the information field."""
    at %= len(whole)
    return whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :]


def cut(stream: bytes, at: Iterable[int]) -> list[bytes]:
    """Cut a stream at these places."""
    places = [0, *sorted(place % (len(stream) + 1) for place in at), len(stream)]
    return [stream[start:stop] for start, stop in pairwise(places)]


def merged(items: Iterable[Item]) -> list[Item]:
    """Join reports of noise that follow each other: a long stretch is reported in pieces, wherever the bytes were cut."""
    result: list[Item] = []
    noise = {Reason.NOISE, Reason.HEADER_CHECK}
    for item in items:
        last = result[-1] if result else None
        if isinstance(item, Rejected) and isinstance(last, Rejected) and {item.reason, last.reason} <= noise:
            result[-1] = Rejected(Reason.NOISE, item.size + last.size)
        else:
            result.append(Rejected(Reason.NOISE, item.size) if isinstance(item, Rejected) and item.reason in noise else item)
    return result


class TestGoodFrames:
    """What arrives as it was sent."""

    def test_a_frame_is_given_between_its_flags(self) -> None:
        """A frame is all between its flags, and its information field is found."""
        (item,) = feed(A)

        assert item == raw(A)
        assert raw(A)[information_at(raw(A)) : -2] == b"the first"

    @given(st.lists(st.binary(max_size=60), max_size=6), st.data())
    def test_frames_with_any_content_are_found(self, contents: list[bytes], drawn: st.DataObject) -> None:
        """Frames with any content come out as they went in, with their flags doubled or shared, in any order of lengths."""
        stream = b""
        for content in contents:
            shared = bool(stream) and drawn.draw(st.booleans())
            stream += frame(content)[shared:]

        assert feed(stream) == [raw(frame(content)) for content in contents]

    def test_flags_and_escapes_inside_are_data(self) -> None:
        """The length delimits: 7E and 7D inside are neither flags nor escapes."""
        whole = frame(bytes.fromhex("7e7d5e7e7ea07e7d"))

        assert feed(whole, A) == [raw(whole), raw(A)]

    @pytest.mark.parametrize("destination", ["01", "0203", "00020401"])
    @pytest.mark.parametrize("source", ["21", "0883", "00020aff"])
    def test_addresses_of_one_two_and_four_bytes(self, destination: str, source: str) -> None:
        """Addresses may have one, two or four bytes."""
        whole = frame(b"hello", destination=bytes.fromhex(destination), source=bytes.fromhex(source))

        for _ in range(2):
            (item,) = feed(whole)
            assert item == raw(whole)
            assert raw(whole)[information_at(raw(whole)) : -2] == b"hello"
        assert feed(whole, whole) == [raw(whole)] * 2

    @pytest.mark.parametrize("address", ["000401", "0002040601"])
    def test_addresses_of_other_widths_are_refused(self, address: str) -> None:
        """An address of three bytes or of five is none."""
        whole = frame(b"hello", destination=bytes.fromhex(address))

        assert rejects(feed(whole)) == [(Reason.HEADER_CHECK, len(whole) - 2)]

    def test_a_frame_without_information(self) -> None:
        """A frame that has a header and one check sequence only is a frame with nothing in it."""
        content = bytes.fromhex("a00701020110")
        content = bytes([0xA0, len(content) + 2]) + content[2:]
        whole = FLAG + content + crc16_x25(content) + FLAG

        assert feed(whole, A) == [whole[1:-1], raw(A)]
        assert information_at(whole[1:-1]) == len(whole) - 2

    def test_the_longest_frame(self) -> None:
        """A frame of 2,047 bytes is found, and a longer one cannot be built."""
        whole = frame(bytes(MAX_LENGTH - 10))

        assert len(raw(whole)) == MAX_LENGTH
        assert feed(*cut(whole, range(0, 2049, 100))) == [raw(whole)]
        with pytest.raises(ValueError, match="2048 bytes do not fit"):
            frame(bytes(MAX_LENGTH - 9))

    def test_the_segmentation_bit(self) -> None:
        """A part of a longer message is a frame and says so."""
        content = bytes([raw(A)[0] | 0x08]) + raw(A)[1:6]
        content += crc16_x25(content) + b"part 1"
        content = content[:1] + bytes([len(content) + 2]) + content[2:]
        content = content[:6] + crc16_x25(content[:6]) + content[8:]
        part = content + crc16_x25(content)

        assert feed(FLAG + part + FLAG) == [part]
        assert is_segmented(part)
        assert not is_segmented(raw(A))

    def test_headers_without_frames_cost_what_noise_costs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """However many good headers promise a frame that never ends, each is read a few times, not once for every other."""
        header = build(b"\x41", b"\x03", 0x13, bytes(MAX_LENGTH - 9))[:9]
        read, times = hdlc._read_header, 0

        def counted(buffer: bytes, at: int) -> object:
            nonlocal times
            times += 1
            return read(buffer, at)

        monkeypatch.setattr(hdlc, "_read_header", counted)
        Deframer().feed(header * 1_000)
        assert times <= 2 * 1_000

    def test_more_headers_than_are_remembered(self) -> None:
        """A line that shows more headers than any meter sends is read all the same."""
        many = [frame(bytes(size)) for size in range(40)]

        assert feed(b"".join(many) * 2) == [raw(whole) for whole in many] * 2

    def test_the_words_of_no_frame(self) -> None:
        """What has no header has no information field either."""
        assert information_at(b"no frame") == len(b"no frame")


class TestDamage:
    """What did not arrive as it was sent: it is reported once, and costs only itself."""

    def test_a_wrong_frame_check(self) -> None:
        """A damaged frame is one reject of its size, between its good neighbours."""
        items = feed(A + damaged(B) + C)

        assert items == [raw(A), Rejected(Reason.FRAME_CHECK, len(B)), raw(C)]

    def test_a_missing_closing_flag(self) -> None:
        """A frame whose closing flag is another byte is damaged, although its check is good."""
        assert rejects(feed(A[:-1] + b"\x00" + B)) == [(Reason.FRAME_CHECK, len(A))]

    def test_a_wrong_header(self) -> None:
        """A header that its check contradicts costs one byte and not its length; all of it is one reject."""
        items = feed(A + damaged(B, 2) + C)

        assert items == [raw(A), Rejected(Reason.HEADER_CHECK, len(B) - 2), raw(C)]

    def test_a_length_that_is_too_short_for_its_header(self) -> None:
        """A header that claims less than itself is refused, though its check is good."""
        content = bytes.fromhex("a00301020110")
        whole = FLAG + content + crc16_x25(content) + b"more" + FLAG

        assert rejects(feed(whole + A)) == [(Reason.HEADER_CHECK, len(whole) - 2)]

    def test_noise_between_frames(self) -> None:
        """A stretch of bytes between frames is one reject of its size, flags not counted."""
        items = feed(b"\r\n" + A + b"\r\n" + FLAG + b"noise" + FLAG + FLAG + B)

        assert items == [Rejected(Reason.NOISE, 2), raw(A), Rejected(Reason.NOISE, 7), raw(B)]

    def test_a_frame_cut_off_by_the_next(self) -> None:
        """A frame that ended early is one reject of what there was of it, and the next frame is found, however long either is."""
        for first, second in ((A, B), (B, A), (frame(bytes(500)), A), (A, frame(bytes(500)))):
            for lost in (1, 5, len(first) - 12):
                items = feed(A + first[: -1 - lost] + second + C + C)

                assert frames(items) == [raw(A), raw(second), raw(C), raw(C)]
                assert len(rejects(items)) == 1

    def test_the_end_of_the_input(self) -> None:
        """What is pending when the input ends is one reject; a closing flag is nothing pending."""
        assert rejects(feed(A + B[:-1])) == [(Reason.TRUNCATED, len(B) - 1)]
        assert rejects(feed(A + B[:4])) == [(Reason.TRUNCATED, 4)]
        assert rejects(feed(A + b"noise")) == [(Reason.NOISE, 5)]
        assert rejects(feed(A + FLAG)) == []
        assert feed(FLAG * 5) == []
        assert feed() == []

    def test_it_goes_on_after_the_end(self) -> None:
        """After the input ended, the next begins afresh."""
        deframer = Deframer()
        deframer.feed(B[:10])
        assert rejects(deframer.close()) == [(Reason.TRUNCATED, 10)]

        assert deframer.feed(B[10:]) + deframer.feed(A) == [Rejected(Reason.NOISE, len(B) - 11), raw(A)]

    def test_a_lost_byte_does_not_hide_that_the_next_frame_is_lost_too(self) -> None:
        """Two damaged frames are two rejects, also where the first reaches for the flag of the second."""
        items = feed(A + B[:12] + B[13:] + B[:15] + C)

        assert frames(items) == [raw(A), raw(C)]
        assert [reason for reason, _ in rejects(items)] == [Reason.FRAME_CHECK, Reason.FRAME_CHECK]

    def test_endless_noise_is_reported(self) -> None:
        """A line that brings nothing but noise is reported while it goes on, and every byte of it is counted once."""
        deframer = Deframer()
        items = [item for _ in range(50) for item in deframer.feed(b"\x00" * 300)]
        sizes = [size for _, size in rejects(items)]

        assert len(sizes) > 3
        assert sum(sizes) + sum(size for _, size in rejects(deframer.close())) == 15_000

    @given(st.binary(max_size=300), st.lists(st.integers(0, 10**6), max_size=6))
    def test_any_bytes_are_noise_at_worst(self, junk: bytes, places: list[int]) -> None:
        """No bytes make it raise, and none hide the frames after them."""
        items = feed(*cut(junk + A + B, places))

        assert frames(items)[-2:] == [raw(A), raw(B)]

    @given(st.binary(max_size=400))
    def test_no_more_is_reported_than_came(self, junk: bytes) -> None:
        """The sizes of all rejects add up to no more than the bytes that came."""
        assert sum(size for _, size in rejects(feed(junk))) <= len(junk)

    def test_it_holds_back_one_frame_at_most(self) -> None:
        """Whatever a line brings, no more than a frame is kept."""
        deframer = Deframer()
        rng = random.Random(7)
        longest = frame(bytes(MAX_LENGTH - 10))
        for _ in range(300):
            deframer.feed(rng.choice((rng.randbytes(700), longest[:1000], FLAG * 500, A[:9] * 50, b"\x7e\xa7")))
            assert len(deframer._rest) <= MAX_LENGTH + 2


class TestWithoutFrameCheck:
    """Dumps whose owner masked the ids."""

    def test_a_masked_frame_is_believed(self) -> None:
        """Without the frame check, a frame that was changed on purpose is a frame."""
        assert feed(A + damaged(B) + C, check_fcs=False) == [raw(A), raw(damaged(B)), raw(C)]

    def test_the_header_check_is_asked_for_nevertheless(self) -> None:
        """A wrong header is refused also then."""
        assert frames(feed(A + damaged(B, 2) + C, check_fcs=False)) == [raw(A), raw(C)]


PIECES = (
    A,
    B,
    C,
    damaged(A),
    damaged(B),
    damaged(C, 2),
    A[:-1],
    B[1:],
    B[:14],
    C[:-4],
    b"\r\n",
    FLAG,
    b"\x7e\xa0",
    b"noise",
    bytes(40),
)


class TestChunks:
    """How the stream was cut makes no difference."""

    @given(st.lists(st.sampled_from(PIECES), max_size=12), st.lists(st.integers(0, 10**6), max_size=30))
    def test_any_cuts_of_a_damaged_stream(self, pieces: list[bytes], places: list[int]) -> None:
        """Frames and rejects are the same for any cuts of any stream of good and bad pieces."""
        stream = b"".join(pieces)

        assert merged(feed(*cut(stream, places))) == merged(feed(stream))

    @given(st.lists(st.sampled_from(PIECES), max_size=8))
    def test_byte_by_byte(self, pieces: list[bytes]) -> None:
        """Byte by byte is as good as all at once."""
        stream = b"".join(pieces)

        assert merged(feed(*cut(stream, range(len(stream))))) == merged(feed(stream))

    def test_a_frame_inside_a_frame(self) -> None:
        """Of two frames that overlap, the one that ends first wins, however they were cut."""
        outer = frame(b"holds " + A + b" whole")

        for whole in (outer, damaged(outer)):
            assert frames(feed(whole, C)) == [raw(A), raw(C)]
            assert frames(feed(*cut(whole + C, range(200)))) == [raw(A), raw(C)]

    def test_a_frame_inside_a_frame_of_a_known_kind(self) -> None:
        """That the header was good before makes no difference to that."""
        before = frame(bytes(len(b"holds " + A + b" whole")))
        outer = frame(b"holds " + A + b" whole")

        assert frames(feed(before, outer, C)) == [raw(before), raw(A), raw(C)]


def damages() -> list[bytes]:
    """A good frame, one of the same kind that something happened to, and a good one again."""
    flips = [bytes([*A[:at], A[at] ^ 1 << bit, *A[at + 1 :]]) for at in range(len(A)) for bit in range(8)]
    cuts = [A[:size] for size in range(len(A))]
    return [A + wrong + A for wrong in (*flips, *cuts, A + b"\x7e", A[1:], A[:-1] + B, b"\x00" + A)]


class TestEvenFlow:
    """Frames of a kind that was good before, back to back."""

    def test_a_known_kind_is_checked_as_strictly(self) -> None:
        """Whatever happens to a frame of a known kind, the frames are those that a deframer finds byte by byte."""
        for stream in damages():
            known = Deframer()
            known.feed(A)
            found = [*known.feed(stream), *known.close()]
            assert frames(found) == frames(feed(*(bytes([octet]) for octet in stream)))

    def test_a_known_kind_takes_less_work(self) -> None:
        """Frames of a known kind, their flags shared or not, take less than half of the work that they took at first."""
        for stream in (A * 8, A[:-1] * 8 + FLAG, A + B + C + A + B + C):
            deframer = Deframer()
            first, again = work(deframer, stream), work(deframer, stream)
            assert 2 * again < first


def work(deframer: Deframer, data: bytes) -> int:
    """How many calls it takes to feed this."""
    calls = 0

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1

    sys.setprofile(count)
    try:
        deframer.feed(data)
    finally:
        sys.setprofile(None)
    return calls
