"""The snapshot as text."""

import json
import re
from typing import Any

import pytest

from han_gateway.core.events import CircuitSaid
from han_gateway.core.units import PerLine
from han_gateway.core.words.topics import payload
from han_gateway.page.bar import FUSE_CELLS, OVER_CELLS, bar
from han_gateway.page.snapshot import whole
from han_gateway.page.text import WIDTH, lines, protected
from tests.page.evening import Evening, below_fuses


@pytest.fixture
def board() -> dict[str, Any]:
    """A quarter of an hour, as JSON gives it."""
    evening = Evening()
    evening.play(900_000)
    value: dict[str, Any] = json.loads(payload(whole(evening.board, evening.now)))
    return value


def test_it_fits_a_terminal_and_says_what_the_page_says(board: dict[str, Any]) -> None:
    """Each phase with its load and room, each charger with limit and reason, the last decisions; 80 columns wide."""
    text = lines(board)

    assert max(map(len, text)) <= WIDTH
    assert text[0].startswith("home: main fuse 25 A, TN, buys ")
    assert text[1].startswith("meter fresh, heard ")
    for line in board["lines"]:
        (row,) = (row for row in text if row.startswith(line["name"]))
        assert f"{line['load_a']:.1f} A" in row
        assert f"{line['room_a']:.1f} A" in row
    for charger in board["chargers"]:
        at = next(number for number, row in enumerate(text) if row.startswith(charger["name"]))
        assert charger["reason"]["en"] in text[at + 1]
    assert board["log"][-1]["text"]["en"][:40] in text[-1]


@pytest.mark.parametrize("width", [40, 60, 79])
def test_a_narrow_terminal_keeps_its_lines(board: dict[str, Any], width: int) -> None:
    """On a phone a bar is shorter and stands on one line, with its load and its room."""
    board["broker"] = False
    board["lines"][0] |= {"load_a": 31.2, "room_a": -6.2}
    narrow = lines(board, width=width)
    bars = [row for row in narrow if row.startswith(("L1 ", "L2 ", "L3 "))]
    assert [len(row) for row in bars if len(row) > width] == []
    assert "31.2 A  OVER   6.2 A" in bars[0]
    assert [row for row in narrow if re.match(r"! |next|\d\d:|   ?\w", row) and len(row) > width] == []
    assert {row for row in lines(board) if row[0:1] == "L"} < set(lines(board, width=200)), "a wide one changes nothing"


def test_a_sub_fuse_has_its_own_lines(board: dict[str, Any]) -> None:
    """Below the main fuse and against its own; one whose meter is silent is told of. A daemon of before sends none."""
    evening = Evening(below_fuses())
    evening.play(60_000)
    evening.gateway.handle(CircuitSaid(at=evening.at, circuit="workshop", current_ma=PerLine(21_300, 4_000, None)))
    shown = json.loads(payload(whole(evening.board, evening.now)))
    text = lines(shown)
    at = text.index("workshop: 20 A fuse")
    assert text[at + 1].startswith("L1 ")
    assert text[at + 1].endswith("21.3 A  OVER   1.3 A")
    assert text[at + 2].endswith("4.0 A  room  16.0 A")
    assert text[at + 3].endswith("room     ? A")
    assert "shed: 16 A fuse" in text
    assert not any(row.startswith("!") and "workshop" in row for row in text)

    shown["circuits"][0]["state"] = "lost"
    said = " ".join(lines(shown))
    assert "! The meter of the workshop fuse is silent. The chargers below it are held at" in said
    assert "Måleren til workshop er taus." in " ".join(lines(shown, "nb"))
    del board["circuits"]
    assert lines(board)


def test_trouble_is_loud(board: dict[str, Any]) -> None:
    """A lost meter, a broken line, a broker that is away, a phase over the fuse and a charger that ignores us are all said."""
    board["meter"] |= {"state": "lost", "connected": False, "other_net": True}
    board["broker"] = False
    board["lines"][0] |= {"load_a": 31.2, "room_a": -6.2}
    board["lines"][1] |= {"load_a": None, "room_a": None}
    board["lines"][2]["estimated"] = True
    board["chargers"][0] |= {
        "conduct": "ignoring",
        "accord": "shared",
        "limit_a": 0,
        "state": "waiting",
        "queue": 2,
        "wish": "boost",
    }
    text = "\n".join(lines(board))

    for words in (
        "meter LOST",
        "! The meter is silent. The chargers are held at their fallback limits.",
        "! The line to the meter is broken.",
        "! The meter shows another net than grid = TN: limits may be wrong.",
        "! The MQTT broker is away: the chargers hear nothing. Those with a failsafe go",
        "next: journalctl",
        "THE LINE TO IT IS BROKEN",
        "BROKER AWAY",
        "OVER   6.2 A",
        "room     ? A",
        "~",
        "pause  waiting for power, first in line, number 2 in the queue",
        "! draws more than its limit, somebody else sets its limit, too",
    ):
        assert words in text


@pytest.mark.parametrize(("language", "said"), [("en", "not heard since the start"), ("nb", "ikke hørt siden start")])
def test_a_charger_that_was_never_heard_is_not_said_to_be_there(board: dict[str, Any], language: str, said: str) -> None:
    """It may charge for all that the gateway knows: that it was not heard is what people are told, until it is heard or paused."""
    garage = board["chargers"][0]
    garage |= {"state": "allowed", "conduct": "unknown", "draws_a": None, "queue": None, "limit_a": 6.0}
    (row,) = (row for row in lines(board, language) if row.startswith("garage"))
    assert row.endswith(f"6 A  {said}")
    for heard in ({"conduct": "obeying"}, {"state": "paused", "limit_a": 0.0}):
        board["chargers"][0] = garage | heard
        assert said not in "\n".join(lines(board, language))


def test_in_norwegian_nothing_is_left_in_english(board: dict[str, Any]) -> None:
    """Every line is another one than in English but for bars and names, with a comma in its numbers; still 80 columns wide."""
    board["meter"] |= {"state": "stale", "connected": False}
    board["broker"] = False
    board["trouble"] = "the meter is lost"
    board["chargers"][0] |= {"conduct": "ignoring", "accord": "disputed", "queue": None, "wish": "boost"}
    english, norwegian = lines(board), lines(board, "nb")

    assert set(english) & set(norwegian) == {""}
    assert max(map(len, norwegian)) <= WIDTH
    text = "\n".join(norwegian)
    said = ("hovedsikring 25 A, TN, kjøper ", "måler FORSINKET, hørt for ", "LINJEN DIT ER BRUTT", "BROKER BORTE")
    more = (
        "venter på strøm, først i køen, trekker ",
        "! trekker mer enn grensen, følger ikke",
        "ledig ",
        "IKKE I ORDEN: måleren er borte",
    )
    assert [each for each in (*said, *more) if each not in text] == []
    assert not re.search(r"\d\.\d", text)


TROUBLES = ["the meter is lost", "the meter has not been heard yet", "the controller hangs", "the broker refuses our limits"]


@pytest.mark.parametrize("trouble", TROUBLES)
def test_every_trouble_that_is_told_has_its_words(board: dict[str, Any], trouble: str) -> None:
    """What /healthz says is said in both languages; a new one as it is."""
    board["trouble"] = trouble
    assert f"NOT WELL: {trouble}" in lines(board)
    assert trouble not in "\n".join(lines(board, "nb"))
    board["trouble"] = "the roof leaks"
    assert "IKKE I ORDEN: the roof leaks" in lines(board, "nb")


@pytest.mark.parametrize(
    ("change", "well"),
    [
        ({}, True),
        ({"meter": {"state": "stale"}}, True),
        ({"meter": {"state": "waiting"}}, False),
        ({"meter": {"state": "lost"}}, False),
        ({"meter": {"connected": False}}, False),
        ({"broker": False}, False),
        ({"broker": None}, False),
        ({"trouble": "the controller hangs"}, False),
    ],
)
def test_a_house_is_protected_by_a_meter_and_a_broker(board: dict[str, Any], change: dict[str, Any], well: bool) -> None:
    """Without one of them it is not, and the last line says where to look next."""
    changed = board | {key: board[key] | value if isinstance(value, dict) else value for key, value in change.items()}
    assert protected(changed) == well
    assert any("journalctl" in line for line in lines(changed)) == (not well)


def test_a_house_without_chargers(board: dict[str, Any]) -> None:
    """An empty list is said in words."""
    board["chargers"] = []
    assert "no chargers in the configuration" in lines(board)


@pytest.mark.parametrize("load", [None, 0.0, 3.3, 24.9, 25.0, 27.0, 99.0])
@pytest.mark.parametrize("cars", [0.0, 6.0, 40.0])
def test_a_bar_is_always_as_wide(load: float | None, cars: float) -> None:
    """Whatever the load, a bar has the fuse at the same place, and shows no more cars than load."""
    drawn = bar(load, cars, 25.0)

    assert drawn.house + drawn.cars + drawn.room == FUSE_CELLS
    assert drawn.over <= OVER_CELLS
    assert (drawn.over > 0) == (load is not None and load > 25.3)
    assert len(str(drawn)) == FUSE_CELLS + OVER_CELLS + 1
