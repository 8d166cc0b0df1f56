"""The sentences of the decision log."""

import pytest

from dlms.rejects import Reason as Reject
from han_gateway.core.accord import Accord
from han_gateway.core.effects import Cause, Doubt, Grant, Level, MeterState, Note, Reason, ShowOutcome, Stage
from han_gateway.core.events import Ask
from han_gateway.core.people import notes
from han_gateway.core.people.rise import Rise
from han_gateway.core.site import Cap
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


@pytest.mark.parametrize(
    ("rise", "told"),
    [
        (Rise(9_400, None, ("oven",)), "; the house rose by 9.4 A there, oven?"),
        (Rise(9_449, None, ("kettle", "oven")), "; the house rose by 9.4 A there, kettle or oven?"),
        (Rise(18_000, None), "; the house rose by 18.0 A there"),
        (Rise(None, 2_160, ("kettle", "oven")), "; the house rose by 2.2 kW, kettle or oven?"),
        (Rise(None, 460), "; the house rose by 0.5 kW"),
        (None, ""),
    ],
)
def test_a_cut_with_what_the_house_did(rise: Rise | None, told: str) -> None:
    """In amperes on the line that is named, or in kilowatts; a guess is a question, and what has no name has none."""
    assert notes.change(grant(16_000), grant(9_000), rise).text == f"cut garage 16 -> 9 A: main fuse, L2{told}"


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


LOUD = [
    pytest.param(notes.conduct("garage", Conduct.IGNORING), "charger garage draws more than its limit", id="ignoring"),
    pytest.param(notes.conduct("garage", Conduct.GONE), "charger garage has stopped reporting", id="gone"),
    pytest.param(
        notes.meter_silent(MeterState.STALE, 25_900, power_heard=True, doubt=Doubt.CLOCK_STANDS),
        "meter stale: its clock stands still, it repeats itself; nothing new for 25 s",
        id="clock",
    ),
    pytest.param(
        notes.meter_silent(MeterState.LOST, 60_000, power_heard=True, doubt=Doubt.LATE),
        "meter lost: its lists are old ones; nothing new for 60 s",
        id="old",
    ),
    pytest.param(
        notes.meter_silent(MeterState.LOST, 60_000, power_heard=True, doubt=Doubt.REPEATED),
        "meter lost: it repeats one list; nothing new for 60 s",
        id="repeated",
    ),
    pytest.param(
        notes.meter_silent(MeterState.LOST, 60_000, power_heard=False, doubt=Doubt.LATE),
        "meter lost: no lists for 60 s",
        id="what was doubted is silent now",
    ),
    pytest.param(
        notes.differs("garage", Accord.DISPUTED, 16_000, 6_000),
        "charger garage does not follow: it says that it obeys 16 A and was told 6 A; let nobody else set its limit",
        id="disputed",
    ),
    pytest.param(
        notes.differs("garage", Accord.SHARED, None, 6_000),
        "charger garage has a second master that sets ? A, we 6 A; switch off its own load balancing or the other automation",
        id="shared",
    ),
    pytest.param(notes.circuit_lost("shed", 60_900), "meter of the shed fuse lost: silent for 60 s", id="sub-fuse"),
    pytest.param(
        notes.same_list(659_999),
        "the meter has sent the very same list for 10 min: it may repeat itself; take the adapter out of the HAN port for a moment",
        id="same list",
    ),
    pytest.param(
        notes.unread(Reject.ENCRYPTED, "system title 4B"),
        "the meter encrypts its lists (system title 4B): the grid company has the key, and key_file under [meter] names its file",
        id="encrypted",
    ),
    pytest.param(
        notes.unread(Reject.ENCRYPTED, "suite 2 is not supported"),
        "the meter encrypts its lists in a way that is not read here (suite 2 is not supported): ask the grid company to switch it off",
        id="unknown cipher",
    ),
    pytest.param(
        notes.unread(Reject.WRONG_KEY, "check the key"), "the meter's lists cannot be opened: check the key", id="wrong key"
    ),
    pytest.param(
        notes.unread(Reject.REPLAYED, "counter 7"),
        "the meter's lists are old ones (counter 7): does somebody repeat them?",
        id="replayed",
    ),
    pytest.param(
        notes.unread(Reject.UNAUTHENTICATED, "the tag is wrong"),
        "the meter's lists are not believed: the tag is wrong; without authentication_key_file they are",
        id="unauthenticated",
    ),
]


@pytest.mark.parametrize(("note", "text"), LOUD)
def test_what_somebody_should_look_into_is_a_warning_with_the_remedy(note: Note, text: str) -> None:
    """Who, what, for how long in whole seconds or minutes, and what to do where there is something to do."""
    assert (note.level, note.text) == (Level.WARNING, text)


@pytest.mark.parametrize(
    ("stage", "level"), [(Stage.DONE, Level.NOTICE), (Stage.FAILED, Level.WARNING), (Stage.REFUSED, Level.WARNING)]
)
def test_bad_news_of_a_command_is_louder(stage: Stage, level: Level) -> None:
    """Whoever asked wants to see at a glance what did not work."""
    shown = ShowOutcome(charger="garage", ask=Ask.RESTART, stage=stage, reason="why")

    assert notes.outcome(shown) == Note(level=level, text=f"garage: restart {stage.value}: why")


def test_a_cap_is_told_in_its_own_unit() -> None:
    """Watts for the power, amperes for a line."""
    assert [notes.cap_set(Cap.POWER, 8_000).text, notes.cap_set(Cap.LINE, 12_500).text] == [
        "power cap set to 8000 W",
        "phase cap set to 12.5 A",
    ]


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
