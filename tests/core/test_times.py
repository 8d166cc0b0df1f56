"""The four times: each is long enough for what it is to tell."""

from han_gateway.core.site import Policy
from han_gateway.core.times import QUIET_MS, SETTLED_MS, SHOWN_MS, TURN_MS
from tests.core.houses import charger


def test_each_time_holds_what_it_waits_for() -> None:
    """A slow charger follows, and two lists come, before a change must have shown; the next raise comes before it has settled."""
    policy, response_ms = Policy(), charger().response_ms

    assert max(4 * response_ms, 2 * policy.list_period_ms + response_ms) <= SHOWN_MS
    assert SHOWN_MS + policy.raise_window_ms <= SETTLED_MS
    assert SETTLED_MS + policy.longest_window_ms <= QUIET_MS
    assert TURN_MS >= 6 * QUIET_MS, "nobody changes places with every kettle"
