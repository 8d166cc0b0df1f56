"""The configuration: what is good becomes a house, what is not becomes one line that names place and remedy."""

import json
import os
from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import pytest

from dlms.ciphering import Keys
from han_gateway.config.charger import ChargerSettings, WordsSettings
from han_gateway.config.load import Config, load
from han_gateway.config.problems import SHOWN_AT_MOST, ConfigError
from han_gateway.config.settings import CircuitSettings, Settings
from han_gateway.core.site import CapRule, Circuit, Grid
from han_gateway.core.units import Line
from han_gateway.devices.hear import Heard, hear
from han_gateway.devices.link import values_of
from han_gateway.meters.reading import ClockRule

EXAMPLES = Path(__file__).parent.parent / "config"

HOUSE = """[site]
name = "home"
grid = "TN"
fuse_a = 25
[meter]
port = "/dev/ttyUSB0"
"""

CHARGER = """[[charger]]
name = "garage"
failsafe = true
"""


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)


def loaded(folder: Path, text: str) -> Config:
    """The configuration that ``text`` makes."""
    file = folder / "house.toml"
    file.write_text(text)
    return load(file)


def problems(folder: Path, text: str) -> list[str]:
    """The lines that an unusable configuration is refused with."""
    with pytest.raises(ConfigError) as refused:
        loaded(folder, text)
    return str(refused.value).splitlines()


@pytest.mark.parametrize(
    ("port", "topic", "tcp"),
    [
        ("/dev/ttyUSB0", None, None),
        ("tcp:pi.lan:2001", None, ("pi.lan", 2001)),
        ("mqtt:pulse/frames", "pulse/frames", None),
        ("mqtt:/tibber pulse/1", "/tibber pulse/1", None),
    ],
)
def test_the_ways_to_a_meter(tmp_path: Path, port: str, topic: str | None, tcp: tuple[str, int] | None) -> None:
    """A device, a network address and a topic are told apart by how they begin."""
    meter = loaded(tmp_path, HOUSE.replace("/dev/ttyUSB0", port)).meter
    assert (meter.port, meter.topic, meter.tcp) == (port, topic, tcp)


def test_ten_lines_make_a_house_with_one_charger() -> None:
    """The minimal file has at most eleven lines, loads without a problem or a warning, and protects one charger."""
    file = EXAMPLES / "minimal.toml"
    config = load(file)
    assert len(file.read_text().splitlines()) <= 11
    assert (config.problems, config.warnings) == ((), ())
    (charger,) = config.site.chargers
    assert charger.lines == frozenset(Line)


def test_the_example_shows_every_key_and_loads() -> None:
    """The example file names every key that exists, and is a good configuration."""
    file = EXAMPLES / "gateway.example.toml"
    config = load(file)
    assert (config.problems, config.warnings) == ((), ())
    text = file.read_text()
    for name, field in Settings.model_fields.items():
        for key in getattr(field.annotation, "model_fields", {}):
            assert f"\n{key} = " in text or f"\n# {key} = " in text, f"{name}.{key}"
    assert "\n[charger.words]" in text
    for key in (*CircuitSettings.model_fields, *(ChargerSettings.model_fields.keys() - {"words"}), *WordsSettings.model_fields):
        assert f"\n{key} = " in text or f"\n# {key} = " in text, key


@pytest.mark.parametrize("order", list(permutations(("L1", "L2", "L3"))))
def test_phases_are_named_in_the_order_of_the_charger(tmp_path: Path, order: tuple[str, ...]) -> None:
    """Any of the six ways to wire a charger is kept, and the lines that it loads are the same."""
    (charger,) = loaded(tmp_path, HOUSE + CHARGER + f"phases = {json.dumps(order)}\n").site.chargers

    assert charger.order == tuple(Line(name) for name in order)
    assert charger.lines == frozenset(Line)


@pytest.mark.parametrize(
    ("grid", "word", "modes"),
    [
        ("TN", "one-phase", [{"L2"}]),
        ("TN", "any-phase", [{"L2"}, {"L3"}, {"L1"}]),
        ("IT", "one-phase", [{"L2", "L3"}]),
        ("TT", "any-phase", [{"L2", "L3"}, {"L2", "L1"}, {"L3", "L1"}]),
    ],
)
def test_where_a_charger_can_charge_on_one_phase(tmp_path: Path, grid: str, word: str, modes: list[set[str]]) -> None:
    """Its own first phase, or any; without a neutral a phase is a pair of lines. Which line that is, the wiring says."""
    text = (
        HOUSE.replace("TN", grid) + CHARGER + f'phases = ["L2", "L3", "L1"]\nswitches_to = "{word}"\nreport_phases = "charger"\n'
    )
    (charger,) = loaded(tmp_path, text).site.chargers

    assert charger.modes == tuple(frozenset(map(Line, names)) for names in modes)
    assert charger.counts_own


def test_amperes_and_seconds_become_integers(tmp_path: Path) -> None:
    """Decimals end at this edge: the core gets mA and ms."""
    config = loaded(tmp_path, HOUSE.replace("25", "24.7") + "[policy]\nlist_period_s = 2.5\n" + CHARGER + "max_a = 31.9\n")
    assert config.site.root.fuse_ma == 24_700
    assert config.site.policy.list_period_ms == 2_500
    assert config.site.policy.stale_after_ms == 6_250
    assert config.site.chargers[0].maximum_ma == 31_900


def test_who_is_served_first_and_how_much(tmp_path: Path) -> None:
    """Priority and weight reach the house; a charger that names neither is an equal among equals."""
    first, second = loaded(tmp_path, HOUSE + CHARGER + 'priority = 2\nweight = 3\n[[charger]]\nname = "b"\n').site.chargers
    assert (first.priority, first.weight) == (2, 3)
    assert (second.priority, second.weight) == (0, 1)


def test_a_broker_may_have_other_addresses(tmp_path: Path) -> None:
    """Other hosts get the port of the first one unless they name their own; nonsense is refused at its place."""
    mqtt = loaded(tmp_path, HOUSE + '[mqtt]\ntls = true\nother_hosts = ["nas.lan", "[::1]:1884"]\n').mqtt
    assert (mqtt.address, mqtt.other_addresses) == (("localhost", 8883), (("nas.lan", 8883), ("::1", 1884)))
    assert loaded(tmp_path, HOUSE).mqtt.other_addresses == ()
    for wrong in ("tcp://nas.lan", "nas.lan:0", "nas.lan:99999", ""):
        (line,) = problems(tmp_path, HOUSE + f'[mqtt]\nother_hosts = ["{wrong}"]\n')
        assert "is neither HOST nor HOST:PORT" in line


def test_flat_circuits_become_a_tree(tmp_path: Path) -> None:
    """Circuits and chargers hang below the fuse they name, in whatever order they are written."""
    text = (
        HOUSE
        + CHARGER
        + 'circuit = "row"\n[[circuit]]\nname = "row"\nparent = "hall"\nfuse_a = 16\n[[circuit]]\nname = "hall"\nfuse_a = 20\n'
    )
    root = loaded(tmp_path, text).site.root
    (hall,) = root.parts
    assert isinstance(hall, Circuit)
    (row,) = hall.parts
    assert isinstance(row, Circuit)
    assert (root.name, hall.name, row.name) == ("main", "hall", "row")
    assert [charger.name for charger in row.chargers()] == ["garage"]


def test_a_wrong_charger_is_left_out_and_named(tmp_path: Path) -> None:
    """One charger that is wrong does not stop the protection of the others."""
    config = loaded(tmp_path, HOUSE + CHARGER + '[[charger]]\nname = "carport"\nmax_a = "lots"\n')
    assert [charger.name for charger in config.site.chargers] == ["garage"]
    (problem,) = config.problems
    assert str(problem) == "house.toml, line 12, charger.2.max_a: 'lots' is not a number; for example max_a = 16"


@pytest.mark.parametrize(
    ("charger", "words"),
    [
        ('name = "garage"\n', "'garage' is the name of another charger"),
        ('name = "b"\ncircuit = "hal"\n', "there is no circuit 'hal'; did you mean hall?"),
        ('name = "b"\nmax_a = 5\n', "'5' is below 6"),
        ('name = "b"\nmin_a = 10\nmax_a = 8\n', "max_a = 8 below min_a = 10"),
        ('name = "b"\nfallback_a = 3\n', "write 0 (pause) or 6 to 16"),
        ('name = "b"\nfailsafe_a = 6\n', "write failsafe = true, or leave failsafe_a out"),
        ('name = "b"\nphases = ["L1", "L4"]\n', "'L4' is not one of"),
        ('name = "b"\nphases = []\n', "is empty"),
        ('name = "b"\nphases = ["L1", "L1"]\n', "names a phase twice"),
        ('name = "b"\nphases = ["L1"]\nswitches_to = "one-phase"\n', "fewer than three phases"),
        ('name = "b"\nswitches_to = "one"\n', "'one' is not one of"),
        ('name = "b"\nreport_phases = "own"\n', "'own' is not one of"),
        ('name = "b"\nlines = ["L1"]\n', "did you mean phases?"),
        ('name = "B b"\n', "is not a plain name"),
        ('name = "b\\n"\n', "is not a plain name"),
        ('name = "b"\nmin_a = true\n', "is true or false, not a number"),
        ('name = "b"\nresponse_s = inf\n', "is above 3600"),
        ('name = "b"\nweight = 0\n', "is below 1"),
    ],
)
def test_mistakes_in_a_charger_are_explained(tmp_path: Path, charger: str, words: str) -> None:
    """Each mistake is one line with its place and a way out, and the good charger stays."""
    config = loaded(tmp_path, HOUSE + '[[circuit]]\nname = "hall"\nfuse_a = 20\n' + CHARGER + "[[charger]]\n" + charger)
    assert [good.name for good in config.site.chargers] == ["garage"]
    (problem,) = config.problems
    assert words in str(problem)
    assert "charger.2" in str(problem)
    assert "\n" not in str(problem)


@pytest.mark.parametrize("grid", [Grid.IT, Grid.TT])
def test_one_line_alone_is_refused_without_a_neutral(tmp_path: Path, grid: Grid) -> None:
    """A 1-phase charger on a 230 V net must name the two lines between which it sits."""
    text = HOUSE.replace("TN", grid.value) + CHARGER
    assert loaded(tmp_path, text + 'phases = ["L1", "L3"]\n').problems == ()
    (problem,) = loaded(tmp_path, text + 'phases = ["L1"]\n').problems
    assert "between two lines" in str(problem)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            HOUSE.replace("fuse_a", "fues_a"),
            ["line 4, site.fues_a: is not a known key; did you mean fuse_a?", "site.fuse_a: is missing"],
        ),
        (HOUSE.replace("fuse_a", "fuse"), ["did you mean fuse_a?", "site.fuse_a: is missing"]),
        (HOUSE.replace("fuse_a", "fuse_ma"), ["did you mean fuse_a?", "site.fuse_a: is missing"]),
        (HOUSE.replace("25", "nan"), ["line 4, site.fuse_a"]),
        (HOUSE.replace("25", '"25 A"'), ["'25 A' is not a number; for example fuse_a = 25"]),
        (HOUSE.replace("25", "25000"), ["is above 2000, the most allowed"]),
        (HOUSE.replace("TN", "tn"), ["'tn' is not one of 'TN', 'TT' or 'IT'"]),
        (HOUSE.replace("home", "Home/+"), ["is not a plain name"]),
        (HOUSE.replace("/dev/ttyUSB0", "COM3"), ["is neither a device nor tcp:HOST:PORT"]),
        (HOUSE.replace("/dev/ttyUSB0", "mqtt:"), ["is neither a device nor tcp:HOST:PORT nor mqtt:TOPIC"]),
        (HOUSE.replace("/dev/ttyUSB0", "mqtt:pulse/+"), ["is neither a device nor tcp:HOST:PORT nor mqtt:TOPIC"]),
        (HOUSE.replace("/dev/ttyUSB0", "mqtt:pulse/#"), ["is neither a device nor tcp:HOST:PORT nor mqtt:TOPIC"]),
        (HOUSE + '[amsreader]\ntopic = "ams/#"\n', ["topic"]),
        (HOUSE + '[homeassistant]\nprefix = ""\n', ["prefix"]),
        (HOUSE.replace("/dev/ttyUSB0", "tcp:pi:99999"), ["is neither a device nor tcp:HOST:PORT"]),
        (HOUSE.replace("/dev/ttyUSB0", "tcp://pi:2001"), ["is written without the slashes here: tcp:HOST:PORT"]),
        (HOUSE.replace("/dev/ttyUSB0", "mqtt://pi/pulse"), ["mqtt:TOPIC for a topic on the broker of [mqtt]"]),
        (HOUSE.replace("/dev/ttyUSB0", "/dev/ttyUSB0 "), ["has a blank before or after it"]),
        (HOUSE.replace("/dev/ttyUSB0", " tcp:pi:2001"), ["has a blank before or after it"]),
        (HOUSE + 'zone = "Oslo"\n', ["'Oslo' is not a time zone; for example zone = \"Europe/Oslo\""]),
        (HOUSE + "baud = 2401\n", ["'2401' is not one of"]),
        (
            "[site]\n",
            ["site.name: is missing", "site.grid: is missing", "site.fuse_a: is missing", "meter: is missing; write [meter]"],
        ),
        (HOUSE + '[mqt]\nhost = "x"\n', ["mqt: is not a known key; did you mean mqtt?"]),
        (HOUSE + "valid_for_s = 60\n", ["meter.valid_for_s: is not a known key here; it belongs under [policy]"]),
        ("max_a = 16\n" + HOUSE, ["line 1, max_a: is not a known key here; it belongs under [[charger]]"]),
        (HOUSE + "margin_a = 1\n", ["meter.margin_a: is not a known key here; it belongs under [site] or [[circuit]]"]),
        (HOUSE + '[charger]\nname = "x"\n', ["charger: must be a list of tables; write [[charger]] above each one"]),
        (HOUSE + "[policy]\nstale_after_s = 5\n", ["list_period_s < stale_after_s < lost_after_s"]),
        (HOUSE + "[policy]\nlost_after_s = 61\n", ["is above 60"]),
        (HOUSE + '[mqtt]\nca_file = "ca.pem"\n', ["add tls = true"]),
        (HOUSE + "fuse_a = = 3\n", ["line 7, column 10: is not TOML"]),
        (HOUSE + '[[circuit]]\nname = "a"\nfuse_a = 9\nparent = "a"\n', ["in a circle"]),
        (
            HOUSE + '[[circuit]]\nname = "a"\nfuse_a = 9\nparent = "b"\n[[circuit]]\nname = "b"\nfuse_a = 9\nparent = "a"\n',
            ["circle"] * 2,
        ),
        (
            HOUSE + '[[circuit]]\nname = "main"\nfuse_a = 9\n[[circuit]]\nname = "a"\nfuse_a = 9\n',
            ["'main' is the main fuse, which stands under [site]; leave this one out"],
        ),
        (HOUSE + '[[circuit]]\nname = "a"\nfuse_a = 9\nparent = "mian"\n', ["there is no circuit 'mian'; did you mean main?"]),
    ],
)
def test_mistakes_in_the_house_are_refused_all_at_once(tmp_path: Path, text: str, words: list[str]) -> None:
    """Without a house nothing can be protected: every problem is listed, each in one line with place and remedy."""
    lines = problems(tmp_path, text)
    assert len(lines) == len(words)
    for word in words:
        assert any(word in line for line in lines), (word, lines)
    assert all(line.startswith("house.toml") for line in lines)


def test_chargers_are_judged_beside_a_wrong_house(tmp_path: Path) -> None:
    """Nobody has to mend the house first to learn what is wrong with a charger."""
    lines = problems(tmp_path, HOUSE.replace("25", "-1") + '[[charger]]\nname = "a"\nmax_a = 900\n')
    assert [line.split(":")[0] for line in lines] == ["house.toml, line 4, site.fuse_a", "house.toml, line 9, charger.1.max_a"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"x" * 10_000_000, "is larger than 64 KiB"),
        (b"[[charger]]\nname='a'\n" * 10_000, "is larger than 64 KiB"),
        ((HOUSE + "charger = [" + "{}," * 10_000 + "]").encode(), ""),
        (b"a = " + b"[" * 60_000, "nested too deeply"),
        (HOUSE.encode() + b"x = " + b"9" * 50_000, "is not TOML"),
        (HOUSE.encode() + "name = 'Å'".encode("latin-1"), "line 7: is not UTF-8"),
        (bytes(range(256)), "is not UTF-8"),
        (b"", "site: is missing"),
        (
            "".join(f'[[circuit]]\nname="c{i}"\nfuse_a=9\nparent="c{i - 1}"\n' for i in range(1_000)).encode(),
            "more than 100 entries; leave the rest to a gateway of their own",
        ),
    ],
)
def test_hostile_files_are_refused_with_few_short_lines(tmp_path: Path, content: bytes, words: str) -> None:
    """Whatever is in the file, the answer is at most 21 short printable lines, and never another exception."""
    file = tmp_path / "hostile.toml"
    file.write_bytes(content)
    with pytest.raises(ConfigError) as refused:
        load(file)
    lines = str(refused.value).splitlines()
    assert words in lines[0] or any(words in line for line in lines)
    assert len(lines) <= SHOWN_AT_MOST + 1
    assert all(len(line) < 400 and line.isprintable() for line in lines)


def test_a_deep_chain_of_circuits_is_refused(tmp_path: Path) -> None:
    """Fuses below fuses end at eight."""
    chain = "".join(f'[[circuit]]\nname = "c{i}"\nfuse_a = 9\nparent = "{f"c{i - 1}" if i else "main"}"\n' for i in range(9))
    assert ["more than 8 fuses" in line for line in problems(tmp_path, HOUSE + chain)] == [True]


@pytest.mark.parametrize("as_saved", [lambda text: "\ufeff" + text, lambda text: text.replace("\n", "\r\n")], ids=["BOM", "CRLF"])
def test_a_file_from_another_editor_is_read(tmp_path: Path, as_saved: Callable[[str], str]) -> None:
    """A mark of byte order at its beginning and the line ends of Windows change nothing, also not where a mistake stands."""
    file = tmp_path / "house.toml"
    file.write_bytes(as_saved(HOUSE + CHARGER).encode())
    assert [charger.name for charger in load(file).site.chargers] == ["garage"]
    file.write_bytes(as_saved(HOUSE + "fuse = 3\n").encode())
    with pytest.raises(ConfigError, match=r"line 7, meter\.fuse: is not a known key"):
        load(file)


@pytest.mark.parametrize("phases", ['"L1"', '["L1", "L2", "L3", "L1"]'])
def test_a_list_that_is_none_is_shown_as_one(tmp_path: Path, phases: str) -> None:
    """A single phase without brackets, and too many, are answered with a list to copy."""
    (line,) = loaded(tmp_path, HOUSE + CHARGER + f"phases = {phases}\n").problems
    assert str(line).endswith('for example phases = ["L1", "L2", "L3"]')


@pytest.mark.parametrize("name", ["missing.toml", ".", "loop", "/dev/zero", "nul\0", "pipe"])
def test_what_is_no_file_is_refused(tmp_path: Path, name: str) -> None:
    """A missing file, a folder, a circle of links, a device, a pipe that never speaks: one line that names it, at once."""
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / name)


def test_the_environment_overrides_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """HAN_SITE__FUSE_A wins over the file; numbers arrive as text and are read."""
    monkeypatch.setenv("HAN_SITE__FUSE_A", "16")
    monkeypatch.setenv("HAN_METER__BAUD", "9600")
    monkeypatch.setenv("HAN_MQTT__HOST", "broker.lan")
    config = loaded(tmp_path, HOUSE)
    assert config.site.root.fuse_ma == 16_000
    assert config.meter.baud == 9600
    assert config.mqtt.address == ("broker.lan", 1883)


def test_a_wrong_variable_is_named_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A problem that comes from the environment does not point into the file."""
    monkeypatch.setenv("HAN_SITE__FUSE_A", "lots")
    assert problems(tmp_path, HOUSE) == ["environment variable HAN_SITE__FUSE_A: 'lots' is not a number; for example fuse_a = 25"]
    monkeypatch.setenv("HAN_SITE__FUSE_A", "20")
    monkeypatch.setenv("HAN_CHARGER", "{")
    assert problems(tmp_path, HOUSE)[0].startswith("environment variable HAN_CHARGER: is not JSON")


def test_a_variable_that_means_nothing_is_said_aloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A single underscore overrides nothing, and its author should know."""
    monkeypatch.setenv("HAN_SITE_FUSE_A", "16")
    config = loaded(tmp_path, HOUSE + CHARGER)
    assert config.warnings == ("environment variable HAN_SITE_FUSE_A means nothing here; did you mean HAN_SITE__FUSE_A?",)


def test_the_password_comes_from_a_file_beside_the_configuration(tmp_path: Path) -> None:
    """A relative name is meant from the configuration's folder, the line end does not belong to the password, nobody prints it."""
    (tmp_path / "secret").write_text("canary-1\n")
    config = loaded(tmp_path, HOUSE + '[mqtt]\nusername = "han"\npassword_file = "secret"\n')
    assert config.password is not None
    assert config.password.get_secret_value() == "canary-1"
    assert "canary-1" not in repr(config)


SECRETS = {
    "password_file under [mqtt]": '[mqtt]\nusername = "han"\npassword_file = "secret"\n',
    "key_file under [mqtt]": '[mqtt]\ntls = true\ncert_file = "secret"\nkey_file = "secret"\n',
    "key_file under [meter]": 'key_file = "secret"\n',
    "authentication_key_file under [meter]": 'key_file = "other"\nauthentication_key_file = "secret"\n',
    "token_file under [page]": '[page]\ntoken_file = "secret"\n',
}


@pytest.mark.parametrize("key", SECRETS)
def test_a_secret_that_everybody_can_read_is_told(tmp_path: Path, key: str) -> None:
    """Which key names it, and what to do; nothing is said of a file that only its owner and its group can read."""
    for name in ("secret", "other"):
        (tmp_path / name).write_text("ab" * 16)
        (tmp_path / name).chmod(0o640)
    assert not any("can read" in warning for warning in loaded(tmp_path, HOUSE + SECRETS[key]).warnings)
    (tmp_path / "secret").chmod(0o644)
    told = f"{key} names a file that everybody on this machine can read; chmod 600 that file"
    assert told in loaded(tmp_path, HOUSE + SECRETS[key]).warnings


def test_a_systemd_credential_is_the_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """LoadCredential=mqtt-password needs no line in the configuration."""
    (tmp_path / "mqtt-password").write_text("canary-2")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    config = loaded(tmp_path, HOUSE)
    assert config.password is not None
    assert config.password.get_secret_value() == "canary-2"


KEY, AUTHENTICATION_KEY = "CA0A0123456789ABCDEF0123456789AB", "cafe0123456789abcdef0123456789ab"


@pytest.mark.parametrize(
    "written",
    [
        KEY,
        KEY.lower() + "\n",
        "0x" + KEY,
        f" 0X{KEY} ",
        f"\ufeff{KEY}\r\n",
        " ".join(KEY[at : at + 2] for at in range(0, 32, 2)),
        KEY[:16] + "-\r\n" + KEY[16:],
    ],
)
def test_the_key_of_a_meter_comes_from_a_file_beside_the_configuration(tmp_path: Path, written: str) -> None:
    """32 hex digits, grouped as people do, are the key, and nobody prints it; without one there is none."""
    assert loaded(tmp_path, HOUSE).keys is None
    (tmp_path / "meter-key").write_text(written)
    config = loaded(tmp_path, HOUSE + 'key_file = "meter-key"\n')
    assert config.keys == Keys(bytes.fromhex(KEY))
    assert KEY.lower() not in repr(config).lower()
    assert repr(bytes.fromhex(KEY)) not in repr(config)


def test_both_keys_of_a_meter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both come from files, or both as credentials of systemd without a line in the configuration; a credential goes before a file."""
    (tmp_path / "a").write_text(KEY)
    (tmp_path / "b").write_text(AUTHENTICATION_KEY)
    named = HOUSE + 'key_file = "a"\nauthentication_key_file = "b"\n'
    keys = Keys(bytes.fromhex(KEY), bytes.fromhex(AUTHENTICATION_KEY))
    assert loaded(tmp_path, named).keys == keys
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "meter-key").write_text(AUTHENTICATION_KEY)
    (tmp_path / "given" / "meter-authentication-key").write_text(KEY)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "given"))
    assert keys.authentication is not None
    assert loaded(tmp_path, HOUSE).keys == loaded(tmp_path, named).keys == Keys(keys.authentication, keys.encryption)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        (
            "key_file",
            KEY[:-1],
            "meter-key has 31 hex digits, not 32: that is no encryption key; write it as it stands on the paper",
        ),
        ("key_file", KEY + "a", "has 33 hex digits, not 32"),
        (
            "key_file",
            KEY[:-1] + "G",
            "meter-key is not 32 hex digits: that is no encryption key; write it as it stands on the paper of your grid company (Denmark: GPK60)",
        ),
        ("key_file", "", "is not 32 hex digits"),
        ("key_file", "GPK60 " + KEY, "is not 32 hex digits"),
        ("key_file", "\udcff" * 32, "cannot be read (not text); put the encryption key alone into that file"),
        ("authentication_key_file", KEY + KEY, "has 64 hex digits, not 32: that is no authentication key"),
        ("authentication_key_file", "-", "(Denmark: GPK61)"),
        (
            "authentication_key_file",
            KEY,
            "is an authentication key without an encryption key; name the file of that with key_file",
        ),
    ],
)
def test_a_key_that_is_none_is_named_with_its_file_and_not_shown(tmp_path: Path, name: str, content: str, words: str) -> None:
    """The line says which key, which file, what is wrong and what to do, and never what stands in the file."""
    (tmp_path / "meter-key").write_text(content, errors="surrogateescape")
    (line,) = problems(tmp_path, HOUSE + f'{name} = "meter-key"\n')
    assert line.startswith(f"house.toml, line 7, meter.{name}: ")
    assert words in line
    assert KEY[:8].lower() not in line.lower()


@pytest.mark.parametrize(
    "value",
    [
        f'"{KEY}"',
        f'"{KEY[:16]} {KEY[16:]}"',
        f'"0x{KEY}"',
        f'"{KEY[:-1]}"',
        f'"GPK60: {KEY}"',
        "12345678901234567890123456789012",
    ],
)
def test_a_key_in_the_place_of_its_file_is_not_shown(tmp_path: Path, value: str) -> None:
    """Who writes the key itself into the configuration is told to put it into a file, and does not find it in the log."""
    (line,) = problems(tmp_path, HOUSE + f"key_file = {value}\n")
    assert line.startswith("house.toml, line 7, meter.key_file: ")
    assert "write it into a file that only root can read" in line or "is not the name of a file" in line
    assert not any(part in line for part in (KEY[:8], "12345678"))


@pytest.mark.parametrize("name", ["key", "encryption_key", "authentication_key", "gpk60"])
def test_a_key_of_the_configuration_that_does_not_exist_does_not_show_the_key(tmp_path: Path, name: str) -> None:
    """The remedy names the key for its file."""
    (line,) = problems(tmp_path, HOUSE + f'{name} = "{KEY}"\n')
    assert "key_file" in line
    assert KEY not in line


def test_where_what_is_learned_outlives_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the folder that the configuration names, beside the file unless absolute; else in the first that systemd gives; else nowhere."""
    named = HOUSE.replace("fuse_a", 'state_dir = "state"\nfuse_a')
    assert loaded(tmp_path, HOUSE).state_dir is None
    assert loaded(tmp_path, named).state_dir == tmp_path / "state"
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/han-gateway/home:/var/lib/other")
    assert loaded(tmp_path, HOUSE).state_dir == Path("/var/lib/han-gateway/home")
    assert loaded(tmp_path, named).state_dir == tmp_path / "state"
    (problem,) = problems(tmp_path, named.replace('"state"', '"a\\u0000b"'))
    assert "is not a folder" in problem


def test_a_password_in_the_file_is_refused_without_showing_it(tmp_path: Path) -> None:
    """The remedy is password_file, and the secret is not repeated into a log."""
    (line,) = problems(tmp_path, HOUSE + '[mqtt]\npassword = "canary-3"\n')
    assert "did you mean password_file?" in line
    assert "canary-3" not in line


@pytest.mark.parametrize("host", ["mqtt://10.0.0.1:1883", "10.0.0.1:1883", "mqtts://nas.lan", "nas.lan/", "nas lan", "[::1]"])
def test_a_broker_is_named_by_its_host_alone(tmp_path: Path, host: str) -> None:
    """What other programs take for an address of a broker would never be reached: it is refused, and where port and TLS belong is told."""
    (line,) = problems(tmp_path, HOUSE + f'[mqtt]\nhost = "{host}"\n')
    assert line == (
        f"house.toml, line 8, mqtt.host: '{host}' is not a name or an address alone; the port and TLS have keys of their own (port, tls);"
        ' for example host = "localhost"'
    )


@pytest.mark.parametrize("host", ["localhost", "10.0.0.1", "nas_2.lan.", "blåbær.lan", "::1", "fe80::1%eth0", "::ffff:10.0.0.1"])
def test_names_and_addresses_of_brokers(tmp_path: Path, host: str) -> None:
    """IPv6 needs no brackets, because the port stands elsewhere."""
    assert loaded(tmp_path, HOUSE + f'[mqtt]\nhost = "{host}"\n').mqtt.address == (host, 1883)


def test_a_missing_password_file_is_named(tmp_path: Path) -> None:
    """The place is the line in the configuration."""
    (line,) = problems(tmp_path, HOUSE + '[mqtt]\nusername = "han"\npassword_file = "secret"\n')
    assert line.startswith("house.toml, line 9, mqtt.password_file:")


@pytest.mark.parametrize("name", ["pipe", "/dev/zero", "."])
def test_a_password_is_read_from_a_file_only(tmp_path: Path, name: str) -> None:
    """A pipe that never speaks and a device that never ends are refused at once."""
    os.mkfifo(tmp_path / "pipe")
    (line,) = problems(tmp_path, HOUSE + f'[mqtt]\nusername = "han"\npassword_file = "{name}"\n')
    assert line.startswith("house.toml, line 9, mqtt.password_file:")


def words(topic: str) -> str:
    """The words of a charger that is told its limit there."""
    return f'device = "generic"\n[charger.words]\nlimit_topic = "{topic}"\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no charger"),
        ('[[charger]]\nname = "a"\n', "charger a has no failsafe"),
        (CHARGER + "min_a = 30\nmax_a = 32\n", "the main fuse never has that room"),
        ("".join(CHARGER.replace("garage", f"c{i}") for i in range(5)), "may draw 30 A on L1 of the main fuse (25 A)"),
        (CHARGER + '[[circuit]]\nname = "big"\nfuse_a = 63\n', "the big fuse is larger than the main fuse"),
        (CHARGER + words("han/home/status"), "garage has han/home/status, a topic of the gateway itself"),
        (CHARGER + words("<base>/report"), "garage has han/home/chargers/garage/report, a topic of the gateway itself"),
        (CHARGER + words("x") + 'echo = "<base>/limit#current_a"\n', "garage has han/home/chargers/garage/limit, a topic of"),
        (CHARGER + words("x") + CHARGER.replace("garage", "b") + words("x"), "chargers garage and b are both spoken to on x:"),
    ],
)
def test_what_is_allowed_but_not_meant_is_a_warning(tmp_path: Path, text: str, told: str) -> None:
    """A house that will not behave as its owner thinks loads, with a warning."""
    assert any(told in warning for warning in loaded(tmp_path, HOUSE + text).warnings)


ASSISTANT = "[homeassistant]\nenabled = true\n"


def test_a_fuse_that_no_house_has_is_a_warning(tmp_path: Path) -> None:
    """A nought too many would let every car draw what it likes: it is told, unless current transformers explain it."""
    large = HOUSE.replace("fuse_a = 25", "fuse_a = 250") + CHARGER
    (warning,) = loaded(tmp_path, large).warnings
    assert warning.startswith(
        "a main fuse of 250 A is more than a meter without current transformers carries: is fuse_a under [site] right?"
    )
    assert loaded(tmp_path, large.replace("[meter]", "[meter]\nct_ratio = 60")).warnings == ()
    assert loaded(tmp_path, large.replace("250", "125")).warnings == ()


def test_a_folder_for_what_is_learned_that_is_not_there_is_a_warning(tmp_path: Path) -> None:
    """It would be told when something is written, which may be days later."""
    named = HOUSE.replace("fuse_a", 'state_dir = "state"\nfuse_a') + CHARGER
    (warning,) = loaded(tmp_path, named).warnings
    assert warning.startswith("state_dir state under [site] is no folder that is there: ")
    (tmp_path / "state").mkdir()
    assert loaded(tmp_path, named).warnings == ()


def test_a_house_whose_only_charger_is_left_out_is_not_told_to_add_one(tmp_path: Path) -> None:
    """What is wrong with the charger is told; that there is none would send its owner to the wrong place."""
    config = loaded(tmp_path, HOUSE + '[[charger]]\nname = "my garage"\n')
    assert (len(config.problems), config.warnings) == (1, ())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[amsreader]\ntopic = "han/home"\n', "[amsreader] topic han/home is a place of the gateway's own topics (han/home/...)"),
        ('[amsreader]\ntopic = "han"\n', "[amsreader] topic han is a place of the gateway's own topics"),
        ('[amsreader]\ntopic = "han/home/chargers/garage"\n', "is a place of the gateway's own topics"),
        ('[amsreader]\ntopic = "a/b"\n[mqtt]\nprefix = "a/b"\n', "[amsreader] topic a/b is a place of the gateway's own topics"),
        (ASSISTANT + 'prefix = "han"\n', "[homeassistant] prefix han is a place of the gateway's own topics"),
        (ASSISTANT + 'prefix = "han/home"\n', "[homeassistant] prefix han/home is a place of the gateway's own topics"),
        (
            CHARGER + words("box/limit") + '[amsreader]\ntopic = "box"\n',
            "box is a place where charger garage has its own topics (box/limit)",
        ),
        ('[amsreader]\ntopic = "amsleser"\n', "[amsreader] topic amsleser is where the meter itself is heard (amsleser/hex)"),
        ('[amsreader]\ntopic = "amsleser/hex"\n', "[amsreader] topic amsleser/hex is where the meter itself is heard"),
    ],
)
def test_neighbours_among_our_own_topics_are_a_warning(tmp_path: Path, text: str, told: str) -> None:
    """Whoever publishes where we are heard, or a charger or the meter is, is told so before it happens."""
    house = HOUSE.replace('"/dev/ttyUSB0"', '"mqtt:amsleser/hex"')
    assert sum(told in warning for warning in loaded(tmp_path, house + text).warnings) == 1


@pytest.mark.parametrize(
    "text",
    [
        '[amsreader]\ntopic = "amsreader"\n',
        '[amsreader]\ntopic = "han/other"\n',
        '[amsreader]\ntopic = "han/home2"\n',
        '[amsreader]\ntopic = "hans"\n',
        ASSISTANT,
        '[homeassistant]\nprefix = "han"\n',
        CHARGER + words("boxes/limit") + '[amsreader]\ntopic = "box"\n',
    ],
)
def test_neighbours_beside_us_are_none(tmp_path: Path, text: str) -> None:
    """A place of their own, or one of which nothing is made, is nothing to warn of."""
    assert not any("name another" in warning for warning in loaded(tmp_path, HOUSE + text).warnings)


def test_a_circuit_may_have_a_meter(tmp_path: Path) -> None:
    """Only the circuit that says so is metered."""
    text = HOUSE + '[[circuit]]\nname = "shed"\nfuse_a = 20\nmeter = "mqtt"\n[[circuit]]\nname = "row"\nfuse_a = 20\n'

    assert [circuit.metered for circuit in loaded(tmp_path, text).site.root.circuits()] == [False, True, False]


def test_caps_and_their_bounds(tmp_path: Path) -> None:
    """A cap holds what is written and can be set between its bounds; without bounds it stands, and without a cap there is none."""
    site = loaded(tmp_path, HOUSE + "[caps]\npower_w = 8000\npower_max_w = 17000\nline_a = 12.5\n").site

    assert site.power_cap == CapRule(default=8_000, least=8_000, most=17_000)
    assert site.line_cap == CapRule(default=12_500, least=12_500, most=12_500)
    assert loaded(tmp_path, HOUSE).site.line_cap is None


@pytest.mark.parametrize(
    ("caps", "words"),
    [
        ("line_a = 25.5", "line 8, caps.line_a: is above the main fuse of 25 A; a cap can only be below it"),
        ("line_a = 20\nline_max_a = 32", "line 9, caps.line_max_a: is above the main fuse of 25 A; a cap can only be below it"),
        ("power_min_w = 2000", "has bounds for a cap that is not there; add power_w"),
        ("power_w = 2000\npower_min_w = 3000", "must have power_min_w <= power_w <= power_max_w; reorder the three"),
        ("power_w = 0", "'0' is below 500, the least allowed; for example power_w = 8000"),
        ("power = 8000", "is not a known key; did you mean power_w?"),
    ],
)
def test_mistakes_in_caps_are_explained(tmp_path: Path, caps: str, words: str) -> None:
    """A cap that makes no sense in this house is refused with the place and the remedy."""
    (line,) = problems(tmp_path, HOUSE + "[caps]\n" + caps + "\n")

    assert words in line


def charger(folder: Path, lines: str) -> Config:
    """A house with the charger ``garage`` and these lines."""
    return loaded(folder, f'{HOUSE}[[charger]]\nname = "garage"\n{lines}\n')


def test_a_make_brings_what_it_is_like(tmp_path: Path) -> None:
    """Failsafe, response time and terminals come with the make; what the file says counts more."""
    config = charger(tmp_path, 'device = "smartevse"\ndevice_id = "SmartEVSE-1"')
    (garage,), (link,) = config.site.chargers, config.links
    assert (garage.has_failsafe, garage.failsafe_ma, garage.counts_own, link.guarded) == (True, 0, True, False)
    assert link.topic("<id>/Set/Mode <base>") == "SmartEVSE-1/Set/Mode han/home/chargers/garage"
    assert config.warnings == ()
    own = charger(tmp_path, 'device = "zaptec"\nfailsafe = true\nresponse_s = 45\nraise_after_s = 1200')
    (garage,), (link,) = own.site.chargers, own.links
    assert (garage.has_failsafe, garage.failsafe_ma, garage.response_ms) == (True, None, 45_000)
    assert link.device.raise_after_ms == 1_200_000


def test_without_a_failsafe_the_broker_is_asked_to_speak_for_us(tmp_path: Path) -> None:
    """A make without a failsafe gets a last will and a warning that says what it is worth; without the will, the plain warning."""
    lines = 'device = "go-e"\ndevice_id = "go-eCharger/1"'
    config = charger(tmp_path, lines)
    assert config.links[0].guarded
    assert "the broker tells it its fallback (go-eCharger/1/amp/set)" in config.warnings[0]
    config = charger(tmp_path, f"{lines}\nlast_will = false")
    assert not config.links[0].guarded
    assert "it keeps its last limit" in config.warnings[0]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('device = "goe"', "did you mean go-e?"),
        ('device = "go-e"', 'has device go-e and no device_id; for example device_id = "go-eCharger/123456"'),
        ('device = "go-e"\ndevice_id = "a/#"', "device_id"),
        ('device = "warp"\ndevice_id = "w"\nswitches_to = "one-phase"', "cannot be told to change its phases"),
        ('device_id = "w"', "but no device"),
        ('device = "generic"', "[charger.words] together"),
        ('[charger.words]\nlimit_topic = "t"', "[charger.words] together"),
        ('device = "generic"\n[charger.words]\nlimit_topic = "a/+"', "is not a topic"),
        ('device = "generic"\n[charger.words]\nlimit_topic = "a/<amps>"', "has a blank that no topic knows"),
        ('device = "generic"\n[charger.words]\nlimit_topic = "a"\nlimit_payload = "<ampere>"', "has a blank that is not known"),
        ('device = "generic"\n[charger.words]\nlimit_topic = "<id>/a"', "has device generic and no device_id"),
    ],
)
def test_a_device_that_cannot_be_is_left_out_with_its_remedy(tmp_path: Path, lines: str, words: str) -> None:
    """Each mistake about a make names what is wrong; the rest of the house stays protected."""
    config = charger(tmp_path, lines)
    assert config.site.chargers == ()
    assert words in " ".join(str(problem) for problem in config.problems), config.problems


def test_two_chargers_are_not_the_same_one(tmp_path: Path) -> None:
    """The same device_id twice would give one charger two limits."""
    both = "".join(f'[[charger]]\nname = "{name}"\ndevice = "go-e"\ndevice_id = "go-e/1"\n' for name in ("left", "right"))
    config = loaded(tmp_path, HOUSE + both)
    assert [charger.name for charger in config.site.chargers] == ["left"]
    assert "is another charger of this file" in str(config.problems[0])


def test_the_words_of_a_file_are_a_make_of_their_own(tmp_path: Path) -> None:
    """A generic charger is told and heard exactly as the table says."""
    config = charger(
        tmp_path,
        """device = "generic"
device_id = "shed"
[charger.words]
limit_topic = "<id>/limit/set"
limit_payload = '{"dA": <deciamps>}'
pause_topic = "<id>/enable/set"
resume_payload = "1"
unit = "dA"
echo = "<id>/state#limit.now"
currents = ["<id>/state#i.0"]
""",
    )
    (link,) = config.links
    heard, report = hear(link, Heard(), "shed/state", b'{"limit":{"now":"75"},"i":[71]}', 0)
    assert report == b'{"current_a":{"L1":7.1},"limit_a":7.5}'
    assert heard.limit_ma == 7_500
    said = [link.message(say, values_of(link, link.charger.lines, 9_990, 0), None)[:2] for say in link.device.charge]
    assert said == [("shed/limit/set", b'{"dA": 99}')]
    assert [say.payload for say in (*link.device.pause, *link.device.resume)] == ["0", "1"]


def test_the_token_of_the_page_comes_from_a_file_or_a_credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stands in a file beside the configuration or in systemd's credential page-token, never in the configuration, and nobody prints it."""
    assert loaded(tmp_path, HOUSE).page_token is None
    (tmp_path / "token").write_text("canary-0123456789\n")
    config = loaded(tmp_path, HOUSE + '[page]\ntoken_file = "token"\n')
    assert config.page_token is not None
    assert config.page_token.get_secret_value() == "canary-0123456789"
    assert "canary" not in repr(config)
    (tmp_path / "page-token").write_text("canary-9876543210")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    config = loaded(tmp_path, HOUSE)
    assert config.page_token is not None
    assert config.page_token.get_secret_value() == "canary-9876543210"


def test_a_token_that_could_be_guessed_is_refused(tmp_path: Path) -> None:
    """A short or missing token is a mistake with its place and a remedy, and is not repeated into a log."""
    (tmp_path / "token").write_text("canary\n")
    (line,) = problems(tmp_path, HOUSE + '[page]\ntoken_file = "token"\n')
    assert line.startswith("house.toml, line 8, page.token_file:")
    assert "openssl rand" in line
    assert "canary" not in line
    (line,) = problems(tmp_path, HOUSE + '[page]\ntoken_file = "elsewhere"\n')
    assert "put the token alone into that file" in line


@pytest.mark.parametrize("word", [None, "standard", "local", "utc"])
def test_the_meters_clock_is_a_rule_or_left_to_its_maker(tmp_path: Path, word: str | None) -> None:
    """What [meter] clock names is one of the rules; without it there is none."""
    text = HOUSE if word is None else HOUSE.replace("[meter]\n", f'[meter]\nclock = "{word}"\n')
    assert loaded(tmp_path, text).meter.clock_rule == (None if word is None else ClockRule(word))


@pytest.mark.parametrize(
    ("make", "restarts"),
    [
        ("", True),
        ('device = "go-e"\ndevice_id = "x"\n', True),
        ('device = "warp"\ndevice_id = "x"\n', True),
        ('device = "wallbox"\ndevice_id = "x"\n', False),
        ('device = "zaptec"\n', True),
    ],
)
def test_who_can_be_told_to_restart(tmp_path: Path, make: str, restarts: bool) -> None:
    """In the words of its make, or in ours where a charger or an automation listens to our topics; a make without such a word cannot."""
    (charger,) = loaded(tmp_path, HOUSE + CHARGER + make).site.chargers
    assert charger.restarts is restarts
