"""A wish, as it is remembered before anybody has seen a car."""

from han_gateway.core.events import Ask
from han_gateway.core.people.wish import Asks, Wish


def test_a_boost_is_for_the_next_car_until_one_was_seen() -> None:
    """Nobody has seen a car with a wish that comes out of the memory: it does not end because none is there."""
    assert not Wish(Ask.BOOST).car


def test_only_a_pause_pauses() -> None:
    """A boost does not, and neither does nothing."""
    assert [Asks(wish).paused for wish in (Wish(Ask.PAUSE), Wish(Ask.BOOST), None)] == [True, False, False]
