"""``[[charger]]`` and ``[charger.words]``: a charger, what make it is, and how to speak to one that we do not know.

This file must not open anything, nor know how a problem is worded for people (``problems.py``).
"""

from dataclasses import replace
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from han_gateway.config.problems import did_you_mean
from han_gateway.config.section import Amperes, Seconds, Section, Slug, number
from han_gateway.devices.makes import DEVICES, GENERIC
from han_gateway.devices.record import AMPERE, DECIAMPERE, IN_LIMITS, IN_TOPICS, MILLIAMPERE, Device, Say, Value, blanks

PhaseName = Literal["L1", "L2", "L3"]
Identity = Annotated[str, StringConstraints(pattern=r"^[^+#$\x00-\x1f\x7f{}<>\"\\]{1,64}$")]
"""A piece of a topic: no wildcards, nothing that would need quoting in JSON."""


def _topic(value: str) -> str:
    """A topic to write on, with ``<id>`` and ``<base>`` where they belong."""
    if not 0 < len(value) <= 200 or not value.isprintable() or "+" in value or "#" in value:
        raise ValueError("is not a topic: no wildcards, 200 characters at most")
    if blanks(value) - IN_TOPICS:
        raise ValueError("has a blank that no topic knows: <id> and <base> are the ones")
    return value


def _place(value: str) -> str:
    """Where a charger says something: TOPIC, or TOPIC#PATH into its JSON."""
    _topic(value.partition("#")[0])
    return value


def _payload(value: str) -> str:
    if blanks(value) - IN_LIMITS:
        raise ValueError(f"has a blank that is not known: {', '.join(f'<{name}>' for name in sorted(IN_LIMITS))} are")
    return value


def _make(value: str) -> str:
    names = [*DEVICES, GENERIC]
    if value not in names:
        raise ValueError(f"is no device that is known here; {did_you_mean(value, names)}")
    return value


Topic = Annotated[str, AfterValidator(_topic)]
PlaceName = Annotated[str, AfterValidator(_place)]
Payload = Annotated[str, StringConstraints(max_length=500), AfterValidator(_payload)]
UNITS = {"A": AMPERE, "dA": DECIAMPERE, "mA": MILLIAMPERE}


RESPONSE_MS = 6_000
"""Of a charger that knows our own topics."""


class WordsSettings(Section):
    """``[charger.words]``: how to speak to a charger that is none of ours, with ``device = "generic"``."""

    limit_topic: Topic = Field(examples=["shed/evse/limit/set"])
    limit_payload: Payload = Field(default="<amps>", examples=["<amps>"])
    pause_topic: Topic | None = Field(default=None, examples=["shed/evse/enable/set"])
    pause_payload: Payload = Field(default="0", examples=["0"])
    resume_payload: Payload | None = Field(default=None, examples=["1"])
    retain: bool = Field(default=False, examples=["false"])
    repeat_s: Annotated[float, BeforeValidator(number), Field(ge=0, le=3_600)] = Field(default=0, examples=[60])
    unit: Literal["A", "dA", "mA"] = Field(default="A", examples=["A"])
    echo: PlaceName | None = Field(default=None, examples=["shed/evse/state#limit"])
    currents: Annotated[tuple[PlaceName, ...], Field(max_length=3)] = Field(default=(), examples=['["shed/evse/state#i1"]'])
    restart_topic: Topic | None = Field(default=None, examples=["shed/evse/restart"])
    restart_payload: Payload = Field(default="", examples=["now"])

    @property
    def record(self) -> Device:
        """The same as one of our own records."""
        pause = self.pause_topic or self.limit_topic
        return Device(
            name=GENERIC,
            title="by the words of the configuration",
            charge=(Say(self.limit_topic, self.limit_payload, self.retain),),
            pause=(Say(pause, self.pause_payload, self.retain),),
            resume=() if self.resume_payload is None else (Say(pause, self.resume_payload, self.retain),),
            repeat_ms=round(self.repeat_s * 1000),
            echo=None if self.echo is None else self._value(self.echo),
            currents=tuple(self._value(current) for current in self.currents),
            restart=None if self.restart_topic is None else Say(self.restart_topic, self.restart_payload),
        )

    def _value(self, place: str) -> Value:
        topic, _, path = place.partition("#")
        return Value(topic, path, UNITS[self.unit])


class ChargerSettings(Section):
    """``[[charger]]``: currents are per phase; ``phases`` in the order of the charger's own L1, L2, L3."""

    name: Slug = Field(examples=["garage"])
    device: Annotated[str, AfterValidator(_make)] | None = Field(default=None, examples=["go-e"])
    device_id: Identity | None = Field(default=None, examples=["go-eCharger/123456"])
    words: WordsSettings | None = None
    raise_after_s: Annotated[Seconds, Field(le=3_600)] | None = Field(default=None, examples=[60])
    last_will: bool = Field(default=True, examples=["true"])
    phases: Annotated[tuple[PhaseName, ...], Field(min_length=1, max_length=3)] = Field(
        default=("L1", "L2", "L3"), examples=['["L1", "L2", "L3"]']
    )
    report_phases: Literal["house", "charger"] = Field(default="house", examples=["charger"])
    switches_to: Literal["one-phase", "any-phase"] | None = Field(default=None, examples=["one-phase"])
    circuit: Slug = Field(default="main", examples=["main"])
    min_a: Annotated[Amperes, Field(ge=6, le=80)] = Field(default=6, examples=[6])
    max_a: Annotated[Amperes, Field(ge=6, le=80)] = Field(default=16, examples=[16])
    step_a: Annotated[Amperes, Field(ge=0.1, le=10)] = Field(default=1, examples=[1])
    fallback_a: Amperes | None = Field(default=None, examples=[6])
    response_s: Seconds | None = Field(default=None, examples=[6])
    priority: Annotated[int, BeforeValidator(number), Field(ge=-100, le=100)] = Field(default=0, examples=[0])
    weight: Annotated[int, BeforeValidator(number), Field(ge=1, le=10)] = Field(default=1, examples=[1])
    failsafe: bool | None = Field(default=None, examples=["true"])
    failsafe_a: Annotated[Amperes, Field(ge=0, le=80)] | None = Field(default=None, examples=[6])

    @property
    def fallback(self) -> float:
        """Amperes while the meter is lost: the charger's own minimum unless configured."""
        return self.min_a if self.fallback_a is None else self.fallback_a

    @property
    def make(self) -> Device | None:
        """What it is, with what the configuration changes; None for a charger that knows our own topics."""
        record = self.words.record if self.words else DEVICES.get(self.device or "")
        if record is None or self.raise_after_s is None:
            return record
        return replace(record, raise_after_ms=round(self.raise_after_s * 1000))

    @property
    def restarts(self) -> bool:
        """Whether it can be told to restart: in its own words, or in ours, which a charger or an automation may follow."""
        return self.make is None or self.make.restart is not None or not self.make.needs_id

    @property
    def has_failsafe(self) -> bool:
        """Whether it lowers its limit by itself when it hears nothing: as configured, else as its make does."""
        if self.failsafe is not None:
            return self.failsafe
        return self.make is not None and self.make.failsafe_ma is not None

    @property
    def failsafe_ma(self) -> int | None:
        """What it takes then: as configured, else as its make does; None for its minimum."""
        if self.failsafe_a is not None:
            return round(self.failsafe_a * 1000)
        return self.make.failsafe_ma if self.make and self.has_failsafe else None

    @property
    def response_ms(self) -> int:
        """How long car and charger take to follow: as configured, else as its make does."""
        if self.response_s is not None:
            return round(self.response_s * 1000)
        return self.make.response_ms if self.make else RESPONSE_MS

    @model_validator(mode="after")
    def _speaks(self) -> Self:
        make = self.make
        if (self.device == GENERIC) != (self.words is not None):
            raise ValueError(f'must have device = "{GENERIC}" and a table [charger.words] together; write both, or neither')
        if make and make.needs_id and self.device_id is None:
            example = make.id_example or "shed"
            raise ValueError(f'has device {self.device} and no device_id; for example device_id = "{example}"')
        if make and self.switches_to and not make.switches:
            raise ValueError(f"has switches_to, but a {self.device} cannot be told to change its phases; leave switches_to out")
        if not make and (self.device_id or self.raise_after_s):
            raise ValueError("has a device_id or raise_after_s but no device; write the device, or leave them out")
        return self

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.max_a < self.min_a:
            raise ValueError(f"has max_a = {self.max_a:g} below min_a = {self.min_a:g}; raise max_a")
        if self.fallback and not self.min_a <= self.fallback <= self.max_a:
            raise ValueError(f"has fallback_a = {self.fallback:g}; write 0 (pause) or {self.min_a:g} to {self.max_a:g}")
        if self.failsafe_a is not None and not self.has_failsafe:
            raise ValueError("has failsafe_a but no failsafe; write failsafe = true, or leave failsafe_a out")
        if len(set(self.phases)) < len(self.phases):
            raise ValueError("names a phase twice in phases; write each line that it is wired to once")
        if self.switches_to and len(self.phases) < 3:
            raise ValueError(
                'has switches_to but fewer than three phases; leave switches_to out, or write phases = ["L1", "L2", "L3"]'
            )
        return self
