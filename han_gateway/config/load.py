"""From one TOML file to a house: the only room that reads the configuration.

``load`` gives a ``Config`` or raises one ``ConfigError`` that lists every problem. A charger that is wrong is left out and named in
``Config.problems``, so that the rest stays protected. This file must not know what the house does with its figures.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_settings import SettingsError

from dlms.ciphering import Keys
from han_gateway.config.advice import advice, crowded
from han_gateway.config.charger import ChargerSettings, WordsSettings
from han_gateway.config.circuits import ROOT, tree
from han_gateway.config.environment import stray_variables
from han_gateway.config.house import link_of, policy_of
from han_gateway.config.meter import MeterSettings
from han_gateway.config.neighbours import AmsreaderSettings, HomeAssistantSettings
from han_gateway.config.problems import ConfigError, Problem, did_you_mean, from_record
from han_gateway.config.secrets import exposed, meter_keys, page_token, password
from han_gateway.config.settings import CircuitSettings, MqttSettings, Settings
from han_gateway.config.toml_file import ENVIRONMENT, Place, TomlFile, read_toml
from han_gateway.config.web import MetricsSettings, PageSettings
from han_gateway.core.site import Grid, Site
from han_gateway.devices.link import Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What the commands need: the house, the ways in and out, and what is not as it should be."""

    site: Site
    meter: MeterSettings
    mqtt: MqttSettings
    metrics: MetricsSettings
    page: PageSettings
    homeassistant: HomeAssistantSettings
    amsreader: AmsreaderSettings
    links: tuple[Link, ...] = ()  # chargers with topics of their own
    password: SecretStr | None = None
    keys: Keys | None = None  # of a meter that encrypts
    page_token: SecretStr | None = None  # without one nothing can be said on the page
    state_dir: Path | None = None  # where what was learned outlives a restart
    problems: tuple[Problem, ...] = ()  # chargers that were left out
    warnings: tuple[str, ...] = ()


def load(path: Path) -> Config:
    """Read the configuration. Raises ConfigError with every problem when there is no house to protect in it."""
    file = read_toml(path)
    settings = _settings(file)
    chargers, problems = _chargers(file, settings)
    root = tree(file, settings, chargers)
    site = Site(
        name=settings.site.name,
        grid=Grid(settings.site.grid),
        root=root,
        policy=policy_of(settings.policy),
        power_cap=settings.caps.power,
        line_cap=settings.caps.line,
    )
    links = tuple(link for charger in chargers if (link := link_of(charger, site, settings.mqtt.prefix)))
    return Config(
        site=site,
        links=links,
        meter=settings.meter,
        mqtt=_beside(path, settings.mqtt),
        metrics=settings.metrics,
        page=settings.page,
        homeassistant=settings.homeassistant,
        amsreader=settings.amsreader,
        password=password(file, settings.mqtt.password_file),
        keys=meter_keys(file, settings.meter),
        page_token=page_token(file, settings.page.token_file),
        state_dir=_state_dir(path, settings.site.state_dir),
        problems=tuple(problems),
        warnings=(
            *stray_variables(),
            *_forgetful(path, settings.site.state_dir),
            *exposed(file, settings),
            *advice(site, links, left_out=bool(problems), ct_ratio=settings.meter.ct_ratio),
            *crowded(settings.mqtt.prefix, site, links, _neighbours(settings), settings.meter.topic),
        ),
    )


def _neighbours(settings: Settings) -> dict[str, str]:
    """Where our neighbours have their topics, by the key that says so."""
    told = {"[amsreader] topic": settings.amsreader.topic} if settings.amsreader.topic else {}
    return told | ({"[homeassistant] prefix": settings.homeassistant.prefix} if settings.homeassistant.enabled else {})


METER_REMEDIES = {
    "port": "for example --port /dev/ttyUSB0; han-gateway detect finds it",
    "baud": "for example --baud 2400; han-gateway detect finds it",
}


def meter_at(port: str, baud: int, parity: str) -> MeterSettings:
    """A meter that is named on the command line instead of in a file. Raises ConfigError."""
    try:
        return MeterSettings.model_validate({"port": port, "baud": baud, "parity": parity})
    except ValidationError as why:
        raise ConfigError(_option_problem(str(error["loc"][0]), error) for error in why.errors()) from why


def _option_problem(option: str, error: Mapping[str, Any]) -> Problem:
    return from_record(f"--{option}", error, {})._replace(remedy=METER_REMEDIES.get(option, ""))


def _settings(file: TomlFile) -> Settings:
    try:
        return Settings(**file.document)
    except ValidationError as why:
        found = file.document.get("charger")
        tables = found if isinstance(found, list) else []
        beside = [problem for number, table in enumerate(tables) for problem in _read_charger(file, number, table)[1]]
        raise ConfigError([*(_problem(file, Settings, (), error) for error in _errors(why)), *beside]) from why
    except SettingsError as why:
        found = re.search(r'field "(\w+)"', str(why))
        where = f"environment variable {ENVIRONMENT}{found[1].upper() if found else '...'}"
        raise ConfigError([Problem(where, "is not JSON", "tables of chargers are better written in the file")]) from why


def _problem(file: TomlFile, model: type[BaseModel], base: Place, error: Mapping[str, Any]) -> Problem:
    """One pydantic error at its place in the file."""
    place = (*base, *error["loc"])
    homes = tuple(_homes(str(place[-1]))) if place else ()
    return from_record(file.where(place), error, _examples(model, error["loc"]), homes)


def _errors(why: ValidationError) -> Iterator[Mapping[str, Any]]:
    """Its records; a list whose one entry is wrong is not empty as well, although pydantic says so."""
    errors = why.errors()
    inside = {error["loc"][:-1] for error in errors}
    yield from (error for error in errors if error["type"] != "too_short" or error["loc"] not in inside)


def _homes(key: str) -> Iterator[str]:
    """The tables that have this key, as they are written."""
    for name, field in Settings.model_fields.items():
        table = field.annotation
        if isinstance(table, type) and issubclass(table, BaseModel) and key in table.model_fields:
            yield f"[{name}]"
    for name, record in (("[[circuit]]", CircuitSettings), ("[[charger]]", ChargerSettings), ("[charger.words]", WordsSettings)):
        if key in record.model_fields:
            yield name


def _examples(model: type[BaseModel], place: Place) -> dict[str, Any]:
    """The keys known around ``place`` with an example value each; a table has Ellipsis."""
    for part in place[:-1]:
        if isinstance(part, str) and part in model.model_fields:
            annotation = model.model_fields[part].annotation
            inner = [kind for kind in (annotation, *getattr(annotation, "__args__", ())) if isinstance(kind, type)]
            model = next((kind for kind in inner if issubclass(kind, BaseModel)), model)
    return {key: field.examples[0] if field.examples else Ellipsis for key, field in model.model_fields.items()}


def _chargers(file: TomlFile, settings: Settings) -> tuple[list[ChargerSettings], list[Problem]]:
    """The good chargers, and what is wrong with the others."""
    good: list[ChargerSettings] = []
    problems: list[Problem] = []
    circuits = [ROOT, *(circuit.name for circuit in settings.circuit)]
    for number, table in enumerate(settings.charger):
        charger, wrong = _read_charger(file, number, table)
        if charger:
            wrong += _misfits(file, number, charger, settings.site.grid, circuits, good)
        problems += wrong
        good += [charger] if charger and not wrong else []
    return good, problems


def _read_charger(file: TomlFile, number: int, table: Mapping[str, Any]) -> tuple[ChargerSettings | None, list[Problem]]:
    try:
        return ChargerSettings.model_validate(table), []
    except ValidationError as why:
        return None, [_problem(file, ChargerSettings, ("charger", number), error) for error in _errors(why)]


def _misfits(
    file: TomlFile, number: int, charger: ChargerSettings, grid: str, circuits: Sequence[str], others: Sequence[ChargerSettings]
) -> Iterator[Problem]:
    """What is wrong with a charger in this house, although each of its keys is well-formed."""

    def at(key: str) -> str:
        return file.where(("charger", number, key))

    if any(charger.name == other.name for other in others):
        yield Problem(at("name"), f"{charger.name!r} is the name of another charger", "give each its own name")
    if charger.device_id and any((charger.device, charger.device_id) == (other.device, other.device_id) for other in others):
        yield Problem(at("device_id"), f"{charger.device_id!r} is another charger of this file", "give each its own")
    if charger.circuit not in circuits:
        yield Problem(at("circuit"), f"there is no circuit {charger.circuit!r}", did_you_mean(charger.circuit, circuits))
    if len(charger.phases) == 1 and Grid(grid).three_wire:
        what = f"one line carries no current alone: in a house on {grid} a 1-phase charger sits between two lines"
        yield Problem(at("phases"), what, 'for example phases = ["L1", "L3"]')


def _beside(path: Path, mqtt: MqttSettings) -> MqttSettings:
    """File names that are not absolute are meant from the configuration's folder."""
    files = {key: getattr(mqtt, key) for key in ("ca_file", "cert_file", "key_file")}
    return mqtt.model_copy(update={key: path.parent / name for key, name in files.items() if name})


def _state_dir(path: Path, named: Path | None) -> Path | None:
    """The folder that the configuration names, else the (first) one that systemd gives the service (systemd.exec(5)), else none."""
    given = os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    return path.parent / named if named else Path(given) if given else None


def _forgetful(path: Path, named: Path | None) -> Iterator[str]:
    """A folder for what is learned that is named and not there. One that we may not look into is the service's business."""
    try:
        there = named is None or (path.parent / named).is_dir()
    except OSError:
        there = True
    if not there:
        yield f"state_dir {named} under [site] is no folder that is there: what is learned, and a pause, are forgotten with a restart; make it"
