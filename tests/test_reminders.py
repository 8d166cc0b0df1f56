"""What people are told because no decision shows it: where to look, and what to do."""

from dataclasses import replace

import pytest

from dlms.rejects import Reason, Rejected
from han_gateway.core.effects import MeterState, ShowHeadroom
from han_gateway.core.events import BrokerChanged, CircuitSaid, MeterGarbled, MeterSaid, Tick
from han_gateway.core.site import Charger, Circuit, Grid, Site
from han_gateway.core.units import Line, PerLine
from han_gateway.devices.link import Link
from han_gateway.devices.makes import DEVICES
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.reading import Reading
from han_gateway.reminders import (
    HOUR_MS,
    UNGUARDED_MS,
    UNHEARD_MS,
    Reminder,
    Unguarded,
    Unheard,
    other_meter,
    unmeasured,
    unreadable,
)
from han_gateway.runtime import Gateway

UNKNOWN: PerLine[int | None] = PerLine(None, None, None)


def link(make: str, identity: str = "go-eCharger/1") -> Link:
    """A charger of this make."""
    charger = Charger(name="garage", lines=frozenset(Line))
    return Link(charger=charger, device=DEVICES[make], base="han/home/chargers/garage", identity=identity)


def test_a_charger_that_was_never_heard_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    """Two minutes after the broker was there: where to look, and the command that tries it; not again, and not of one that was heard."""
    silent = [link("go-e"), link("openevse", "openevse-1")]
    unheard = Unheard(lambda: silent)
    for at in range(0, UNHEARD_MS, 1_000):
        unheard.see(Tick(at=at), ())
    unheard.see(BrokerChanged(at=UNHEARD_MS, connected=True), ())
    unheard.see(Tick(at=2 * UNHEARD_MS - 1), ())
    assert caplog.text == "", "nobody is to blame while there is no broker"
    silent.pop()
    for at in range(2 * UNHEARD_MS, 4 * UNHEARD_MS, 1_000):
        unheard.see(Tick(at=at), ())
    (said,) = (record.getMessage() for record in caplog.records)
    assert "charger garage has not been heard" in said
    assert "device_id = 'go-eCharger/1'" in said
    assert "han-gateway test-charger garage 6 " in said


def test_a_charger_that_is_corrected_gets_its_time_anew(caplog: pytest.LogCaptureFixture) -> None:
    """With a reload that gives it another id the two minutes begin again, as after a broker that was away."""
    silent = [link("go-e")]
    unheard = Unheard(lambda: silent)
    unheard.see(BrokerChanged(at=0, connected=True), ())
    unheard.see(Tick(at=UNHEARD_MS - 1), ())
    silent[:] = [link("go-e", "go-eCharger/2")]
    unheard.see(Tick(at=UNHEARD_MS), ())
    unheard.see(BrokerChanged(at=UNHEARD_MS + 1, connected=False), ())
    unheard.see(Tick(at=3 * UNHEARD_MS), ())
    unheard.see(BrokerChanged(at=3 * UNHEARD_MS, connected=True), ())
    unheard.see(Tick(at=4 * UNHEARD_MS - 1), ())
    assert caplog.text == ""
    unheard.see(Tick(at=4 * UNHEARD_MS), ())
    assert "go-eCharger/2" in caplog.text


@pytest.mark.parametrize(
    ("reason", "listed", "told"),
    [
        (
            Reason.NOISE,
            False,
            ["house: bytes come, but no list for 60 s (noise); stop the gateway, and han-gateway detect house says why"],
        ),
        (Reason.NOISE, True, []),
        (Reason.WRONG_KEY, False, []),
        (None, False, []),
    ],
    ids=["garbage", "garbage between lists", "a key is missing", "silence"],
)
def test_bytes_without_a_list_are_told_with_what_to_do(
    reason: Reason | None, listed: bool, told: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A line at a wrong speed is no silence, and nothing else says so; encryption has words of its own."""
    site = Site(name="home", grid=Grid.TN, root=Circuit(name="main", fuse_ma=25_000))
    see = unreadable(Gateway(site, Decoder(), 0), "house")
    for second in range(90):
        see(Tick(at=1000 * second), ())
        if reason:
            see(MeterGarbled(at=1000 * second, rejected=Rejected(reason)), ())
        if listed and not second % 10:
            see(MeterSaid(at=1000 * second, reading=Reading(manufacturer="aidon", list=1)), ())

    assert [record.getMessage() for record in caplog.records] == told


@pytest.mark.parametrize(
    ("numbers", "told"),
    [(["1", None, "1", "1"], 0), (["1", "2", "2", None, "2"], 1), (["1", "2", "1", "2"], 3), ([None, None], 0)],
    ids=["one meter", "exchanged", "two on one line", "a meter without a number"],
)
def test_another_meter_on_the_line_is_told_without_its_number(
    numbers: list[str | None], told: int, caplog: pytest.LogCaptureFixture
) -> None:
    """A neighbour's lists among ours lower limits for no reason that anybody could see; a number of a meter is in no log."""
    see = other_meter()
    for number in numbers:
        see(MeterSaid(at=0, reading=Reading(manufacturer="kaifa", list=2, meter_id=number and f"990{number}")), ())

    assert caplog.text.count("a meter with another number") == told
    assert "990" not in caplog.text


@pytest.mark.parametrize(
    ("lines", "currents", "told"),
    [
        ("L1 L2 L3", (5_000, None, None), ["L2, L3"]),
        ("L2", (5_000, None, None), ["L2"]),
        ("L1", (5_000, None, None), []),
        ("L1 L2 L3", (5_000, 5_000, 5_000), []),
        ("L1 L2 L3", (None, None, None), []),
    ],
)
def test_a_charger_on_lines_that_the_meter_does_not_have_is_told_once(
    caplog: pytest.LogCaptureFixture, lines: str, currents: tuple[int | None, ...], told: list[str]
) -> None:
    """With a meter of one phase a charger of three gets nothing for ever: which lines, and what to write; again only of another house."""
    wired = frozenset(Line(name) for name in lines.split())
    parts = (Charger(name="garage", lines=wired),)
    site = Site(name="home", grid=Grid.TN, root=Circuit(name="main", fuse_ma=25_000, margin_ma=0, parts=parts))
    gateway = Gateway(site, Decoder(), 0)
    look = unmeasured(gateway)
    one = {f"current_l{number}_ma": current for number, current in enumerate(currents, 1)}
    reading = Reading(manufacturer="kaifa", list=2, power_import_w=1_000, **one)  # type: ignore[arg-type]
    for at in range(0, 60_000, 10_000):
        look(MeterSaid(at=at, reading=reading), ())
    assert [f"wired to {names}, of which" in caplog.text for names in told] == [True for _ in told]
    assert len(caplog.records) == len(told)
    gateway.site = replace(site)
    look(MeterSaid(at=60_000, reading=reading), ())
    assert len(caplog.records) == 2 * len(told)


def test_what_stays_amiss_is_told_once_a_day(caplog: pytest.LogCaptureFixture) -> None:
    """Three days without a broker are three lines; a meter that was lost at noon and is back in the evening is none."""

    def shown(state: MeterState) -> ShowHeadroom:
        return ShowHeadroom(state=state, fuse_ma=25_000, room_ma=UNKNOWN, load_ma=UNKNOWN)

    see = Reminder(Gateway(fused(metered=False), Decoder(), 0), 0).see
    see(Tick(at=1), (shown(MeterState.FRESH),))
    for hour in range(1, 3 * 24 + 2):
        state = MeterState.LOST if hour % 24 in range(12, 18) else MeterState.FRESH
        see(Tick(at=hour * HOUR_MS), (shown(state),))

    assert [record.getMessage() for record in caplog.records] == [
        f"still: no broker, so nobody hears a limit, for {hours} h" for hours in (24, 48, 72)
    ]
    caplog.clear()
    see(BrokerChanged(at=73 * HOUR_MS, connected=True), (shown(MeterState.LOST),))
    see(Tick(at=96 * HOUR_MS), ())
    assert [record.getMessage() for record in caplog.records] == ["still: no currents from the meter for 23 h"]


def test_a_sub_fuse_whose_meter_stays_away_is_told_once_a_day(caplog: pytest.LogCaptureFixture) -> None:
    """Whether it went silent or was never heard; one without a meter is not missed, nor one that is heard."""
    see = Reminder(Gateway(fused(metered=True), Decoder(), 0), 0).see
    see(
        BrokerChanged(at=0, connected=True),
        (ShowHeadroom(state=MeterState.FRESH, fuse_ma=25_000, room_ma=UNKNOWN, load_ma=UNKNOWN),),
    )
    see(Tick(at=24 * HOUR_MS), ())
    see(CircuitSaid(at=47 * HOUR_MS + 1, circuit="workshop", current_ma=PerLine(0, 0, 0)), ())
    for days in (2, 3):
        see(Tick(at=days * 24 * HOUR_MS), ())
    assert [record.getMessage() for record in caplog.records] == [
        f"still: no currents from the meter of the workshop fuse for {hours} h" for hours in (24, 24)
    ]


def fused(*, metered: bool) -> Site:
    """A house with a sub-fuse."""
    workshop = Circuit(name="workshop", fuse_ma=20_000, metered=metered, parts=(Charger(name="garage", lines=frozenset(Line)),))
    return Site(name="home", grid=Grid.TN, root=Circuit(name="main", fuse_ma=25_000, parts=(workshop,)))


def test_a_guard_that_is_not_let_in_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    """While the house is connected, and not in the first minute of that; again when the guard was there in between."""
    absent = {"garage": "the broker refused us: Server busy"}
    see = Unguarded(lambda: absent).see
    for at in range(0, 2 * UNGUARDED_MS, 1_000):
        see(Tick(at=at), ())
    see(BrokerChanged(at=2 * UNGUARDED_MS, connected=True), ())
    see(Tick(at=3 * UNGUARDED_MS - 1), ())
    see(BrokerChanged(at=3 * UNGUARDED_MS, connected=False), ())
    see(Tick(at=4 * UNGUARDED_MS), ())
    see(BrokerChanged(at=4 * UNGUARDED_MS, connected=True), ())
    see(Tick(at=5 * UNGUARDED_MS - 1), ())
    assert caplog.text == ""
    for at in range(5 * UNGUARDED_MS, 6 * UNGUARDED_MS, 1_000):
        see(Tick(at=at), ())
    (said,) = (record.getMessage() for record in caplog.records)
    assert said.startswith(
        "charger garage has no failsafe, and its guard is not on the broker (the broker refused us: Server busy)"
    )
    absent.clear()
    see(Tick(at=6 * UNGUARDED_MS), ())
    absent["garage"] = ""
    see(Tick(at=6 * UNGUARDED_MS + 1_000), ())
    assert len(caplog.records) == 2
    assert "(no answer)" in caplog.text
