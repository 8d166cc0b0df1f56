"""The promises of the fuses."""

import pytest

from han_gateway.simulation.fuse import GG_MIN_10_S, MCB_EDGE, MCB_NOMINAL, Device, gg_edge

HOUR = [1.0] * 3600


def seconds_to_trip(device: Device, ratio: float, *, warm: bool = False) -> int | None:
    """How long a device lasts at a current, from cold or from full load; None for an hour and more."""
    before = HOUR if warm else []
    for length in range(1, 3600):
        if device.stress([*before, *[ratio] * length])[0]:
            return length
        if length > 300 and not device.stress([*before, *[ratio] * 3600])[0]:
            return None
    return None


@pytest.mark.parametrize("device", [MCB_EDGE, MCB_NOMINAL])
def test_a_breaker_carries_what_it_must(device: Device) -> None:
    """IEC 60898-1: 1.13 In never trips, and 1.45 In does within the hour."""
    assert device.stress([1.129] * 3600)[0] == 0
    assert device.stress([1.45] * 3600)[0] > 0


@pytest.mark.parametrize(("ratio", "cold", "warm"), [(1.2, 131, 60), (1.3, 85, 31), (1.45, 56, 17), (1.6, 41, 12), (2.0, 23, 6)])
def test_the_edge_is_as_fast_as_its_source_says(ratio: float, cold: int, warm: int) -> None:
    """The worst-case breaker trips after the times that the fit was published with, to a second."""
    assert seconds_to_trip(MCB_EDGE, ratio) == pytest.approx(cold, abs=1.5)
    assert seconds_to_trip(MCB_EDGE, ratio, warm=True) == pytest.approx(warm, abs=1.5)


def test_the_typical_breaker_lies_within_the_bands() -> None:
    """Typical: within 1 to 60 s at 2.55 In, and about a quarter of an hour at 1.45 In, both cold."""
    assert 1 <= (seconds_to_trip(MCB_NOMINAL, 2.55) or 0) <= 60
    assert MCB_NOMINAL.stress([1.45] * 880)[0] == 0
    assert MCB_NOMINAL.stress([1.45] * 920)[0] == 1


@pytest.mark.parametrize("rating", GG_MIN_10_S)
def test_a_gg_fuse_survives_its_gates(rating: int) -> None:
    """IEC 60269-1: 1.25 In for ever, I min for 10 s, and 1.6 In never for long."""
    device = gg_edge(rating)

    assert device.stress([1.249] * 3600)[0] == 0
    assert device.stress([GG_MIN_10_S[rating] / rating - 1e-6] * 10)[0] == 0
    assert device.stress([1.6] * 3600)[0] > 0


def test_a_trip_is_counted_once() -> None:
    """After a trip the device is cold again."""
    assert MCB_EDGE.stress([2.0] * 24 + [0.0] * 100)[0] == 1
