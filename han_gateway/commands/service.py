"""The steps of docs/install.md that make a configuration a service, to be shown or to be run.

This file must not know what is in the configuration.
"""

import os
import shlex
import subprocess
from pathlib import Path

PLACE = Path("/etc/han-gateway")
PROGRAM = Path("/opt/han-gateway/bin/han-gateway")
UNIT = Path("systemd/han-gateway@.service")


def steps(name: str, password_file: Path | None = None) -> list[str]:
    """The commands, as docs/install.md has them, for the configuration of this name; with a password systemd hands it over."""
    unit = f"han-gateway@{name}"
    folder = f"/etc/systemd/system/{unit}.service.d"
    credential = f"[Service]\\nLoadCredential=mqtt-password:{password_file}\\n"
    secrets = [f"sudo mkdir -p {folder}", f"printf '{credential}' | sudo tee {folder}/secrets.conf"] if password_file else []
    return [
        "sudo cp systemd/han-gateway.conf /etc/modules-load.d/",
        "sudo systemctl restart systemd-modules-load",
        "sudo cp systemd/han-gateway@.service /etc/systemd/system/",
        *secrets,
        "sudo systemctl daemon-reload",
        f"sudo systemctl enable --now {unit}",
    ]


def placed(config: Path, *beside: str) -> list[str]:
    """The commands that bring a configuration, and files beside it, to where the service reads them, as docs/install.md has them."""
    if config.resolve().parent == PLACE:
        return []
    files = (config, *(config.with_name(name) for name in beside))
    return [f"sudo mkdir -p {PLACE}", *(f"sudo cp {shlex.quote(str(file))} {PLACE}/{file.name}" for file in files)]


def hindrance(config: Path, password_file: Path | None = None) -> str | None:
    """Why the steps cannot be run from here, and what to do; None when they can."""
    hindrances = (
        (
            any(shlex.quote(name) != name for name in (config.name, str(password_file or "none"))),
            "give the files names of letters, digits, - and _ first: the service is called after the first of them",
        ),
        (config.resolve().parent != PLACE, f"its configuration has its place in {PLACE}"),
        (os.geteuid() != 0, "only root can install a service: run these"),
        (not Path("/run/systemd/system").is_dir(), "systemd does not run here: start han-gateway run in your own way"),
        (not PROGRAM.exists(), f"{PROGRAM} is not there: the first part of docs/install.md makes it"),
        (not UNIT.is_file(), "run these in the folder of the source, where systemd/ is"),
    )
    return next((words for hinders, words in hindrances if hinders), None)


def run(commands: list[str]) -> str | None:
    """Run the steps; the answer is the first one that failed, with what it said."""
    for command in commands:
        done = subprocess.run(["/bin/sh", "-c", command.replace("sudo ", "")], capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode != 0:
            return f"{command}: {(done.stderr or done.stdout).strip() or f'exit {done.returncode}'}"
    return None
