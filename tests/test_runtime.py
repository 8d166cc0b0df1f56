"""The owner of the state: events and ticks in their order, and a replay that equals the run."""

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from han_gateway import runtime
from han_gateway.adapters.recording import Recorder, read_recording
from han_gateway.core.effects import Effect, SetLimit
from han_gateway.core.events import CapSaid, ChargerSaid, CircuitSaid, Event, MeterGarbled, MeterSaid, SourceChanged, Tick
from han_gateway.core.site import Cap, CapRule, Charger, Circuit, Grid, Policy, Site
from han_gateway.core.state import State
from han_gateway.core.units import Instant, Line, PerLine
from han_gateway.core.words.inbox import Refused
from han_gateway.core.words.memory import Memory, Past
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.models import METERS
from han_gateway.meters.reading import Reading, clock_octets
from han_gateway.meters.software_meter import write
from han_gateway.playback import Playback
from han_gateway.runtime import Gateway, Live
from han_gateway.timeline import Timeline

SITE = Site(
    name="home",
    grid=Grid.TN,
    root=Circuit(name="main", fuse_ma=25_000, parts=(Charger(name="garage", lines=frozenset(Line)),)),
    policy=Policy(raise_window_ms=20_000),
    power_cap=CapRule(default=20_000, least=5_000, most=20_000),
)
START: Instant = 1_768_496_400_250  # not a whole second


class Log:
    """An outlet that keeps everything."""

    def __init__(self) -> None:
        self.entries: list[tuple[Event, tuple[Effect, ...]]] = []

    def __call__(self, event: Event, effects: tuple[Effect, ...]) -> None:
        """Keep it."""
        self.entries.append((event, effects))

    def effects(self, until: Instant) -> list[tuple[Instant, tuple[Effect, ...]]]:
        """What was decided, and when."""
        return [(event.at, effects) for event, effects in self.entries if effects and event.at <= until]


class HandClock:
    """A clock that is turned by hand."""

    def __init__(self, at: Instant) -> None:
        self.at = at

    def now(self) -> Instant:
        """The instant that was set."""
        return self.at


def frame(at: Instant, currents_ma: tuple[int, int, int]) -> bytes:
    """A list 2 of a 4-wire meter."""
    form = METERS["kaifa-tn"].list2
    assert form is not None
    moment = datetime.fromtimestamp(at / 1000, UTC) + timedelta(hours=1)
    reading = Reading(
        manufacturer="kaifa",
        list=2,
        list_id="KFM_001",
        meter_id="9900000000000000",
        meter_type="MA304H4",
        clock=clock_octets(moment.replace(microsecond=0, tzinfo=None)),
        power_import_w=sum(currents_ma) * 230 // 1000,
        power_export_w=0,
        reactive_import_var=0,
        reactive_export_var=0,
        current_l1_ma=currents_ma[0],
        current_l2_ma=currents_ma[1],
        current_l3_ma=currents_ma[2],
        voltage_l1_mv=230_000,
        voltage_l2_mv=231_000,
        voltage_l3_mv=229_000,
    )
    return write(form, reading)


def test_every_tick_comes_before_what_happens_at_its_instant(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ticks fall on whole seconds, each exactly once, each before an event of the same instant."""
    seen: list[Event] = []

    def step(_site: Site, state: State, event: Event) -> tuple[State, tuple[Effect, ...]]:
        seen.append(event)
        return state, ()

    monkeypatch.setattr(runtime, "step", step)
    gateway = Gateway(SITE, Decoder(), START)
    second = START - START % 1_000
    events: list[Event] = [
        SourceChanged(at=START + 1, connected=True),
        SourceChanged(at=second + 3_000, connected=False),
        SourceChanged(at=second + 3_000, connected=True),
    ]
    for event in events:
        gateway.handle(event)
    gateway.advance(second + 4_999)
    ticks = [Tick(at=second + number * 1_000) for number in range(1, 5)]
    assert seen == [events[0], *ticks[:3], events[1], events[2], ticks[3]]


def test_time_that_is_asked_for_twice_passes_once() -> None:
    """Advancing to the same instant again steps nothing."""
    log = Log()
    gateway = Gateway(SITE, Decoder(), START, (log,))
    gateway.advance(START + 60_000)
    count = len(log.entries)
    assert count > 0
    gateway.advance(START + 60_000)
    assert len(log.entries) == count


def test_bytes_become_what_the_meter_said_and_what_was_garbled() -> None:
    """A whole frame is a reading, noise is counted, both with the instant of their arrival."""
    log = Log()
    gateway = Gateway(SITE, Decoder(), START, (log,))
    gateway.hear(START + 10, b"noise" + frame(START, (1_000, 2_000, 3_000)))
    said = [event for event, _ in log.entries if isinstance(event, MeterSaid)]
    garbled = [event for event, _ in log.entries if isinstance(event, MeterGarbled)]
    assert [event.reading.current_ma for event in said] == [(1_000, 2_000, 3_000)]
    assert len(garbled) == 1
    assert [said[0].at, garbled[0].at] == [START + 10, START + 10]


def test_an_outlet_that_is_attached_later_hears_what_comes_later() -> None:
    """Outlets can be joined after the gateway exists."""
    early, late = Log(), Log()
    gateway = Gateway(SITE, Decoder(), START, (early,))
    gateway.handle(SourceChanged(at=START, connected=True))
    gateway.attach(late)
    gateway.handle(SourceChanged(at=START + 1, connected=False))
    assert len(early.entries) == 2
    assert len(late.entries) == 1


def evening(live: Live, clock: HandClock) -> None:
    """A minute and a half in which everything happens: lists, damage, chunks, reports, a broker that goes, a port that is lost."""
    live.source_changed(True, "open")
    for second in range(1, 95):
        clock.at = START + second * 1_000 + second * 7 % 1_000
        if second in (4, 47, 53):
            live.broker_changed(second != 47)
        if second == 60:
            live.source_changed(False, "gone")
        if second % 7 == 3:
            live.message("han/home/chargers/garage/report", b'{"current_a":{"L1":6,"L2":6,"L3":6},"status":"charging"}')
        if second in (33, 71):
            live.message("han/home/caps/power/set", b"5000" if second == 33 else b"none")
        if second % 10 == 0 and not 60 <= second < 80:
            data = frame(clock.at, (8_000 + 100 * second, 7_000, 6_000))
            live.hear(data[:50])
            clock.at += 30
            live.hear(data[50:] if second != 30 else b"\x00" + data[51:])


def test_a_replay_equals_the_run() -> None:
    """The effects of a run and of the replay of its recording are equal, each at its instant."""
    file = io.BytesIO()
    ran, replayed = Log(), Log()
    clock = HandClock(START)
    gateway = Gateway(SITE, Decoder(lock=True), START, (ran,))
    evening(Live(gateway, clock, prefix="han", recorder=Recorder(file, START)), clock)
    playback = Playback(SITE, "han", lambda: Decoder(lock=True), Timeline(), (replayed,))
    playback.play(read_recording(io.BytesIO(file.getvalue())))
    last = ran.entries[-1][0].at
    assert sum(isinstance(event, ChargerSaid) for event, _ in ran.entries) > 10
    assert sum(isinstance(event, CapSaid) for event, _ in ran.entries) == 2
    assert (
        len({effect.grant.limit_ma for _, effects in ran.effects(last) for effect in effects if isinstance(effect, SetLimit)}) > 1
    )
    assert replayed.effects(last) == ran.effects(last)


def test_what_was_remembered_at_the_start_is_part_of_a_recording() -> None:
    """A run that recalls a memory is replayed with it, and its decisions are others than without; elsewhere in the file it is passed over."""
    memory = Memory(at=START - 60_000, patience_ms=60_000, chargers=(Past("garage", 28_000, 9_000_000),))
    file, ran, replayed, forgetful = io.BytesIO(), Log(), Log(), Log()
    clock = HandClock(START)
    live = Live(Gateway(SITE, Decoder(lock=True), START, (ran,)), clock, prefix="han", recorder=Recorder(file, START))
    live.recall(START, memory)
    evening(live, clock)
    lines = file.getvalue().splitlines(keepends=True)
    assert b" memory {" in lines[1]
    for log, content in ((replayed, [*lines[:20], lines[1], *lines[20:]]), (forgetful, [lines[0], *lines[2:]])):
        playback = Playback(SITE, "han", lambda: Decoder(lock=True), Timeline(), (log,))
        playback.play(read_recording(io.BytesIO(b"".join(content))))
    last = ran.entries[-1][0].at
    assert replayed.effects(last) == ran.effects(last)
    assert forgetful.effects(last) != ran.effects(last)


def test_each_start_in_a_recording_is_a_new_house() -> None:
    """A file to which two runs were appended replays as two runs."""
    file = io.BytesIO()
    logs = Log(), Log()
    for number, log in enumerate(logs):
        clock = HandClock(START + number * 3_600_000)
        gateway = Gateway(SITE, Decoder(lock=True), clock.at, (log,))
        evening(Live(gateway, clock, prefix="han", recorder=Recorder(file, clock.at)), HandClock(clock.at))
    replayed = Log()
    playback = Playback(SITE, "han", lambda: Decoder(lock=True), Timeline(), (replayed,))
    playback.play(read_recording(io.BytesIO(file.getvalue())))
    seqs = [effect.seq for _, effects in replayed.effects(START * 2) for effect in effects if isinstance(effect, SetLimit)]
    assert seqs.count(1) == 2


def test_a_report_that_is_refused_says_why_and_is_not_recorded(tmp_path: Path) -> None:
    """What the core never heard must not come back in a replay."""
    file = (tmp_path / "recording").open("wb+", buffering=0)
    log = Log()
    live = Live(Gateway(SITE, Decoder(), START, (log,)), HandClock(START), prefix="han", recorder=Recorder(file, START))
    assert isinstance(live.message("han/home/chargers/garage/report", b"[[["), Refused)
    assert isinstance(live.message("han/home/chargers/other/report", b"{}"), Refused)
    assert live.message("han/home/chargers/garage/report", b"{}") is None
    file.close()
    assert (tmp_path / "recording").read_text().count("charger") == 1
    assert sum(isinstance(event, ChargerSaid) for event, _ in log.entries) == 1


def test_settings_and_sub_fuses_are_recorded_and_replayed() -> None:
    """Whatever was heard over MQTT and believed happens again in a replay; what another house knows nothing of is passed over."""
    shed = Circuit(name="shed", fuse_ma=20_000, metered=True, parts=SITE.root.parts)
    site = replace(SITE, root=replace(SITE.root, parts=(shed,)))
    file, clock, ran, replayed, elsewhere = io.BytesIO(), HandClock(START), Log(), Log(), Log()
    live = Live(Gateway(site, Decoder(), START, (ran,)), clock, prefix="han", recorder=Recorder(file, START))
    clock.at += 100
    assert live.message("han/home/circuits/shed/load", b'{"current_a":{"L1":12.5}}') is None
    assert live.message("han/home/caps/power/set", b"") is None
    assert isinstance(live.message("han/home/circuits/shed/load", b"12.5"), Refused)
    for log, house in ((replayed, site), (elsewhere, SITE)):
        Playback(house, "han", Decoder, Timeline(), (log,)).play(read_recording(io.BytesIO(file.getvalue())))

    said = CircuitSaid(at=START + 100, circuit="shed", current_ma=PerLine(12_500, None, None))
    back = CapSaid(at=START + 100, cap=Cap.POWER, value=None)
    assert [event for event, _ in ran.entries] == [event for event, _ in replayed.entries] == [said, back]
    assert [event for event, _ in elsewhere.entries] == [back]


@pytest.mark.parametrize("jump_days", [-400, 400])
def test_another_days_dump_is_a_new_house(jump_days: int) -> None:
    """A jump in time of more than a day starts afresh instead of living through a year of ticks."""
    log = Log()
    playback = Playback(SITE, "han", Decoder, Timeline(), (log,))
    jump = jump_days * 86_400_000
    recorder = Recorder(file := io.BytesIO(), START)
    for at in (START, START + 10_000, START + jump, START + jump + 10_000):
        recorder.arrived(at, frame(at, (1_000, 1_000, 1_000)))
    playback.play(read_recording(io.BytesIO(file.getvalue())))
    assert playback.readings == 4
    assert len(log.entries) < 100


def test_after_a_suspension_chargers_hear_what_holds_now() -> None:
    """A machine that slept for two minutes decides every second that it missed, and says only what came of it."""
    said: list[Event | bool] = []
    clock = HandClock(START)
    gateway = Gateway(SITE, Decoder(), START, (lambda event, _: said.append(event),))
    live = Live(gateway, clock, prefix="han")
    live.catch_up_with(said.append)
    clock.at += 900
    live.broker_changed(connected=True)
    assert True not in said  # a loop that keeps up says everything at once
    clock.at += 120_000
    live.hear(frame(START, (1_000, 2_000, 3_000)))
    held = said[said.index(True) + 1 : said.index(False)]
    assert (len(held), {type(event) for event in held}) == (120, {Tick})
    assert isinstance(said[-1], MeterSaid)
