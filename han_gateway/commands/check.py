"""``check``: the configuration as a tree, with what is wrong and what is worth a thought. No side effects."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # pydantic takes 150 ms, and --help does not need it
    from han_gateway.config.load import Config
    from han_gateway.core.site import Charger, Circuit

EXAMPLE = """example:
  han-gateway check --config /etc/han-gateway/home.toml
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.epilog = EXAMPLE
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="the configuration (TOML)")


def main(args: argparse.Namespace) -> int:
    """0 when all is well, 1 when a charger had to be left out; a configuration without a house is 78 (ConfigError)."""
    from han_gateway.config.load import load
    from han_gateway.config.problems import listed

    config = load(args.config)
    for line in (
        *_site(config),
        *_tree(config.site.root, f"{config.mqtt.prefix}/{config.site.name}"),
        *_devices(config),
        *_ways(config),
    ):
        print(line)
    for warning in config.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    for problem in listed(config.problems):
        print(f"left out: {problem}", file=sys.stderr)
    return 1 if config.problems else 0


def _site(config: "Config") -> Iterator[str]:
    policy = config.site.policy
    yield f"site {config.site.name}, {config.site.grid.value} net"
    yield (
        f"  a list of currents every {policy.list_period_ms / 1000:g} s; stale after {policy.stale_after_ms / 1000:g} s, "
        f"lost after {policy.lost_after_ms / 1000:g} s"
    )
    yield from _caps(config)


def _caps(config: "Config") -> Iterator[str]:
    topics = f"{config.mqtt.prefix}/{config.site.name}/caps"
    for rule, name, what, unit, scale in (
        (config.site.power_cap, "power", "the house buys", "W", 1),
        (config.site.line_cap, "line", "each phase carries", "A", 1000),
    ):
        if rule is not None:
            fixed = rule.least == rule.most
            bounds = f"{rule.least / scale:g} to {rule.most / scale:g} {unit}"
            settable = "" if fixed else f", {bounds} over {topics}/{name}/set"
            yield f"  {what} at most {rule.default / scale:g} {unit}{settable}"


def _tree(circuit: "Circuit", base: str, indent: str = "") -> Iterator[str]:
    """A fuse and all below it, one line each; topics begin with ``base``."""
    from han_gateway.core.site import Circuit

    margin = f" ({_amps(circuit.margin_ma)} kept free)" if circuit.margin_ma else ""
    meter = f", with a meter of its own heard on {base}/circuits/{circuit.name}/load" if circuit.metered else ""
    yield f"{indent}{circuit.name} fuse {_amps(circuit.fuse_ma)}{margin}{meter}"
    for place, part in enumerate(circuit.parts, 1):
        last = place == len(circuit.parts)
        lead = indent.replace("├─ ", "│  ").replace("└─ ", "   ") + ("└─ " if last else "├─ ")
        if isinstance(part, Circuit):
            yield from _tree(part, base, lead)
        else:
            yield lead + _charger(part)


def _charger(charger: "Charger") -> str:
    lines = ", ".join(line.value for line in charger.order)
    if charger.order != tuple(sorted(charger.order, key=lambda line: line.index)):
        lines += f" (its own {', '.join(f'L{place}' for place in range(1, len(charger.order) + 1))})"
    after = f"{_amps(charger.fallback_ma)} without a meter" if charger.fallback_ma else "paused without a meter"
    failsafe = "own failsafe" if charger.has_failsafe else "NO failsafe"
    priority = f", priority {charger.priority}" if charger.priority else ""
    weight = f", weight {charger.weight}" if charger.weight != 1 else ""
    return f"charger {charger.name} on {lines}: {_amps(charger.minimum_ma)} to {_amps(charger.maximum_ma)}, {after}, {failsafe}{priority}{weight}{_phases(charger)}"


def _phases(charger: "Charger") -> str:
    """What is special about its phases, if anything is."""
    modes = ["-".join(line.value for line in charger.order if line in lines) for lines in charger.modes]
    words = f", changes to 1 phase on {' or '.join(modes)}" if modes else ""
    return words + (", reports its own L1, L2, L3" if charger.counts_own else "")


def _devices(config: "Config") -> Iterator[str]:
    """Each charger that has topics of its own: where it is spoken to, where it speaks, and what it does when it hears nothing."""
    for link in config.links:
        device = link.device
        yield f"charger {link.charger.name}, device {device.name}: {device.title}"
        yield f"  told on {', '.join(link.topic(topic) for topic in device.written)}"
        yield f"  heard on {', '.join(link.topic(topic) for topic in device.read) or f'{link.base}/report only'}"
        if device.raise_after_ms:
            yield f"  raises wait for {device.raise_after_ms / 1000:g} s after the last change, cuts do not"
        own = device.failsafe_ma is not None or not link.charger.has_failsafe
        alone = "; the broker tells it its fallback if the gateway dies" if link.guarded else ""
        yield f"  when it hears nothing: {device.failsafe if own else 'as it was set up in it'}{alone}"


def _ways(config: "Config") -> Iterator[str]:
    meter, mqtt, metrics = config.meter, config.mqtt, config.metrics
    brokers = " or ".join(f"{host}:{port}" for host, port in (mqtt.address, *mqtt.other_addresses))
    keys = "" if config.keys is None else ", with its key" + ("s" if config.keys.authentication else "")
    yield f"meter   {meter.port}" + ("" if meter.tcp or meter.topic else f" at {meter.baud} baud, 8{meter.parity}1") + keys
    yield (
        f"broker  {brokers}{' with TLS' if mqtt.tls else ''} as {mqtt.username or 'anonymous'}"
        f"{'' if config.password is None else ' with a password'}, topics {mqtt.prefix}/{config.site.name}/..."
    )
    if config.homeassistant.enabled:
        yield f"others  Home Assistant, told of our devices below {config.homeassistant.prefix}/device/"
    if config.amsreader.topic:
        yield f"others  topics of an amsreader below {config.amsreader.topic}/"
    yield f"metrics http://{metrics.host}:{metrics.port}/metrics" if metrics.enabled else "metrics off"
    yield f"memory  {config.state_dir or 'where systemd says; without systemd none, or [site] state_dir'}"


def _amps(milliamps: int) -> str:
    return f"{milliamps / 1000:g} A"
