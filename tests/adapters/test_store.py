"""A file that is whole or not there: cut, flipped, filled up, killed and kept from being written, by the real file system."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from han_gateway.adapters import store
from han_gateway.adapters.store import BrokenStateError, read, set_aside, write
from han_gateway.core.words.memory import LARGEST, Memory, Past

ROOT = Path(__file__).parent.parent.parent
MEMORY = Memory(1_768_495_380_000, 34_000, (Past("garage", 14_000, 9_400_000), Past("yard")))
OTHER = MEMORY._replace(at=MEMORY.at + 900_000, patience_ms=0)

WRITER = """
import sys
from pathlib import Path
from han_gateway.adapters.store import write
from han_gateway.core.words.memory import Memory, Past
number = 0
while True:
    number += 1
    write(Path(sys.argv[1]), Memory(number, number, (Past("garage", number, number),) * (1 + number % 2 * 60)))
    print(number, flush=True)
"""

CRAMPED = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (20, 20))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a memory has been written."""
    path = tmp_path / store.NAME
    write(path, MEMORY)
    return path


def test_what_was_written_is_read(path: Path) -> None:
    """The last one that was written is the one; nothing else lies beside it."""
    assert read(path) == MEMORY
    write(path, OTHER)
    assert read(path) == OTHER
    assert list(path.parent.iterdir()) == [path]


def test_the_file_is_as_documented(path: Path) -> None:
    """One line of JSON, with a version and a check sum."""
    write(path, Memory(1_768_495_380_000, 0, (Past("garage", None, 9_400_000),)))
    assert path.read_text() == (
        '{"version":1,"crc32":"4b108078","memory":{"at":1768495380000,'
        '"chargers":{"garage":{"had_ua":9400000,"response_ms":null}},"patience_ms":0}}\n'
    )


def test_it_is_on_the_disk_before_it_has_its_name(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The content is forced out first, then it takes its name, then the name is forced out: a power cut finds the old or the new."""
    done: list[str] = []
    force, rename = os.fsync, Path.replace

    def fsync(number: int) -> None:
        done.append(Path(f"/proc/self/fd/{number}").readlink().name)
        force(number)

    def replace(self: Path, target: Path) -> Path:
        done.append(f"{self.name} is {target.name}")
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    write(path, OTHER)
    assert done == ["state.json.new", "state.json.new is state.json", path.parent.name]


def test_a_first_start_has_no_memory(tmp_path: Path) -> None:
    """No file and no folder are no trouble."""
    assert read(tmp_path / store.NAME) is None
    assert read(tmp_path / "nowhere" / store.NAME) is None


def test_a_file_that_is_cut_anywhere_is_broken(path: Path) -> None:
    """Whatever a power cut has left of it, it is no memory; so it is when zeros fill the rest."""
    whole = path.read_bytes()
    for length in range(len(whole)):
        for rest in (b"", b"\0" * (len(whole) - length)):
            path.write_bytes(whole[:length] + rest)
            with pytest.raises(BrokenStateError, match="damaged"):
                read(path)


def test_a_file_with_any_byte_flipped_is_broken(path: Path) -> None:
    """Every bit of every byte counts."""
    whole = path.read_bytes()
    for place in range(len(whole)):
        for bit in range(8):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :])
            with pytest.raises(BrokenStateError):
                read(path)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"x" * (LARGEST + 1), "larger than 65,536 bytes"),
        (b'{"version":2,"crc32":"00000000","memory":{}}\n', "another version"),
        (b'{"version":1,"crc32":"a505df1b","memory":{}}\n', "damaged"),
        (b"", "damaged"),
    ],
)
def test_what_is_no_memory_is_broken(path: Path, content: bytes, why: str) -> None:
    """Too large, of another version, or with a right check sum over nothing useful."""
    path.write_bytes(content)
    with pytest.raises(BrokenStateError, match=why):
        read(path)


def test_what_is_no_file_is_broken(tmp_path: Path) -> None:
    """A folder, a pipe that nobody writes into, a link to itself and a file as the folder are named, and nothing hangs."""
    folder, pipe, loop, below = (tmp_path / name for name in ("folder", "pipe", "loop", "pipe/state.json"))
    folder.mkdir()
    os.mkfifo(pipe)
    loop.symlink_to(loop)
    for path, why in ((folder, "not a file"), (pipe, "not a file"), (loop, "links"), (below, "not a directory")):
        with pytest.raises(BrokenStateError, match=why):
            read(path)


def test_what_lies_in_the_way_of_a_new_file_is_put_aside(path: Path, tmp_path: Path) -> None:
    """Half a file of a kill is replaced; a pipe there holds nobody up, and a link there leads nobody to another file."""
    other = tmp_path / "other"
    other.write_text("not ours")
    new = path.with_name(path.name + ".new")
    for put in (lambda: new.write_text("half"), lambda: os.mkfifo(new), lambda: new.symlink_to(other)):
        put()
        write(path, OTHER)
        assert read(path) == OTHER
    assert other.read_text() == "not ours"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_broken(path: Path) -> None:
    """One that belongs to somebody else is named as such."""
    path.chmod(0)
    with pytest.raises(BrokenStateError, match="permission"):
        read(path)


def test_a_broken_file_is_kept_aside(path: Path) -> None:
    """Under another name, in the place of an older one; what cannot be moved stays, and that is no error."""
    for content in (b"old", b"new"):
        path.write_bytes(content)
        aside = set_aside(path)
        assert aside == path.with_name("state.json.broken")
        assert aside.read_bytes() == content
        assert not path.exists()
    path.mkdir()
    assert set_aside(path) is None
    assert path.is_dir()


def test_a_kill_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    """A writer that never rests, killed fifty times at any moment: what it had finished is there, or the one after it."""
    path = tmp_path / store.NAME
    for kill in range(50):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            env={**os.environ, "COVERAGE_PROCESS_START": ""},
        )
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(0.0007 * kill)
        writer.send_signal(signal.SIGKILL)
        done = [1, *map(int, writer.stdout.read().split())][-1]
        writer.wait()
        writer.stdout.close()
        memory = read(path)
        assert memory is not None
        assert memory.at in (done, done + 1)


def test_a_file_that_cannot_grow_leaves_the_old_one(tmp_path: Path) -> None:
    """A write that ends in the middle is an error, and leaves neither half a file nor a new name."""
    path = tmp_path / store.NAME
    path.write_bytes(b"old")
    writer = subprocess.run([sys.executable, "-c", CRAMPED + WRITER, str(path)], cwd=ROOT, capture_output=True, check=False)
    assert b"OSError: [Errno 27] File too large" in writer.stderr
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount a file system")
def test_a_full_disk_leaves_the_old_one(tmp_path: Path) -> None:
    """A real file system without a byte left: an error, the old memory; with room again the new one is written."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", str(tmp_path)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no mounting here")
    try:
        path, ballast = tmp_path / store.NAME, tmp_path / "ballast"
        write(path, MEMORY)
        with pytest.raises(OSError, match="space"):
            ballast.write_bytes(b"x" * 100_000)
        with pytest.raises(OSError, match="space"):
            write(path, OTHER)
        assert read(path) == MEMORY
        ballast.unlink()
        write(path, OTHER)
        assert read(path) == OTHER
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


@pytest.mark.parametrize("name", ["state.json", "state.json.new", "nowhere/state.json"])
def test_what_cannot_be_written_is_an_error_of_the_disk(tmp_path: Path, name: str) -> None:
    """A folder in the way and a folder that is missing are OSError, and nothing else."""
    if "/" not in name:
        (tmp_path / name).mkdir()
    with pytest.raises(OSError, match=r"directory"):
        write(tmp_path / name.removesuffix(".new"), MEMORY)
