"""The words that people and their automations read, and how loud a note is."""

import syslog
from enum import Enum
from pathlib import Path

import pytest

from han_gateway.core.accord import Accord
from han_gateway.core.effects import Cause, ChargerState, Doubt, Grant, Level, MeterState, Reason, ShowCharger, Stage
from han_gateway.core.events import Ask, ChargerStatus
from han_gateway.core.state import Conduct
from tests.core.houses import L2

DOCUMENTATION = "".join(page.read_text(encoding="utf-8") for page in (Path(__file__).parent.parent.parent / "docs").glob("*.md"))
NEVER_TOLD = {Accord.DOUBTED, Stage.HEARD, Stage.ABSENT}
"""Where these stand people are told another one, or nothing yet."""


@pytest.mark.parametrize("words", [MeterState, ChargerState, Stage, Doubt, Conduct, Accord, ChargerStatus, Ask])
def test_every_word_on_a_topic_is_explained(words: type[Enum]) -> None:
    """Whatever may stand on a topic stands in the documentation, letter by letter."""
    assert [word.value for word in words if word not in NEVER_TOLD and f"`{word.value}`" not in DOCUMENTATION] == []


def test_the_sentences_of_reasons_stay_what_they_are() -> None:
    """Automations and translations know a reason by its words."""
    assert {cause.value for cause in Cause} == {
        "fuse",
        "phase cap",
        "own maximum",
        "starting at the minimum",
        "no car wants current",
        "no more than the car uses",
        "not seen to draw anything",
        "held at the minimum",
        "no room for the minimum",
        "power cap",
        "meter not heard yet",
        "meter stale, no raise",
        "meter lost",
        "no longer in the configuration",
        "power rose",
        "waiting before raising",
        "trying whether it follows",
        "changing to 3 phases",
        "paused by you",
        "resting after a pause",
    }


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (Reason(cause=Cause.FUSE, circuit="main", line=L2), "main fuse, L2"),
        (Reason(cause=Cause.METER_LOST, circuit="shed"), "meter lost (shed fuse)"),
        (Reason(cause=Cause.NO_ROOM, line=L2), "no room for the minimum (phase cap, L2)"),
        (Reason(cause=Cause.LINE_CAP, line=L2), "phase cap, L2"),
        (Reason(cause=Cause.CHARGER), "own maximum"),
    ],
)
def test_a_reason_names_its_place(reason: Reason, words: str) -> None:
    """The fuse and the line where there is one; a line without a fuse is that of the phase cap."""
    assert str(reason) == words


def test_notes_are_as_loud_as_syslog_has_it() -> None:
    """Journald sorts by these numbers."""
    loud = (syslog.LOG_WARNING, syslog.LOG_NOTICE, syslog.LOG_INFO, syslog.LOG_DEBUG)

    assert (Level.WARNING.value, Level.NOTICE.value, Level.INFO.value, Level.DEBUG.value) == loud


def test_a_state_that_has_just_begun_has_lasted_for_nothing() -> None:
    """A charger that is shown for the first time has been so for 0 ms, with no wish and no complaint."""
    grant = Grant(charger="garage", limit_ma=0, reason=Reason(cause=Cause.METER_WAITING))
    shown = ShowCharger(grant=grant, lines=frozenset({L2}), state=ChargerState.PAUSED, queue=None, conduct="unknown")

    assert (shown.for_ms, shown.wish, shown.accord) == (0, None, "agrees")
