"""Recordings keep every byte with its instant, and trouble with the disk never reaches the one who records."""

import errno
import io
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from han_gateway.adapters.recording import (
    KINDS,
    RETRY_MS,
    TITLE,
    Arrived,
    Kind,
    Recorded,
    Recorder,
    Remembered,
    Said,
    Started,
    WayChanged,
    append,
    instant_from_iso,
    iso_from_instant,
    read_recording,
)

START = 1_768_496_400_000  # 2026-01-15T17:00:00Z
INSTANTS = st.integers(min_value=0, max_value=4_102_444_800_000)
SLUGS = st.from_regex(r"[a-z][a-z0-9-]{0,12}", fullmatch=True)
Entry = Arrived | Remembered | Said | WayChanged
ENTRIES = st.one_of(
    st.builds(WayChanged, INSTANTS, st.sampled_from(["source", "broker"]), st.booleans()),
    st.builds(Remembered, INSTANTS, st.binary(max_size=64)),
    st.builds(Arrived, INSTANTS, st.binary(min_size=1, max_size=64), st.just(Kind.STREAM)),
    st.builds(
        Said, INSTANTS, st.sampled_from(KINDS), SLUGS, st.one_of(st.binary(max_size=64), st.text(max_size=64).map(str.encode))
    ),
)


class Disk(io.BytesIO):
    """A file on a disk that can be full, or take only a part of a line."""

    def __init__(self) -> None:
        super().__init__()
        self.room = 1 << 30
        self.refusals = 0

    def write(self, data: object, /) -> int:
        """Write what there is room for; nothing at all is an error."""
        line = bytes(data)  # type: ignore[call-overload]
        if self.room <= 0:
            self.refusals += 1
            raise OSError(errno.ENOSPC, "No space left on device")
        part: bytes = line[: self.room]
        self.room -= len(part)
        return super().write(part)


def write_all(recorder: Recorder, entries: list[Entry]) -> None:
    """Record what a run would have recorded."""
    for entry in entries:
        if isinstance(entry, Arrived):
            assert entry.at is not None
            recorder.arrived(entry.at, entry.data)
        elif isinstance(entry, WayChanged):
            recorder.way(entry.at, entry.way, entry.connected)
        elif isinstance(entry, Remembered):
            recorder.remembered(entry.at, entry.payload)
        else:
            recorder.said(entry.at, entry.kind, entry.name, entry.payload)


def read_back(content: bytes) -> list[Recorded]:
    """Read a whole recording."""
    return list(read_recording(io.BytesIO(content)))


@given(st.lists(ENTRIES, max_size=20))
@example(
    [Said(START, "charger", "garage", payload) for payload in (b"hex 00", b"", b" {} ", b"{\r\n}", b"\xff", "\u2028".encode())]
)
def test_reading_is_the_inverse_of_writing(entries: list[Entry]) -> None:
    """What was recorded comes back as it was, in order, whatever bytes a charger publishes."""
    file = io.BytesIO()
    recorder = Recorder(file, START)
    write_all(recorder, entries)
    assert read_back(file.getvalue()) == [Started(START), *entries]
    assert recorder.failed is None


@given(INSTANTS)
def test_instants_print_without_loss(at: int) -> None:
    """An instant survives being written as an ISO time, to the millisecond."""
    assert instant_from_iso(iso_from_instant(at)) == at


def test_the_file_is_as_documented() -> None:
    """The lines are those that people are told to expect: times in UTC, hex in capitals, JSON as it came."""
    file = io.BytesIO()
    recorder = Recorder(file, START)
    recorder.arrived(START + 123, b"\x7e\xa0")
    recorder.said(START + 500, "charger", "garage", b'{"status":"charging"}')
    assert file.getvalue().decode().splitlines() == [
        "# han-gateway recording 1, started 2026-01-15T17:00:00.000Z",
        "2026-01-15T17:00:00.123Z 7EA0",
        '2026-01-15T17:00:00.500Z charger garage {"status":"charging"}',
    ]


def test_another_zone_is_the_same_instant() -> None:
    """A time is read with the zone it names, and one without a zone is refused."""
    assert instant_from_iso("2026-01-15T18:00:00.123+01:00") == START + 123
    with pytest.raises(ValueError, match="zone"):
        instant_from_iso("2026-01-15T18:00:00")


@given(st.lists(ENTRIES, min_size=1, max_size=8), st.data())
def test_a_power_cut_costs_at_most_the_last_line(entries: list[Entry], data: st.DataObject) -> None:
    """A file cut off anywhere still gives all lines before the cut, and the next run's lines after it."""
    file = io.BytesIO()
    write_all(Recorder(file, START), entries)
    whole = file.getvalue()
    cut = data.draw(st.integers(min_value=len(TITLE) + 24, max_value=len(whole)))
    rest = io.BytesIO()
    rest.write(whole[:cut])
    Recorder(rest, START + 1).arrived(START + 2, b"\x7e")
    *before, second, last = read_back(rest.getvalue())
    kept = whole[:cut].count(b"\n")
    assert before[:kept] == [Started(START), *entries][:kept]
    assert len(before) <= kept + 1
    assert (second, last) == (Started(START + 1), Arrived(START + 2, b"\x7e"))


def test_zeros_left_by_a_power_cut_are_passed_over() -> None:
    """Blocks that the file system filled with zeros hide no line behind them."""
    line = b"2026-01-15T17:00:00.000Z 7EA0\n"
    assert read_back(line + b"\0" * 4096 + line) == [Arrived(START, b"\x7e\xa0")] * 2


@given(st.binary(max_size=300))
def test_reading_never_raises(content: bytes) -> None:
    """Whatever is in the file, reading gives what can be read and nothing else."""
    read_back(content)
    read_back(TITLE + content)


def test_times_outside_the_calendar_are_passed_over() -> None:
    """A time whose UTC lies in the year 10000 is a broken line, not a traceback."""
    assert read_back(b"9999-12-31T23:59:59-23:59 7E\n0001-01-01T00:00:00+23:59 7E\n") == []


def test_a_full_disk_is_a_state_and_not_an_exception() -> None:
    """While the disk is full nothing is raised, the lost lines are counted, and the disk is left alone between attempts."""
    disk = Disk()
    recorder = Recorder(disk, START)
    disk.room = 0
    for second in range(5):
        recorder.arrived(START + 1000 * second, b"\x01")
    assert recorder.failed is not None
    assert recorder.failed.errno == errno.ENOSPC
    assert recorder.lost == 5
    assert disk.refusals == 1


def test_recording_goes_on_when_there_is_room_again() -> None:
    """After the pause the file is tried again and says what is missing; a line torn by the full disk does not spoil the next."""
    disk = Disk()
    recorder = Recorder(disk, START)
    disk.room = 10
    recorder.arrived(START, b"\x01\x02\x03")
    disk.room = 1 << 20
    recorder.arrived(START + RETRY_MS - 1, b"\x04")
    assert (recorder.failed is None, recorder.lost) == (False, 2)
    recorder.arrived(START + RETRY_MS, b"\x05")
    assert (recorder.failed is None, recorder.lost) == (True, 2)
    assert read_back(disk.getvalue()) == [Started(START), Arrived(START + RETRY_MS, b"\x05")]
    assert b"# 2 lines are missing here\n" in disk.getvalue()


def test_a_file_that_is_gone_is_a_state_too() -> None:
    """Trouble on closing (a network disk) is kept, and what has no position can be recorded to as well."""

    class Pipe(io.BytesIO):
        def tell(self) -> int:
            raise OSError(errno.ESPIPE, "Illegal seek")

        def close(self) -> None:
            raise OSError(errno.EIO, "Input/output error")

    pipe = Pipe()
    recorder = Recorder(pipe, START)
    assert read_back(pipe.getvalue()) == [Started(START)]
    recorder.close()
    assert recorder.failed is not None
    io.BytesIO.close(pipe)


def test_a_full_device_is_survived() -> None:
    """The same on a real file that is always full."""
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full")
    recorder = append(full, START)
    recorder.arrived(START, b"\x01")
    recorder.close()
    assert recorder.lost == 2
    assert isinstance(recorder.failed, OSError)


def test_a_second_run_appends(tmp_path: Path) -> None:
    """A new run goes on in the same file under its own heading."""
    path = tmp_path / "house.rec"
    for start in (START, START + 60_000):
        recorder = append(path, start)
        recorder.arrived(start + 1, b"\x7e")
        recorder.close()
    assert read_back(path.read_bytes()) == [
        Started(START),
        Arrived(START + 1, b"\x7e"),
        Started(START + 60_000),
        Arrived(START + 60_001, b"\x7e"),
    ]


def test_each_line_is_on_the_disk_at_once(tmp_path: Path) -> None:
    """Nothing waits in a buffer: what was recorded can be read while the run goes on."""
    path = tmp_path / "house.rec"
    recorder = append(path, START)
    recorder.arrived(START, b"\x7e")
    assert read_back(path.read_bytes()) == [Started(START), Arrived(START, b"\x7e")]
    recorder.close()
