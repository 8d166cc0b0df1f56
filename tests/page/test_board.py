"""The board: it remembers what was shown."""

from han_gateway.core.effects import Doubt, Level, MeterState, Note, ShowReading
from han_gateway.core.events import BrokerChanged, ChargerSaid, MeterSaid, SourceChanged, Tick
from han_gateway.core.site import Charger
from han_gateway.core.units import LINES, PerLine
from han_gateway.page.board import MOST_TOLD, Board
from tests.core.houses import list1, list2
from tests.page.evening import Evening, site

L1, L2, _ = LINES


def note(board: Board, text: str, level: Level = Level.INFO) -> None:
    """The core says something."""
    board.see(Tick(at=0), (Note(level=level, text=text),))


def test_an_evening_is_seen() -> None:
    """After a minute of the real controller the board knows the phases, the chargers, the power, and what was decided."""
    evening = Evening()
    evening.play(60_000)
    board = evening.board

    assert board.headroom is not None
    assert board.headroom.state is MeterState.FRESH
    assert board.heard_at is not None
    assert evening.at - board.heard_at <= 10_000
    assert (board.manufacturer, board.broker) == ("kaifa", True)
    assert board.power_w
    assert board.charger("garage") is not None
    assert len(board.hour.points) >= 5
    assert any("garage" in told.text for told in board.log)


def test_the_log_is_bounded_and_numbered() -> None:
    """Only the latest lines are kept, and their numbers tell which are new."""
    board = Board(site)
    for index in range(MOST_TOLD + 5):
        note(board, str(index))

    assert [told.text for told in board.log] == [str(index) for index in range(5, MOST_TOLD + 5)]
    assert [told.number for told in board.log] == list(range(6, MOST_TOLD + 6))
    assert board.told == board.log[-1].number


def test_what_is_for_developers_is_not_told() -> None:
    """Notes for debugging are in the journal only."""
    board = Board(site)
    note(board, "detail", Level.DEBUG)

    assert (board.log, board.version) == ((), 0)


def test_the_ways_in_and_out_are_told() -> None:
    """Losing the broker or the line to the meter is a warning, getting them back is not."""
    board = Board(site)
    for connected in (True, False):
        board.see(BrokerChanged(at=0, connected=connected), ())
        board.see(SourceChanged(at=0, connected=connected, detail="/dev/ttyUSB0"), ())

    assert (board.broker, board.source) == (False, False)
    assert [told.level for told in board.log] == [Level.NOTICE, Level.NOTICE, Level.WARNING, Level.WARNING]


def test_nothing_new_is_no_new_version() -> None:
    """Time that passes without news does not wake those who watch."""
    evening = Evening()
    evening.play(30_000)
    before = evening.board.version
    evening.board.see(Tick(at=evening.at), ())
    assert evening.board.version == before
    evening.say("garage", {"status": "idle"})
    assert evening.board.version > before


def test_what_cars_draw_is_known_only_where_every_charger_says_it() -> None:
    """The draw of the chargers on a line is a sum of reports; without one of them it is unknown, and old reports are none."""
    house = site(Charger(name="a", lines=frozenset(LINES)), Charger(name="b", lines=frozenset({L2})))
    board = Board(lambda: house)
    board.see(ChargerSaid(at=0, charger="a", current_ma=PerLine(1_000, 2_000, 3_000)), ())
    assert board.draws_ma(0, board.site.chargers) == (1_000, None, 3_000)
    board.see(ChargerSaid(at=1_000, charger="b", current_ma=PerLine(None, 500, None)), ())
    assert board.draws_ma(1_000, board.site.chargers) == (1_000, 2_500, 3_000)
    assert board.draws_ma(60_001, board.site.chargers) == (None, None, None)


def test_a_doubted_meter_is_not_heard() -> None:
    """A list that says nothing of currents, or one that is doubted, does not make the meter look fresh."""
    board = Board(site)
    said = MeterSaid(at=7, reading=list2(1, 2, 3))
    heard = []
    for shown in (
        ShowReading(reading=said.reading, doubt=Doubt.LATE),
        ShowReading(reading=list1()),
        ShowReading(reading=said.reading),
    ):
        board.see(said, (shown,))
        heard.append(board.heard_at)
    assert heard == [None, None, 7]


def test_a_silent_meter_grows_stale() -> None:
    """Without lists the board shows what the controller thinks of the meter, and when it was heard last."""
    evening = Evening()
    evening.play(30_000)
    heard = evening.board.heard_at
    evening.play(60_000, meter=False)
    assert evening.board.heard_at == heard
    assert evening.board.headroom is not None
    assert evening.board.headroom.state is MeterState.STALE


def test_the_house_may_change() -> None:
    """After a reload the board shows the new house."""
    houses = [site()]
    board = Board(lambda: houses[-1])
    houses.append(site(Charger(name="new", lines=frozenset({L1}))))
    assert [charger.name for charger in board.site.chargers] == ["new"]
