"""Campaign: no configuration, however crooked, can do worse than be refused in words that name the place.

    python -m tests.campaign.configurations [--seed N] [--fast | --count N]

*Mutants*: the example configurations with words, values, lines and tables changed, moved, doubled and lost, through ``config.load`` in this
process: a house, or a ConfigError of lines that each name a place. *Crooked*: files as people and accidents make them, through the real
command ``check``: exit 78, lines that name the place, no traceback, in bounded time and memory. ``--fast`` is 5 thousand mutants, without it
100 thousand, about 2 min; the crooked ones are always all.
"""

import os
import random
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from typing import NamedTuple

from han_gateway.config.load import load
from han_gateway.config.problems import SHOWN_AT_MOST, ConfigError
from tests.campaign._parts import Part, Tally, cpu_ms, parts, tried
from tests.campaign._promise import Promise, arguments, published, wanted

FAST, FULL = 5_000, 100_000
CASES_PER_PART = 250
SLOWEST_MS, SLOWEST_COMMAND_S, LARGEST_MIB = 500, 0.5, 64
"""CPU time of one mutant, and of the command with the start of Python; its memory."""
EXIT_CONFIG = 78

CONFIG = Path(__file__).parents[2] / "config"
EXAMPLES = tuple((CONFIG / name).read_text(encoding="utf-8") for name in ("gateway.example.toml", "minimal.toml"))
PLACE = re.compile(r"\.toml|^environment variable HAN_|^and \d+ more")
VALUES = (
    *(
        "nan",
        "inf",
        "-inf",
        "-1",
        "0",
        "1e400",
        "1e-9",
        '"25 A"',
        '""',
        "true",
        "[]",
        "{}",
        "[[]]",
        "[nan]",
        '"\\u0000"',
        '"\\uFFFF"',
    ),
    *(
        "9" * 30,
        "0x19",
        "1979-05-27T07:32:00Z",
        "25.0001",
        '"L1"',
        '["L1","L1"]',
        '["L9"]',
        '"main"',
        "'''\nx\n'''",
        '"' + "x" * 300 + '"',
    ),
    *('"a/b"', '"+"', '"#"', '"${HOME}"', '"../../etc/passwd"', "{ a = 1 }", "12_0", "-0.0", "16", "63", '"garage"', "1.5e3"),
)

HOUSE = '[site]\nname = "home"\ngrid = "TN"\nfuse_a = 25\n[meter]\nport = "/dev/ttyUSB0"\n'


# --- mutants ------------------------------------------------------------------------------------------------------------------------


def mutant(rng: random.Random) -> bytes:
    """An example with one to five things wrong with it."""
    lines = rng.choice(EXAMPLES).splitlines()
    for _ in range(rng.randint(1, 5)):
        rng.choice(EDITS)(lines, rng)
    data = "\n".join(lines).encode()
    if rng.random() < 0.1:
        at = rng.randrange(len(data) + 1)
        data = (
            data[:at]
            + rng.choice((rng.randbytes(2), b"\xff", b"\x00", b"\r", "\u2028".encode()))
            + data[at + rng.randint(0, 3) :]
        )
    return data


def _value(lines: list[str], rng: random.Random) -> None:
    """Another value, of any type; a key that was a comment becomes one."""
    keyed = [place for place, line in enumerate(lines) if "=" in line]
    if keyed:
        place = rng.choice(keyed)
        lines[place] = lines[place].split("=")[0].lstrip("# ") + "= " + rng.choice(VALUES)


def _key(lines: list[str], rng: random.Random) -> None:
    """A key with a letter more, less or another."""
    keyed = [place for place, line in enumerate(lines) if "=" in line and not line.startswith("#")]
    if keyed:
        place = rng.choice(keyed)
        key, _, value = lines[place].partition("=")
        at = rng.randrange(len(key))
        lines[place] = key[:at] + rng.choice(("", "x", "_", ".", "[", '"', " ")) + key[at + 1 :] + "=" + value


def _lost(lines: list[str], rng: random.Random) -> None:
    """Some lines are gone."""
    at = rng.randrange(len(lines) + 1)
    del lines[at : at + rng.randint(1, 4)]


def _moved(lines: list[str], rng: random.Random) -> None:
    """Some lines stand elsewhere, or twice."""
    at, to = rng.randrange(len(lines) + 1), rng.randrange(len(lines) + 1)
    lines[to:to] = lines[at : at + rng.randint(1, 12)]


def _table(lines: list[str], rng: random.Random) -> None:
    """A table that is none, or another, or comes again."""
    name = rng.choice(
        ("site", "meter", "mqtt", "policy", "caps", "metrics", "charger", "circuit", "x", "site.x", '"a b"', "charger.x")
    )
    header = rng.choice(
        (f"[{name}]", f"[[{name}]]", f"[{name}", f"{name} = 1", f"{name} = []", f"{name} = [[]]", f"{name}.y = {{}}")
    )
    lines.insert(rng.randrange(len(lines) + 1), header)


EDITS: tuple[Callable[[list[str], random.Random], None], ...] = (_value, _value, _value, _key, _lost, _moved, _table)


def refused_in_words(part: Part) -> Tally:
    """Any mutant is a house, or is refused in lines that each name a place."""
    rng, tally = random.Random(part.seed), Tally()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "house.toml")
        for _ in range(part.cases):
            data = mutant(rng)
            file.write_bytes(data)
            slowest_ms, wrong = 0.0, ""
            said: list[str] = []
            try:
                slowest_ms = cpu_ms(lambda: said.extend(_read(file)), SLOWEST_MS / 4)  # noqa: B023  called at once
                wrong = next((line for line in said if not (PLACE.search(line) and line.isprintable())), "")
            except Exception as error:  # noqa: BLE001  that nothing raises is the law
                wrong = repr(error)
            tally = tally.plus(Tally(1, bool(wrong), slowest_ms, f"{wrong!r} for {data[:2_000]!r}" if wrong else ""))
    return tally


def _read(file: Path) -> list[str]:
    """The lines with which a file is refused; none for a good house."""
    try:
        config = load(file)
    except ConfigError as why:
        return str(why).splitlines()
    return [str(problem) for problem in config.problems]


# --- crooked files ------------------------------------------------------------------------------------------------------------------


def circuits(*parents: tuple[str, str]) -> str:
    """A house with these circuits: names and parents."""
    return HOUSE + "".join(f'[[circuit]]\nname = "{name}"\nparent = "{parent}"\nfuse_a = 16\n' for name, parent in parents)


_CROOKED: dict[str, str | bytes] = {
    "empty": "",
    "10 MB of comments": b"# x\n" * 2_500_000,
    "10,000 chargers": HOUSE + "".join(f'[[charger]]\nname = "c{number}"\n' for number in range(10_000)),
    "1,000 chargers": HOUSE + "".join(f'[[charger]]\nname = "c{number}"\n' for number in range(1_000)),
    "1,000 fuses one below the other": circuits(*((f"c{n}", f"c{n - 1}" if n else "main") for n in range(1_000))),
    "60 fuses one below the other": circuits(*((f"c{n}", f"c{n - 1}" if n else "main") for n in range(60))),
    "a circle of fuses": circuits(("a", "b"), ("b", "a")),
    "a fuse below itself": circuits(("a", "a")),
    "two fuses of one name": circuits(("a", "main"), ("a", "main")),
    "a fuse called main": circuits(("main", "main")),
    "a fuse below nothing": circuits(("a", "nowhere")),
    "amperes as words": HOUSE.replace("25", '"25 A"'),
    "milliamperes": HOUSE.replace("25", "25000"),
    "the unit in another key": HOUSE.replace("fuse_a = 25", "fuse_ma = 25000"),
    "no number": HOUSE.replace("25", "nan"),
    "infinite": HOUSE.replace("25", "inf"),
    "negative": HOUSE.replace("25", "-25"),
    "true for a number": HOUSE.replace("25", "true"),
    "a number of 5,000 digits": HOUSE.replace("25", "9" * 5_000),
    "arrays without end": "x = " + "[" * 30_000,
    "a name with a wildcard": HOUSE.replace("home", "home/+/#"),
    "a name of 300 letters": HOUSE.replace("home", "h" * 300),
    "a key twice": HOUSE + 'port = "/dev/ttyUSB1"\n',
    "UTF-16": HOUSE.encode("utf-16"),
    "Latin-1": HOUSE.replace("home", "hytte på fjell").encode("latin-1"),
    "zeros": bytes(1_000),
    "a recording": b"7EA0270102010000108AE6E70009060100010700FF" * 100,
    "half a file": HOUSE[: len(HOUSE) // 2],
}
CROOKED = {name: text.encode() if isinstance(text, str) else text for name, text in _CROOKED.items()}


class Answer(NamedTuple):
    """What the command made of a file: exit code, what it said, CPU seconds, MiB."""

    code: int
    words: str
    cpu_s: float
    mib: float

    @property
    def good(self) -> bool:
        """Refused as it should be: in at most as many lines as are shown, each of which names a place."""
        lines = self.words.splitlines()
        in_words = 0 < len(lines) <= SHOWN_AT_MOST + 1 and all(PLACE.search(line) for line in lines)
        return self.code == EXIT_CONFIG and in_words and self.cpu_s <= SLOWEST_COMMAND_S and self.mib <= LARGEST_MIB


def checked(path: Path) -> Answer:
    """The real command on a file."""
    command = [sys.executable, "-m", "han_gateway", "check", "--config", str(path)]
    with Popen(command, stderr=PIPE, stdout=DEVNULL, cwd=CONFIG.parent) as process:
        words = process.stderr.read().decode(errors="replace") if process.stderr else ""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return Answer(process.returncode, words, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def least(path: Path) -> Answer:
    """The quickest of three, if the first was too slow: a busy machine is no slowness of ours."""
    first = checked(path)
    return first if first.cpu_s <= SLOWEST_COMMAND_S else min((first, checked(path), checked(path)), key=lambda each: each.cpu_s)


def crooked(folder: Path) -> Iterator[tuple[str, Path]]:
    """All crooked files, each in turn, and what is no file at all."""
    for name, content in CROOKED.items():
        file = folder / "house.toml"
        file.write_bytes(content)
        yield name, file
    (folder / "loop.toml").symlink_to("loop.toml")
    os.mkfifo(folder / "pipe.toml")
    (folder / "folder.toml").mkdir()
    (folder / "device.toml").symlink_to("/dev/zero")
    for name in ("loop", "pipe", "folder", "device", "missing"):
        yield name, folder / f"{name}.toml"


def commands() -> dict[str, Answer]:
    """What the command makes of each crooked file."""
    with tempfile.TemporaryDirectory() as folder:
        answers = {name: least(path) for name, path in crooked(Path(folder))}
    for name, answer in answers.items():
        if not answer.good:
            print(f"for example\n    {name}: {answer}")
    return answers


def main() -> int:
    """Run the campaign."""
    given = arguments("No configuration can do worse than be refused in words.", "mutants", FAST, FULL).parse_args()
    mutants = tried(refused_in_words, parts(str(given.seed), wanted(given), CASES_PER_PART))
    answers = commands()
    bad = sum(not answer.good for answer in answers.values())
    slowest_s, largest_mib = (max(getattr(each, name) for each in answers.values()) for name in ("cpu_s", "mib"))
    promise = Promise(
        "R-25",
        "a crooked configuration is refused in a line that names the place",
        f"exit {EXIT_CONFIG}, 0 tracebacks, {SLOWEST_MS / 1000:g} s and {LARGEST_MIB} MiB at most",
        f"{mutants.cases:,} mutants, {mutants.broken} not refused in words, slowest {mutants.slowest_ms / 1000:.3f} s; {len(answers)} crooked "
        f"files, {bad} not, slowest {slowest_s:.2f} s with the start of Python, {largest_mib:.0f} MiB",
        holds=not mutants.broken and mutants.slowest_ms <= SLOWEST_MS and not bad,
    )
    return published(given, [promise])


if __name__ == "__main__":
    sys.exit(main())
