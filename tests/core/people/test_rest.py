"""However often somebody pauses a charger and lets it go on, its contactor is spared; a pause itself is never late."""

from itertools import pairwise

import pytest

from han_gateway.core.effects import Cause, ChargerState, ShowCharger, ShowOutcome, Stage
from han_gateway.core.events import Ask, Asked
from han_gateway.core.people.rest import AGAIN_MS
from han_gateway.core.reload import carry_over
from han_gateway.core.units import LINES, Instant
from tests.core.houses import Run, charger, house

L1, *_ = LINES
ALONE = house(charger("garage", [L1]))
WINDOW_MS = ALONE.policy.raise_window_ms


class Hand(Run):
    """A house with one charger that draws what it may, and somebody who asks something of it."""

    def __init__(self) -> None:
        super().__init__(ALONE)
        self.charge(180)

    def charge(self, seconds: int) -> None:
        """So much time passes, with a list and a report every ten seconds."""
        for _ in range(seconds // 10):
            drawn = self.limit() / 1000
            self.lists(1, 2 + drawn, 2, 2, says={"garage": drawn})

    def ask(self, what: Ask, *, for_s: int | None = None) -> None:
        """Somebody asks this now."""
        self.play(Asked(at=self.now, charger="garage", ask=what, for_ms=None if for_s is None else 1000 * for_s))

    def starts(self, since: Instant = 0) -> list[Instant]:
        """When the charger was switched on."""
        limits = self.limits()
        return [at for (_, before), (at, now) in pairwise(limits) if now and not before and at > since]

    def rests_until(self) -> Instant | None:
        """The end of its rest."""
        return self.state.chargers[0].asks.rests_until

    def said(self) -> list[tuple[Ask, Stage, str]]:
        """What was told of commands, without the pauses."""
        told = [effect for _, effect in self.effects if isinstance(effect, ShowOutcome)]
        return [(each.ask, each.stage, each.reason) for each in told if each.ask is not Ask.PAUSE]


@pytest.mark.parametrize("goes_on", [Ask.RESUME, Ask.BOOST])
@pytest.mark.parametrize("seconds", [1, 7, 61])
def test_a_wild_automation_starts_a_charger_twice_in_a_turn(goes_on: Ask, seconds: int) -> None:
    """Pause and go on, again and again for two hours: of three starts the last is a turn after the first, and it does go on in between."""
    run = Hand()
    began = run.now
    while run.now < began + 7_200_000:
        run.ask(Ask.PAUSE)
        assert run.limit() == 0
        run.until(run.now + 1_000)
        run.ask(goes_on)
        run.charge(10 * max(1, seconds // 10))
    starts = run.starts(began)
    assert all(last - first >= AGAIN_MS for first, last in zip(starts, starts[2:], strict=False))
    assert len(starts) > 6


def test_a_pause_that_ends_by_itself_is_no_way_round() -> None:
    """Pauses of one second wear a contactor no more than others."""
    run = Hand()
    began = run.now
    while run.now < began + 3_600_000:
        run.ask(Ask.PAUSE, for_s=1)
        run.charge(10)
    assert 2 < len(run.starts(began)) <= 2 * 3_600_000 // AGAIN_MS


def test_a_first_pause_is_as_long_as_one_of_the_law() -> None:
    """A pause that is taken back at once lasts a raise window, and who took it back is told how long, and when it is over."""
    run = Hand()
    asked_at = run.now
    run.ask(Ask.PAUSE)
    run.ask(Ask.RESUME)
    assert run.said() == [
        (Ask.RESUME, Stage.ACCEPTED, f"will start in {WINDOW_MS // 1000} s, if there is room then: its contactor rests")
    ]
    run.charge(10)
    run.until(asked_at + WINDOW_MS - 1_000)
    assert (len(run.said()), run.grant().reason.cause) == (1, Cause.RESTING)
    run.charge(10)
    assert run.said()[1:] == [(Ask.RESUME, Stage.DONE, "its limit follows the room again")]
    assert run.starts(asked_at) == [asked_at + WINDOW_MS]


def test_a_long_pause_has_no_rest_left() -> None:
    """Who was paused for longer than a quarter of an hour goes on with the next list that allows it, and is told that it is done."""
    run = Hand()
    run.ask(Ask.PAUSE)
    run.charge(AGAIN_MS // 1000)
    asked_at = run.now
    run.ask(Ask.RESUME)
    assert run.said()[-1][1] is Stage.DONE
    run.charge(10)
    assert run.starts(asked_at) == [asked_at + 10_000]


def test_a_second_pause_lasts_until_a_quarter_of_an_hour_after_the_first() -> None:
    """Twice within a quarter of an hour is no person who pressed the wrong button: to the second."""
    run = Hand()
    first = run.now
    run.ask(Ask.PAUSE)
    run.ask(Ask.RESUME)
    run.charge(60)
    (start,) = run.starts(run.now - 60_000)
    run.ask(Ask.PAUSE)
    run.until(run.now + 1_000)
    run.ask(Ask.RESUME)
    left_s = (first + AGAIN_MS - run.now) // 1000
    assert run.said()[-1] == (Ask.RESUME, Stage.ACCEPTED, f"will start in {left_s} s, if there is room then: its contactor rests")
    run.charge(AGAIN_MS // 1000)
    assert AGAIN_MS <= run.starts(start)[0] - first <= AGAIN_MS + 10_000


def test_what_people_see_of_a_rest() -> None:
    """It is paused, for a reason that is not the owner's any more, and in no queue."""
    run = Hand()
    run.ask(Ask.PAUSE)
    run.ask(Ask.RESUME)
    shown = [effect for _, effect in run.effects if isinstance(effect, ShowCharger)][-1]
    assert (shown.state, shown.queue, shown.wish) == (ChargerState.PAUSED, None, None)
    assert str(shown.grant.reason) == "resting after a pause"


def test_who_has_nothing_already_does_not_rest() -> None:
    """A pause of a charger that the house has paused switches nothing, so nothing has to rest; a rest that is under way gets no longer."""
    run = Hand()
    run.lists(1, 40, 2, 2)
    assert run.limit() == 0
    run.ask(Ask.PAUSE)
    assert run.rests_until() is None
    run.ask(Ask.RESUME)
    assert run.said()[-1][1] is Stage.DONE
    run.charge(60)
    assert run.limit()
    run.ask(Ask.PAUSE)
    until = run.rests_until()
    run.charge(10)
    run.ask(Ask.RESUME)
    run.ask(Ask.PAUSE)
    assert until is not None
    assert run.rests_until() == until


def test_a_boost_in_a_rest_is_first_when_that_is_over() -> None:
    """It is accepted, and done when the rest is over; until then it has nothing."""
    run = Hand()
    run.ask(Ask.PAUSE)
    run.ask(Ask.BOOST)
    assert [each[:2] for each in run.said()] == [(Ask.BOOST, Stage.ACCEPTED)]
    run.until(run.now + WINDOW_MS)
    assert run.said()[-1] == (Ask.BOOST, Stage.DONE, "first in line")
    assert run.state.chargers[0].boosted


def test_who_is_paused_again_in_a_rest_is_not_started_by_its_end() -> None:
    """The newest word counts: of the resume it is told that a pause came after it, and of the end of the rest nothing."""
    run = Hand()
    run.ask(Ask.PAUSE)
    run.ask(Ask.RESUME)
    run.ask(Ask.PAUSE)
    assert run.said()[-1] == (Ask.RESUME, Stage.EXPIRED, "pause came after it")
    run.charge(600)
    assert (run.limit(), run.grant().reason.cause, len(run.said())) == (0, Cause.PAUSED, 2)


def test_a_rest_outlives_a_reload() -> None:
    """A charger that was changed in the configuration rests on."""
    run = Hand()
    run.ask(Ask.PAUSE)
    run.ask(Ask.RESUME)
    state, _ = carry_over(ALONE, run.state, house(charger("garage", [L1], maximum_ma=10_000)), run.now)
    assert (state.chargers[0].grant.limit_ma, state.chargers[0].grant.reason.cause) == (0, Cause.RESTING)
