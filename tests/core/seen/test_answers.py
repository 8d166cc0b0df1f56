"""Which lines a car uses, counted by answers of the meter."""

import pytest

from han_gateway.core.seen.answers import MOST, SURE, Belief
from han_gateway.core.units import Line
from tests.core.houses import ALL, L1, L2

ONE, OTHER = frozenset({L1}), frozenset({L2})


def after(*seen: frozenset[Line] | None) -> Belief:
    """What is believed after answers that showed on these lines."""
    belief = Belief()
    for lines in seen:
        belief = belief.seen_on(lines)
    return belief


@pytest.mark.parametrize(
    ("seen", "narrow"),
    [
        ([], None),
        ([ONE], None),
        ([ONE, ONE], ONE),
        ([ALL, ALL], ALL),
        ([ONE, OTHER], None),
        ([ONE, ONE, OTHER], None),
        ([ONE] * 3 + [OTHER], None),
        ([ONE] * 3 + [OTHER, ONE], ONE),
        ([ONE] * MOST + [OTHER], ONE),
        ([ONE] * MOST + [ALL, ALL], None),
        ([ONE] * 100 + [ALL, ALL], None),
        ([ONE] * 100 + [ALL, ALL, ALL], ALL),
        ([ONE, ONE, OTHER, OTHER], OTHER),
        ([ONE, None, ONE], ONE),
    ],
)
def test_two_answers_make_sure_and_two_against_end_it(seen: list[frozenset[Line] | None], narrow: frozenset[Line] | None) -> None:
    """However often it was confirmed before. A single one that speaks against four is a chance of the house; one that says nothing is none."""
    assert after(*seen).narrow == narrow


def test_at_first_nothing_is_known() -> None:
    """Neither what it draws nor where."""
    assert Belief() == Belief(answers=0, drawn_ma=0, unshown=0, lines=None, sure=0)


def test_an_answer_that_is_no_news_counts_for_nothing() -> None:
    """The list that proved one change cannot prove the next."""
    assert after(ONE).seen_on(ONE, 0).narrow is None


def test_a_doubt_is_settled_by_the_next_answer() -> None:
    """Whatever was known: not sure any more, and sure again if it shows on the same lines."""
    doubted = after(*[ONE] * MOST).doubted()

    assert (doubted.narrow, doubted.lines) == (None, ONE)
    assert doubted.seen_on(ONE).narrow == ONE
    assert doubted.seen_on(ALL).seen_on(ALL).narrow == ALL
    assert Belief().doubted() == Belief()


def test_what_is_forgotten_is_what_it_draws() -> None:
    """A cut that did not show says nothing of the lines of a car."""
    forgotten = after(ONE, ONE)._replace(answers=5, drawn_ma=6_000, unshown=1).forgotten()

    assert forgotten == Belief(lines=ONE, sure=SURE)
