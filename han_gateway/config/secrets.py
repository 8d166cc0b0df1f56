"""Secrets never stand in the configuration: they come from a credential of systemd, or from a file that the configuration names.

This file must not know what a secret is good for.
"""

import os
from pathlib import Path

from pydantic import SecretStr

from han_gateway.config.problems import ConfigError, Problem
from han_gateway.config.toml_file import TomlFile, first_bytes

LARGEST_SECRET = 4_096
"""Bytes."""
FORBIDDEN = "use sudo; to the service systemd hands it over (docs/install.md)"
SHORTEST_TOKEN = 16
"""Characters: nobody guesses that many over a network."""


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


def _secret(file: TomlFile, table: str, key: str, credential: str, named: Path | None) -> SecretStr | None:
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    source = Path(credentials, credential) if credentials else None
    if source is None or not source.exists():
        source = file.path.parent / named if named else None
    if source is None:
        return None
    try:
        return SecretStr(first_bytes(source, LARGEST_SECRET).decode().strip("\r\n"))
    except (OSError, ValueError) as why:
        reason = (getattr(why, "strerror", None) or "not text").lower()
        what = f"{source} cannot be read ({reason})"
        alone = f"put the {credential.partition('-')[2]} alone into that file"
        remedy = FORBIDDEN if isinstance(why, PermissionError) else alone
        raise ConfigError([Problem(file.where((table, key)), what, remedy)]) from why
