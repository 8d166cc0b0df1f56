"""Lengths."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlms import lengths


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("00", 0),
        ("7f", 127),
        ("80", None),
        ("8105", 5),
        ("8180", 128),
        ("82ffff", 65_535),
        ("830000", None),
        ("83000000", None),
        ("ff", None),
    ],
)
def test_known_lengths(written: str, size: int | None) -> None:
    """Below 80 an octet is the length itself; above, it says how many octets hold it: one or more, and no more than are asked for."""
    octets = bytes.fromhex(written)
    assert lengths.read(b"xx" + octets, 2, widest=2) == (None if size is None else (size, 2 + len(octets)))


@given(st.integers(0, 2**24 - 1), st.sampled_from((0, 3, 4)), st.binary(max_size=3))
def test_any_length_comes_back(size: int, width: int, after: bytes) -> None:
    """What is written is read, in the least octets or in more, whatever stands behind it; before its end nobody can tell."""
    written = lengths.build(size, width)

    assert lengths.read(written + after, 0, widest=4) == (size, len(written))
    assert [lengths.read(written[:end], 0, widest=4) for end in range(len(written))] == [None] * len(written)
