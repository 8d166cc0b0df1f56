"""What is remembered of a charger's word about its limit, before it has said any."""

from han_gateway.core.accord import Accord, Echo


def test_a_charger_that_has_said_nothing_has_no_past_and_no_claim() -> None:
    """Nothing is kept free for it, nobody was warned of it, and nobody else was seen."""
    nothing = Echo(Accord.AGREES, 0, (Accord.AGREES, 0), 0, 0, 0, 0, 0, 0, (), (), 0)

    assert Echo() == nothing
    assert nothing.claimed_ma == 0


def test_it_may_obey_the_most_of_what_it_was_not_told() -> None:
    """Its own word, somebody else's, its failsafe, what it knows after a restart: the largest counts."""
    assert Echo(echo_ma=7_000, other_ma=9_000, alone_ma=6_000, reborn_ma=8_000).claimed_ma == 9_000


def test_its_words_are_those_of_topics() -> None:
    """What stands on the topic of its state, but for a doubt, which is not for people."""
    assert [accord.value for accord in Accord] == ["agrees", "doubted", "disputed", "shared"]
