"""Secrets never stand in the configuration: they come from a credential of systemd, or from a file that the configuration names.

A file may be named on the command line as well. No secret is ever part of a message. This file must not know what a secret is good for.
"""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import SecretStr

from dlms.ciphering import KEY_SIZE, Keys
from han_gateway.config.meter import MeterSettings
from han_gateway.config.problems import ConfigError, Problem
from han_gateway.config.settings import Settings
from han_gateway.config.toml_file import TomlFile, first_bytes

LARGEST_SECRET = 4_096
"""Bytes."""
FORBIDDEN = "use sudo; to the service systemd hands it over (docs/install.md)"
SHORTEST_TOKEN = 16
"""Characters: nobody guesses that many over a network."""

_KEYS = {
    "key_file": ("meter-key", "encryption key", "GPK60"),
    "authentication_key_file": ("meter-authentication-key", "authentication key", "GPK61"),
}
"""The keys of a meter: the key of the configuration, systemd's credential, what it is, and what it is called in Denmark."""
_BETWEEN = re.compile(r"[\s:.-]+")  # how people group the digits
_MOST_OF_A_KEY = re.compile("[0-9A-Fa-f]{24}")  # with an 0x before it, or a digit lost, it is a secret all the same


def password(file: TomlFile, named: Path | None) -> SecretStr | None:
    """The password of the broker: systemd's credential ``mqtt-password``, or the file of that table."""
    return _secret(file, "mqtt", "password_file", "mqtt-password", named)


def page_token(file: TomlFile, named: Path | None) -> SecretStr | None:
    """The token of the page: systemd's credential ``page-token``, or the file of that table."""
    token = _secret(file, "page", "token_file", "page-token", named)
    if token is not None and len(token.get_secret_value()) < SHORTEST_TOKEN:
        what = f"holds a token of fewer than {SHORTEST_TOKEN} characters"
        remedy = "write a longer one into it: openssl rand -hex 16"
        raise ConfigError([Problem(file.where(("page", "token_file")), what, remedy)])
    return token


def meter_keys(file: TomlFile, meter: MeterSettings) -> Keys | None:
    """The keys of a meter that encrypts: systemd's credentials, or the files of that table; None where there is none."""
    named = {"key_file": meter.key_file, "authentication_key_file": meter.authentication_key_file}
    sources = {key: _source(file, credential, named[key]) for key, (credential, *_) in _KEYS.items()}
    return _keys(sources, {key: file.where(("meter", key)) for key in _KEYS})


def keys_in(key_file: Path | None, authentication_key_file: Path | None) -> Keys | None:
    """The same from files that the command line names."""
    options = {key: f"--{key.replace('_', '-')}" for key in _KEYS}
    return _keys({"key_file": key_file, "authentication_key_file": authentication_key_file}, options)


def exposed(file: TomlFile, settings: Settings) -> Iterator[str]:
    """What to say of files with a secret that everybody on this machine can read."""
    mqtt, meter = settings.mqtt, settings.meter
    named = {
        "password_file under [mqtt]": mqtt.password_file,
        "key_file under [mqtt]": mqtt.key_file,
        "key_file under [meter]": meter.key_file,
        "authentication_key_file under [meter]": meter.authentication_key_file,
        "token_file under [page]": settings.page.token_file,
    }
    for key, name in named.items():
        path = file.path.parent / name if name else None
        try:
            open_to_all = path is not None and path.stat().st_mode & stat.S_IROTH
        except OSError:  # systemd hands its content over, or an error says that it cannot be read
            open_to_all = False
        if open_to_all:
            yield f"{key} names a file that everybody on this machine can read; chmod 600 that file"


def _keys(sources: Mapping[str, Path | None], places: Mapping[str, str]) -> Keys | None:
    found = {key: None if source is None else _hex_key(key, source, places[key]) for key, source in sources.items()}
    encryption, authentication = found["key_file"], found["authentication_key_file"]
    if encryption is not None:
        return Keys(encryption, authentication)
    if authentication is None:
        return None
    what = "is an authentication key without an encryption key"
    raise ConfigError(
        [Problem(places["authentication_key_file"], what, f"name the file of that with {_last(places['key_file'])}")]
    )


def _hex_key(key: str, source: Path, where: str) -> bytes:
    """The key that stands in a file. Whoever wrote the key where the name of its file belongs must not find it in the log."""
    _, words, paper = _KEYS[key]
    if _MOST_OF_A_KEY.search(_BETWEEN.sub("", source.name)):
        what = f"is the {words} itself, not the name of a file"
        raise ConfigError([Problem(where, what, "write it into a file that only root can read, and name that")])
    text = _text(source, where, f"put the {words} alone into that file")
    digits = _BETWEEN.sub("", text).lower().removeprefix("0x")
    if _digits(digits) != 2 * KEY_SIZE:
        found = f"has {len(digits)} hex digits, not {2 * KEY_SIZE}" if _digits(digits) else f"is not {2 * KEY_SIZE} hex digits"
        what = f"{source} {found}: that is no {words}"
        remedy = f"write it as it stands on the paper of your grid company (Denmark: {paper})"
        raise ConfigError([Problem(where, what, remedy)])
    return bytes.fromhex(digits)


def _digits(text: str) -> int:
    """How many hex digits a text has that has nothing else; else 0."""
    bare = _BETWEEN.sub("", text)
    return len(bare) if re.fullmatch("[0-9A-Fa-f]+", bare) else 0


def _last(place: str) -> str:
    return place.rpartition(".")[2]


def _secret(file: TomlFile, table: str, key: str, credential: str, named: Path | None) -> SecretStr | None:
    source = _source(file, credential, named)
    alone = f"put the {credential.partition('-')[2]} alone into that file"
    return None if source is None else SecretStr(_text(source, file.where((table, key)), alone))


def _source(file: TomlFile, credential: str, named: Path | None) -> Path | None:
    """Where a secret is: systemd's credential before the file that is named, whose name is meant from the configuration's folder."""
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    given = Path(credentials, credential) if credentials else None
    if given is not None and given.exists():
        return given
    return file.path.parent / named if named else None


def _text(source: Path, where: str, remedy: str) -> str:
    try:
        # Windows begins text with a mark that nobody sees.
        return first_bytes(source, LARGEST_SECRET).decode("utf-8-sig").strip("\r\n")
    except (OSError, ValueError) as why:
        reason = (getattr(why, "strerror", None) or "not text").lower()
        remedy = FORBIDDEN if isinstance(why, PermissionError) else remedy
        raise ConfigError([Problem(where, f"{source} cannot be read ({reason})", remedy)]) from why
