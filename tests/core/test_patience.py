"""The raise window grows with each raise that was undone, and shrinks again in quiet times."""

from dataclasses import replace
from itertools import pairwise

import pytest

from han_gateway.core.effects import Cause, Grant, Reason
from han_gateway.core.gateway import start
from han_gateway.core.patience import learn_patience, window_ms
from han_gateway.core.site import Policy
from han_gateway.core.state import State
from han_gateway.core.times import QUIET_MS, SETTLED_MS, SHOWN_MS
from tests.core.houses import Run, charger, house

POLICY = Policy()
NOW = 1_000_000


def grant(amps: int) -> dict[str, Grant]:
    """What was decided for the only charger."""
    return {"garage": Grant(charger="garage", limit_ma=amps * 1000, reason=Reason(cause=Cause.CHARGER))}


def raised(at: int, patience_ms: int = 0) -> State:
    """A charger with 16 A since a raise at this instant."""
    state = start(house(charger()), 0)
    view = state.chargers[0]._replace(grant=grant(16)["garage"], raised_at=at)
    return state._replace(chargers=(view,), patience_ms=patience_ms, cut_at=NOW - QUIET_MS + 1)


@pytest.mark.parametrize(("ago_ms", "window"), [(1, 34_000), (SHOWN_MS, 34_000), (SHOWN_MS + 1, 20_000)])
def test_a_raise_that_is_undone_soon_makes_the_window_longer(ago_ms: int, window: int) -> None:
    """A cut within half a minute of the raise makes it 1.7 times as long, a later one leaves it; both end the quiet."""
    state = learn_patience(POLICY, raised(NOW - ago_ms), grant(9), NOW)

    assert window_ms(POLICY, state) == window
    assert state.cut_at == NOW


@pytest.mark.parametrize(
    ("ago_ms", "patience_ms", "window"),
    [(30_000, 34_000, 57_800), (30_001, 57_800, 34_000), (30_001, 25_000, 20_000)],
)
def test_a_raise_that_stood_makes_the_window_shorter(ago_ms: int, patience_ms: int, window: int) -> None:
    """A cut more than half a minute after the raise takes back one lesson, down to the configured window and not below."""
    state = learn_patience(POLICY, raised(NOW - ago_ms, patience_ms), grant(9), NOW)

    assert window_ms(POLICY, state) == window
    assert state.cut_at == NOW


@pytest.mark.parametrize(("ago_ms", "window"), [(SETTLED_MS, 34_000), (SETTLED_MS + 1, 20_000)])
def test_a_start_that_is_undone_by_a_pause_has_a_minute(ago_ms: int, window: int) -> None:
    """A contactor is worth more patience than an ampere."""
    assert window_ms(POLICY, learn_patience(POLICY, raised(NOW - ago_ms), grant(0), NOW)) == window


def test_one_raise_undone_outweighs_one_that_stood() -> None:
    """Of two chargers that are cut at once the one that was raised last gives the lesson."""
    state = raised(NOW - SHOWN_MS - 1, 34_000)
    late = state.chargers[0]._replace(charger=charger("shed"), raised_at=NOW - SHOWN_MS)
    cuts = {name: replace(grant(9)["garage"], charger=name) for name in ("garage", "shed")}

    assert window_ms(POLICY, learn_patience(POLICY, state._replace(chargers=(*state.chargers, late)), cuts, NOW)) == 57_800
    stood = late._replace(raised_at=NOW - SHOWN_MS - 1)
    assert window_ms(POLICY, learn_patience(POLICY, state._replace(chargers=(*state.chargers, stood)), cuts, NOW)) == 20_000


def test_the_window_is_never_longer_than_the_longest() -> None:
    """20, 34, 57.8, and then 90 s at most."""
    state, seen = raised(NOW), []
    for _ in range(5):
        state = learn_patience(POLICY, state, grant(9), NOW)
        seen.append(window_ms(POLICY, state))

    assert seen == [34_000, 57_800, 90_000, 90_000, 90_000]


@pytest.mark.parametrize("decided", [{}, grant(16)])
def test_no_cut_is_no_lesson(decided: dict[str, Grant]) -> None:
    """Without a cut, and before ten minutes without one, nothing is learned and nothing copied."""
    state = raised(NOW, 34_000)

    assert learn_patience(POLICY, state, decided, NOW) is state


def test_a_window_that_is_as_short_as_it_may_be_is_left_alone() -> None:
    """However quiet the house is, and also when it has just come down to that."""
    for patience_ms in (0, POLICY.raise_window_ms):
        state = raised(NOW, patience_ms)._replace(cut_at=0)

        assert learn_patience(POLICY, state, {}, NOW) is state


def test_quiet_minutes_make_it_shorter_but_never_too_short() -> None:
    """After ten minutes without a cut each list takes off 3 %, down to the configured window and not below."""
    state, seen = raised(NOW, 90_000), []
    for at in range(NOW + 1, NOW + 1_000_000, 10_000):
        state = learn_patience(POLICY, state, {}, at)
        seen.append(window_ms(POLICY, state))

    assert seen[0] == 87_300
    assert seen == sorted(seen, reverse=True)
    assert min(seen) == seen[-1] == POLICY.raise_window_ms


def test_a_longest_window_below_the_window_changes_nothing() -> None:
    """With the longest window as short as the window, patience is switched off."""
    policy = replace(POLICY, longest_window_ms=0)

    assert window_ms(policy, learn_patience(policy, raised(NOW), grant(9), NOW)) == policy.raise_window_ms


def test_a_cycling_oven_is_learned() -> None:
    """An oven that heats for 20 s of each minute: raises between two heats become rarer, and stop."""
    run = Run(house(charger(), fuse=25))
    counts = []
    for _ in range(4):
        before = len(run.limits())
        for _ in range(6):
            for heats in (True, True, False, False, False, False):
                drawn = run.limit() / 1000
                run.lists(1, *((14.0 if heats else 3.0) + drawn,) * 3, says={"garage": drawn})
        new = [limit for _, limit in run.limits()[before:]]
        counts.append(sum(after > limit for limit, after in pairwise(new)))

    assert counts[-1] == 0 < counts[0]


def test_what_we_take_back_ourselves_is_no_lesson() -> None:
    """A question lowers a limit soon after its raise. The house has taken nothing back, so nobody waits longer for it."""
    run, causes = Run(house(charger())), []
    for _ in range(60):
        run.lists(1, *(7.0 + run.limit() / 1000,) * 3)
        causes.append(run.grant().reason.cause)

    assert Cause.QUESTION in causes
    assert (run.state.patience_ms, run.state.cut_at) == (0, 0)
