"""What is shown of every step."""

import logging
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from han_gateway.adapters.clock import SystemClock
from han_gateway.adapters.systemd import Notifier
from han_gateway.adapters.troubles import Troubles
from han_gateway.core.effects import Effect, Level, MeterState, Note, ShowHeadroom
from han_gateway.core.events import BrokerChanged, MeterSaid, SourceChanged, Tick
from han_gateway.core.site import Charger, Circuit, Grid, Site
from han_gateway.core.units import Line, PerLine
from han_gateway.core.words.inbox import Refused
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.reading import ClockRule, Reading, clock_octets
from han_gateway.outlets import (
    HUNG_MS,
    TELL_AGAIN_MS,
    UNHEARD_MS,
    ClockWatch,
    Health,
    Refusals,
    Watchdog,
    notes,
    status,
)
from han_gateway.runtime import Gateway

NOW = datetime(2026, 7, 1, 12, 0, 0, tzinfo=UTC)


class StillClock(SystemClock):
    """A clock that is set by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.at = 0

    def now(self) -> int:
        """The instant that was set."""
        return self.at

    def wall(self) -> datetime:
        """Always the same time of day."""
        return NOW


def said(ahead_h: float | None) -> MeterSaid:
    """A list of a meter that shows standard time, whose clock is so far ahead of that."""
    shown = None if ahead_h is None else (NOW + timedelta(hours=1 + ahead_h)).replace(tzinfo=None)
    return MeterSaid(
        at=0, reading=Reading(manufacturer="aidon", list=3, clock=clock_octets(shown), clock_rule=ClockRule.STANDARD)
    )


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        ([0, 0, 0, 0], []),
        ([1, 1], []),
        ([1, 1, 1, 1, 1], ["+1 h"]),
        ([1, 0, 1, 0, 1, 0], []),
        ([None, 1, None, 1, 1, 0, 0, 0], ["+1 h", "+0 h"]),
        ([0.5, 0.5, 0.5, 0.5], []),
    ],
    ids=["as it should be", "too few", "an hour ahead", "one late list", "mended again", "simply wrong"],
)
def test_a_clock_that_left_its_rule(hours: list[float | None], words: list[str], caplog: pytest.LogCaptureFixture) -> None:
    """Three lists in a row that are off by the same whole hours are told once; less than that is a list that was held up."""
    watch = ClockWatch(StillClock(), None, "Europe/Oslo")

    with caplog.at_level(logging.INFO, logger="han_gateway"):
        for ahead in hours:
            watch.see(said(ahead), ())
        watch.see(Tick(at=0), ())

    assert [word for word, record in zip(words, caplog.records, strict=True) if word in record.getMessage()] == words


def test_notes_and_lost_lines_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    """The log holds the notes of the core with their level, and what happened to the meter's line."""
    note: tuple[Effect, ...] = (Note(level=Level.WARNING, text="cut garage"),)

    with caplog.at_level(logging.DEBUG, logger="han_gateway"):
        notes(Tick(at=0), note)
        notes(SourceChanged(at=0, connected=False, detail="unplugged"), ())

    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.WARNING, "cut garage"),
        (logging.WARNING, "unplugged"),
    ]


def test_refusals_are_counted_and_told_once_in_a_while(caplog: pytest.LogCaptureFixture) -> None:
    """Two mistakes in turn are two lines in the log, not a flood, and each is told again when it goes on for long."""
    clock = StillClock()
    refusals = Refusals(clock)
    for at in (0, 1, 2, TELL_AGAIN_MS):
        clock.at = at
        refusals.add(Refused("garage", "too deep"))
        refusals.add(Refused("caps/power", "must be a number"))

    assert refusals.count == 8
    assert [record.getMessage() for record in caplog.records] == [
        "message for garage refused: too deep",
        "message for caps/power refused: must be a number",
    ] * 2


@pytest.mark.parametrize("chargers", [0, 1])
def test_the_watchdog_starves_when_no_limits_leave(chargers: int, tmp_path: Path) -> None:
    """A loop that turns but publishes no limit for longer than the policy repeats them is not alive, unless there is no charger."""
    parts = (Charger(name="garage", lines=frozenset(Line)),) * chargers
    site = Site(name="home", grid=Grid.TN, root=Circuit(name="main", fuse_ma=25_000, parts=parts))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.setblocking(False)
        gateway = Gateway(site, Decoder(), 0)
        notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify")})
        watchdog = Watchdog(gateway, notifier, 0)

        def fed(at: int) -> bool:
            watchdog.feed(at)
            try:
                return manager.recv(100) == b"WATCHDOG=1"
            except BlockingIOError:
                return False

        gateway.attach(watchdog.see)
        last = 1_000 + 6 * site.policy.republish_ms
        gateway.advance(last)
        assert fed(last)
        assert fed(last + site.policy.republish_ms + HUNG_MS)
        assert fed(last + 1 + site.policy.republish_ms + HUNG_MS) is not bool(chargers)
        gateway.advance(90_000)
        assert fed(90_000)
        notifier.close()


def test_the_status_line_names_meter_room_and_broker(tmp_path: Path) -> None:
    """``systemctl status`` shows the state of the meter, the room and the broker, where that refuses a limit, and nothing twice."""
    shown = ShowHeadroom(
        state=MeterState.FRESH, fuse_ma=25_000, room_ma=PerLine(7_400, -800, None), load_ma=PerLine(None, None, None)
    )
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify")})
        troubles = Troubles(lambda _: None, None)
        tell = status(notifier, troubles)
        tell(Tick(at=0), (shown,))
        tell(Tick(at=1), (shown,))
        tell(BrokerChanged(at=2, connected=True), ())
        troubles.denied = "han/home/chargers/garage/limit"
        tell(Tick(at=3), ())
        tell(Tick(at=4), ())
        troubles.denied = None
        tell(BrokerChanged(at=5, connected=False), ())
        notifier.close()
        room = "STATUS=meter fresh, room L1 7.4 A, L2 -0.8 A, L3 ?"
        refusing = "broker connected, and refuses our limits: han/home/chargers/garage/limit"
        assert [manager.recv(200).decode() for _ in range(4)] == [
            f"{room}; {broker}" for broker in ("no broker yet", "broker connected", refusing, "broker lost")
        ]


def test_a_meter_that_was_never_heard_is_not_healthy() -> None:
    """A start takes its time; a minute later whoever asks is told, as `status` tells it: the chargers have no more than their fallback."""
    clock = StillClock()
    health = Health(clock, Troubles(lambda _: None, None))

    clock.at = UNHEARD_MS
    health.alive()
    assert health.trouble() is None
    clock.at += 1
    assert health.trouble() == "the meter has not been heard yet"
    nothing: PerLine[int | None] = PerLine(None, None, None)
    health.see(Tick(at=clock.at), (ShowHeadroom(state=MeterState.FRESH, fuse_ma=25_000, room_ma=nothing, load_ma=nothing),))
    assert health.trouble() is None


def test_health() -> None:
    """It is healthy that the loop turns, the meter is not lost and the broker takes limits; anything else is said in words."""
    clock = StillClock()
    troubles = Troubles(lambda _: None, None)
    health = Health(clock, troubles)
    nothing: PerLine[int | None] = PerLine(None, None, None)

    assert health.trouble() is None
    health.see(Tick(at=0), (ShowHeadroom(state=MeterState.LOST, fuse_ma=25_000, room_ma=nothing, load_ma=nothing),))
    assert health.trouble() == "the meter is lost"
    clock.at = HUNG_MS + 1
    assert health.trouble() == "the controller hangs"
    health.alive()
    health.see(Tick(at=0), (ShowHeadroom(state=MeterState.FRESH, fuse_ma=25_000, room_ma=nothing, load_ma=nothing),))
    assert health.trouble() is None
    troubles.denied = "han/home/chargers/garage/limit"
    assert health.trouble() == "the broker refuses our limits"
    troubles.denied = None
    assert health.trouble() is None
