"""The keys of a meter that encrypts, on the command line and in the configuration: what is read with them, and what is never shown."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dlms import ciphering
from dlms.ciphering import Keys
from dlms.rejects import Reason
from han_gateway import cli
from han_gateway.commands.signs import Ear, Kind, kind_of
from han_gateway.commands.source import decoder
from han_gateway.commands.verdicts import verdict
from han_gateway.config.load import load, meter_at
from han_gateway.meters.forms import KAIFA_3P_LIST2
from han_gateway.meters.reading import Reading, clock_octets
from han_gateway.meters.software_meter import sealed, write
from tests.invented import framed, information
from tests.test_cli import HOUSE, ROOT, START

KEY, AUTHENTICATION_KEY, WRONG = "00" * 15 + "AB", "01" * 16, "99" * 16
KEYS = Keys(bytes.fromhex(KEY), bytes.fromhex(AUTHENTICATION_KEY))
TITLE = b"XYZ\x00\x00\x00\x00\x07"


def lists(count: int) -> list[bytes]:
    """Encrypted lists of a 4-wire meter, ten seconds apart."""
    return [
        framed(
            KAIFA_3P_LIST2,
            sealed(
                information(
                    write(
                        KAIFA_3P_LIST2,
                        Reading(
                            manufacturer="kaifa",
                            list=2,
                            list_id="KFM_001",
                            meter_type="MA304H4",
                            clock=clock_octets(START.replace(tzinfo=None, hour=18, minute=number // 6, second=10 * (number % 6))),
                            power_import_w=1_380,
                            current_l1_ma=2_000,
                            current_l2_ma=2_000,
                            current_l3_ma=2_000,
                            voltage_l1_mv=230_000,
                            voltage_l2_mv=230_000,
                            voltage_l3_mv=230_000,
                        ),
                    )
                ),
                KEYS,
                TITLE,
                number + 1,
            ),
        )
        for number in range(count)
    ]


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    """Two minutes of a meter that encrypts, in hex."""
    file = tmp_path / "evening.log"
    file.write_text("".join(frame.hex(" ").upper() + "\n" for frame in lists(12)))
    return file


@pytest.fixture
def options(tmp_path: Path) -> dict[str, list[str]]:
    """The options that name the right keys, the first of them alone, and a wrong one."""
    for name, key in (("a", KEY), ("b", AUTHENTICATION_KEY), ("c", WRONG)):
        (tmp_path / name).write_text(key + "\n")
    first = ["--key-file", str(tmp_path / "a")]
    return {
        "none": [],
        "one": first,
        "both": [*first, "--authentication-key-file", str(tmp_path / "b")],
        "wrong": ["--key-file", str(tmp_path / "c")],
        "wrong second": [*first, "--authentication-key-file", str(tmp_path / "c")],
    }


@pytest.mark.parametrize(
    ("which", "code", "words"),
    [
        ("none", 1, "12 encrypted)\nthe meter encrypts: ask the grid company for the key (--key-file)"),
        ("one", 0, "12 readings, 0 rejected"),
        ("both", 0, "12 readings, 0 rejected"),
        ("wrong", 1, "12 wrong_key)\nthe lists are whole but do not decrypt: check the key"),
        ("wrong second", 1, "or the second one if they do without --authentication-key-file"),
    ],
)
def test_decode_reads_what_the_key_opens(
    dump: Path, options: dict[str, list[str]], which: str, code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the key the lists are read, without or with another one nothing is, and stderr says why; no key is shown."""
    assert cli.main(["decode", *options[which], str(dump)]) == code
    shown = capsys.readouterr()

    assert words in shown.err
    assert len(shown.out.splitlines()) == (0 if code else 12)
    assert not any(key.lower() in (shown.out + shown.err).lower() for key in (KEY, AUTHENTICATION_KEY, WRONG))


def test_a_key_file_that_holds_none_is_78(dump: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The option, the file and the remedy are named, and the content is not."""
    (tmp_path / "a").write_text(KEY[1:])
    assert cli.main(["decode", "--key-file", str(tmp_path / "a"), str(dump)]) == 78
    told = capsys.readouterr().err
    assert f"--key-file: {tmp_path / 'a'} has 31 hex digits, not 32" in told
    assert "(Denmark: GPK60)" in told
    assert KEY[1:] not in told
    assert cli.main(["decode", "--authentication-key-file", str(tmp_path / "b"), str(dump)]) == 78
    assert cli.main(["decode", "--key-file", KEY, str(dump)]) == 78
    assert KEY not in capsys.readouterr().err


def test_replay_and_simulate_take_the_same_keys(
    dump: Path, options: dict[str, list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A recording of a meter that encrypts is replayed and played with, by the key of the configuration or of the command line."""
    house = tmp_path / "house.toml"
    house.write_text(HOUSE)
    replay = ["replay", str(dump), "--config", str(house)]
    assert cli.main(replay) == 1
    assert cli.main([*replay, *options["both"]]) == 0
    house.write_text(HOUSE.replace("[[charger]]", 'key_file = "a"\nauthentication_key_file = "b"\n[[charger]]'))
    assert cli.main(replay) == 0
    assert cli.main([*replay, *options["wrong"]]) == 1
    simulate = ["simulate", "--recording", str(dump), "--fuse", "25", "--charger", "3x16", "--json"]
    assert cli.main(simulate) == 1
    capsys.readouterr()
    assert cli.main([*simulate, *options["one"]]) == 0
    assert json.loads(capsys.readouterr().out)["lists"] == 12


def test_check_says_that_there_are_keys(
    options: dict[str, list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One key or two, by number and not by content."""
    assert options
    house = tmp_path / "house.toml"
    house.write_text(HOUSE.replace("[[charger]]", 'key_file = "a"\n[[charger]]'))
    assert cli.main(["check", "--config", str(house)]) == 0
    assert "8E1, with its key\n" in capsys.readouterr().out
    house.write_text(HOUSE.replace("[[charger]]", 'key_file = "a"\nauthentication_key_file = "b"\n[[charger]]'))
    assert cli.main(["check", "--config", str(house)]) == 0
    told = capsys.readouterr().out
    assert "8E1, with its keys\n" in told
    assert not any(key.lower() in told.lower() for key in (KEY, AUTHENTICATION_KEY))
    assert load(house).keys == KEYS


def test_the_decoder_of_the_daemon_has_the_keys() -> None:
    """What is configured is what the meter's lists are opened with."""
    meter = meter_at("/dev/null", 2400, "E")
    (item,) = decoder(meter, KEYS).feed(lists(1)[0])
    (other,) = decoder(meter).feed(lists(1)[0])
    assert isinstance(item, Reading)
    assert getattr(other, "reason", None) is Reason.ENCRYPTED


@pytest.mark.parametrize(
    ("keys", "kind", "words"),
    [
        (None, Kind.ENCRYPTED, "whole lists, but encrypted (system title 58595A0000000007)"),
        (KEYS, Kind.METER, "a meter that we read"),
        (Keys(bytes(16)), Kind.WRONG_KEY, f"whole encrypted lists that this key does not open ({ciphering.WRONG_KEY})"),
        (Keys(KEYS.encryption, bytes(16)), Kind.WRONG_KEY, f"does not open ({ciphering.WRONG_AUTHENTICATION_KEY})"),
    ],
)
def test_what_detect_says_of_a_meter_that_encrypts(keys: Keys | None, kind: Kind, words: str) -> None:
    """Without a key it is encrypted, with the right one it is a meter, with a wrong one that is said, and why."""
    ear = Ear(keys)
    for at, data in enumerate(lists(3)):
        ear.hear(at, data)
    evidence = ear.evidence()
    assert kind_of(evidence) is kind
    assert words in verdict(kind, evidence, seconds=16).what


LOADED = """
import sys
from dlms.ciphering import Keys
from han_gateway import daemon
from han_gateway.commands.source import decoder
from han_gateway.config.load import load, meter_at
from pathlib import Path
load(Path("config/gateway.example.toml"))
decoder(meter_at("/dev/null", 2400, "E")).feed(bytes.fromhex("{frame}"))
before = "cryptography" in sys.modules
decoder(meter_at("/dev/null", 2400, "E"), Keys(bytes(16))).feed(bytes.fromhex("{frame}"))
print(before, "cryptography" in sys.modules)
"""


def test_without_a_key_nothing_of_the_cipher_is_loaded() -> None:
    """The daemon loads the cipher with the first encrypted list under a key, and never without a key."""
    command: list[Any] = [sys.executable, "-c", LOADED.format(frame=lists(1)[0].hex())]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "False True\n"
