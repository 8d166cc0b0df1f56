"""M-Bus long frames."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlms import mbus
from dlms.mbus import Telegram, build, examine, parse, split
from dlms.rejects import Reason, Rejected

SMALL = Telegram(0x53, 0xFF, 0x10, 0x01, 0x67, b"hello")
telegrams = st.builds(
    Telegram,
    st.sampled_from((0x53, 0x73)),
    *(st.integers(0, 255) for _ in range(4)),
    st.binary(max_size=255),
)


def test_a_known_telegram() -> None:
    """A telegram is written octet for octet as the standard has it: lengths, header, data, sum and stop."""
    assert build(SMALL).hex(" ") == "68 0a 0a 68 53 ff 10 01 67 68 65 6c 6c 6f de 16"


@given(telegrams, st.binary(max_size=10), st.binary(max_size=10))
def test_any_telegram_comes_back(telegram: Telegram, before: bytes, after: bytes) -> None:
    """What was built is found where it begins, whatever stands around it, and taken apart into what it was built of."""
    raw = build(telegram)

    assert examine(before + raw + after, len(before)) == raw
    assert parse(raw) == telegram
    assert raw[mbus.DATA_AT : -mbus.TAIL] == telegram.data


@pytest.mark.parametrize(("counted", "written"), [(5, 5), (250, 250), (255, 255), (256, 0), (257, 1), (260, 4)])
def test_the_ninth_bit(counted: int, written: int) -> None:
    """A length from 256 to 260 is written without its ninth bit, and read with it: 68 01 01 68 means 257."""
    raw = build(SMALL._replace(data=bytes(counted - 5)))

    assert raw[:4].hex() == f"68{written:02x}{written:02x}68"
    assert len(raw) == counted + 6 == mbus.MAX_LENGTH - 260 + counted
    assert examine(raw, 0) == raw


def test_what_does_not_fit() -> None:
    """A telegram whose length could not be told from a shorter one cannot be built, nor a message that needs more than 16."""
    with pytest.raises(ValueError, match="261 octets do not fit"):
        build(SMALL._replace(data=bytes(256)))
    with pytest.raises(ValueError, match="do not fit in 16 M-Bus telegrams"):
        split(bytes(16 * 245 + 1))


@given(telegrams)
def test_too_few_bytes_to_tell(telegram: Telegram) -> None:
    """The beginning of a telegram may still become one."""
    raw = build(telegram)

    assert {examine(raw[:size], 0) for size in range(1, len(raw))} == {None}


@given(telegrams, st.data())
def test_a_changed_octet(telegram: Telegram, drawn: st.DataObject) -> None:
    """No telegram of which one octet changed is found."""
    raw = build(telegram)
    at, other = drawn.draw(st.integers(0, len(raw) - 1)), drawn.draw(st.integers(1, 255))
    changed = raw[:at] + bytes([raw[at] ^ other]) + raw[at + 1 :]

    assert not isinstance(examine(changed, 0), bytes)


def test_what_the_sum_finds() -> None:
    """Every change of up to eight bits in a row is found; behind the header at the price of the whole telegram."""
    raw = build(SMALL._replace(data=random.Random(1).randbytes(20)))
    number = int.from_bytes(raw, "little")
    for width in range(1, 9):
        for pattern in range(1 << width - 1, 1 << width):
            for at in range(8 * mbus.DATA_AT, 8 * len(raw) - width + 1):
                changed = (number ^ (pattern | 1) << at).to_bytes(len(raw), "little")
                assert examine(changed, 0) == Rejected(Reason.FRAME_CHECK, len(raw))


@pytest.mark.parametrize("noise", ["6812", "680a0b", "680a006853", "680a0a69", "680a0a0053", "680a0a6808", "680a0a6800", "6869"])
def test_no_telegram_begins_here(noise: str) -> None:
    """Where the lengths differ, the second start is missing, or the control field is not that of user data, no telegram begins."""
    assert examine(bytes.fromhex(noise) + bytes(300), 0) is Reason.NOISE


@given(st.binary(max_size=20))
def test_any_octets(octets: bytes) -> None:
    """No octets make it raise, and none cost more than the longest telegram."""
    for buffer in (mbus.START + octets, b"\x68\xff\xff\x68\x53" + octets * 20, b"\x68\x04\x04\x68\x73" + octets * 20):
        verdict = examine(buffer, 0)
        assert not isinstance(verdict, Rejected) or verdict.size <= mbus.MAX_LENGTH


@pytest.mark.parametrize(("size", "marks"), [(0, [0x10]), (245, [0x10]), (246, [0x00, 0x11]), (16 * 245, [*range(15), 0x1F])])
def test_a_message_in_telegrams(size: int, marks: list[int]) -> None:
    """A message is split into telegrams that are counted from 0, and the last one says so."""
    message = bytes(size)
    stream, found = split(message), []
    while stream:
        raw = examine(stream, 0)
        assert isinstance(raw, bytes)
        found.append(parse(raw))
        stream = stream[len(raw) :]

    assert [telegram.ci for telegram in found] == marks
    assert [telegram.number for telegram in found] == list(range(len(marks)))
    assert [telegram.is_last for telegram in found] == [False] * (len(marks) - 1) + [True]
    assert b"".join(telegram.data for telegram in found) == message


def test_other_application_layers() -> None:
    """CI from 20 on is not DLMS."""
    assert SMALL._replace(ci=0x1F).is_dlms
    assert not SMALL._replace(ci=0x20).is_dlms
    assert not SMALL._replace(ci=0x5B).is_dlms
