"""SIGHUP: the configuration is read again, and what can change while the house is protected changes at once.

Chargers, fuses and the policy can. The ways in and out cannot: for them the log asks for a restart, and the rest is in force. A
configuration with a mistake in it changes nothing. This file must not know how a house is carried over (``core/reload.py``).
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from han_gateway.adapters.broker import Broker
from han_gateway.adapters.clock import SystemClock
from han_gateway.adapters.guards import Guards
from han_gateway.adapters.metrics import Metrics
from han_gateway.adapters.systemd import NOTICE, Notifier
from han_gateway.config.load import Config
from han_gateway.config.problems import ConfigError, Problem, listed
from han_gateway.core.site import Site
from han_gateway.core.words import topics
from han_gateway.devices.link import Link, safes
from han_gateway.interpreter import Interpreter
from han_gateway.neighbours import Neighbours
from han_gateway.runtime import Gateway, Live

log = logging.getLogger("han_gateway")


class House(NamedTuple):
    """What follows when the house changes."""

    gateway: Gateway
    live: Live
    broker: Broker
    metrics: Metrics
    interpreter: Interpreter
    guards: Guards
    neighbours: Neighbours


class Reload:
    """Knows what the daemon was started with. ``reload`` belongs to the loop."""

    def __init__(
        self,
        config: Config,
        read: Callable[[], Config],
        clock: SystemClock,
        notifier: Notifier,
        house: House,
        *,
        recording: bool,
    ) -> None:
        self._started_with = config
        self._read = read
        self._clock = clock
        self._notifier = notifier
        self._house = house
        self._recording = recording
        self._links = config.links
        self._guarding: asyncio.Future[None] | None = None  # somebody must hold a task, or it may vanish

    def reload(self) -> None:
        """Read the configuration again and follow it as far as that is possible; systemd hears of the beginning and of the end."""
        self._notifier.reloading(self._clock.monotonic_us())
        try:
            config = self._read()
        except ConfigError as why:
            _refuse(why.problems)
        else:
            if config.problems:  # at a start such chargers are left out; here a typo would take one away
                _refuse(config.problems)
            else:
                self._follow(config)
        self._notifier.ready()

    def _follow(self, config: Config) -> None:
        for warning in config.warnings:
            log.warning("%s", warning)
        for table in _fixed(self._started_with, config):
            log.warning("%s has changed: that needs a restart; the rest is in force", table)
        site, new_site = self._house.gateway.site, config.site
        links = config.links if config.mqtt == self._started_with.mqtt else self._links  # their topics begin with its prefix
        if (site.name, site.grid) != (new_site.name, new_site.grid):
            log.warning(
                "the site's name or grid has changed: that needs a restart; chargers and fuses stay as they were until then"
            )
        elif (site, self._links) == (new_site, links):
            log.log(NOTICE, "configuration read again: the house is as it was")
        elif self._recording:
            log.warning("the house has changed: that needs a restart while it is recorded, or no replay could follow")
        else:
            log.log(NOTICE, "configuration read again: %s", "; ".join(_changes(site, new_site)) or "fuses or policy have changed")
            self._change(site, new_site, links)

    def _change(self, site: Site, new_site: Site, links: tuple[Link, ...]) -> None:
        gateway, live, broker, metrics, interpreter, guards, neighbours = self._house
        at = self._clock.now()
        gateway.part(at, new_site)
        for message in topics.forgotten(self._started_with.mqtt.prefix, site, new_site):
            broker.publish(message)
        metrics.site = new_site
        self._links = links
        interpreter.change(links)
        gateway.change(at, new_site)
        broker.listen((*live.listen(), *interpreter.topics()), live.settled() | interpreter.settled())
        self._guarding = asyncio.ensure_future(guards.change(safes(links)))
        neighbours.change(new_site)


def _refuse(problems: Sequence[Problem]) -> None:
    for line in listed(problems):
        log.error("the old configuration stays: %s", line)


def _fixed(old: Config, new: Config) -> Iterator[str]:
    """The tables that differ and that only a restart can follow."""
    if (old.meter, old.keys) != (new.meter, new.keys):
        yield "[meter]"
    if (old.mqtt, old.password) != (new.mqtt, new.password):
        yield "[mqtt]"
    for name in ("metrics", "homeassistant", "amsreader"):
        if getattr(old, name) != getattr(new, name):
            yield f"[{name}]"
    if (old.page, old.page_token) != (new.page, new.page_token):
        yield "[page]"
    if old.state_dir != new.state_dir:
        yield "[site] state_dir"


def _changes(old: Site, new: Site) -> Iterator[str]:
    """The chargers and the fuse that are others than before, for the log."""
    before = {charger.name: charger for charger in old.chargers}
    now = {charger.name: charger for charger in new.chargers}
    changed = [name for name, charger in now.items() if before.get(name, charger) != charger]
    if old.root.fuse_ma != new.root.fuse_ma:
        yield f"main fuse {new.root.fuse_ma / 1000:g} A"
    if (old.power_cap, old.line_cap) != (new.power_cap, new.line_cap):
        yield "other caps"
    for word, names in (("new", now.keys() - before), ("gone", before.keys() - now), ("changed", changed)):
        if names:
            yield f"{word}: {', '.join(sorted(names))}"
