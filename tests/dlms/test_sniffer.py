"""Frames in a stream of bytes: HDLC, M-Bus and P1 in any mixture."""

import random
import re
import sys
from collections.abc import Callable, Iterable
from itertools import pairwise
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlms import ciphering, envelope, hdlc, mbus, p1, sniffer
from dlms.crc import crc16_x25
from dlms.hdlc import FLAG, MAX_LENGTH, build, information_at, is_segmented
from dlms.rejects import Reason, Rejected
from dlms.sniffer import Sniffer

Item = bytes | Rejected


def frame(information: bytes, *, destination: bytes = b"\x01", source: bytes = b"\x02\x01") -> bytes:
    """Build a frame as Kaifa addresses it."""
    return build(destination, source, 0x10, information)


A, B, C = frame(b"the first"), frame(b"the second, longer"), frame(b"third", destination=b"\x2b", source=b"\x21")


def raw(whole: bytes) -> bytes:
    """Give what lies between the flags."""
    return whole[1:-1]


def feed(*chunks: bytes, check_fcs: bool = True) -> list[Item]:
    """Feed chunks to a new sniffer, and close it."""
    sniffer = Sniffer(check_fcs=check_fcs)
    items = [item for chunk in chunks for item in sniffer.feed(chunk)]
    return items + sniffer.close()


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
        Sniffer().feed(header * 1_000)
        assert times <= 2 * 1_000

    def test_more_headers_than_are_remembered(self) -> None:
        """A line that shows more headers than any meter sends is read all the same."""
        many = [frame(bytes(size)) for size in range(40)]

        assert feed(b"".join(many) * 2) == [raw(whole) for whole in many] * 2


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
        sniffer = Sniffer()
        sniffer.feed(B[:10])
        assert rejects(sniffer.close()) == [(Reason.TRUNCATED, 10)]

        assert sniffer.feed(B[10:]) + sniffer.feed(A) == [Rejected(Reason.NOISE, len(B) - 11), raw(A)]

    def test_a_lost_byte_does_not_hide_that_the_next_frame_is_lost_too(self) -> None:
        """Two damaged frames are two rejects, also where the first reaches for the flag of the second."""
        items = feed(A + B[:12] + B[13:] + B[:15] + C)

        assert frames(items) == [raw(A), raw(C)]
        assert [reason for reason, _ in rejects(items)] == [Reason.FRAME_CHECK, Reason.FRAME_CHECK]

    def test_endless_noise_is_reported(self) -> None:
        """A line that brings nothing but noise is reported while it goes on, and every byte of it is counted once."""
        sniffer = Sniffer()
        items = [item for _ in range(50) for item in sniffer.feed(b"\x00" * 300)]
        sizes = [size for _, size in rejects(items)]

        assert len(sizes) > 3
        assert sum(sizes) + sum(size for _, size in rejects(sniffer.close())) == 15_000

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
        """Whatever a line of HDLC brings, no more than a frame is kept."""
        sniffer = Sniffer()
        rng = random.Random(7)
        longest = frame(bytes(MAX_LENGTH - 10))
        for _ in range(300):
            sniffer.feed(rng.choice((rng.randbytes(700), longest[:1000], FLAG * 500, A[:9] * 50, b"\x7e\xa7")))
            assert len(sniffer._rest) <= MAX_LENGTH + 2


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
        """Whatever happens to a frame of a known kind, the frames are those that a sniffer finds byte by byte."""
        for stream in damages():
            known = Sniffer()
            known.feed(A)
            found = [*known.feed(stream), *known.close()]
            assert frames(found) == frames(feed(*(bytes([octet]) for octet in stream)))

    @pytest.mark.parametrize(
        ("destination", "source"), [(b"\x01", b"\x02\x01"), (b"\x02\x01", b"\x02\x03"), (b"\x01", bytes(3) + b"\x01")]
    )
    def test_the_header_of_a_known_kind_is_checked_whole(self, destination: bytes, source: bytes) -> None:
        """A header that is wrong in one bit is never believed, though the frame's own check be good and the kind be known."""
        good = frame(b"information", destination=destination, source=source)
        for bit in range(8 * information_at(raw(good))):
            wrong = bytearray(raw(good)[:-2])
            wrong[bit // 8] ^= 1 << bit % 8
            line = Sniffer()
            assert line.feed(good * 3) == [raw(good)] * 3
            assert frames(line.feed(FLAG + wrong + crc16_x25(wrong) + FLAG)) == []

    def test_a_known_kind_takes_less_work(self) -> None:
        """Frames of a known kind, their flags shared or not, take less than half of the work that they took at first."""
        for stream in (A * 8, A[:-1] * 8 + FLAG, A + B + C + A + B + C):
            sniffer = Sniffer()
            first, again = work(sniffer, stream), work(sniffer, stream)
            assert 2 * again < first


def work(sniffer: Sniffer, data: bytes) -> int:
    """How many calls it takes to feed this."""
    calls = 0

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1

    sys.setprofile(count)
    try:
        sniffer.feed(data)
    finally:
        sys.setprofile(None)
    return calls


M, N = (mbus.split(content) for content in (b"a telegram", bytes(range(240))))
LONG = mbus.split(bytes(range(252)), 252)
P = p1.build(p1.Telegram("KAM5", (p1.Line("1-0:1.7.0", (p1.Value("0001.231", "kW"),)),)))
Q = p1.build(
    p1.Telegram("ADN9 6534", (p1.Line("1-0:1.7.0", (p1.Value("0000.003", "kW"),)), p1.Line("1-0:2.7.0", (p1.Value("h/~"),))))
)
E, F = (
    ciphering.build(ciphering.Sealed(b"XYZ\x00~h/\x07", 0x30, number, bytes([number]) * size))
    for number, size in ((1, 900), (2, 300))
)
HOLDER = ciphering.build(ciphering.Sealed(b"XYZ\x00\x00\x00\x00\x07", 0x20, 3, b"as good as noise " * 9 + A + M + b"noise" * 50))
MIXED = (
    *(A, B, C, M, N, LONG, P, Q),
    *(damaged(A), damaged(M), damaged(N, 40), damaged(P, 20), damaged(A, 3), damaged(M, 1)),
    *(E, F, damaged(E), damaged(E, 12), E[:200], F[13:]),
    *(A[:-3], M[:-3], N[:60], P[:30], Q[7:], LONG[5:]),
    *(b"\r\n", b"\x68", b"/", b"\x7e", b"\x68\x10\x10\x68\x53", b"/KAM5\r\n", b"noise / h ~", bytes(9), E[:3], E[:14]),
)


def whole_of(item: Item) -> Item:
    """Give a frame as it was on the wire, from which P1 leaves the last line end and HDLC both flags."""
    if isinstance(item, Rejected):
        return item
    if item.startswith((mbus.START, envelope.START)):
        return item
    return item + b"\r\n" if item.startswith(b"/") else FLAG + item + FLAG


class TestMixtures:
    """Frames of several kinds in one stream."""

    def test_each_kind_is_found(self) -> None:
        """HDLC, noise, P1 and M-Bus in one stream all come out; line ends after a telegram are no noise."""
        items = feed(A + bytes(9) + P + P + E + M + N + F + LONG + B + Q)

        assert [whole_of(item) for item in items] == [A, Rejected(Reason.NOISE, 9), P, P, E, M, N, F, LONG, B, Q]

    @given(
        st.lists(st.sampled_from((A, B, C, E, F, M, N, LONG, P, Q)), max_size=12), st.lists(st.integers(0, 10**6), max_size=20)
    )
    def test_good_frames_of_any_kind(self, whole: list[bytes], places: list[int]) -> None:
        """Good frames of all kinds come out in their order, and nothing else, wherever the stream is cut."""
        assert [whole_of(item) for item in feed(*cut(b"".join(whole), places))] == whole

    @given(st.lists(st.sampled_from(MIXED), max_size=10), st.lists(st.integers(0, 10**6), max_size=30))
    def test_any_cuts(self, pieces: list[bytes], places: list[int]) -> None:
        """Frames and rejects are the same for any cuts of any stream of good and bad pieces of any kind."""
        stream = b"".join(pieces)

        assert merged(feed(*cut(stream, places))) == merged(feed(stream)) == merged(feed(*cut(stream, range(len(stream)))))

    @given(st.lists(st.sampled_from(MIXED), max_size=10), st.sampled_from((A, E, M, N, P)))
    def test_it_recovers(self, pieces: list[bytes], good: bytes) -> None:
        """Whatever came before, the second of two good frames of a kind is found, and the third."""
        found = [whole_of(item) for item in feed(b"".join(pieces) + good * 3)]

        assert found[-2:] == [good, good]

    @given(st.binary(max_size=600), st.lists(st.integers(0, 10**6), max_size=6))
    def test_any_bytes(self, junk: bytes, places: list[int]) -> None:
        """No bytes make it raise, and rejects add up to no more than came."""
        pieces = cut(junk.replace(b"\x00", b"\x68").replace(b"\xff", b"/"), places)

        assert sum(size for _, size in rejects(feed(*pieces))) <= len(junk)

    def test_what_one_damaged_frame_costs(self) -> None:
        """A damaged frame of any kind is one reject of its size, between its good neighbours."""
        assert feed(A + damaged(N) + A) == [raw(A), Rejected(Reason.FRAME_CHECK, len(N)), raw(A)]
        assert [whole_of(item) for item in feed(M + damaged(P, 20) + M)] == [M, Rejected(Reason.FRAME_CHECK, len(P) - 2), M]
        assert feed(N + damaged(M, 1) + N) == [N, Rejected(Reason.NOISE, len(M)), N]

    def test_a_cut_off_frame(self) -> None:
        """A frame that ended early is one reject of what there was of it, whatever kind comes next, and that is found at once."""
        for cut_off in (N[:100], P[:30], LONG[:100], E[:300]):
            for good in (A, M, P):
                sniffer = Sniffer()
                items = sniffer.feed(cut_off + good)
                assert [whole_of(item) for item in items] == [Rejected(Reason.TRUNCATED, len(cut_off)), good]

    def test_a_cut_off_hdlc_frame(self) -> None:
        """A frame of another kind inside what an HDLC header promises is found when that has come, or when the input ends."""
        promising = frame(bytes(100))[:20]

        assert Sniffer().feed(promising + M) == []
        assert feed(promising + M) == [Rejected(Reason.TRUNCATED, 20), M]
        assert frames(Sniffer().feed(promising + M + bytes(100)))[0] == M

    def test_noise_like_a_header_of_hdlc_on_a_line_of_another_kind(self) -> None:
        """It holds nothing back: where telegrams come, the next one is found at once, however it was cut."""
        promising = frame(bytes(2_000))[:20]
        for good in (M, P):
            line = Sniffer()
            line.feed(A + good)
            assert [whole_of(item) for item in line.feed(promising + good)] == [Rejected(Reason.TRUNCATED, 20), good]
            assert merged(feed(*cut(good + promising + good, range(99)))) == merged(feed(good + promising + good))
            line.close()
            assert line.feed(promising + good) == []  # a new line may be of any kind

    def test_one_kind_inside_another_of_a_known_header(self) -> None:
        """An M-Bus telegram inside a good HDLC frame is data of it where the line is HDLC, whether the header was known or not."""
        outer = frame(b"holds " + M + b" whole")

        assert feed(outer) == [raw(outer)]
        assert feed(outer, outer) == feed(outer + outer) == feed(*cut(outer + outer, range(99))) == [raw(outer)] * 2
        assert frames(feed(outer + M, outer)) == frames(feed(outer + M + outer)) == [raw(outer), M, M]

    def test_an_envelope_cut_off_by_the_next(self) -> None:
        """Of two envelopes in a row the first lost its end: the second is found, and the first is one reject."""
        assert feed(E[:300] + F) == [Rejected(Reason.TRUNCATED, 300), F]

    @pytest.mark.parametrize(
        "outer", [frame(b"holds " + E), mbus.split(b"holds " + F[:200]), p1.build(p1.Telegram("KAM5", ()))[:9] + E + b"!0000\r\n"]
    )
    def test_an_envelope_inside_a_frame(self, outer: bytes) -> None:
        """An envelope in a frame of any kind is that frame's content; where the frame is damaged, nothing vouches for what is in it."""
        assert [whole_of(item) for item in feed(outer)] == [outer]
        if outer.startswith(FLAG):
            assert feed(damaged(outer, -2)) == [Rejected(Reason.FRAME_CHECK, len(outer))]

    def test_a_frame_inside_an_envelope(self) -> None:
        """A frame whose check is good cuts off an envelope, which has none: noise that looks like one hides no meter."""
        items = feed(HOLDER)

        assert [whole_of(item) for item in items if isinstance(item, bytes)] == [A, M]
        begun = Sniffer()
        assert frames(begun.feed(HOLDER[:20] + A + M)) == [raw(A), M]

    def test_a_frame_that_ends_in_the_check_of_another(self) -> None:
        """A frame inside another cuts it off, also where the flag that closes it is an octet of the other's check, on an even line, too."""
        whole = (frame(number.to_bytes(2, "big") + FLAG + raw(A)) for number in range(2**16))
        outer = next(each for each in whole if each[-3:-2] == FLAG)
        even = frame(bytes(2 + len(FLAG + raw(A))))  # of the same header

        found = feed(even, outer + even)

        assert frames(found) == [raw(even), raw(A), raw(even)]
        assert merged(found) == merged(feed(even + outer + even))

    def test_a_start_octet_alone_is_not_forgotten(self) -> None:
        """A byte of noise that could begin a frame is counted, also when a known frame follows it in the next chunk."""
        for start in (b"h", b"/", b"\xdb"):
            sniffer = Sniffer()
            sniffer.feed(A)
            assert sniffer.feed(start) + sniffer.feed(A) == [Rejected(Reason.NOISE, 1), raw(A)]

    @given(st.lists(st.sampled_from((A, A, P, M, b"\r\n", b"\r", b"h")), max_size=12), st.integers(0, 2**12))
    def test_cuts_between_frames_of_known_kinds(self, pieces: list[bytes], cuts: int) -> None:
        """Where frames of a known kind come in chunks of their own, all is reported as if it came at once."""
        together = [b"".join(pieces[start:stop]) for start, stop in pairwise([0, *(n for n in range(12) if cuts >> n & 1), 12])]

        assert merged(feed(A, *together)) == merged(feed(A + b"".join(pieces)))

    def test_what_is_held_back(self) -> None:
        """Whatever a line brings, what is kept is bounded."""
        rng = random.Random(3)
        line = Sniffer()
        begun = (E[:14], b"\x68\xff\xff\x68\x53", b"/KAM5\r\n", b"\n/KAM5\n", frame(bytes(2_000))[:9])
        for _ in range(2_000):
            line.feed(rng.choice((*begun, rng.randbytes(300), b"1-0:1.7.0(0001.231*kW)\r\n" * 20, b"\x68" * 300, b"/" * 300)))
            assert len(line._rest) <= sniffer.MOST_PENDING

    @pytest.mark.parametrize(("whole", "its_own"), [(A, b""), (M, b""), (P[:-2], b"\r\n"), (E, b"\xdb")])
    def test_what_follows_a_frame_is_noise(self, whole: bytes, its_own: bytes) -> None:
        """All that follows a frame is; but for flags, line ends after a telegram, and after an envelope what may begin the next."""
        for octet in set(range(256)) - {*b"~h/\xdb", *range(0xA0, 0xB0)}:  # these may begin a frame, the last behind a flag
            for before in (b"", *(its_own[at : at + 1] for at in range(len(its_own)))):
                items = feed(whole + before + bytes([octet]) * 3)
                assert isinstance(items[0], bytes)
                assert items[1:] == ([] if octet in its_own else [Rejected(Reason.NOISE, 3)])

    def test_noise_in_pieces_is_counted_whole(self) -> None:
        """Behind noise every octet is noise, also when it comes later: none of them is passed over as the end of a frame."""
        for octet in set(range(256)) - {*b"~h/\xdb", *range(0xA0, 0xB0)}:  # these may begin a frame
            assert feed(b"..", bytes([octet]) * 3) == [Rejected(Reason.NOISE, 5)]

    def test_nothing_is_left_of_the_input_before(self) -> None:
        """At the start and after the end of an input nothing counts as noise, and all that is noise does."""
        assert feed(b"X" + A) == [Rejected(Reason.NOISE, 1), raw(A)]
        line = Sniffer()
        for stream in (P, E, E[:40], b"\xdb", P[:20], damaged(P, 20)):
            line.feed(stream)
            line.close()
            assert line.feed(b"X" + A) + line.close() == [Rejected(Reason.NOISE, 1), raw(A)]
            line.feed(stream)
            line.close()
            assert line.feed(b"\r" + A) + line.close() == [Rejected(Reason.NOISE, 1), raw(A)]

    def test_what_was_cut_off_is_told_once(self) -> None:
        """A damaged frame inside one that was cut off is no reject of its own."""
        begun = P[: P.index(b"\n") + 1]

        assert feed(begun + damaged(B)) == [Rejected(Reason.TRUNCATED, len(begun + B))]

    def test_an_envelope_that_lost_octets(self) -> None:
        """It takes as many from the next, which is found nevertheless."""
        for lost in range(1, 10):
            assert feed(E[:100] + E[100 + lost :] + F) == [E[:100] + E[100 + lost :] + F[:lost], F]

    def test_a_frame_that_lost_an_octet(self) -> None:
        """It is one reject of what its header promised, whatever stands where its end should be."""
        for octet in (b"\xdb", b"h", b"/", b"."):
            assert feed(A[:10] + A[11:] + octet + C) == [Rejected(Reason.FRAME_CHECK, len(A)), raw(C)]

    def test_the_beginning_of_a_frame_at_the_end(self) -> None:
        """Two octets that begin a frame of any kind are a frame that was cut off, one is noise; a flag alone is neither."""
        for begun in (b"~\xa0", b"h\x01", b"/K", b"\xdb\x08"):
            assert feed(begun) == [Rejected(Reason.TRUNCATED, 2)]
            assert feed(begun[:1]) == ([] if begun.startswith(FLAG) else [Rejected(Reason.NOISE, 1)])

    def test_a_start_octet_right_before_a_frame(self) -> None:
        """It hides the frame from nobody, also inside an envelope that has lost its end."""
        for start in (b"~", b"h", b"/", b"\xdb"):
            assert frames(Sniffer().feed(E[:40] + start + C)) == [raw(C)]

    def test_noise_is_told_of_when_it_is_longer_than_a_frame_may_be(self) -> None:
        """Up to 2,047 octets are waited with; one more, and they are told."""
        assert Sniffer().feed(b"." * MAX_LENGTH) == []
        assert Sniffer().feed(b"." * (MAX_LENGTH + 1)) == [Rejected(Reason.NOISE, MAX_LENGTH + 1)]

    def test_noise_comes_before_the_frame_behind_it(self) -> None:
        """In the order of the wire, also where frames of a known kind, noise and the next frame are chunks of their own."""
        line = Sniffer()
        assert line.feed(A + A) == [raw(A), raw(A)]
        assert line.feed(b"...") == []
        assert line.feed(A) == [Rejected(Reason.NOISE, 3), raw(A)]

    def test_how_much_may_be_held_back(self) -> None:
        """The longest envelope, with the longest HDLC frame behind it: 6,157 bytes."""
        assert sniffer.MOST_PENDING == 4_108 + 2_049

    @pytest.mark.parametrize(("module", "start"), [(hdlc, FLAG), (mbus, mbus.START), (p1, p1.START), (envelope, envelope.START)])
    def test_what_is_passed_over(self, module: ModuleType, start: bytes) -> None:
        """A start octet that is not even examined, for what follows it, begins no frame and no part of one."""
        second = re.compile(module.SECOND, re.DOTALL)
        passed = [bytes([octet]) for octet in range(256) if not second.match(bytes([octet]))]

        assert all(module.examine(start + octet + rest, 0) is Reason.NOISE for octet in passed for rest in (b"", bytes(100)))

    def test_promises_without_frames_cost_what_noise_costs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """However many starts promise a frame that never ends, each is examined a few times, not once for every other."""
        times = 0

        def counted(examine: Callable[..., object]) -> Callable[..., object]:
            def count(*given: object, **named: object) -> object:
                nonlocal times
                times += 1
                return examine(*given, **named)

            return count

        monkeypatch.setattr(mbus, "examine", counted(mbus.examine))
        monkeypatch.setattr(p1, "examine", counted(p1.examine))
        Sniffer().feed(b"\x68\xff\xff\x68\x53" * 1_000 + b"/KAM5\r\n" * 1_000)
        assert times <= 2 * (1_000 * 3 + 1_000)  # 68 stands twice in what begins with it
