"""The sentences of the decision log."""

import pytest

from han_gateway.core import notes
from han_gateway.core.effects import Cause, Grant, Level, MeterState, Reason
from han_gateway.core.state import Conduct
from han_gateway.core.units import Line


def grant(limit_ma: int, cause: Cause = Cause.FUSE) -> Grant:
    """A grant bound by L2 of the main fuse."""
    return Grant(charger="garage", limit_ma=limit_ma, reason=Reason(cause=cause, circuit="main", line=Line.L2))


@pytest.mark.parametrize(
    ("old", "new", "level", "text"),
    [
        (16_000, 9000, Level.NOTICE, "cut garage 16 -> 9 A: main fuse, L2"),
        (9000, 10_500, Level.INFO, "raised garage 9 -> 10.5 A: main fuse, L2"),
        (6000, 0, Level.NOTICE, "paused garage 6 -> 0 A: main fuse, L2"),
        (0, 6000, Level.INFO, "resumed garage 0 -> 6 A: main fuse, L2"),
    ],
)
def test_a_change_of_limit(old: int, new: int, level: Level, text: str) -> None:
    """A changed limit is told with both figures and the reason; what lowers is louder than what raises."""
    note = notes.change(grant(old), grant(new))

    assert (note.level, note.text) == (level, text)


def test_the_beginning() -> None:
    """The first limit of a charger has no figure before it."""
    note = notes.beginning(Grant(charger="garage", limit_ma=6000, reason=Reason(cause=Cause.METER_WAITING)))

    assert note.text == "garage starts at 6 A: meter not heard yet"


def test_silence_is_a_warning_that_says_what_is_missing() -> None:
    """Silence on the line and lists without currents are different defects."""
    silent = notes.meter_silent(MeterState.LOST, 60_900, power_heard=False)
    power_only = notes.meter_silent(MeterState.STALE, 25_000, power_heard=True)

    assert (silent.level, silent.text) == (Level.WARNING, "meter lost: no lists for 60 s")
    assert power_only.text == "meter stale: no lists with currents for 25 s"


def test_good_news() -> None:
    """A meter that is heard is told once as news and later as a return."""
    assert notes.meter_heard(MeterState.WAITING).text == "meter heard"
    assert notes.meter_heard(MeterState.STALE).text == "meter fresh again, was stale"


def test_phases() -> None:
    """Which phase it is said for one, or the pair without a neutral; three are simply three."""
    assert notes.changes("garage", frozenset({Line.L2})).text == "garage changes to 1 phase, L2"
    assert notes.changes("garage", frozenset({Line.L3, Line.L1})).text == "garage changes to 1 phase, L1-L3"
    assert notes.changes("garage", frozenset(Line)).text == "garage changes to 3 phases"
    assert notes.uses("garage", frozenset({Line.L1})).text == "the car at garage uses L1 only"
    assert notes.keeps_phases("garage").level is Level.WARNING


def test_every_judgement_of_a_charger_that_can_be_news_has_words() -> None:
    """A charger may come to obey, ignore or vanish."""
    for conduct in set(Conduct) - {Conduct.UNKNOWN}:
        assert notes.conduct("garage", conduct).text.startswith("charger garage ")
