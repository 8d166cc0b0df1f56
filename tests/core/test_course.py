"""What is remembered of how a meter's lists have gone on."""

from han_gateway.core.course import Course
from han_gateway.core.gateway import start
from tests.core.houses import charger, house


def test_of_a_meter_that_was_never_heard_nothing_is_known() -> None:
    """At the start nothing was measured, nothing has repeated itself, no hourly list is waited for, and nobody was told of anything."""
    assert start(house(charger()), 0).course == Course(
        measured=(),
        changes=None,
        same_since=0,
        same_told=False,
        set_back=None,
        hourly=False,
        hourly_at=None,
        hourly_told=False,
    )
