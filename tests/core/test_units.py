"""Instants that are never reached, and decimals at the edges."""

from han_gateway.core.units import FIRST, NEVER, tenths, thousandths

A_THOUSAND_YEARS_MS = 1_000 * 366 * 86_400_000


def test_before_anything_and_after_everything() -> None:
    """No clock that counts from boot or from 1970 comes near either of them."""
    assert FIRST < -A_THOUSAND_YEARS_MS
    assert NEVER > A_THOUSAND_YEARS_MS


def test_what_is_not_known_stays_unknown_at_the_edges() -> None:
    """MA become A, in full or with one decimal; nothing becomes 0."""
    assert (thousandths(1_890), thousandths(0), thousandths(None)) == (1.89, 0.0, None)
    assert (tenths(1_890), tenths(1_849), tenths(None)) == (1.9, 1.8, None)
