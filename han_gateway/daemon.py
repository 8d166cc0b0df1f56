"""The daemon: everything that ``run`` joins, and the order in which it starts and stops.

This file must not know how anything is done: the core decides, the adapters act.
"""

import asyncio
import logging
import platform
import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from pathlib import Path

from han_gateway import outlets
from han_gateway.adapters.broker import Broker, TlsUnusableError
from han_gateway.adapters.clock import SystemClock
from han_gateway.adapters.guards import Guards
from han_gateway.adapters.hangup import Hangup
from han_gateway.adapters.metrics import Metrics
from han_gateway.adapters.quiet import Quiet
from han_gateway.adapters.recording import Recorder, instant
from han_gateway.adapters.systemd import NOTICE, JournalFormatter, Log, Notifier, under_journald
from han_gateway.adapters.unhurried import SICK_DISK, Unhurried
from han_gateway.brokers import settings_of
from han_gateway.cli import version
from han_gateway.commands.source import decoder, mqtt_source, source
from han_gateway.config.load import Config
from han_gateway.config.problems import ConfigError, Problem, listed
from han_gateway.core.effects import Effect
from han_gateway.core.events import Event
from han_gateway.core.site import Site
from han_gateway.core.units import Instant
from han_gateway.core.words import topics
from han_gateway.devices.link import safes
from han_gateway.interpreter import Interpreter
from han_gateway.keeper import Keeper, told
from han_gateway.meters.clock import ClockRule, utc
from han_gateway.meters.reading import Reading
from han_gateway.neighbours import Neighbours
from han_gateway.page.board import Board
from han_gateway.reload import House, Reload
from han_gateway.reminders import reminders
from han_gateway.runtime import Gateway, Live, Outlet, together
from han_gateway.web import Mouth, Web, open_web, page_of

log = logging.getLogger("han_gateway")


def daemon(read: Callable[[], Config], record: Path | None, hangup: Hangup) -> int:
    """Protect the house until SIGTERM or SIGINT; on SIGHUP ``read`` is asked again. Raises ConfigError for what is wrong at the start."""
    config = read()
    set_up_log()
    for line in listed(config.problems):
        log.error("left out: %s", line)
    for warning in config.warnings:
        log.warning("%s", warning)
    names = ", ".join(charger.name for charger in config.site.chargers) or "none"
    log.info("%s: main fuse %g A, chargers: %s", config.site.name, config.site.root.fuse_ma / 1000, names)
    clock = SystemClock()
    started = clock.now()  # one instant for both: a replay begins where the run began
    recorder = _recorder(record, started) if record else None
    asyncio.run(_daemon(config, read, clock, started, recorder, hangup))
    return 0


async def _daemon(
    config: Config, read: Callable[[], Config], clock: SystemClock, started: Instant, recorder: Recorder | None, hangup: Hangup
) -> None:
    meter, site = config.meter, config.site
    notifier = Notifier()
    gateway = Gateway(site, decoder(meter, config.keys), started)
    live = Live(gateway, clock, prefix=config.mqtt.prefix, recorder=recorder)
    keeper = _keeper(config, clock, started, gateway, live)
    refusals = outlets.Refusals(clock)
    broker, interpreter, guards = _voices(config, live, refusals, clock)
    health = outlets.Health(clock, broker.troubles)
    rule = meter.clock_rule
    metrics = _metrics(site, clock, broker, refusals, keeper, partial(utc, rule=rule, zone=meter.zone))
    watch = outlets.ClockWatch(clock, rule, meter.zone)
    watchdog = outlets.Watchdog(gateway, notifier, started)
    board = Board(lambda: gateway.site)
    publisher = _publisher(config, gateway, broker, clock, rule)
    neighbours = Neighbours(config, broker, clock, version())
    further = reminders(gateway, meter.port, started, interpreter.unheard, guards.absent)
    shown = (outlets.measured(metrics), outlets.status(notifier, broker.troubles), health.see, watch.see, keeper.see, board.see)
    for outlet in (publisher, interpreter.see, watchdog.see, outlets.notes, *shown, neighbours.see, *further):
        gateway.attach(outlet)
    page = page_of(config, health, board, Mouth(config, gateway, live, refusals), clock)
    web = open_web(config, metrics, health, page, neighbours.routes)
    way = mqtt_source(meter, broker) or source(meter)
    house = House(gateway, live, broker, metrics, interpreter, guards, neighbours)
    broker.start(asyncio.get_running_loop())
    guards.start(safes(config.links))
    neighbours.start()
    notifier.ready()
    hangup.hear(Reload(config, read, clock, notifier, house, recording=recorder is not None).reload)
    try:
        await together(way.run(_hear(metrics, live), live.source_changed), live.tick(_beat(clock, watchdog, health, recorder)))
    finally:
        hangup.over()
        notifier.stopping()
        neighbours.stop()
        await asyncio.gather(broker.stop(), guards.stop())
        await keeper.close()
        _close(recorder, notifier, web)


def _hear(metrics: Metrics, live: Live) -> Callable[[bytes], None]:
    """What bytes of the meter do."""

    def hear(data: bytes) -> None:
        metrics.received(len(data))
        live.hear(data)

    return hear


def _close(recorder: Recorder | None, notifier: Notifier, web: Web | None) -> None:
    if recorder:
        recorder.close()
    notifier.close()
    if web:
        web.close()


def _keeper(config: Config, clock: SystemClock, started: Instant, gateway: Gateway, live: Live) -> Keeper:
    """What an earlier run has learned is known before anything happens, and written down for the next."""
    keeper = Keeper(config.state_dir, started, lambda: gateway.memory(instant(clock.wall())))
    memory = keeper.recalled()
    if memory is not None:
        live.recall(started, memory)
        log.info("%s", told(memory, gateway.memory(started)))
    return keeper


def _recorder(path: Path, started: Instant) -> Recorder | None:
    """A disk that is full, or that the system has made read-only, must not leave a house alone; a wrong name is for its owner."""
    try:
        return Unhurried(path.open("ab", buffering=0), started)
    except OSError as why:
        reason = (why.strerror or str(why)).lower()
        if why.errno in SICK_DISK:
            log.warning("%s cannot be written (%s): nothing is recorded; the house is protected all the same", path, reason)
            return None
        what = f"{path} cannot be written ({reason})"
        raise ConfigError([Problem("--record", what, "name a file in a folder that this user may write")]) from why


def _voices(config: Config, live: Live, refusals: outlets.Refusals, clock: SystemClock) -> tuple[Broker, Interpreter, Guards]:
    """All that speak to chargers: the connection of the house, who words its limits, and the guards of those without a failsafe."""
    interpreter = Interpreter(config.links, lambda message: broker.publish(message), clock, heard=False)  # noqa: PLW0108
    broker = _broker(config, live, interpreter, refusals)
    live.catch_up_with(broker.hold)
    return broker, interpreter, Guards(settings_of(config), interpreter.forget)


def _broker(config: Config, live: Live, interpreter: Interpreter, refusals: outlets.Refusals) -> Broker:
    mqtt, site = config.mqtt, config.site

    def connection(connected: bool) -> None:
        log.log(NOTICE if connected else logging.WARNING, "broker %s %s", broker.address, "connected" if connected else "lost")
        live.broker_changed(connected)

    def message(topic: str, payload: bytes) -> None:
        reports = interpreter.hear(topic, payload)
        for said in ((topic, payload),) if reports is None else reports:
            refused = live.message(*said)
            if refused:
                refusals.add(refused)

    try:
        broker = Broker(
            settings_of(config),
            will=topics.will(mqtt.prefix, site),
            birth=topics.birth(mqtt.prefix, site),
            subscriptions=(*live.listen(), *interpreter.topics()),
            settled=live.settled() | interpreter.settled(),
            on_connection=connection,
            on_message=message,
            on_trouble=lambda text: log.warning("%s", text),
        )
    except TlsUnusableError as why:
        raise ConfigError([Problem("[mqtt]", str(why), "check the file names and their owner")]) from why
    broker.troubles.on_denied = interpreter.refused
    return broker


def _metrics(
    site: Site,
    clock: SystemClock,
    broker: Broker,
    refusals: outlets.Refusals,
    keeper: Keeper,
    meter_clock: Callable[[Reading], datetime | None],
) -> Metrics:
    return Metrics(
        site,
        version=version(),
        python=platform.python_version(),
        broker=broker,
        refusals=refusals,
        unwritten=keeper,
        set_by_ms=clock.set_by_ms,
        meter_clock=meter_clock,
    )


def _publisher(config: Config, gateway: Gateway, broker: Broker, clock: SystemClock, rule: ClockRule | None) -> Outlet:
    """Words every effect for MQTT."""
    prefix, zone = config.mqtt.prefix, config.meter.zone

    def publish(_event: Event, effects: Iterable[Effect]) -> None:
        for effect in effects:
            message = topics.message(prefix, gateway.site, effect, clock.wall(), clock=rule, zone=zone)
            if message:
                broker.publish(message)

    return publish


def _beat(
    clock: SystemClock, watchdog: outlets.Watchdog, health: outlets.Health, recorder: Recorder | None
) -> Callable[[], None]:
    """What follows each round of the loop that was really stepped: the watchdog is fed, trouble with the recording is told once."""
    told = False

    def beat() -> None:
        nonlocal told
        watchdog.feed(clock.now())
        health.alive()
        failed = recorder.failed if recorder else None
        if failed and not told:
            log.error("the recording cannot be written (%s); the house is protected all the same", failed)
        told = failed is not None

    return beat


def set_up_log() -> None:
    """Log to stderr: for journald with priorities and without times, for people the other way round."""
    logging.addLevelName(NOTICE, "NOTICE")
    handler = Log(sys.stderr)
    plain = logging.Formatter("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S")
    handler.setFormatter(JournalFormatter() if under_journald() else plain)
    handler.addFilter(Quiet(SystemClock().now))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
