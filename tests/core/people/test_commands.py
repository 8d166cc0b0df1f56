"""What people ask of a charger is done as far as the house allows it, and they are told what came of it."""

import random

import pytest

from han_gateway.core.effects import (
    Cause,
    ChargerState,
    Effect,
    MeterState,
    RestartCharger,
    ShowCharger,
    ShowOutcome,
    Stage,
)
from han_gateway.core.events import Ask, Asked, BrokerChanged, ChargerSaid, ChargerStatus
from han_gateway.core.people.commands import KNOWN
from han_gateway.core.people.outcome import TIME_MS
from han_gateway.core.reload import carry_over
from han_gateway.core.site import Grid, Site
from han_gateway.core.times import QUIET_MS
from han_gateway.core.units import PerLine
from tests.core.houses import L1, L2, L3, Home, Run, charger, house, list1, list2, notes, random_tree, set_limits

ALONE = house(charger("garage", [L1]))
PAIR = house(charger("left", [L1]), charger("right", [L1]), fuse=20)


def outcomes(run: Run) -> list[tuple[Ask, Stage, str]]:
    """All that was told of commands."""
    return [(each.ask, each.stage, each.reason) for _, each in run.effects if isinstance(each, ShowOutcome)]


def ask(run: Run, what: Ask, name: str = "garage", *, id: str | None = None, for_s: int | None = None) -> tuple[Effect, ...]:  # noqa: A002
    """Somebody asks something now."""
    return run.play(Asked(at=run.now, charger=name, ask=what, id=id, for_ms=None if for_s is None else 1000 * for_s))


def charging(site: Site = ALONE, house_a: float = 2, **draws: float) -> Run:
    """A run in which the chargers report and charge."""
    run = Run(site)
    draws = draws or {"garage": 16}
    run.lists(12, house_a + sum(draws.values()), 2, 2, says=draws)
    return run


class Restartable(Home):
    """A house whose one charger reports every two seconds while it is on."""

    def seconds(self, seconds: int, *, on: bool = True, limit_a: int | None = None, uptime_s: int | None = None) -> None:
        """So much time passes; the charger reports, or does not; a list comes every ten seconds."""
        for _ in range(seconds):
            at = (self.now // 1000 + 1) * 1000
            self.until(at)
            if on and at // 1000 % 2:
                said = PerLine(0 if limit_a else self.limit(), None, None)
                limit_ma = None if limit_a is None else 1000 * limit_a
                self.play(ChargerSaid(at=at, charger="garage", current_ma=said, limit_ma=limit_ma, uptime_s=uptime_s))
            if not at % 10_000:
                self.hear(at, list2(2 + (self.limit() / 1000 if on and not limit_a else 0), 2, 2))


def test_a_pause_is_at_once_and_until_it_is_taken_back() -> None:
    """The limit is 0 in the same moment, whatever room there is, and stays 0 for as long as nobody takes it back."""
    run = charging()
    assert run.limit() == 16_000
    effects = ask(run, Ask.PAUSE)
    (limit,) = set_limits(effects)
    assert (limit.grant.limit_ma, str(limit.grant.reason)) == (0, "paused by you")
    run.lists(360, 2, 2, 2, says={"garage": 0})
    assert run.limit() == 0
    assert run.grant().reason.cause is Cause.PAUSED
    assert outcomes(run) == [(Ask.PAUSE, Stage.ACCEPTED, "told to draw nothing"), (Ask.PAUSE, Stage.DONE, "draws nothing")]


def test_an_outcome_tells_how_long_it_took() -> None:
    """From the command to what was seen of it; what was answered at once took no time."""
    run = charging()
    asked_at = run.now
    ask(run, Ask.PAUSE)
    run.say(asked_at + 7_000, "garage", 0)
    told = [each for _, each in run.effects if isinstance(each, ShowOutcome)]
    assert [(each.stage, each.took_ms) for each in told] == [(Stage.ACCEPTED, None), (Stage.DONE, 7_000)]


def test_pages_show_a_pause_and_a_boost() -> None:
    """The state of the charger names the wish, and its end."""
    run = charging()
    ask(run, Ask.PAUSE)
    ask(run, Ask.BOOST)
    ask(run, Ask.RESUME)
    shown = [each for _, each in run.effects if isinstance(each, ShowCharger)][-3:]
    assert [each.wish for each in shown] == [Ask.PAUSE, Ask.BOOST, None]
    assert shown[0].state is ChargerState.PAUSED


def evening(run: Run, until_s: int, house_a: float = 1, empty: str = "", *, lists: bool = True) -> None:
    """Cars that draw all they may, but for one that only stands there, report after each list, or where a list should have been."""
    for second in range(run.now // 10_000 * 10 + 10, until_s + 1, 10):
        run.until(second * 1000 - 9000)
        drawn = {name: 0 if name in empty else run.limit(name) / 1000 for name in "ab"}
        for name, amps in drawn.items():
            run.say(run.now, name, amps, ChargerStatus.CHARGING if amps else ChargerStatus.CONNECTED)
        if lists:
            run.lists(1, *(house_a + sum(drawn.values()),) * 3)


def test_a_car_that_charged_while_the_meter_was_silent_is_there() -> None:
    """Paused in an outage and resumed at its end: what it reported meanwhile says that it is no empty place."""
    run = Run(house(charger("a"), charger("b")))
    evening(run, 200)
    evening(run, 300, lists=False)
    ask(run, Ask.PAUSE, "b")
    evening(run, 340, lists=False)
    ask(run, Ask.RESUME, "b")
    evening(run, 900)

    assert run.limit("b") >= 6_000


@pytest.mark.parametrize("what", [Ask.BOOST, Ask.RESUME])
def test_who_is_asked_to_charge_has_a_car(what: Ask) -> None:
    """A car that took nothing was paused as one that is not there; its owner knows better, and does not wait for an hour."""
    run = Run(house(charger("a"), charger("b")))
    evening(run, 300, empty="b")
    evening(run, 400, 16, empty="b")
    evening(run, 600, empty="b")
    assert run.limit("b") == 0
    ask(run, what, "b")
    evening(run, 900)

    assert run.limit("b") >= 6_000


def test_a_resume_raises_nothing_by_itself() -> None:
    """After a pause there is nothing until a whole window of lists allows it; then the charger begins at its minimum."""
    run = charging()
    ask(run, Ask.PAUSE)
    run.lists(6, 2, 2, 2, says={"garage": 0})
    assert set_limits(ask(run, Ask.RESUME)) == []
    assert run.grant().reason.cause is Cause.RAISE_PENDING
    assert outcomes(run)[-1] == (Ask.RESUME, Stage.DONE, "its limit follows the room again")
    run.lists(3, 2, 2, 2, says={"garage": 0})
    assert run.limit() == 6_000
    run.lists(12, 8, 2, 2, says={"garage": 6})
    assert run.limit() == 16_000


def test_a_pause_between_a_guess_and_its_list_is_not_given_back() -> None:
    """A limit that was lowered on a guess is not given back to a charger that was paused meanwhile, also not when that is over at once."""
    run = charging(house_a=6)
    run.hear(run.now + 10_000, list2(22, 2, 2, power_import_w=6_000))
    assert run.limit() == 16_000
    run.hear(run.now + 2_000, list1(9_000))
    assert run.limit() < 16_000
    ask(run, Ask.PAUSE)
    ask(run, Ask.RESUME)
    run.hear(run.now + 2_000, list2(22, 2, 2))
    assert run.limit() == 0


@pytest.mark.parametrize(("for_s", "end_ms"), [(60, 60_000), (3600, 3_600_000)])
def test_a_pause_with_an_end_ends(for_s: int, end_ms: int) -> None:
    """In the second in which its time is over it is told, and the charger waits like any other."""
    run = charging()
    began = run.now
    ask(run, Ask.PAUSE, for_s=for_s, id="x")
    run.until(began + end_ms - 1000)
    assert run.grant().reason.cause is Cause.PAUSED
    run.until(began + end_ms)
    assert not run.state.chargers[0].paused
    assert run.grant().reason.cause is not Cause.PAUSED
    assert outcomes(run)[-1] == (Ask.PAUSE, Stage.EXPIRED, "its time is over")


def test_a_charger_that_draws_on_is_named() -> None:
    """A pause that is not seen within its time has failed; the limit stays 0 all the same."""
    run = charging()
    ask(run, Ask.PAUSE, id="x")
    run.lists(10, 18, 2, 2, says={"garage": 16})
    assert outcomes(run)[-1] == (Ask.PAUSE, Stage.FAILED, f"still draws after {TIME_MS[Ask.PAUSE] // 1000} s")
    assert run.limit() == 0


def test_a_pause_of_a_silent_charger_is_sent_and_no_more_is_claimed() -> None:
    """A charger that never reports is told 0, and nobody says that it obeyed."""
    run = Run(ALONE)
    run.lists(12, 2, 2, 2)
    ask(run, Ask.PAUSE)
    run.lists(12, 2, 2, 2)
    assert outcomes(run)[-1] == (Ask.PAUSE, Stage.UNCONFIRMED, "sent; the charger does not say what it draws")
    assert run.limit() == 0


def test_a_pause_counts_while_the_meter_is_lost_and_a_resume_then_raises_nothing() -> None:
    """Less is always possible; what may not rise does not, with the reason."""
    run = charging()
    run.until(run.now + 120_000)
    assert (run.state.meter, run.limit()) == (MeterState.LOST, 6_000)
    ask(run, Ask.PAUSE)
    assert run.limit() == 0
    ask(run, Ask.RESUME)
    run.until(run.now + 120_000)
    assert (run.limit(), run.grant().reason.cause) == (0, Cause.METER_LOST)
    run.lists(12, 2, 2, 2, says={"garage": 0})
    assert run.limit() >= 6_000


def test_a_meter_that_is_lost_says_nothing_against_a_pause() -> None:
    """Through stale and lost the reason stays the owner's, and the fallback is not given."""
    run = charging()
    ask(run, Ask.PAUSE)
    run.until(run.now + 120_000)
    assert run.state.meter is MeterState.LOST
    assert (run.limit(), run.grant().reason.cause) == (0, Cause.PAUSED)


def test_what_a_paused_charger_leaves_is_for_the_others() -> None:
    """The room of a paused charger is shared out, and nobody is held back for it."""
    run = charging(PAIR, left=8, right=10)
    ask(run, Ask.PAUSE, "left")
    run.lists(12, 12, 2, 2, says={"left": 0, "right": 10})
    assert (run.limit("left"), run.limit("right")) == (0, 16_000)


def test_a_boost_comes_before_every_priority() -> None:
    """Beside a charger of a higher priority the boosted one gets all that it can take, and the other what is left."""
    site = house(charger("left", [L1]), charger("right", [L1], priority=5), fuse=25)
    run = Run(site)
    for _ in range(12):
        run.lists(1, 1 + (run.limit("left") + run.limit("right")) / 1000, 1, 1, says=_all(run))
    assert (run.limit("left"), run.limit("right")) == (8_000, 16_000)
    ask(run, Ask.BOOST, "left")
    for _ in range(18):
        run.lists(1, 1 + (run.limit("left") + run.limit("right")) / 1000, 1, 1, says=_all(run))
    assert (run.limit("left"), run.limit("right")) == (16_000, 8_000)
    ask(run, Ask.RESUME, "left")
    for _ in range(18):
        run.lists(1, 1 + (run.limit("left") + run.limit("right")) / 1000, 1, 1, says=_all(run))
    assert (run.limit("left"), run.limit("right")) == (8_000, 16_000)


def _all(run: Run) -> dict[str, float]:
    """Every charger draws all that it may."""
    return {view.charger.name: view.grant.limit_ma / 1000 for view in run.state.chargers}


def test_a_boosted_charger_is_cut_last() -> None:
    """Where there is room for one minimum only, the boosted charger keeps its own, whoever has the higher priority."""
    site = house(charger("left", [L1]), charger("right", [L1], priority=5), fuse=20)
    for boosted in ("left", "right"):
        run = charging(site, left=6, right=6)
        ask(run, Ask.BOOST, boosted)
        run.lists(1, 12 + 12, 2, 2, says={"left": 6, "right": 6})
        assert {name for name in ("left", "right") if run.limit(name)} == {boosted}


def test_a_boosted_charger_is_next_in_the_queue() -> None:
    """Of two that wait for room the boosted one is the next, whoever has the higher priority."""
    site = house(charger("left", [L1]), charger("right", [L1], priority=5), fuse=16)
    run = Run(site)
    run.lists(3, 20, 2, 2)
    assert (run.limit("left"), run.limit("right")) == (0, 0)
    ask(run, Ask.BOOST, "left")
    assert {picture.shown.grant.charger: picture.shown.queue for picture in run.state.pictures} == {"left": 1, "right": 2}


def test_a_paused_charger_changes_no_phases() -> None:
    """However little room three phases have while it is paused, it comes back on the lines that it had."""
    run = Home(house(charger(modes=(frozenset({L1}),)), fuse=20))
    run.minutes(2, 2, 2, 2)
    ask(run, Ask.PAUSE)
    run.minutes(5, 2, 18, 18)
    assert run.modes() == [frozenset({L1, L2, L3})]


def test_a_boost_ends_with_the_car() -> None:
    """When the car has left, the next one is nobody special; a charger without a car may be boosted for the one that comes."""
    run = charging()
    run.say(run.now + 1000, "garage", 0, ChargerStatus.IDLE)
    ask(run, Ask.BOOST, id="x")
    run.say(run.now + 1000, "garage", 0, ChargerStatus.IDLE)
    run.say(run.now + 1000, "garage", 10, ChargerStatus.CHARGING)
    still = run.state.chargers[0].boosted
    run.say(run.now + 1000, "garage", 0, ChargerStatus.IDLE)
    assert (still, run.state.chargers[0].boosted) == (True, False)
    assert outcomes(run)[-1] == (Ask.BOOST, Stage.EXPIRED, "the car has left")


def test_a_boost_for_the_car_that_is_there_ends_when_it_leaves() -> None:
    """Reports that say nothing of a car change nothing; the first that says that there is none ends it."""
    run = charging()
    run.say(run.now + 1000, "garage", 10, ChargerStatus.CHARGING)
    ask(run, Ask.BOOST)
    run.say(run.now + 1000, "garage", 10)
    before = run.state.chargers[0].boosted
    run.say(run.now + 1000, "garage", 0, ChargerStatus.IDLE)
    assert (before, run.state.chargers[0].boosted) == (True, False)


def test_a_report_that_says_nothing_of_a_car_brings_none() -> None:
    """A boost for the next car is still there when the charger has reported a current and then, again, that there is no car."""
    run = Run(ALONE)
    run.say(1_000, "garage", 0, ChargerStatus.IDLE)
    ask(run, Ask.BOOST)
    run.say(2_000, "garage", 0)
    run.say(3_000, "garage", 0, ChargerStatus.IDLE)
    assert run.state.chargers[0].boosted


def test_a_boost_ends_after_four_hours() -> None:
    """A boost that nobody takes back has an end."""
    run = charging()
    began = run.now
    ask(run, Ask.BOOST)
    run.tick(began + 4 * 3_600_000 - 1)
    still = run.state.chargers[0].boosted
    run.tick(began + 4 * 3_600_000)
    assert (still, run.state.chargers[0].boosted) == (True, False)


def test_a_restart_that_worked() -> None:
    """It is sent once; the charger falls silent and comes back, and both are told."""
    run = Restartable(ALONE)
    run.seconds(60)
    effects = ask(run, Ask.RESTART, id="a")
    assert [each for each in effects if isinstance(each, RestartCharger)] == [RestartCharger(charger="garage", id="a")]
    run.seconds(42, on=False)
    run.seconds(2)
    assert outcomes(run) == [
        (Ask.RESTART, Stage.ACCEPTED, "told to restart"),
        (Ask.RESTART, Stage.AWAY, "went silent"),
        (Ask.RESTART, Stage.DONE, "back after 43 s"),
    ]
    assert "garage: restart done: back after 43 s" in notes([each for _, each in run.effects])


def test_its_limit_is_sent_at_once_when_it_is_back() -> None:
    """With the report that shows the return goes the limit, long before it would be repeated."""
    run = Restartable(ALONE)
    run.seconds(61)
    ask(run, Ask.RESTART)
    run.until(run.now + 42_000)
    told = [at for at, _ in run.told()][-1]
    at = told + 1_000
    effects = run.play(ChargerSaid(at=at, charger="garage", current_ma=PerLine(0, None, None)))
    assert [limit.grant for limit in set_limits(effects)] == [run.grant()]


def test_a_restart_that_an_uptime_proves() -> None:
    """A charger that restarts between two reports is seen by its uptime."""
    run = Restartable(ALONE)
    run.seconds(60, uptime_s=9_000)
    ask(run, Ask.RESTART)
    run.seconds(2, uptime_s=1)
    assert outcomes(run)[-1][1] is Stage.DONE


def test_a_broker_that_was_lost_proves_no_restart() -> None:
    """The silence of a charger that nobody could hear is not taken for a restart, and what was kept free is so until it reports."""
    run = Restartable(house(charger("garage", [L1], has_failsafe=False)))
    run.seconds(60)
    ask(run, Ask.RESTART)
    ask(run, Ask.PAUSE)
    run.play(BrokerChanged(at=run.now, connected=False))
    assert outcomes(run)[-1] == (Ask.RESTART, Stage.UNCONFIRMED, "sent; the broker was lost before anything was seen")
    assert [each.ask for each in run.view.asks.open] == [Ask.PAUSE]
    run.seconds(30, on=False)
    assert run.view.echo.reborn_ma == 16_000
    run.play(BrokerChanged(at=run.now, connected=True))
    run.seconds(20)
    assert run.view.echo.reborn_ma == 0


def test_a_restart_that_did_not_happen() -> None:
    """A charger that goes on reporting for the whole time did not restart; what was kept free for it is free again."""
    run = Restartable(ALONE)
    run.seconds(60)
    ask(run, Ask.RESTART)
    run.seconds(200)
    assert outcomes(run)[-1][1:] == (Stage.FAILED, "never seen to go away: it did not restart, or too fast to be seen")
    assert run.view.echo.reborn_ma == 0


def test_a_restart_from_which_it_does_not_come_back() -> None:
    """After three minutes of silence it has failed; what it may take when it does come back stays kept free."""
    run = Restartable(house(charger("garage", [L1], has_failsafe=False)))
    run.seconds(60)
    ask(run, Ask.RESTART)
    run.seconds(200, on=False)
    assert outcomes(run)[-1][1:] == (Stage.FAILED, "did not come back within 180 s")
    assert run.view.echo.reborn_ma == 16_000
    run.seconds(30)
    assert run.view.echo.reborn_ma == 0


def test_a_restart_of_a_charger_that_says_nothing() -> None:
    """It is sent, and what came of it nobody knows; if it then speaks for the first time, it is there."""
    run = Run(ALONE)
    run.lists(12, 2, 2, 2)
    ask(run, Ask.RESTART)
    run.lists(19, 2, 2, 2)
    assert outcomes(run)[-1][1:] == (Stage.UNCONFIRMED, "sent; the charger says nothing of itself")
    assert run.state.chargers[0].echo.reborn_ma == 0
    run.lists(60, 2, 2, 2)
    ask(run, Ask.RESTART)
    run.say(run.now + 30_000, "garage", 0)
    assert outcomes(run)[-1][1:] == (Stage.DONE, "back after 30 s")


@pytest.mark.parametrize(
    ("figures", "kept_ma"),
    [({"has_failsafe": False}, 16_000), ({}, 6_000), ({"failsafe_ma": 10_000}, 10_000), ({"failsafe_ma": 0}, 0)],
)
def test_what_a_restarted_charger_may_take_is_kept_free(figures: dict[str, object], kept_ma: int) -> None:
    """Until it names its limit, its failsafe is kept free for it, or all that it can draw where it has none."""
    run = Restartable(house(charger("garage", [L1], **figures), charger("other", [L1], fallback_ma=0), fuse=25))
    run.seconds(60)
    ask(run, Ask.RESTART)
    assert run.view.echo.claimed_ma == kept_ma
    run.seconds(30, on=False)
    run.seconds(2, limit_a=32)
    assert run.view.echo.claimed_ma >= kept_ma
    run.seconds(2, limit_a=run.limit() // 1000)
    assert run.view.echo.claimed_ma == 0


@pytest.mark.parametrize(
    ("limit_ma", "status", "after_ms", "free"),
    [
        (6_000, ChargerStatus.CONNECTED, 0, True),  # its minimum during a pause
        (8_000, ChargerStatus.CONNECTED, 60_000, False),
        (32_000, ChargerStatus.CHARGING, 60_000, False),
        (32_000, ChargerStatus.IDLE, 11_000, False),
        (32_000, ChargerStatus.IDLE, 12_000, True),
        (None, ChargerStatus.CHARGING, 11_000, False),
        (None, ChargerStatus.CHARGING, 12_000, True),
    ],
)
def test_when_a_restarted_charger_is_trusted_again(
    limit_ma: int | None, status: ChargerStatus, after_ms: int, *, free: bool
) -> None:
    """By its own word about its limit, where a car is there; without one, or without a word, when it had twice its response time."""
    run = Restartable(house(charger("garage", [L1], has_failsafe=False)))
    run.seconds(60)
    ask(run, Ask.PAUSE)
    run.seconds(60)
    ask(run, Ask.RESTART)
    run.until(run.now + 30_000)
    back_at = run.now
    run.play(ChargerSaid(at=back_at, charger="garage", limit_ma=32_000))
    run.until(back_at + after_ms)
    run.play(ChargerSaid(at=back_at + after_ms, charger="garage", limit_ma=limit_ma, status=status))
    assert (run.view.echo.reborn_ma == 0) is free


def test_others_make_room_for_a_charger_that_restarts() -> None:
    """With the list after the command nobody has what the restarted one could take."""
    site = house(charger("left", [L1], has_failsafe=False), charger("right", [L1]), fuse=20)
    run = charging(site, left=6, right=6)
    assert run.limit("right") >= 6_000
    ask(run, Ask.RESTART, "left")
    run.lists(1, 14, 2, 2, says={"right": 6})
    assert run.limit("right") == 0


def test_who_cannot_be_told_to_restart_is_not() -> None:
    """A make without such a command: nothing is sent, nothing is kept free, and the reason is said; a pause counts as ever."""
    run = Restartable(house(charger("garage", [L1], restarts=False)))
    run.seconds(60)
    assert [each for each in ask(run, Ask.RESTART) if isinstance(each, RestartCharger)] == []
    assert outcomes(run)[-1][1:] == (Stage.REFUSED, "this make has no command for a restart")
    assert run.view.echo.reborn_ma == 0
    ask(run, Ask.PAUSE)
    assert outcomes(run)[-1][1] is not Stage.REFUSED


def test_a_restart_is_refused_with_the_reason() -> None:
    """Twice at once, again too soon, or while nobody sees what the charger draws; after ten minutes it may be tried again."""
    run = Restartable(ALONE)
    run.seconds(60)
    ask(run, Ask.RESTART)
    assert [each for each in ask(run, Ask.RESTART) if isinstance(each, RestartCharger)] == []
    assert outcomes(run)[-1][1:] == (Stage.REFUSED, "a restart is under way")
    run.seconds(200)
    ask(run, Ask.RESTART)
    assert outcomes(run)[-1][1:] == (Stage.REFUSED, "restarted 200 s ago; not again within 10 min")
    run.until(run.now + QUIET_MS)
    ask(run, Ask.RESTART)
    assert outcomes(run)[-1][1:] == (Stage.REFUSED, "the meter is lost: nobody sees what the charger draws when it is back")
    run.seconds(60)
    assert [each for each in ask(run, Ask.RESTART) if isinstance(each, RestartCharger)] != []


@pytest.mark.parametrize(("later_ms", "done"), [(599_999, False), (600_000, True)])
def test_a_restart_is_done_once_in_ten_minutes(later_ms: int, done: bool) -> None:
    """And not a millisecond sooner."""
    run = Restartable(ALONE)
    run.seconds(60)
    asked_at = run.now
    ask(run, Ask.RESTART)
    run.seconds(599)
    effects = run.play(Asked(at=asked_at + later_ms, charger="garage", ask=Ask.RESTART))
    assert any(isinstance(each, RestartCharger) for each in effects) == done


def test_a_pause_during_a_restart_holds() -> None:
    """Less may be asked at any time; both are watched to their end."""
    run = Restartable(ALONE)
    run.seconds(60)
    ask(run, Ask.RESTART)
    ask(run, Ask.PAUSE)
    assert run.limit() == 0
    run.seconds(40, on=False)
    run.seconds(4)
    assert {each[:2] for each in outcomes(run)[-2:]} == {(Ask.RESTART, Stage.DONE), (Ask.PAUSE, Stage.DONE)}


def test_the_same_id_twice_is_one_command() -> None:
    """A command that is delivered again is answered again with what came of it, and nothing else happens."""
    run = Restartable(ALONE)
    run.seconds(60)
    ask(run, Ask.RESTART, id="a")
    state = run.state
    (outcome,) = ask(run, Ask.RESTART, id="a")
    assert isinstance(outcome, ShowOutcome)
    assert (outcome.stage, outcome.id) == (Stage.ACCEPTED, "a")
    assert run.state is state
    for number in range(KNOWN):
        ask(run, Ask.PAUSE, id=str(number))
    ask(run, Ask.RESUME, id="z")
    ask(run, Ask.PAUSE, id="7")
    assert run.grant().reason.cause is not Cause.PAUSED
    assert len(run.view.asks.told) == KNOWN


def test_the_newest_wish_counts() -> None:
    """Who takes a pause back before it was seen is told that it is over."""
    run = charging()
    ask(run, Ask.PAUSE, id="a")
    ask(run, Ask.BOOST, id="b")
    assert [each[:2] for each in outcomes(run)[-2:]] == [(Ask.PAUSE, Stage.EXPIRED), (Ask.BOOST, Stage.ACCEPTED)]
    assert outcomes(run)[-2][2] == "boost came after it"
    ask(run, Ask.PAUSE)
    ask(run, Ask.PAUSE)
    assert [each.ask for each in run.state.chargers[0].asks.open] == [Ask.PAUSE]
    assert run.limit() == 0


def test_nobody_by_that_name() -> None:
    """A command for a charger that is not there changes nothing and is not answered."""
    run = charging()
    state = run.state
    assert ask(run, Ask.PAUSE, "other") == ()
    assert run.state is state


def test_a_wish_outlives_a_reload() -> None:
    """A charger that was changed in the configuration stays paused, one that stays as it is too."""
    run = charging()
    ask(run, Ask.PAUSE)
    for site in (ALONE, house(charger("garage", [L1], maximum_ma=10_000))):
        state, _ = carry_over(ALONE, run.state, site, run.now)
        assert (state.chargers[0].paused, state.chargers[0].grant.limit_ma) == (True, 0)
        assert state.chargers[0].grant.reason.cause is Cause.PAUSED


def test_a_command_never_raises_a_limit() -> None:
    """Whatever is asked, whenever: no command is answered with a higher limit than before, for any charger; a paused one has nothing."""
    rng = random.Random(5)
    asked, lowered = 0, 0
    for _ in range(40):
        names = ["a", "b", "c"][: rng.randint(1, 3)]
        site = Site(name="home", grid=Grid.TN, root=random_tree(rng, names, depth=2))
        run = Run(site)
        for _ in range(40):
            if rng.random() < 0.5:
                run.lists(
                    rng.randint(1, 4), *(rng.uniform(0, 12) for _ in range(3)), says=_all(run) if rng.random() < 0.7 else {}
                )
                continue
            before = {view.charger.name: view.grant.limit_ma for view in run.state.chargers}
            effects = ask(run, rng.choice(list(Ask)), rng.choice(names), for_s=rng.choice((None, 30, 90)))
            told = {limit.grant.charger: limit.grant.limit_ma for limit in set_limits(effects)}
            assert all(limit <= before[name] for name, limit in told.items())
            asked, lowered = asked + 1, lowered + len(told)
            assert all(not view.grant.limit_ma for view in run.state.chargers if view.paused)
    assert asked > 500
    assert lowered > 50


def test_eight_outcomes_are_known_by_their_ids() -> None:
    """The outcomes of the last eight commands with an id are remembered, so that none of these is done twice; older ones are forgotten."""
    run = charging()
    for number in range(9):
        ask(run, Ask.PAUSE, id=str(number))
    assert [outcome.id for outcome in run.state.chargers[0].asks.told] == ["1", "2", "3", "4", "5", "6", "7", "8"]


def test_a_pause_after_a_guess_leaves_nothing_to_give_back() -> None:
    """What a paused charger would have back after a wrong guess is 0, to the last milliampere."""
    run = charging(house_a=6)
    run.hear(run.now + 10_000, list2(22, 2, 2, power_import_w=6_000))
    run.hear(run.now + 2_000, list1(9_000))
    assert [grant.limit_ma for grant in run.state.guessed] == [16_000]
    ask(run, Ask.PAUSE)
    assert [grant.limit_ma for grant in run.state.guessed] == [0]


def test_a_rest_and_a_boost_may_end_in_the_same_second() -> None:
    """Both are over then: the charger waits for room like any other, and each end is told once."""
    run = charging()
    ask(run, Ask.PAUSE)
    run.say(run.now + 1_000, "garage", 0)
    ask(run, Ask.BOOST, for_s=19)
    ends = run.now + 19_000
    assert run.state.chargers[0].asks.rests_until == ends
    run.until(ends)
    assert not run.state.chargers[0].paused
    assert not run.state.chargers[0].boosted
    assert run.grant().reason.cause is Cause.RAISE_PENDING
    assert outcomes(run)[-2:] == [
        (Ask.BOOST, Stage.DONE, "first in line"),
        (Ask.BOOST, Stage.EXPIRED, "its time is over"),
    ]


def test_what_was_seen_of_one_command_is_told_while_another_is_watched() -> None:
    """A pause is seen to work while a restart that was asked before it is still under way."""
    run = charging()
    ask(run, Ask.RESTART)
    run.say(run.now + 1_000, "garage", 16)
    ask(run, Ask.PAUSE)
    run.say(run.now + 1_000, "garage", 0)
    assert outcomes(run)[-1] == (Ask.PAUSE, Stage.DONE, "draws nothing")
    assert [request.ask for request in run.state.chargers[0].asks.open] == [Ask.RESTART]


def test_a_pause_that_is_over_is_watched_no_more_and_a_restart_is() -> None:
    """When the time of a pause ends before anything was seen of it, only the restart beside it is still to be seen."""
    run = charging()
    ask(run, Ask.RESTART)
    ask(run, Ask.PAUSE, for_s=5)
    run.until(run.now + 5_000)
    assert outcomes(run)[-1] == (Ask.PAUSE, Stage.EXPIRED, "its time is over")
    assert [request.ask for request in run.state.chargers[0].asks.open] == [Ask.RESTART]
