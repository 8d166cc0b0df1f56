"""The end of `setup`: the file is tried before it is there, never overwritten unasked, and what comes next is said or done.

This file must not know what was asked.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from han_gateway.commands import answers
from han_gateway.commands.answers import Answers
from han_gateway.commands.questions import Asker, NoAnswerError
from han_gateway.commands.service import PLACE, hindrance, placed, run, steps
from han_gateway.config.charger import ChargerSettings
from han_gateway.config.load import load
from han_gateway.config.problems import ConfigError
from han_gateway.devices.makes import DEVICES

EXAMPLE_BASE = "han/home/chargers/CHARGER"
"""How the steps of a make name our own topics."""


def check_place(asker: Asker, out: Path) -> None:
    """Before anything is asked: can the file be written, and may it be? Raises NoAnswerError."""
    folder = out.resolve().parent
    if not folder.is_dir():
        if os.geteuid() != 0 or folder != PLACE:
            raise NoAnswerError(f"there is no folder {folder}: make it, or name another file with --out")
        folder.mkdir()
    if not os.access(folder, os.W_OK):
        raise NoAnswerError(f"{folder} cannot be written: use sudo, or name another file with --out")
    if out.exists():
        question = f"{out} is there already: overwrite it? (the old one is kept as {_old(out).name})"
        if not asker.agree(question, otherwise=False):
            raise NoAnswerError(f"{out} is there already: name another file with --out, or move it away")


def site_name(out: Path) -> str:
    """The name of the site: that of the file, where topics can have it."""
    return out.stem if re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,31}", out.stem) else "home"


def write(out: Path, found: Answers) -> tuple[Answers, str, tuple[str, ...]]:
    """Write it beside, try it, and only then give it its name: what it says, and of what `check` warns. Raises ConfigError."""
    secret, ca_file = _secret(out, found), _ca_file(out, found)
    if secret:
        found = found._replace(broker=found.broker._replace(password_file=str(secret), password=None))
    if ca_file:
        found = found._replace(broker=found.broker._replace(ca_file=ca_file.name))
    text = answers.toml(found, frozenset(ChargerSettings.model_fields))
    trial = out.with_name(f".{out.name}.new")
    trial.write_text(text, encoding="utf-8")
    try:
        warnings = _tried(trial)
    except ConfigError as why:
        for file in (trial, secret, ca_file):
            if file:
                file.unlink()
        raise ConfigError(
            each._replace(where=each.where.replace(str(trial), "what was answered")) for each in why.problems
        ) from why
    trial.chmod(0o644)  # the service is another user; no secret is in it
    if out.exists():
        out.replace(_old(out))
    trial.rename(out)
    return found, text, warnings


def _tried(trial: Path) -> tuple[str, ...]:
    """What `check` warns of. Raises ConfigError also where only a charger would be left out."""
    config = load(trial)
    if config.problems:
        raise ConfigError(config.problems)
    return config.warnings


def steps_at_chargers(found: Answers) -> Iterator[str]:
    """What their owner must do at the chargers, each make once."""
    names: dict[str, str] = {}
    for charger in found.chargers:
        names.setdefault(charger.device or "", charger.name)
    for make, name in names.items():
        device = DEVICES.get(make)
        if device is not None:
            yield f"at the charger ({device.title}):"
            yield from (f"  * {step.replace(EXAMPLE_BASE, f'han/{found.name}/chargers/{name}')}" for step in device.setup)
    for charger in found.chargers:
        if charger.device not in DEVICES:
            topic = f"han/{found.name}/chargers/{charger.name}/limit"
            yield f"at {charger.name}: it must take its limit from {topic} (docs/mqtt.md); if it is of a known make, name that (docs/chargers.md)"


def steps_here(found: Answers, out: Path, sudo: str) -> Iterator[str]:
    """What comes next on this machine: look at it, try a charger, begin, and see."""
    yield f"{sudo}han-gateway check --config {out}"
    if found.chargers:
        yield f"{sudo}han-gateway test-charger {found.chargers[0].name} 10 --config {out}      (with a car plugged in)"
    yield f"{sudo}han-gateway run --config {out}"
    yield "han-gateway status --watch      (or the page: http://127.0.0.1:9755/)"


def offer_service(asker: Asker, out: Path, found: Answers, *, wanted: bool) -> int:
    """Run the steps when they can be run and are wanted, else show them."""
    secret = found.broker.password_file
    password_file = Path(secret) if secret else None
    commands = steps(out.stem, password_file)
    why_not = hindrance(out, password_file)
    if why_not is None and (wanted or _agreed(asker)):
        failed = run(commands)
        if failed:
            asker.say(f"failed: {failed}\nnext:  mend that, then run the rest of `The service` in docs/install.md by hand")
            return 1
        asker.say(
            f"the service runs:  systemctl status han-gateway@{out.stem}\nits log:           journalctl -u han-gateway@{out.stem}"
        )
        return 0
    if wanted:
        asker.say(f"\nno service was installed: {why_not}")
    because = f" ({why_not})" if why_not and not wanted else ""
    asker.say(f"\nas a service that starts with the machine{because}:")
    ca_file = found.broker.ca_file
    beside = (ca_file,) if ca_file and not Path(ca_file).is_absolute() else ()
    for command in (*placed(out, *beside), *commands):
        asker.say(f"       {command}")
    return 1 if wanted else 0


def _agreed(asker: Asker) -> bool:
    """The file is there: whoever says no more has what he came for."""
    try:
        return asker.agree("Install it as a service that starts with the machine?", otherwise=False)
    except NoAnswerError:
        return False


def _secret(out: Path, found: Answers) -> Path | None:
    """A password that was typed, in a file of its own that only its owner can read."""
    if found.broker.password is None:
        return None
    file = out.resolve().with_name(f"{out.stem}.mqtt-password")
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        stream.write(f"{found.broker.password}\n")
    return file


def _ca_file(out: Path, found: Answers) -> Path | None:
    """The certificate of the CA beside the configuration, where it is not in a place that the service can read: homes are closed to it."""
    named = Path(found.broker.ca_file) if found.broker.ca_file else None
    file = out.resolve().with_name(f"{out.stem}.ca.pem")
    if named is None or named == file or (named.parts[1:2] in (("etc",), ("usr",)) and named.stat().st_mode & 0o004):
        return None
    file.write_bytes(named.read_bytes())
    file.chmod(0o644)
    return file


def _old(out: Path) -> Path:
    return out.with_name(f"{out.name}.old")
