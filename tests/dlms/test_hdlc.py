"""One HDLC frame: examined where it begins, and built."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlms import hdlc
from dlms.hdlc import addresses, build, examine, information_at, is_segmented
from dlms.rejects import Reason, Rejected

A = build(b"\x01", b"\x02\x01", 0x10, b"information")


@given(st.binary(max_size=50), st.binary(max_size=5), st.binary(max_size=5), st.booleans())
def test_any_frame_comes_back(information: bytes, before: bytes, after: bytes, segmented: bool) -> None:
    """What was built is found where it begins, whatever stands around it, with its addresses, its bit and its information."""
    whole = build(b"\xce\xff", b"\x03", 0x13, information, segmented=segmented)
    raw = examine(before + whole + after, len(before))

    assert raw == whole[1:-1]
    assert addresses(raw) == b"\xce\xff\x03"
    assert is_segmented(raw) is segmented
    assert raw[information_at(raw) : -hdlc.CHECK_SIZE] == information


def test_too_few_bytes_to_tell() -> None:
    """The beginning of a frame may still become one."""
    assert {examine(A[:size], 0) for size in range(1, len(A))} == {None}


@given(st.integers(8, 8 * len(A) - 1), st.booleans())
def test_a_changed_bit(bit: int, check_fcs: bool) -> None:
    """A frame of which one bit changed is none; it costs a byte if its header is wrong, and itself if that is good."""
    changed = bytearray(A)
    changed[bit // 8] ^= 1 << bit % 8
    verdict = examine(bytes(changed) + bytes(2_100), 0, check_fcs=check_fcs)

    if bit < 8 * 9:
        assert verdict in (Reason.NOISE, Reason.HEADER_CHECK)
    else:
        assert verdict == (bytes(changed[1:-1]) if not check_fcs else Rejected(Reason.FRAME_CHECK, len(A)))


def test_the_check_is_asked_for() -> None:
    """Unless somebody says that it does not matter, a frame whose check at the end is wrong is none."""
    assert examine(A[:-2] + bytes([A[-2] ^ 1]) + A[-1:], 0) == Rejected(Reason.FRAME_CHECK, len(A))


ADDRESSES = [bytes(width - 1) + b"\x01" for width in range(1, 6)]


@pytest.mark.parametrize("destination", ADDRESSES)
@pytest.mark.parametrize("source", ADDRESSES)
def test_addresses(destination: bytes, source: bytes) -> None:
    """An address has 1, 2 or 4 octets, of which only the last is odd; with any other no frame begins, and a part of it decides that."""
    whole = build(destination, source, 0x13, b"information")
    good = not {len(destination), len(source)} & {3, 5}
    decided = [examine(whole[:size], 0) for size in range(1, len(whole) + 1)]

    assert decided[-1] == (whole[1:-1] if good else Reason.HEADER_CHECK)
    assert set(decided[:-1]) <= ({None} if good else {None, Reason.HEADER_CHECK})
    assert sorted(decided, key=lambda verdict: verdict is not None) == decided  # what is decided stays so


@pytest.mark.parametrize("last", range(0, 256, 2))
def test_an_address_ends_with_an_odd_octet(last: int) -> None:
    """An even octet never ends an address: where one should, no frame begins."""
    assert examine(build(bytes([last]), b"\x02\x01", 0x10, b"information"), 0) is Reason.HEADER_CHECK
    assert examine(build(b"\x01", bytes([last]), 0x10, b"information"), 0) is Reason.HEADER_CHECK


@given(st.binary(max_size=30))
def test_any_bytes(data: bytes) -> None:
    """No bytes make it raise."""
    for buffer in (b"\x7e" + data, b"\x7e\xa0" + data):
        assert not isinstance(examine(buffer, 0), bytes) or len(data) > 8


@pytest.mark.parametrize("words", [b"", b"no frame"])
def test_the_words_of_no_frame(words: bytes) -> None:
    """What has no header has no information field either."""
    assert information_at(words) == len(words)
