"""What the core says, in Norwegian."""

import inspect
from collections.abc import Callable
from itertools import product

import pytest

from dlms import ciphering
from dlms.rejects import Reason as Reject
from dlms.rejects import Rejected
from han_gateway.core.accord import Accord
from han_gateway.core.effects import Cause, Doubt, Grant, MeterState, Note, Reason, ShowOutcome, Stage
from han_gateway.core.events import Ask
from han_gateway.core.people import notes, outcome
from han_gateway.core.people.appliances import APPLIANCES, Appliance
from han_gateway.core.people.rise import Rise
from han_gateway.core.site import Cap, Grid
from han_gateway.core.state import Conduct
from han_gateway.core.units import LINES, Line
from han_gateway.page import norwegian

WHY = Reason(cause=Cause.NO_ROOM, circuit="main", line=Line.L2)
SAME = ("main", "garage", "L1", "L2", "L3", "A", "W", "s", "min", "HAN", "6", "9", "16", "25")


def grant(amps: float) -> Grant:
    """A limit of the garage."""
    return Grant(charger="garage", limit_ma=round(amps * 1000), reason=WHY)


SAID: dict[Callable[..., Note], list[Note]] = {
    notes.beginning: [notes.beginning(grant(6))],
    notes.change: [notes.change(grant(old), grant(new)) for old, new in ((16, 9.5), (9, 0), (6, 9), (0, 6))]
    + [
        notes.change(grant(16), grant(9.5), Rise(current_ma, watts, names))
        for current_ma, watts in ((9_400, None), (None, 2_160))
        for names in ((), *((each.name,) for each in APPLIANCES), ("kettle", "oven"))
    ],
    notes.meter_silent: [
        notes.meter_silent(state, 25_000, power_heard=heard, doubt=doubt)
        for state, heard, doubt in product((MeterState.STALE, MeterState.LOST), (True, False), (None, *Doubt))
    ],
    notes.meter_heard: [notes.meter_heard(state) for state in (MeterState.WAITING, MeterState.STALE, MeterState.LOST)],
    notes.conduct: [notes.conduct("garage", conduct) for conduct in (Conduct.OBEYING, Conduct.IGNORING, Conduct.GONE)],
    notes.unread: [
        notes.unread(Reject.ENCRYPTED, "system title 58595A0000000007"),
        *(
            notes.unread(Reject.ENCRYPTED, rejected.detail)
            for envelope in (
                "dc0858595a0000000007",
                "db00",
                "db0858595a00000000070680",
                "db0858595a00000000070640",
                "db0858595a00000000070622",
            )
            if isinstance(rejected := ciphering.parse(bytes.fromhex(envelope) + bytes(5)), Rejected)
        ),
        notes.unread(Reject.WRONG_KEY, ciphering.WRONG_KEY),
        notes.unread(Reject.WRONG_KEY, ciphering.WRONG_AUTHENTICATION_KEY),
        notes.unread(Reject.REPLAYED, "frame counter 6 after 9"),
        notes.unread(Reject.UNAUTHENTICATED, ciphering.UNPROVEN),
    ],
    notes.same_list: [notes.same_list(600_000)],
    notes.no_hourly: [notes.no_hourly(7_200_000)],
    notes.other_net: [notes.other_net(Grid.TN, "type MA304H3"), notes.other_net(Grid.IT, "more power")],
    notes.differs: [
        notes.differs("garage", accord, said, 6_000) for accord in (Accord.DISPUTED, Accord.SHARED) for said in (None, 16_500)
    ],
    notes.agrees: [notes.agrees("garage")],
    notes.circuit_lost: [notes.circuit_lost("garage", 60_000)],
    notes.circuit_heard: [notes.circuit_heard("garage")],
    notes.cap_set: [notes.cap_set(Cap.POWER, 8_000), notes.cap_set(Cap.LINE, 20_000)],
    notes.outcome: [
        notes.outcome(ShowOutcome(charger="garage", ask=ask, stage=stage, reason=reason.format(took=42)))
        for (ask, stage), reason in outcome._WORDS.items()
    ]
    + [
        notes.outcome(ShowOutcome(charger="garage", ask=Ask.RESTART, stage=Stage.FAILED, reason=reason.format(took=42)))
        for reason in outcome._NO_RESTART.values()
    ],
    notes.changes: [notes.changes("garage", frozenset({Line.L2})), notes.changes("garage", frozenset(LINES))],
    notes.keeps_phases: [notes.keeps_phases("garage")],
    notes.uses: [notes.uses("garage", frozenset({Line.L1, Line.L3}))],
}
"""Every sentence of ``core/people/notes.py``, said. A new one there needs its words in ``page/norwegian.py``."""


def test_every_cause_has_its_words() -> None:
    """No cause of a limit is left in English."""
    assert set(norwegian.CAUSES) == set(Cause)


@pytest.mark.parametrize("cause", Cause)
@pytest.mark.parametrize(
    ("circuit", "line"), [(None, None), ("main", Line.L2), ("garage", Line.L1), ("main", None), (None, Line.L3)]
)
def test_every_reason_is_said_in_norwegian(cause: Cause, circuit: str | None, line: Line | None) -> None:
    """Whatever limits a charger and wherever, all of the words are translated, and the line keeps its name."""
    english = str(Reason(cause=cause, circuit=circuit, line=line))
    said = norwegian.reason(english)

    assert said != english
    assert not {"fuse", "cap", "phase", "meter", "the", "main", "no"} & set(said.replace("(", "").replace(",", "").split())
    assert line is None or line.value in said
    assert circuit != "garage" or "garage" in said


def test_every_sentence_is_sampled() -> None:
    """Each function that makes a note is called above."""
    makers = {
        made
        for name, made in inspect.getmembers(notes, inspect.isfunction)
        if made.__module__ == notes.__name__ and not name.startswith("_")
    }

    assert makers == set(SAID)


@pytest.mark.parametrize("note", [note for said in SAID.values() for note in said], ids=lambda note: note.text)
def test_every_sentence_is_said_in_norwegian(note: Note) -> None:
    """No line of the log is left in English, and its numbers and names stay."""
    said = norwegian.sentence(note.text)

    assert said != note.text
    assert {word for word in note.text.replace(",", "").split() if word in SAME[1:2] + SAME[10:]} <= set(said.split())
    assert not {"fuse", "cap", "meter", "the", "charger", "lists", "lost", "stale"} & set(said.replace(":", "").split())


@pytest.mark.parametrize("each", APPLIANCES)
def test_every_appliance_has_its_word(each: Appliance) -> None:
    """No guess is left in English, and one that is new here has a word before it is said."""
    assert norwegian.APPLIANCES.keys() == {each.name for each in APPLIANCES}
    note = notes.change(grant(16), grant(9.5), Rise(9_400, None, (each.name, "kettle")))
    word = norwegian.APPLIANCES[each.name]
    assert norwegian.sentence(note.text).endswith(f"; huset trakk 9,4 A mer der, {word} eller vannkoker?")


def test_a_sentence_that_nobody_knows_stays() -> None:
    """What has no words yet is shown in English rather than not at all."""
    assert norwegian.sentence("something new") == "something new"


@pytest.mark.parametrize("words", [*outcome._WORDS.values(), *outcome._NO_RESTART.values()])
def test_every_outcome_has_its_words(words: str) -> None:
    """No reason of an outcome is left in English."""
    english = words.format(took=42)
    said = norwegian.sentence(f"garage: pause done: {english}")
    assert english not in said


@pytest.mark.parametrize(
    ("english", "said"),
    [
        ("garage: restart done: back after 42 s", "garage: omstart utført: tilbake etter 42 s"),
        ("garage: pause failed: still draws after 90 s", "garage: pause mislyktes: trekker fortsatt etter 90 s"),
        ("garage: boost expired: pause came after it", "garage: full fart over: pause kom etterpå"),
        ("garage: restart refused: something new", "garage: omstart avvist: something new"),
    ],
)
def test_what_became_of_a_command_is_said(english: str, said: str) -> None:
    """Command, outcome and why are translated as far as they are known."""
    assert norwegian.sentence(english) == said
