"""What is built from the repository: the packages that people install."""

import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from tests.house import ROOT

NOT_SOURCES = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", "dist")


def built(folder: Path, *, keep_times: bool) -> dict[str, str]:
    """Wheel and sdist of a copy of the repository as SHA-256, with the times of its files or with other times."""
    shutil.copytree(ROOT, folder, ignore=NOT_SOURCES, copy_function=shutil.copy2 if keep_times else shutil.copy)
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", "built"], cwd=folder, check=True, capture_output=True)
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in (folder / "built").iterdir()}


def test_the_same_files_give_the_same_build(tmp_path: Path) -> None:
    """Wheel and sdist are the same, byte for byte, wherever and whenever they are built from the same files."""
    here, there = built(tmp_path / "here", keep_times=True), built(tmp_path / "there", keep_times=False)

    assert len(here) == 2
    assert here == there
