"""A log that does not wear out an SD card."""

import logging

import pytest

from han_gateway.adapters.quiet import DECIDED, DECISIONS, KINDS, USUAL, Quiet
from han_gateway.core.units import Instant


class Ears(logging.Handler):
    """What is told, with a clock that is turned by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.now: Instant = 0
        self.told: list[str] = []
        self.addFilter(Quiet(lambda: self.now))

    def emit(self, record: logging.LogRecord) -> None:
        """Remember a line that came through."""
        self.told.append(record.getMessage())

    def say(self, text: str, *, logger: str = "han_gateway") -> None:
        """Let somebody log this."""
        self.handle(logging.LogRecord(logger, logging.WARNING, __file__, 1, "%s", (text,), None))


def test_a_fault_that_comes_back_every_two_seconds_for_a_day_is_told_six_times_an_hour() -> None:
    """Not 43,200 times: and each line says how often the fault came since the last one."""
    ears = Ears()
    for ears.now in range(0, 86_400_000, 2_000):
        ears.say(f"meter lost: no lists for {ears.now / 1000:g} s")

    assert len(ears.told) <= USUAL.freely + 86_400_000 // USUAL.pause_ms
    assert ears.told[-1].endswith("(and 299 times more since this was told last)")


def test_what_comes_now_and_then_is_told_each_time_and_as_it_is() -> None:
    """A fault every ten minutes is news each time."""
    ears = Ears()
    for ears.now in range(0, 50 * USUAL.pause_ms, USUAL.pause_ms):
        ears.say("broker lost")

    assert ears.told == ["broker lost"] * 50


def test_a_fault_is_told_when_it_begins_whatever_was_last_night() -> None:
    """An hour after a storm a kind of line is as new as ever."""
    ears = Ears()
    for ears.now in range(0, 60_000, 100):
        ears.say("broker lost")
    before = len(ears.told)
    ears.now += USUAL.freely * USUAL.pause_ms
    for _ in range(USUAL.freely):
        ears.say("broker lost")

    assert len(ears.told) - before == USUAL.freely
    assert ears.told[before + 1 :] == ["broker lost"] * (USUAL.freely - 1)


def test_one_storm_hides_nothing_else() -> None:
    """A line of another kind is told in the middle of it."""
    ears = Ears()
    for ears.now in range(0, 60_000, 100):
        ears.say("broker lost")
    ears.say("meter lost: no lists for 60 s")

    assert ears.told[-1] == "meter lost: no lists for 60 s"


def test_each_charger_is_told_of_also_where_they_are_called_1_to_30() -> None:
    """Thirty chargers that go silent together are thirty lines, and so are thirty cuts."""
    ears = Ears()
    for number in range(1, 31):
        ears.say(f"charger {number} has stopped reporting")
    for number in range(1, 31):
        ears.say(f"charger box-{number} draws more than its limit")
    assert len(ears.told) == 60


def test_amperes_make_no_other_kind() -> None:
    """A limit that swings is one kind of line, whatever it swings between."""
    ears = Ears()
    for number in range(1, 31):
        ears.say(f"charger 7 has a second master that sets {number} A, we {number / 2:g} A")
    assert len(ears.told) == USUAL.freely


@pytest.mark.parametrize("much", ["{}.5 A there", "{}.5 kW"])
def test_what_the_house_did_makes_no_other_kind(much: str) -> None:
    """A cut that says by how much the house rose is of one kind, whatever that was."""
    ears = Ears()
    for amount in range(100):
        ears.say(f"cut garage 16 -> 9 A: main fuse, L2; the house rose by {much.format(amount)}")
    assert len(ears.told) == USUAL.freely


def test_why_a_limit_was_set_is_told_as_often_as_the_law_decides() -> None:
    """A whole day of a change every 20 s is in the log, so that each can be explained; ten commands a second from a loop are not."""
    ears = Ears()
    for ears.now in range(0, 86_400_000, 20_000):
        ears.say("cut garage 16 -> 9 A: main fuse, L2", logger=DECISIONS)
    assert ears.told == ["cut garage 16 -> 9 A: main fuse, L2"] * (86_400_000 // 20_000)
    for ears.now in range(86_400_000, 90_000_000, 100):
        ears.say("paused garage 6 -> 0 A: paused by you", logger=DECISIONS)
    assert len(ears.told) - 86_400_000 // 20_000 <= DECIDED.freely + 3_600_000 // DECIDED.pause_ms


def test_ever_new_words_cannot_fill_the_memory() -> None:
    """No more than so many kinds are remembered, whatever is told."""
    ears = Ears()
    for number in range(5 * KINDS):
        ears.say("x" * number)

    (quiet,) = ears.filters
    assert isinstance(quiet, Quiet)
    assert len(quiet._kinds) == KINDS
