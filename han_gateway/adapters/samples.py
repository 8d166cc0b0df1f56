"""Values as the samples of a metric: by phase, by direction, in base units. It must not know what they mean."""

from collections.abc import Iterable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from han_gateway.adapters.figures import BrokerFigures, ChargerFigures
from han_gateway.adapters.metric_names import DEFINED
from han_gateway.core.events import Ask
from han_gateway.core.units import LINES

Sample = tuple[str, tuple[str, ...], float | None]
"""Name, values of the labels, value; None is not exported."""


def families(samples: Iterable[Sample]) -> Iterator[Metric]:
    """Put the samples of each metric together, with its meaning."""
    found: dict[str, GaugeMetricFamily | CounterMetricFamily] = {}
    for name, labels, value in samples:
        if value is None:
            continue
        if name not in found:
            kind = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
            found[name] = kind(name, DEFINED[name].meaning, labels=DEFINED[name].labels)
        found[name].add_metric(labels, value)
    yield from found.values()


def phases(name: str, whose: str, values: Iterable[float | None], scale: int = 1) -> Iterator[Sample]:
    """One value for each line; ``scale`` is how many of its unit make the base unit."""
    for line, value in zip(LINES, values, strict=True):
        yield name, (whose, line.value), None if value is None else value / scale


def directions(name: str, meter: str, values: Iterable[int | None]) -> Iterator[Sample]:
    """What comes in, and what goes out."""
    for direction, value in zip(("import", "export"), values, strict=True):
        yield name, (meter, direction), value


def of_commands(name: str, figures: ChargerFigures) -> Iterator[Sample]:
    """What was asked of a charger, and what holds of it now."""
    for (command, outcome), count in figures.outcomes.copy().items():
        yield "han_charger_requests_total", (name, command, outcome), count
    for wish in (Ask.PAUSE, Ask.BOOST):
        yield "han_charger_wish", (name, wish.value), None if figures.shown is None else figures.shown.wish is wish


def of_broker(broker: BrokerFigures) -> Iterator[Sample]:
    """What the adapter of the broker has counted."""
    yield "han_mqtt_reconnects_total", (), broker.reconnects
    yield "han_mqtt_troubles_total", (), broker.troubles.count
    yield "han_mqtt_publish_failures_total", (), broker.publish_failures
    yield "han_mqtt_messages_dropped_total", (), broker.dropped
    yield "han_mqtt_messages_ignored_total", (), broker.ignored
