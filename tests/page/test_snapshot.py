"""The board as JSON."""

import json

from han_gateway.core.effects import Level, MeterState, Note, ShowHeadroom
from han_gateway.core.events import Ask, Asked, CircuitSaid, Tick
from han_gateway.core.site import Charger, Grid
from han_gateway.core.units import LINES, Line, PerLine
from han_gateway.core.words.topics import payload
from han_gateway.page.board import Board
from han_gateway.page.snapshot import Now, news, present, whole
from tests.page.evening import HOUR_MS, WALL_MS, Evening, below_fuses, site

LARGEST = 100_000
"""Bytes: a phone on a bad line has it in a second."""


def test_before_anything_is_known_it_says_so() -> None:
    """A board that has seen nothing is complete, with null for everything that nobody knows."""
    shown = whole(Board(site), Now(0, WALL_MS))

    assert shown["meter"] == {"state": "waiting", "heard_at": None, "manufacturer": None, "connected": None, "other_net": False}
    assert [line["load_a"] for line in shown["lines"]] == [None] * 3
    assert [(charger["name"], charger["limit_a"], charger["state"]) for charger in shown["chargers"]] == [
        ("garage", None, None),
        ("carport", None, None),
    ]
    assert (shown["broker"], shown["power_w"], shown["log"], shown["hour"]) == (None, None, [], [])


def test_amperes_have_one_decimal_and_room_is_the_fuse_less_the_load() -> None:
    """What is shown adds up: load and room make the fuse on every line."""
    evening = Evening()
    evening.play(120_000)
    shown = present(evening.board, evening.now)

    for line in shown["lines"]:
        assert round(line["load_a"] + line["room_a"], 1) == shown["fuse_a"] == 25
        assert round(line["load_a"], 1) == line["load_a"]


def test_a_charger_has_its_limit_and_the_reason_in_both_languages() -> None:
    """Each charger tells its limit, its lines, what it draws, and why not more."""
    evening = Evening()
    evening.play(120_000)
    garage, carport = present(evening.board, evening.now)["chargers"]

    assert garage["lines"] == ["L1", "L2", "L3"]
    assert carport["lines"] == ["L2"]
    assert 0 <= garage["limit_a"] <= garage["max_a"] == 16
    assert garage["reason"]["en"]
    assert garage["reason"]["nb"] != garage["reason"]["en"]
    assert garage["draws_a"] is not None
    assert garage["wish"] is None
    evening.gateway.handle(Asked(at=evening.at, charger="garage", ask=Ask.BOOST))
    assert present(evening.board, evening.now)["chargers"][0]["wish"] == "boost"
    assert WALL_MS <= garage["since"] <= evening.now.wall_ms


def test_a_sub_fuse_shows_what_its_meter_says_while_that_is_fresh() -> None:
    """Load and room against its own fuse and the cars below it; late it is still shown, silent for a minute it is unknown."""
    evening = Evening(below_fuses())
    evening.play(60_000)
    assert present(evening.board, evening.now)["circuits"][0] | {"lines": []} == {
        "name": "workshop",
        "fuse_a": 20,
        "state": "waiting",
        "heard_at": None,
        "lines": [],
    }
    evening.gateway.handle(CircuitSaid(at=evening.at, circuit="workshop", current_ma=PerLine(21_300, 4_000, None)))
    shown = present(evening.board, evening.now)
    workshop, cars = shown["circuits"][0], shown["chargers"][0]["draws_a"]
    assert (workshop["state"], workshop["heard_at"]) == ("fresh", evening.now.wall_ms)
    assert [(line["load_a"], line["room_a"]) for line in workshop["lines"]] == [(21.3, -1.3), (4, 16), (None, None)]
    assert [line["chargers_a"] for line in workshop["lines"]] == [cars] * 3

    heard = evening.at
    for later, state, load in ((24_000, "fresh", 21.3), (25_000, "stale", 21.3), (59_000, "stale", 21.3), (60_000, "lost", None)):
        evening.play(heard + later)
        workshop = present(evening.board, evening.now)["circuits"][0]
        assert (workshop["state"], workshop["lines"][0]["load_a"]) == (state, load), later


def test_a_sub_fuse_without_a_meter_carries_what_its_chargers_say() -> None:
    """That is all there is below it; nobody knows it while one of them does not say."""
    evening = Evening(below_fuses())
    evening.play(120_000)
    shown = present(evening.board, evening.now)
    shed, draws = shown["circuits"][1], shown["chargers"][1]["draws_a"]
    assert (shed["name"], shed["state"], shed["fuse_a"]) == ("shed", None, 16)
    assert [line["load_a"] for line in shed["lines"]] == [0, draws, 0]
    assert round(shed["lines"][1]["room_a"] + draws, 1) == 16

    evening.play(evening.at + 70_000, reports=("garage",))
    assert present(evening.board, evening.now)["circuits"][1]["lines"][1]["load_a"] is None


def test_times_are_right_after_the_clock_was_set() -> None:
    """A machine that starts in 1970 and gets its time later shows every line of the log at its right time."""
    board = Board(site)
    board.see(Tick(at=5_000), (Note(level=Level.INFO, text="x"),))

    (told,) = whole(board, Now(65_000, WALL_MS))["log"]
    assert told["at"] == WALL_MS - 60_000


def test_a_cut_is_told_with_what_the_house_did() -> None:
    """The log says what was decided, why, what the house did before and what that may have been, in both languages."""
    board = Board(site)
    cut = Note(level=Level.NOTICE, text="cut garage 16 -> 9.5 A: main fuse, L2; the house rose by 9.4 A there, kettle or oven?")
    board.see(Tick(at=0), (cut,))

    assert whole(board, Now(0, WALL_MS))["log"][-1]["text"] == {
        "en": "cut garage 16 → 9.5 A: main fuse, L2; the house rose by 9.4 A there, kettle or oven?",
        "nb": "senket garage 16 → 9,5 A: hovedsikring, L2; huset trakk 9,4 A mer der, vannkoker eller stekeovn?",
    }


def test_news_are_the_lines_that_a_reader_does_not_have() -> None:
    """Of the log only what came after a number is sent again, and the hour not at all."""
    board = Board(site)
    for text in "abc":
        board.see(Tick(at=0), (Note(level=Level.INFO, text=text),))

    sent = news(board, Now(0, WALL_MS), 2)
    assert [told["text"]["en"] for told in sent["log"]] == ["c"]
    assert "hour" not in sent


def test_estimated_lines_are_named() -> None:
    """A current that was worked out rather than measured is marked, and one that is unknown stays null."""
    board = Board(lambda: site(grid=Grid.IT))
    shown = ShowHeadroom(
        state=MeterState.FRESH,
        fuse_ma=25_000,
        room_ma=PerLine(5_000, 4_960, None),
        load_ma=PerLine(20_000, 20_040, None),
        estimated=(Line.L2,),
    )
    board.see(Tick(at=0), (shown,))

    lines = present(board, Now(0, WALL_MS))["lines"]
    assert [line["estimated"] for line in lines] == [False, True, False]
    assert [line["room_a"] for line in lines] == [5.0, 5.0, None]


def test_the_power_of_a_silent_meter_is_not_shown() -> None:
    """A power that was measured minutes ago would look like news."""
    evening = Evening()
    evening.play(30_000)
    assert present(evening.board, evening.now)["power_w"] is not None
    evening.play(120_000, meter=False)
    shown = present(evening.board, evening.now)
    assert (shown["meter"]["state"], shown["power_w"]) == ("lost", None)


def test_caps_have_their_bounds() -> None:
    """A cap that this house has is shown with its value and between what it may be set, in W and A."""
    evening = Evening()
    evening.play(20_000)

    assert present(evening.board, evening.now)["caps"] == [
        {"name": "power", "unit": "W", "value": 17_000, "least": 2_000, "most": 17_000}
    ]
    assert present(Evening(site(power_cap=None)).board, evening.now)["caps"] == []


def test_a_full_hour_of_a_large_house_is_small() -> None:
    """An hour with thirty chargers and a full log is some tens of kilobytes of JSON."""
    chargers = [Charger(name="garage", lines=frozenset(LINES)), Charger(name="carport", lines=frozenset({Line.L2}))]
    chargers += [Charger(name=f"place-{number:02}", lines=frozenset(LINES)) for number in range(28)]
    evening = Evening(site(*chargers))
    evening.play(HOUR_MS, reports=())
    data = payload(whole(evening.board, evening.now))

    assert len(json.loads(data)["chargers"]) == 30
    assert len(data) < LARGEST
