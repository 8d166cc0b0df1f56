"""Pieces of messages, joined."""

from collections.abc import Callable, Iterable
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlms import assembly, blocks, ciphering, hdlc, mbus
from dlms.apdu import LLC
from dlms.assembly import Assembler, Joined, Message, Unfinished
from dlms.mbus import Telegram
from dlms.rejects import Reason, Rejected

TEXT = bytes(range(15, 215))


def framed(information: bytes, *, segmented: bool = False, source: bytes = b"\x21") -> bytes:
    """Give a frame between its flags."""
    return hdlc.build(b"\x2b", source, 0x13, information, segmented=segmented)[1:-1]


def segments(message: bytes, size: int) -> list[bytes]:
    """Give the frames of a message in segments."""
    pieces = [message[at : at + size] for at in range(0, len(message), size)]
    return [framed(piece, segmented=number < len(pieces)) for number, piece in enumerate(pieces, start=1)]


def telegrams(message: bytes, size: int) -> list[bytes]:
    """Give the M-Bus telegrams of a message."""
    stream, found = mbus.split(message, size), []
    while stream:
        raw = mbus.examine(stream, 0)
        assert isinstance(raw, bytes)
        found.append(raw)
        stream = stream[len(raw) :]
    return found


def in_blocks(message: bytes, size: int) -> list[bytes]:
    """Give the frames of a message in blocks: LLC in the first only."""
    return [framed(LLC * (number == 0) + block) for number, block in enumerate(blocks.split(message, size))]


def take(frames: Iterable[bytes], assembler: Assembler | None = None) -> list[Joined]:
    """Give all that an assembler makes of these frames."""
    assembler = assembler or Assembler()
    return [item for frame in frames for item in assembler.take(frame)]


def messages(items: Iterable[Joined]) -> list[bytes]:
    """Give the whole messages alone."""
    return [item.octets for item in items if isinstance(item, Message)]


WHOLE = framed(LLC + b"\x0f whole")
ENVELOPE = ciphering.build(ciphering.Sealed(b"XYZ\x00\x00\x00\x00\x07", 0x30, 7, bytes(300)))
LAST_SEGMENT = (LLC + TEXT)[200:]  # without those before it, nothing tells it from a message
WAYS: dict[str, tuple[Callable[[bytes, int], list[bytes]], bytes]] = {
    "segments": (segments, LLC + TEXT),
    "telegrams": (telegrams, TEXT),
    "blocks": (in_blocks, TEXT),
}
each_way = pytest.mark.parametrize(("cut", "message"), WAYS.values(), ids=WAYS)
Cut = Callable[[bytes, int], list[bytes]]


class TestWhole:
    """What is whole in itself."""

    @pytest.mark.parametrize("frame", [WHOLE, *telegrams(TEXT, 245), b"/KAM5\r\n\r\n!\r\n"])
    def test_it_is_given_where_it_stands(self, frame: bytes) -> None:
        """A message that came in one frame is not copied: it is given with its frame, and where it stands in it."""
        (item,) = take([frame])

        assert isinstance(item, Message)
        assert item.raw is frame
        assert item.octets in (LLC + b"\x0f whole", TEXT, frame)

    def test_what_vouches_for_a_message(self) -> None:
        """HDLC vouches for what it carries, M-Bus does not, whole or in pieces or in blocks; nothing does for an envelope alone."""
        in_a_telegram = telegrams(b"".join(blocks.split(TEXT, 60)), 245)
        for frames, vouched in (
            *(([WHOLE], True), (segments(LLC + TEXT, 50), True), (in_blocks(TEXT, 50), True)),
            *((telegrams(TEXT, 245), False), (telegrams(TEXT, 50), False), (in_a_telegram, False)),
        ):
            (item,) = take(frames)
            assert isinstance(item, Message)
            assert item.vouched is vouched
        assert take([ENVELOPE]) == [Message(ENVELOPE, vouched=False, bare=True)]

    def test_other_m_bus_applications(self) -> None:
        """A telegram of another application layer is Rejected(NOT_PUSH)."""
        raw = mbus.build(Telegram(0x73, 0xF0, 0x5B, 0, 0, b"OMS"))

        assert take([raw]) == [Rejected(Reason.NOT_PUSH, len(raw), "CI 5B")]


class TestPieces:
    """Messages that came in pieces."""

    @each_way
    @given(size=st.integers(13, 220))
    def test_they_are_joined(self, cut: Cut, message: bytes, size: int) -> None:
        """A message is what it was before it was cut, wherever it was cut, and as often as it comes."""
        frames = cut(message, size)

        assert messages(take(frames * 3)) == [message] * 3
        assert len(take(frames * 3)) == 3

    @each_way
    def test_nothing_hangs_on_a_lost_piece(self, cut: Cut, message: bytes) -> None:
        """Whichever piece is lost, the next message is whole, and what there was of this one is told once."""
        frames = cut(message, 50)
        for lost in range(len(frames)):
            kept = frames[:lost] + frames[lost + 1 :]
            for after in (frames, [WHOLE]):
                items = take(kept + after)

                assert messages(items)[-1] in (message, LLC + b"\x0f whole")
                if cut is not segments:  # which are not numbered
                    assert len(messages(items)) == 1
                    assert sum(isinstance(item, Unfinished) for item in items) == (lost > 0)

    @each_way
    def test_another_message_gives_it_up(self, cut: Cut, message: bytes) -> None:
        """A whole message, or the first piece of a new one, ends the wait; what there was of the old one is told."""
        frames = cut(message, 50)
        for after in (WHOLE, frames[0], b"/KAM5\r\n\r\n!\r\n"):
            assembler = Assembler()
            take(frames[:2], assembler)
            assert assembler.pending
            items = assembler.take(after)

            if cut is segments or after is not frames[0]:
                assert items[0] == Unfinished(message[:100], "a message of which 2 pieces came and not the next")
            assert assembler.pending is (after is frames[0])

    @each_way
    def test_the_end_of_the_input(self, cut: Cut, message: bytes) -> None:
        """What is pending at the end is told, and nothing is pending after it."""
        assembler = Assembler()
        take(cut(message, 50)[:-1], assembler)

        (item,) = assembler.close()
        assert isinstance(item, Unfinished)
        assert message.startswith(item.begun)
        assert not assembler.pending
        assert assembler.close() == []

    @pytest.mark.parametrize("cut", [telegrams, in_blocks])
    def test_a_piece_that_comes_twice(self, cut: Cut) -> None:
        """A numbered piece that comes twice in a row is taken once."""
        frames = cut(TEXT, 50)
        for twice in range(len(frames) - 1):
            assert take(frames[: twice + 1] + frames[twice:]) == take(frames)

    @pytest.mark.parametrize("cut", [telegrams, in_blocks])
    def test_pieces_out_of_order(self, cut: Cut) -> None:
        """Numbered pieces in the wrong order are no message; each that is of no use is told."""
        first, second, third, last = cut(TEXT, 50)
        items = take([first, third, second, last])

        assert [type(item) for item in items] == [Unfinished, Rejected, Rejected, Rejected]
        assert {item.reason for item in items if isinstance(item, Rejected)} == {Reason.SEGMENTED}

    def test_pieces_of_somebody_else(self) -> None:
        """A piece from another address does not continue a message."""
        first, *_ = segments(LLC + TEXT, 100)
        stranger = framed(TEXT[100:], segmented=True, source=b"\x23")

        unfinished, lost = take([first, stranger])
        assert isinstance(unfinished, Unfinished)
        assert lost == Rejected(Reason.SEGMENTED, len(TEXT) - 100, "a piece without those before it")
        one, two = telegrams(TEXT, 150)
        other = mbus.build(mbus.parse(two)._replace(destination=0x66))
        assert [type(item) for item in take([one, other])] == [Unfinished, Rejected]

    def test_damage_between_pieces(self) -> None:
        """When bytes were lost between two frames, segments are given up; what is numbered need not be."""
        for cut, message in WAYS.values():
            assembler = Assembler()
            first, *others = cut(message, 50)
            assembler.take(first)
            lost = assembler.missed()
            assert len(lost) == (cut is segments)
            assert messages(take(others, assembler)) == [LAST_SEGMENT if cut is segments else message]
            assert assembler.missed() == []

    def test_blocks_in_one_message(self) -> None:
        """Blocks that all came in one frame, or without any, are joined as well."""
        together = LLC + b"".join(blocks.split(TEXT, 60))

        assert messages(take([framed(together)])) == [TEXT]
        assert messages(Assembler().whole(together)) == [TEXT]

    def test_blocks_in_segments_and_in_telegrams(self) -> None:
        """Blocks may travel in what is itself in pieces."""
        together = b"".join(blocks.split(TEXT, 60))

        assert messages(take(segments(LLC + together, 70))) == [TEXT]
        assert messages(take(telegrams(together, 70))) == [TEXT]

    def test_blocks_that_are_none(self) -> None:
        """A block that breaks its own rules is Rejected(MALFORMED) and gives up what was pending."""
        first, *_ = in_blocks(TEXT, 60)
        broken = framed(b"\xe0\x40\x00\x02\x00\x00\x10short")
        unfinished, malformed = take([first, broken])

        assert isinstance(unfinished, Unfinished)
        assert malformed == Rejected(Reason.MALFORMED, len(broken), "general-block-transfer")


class TestBounds:
    """What is pending is bounded."""

    @pytest.mark.parametrize("size", [1, 2_000])
    def test_a_message_without_end(self, size: int) -> None:
        """A message that never ends is given up at so many pieces or octets."""
        assembler = Assembler()
        assembler.take(framed(LLC, segmented=True))
        given_up = 0
        for _ in range(200):
            given_up += len(assembler.take(framed(bytes(size), segmented=True)))
            held = assembler._link._pieces
            assert len(held) < assembly.MOST_PIECES
            assert sum(len(piece.data) for piece in held) <= assembly.MOST_OCTETS
        assert given_up

    @pytest.mark.parametrize(
        ("sizes", "fits"),
        [([10] * 32, True), ([10] * 33, False), ([2_000] * 4 + [192, 10], True), ([2_000] * 4 + [193, 10], False)],
        ids=["32 pieces", "33 pieces", "8192 octets and the last piece", "8193 octets and the last piece"],
    )
    def test_the_longest_message(self, sizes: list[int], fits: bool) -> None:
        """A message may have 32 pieces, and 8,192 octets before its last one; with one more it is given up before that comes."""
        message = LLC + bytes(sum(sizes) - len(LLC))
        ends = list(accumulate(sizes))
        frames = [framed(message[end - size : end], segmented=end < ends[-1]) for size, end in zip(sizes, ends, strict=True)]
        items = take(frames)

        assert (messages(items) == [message]) is fits
        assert isinstance(items[0], Unfinished) is not fits

    @given(st.lists(st.sampled_from([WHOLE, *segments(LLC + TEXT, 50), *telegrams(TEXT, 50), *in_blocks(TEXT, 50)]), max_size=20))
    def test_any_order_of_any_pieces(self, frames: list[bytes]) -> None:
        """In any company, nothing raises, numbered pieces give only what was sent, and a whole message is always given."""
        assembler = Assembler()
        whole = messages(take(frames, assembler))
        of_segments = {message for message in whole if message.startswith(LLC + TEXT[:1]) or message == LAST_SEGMENT}

        assert whole.count(LLC + b"\x0f whole") == frames.count(WHOLE)
        assert {message for message in whole if message not in (TEXT, LLC + b"\x0f whole")} <= of_segments
        assert len(assembler.close()) <= 2
