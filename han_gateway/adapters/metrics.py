"""What Prometheus may know: the newest events and effects, worded as samples when somebody asks.

``saw`` and ``did`` only remember, in about a microsecond; all formatting happens in the scraper's thread. What is not known has no
sample: a missing series is honest, a 0 is not. Labels come from the configuration and from closed lists; only ``han_meter_info``
carries words of the meter, already cleaned. It must not know HTTP (``http_server.py`` does) nor read a clock.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime

from prometheus_client.core import CollectorRegistry, Metric
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from dlms.rejects import Reason
from han_gateway.adapters.charger_samples import of_charger
from han_gateway.adapters.figures import OF_CHARGERS, BrokerFigures, ChargerFigures, Counted
from han_gateway.adapters.samples import Sample, directions, families, of_broker, phases
from han_gateway.core.effects import (
    Doubt,
    Effect,
    MeterState,
    SetLimit,
    ShowCaps,
    ShowCharger,
    ShowHeadroom,
    ShowOutcome,
    ShowReading,
)
from han_gateway.core.events import BrokerChanged, CircuitSaid, Event, MeterGarbled, MeterSaid, SourceChanged, Tick
from han_gateway.core.site import Site
from han_gateway.core.units import LINES, Instant, PerLine
from han_gateway.meters.clock import utc
from han_gateway.meters.reading import Reading

LISTS = (1, 2, 3)
FAILSAFE = {"meter_waiting": MeterState.WAITING, "meter_lost": MeterState.LOST}


class Metrics(Collector):
    """Fed from the loop by ``saw``, ``did`` and ``received``; read by a scraper in any thread.

    ``registry`` is our own, not the global one, and has the metrics of the process and of Python as well. ``site`` may change.
    ``set_by_ms`` tells by how much the clock of the machine has been set since the start, as instants know nothing of that;
    ``meter_clock`` what the clock in a reading says in UTC.
    """

    def __init__(
        self,
        site: Site,
        *,
        version: str,
        python: str,
        broker: BrokerFigures | None = None,
        refusals: Counted | None = None,
        unwritten: Counted | None = None,
        set_by_ms: Callable[[], int] = lambda: 0,
        meter_clock: Callable[[Reading], datetime | None] = utc,
    ) -> None:
        self.registry = CollectorRegistry()
        self.broker = broker
        self.refusals = refusals
        self.unwritten = unwritten
        self._set_by_ms = set_by_ms
        self._meter_clock = meter_clock
        self.site = site
        self._build = (version, python)
        self._now: Instant | None = None
        self._bytes = 0
        self._readings: dict[int, tuple[Instant, Reading]] = {}
        self._telegrams = dict.fromkeys(LISTS, 0)
        self._errors = dict.fromkeys(Reason, 0)
        self._doubts = dict.fromkeys(Doubt, 0)
        self._source: SourceChanged | None = None
        self._source_opened = 0
        self._connected = False
        self._headroom: ShowHeadroom | None = None
        self._caps: ShowCaps | None = None
        self._circuits: dict[str, CircuitSaid] = {}
        self._overload_ms = [0, 0, 0]
        self._chargers: defaultdict[str, ChargerFigures] = defaultdict(ChargerFigures)
        self.registry.register(self)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)

    def received(self, size: int) -> None:
        """So many bytes came from the meter's line."""
        self._bytes += size

    def saw(self, event: Event) -> None:
        """Remember what happened."""
        if isinstance(event, Tick):
            self._pass_time(event.at)
        elif isinstance(event, MeterSaid):
            self._readings[event.reading.list] = (event.at, event.reading)
            self._telegrams[event.reading.list] += 1
        elif isinstance(event, MeterGarbled):
            self._errors[event.rejected.reason] += 1
        elif isinstance(event, OF_CHARGERS):
            self._chargers[event.charger].hear(event)
        elif isinstance(event, CircuitSaid):
            self._circuits[event.circuit] = event
        elif isinstance(event, BrokerChanged):
            self._connected = event.connected
        elif isinstance(event, SourceChanged):
            self._source = event
            self._source_opened += event.connected

    def did(self, effect: Effect) -> None:
        """Remember what was decided."""
        if isinstance(effect, ShowReading):
            if effect.doubt is not None:
                self._doubts[effect.doubt] += 1
        elif isinstance(effect, ShowHeadroom):
            self._headroom = effect
        elif isinstance(effect, ShowCaps):
            self._caps = effect
        elif isinstance(effect, ShowCharger):
            self._chargers[effect.grant.charger].shown = effect
        elif isinstance(effect, SetLimit):
            self._chargers[effect.grant.charger].tell(effect)
        elif isinstance(effect, ShowOutcome):
            self._chargers[effect.charger].came_of(effect)

    def collect(self) -> Iterator[Metric]:
        """Every family that has a sample now; the registry calls it in the scraper's thread."""
        yield from families(self._samples())

    def _pass_time(self, at: Instant) -> None:
        shown = self._headroom
        if shown is not None and self._now is not None:
            for index, room in enumerate(shown.room_ma):
                if room is not None and room < 0:
                    self._overload_ms[index] += at - self._now
        self._now = at

    def _samples(self) -> Iterator[Sample]:
        yield "han_gateway_build_info", self._build, 1
        yield from self._of_meter()
        yield from self._of_line()
        yield from self._of_fuse()
        for charger in self.site.chargers:
            figures = self._chargers[charger.name]
            yield from of_charger(charger.name, figures, self._now, self.site.policy.lost_after_ms)
            yield "han_charger_last_ack_timestamp_seconds", (charger.name,), self._moment(figures.confirmed_at)
        yield from self._of_broker()
        if self.unwritten is not None:
            yield "han_state_write_failures_total", (), self.unwritten.count

    def _of_meter(self) -> Iterator[Sample]:
        """What the meter measures. A lost meter measures nothing: its last values would look like news."""
        meter = self.site.name
        newest = sorted(self._readings.copy().values(), reverse=True, key=lambda pair: pair[0])
        energies = next((reading for _, reading in newest if reading.list == 3), None)
        if energies is not None:
            active = (energies.energy_import_wh, energies.energy_export_wh)
            reactive = (energies.reactive_energy_import_varh, energies.reactive_energy_export_varh)
            yield from directions("han_meter_active_energy_watt_hours_total", meter, active)
            yield from directions("han_meter_reactive_energy_var_hours_total", meter, reactive)
        full = next((reading for _, reading in newest if reading.has_currents), None)
        if newest:
            yield "han_meter_info", self._info(full or newest[0][1]), 1
        shown = self._headroom
        if not newest or (shown is not None and shown.state is MeterState.LOST):
            return
        last = next((reading for _, reading in newest if reading.power_import_w is not None), newest[0][1])
        export = last.power_export_w
        if export is None and full is not None and not last.power_import_w:  # list 1 of some meters has import only
            export = full.power_export_w
        yield from directions("han_meter_active_power_watts", meter, (last.power_import_w, export))
        if full is not None:
            reactive = (full.reactive_import_var, full.reactive_export_var)
            yield from directions("han_meter_reactive_power_vars", meter, reactive)
            yield from phases("han_meter_voltage_volts", meter, full.voltage_mv, 1000)
            yield from self._currents(full, shown)

    def _currents(self, full: Reading, shown: ShowHeadroom | None) -> Iterator[Sample]:
        """What the meter measured, and on the lines that it did not measure what was estimated."""
        currents = full.current_ma
        if shown is not None:
            estimated = [line in shown.estimated for line in LINES]
            each = zip(currents, shown.load_ma, estimated, strict=True)
            currents = PerLine(*(load if computed else measured for measured, load, computed in each))
            yield from phases("han_meter_current_estimated", self.site.name, estimated)
        yield from phases("han_meter_current_amperes", self.site.name, currents, 1000)

    def _info(self, reading: Reading) -> tuple[str, ...]:
        model, list_version = reading.meter_type or "", reading.list_id or ""
        return (self.site.name, reading.manufacturer, model, list_version, self.site.grid.value)

    def _of_line(self) -> Iterator[Sample]:
        """How well the meter is heard."""
        meter = self.site.name
        for kind in LISTS:
            yield "han_meter_telegrams_total", (meter, str(kind)), self._telegrams[kind]
            if kind in self._readings:
                at, reading = self._readings[kind]
                shown = self._meter_clock(reading)
                yield "han_meter_last_telegram_timestamp_seconds", (meter, str(kind)), self._moment(at)
                yield "han_meter_clock_timestamp_seconds", (meter, str(kind)), shown.timestamp() if shown else None
        for reason, count in self._errors.items():
            yield "han_meter_frame_errors_total", (meter, reason.value), count
        for doubt, count in self._doubts.items():
            yield "han_meter_telegrams_doubted_total", (meter, doubt.value), count
        yield "han_meter_bytes_received_total", (meter,), self._bytes
        yield "han_meter_up", (meter,), self._source.connected if self._source else None
        yield "han_meter_reconnects_total", (meter,), max(0, self._source_opened - 1)

    def _of_fuse(self) -> Iterator[Sample]:
        meter, shown = self.site.name, self._headroom
        yield from phases("han_fuse_limit_amperes", meter, [self.site.root.fuse_ma] * 3, 1000)
        if self._caps is not None:
            yield "han_cap_watts", (meter,), self._caps.power_w
            yield from phases("han_cap_amperes", meter, [self._caps.line_ma] * 3, 1000)
        yield from phases("han_overload_seconds_total", meter, self._overload_ms, 1000)
        if shown is not None:
            yield from phases("han_headroom_amperes", meter, shown.room_ma, 1000)
            yield "han_meter_contradicts_grid", (meter,), shown.other_net
        for circuit in self.site.root.circuits():
            said = self._circuits.get(circuit.name)
            if said is not None and (self._now or said.at) - said.at < self.site.policy.lost_after_ms:
                yield from phases("han_circuit_current_amperes", circuit.name, said.current_ma, 1000)
        now = shown.state if shown else MeterState.WAITING
        for state in MeterState:
            yield "han_controller_state", (state.value,), state is now
        for reason, state in FAILSAFE.items():
            yield "han_failsafe_active", (reason,), state is now

    def _moment(self, at: Instant | None) -> float | None:
        """An instant on the clock of the machine as it is now: one that started in 1970 was set since."""
        return None if at is None else (at + self._set_by_ms()) / 1000

    def _of_broker(self) -> Iterator[Sample]:
        yield "han_mqtt_connected", (), self._connected
        if self.refusals is not None:
            yield "han_mqtt_messages_refused_total", (), self.refusals.count
        if self.broker is not None:
            yield from of_broker(self.broker)
