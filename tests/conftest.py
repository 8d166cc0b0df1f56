"""What all tests share: the tools they may ask for, and how randomness behaves. It must not know any module under test."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

from tests import certificates as made
from tests import chromium, systemd

ROOT = Path(__file__).parent.parent
RECORDINGS = ROOT.parent / "shared" / "recordings"
HOME_ASSISTANT = Path(os.environ.get("HOMEASSISTANT_PYTHON", ROOT / ".venv-homeassistant" / "bin" / "python"))

# No deadlines: a slow machine is not a defect. In CI the same examples each time: new ones are the campaigns' work.
settings.register_profile("house", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "house")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skips what this machine cannot run, saying what is missing."""
    absent = {
        "broker": None if shutil.which("mosquitto") else "no mosquitto on PATH",
        "browser": None if chromium.PROGRAM else "no chromium on PATH",
        "homeassistant": None if HOME_ASSISTANT.exists() else "no Home Assistant; scripts/setup-homeassistant brings one",
        "promtool": None if shutil.which("promtool") else "no promtool on PATH (Debian: apt-get install prometheus)",
        "recordings": None if RECORDINGS.is_dir() else "no ../shared/recordings",
        "systemd": systemd.missing() if any(item.get_closest_marker("systemd") for item in items) else None,
    }
    for item in items:
        for marker, reason in absent.items():
            if reason and item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of captured frames; a test that asks for it is skipped where it is not."""
    if not RECORDINGS.is_dir():
        pytest.skip("no ../shared/recordings")
    return RECORDINGS


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of ``tests/certificates.py``."""
    return made.make(tmp_path_factory.mktemp("tls"))
