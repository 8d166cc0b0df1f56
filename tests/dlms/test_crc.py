"""The check sequences of HDLC frames and P1 telegrams."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlms.crc import crc16_arc, crc16_x25, is_good

LONGEST_FRAME_BITS = 8 * 2047


def bit_by_bit(data: bytes) -> bytes:
    """Compute the same as the standard describes it: a shift register, one bit at a time."""
    register = 0xFFFF
    for octet in data:
        register ^= octet
        for _ in range(8):
            register = register >> 1 ^ (0x8408 if register & 1 else 0)
    return (register ^ 0xFFFF).to_bytes(2, "little")


@pytest.mark.parametrize(("data", "check"), [(b"123456789", "6e90"), (b"\x03\x3f", "5bec"), (b"", "0000")])
def test_known_values(data: bytes, check: str) -> None:
    """The catalogue value, the example of the Green Book, and nothing at all come out as printed."""
    assert crc16_x25(data).hex() == check


@given(st.binary(max_size=300))
def test_equals_the_shift_register(data: bytes) -> None:
    """The fast way gives what the standard's shift register gives."""
    assert crc16_x25(data) == bit_by_bit(data)


@given(st.binary(max_size=300))
def test_data_with_its_check_is_good(data: bytes) -> None:
    """Whatever is followed by its own check sequence is good."""
    assert is_good(data + crc16_x25(data))


@given(st.binary(max_size=60), st.integers(1, 0xFFFF))
def test_data_with_another_check_is_bad(data: bytes, difference: int) -> None:
    """Whatever is followed by any other check sequence is bad."""
    other = int.from_bytes(crc16_x25(data), "big") ^ difference
    assert not is_good(data + other.to_bytes(2, "big"))


def test_up_to_three_wrong_bits_are_always_found() -> None:
    """In a frame of any length no one, two or three wrong bits cancel out.

    The check is linear, so it suffices to look at the remainders that single bits leave: all of odd weight (an odd number of them
    never adds up to nothing) and all different (nor do two).
    """
    remainders = set()
    register = 1
    for _ in range(LONGEST_FRAME_BITS):
        remainders.add(register)
        register = register >> 1 ^ (0x8408 if register & 1 else 0)

    x_plus_1 = 0x8408
    assert x_plus_1.bit_count() % 2 == 1  # with the leading bit: an even number of terms, so x + 1 divides the polynomial
    assert len(remainders) == LONGEST_FRAME_BITS
    assert 0 not in remainders


@pytest.mark.parametrize(("data", "check"), [(b"123456789", 0xBB3D), (b"", 0), (b"\x01", 0xC0C1)])
def test_known_values_of_telegrams(data: bytes, check: int) -> None:
    """The catalogue value of CRC-16/ARC, nothing at all and a single bit come out as printed."""
    assert crc16_arc(data) == check


@given(st.binary(max_size=300))
def test_telegrams_equal_the_shift_register(data: bytes) -> None:
    """The table gives what shifting bit by bit gives."""
    register = 0
    for octet in data:
        register ^= octet
        for _ in range(8):
            register = register >> 1 ^ (0xA001 if register & 1 else 0)
    assert crc16_arc(data) == register
