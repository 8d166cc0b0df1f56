"""What pages show of each charger: a word, a place in the queue, since when; and that it is shown when it changes, not more often."""

import pytest

from han_gateway.core.effects import ChargerState, Effect, ShowCharger
from han_gateway.core.events import BrokerChanged, ChargerStatus
from tests.core.houses import L1, Run, charger, house, list1, list2, report, set_limits

ONE = house(charger("garage"))


def pictures(effects: tuple[Effect, ...]) -> dict[str, ShowCharger]:
    """What was shown of each charger."""
    return {effect.grant.charger: effect for effect in effects if isinstance(effect, ShowCharger)}


def word(run: Run, name: str = "garage") -> ChargerState:
    """The word for a charger now."""
    return next(picture.shown.state for picture in run.state.pictures if picture.shown.grant.charger == name)


@pytest.mark.parametrize(
    ("amps", "status", "expected"),
    [
        (None, None, ChargerState.ALLOWED),
        (1, None, ChargerState.ALLOWED),
        (6, None, ChargerState.CHARGING),
        (None, ChargerStatus.CHARGING, ChargerState.CHARGING),
        (None, ChargerStatus.CONNECTED, ChargerState.ALLOWED),
        (None, ChargerStatus.IDLE, ChargerState.IDLE),
        (None, ChargerStatus.FULL, ChargerState.FULL),
        (None, ChargerStatus.ERROR, ChargerState.ERROR),
    ],
)
def test_what_a_charger_says_is_what_is_shown(amps: float | None, status: ChargerStatus | None, expected: ChargerState) -> None:
    """While it may charge, its status or its current tells what it does."""
    run = Run(ONE, at=100_000)
    run.say(100_500, "garage", amps, status)

    assert word(run) is expected


def test_a_car_that_charges_on_one_line_charges() -> None:
    """A current on any of its lines is enough."""
    run = Run(ONE)
    run.play(report(500, "garage", 6, [L1]))

    assert word(run) is ChargerState.CHARGING


@pytest.mark.parametrize(
    ("status", "expected", "place"),
    [
        (None, ChargerState.WAITING, 1),
        (ChargerStatus.CONNECTED, ChargerState.WAITING, 1),
        (ChargerStatus.IDLE, ChargerState.IDLE, None),
        (ChargerStatus.FULL, ChargerState.FULL, None),
    ],
)
def test_who_waits_for_power_is_seen_to_wait(status: ChargerStatus | None, expected: ChargerState, place: int | None) -> None:
    """A charger without room waits if a car may be there, and has its place with the very pause; one without a car does not wait."""
    run = Run(ONE)
    run.say(9_000, "garage", None, status)
    effects = run.hear(10_000, list2(22, 22, 22)) + run.hear(20_000, list2(32, 32, 32))

    assert run.limit() == 0
    assert (pictures(effects) or pictures(tuple(effect for _, effect in run.effects)))["garage"].state is expected
    assert set_limits(effects)[-1].queue == place


def test_a_pause_for_another_reason_is_no_queue() -> None:
    """A fallback of nothing is a pause, and nobody comes next."""
    run = Run(house(charger("garage", fallback_ma=0)))

    assert word(run) is ChargerState.PAUSED
    assert set_limits(effect for _, effect in run.effects)[0].queue is None


def test_the_queue_is_the_order_in_which_minimums_are_given() -> None:
    """The first in the queue is the one that is started first: the higher priority, then who has waited longest."""
    run = Run(house(charger("a", [L1]), charger("b", [L1]), charger("c", [L1], priority=1)))
    run.lists(1, 30, 0, 0)  # pauses b
    run.lists(1, 40, 0, 0)  # and the others
    assert {picture.shown.grant.charger: picture.shown.queue for picture in run.state.pictures} == {"c": 1, "b": 2, "a": 3}

    effects = run.lists(9, 18, 0, 0) + run.lists(9, 12, 0, 0) + run.lists(9, 4, 0, 0)

    assert list(dict.fromkeys(told.grant.charger for told in set_limits(effects) if told.grant.limit_ma)) == ["c", "b", "a"]
    assert {picture.shown.queue for picture in run.state.pictures} == {None}


def test_a_queue_that_moves_up_is_shown_at_once() -> None:
    """When the first one starts, the second is shown as the first in the same breath."""
    run = Run(house(charger("a", [L1]), charger("b", [L1], priority=1)))
    run.lists(2, 40, 0, 0)
    effects: tuple[Effect, ...] = ()
    while not run.limit("b"):
        run.until(run.now + 9_900)
        effects = run.hear(run.now + 50, list2(18, 0, 0))

    assert pictures(effects)["a"].queue == 1


def test_the_word_keeps_its_beginning() -> None:
    """For how long a word has been true is counted from when it began, also when it is shown again to a new broker."""
    run = Run(ONE)
    run.say(3_000, "garage", 6)
    run.say(13_000, "garage", 6)
    effects = run.play(BrokerChanged(at=15_000, connected=True))

    assert pictures(effects)["garage"].for_ms == 12_000


def test_what_did_not_change_is_not_shown_again() -> None:
    """Reports and repeated limits that change nothing for the eye are not shown; a new limit is."""
    run = Run(ONE)
    run.say(3_000, "garage", 6)
    assert not pictures(run.say(5_000, "garage", 6) + run.until(9_000) + run.hear(9_500, list1()))
    run.lists(3, 8, 8, 8, says={"garage": 6})
    last = [effect for _, effect in run.effects if isinstance(effect, ShowCharger)][-1]
    assert (last.grant.limit_ma, last.state) == (16_000, ChargerState.CHARGING)


def test_a_report_that_is_too_old_says_nothing() -> None:
    """A charger that has stopped reporting is shown as what it was told, and its conduct as gone."""
    run = Run(ONE)
    run.say(1_000, "garage", None, ChargerStatus.FULL)
    run.until(62_000)

    assert word(run) is ChargerState.ALLOWED
    assert run.state.pictures[0].shown.conduct == "gone"
