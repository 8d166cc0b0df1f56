"""Searches one target with atheris, guided by the branches that each input reaches, until time is up or a promise is broken.

    python -m tests.fuzz.search TARGET FOLDER -max_total_time=SECONDS -seed=N

FOLDER holds what is worth trying again and grows. Needs atheris (locks/fuzz.txt). This file must not know what is promised.
"""

import sys
from pathlib import Path

import atheris

# Instruments what is imported for the first time: ours, and nothing of theirs.
with atheris.instrument_imports(include=["dlms", "han_gateway"], enable_loader_override=False):
    from tests.fuzz.targets import TARGETS


def main() -> None:
    """Hand over to libFuzzer, which ends the process."""
    name, folder, *options = sys.argv[1:]
    target = TARGETS[name]
    for number, seed in enumerate(target.seeds()):
        Path(folder, f"seed-{number:02}").write_bytes(seed)
    atheris.Setup([sys.argv[0], folder, *options], target.try_)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
