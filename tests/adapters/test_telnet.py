"""A serial server that speaks telnet is known by how a connection begins; nothing that a meter sends is taken for one."""

import random

import pytest

from han_gateway.adapters.telnet import HEAD_BYTES, negotiates
from tests.ser2net import BEGINS, BEGINS_RFC2217


@pytest.mark.parametrize("head", [BEGINS, BEGINS_RFC2217, BEGINS[:9], BEGINS + b"\x7e\xa0\x2a\x41"])
def test_what_ser2net_begins_with(head: bytes) -> None:
    """Its offers are known, whole or cut, and whatever follows them."""
    assert negotiates(head)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\xff",
        BEGINS[:6],
        b"\x7e" + BEGINS,
        b"\xff\xfe\x00" * 20,
        b"\xff\xfb\x01\x7e\xa0",
        b"\xff" * 64,
        b"/AUX5UXW\r\n\r\n0-0:1.0.0(",
    ],
    ids=[
        "nothing",
        "a byte",
        "two words about one option",
        "in the middle",
        "an inverted line",
        "one only",
        "idle",
        "a telegram",
    ],
)
def test_what_is_none(head: bytes) -> None:
    """One offer is chance, and the same again and again is a line at rest."""
    assert not negotiates(head)


def test_noise_is_none() -> None:
    """Not once in a hundred thousand beginnings of a line at a wrong speed."""
    rng = random.Random(4)
    assert not any(negotiates(rng.randbytes(HEAD_BYTES)) for _ in range(100_000))
