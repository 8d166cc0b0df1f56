"""When a silent charger is asked on purpose whether it follows, and by how much."""

from han_gateway.core.seen.answers import Belief
from han_gateway.core.seen.belief import ENOUGH
from han_gateway.core.seen.evidence import WORTH_ASKING_MA
from han_gateway.core.seen.question import QUESTION_MA, offer_ma, question
from han_gateway.core.times import QUIET_MS, SHOWN_MS
from han_gateway.core.units import PerLine
from tests.core.views import NOW, silent


def test_a_limit_that_stands_still_is_questioned() -> None:
    """An unbelieved charger that could have an ampere more is asked by 2 A less: seldom first, soon again once it has answered."""
    view = silent(10, since=NOW)
    assert question(view, WORTH_ASKING_MA, NOW + QUIET_MS) == 8000
    assert question(view, WORTH_ASKING_MA - 1, NOW + QUIET_MS) is None
    assert question(view, WORTH_ASKING_MA, NOW + QUIET_MS - 1) is None
    assert question(silent(10, answers=1, since=NOW), QUESTION_MA, NOW + SHOWN_MS) == 8000
    assert question(silent(10, answers=1, since=NOW), QUESTION_MA, NOW + SHOWN_MS - 1) is None
    assert question(silent(7), QUESTION_MA, QUIET_MS) == 6000
    lost = view._replace(belief=Belief(answers=2, proof=PerLine(1, 1, 1)).forgotten())
    assert question(lost, QUESTION_MA, NOW + SHOWN_MS) == 8000  # it has answered before
    empty = lost._replace(belief=lost.belief._replace(unshown=ENOUGH))
    assert question(empty, QUESTION_MA, NOW + QUIET_MS - 1) is None
    for satisfied in (silent(6), silent(16), silent(10, answers=2), silent(0)):
        assert question(satisfied, 16_000, QUIET_MS) is None


def test_beside_others_it_is_offered_the_minimum_and_a_question() -> None:
    """Two amperes more after ten minutes, after half a minute if it has answered once; what was just asked stands as long."""
    view, asked_once, high = silent(6, since=NOW), silent(6, answers=1, since=NOW), silent(16, since=NOW)

    assert [offer_ma(view, NOW + ms) for ms in (SHOWN_MS, 599_999, 600_000)] == [6_000, 6_000, 6_000 + QUESTION_MA]
    assert [offer_ma(asked_once, NOW + ms) for ms in (SHOWN_MS - 1, SHOWN_MS)] == [6_000, 6_000 + QUESTION_MA]
    assert [offer_ma(high, NOW + ms) for ms in (SHOWN_MS - 1, SHOWN_MS)] == [16_000, 6_000]
