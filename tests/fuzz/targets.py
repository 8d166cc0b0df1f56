"""Where bytes from outside enter, each as a function of bytes that raises when a promise is broken, and what a search may start from.

`tests/campaign/fuzz.py` searches with these, `test_targets.py` replays what was found. This file must not know how bytes are found.
"""

import io
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import pairwise, permutations
from pathlib import Path
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

from dlms import envelope, mbus, p1
from dlms.apdu import LLC
from dlms.hdlc import MAX_LENGTH, build, information_at
from dlms.rejects import Rejected
from dlms.sniffer import Sniffer
from han_gateway.adapters import dumps, store
from han_gateway.adapters.dumps import Kind
from han_gateway.adapters.dumps.payload import frames_of
from han_gateway.config.load import Config, load
from han_gateway.config.problems import ConfigError
from han_gateway.core.events import Asked, CapSaid, Overheard
from han_gateway.core.gateway import start
from han_gateway.core.site import CapRule, Circuit
from han_gateway.core.words import inbox, memory
from han_gateway.core.words.resume import Midst
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.reading import Reading
from han_gateway.meters.wrapping import TELEGRAMS, Header, Way, Wrapping, wrap
from tests.campaign._wires import alone, hdlc_frame, p1_telegram, telegram
from tests.core.houses import L2, charger, house

ROOT = Path(__file__).parent.parent.parent
FOUND = ROOT / "fixtures" / "hostile" / "found"
"""What a search once found to break a promise or to reach what no example reaches, in a folder for each target; kept for ever."""

SITE = replace(
    house(
        charger("garage", modes=(frozenset({L2}),)),
        charger("yard", [L2], counts_own=True),
        Circuit(name="barn", fuse_ma=16_000, parts=(), metered=True),
    ),
    power_cap=CapRule(default=8_000, least=2_000, most=17_000),
    line_cap=CapRule(default=20_000, least=10_000, most=25_000),
)
WRAPPINGS = (TELEGRAMS, Wrapping(Way.TELEGRAMS, 130), Wrapping(Way.SEGMENTS, 100), Wrapping(Way.BLOCKS, 100))
PLAIN = LLC + b"\x0f"
LONGEST = {mbus.START: mbus.MAX_LENGTH, p1.START: p1.MAX_LENGTH, envelope.START: envelope.MAX_LENGTH}
INLETS = tuple(inbox.inlets("han", SITE).values())
OSLO = ZoneInfo("Europe/Oslo")


class Target(NamedTuple):
    """A way in: what is promised of any bytes there, the promise as code, and examples of what is meant to come."""

    name: str
    promise: str
    try_: Callable[[bytes], None]
    seeds: Callable[[], Sequence[bytes]]


def feed(data: bytes) -> None:
    """Cut the stream by its first byte; the frames are those of the whole, and no longer than a frame may be."""
    size, stream = (data[0] or 1, data[1:]) if data else (1, b"")
    whole = Sniffer()
    cut = Sniffer()
    frames = [item for item in [*whole.feed(stream), *whole.close()] if isinstance(item, bytes)]
    pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
    same = [item for piece in pieces for item in cut.feed(piece)] + list(cut.close())
    assert [item for item in same if isinstance(item, bytes)] == frames
    assert all(len(frame) <= LONGEST.get(frame[:1], MAX_LENGTH) and information_at(frame) <= len(frame) for frame in frames)
    known, pieced = Decoder(), Decoder()
    assert _readings([*known.feed(stream), *known.close()]) == _readings(
        [item for piece in pieces for item in pieced.feed(piece)] + pieced.close()
    )


def read(data: bytes) -> None:
    """A message behind good checks, twice so that its layout is used, in every wrapping and without any: the same, no exceptions."""
    messages = data.split(b"\x7e\x7e")[:4]
    decoder = Decoder()
    for message in messages:
        frame = build(b"\x01", b"\x02\x01", 0x10, message[: MAX_LENGTH - 16])
        first, again = decoder.feed(frame), decoder.feed(frame)
        assert _readings(again) == _readings(first)
        _reading_or_reject(Decoder().message(message))
        for wrapping in WRAPPINGS if message.startswith(PLAIN) else ():
            fresh = Decoder()
            wrapped = fresh.feed(wrap(message[: MAX_LENGTH - 16], wrapping, Header(b"\x01", b"\x02\x01", 0x10)))
            assert _readings(wrapped + fresh.close()) == _readings(Decoder().feed(frame))


def _readings(items: Sequence[Reading | Rejected]) -> list[Reading]:
    return [item for item in items if isinstance(item, Reading)]


def _reading_or_reject(item: object) -> None:
    assert isinstance(item, Reading | Rejected)


def hear(data: bytes) -> None:
    """A message on one of our topics: an event of the named one, or refused in words without a byte of it."""
    inlet = INLETS[(data[0] if data else 0) % len(INLETS)]
    said = inbox.understood(SITE, inlet, data[1:], 1234)
    if isinstance(said, inbox.Refused):
        assert said.why.isprintable()
        assert len(said.why) < 200
    elif isinstance(said, Overheard):
        assert said.limit_ma is None or 0 <= said.limit_ma <= 1000 * inbox.MAX_CURRENT_A
    elif isinstance(said, Asked):
        assert said.id is None or inbox.ID.fullmatch(said.id)
        assert said.for_ms is None or 0 < said.for_ms <= 1000 * inbox.MAX_FOR_S
    elif not isinstance(said, CapSaid):
        assert all(value is None or 0 <= value <= 1000 * inbox.MAX_CURRENT_A for value in said.current_ma)


def configure(data: bytes) -> None:
    """A configuration file: a house, or an error whose lines are few, short and printable."""
    with _file(data) as path:
        config = _config_or_words(path)
    if isinstance(config, str):
        assert all(line.isprintable() and len(line) < 500 for line in config.splitlines())
        return
    for circuit in config.site.root.circuits():
        assert 0 <= circuit.margin_ma < circuit.fuse_ma


def _config_or_words(path: Path) -> Config | str:
    try:
        return load(path)
    except ConfigError as why:
        return str(why)


def dump(data: bytes) -> None:
    """A dump in any form: chunks whose instants never go back, and readings or rejects of them."""
    chunks = list(dumps.read(io.BytesIO(data)))
    instants = [arrived.at for arrived in dumps.timeline(chunks, OSLO) if arrived.at is not None]
    assert all(before <= after for before, after in pairwise(instants))
    decoder = Decoder()
    for chunk in chunks:
        for item in [decoder.message(chunk.data)] if chunk.kind is Kind.MESSAGE else decoder.feed(chunk.data):
            _reading_or_reject(item)


def publish(data: bytes) -> None:
    """A message of a device that publishes frames: no longer than it, the head of a body and one frame's wrapping; readings or rejects."""
    frames = frames_of(data)
    assert len(frames) <= len(data) + 6 + 11
    for item in Decoder().feed(frames):
        _reading_or_reject(item)


def remember(data: bytes) -> None:
    """A state file as it is, and its inside behind a good check sum: no memory, or one that survives being written."""
    with _file(data) as path, suppress(store.BrokenStateError):
        store.read(path)
    found = memory.understood(data)
    if found is None:
        return
    assert memory.understood(memory.worded(found)) == found
    for at in (0, found.at):
        begun = start(SITE, at)
        recalled = memory.recall(SITE, begun, found, at).chargers
        assert [view.grant for view in recalled] == [view.grant for view in begun.chargers]
        assert all(view.lines == view.charger.lines and view.started_at <= at for view in recalled)


@contextmanager
def _file(data: bytes) -> Iterator[Path]:
    """A file with these bytes, in memory where there is a file system for that, as many are made."""
    shared = Path("/dev/shm")  # noqa: S108 - the file gets a name of its own
    with tempfile.NamedTemporaryFile(prefix="han-fuzz-", dir=shared if shared.is_dir() else None) as file:
        file.write(data)
        file.flush()
        yield Path(file.name)


# --- what a search starts from: only what the software meter wrote, and our own examples ----------------------------------------------


def _recorded(pattern: str) -> Iterator[bytes]:
    for path in sorted((ROOT / "fixtures").glob(pattern)):
        with path.open("rb") as file:
            yield b"".join(chunk.data for chunk in dumps.read(file))


def _streams() -> list[bytes]:
    recorded = [stream[:600] for pattern in ("evening-*.han", "hostile/*.han") for stream in _recorded(pattern)]
    rng = Random(1)
    mixed = [b"".join(source(rng) for source in sources) for sources in permutations((hdlc_frame, telegram, p1_telegram))]
    mixed += [alone(rng) * 2]
    wrapped = [wrap(_messages()[-1], wrapping, Header(b"\x41", b"\x08\x83", 0x13)) for wrapping in WRAPPINGS]
    return [b"\x20" + stream for stream in (*recorded, *mixed, *wrapped)]


def _messages() -> list[bytes]:
    streams = (Sniffer().feed(stream[:4_000]) for stream in _recorded("evening-*.han"))
    found = {frame[information_at(frame) : -2] for frames in streams for frame in frames if isinstance(frame, bytes)}
    return sorted({len(message): message for message in found}.values())


def _words() -> list[bytes]:
    report = b'{"current_a":{"L1":9.87,"L2":0,"L3":null},"status":"charging","limit_a":10,"session_wh":1200}'
    reports = [bytes([number]) + report for number in range(3)]
    return [*reports, b"\x03none", b"\x034000", b"\x0416.5", b'\x00{"current_a":{"L1":1e400}}', b'\x01{"status":"idle"}']


def _configs() -> list[bytes]:
    example = (ROOT / "config" / "gateway.example.toml").read_bytes()
    bare = b"\n".join(line for line in example.splitlines() if line and not line.startswith(b"#"))
    return [example, bare]


def _dumps() -> list[bytes]:
    recordings = [path.read_bytes()[:3_000] for path in sorted((ROOT / "fixtures").glob("evening-*.han"))]
    stream = next(_recorded("evening-kaifa-tn.han"))[:400]
    spaced = stream.hex(" ").encode()
    lines = b"\n".join(b"2026-01-15 18:00:%02d " % second + spaced for second in range(3))
    return [*recordings, stream, spaced, lines, b"Received 20 bytes:\n" + spaced, b"/KFM5KAIFA\r\n1-0:1.8.0(1)\r\n!\r\n"]


def _published() -> list[bytes]:
    (frame, *_) = _streams()
    bare = _messages()[0]
    return [
        b"\x08\x9a\x02" + frame[1:300],
        frame[1:200].hex().encode(),
        b'{"data":"' + bare.hex().encode() + b'"}',
        bare,
        b"[126,160,42]",
    ]


def _memories() -> list[bytes]:
    midst = Midst(frozenset({L2}), 1, narrow=True, turn_ms=9)
    pasts = (memory.Past("garage", 12_000, 9_400_000, midst=midst), memory.Past("yard", None, 5))
    return [memory.worded(memory.Memory(1_768_495_380_000, 120_000, pasts)), b'{"at":0,"chargers":{}}']


TARGETS = {
    target.name: target
    for target in (
        Target("feed", "any bytes on the line: the same frames however they were cut", feed, _streams),
        Target("read", "any message behind good checks: a reading or a reject", read, _messages),
        Target("inbox", "any MQTT message: an event within bounds or a refusal", hear, _words),
        Target("config", "any configuration: a house, or few short lines", configure, _configs),
        Target("dumps", "any dump: chunks in order, readings or rejects", dump, _dumps),
        Target("publish", "any message of a device that publishes frames: readings or rejects", publish, _published),
        Target("state", "any state file: nothing, or a memory that makes nobody bolder", remember, _memories),
    )
}
