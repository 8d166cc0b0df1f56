"""What is learned is written seldom, never in the loop's way, and a bad file or disk costs nothing but the learning."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from han_gateway.adapters import store
from han_gateway.core.effects import Cause, Grant, Reason, SetLimit, ShowOutcome, Stage
from han_gateway.core.events import Ask, ChargerStatus, Tick
from han_gateway.core.units import Instant
from han_gateway.core.words.memory import Memory, Past
from han_gateway.core.words.resume import Midst
from han_gateway.keeper import EVERY_MS, Keeper, told
from han_gateway.meters.decoder import Decoder
from han_gateway.runtime import Gateway
from tests.core.houses import ALL, L1, L2, charger, house, list2, report
from tests.waiting import PATIENCE_S, until

START: Instant = 1_768_496_400_000
DAY_MS = 86_400_000


def learned(hours: float = 0, had_ua: int = 8_000_000, response_ms: int | None = None) -> Memory:
    """A memory so long after the start."""
    return Memory(START + round(hours * 3_600_000), 0, (Past("left", response_ms, had_ua),))


class Told:
    """Somebody who knows something, and something else later."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def __call__(self) -> Memory:
        """What is known now."""
        return self.memory


def pass_time(keeper: Keeper, minutes: float) -> None:
    """The instant so long after the start comes."""
    keeper.see(Tick(at=START + round(minutes * 60_000)), ())


def close(keeper: Keeper) -> None:
    """The end of the run."""
    asyncio.run(keeper.close())


def test_the_next_run_recalls_what_this_one_has_kept(tmp_path: Path) -> None:
    """What was known at the end of a run is there at the next start; there is nothing at the first."""
    keeper = Keeper(tmp_path, START, Told(learned(1)))
    assert keeper.recalled() is None
    close(keeper)
    assert Keeper(tmp_path, START, Told(learned())).recalled() == learned(1)


def test_it_is_written_every_quarter_of_an_hour_and_not_before(tmp_path: Path) -> None:
    """A kill costs the learning of a quarter of an hour at most."""
    keeper = Keeper(tmp_path, START, Told(learned(1)))
    pass_time(keeper, 14.9)
    time.sleep(0.05)
    assert not (tmp_path / store.NAME).exists()
    pass_time(keeper, 15)
    until((tmp_path / store.NAME).exists)
    close(keeper)


def test_nothing_new_is_not_written_again(tmp_path: Path) -> None:
    """A start and a stop, however many, do not wear the card while nothing is learned."""
    close(Keeper(tmp_path, START, Told(learned())))
    (tmp_path / store.NAME).chmod(0o400)
    before = (tmp_path / store.NAME).stat().st_mtime_ns
    keeper = Keeper(tmp_path, START, Told(learned()))
    keeper.recalled()
    pass_time(keeper, 15)
    close(keeper)
    assert (tmp_path / store.NAME).stat().st_mtime_ns == before


def test_without_a_folder_nothing_happens() -> None:
    """A house that has no place to write to forgets, and that is all."""
    keeper = Keeper(None, START, Told(learned()))
    assert keeper.recalled() is None
    pass_time(keeper, 15)
    close(keeper)
    assert keeper.count == 0


def test_a_broken_file_costs_the_learning_and_not_the_start(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """One warning with the file's name, the file is kept aside, and the next write makes a good one."""
    path = tmp_path / store.NAME
    path.write_bytes(b"\0" * 300)
    keeper = Keeper(tmp_path, START, Told(learned()))
    assert keeper.recalled() is None
    (warning,) = caplog.messages
    assert warning == (
        f"{path} is damaged, or of another version: nothing is remembered of earlier runs; it is kept as state.json.broken"
    )
    assert (tmp_path / "state.json.broken").read_bytes() == b"\0" * 300
    close(keeper)
    assert store.read(path) == learned()


def test_what_cannot_be_written_is_told_once_and_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A folder that is gone, or read-only, is one warning until it works again."""
    folder = tmp_path / "gone"
    known = Told(learned())
    keeper = Keeper(folder, START, known)
    for failures in (1, 2):
        pass_time(keeper, 15 * failures)
        until(lambda failures=failures: keeper.count == failures)  # type: ignore[misc]
    assert caplog.messages == [
        f"{folder / store.NAME} cannot be written (no such file or directory); the house is protected all the same"
    ]
    until(lambda: keeper._job is not None and keeper._job.done())
    folder.mkdir()
    pass_time(keeper, 45)
    until((folder / store.NAME).exists)
    folder.rename(tmp_path / "moved")
    known.memory = learned(1, response_ms=9_000)
    close(keeper)
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2
    assert keeper.count == 3


def test_a_slow_card_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a write hangs the loop goes on and no second one waits behind it; what came meanwhile is written at the end."""
    hangs, began = threading.Event(), threading.Event()
    written: list[Memory] = []

    def write(_path: Path, memory: Memory) -> None:
        began.set()
        hangs.wait(PATIENCE_S)
        written.append(memory)

    monkeypatch.setattr(store, "write", write)
    known = Told(learned())
    keeper = Keeper(tmp_path, START, known)
    pass_time(keeper, 15)
    assert began.wait(PATIENCE_S)
    for quarter in range(2, 10):
        known.memory = learned(quarter, response_ms=10_000 + quarter)
        pass_time(keeper, 15 * quarter)
    assert written == []
    hangs.set()
    close(keeper)
    assert written == [learned(), learned(9, response_ms=10_009)]


@pytest.fixture
def writes(monkeypatch: pytest.MonkeyPatch) -> list[Memory]:
    """Everything that is written, by the real writer."""
    written: list[Memory] = []
    real = store.write

    def write(path: Path, memory: Memory) -> None:
        written.append(memory)
        real(path, memory)

    monkeypatch.setattr(store, "write", write)
    return written


def live_a_day(gateway: Gateway, keeper: Keeper, drawn_a: Callable[[float], float | None]) -> None:
    """A list every ten seconds; before each the left charger reports what its car draws at that hour, None for a silent one."""
    gateway.attach(keeper.see)
    for at in range(START + 10_000, START + DAY_MS, 10_000):
        amps = drawn_a((at - START) / 3_600_000)
        if amps is not None:
            gateway.handle(report(at - 1_000, "left", amps, status=ChargerStatus.CHARGING if amps else ChargerStatus.IDLE))
        gateway.meter(at, list2(*[4 + (amps or 0)] * 3))
        if at % EVERY_MS == 0 and keeper._job is not None:
            keeper._job.result(PATIENCE_S)  # a day passes faster here than a card writes
    close(keeper)


@pytest.mark.parametrize(
    ("drawn_a", "most"),
    [
        pytest.param(lambda _hour: 0, 0, id="no car"),
        pytest.param(lambda hour: 16 if 10 < hour < 15 else 0, 12, id="a car for five hours"),
        pytest.param(lambda hour: 16 if hour % 2 < 1 else 0, 24, id="a car every other hour"),
        pytest.param(lambda _hour: None, 40, id="a charger that says nothing"),
    ],
)
def test_the_card_is_written_seldom(
    tmp_path: Path, writes: list[Memory], drawn_a: Callable[[float], float | None], most: int
) -> None:
    """A day of the real controller costs no write without a car, some ten with one, and some thirty for a charger of 16 A at the worst."""
    gateway = Gateway(house(charger("left")), Decoder(), START)
    seen = [START]
    gateway.attach(lambda event, _effects: seen.__setitem__(0, event.at))
    live_a_day(gateway, Keeper(tmp_path, START, lambda: gateway.memory(seen[0])), drawn_a)
    assert len(writes) <= most
    assert most < DAY_MS / EVERY_MS


def test_the_log_says_what_is_remembered_and_since_when() -> None:
    """One line names each charger of which something is known, and only what still counts."""
    recalled = Memory(0, 34_000, (Past("left", 14_000, 9_400_000), Past("right"), Past("yard", None, 500_000)))
    assert told(Memory(START), recalled) == (
        "remembered from 2026-01-15 17:00 UTC: left takes 14 s to follow, has had 9.4 A lately; "
        "yard has had 0.5 A lately; raises wait for 34 s"
    )
    assert told(Memory(START), Memory(0)) == "remembered from 2026-01-15 17:00 UTC: nothing that still counts"


def test_what_an_owner_asked_does_not_wait_for_the_quarter(tmp_path: Path, writes: list[Memory]) -> None:
    """A pause is written a second after it was asked for; a flood of wishes costs a write a minute."""
    known = Told(learned())
    keeper = Keeper(tmp_path, START, known)
    outcome = ShowOutcome(charger="left", ask=Ask.PAUSE, stage=Stage.ACCEPTED, reason="told to draw nothing")
    for second in range(120):
        known.memory = Memory(START, 0, (Past("left", None, 0, Ask.PAUSE, 100_000 * second),))
        keeper.see(Tick(at=START + 1000 * second), (outcome,))
        if keeper._job is not None:
            keeper._job.result(PATIENCE_S)
    assert len(writes) == 2
    assert writes[0].chargers[0].wish is not None
    close(keeper)
    assert len(writes) == 3


def test_a_change_of_phases_does_not_wait_for_the_quarter(tmp_path: Path, writes: list[Memory]) -> None:
    """It is written a second later, as the old lines after a crash would be one change more; to say the same lines again costs nothing."""
    known = Told(learned())
    keeper = Keeper(tmp_path, START, known)
    grant = Grant(charger="left", limit_ma=6_000, reason=Reason(cause=Cause.NO_ROOM))
    for second in range(300):
        lines = frozenset({L1}) if second >= 100 else ALL
        known.memory = Memory(START, 0, (Past("left", None, 8_000_000, midst=Midst(None if lines == ALL else lines)),))
        keeper.see(Tick(at=START + 1000 * second), (SetLimit(grant=grant, lines=lines, seq=second, valid_for_ms=60_000),))
        if keeper._job is not None:
            keeper._job.result(PATIENCE_S)
        assert len(writes) == (second >= 101)
    assert writes[0].chargers[0].midst == Midst(frozenset({L1}))
    close(keeper)
    assert len(writes) == 1


def test_a_turn_is_written_at_the_end(tmp_path: Path, writes: list[Memory]) -> None:
    """Kettles that end turns all day are not worth the card; a restart that somebody asked for knows whose turn it is."""
    known = Told(learned())
    keeper = Keeper(tmp_path, START, known)
    for minutes in range(120):
        known.memory = learned()._replace(chargers=(Past("left", None, 8_000_000, midst=Midst(turn_ms=60_000 * (minutes % 20))),))
        pass_time(keeper, minutes)
        if keeper._job is not None:
            keeper._job.result(PATIENCE_S)
    assert len(writes) == 1
    close(keeper)
    assert [memory.chargers[0].midst.turn_ms for memory in writes] == [15 * 60_000, 19 * 60_000]


def test_the_log_names_what_goes_on() -> None:
    """A charger that stays on few lines, or in its turn, is named with that."""
    midst = Midst(frozenset({L2, L1}), 1, turn_ms=5)
    assert told(Memory(START), Memory(0, 0, (Past("left", None, 500_000, midst=midst),))).endswith(
        "UTC: left is to use L1 and L2 only, is in its turn, has had 0.5 A lately"
    )
    assert "left is in its turn" in told(Memory(START), Memory(0, 0, (Past("left", midst=Midst(turn_ms=0)),)))


def test_the_log_names_what_holds() -> None:
    """A charger that stays paused over a restart is named in the one line that nobody overlooks."""
    recalled = Memory(0, 0, (Past("left", wish=Ask.PAUSE), Past("yard", 9_000, 500_000, Ask.BOOST, 5)))
    assert told(Memory(START), recalled).endswith(
        "UTC: left is paused by you, has had 0.0 A lately; yard is first in line, takes 9 s to follow, has had 0.5 A lately"
    )
