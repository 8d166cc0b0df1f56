"""Envelopes alone in a stream."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlms.ciphering import Sealed, build
from dlms.envelope import MAX_LENGTH, examine, overlap
from dlms.rejects import Reason, Rejected

TITLE = b"XYZ\xdb\x08\x00\x00\x07"
WHOLE = build(Sealed(TITLE, 0x30, 7, bytes(300)))
HEAD = 14


@given(st.sampled_from((0x20, 0x21, 0x30, 0x31)), st.integers(0, 2**32 - 1), st.integers(251, 4090), st.binary(max_size=40))
def test_an_envelope_is_found(security: int, counter: int, size: int, around: bytes) -> None:
    """An envelope of any usual size is given whole, whatever stands around it; before its end nobody can tell."""
    whole = build(Sealed(TITLE, security, counter, bytes(size)))

    assert examine(around + whole + around, len(around)) == whole
    assert all(
        examine((around + whole)[: len(around) + end], len(around)) is None for end in (1, 5, HEAD, HEAD + 1, len(whole) - 1)
    )


def test_the_longest_envelope() -> None:
    """4,095 octets are the most that is believed, and 256 the least."""
    assert len(build(Sealed(TITLE, 0x30, 7, bytes(4090)))) == MAX_LENGTH
    for size in (250, 4091):
        assert examine(build(Sealed(TITLE, 0x30, 7, bytes(size)), length_size=2), 0) is Reason.NOISE


@pytest.mark.parametrize("place", [0, 1, 2, 3, 4, 10, 11, 13])
def test_a_head_that_is_none(place: int) -> None:
    """Any of the octets that every head has in common, changed, makes it noise at once."""
    changed = WHOLE[:place] + bytes([WHOLE[place] ^ 0x80]) + WHOLE[place + 1 :]
    assert examine(changed, 0) is examine(changed[: place + 1], 0) is Reason.NOISE


def test_an_envelope_in_an_envelope() -> None:
    """Where another one begins, the first lost its end, and cost what came before the other."""
    assert examine(WHOLE[:100] + WHOLE, 0) == Rejected(Reason.TRUNCATED, 100)
    assert examine(WHOLE[:-HEAD] + WHOLE, 0) == Rejected(Reason.TRUNCATED, len(WHOLE) - HEAD)


@pytest.mark.parametrize("lost", range(HEAD))
def test_what_may_begin_the_next_one(lost: int) -> None:
    """An envelope that lost a few bytes ends with the first ones of the next, and says how many those are."""
    found = examine(WHOLE[: len(WHOLE) - lost] + WHOLE, 0)

    assert isinstance(found, bytes)
    assert overlap(found) == lost
