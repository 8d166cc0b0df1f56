"""Writes the generated tables of the documentation, each between the marks that bear its name.

A page of docs/, or the README, says ``<!-- name -->`` where a table belongs; what stands between that and ``<!-- end -->`` is replaced. ``tests/test_docs.py``
checks that the pages are as this file would write them. It must not know what the tables are good for.
"""

import ast
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum
from pathlib import Path

from dlms import assembly, axdr, sniffer, unsealer
from dlms.obis import CLOCK
from han_gateway import neighbours, outlets
from han_gateway.adapters import (
    acquaintances,
    broker,
    broker_settings,
    http_server,
    link,
    mqtt_source,
    outbox,
    quiet,
    recording,
    silence,
    streams,
    tcp,
    unhurried,
)
from han_gateway.adapters.metric_names import DEFINED
from han_gateway.config import circuits, load, secrets, settings, toml_file
from han_gateway.core import echo, times
from han_gateway.core.effects import Cause
from han_gateway.core.people import commands, outcome, rest, unread
from han_gateway.core.site import Policy
from han_gateway.core.supervision import CHARGER, METER, POLICY
from han_gateway.core.words import discovery, inbox, memory
from han_gateway.devices.makes import DEVICES
from han_gateway.devices.record import Device, Paused, States, Value
from han_gateway.meters.profiles import PROFILES
from han_gateway.meters.reading import ClockRule
from han_gateway.meters.telegram_forms import TelegramForm
from han_gateway.meters.telegram_meter import TELEGRAM_METERS
from han_gateway.page import board, hour
from han_gateway.simulation.laws import BARE, OWN, PEERS, SEES

DOCS = Path(__file__).parent
_MARK = re.compile(r"<!-- ([a-z]+) -->\n(?:.*?<!-- end -->\n)?", re.DOTALL)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Write a Markdown table."""
    lines = [list(head), *map(list, rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def policy() -> str:
    """The safety policy."""
    yes = {True: "yes", False: "no"}
    return table(
        ("the meter is", "limits may fall", "limits may rise", "the limit is"),
        ((state.value, yes[rule.may_lower], yes[rule.may_raise], rule.limit.value) for state, rule in POLICY.items()),
    )


def machine(transitions: dict[tuple[Enum, Enum], Enum], subject: str) -> str:
    """A state machine: states down, signs across."""
    states = list(dict.fromkeys(state for state, _ in transitions))
    signs = list(dict.fromkeys(sign for _, sign in transitions))
    return table(
        (subject, *(str(sign.value) for sign in signs)),
        ((f"**{state.value}**", *(str(transitions[state, sign].value) for sign in signs)) for state in states),
    )


def core() -> str:
    """Every file of the core with what it opens with, the rooms within it last."""
    root = DOCS.parent / "han_gateway" / "core"
    paths = sorted(
        (path for path in root.rglob("*.py") if path.name != "__init__.py"), key=lambda path: (path.parent != root, path)
    )
    opened = ((ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").splitlines()[0] for path in paths)
    names = (path.relative_to(root) for path in paths)
    return table(
        ("file", "what it is for"),
        ((f"[`{name}`](../han_gateway/core/{name})", words) for name, words in zip(names, opened, strict=True)),
    )


def limits() -> str:
    """The limits on what comes from outside."""
    keepalive_s = broker_settings.BrokerSettings(host="").keepalive_s
    policy = Policy()
    most = [field.max_length for kind in ("circuit", "charger") for field in settings.Settings.model_fields[kind].metadata]
    rows = {
        "bytes of unfinished frames that are kept": f"{sniffer.MOST_PENDING:,}",
        "bytes and pieces of an unfinished message": f"{assembly.MOST_OCTETS:,}, {assembly.MOST_PIECES}",
        "nesting of a list, values in it": f"{axdr.MAX_DEPTH}, {axdr.MAX_VALUES}",
        "encrypted lists in a row until a meter that counts anew is believed": str(unsealer.IN_A_ROW),
        "time until it is told again that encrypted lists are not read": f"{unread.TELL_AGAIN_MS // 3_600_000} h",
        "silence after which a TCP meter is connected anew": f"`silent_after_s`, 20 s at most; then twice as long, to {silence.LONGEST_S:g} s",
        "silence after which a serial port is opened anew": f"`silent_after_s`; then twice as long, to {silence.LONGEST_S:g} s",
        "bytes of a meter read in a second": f"{silence.FLOOD_BYTES_PER_S:,}",
        "bytes of a meter over MQTT taken at once": f"{mqtt_source.BACKLOG_S * silence.FLOOD_BYTES_PER_S:,.0f}",
        "time between two introductions to Home Assistant": f"{neighbours.BIRTH_EVERY_MS // 1000} s",
        "time to connect to each address of a TCP meter, and pause before the next attempt": f"{tcp.CONNECT_S:g} s, {tcp.RETRY_S:g} s",
        "age of the last currents: no raises, fallback": f"{policy.stale_after_ms // 1000} s, {policy.lost_after_ms // 1000} s",
        "bytes of a report of a charger or a sub-fuse": f"{inbox.MAX_REPORT_BYTES:,}",
        "arrays and objects in a report": str(inbox.MAX_REPORT_BRACKETS),
        "current and energy in a report": f"{inbox.MAX_CURRENT_A:,} A, {inbox.MAX_SESSION_WH // 1_000_000} MWh",
        "bytes of a cap that is set": str(inbox.MAX_CAP_BYTES),
        "a cap that is set": "the bounds in `[caps]`",
        "bytes of a command, and characters of its id": f"{inbox.MAX_COMMAND_BYTES}, 64",
        "time of a pause or a boost; a boost without one": f"{inbox.MAX_FOR_S // 86_400} days; {commands.BOOST_MS // 3_600_000} h",
        "time until a charger may be restarted again": f"{times.QUIET_MS // 60_000} min",
        "time between two starts of a charger that is paused and resumed": f"{rest.AGAIN_MS // 60_000} min",
        "outcomes of a charger that are known by their ids": str(commands.KNOWN),
        "messages in a hurry to a charger that names more than it was told, and rest before the next": (
            f"{len(echo.AGAIN_MS)}, {times.SETTLED_MS // 1000} s"
        ),
        "time until the same is told again of a charger": f"{times.QUIET_MS // 60_000} min",
        "lines of one kind in the log, and one more after": f"{quiet.USUAL.freely}, {quiet.USUAL.pause_ms // 60_000} min",
        "the same, where they say why a limit was set": f"{quiet.DECIDED.freely}, {quiet.DECIDED.pause_ms // 1000} s",
        "time until the same refused message is told again": f"{outlets.TELL_AGAIN_MS // 60_000} min",
        "bytes of a packet that an MQTT 5 broker may send us": f"{link.MAX_PACKET:,}",
        "messages to us that wait for the controller": str(broker.MAX_UNHEARD),
        "messages of ours that are known when they come back": str(broker.MAX_OWN),
        "messages of ours that wait for the broker": f"the latest of {outbox.MAX_TOPICS:,} topics, {outbox.MAX_BYTES // 1024:,} KiB",
        "messages of ours that the broker has not acknowledged": str(link.MAX_IN_FLIGHT),
        "time for a broker to acknowledge a message": f"{broker.ACK_MS // 1000} s, then it is connected anew",
        "life of a limit, wherever it waits": f"`valid_for_s`, {policy.valid_for_ms // 1000} s",
        "time to connect to a broker": f"{link.CONNECT_TIMEOUT_S:g} s for each address",
        "pause before the next round of addresses": f"{acquaintances.BACK_OFF_S[0]:g} s, growing to {acquaintances.BACK_OFF_S[-1]:g} s",
        "time for a broker that has let us in to answer": (
            f"{acquaintances.ANSWER_MS[0] // 1000} s; {acquaintances.ANSWER_MS[-1] // 1000} s once it was too slow twice"
        ),
        "time until a broker that hangs is left": f"{2 * keepalive_s} s at most",
        "callers of the HTTP port at once, and how long one may say nothing": (
            f"{http_server.MOST_CALLERS}, {http_server.PATIENCE_S:g} s"
        ),
        "bytes of what is said on the page": f"{http_server.MOST_BODY:,}",
        "who may watch the page at once, and bytes that wait for one of them": (
            f"{streams.MOST_READERS}, {streams.MOST_UNREAD // 1024:,} KiB"
        ),
        "lines of the log, and points of the last hour, that the page remembers": f"{board.MOST_TOLD}, {hour.MOST}",
        "characters of the page's token": f"{secrets.SHORTEST_TOKEN} at least",
        "bytes of the configuration": f"{toml_file.LARGEST_FILE:,}",
        "bytes of the state file, objects in it": f"{memory.LARGEST:,}, {memory.MOST_BRACKETS}",
        "circuits, chargers, fuses one below the other": ", ".join(str(each) for each in (*most, circuits.DEEPEST)),
        "lines of a recording that wait for the disk": f"{unhurried.MOST_LINES:,}",
        "bytes of a line in a dump or recording": f"{recording.LONGEST_LINE:,}",
    }
    return table(("what", "limit"), rows.items())


def entities() -> str:
    """What Home Assistant shows of the house of the example configuration; of its chargers, the first."""
    site = load.load(DOCS.parent / "config" / "gateway.example.toml").site
    rows = []
    for message in list(discovery.discovery("homeassistant", "han", site, ""))[:3]:
        device = json.loads(message.payload)
        kinds: dict[str, list[str]] = {}
        for entity in (each for each in device["components"].values() if "name" in each):
            unit = entity.get("unit_of_measurement")
            name = f"{entity['name']} ({unit})" if unit else entity["name"]
            of = "diagnostic" if entity.get("entity_category") else entity["platform"]
            kinds.setdefault(of.replace("binary_sensor", "sensor"), []).append(name)
        rows += [(device["device"]["name"], kind, ", ".join(names)) for kind, names in kinds.items()]
    return table(("device", "kind", "entities"), rows)


def front() -> str:
    """What is drawn in docs/pictures/front.svg, and what it costs in pauses."""
    (played,) = json.loads((DOCS / "pictures" / "front.json").read_text(encoding="utf-8"))["classes"].values()
    shown = sorted(
        (law for law in played["laws"] if law["law"] in (OWN, *PEERS, BARE, SEES)), key=lambda law: -law["utilisation"]
    )
    return table(
        ("law", "energy", "s a day above the fuse", "above 1.13", "above 1.3", "trips", "pauses an hour"),
        (
            (
                law["law"],
                f"{100 * law['utilisation']:.0f} %",
                *(f"{law['above_s_per_day'][step]:.0f}" for step in ("1", "1.13", "1.3")),
                str(law["edge_trips"]),
                f"{law['pauses_per_hour']:.2f}",
            )
            for law in shown
        ),
    )


def bounds() -> str:
    """What an oracle has that knows this second and must do with the same cars, where the targets ask for more than it can, class by class."""
    kept = json.loads((DOCS / "pictures" / "bounds.json").read_text(encoding="utf-8"))
    rows = []
    for name, found in kept.items():
        for bound in found["bounds"]:
            least, lists = (f"{bound[key]:.0f}" if bound[key] is not None else "cannot" for key in ("least", "lists"))
            own = f"{bound['own']:.0f} at {bound['utilisation']:.2f}"
            rows.append((name, bound["figure"], f"{bound['target']:.0f} ({bound['of']})", least, own, lists))
    return table(
        (
            "class",
            "figure",
            "target",
            "the oracle, where it delivers 0.95",
            "ours",
            "who knows the lists, where it delivers that",
        ),
        rows,
    )


MEANS = {
    Cause.FUSE: "the house and the other chargers leave no more on this fuse and line",
    Cause.LINE_CAP: "you allow no more on this line (`[caps]`)",
    Cause.POWER_CAP: "you allow no more power for the whole house (`[caps]`)",
    Cause.CHARGER: "nothing but the charger's `max_a` limits it",
    Cause.STARTING: "a car begins with the smallest current, and gets more when it is seen to follow",
    Cause.NO_CAR: "the charger says that no car is there, or that it is full: the smallest current stands ready, or none while others need it",
    Cause.ENOUGH: "the car takes less than it was offered; the rest is for others",
    Cause.UNSEEN: "neither a report nor the meter shows that its car takes anything",
    Cause.HELD: "a little above the fuse, which bears that for a while; a pause would wear the contactor",
    Cause.NO_ROOM: "not even the smallest current fits; it waits in the queue",
    Cause.METER_WAITING: "since the start no list with currents has come: the fallback",
    Cause.METER_STALE: "no list for a while: what fell stays, nothing rises",
    Cause.METER_LOST: "no list for long: the fallback",
    Cause.REMOVED: "the charger is no longer in the configuration, and is left with the fallback",
    Cause.POWER_ROSE: "the power rose between two lists with currents; the next one says whether it was this line",
    Cause.RAISE_PENDING: "there is room, and it is watched a little longer before it is given",
    Cause.QUESTION: "a small change, to see on the meter whether a charger that never reports follows",
    Cause.RESTING: "somebody wants it to go on, and it was switched too lately: contactors wear ([commands](#commands))",
    Cause.CHANGING: "paused while the charger changes its phases",
    Cause.PAUSED: "somebody asked for a pause",
}
"""What each beginning of a reason tells people."""


def reasons() -> str:
    """Why a limit is what it is."""
    return table(("`reason` begins with", "means"), ((f"`{_begins(cause)}`", MEANS[cause]) for cause in Cause))


def _begins(cause: Cause) -> str:
    return "NAME fuse, LINE" if cause is Cause.FUSE else f"{cause.value}, LINE" if cause is Cause.LINE_CAP else cause.value


def promises() -> str:
    """What the campaigns saw the last time that their figures were kept; what did not hold says so."""
    kept = json.loads((DOCS / "figures.json").read_text(encoding="utf-8"))
    return table(
        ("promise", "seen", "command"),
        (
            (each["text"], ("" if each["holds"] else "**broken:** ") + each["figure"], f"`{each['command']}`")
            for each in kept.values()
        ),
    )


def devices() -> str:
    """Each make: what to write, what it hears, what it says, what it does alone."""
    return "\n".join(_device(device) for device in DEVICES.values())


def _device(device: Device) -> str:
    """One section of docs/chargers.md."""
    lines = [f"### {device.title}", "", "```toml", "[[charger]]", 'name = "garage"', f'device = "{device.name}"']
    lines += [f'device_id = "{device.id_example}"'] if device.needs_id else []
    lines += ["```", "", *(f"* {step}" for step in device.setup), ""]
    return "\n".join(lines) + "\n" + table(("", "topic", "message, or place in it"), _said(device)) + f"\nBy: {device.source}.\n"


def _said(device: Device) -> Iterator[tuple[str, str, str]]:
    """What is said to it, then what it says, then how it is: one row each."""
    for what, words in (
        ("charging may begin", device.resume),
        ("3 phases", device.three_phase),
        ("1 phase", device.one_phase),
        ("a limit", device.charge),
        ("a pause", device.pause),
        ("restart", (device.restart,) if device.restart else ()),
    ):
        yield from ((what, f"`{say.topic}`", f"`{say.payload}`" if say.payload else "nothing") for say in words)
    if device.feed:
        yield f"every {device.feed.every_ms // 1000} s", f"`{device.feed.topic}`", f"`{device.feed.payload}`"
    for what, read in (
        ("says its limit", (device.echo,) if device.echo else ()),
        ("says its pause", (device.paused,) if device.paused else ()),
        ("says its currents", device.currents),
        ("says its state", device.states),
    ):
        topics, paths = (", ".join(dict.fromkeys(f"`{each}`" for each in some if each)) for some in _places(read))
        if topics:
            yield what, topics, paths
    if device.raise_after_ms:
        yield "a raise", "", f"{device.raise_after_ms // 1000} s after the last change at the soonest"
    if device.repeat_ms:
        yield "an unchanged limit", "", f"again after {device.repeat_ms // 1000} s"
    yield "hears nothing", "", device.failsafe


def _places(read: Sequence[Value | Paused | States]) -> tuple[list[str], list[str]]:
    return [each.topic for each in read], [each.path for each in read]


CLOCKS = {ClockRule.STANDARD: "standard time all year", ClockRule.LOCAL: "local time", ClockRule.UTC: "UTC", None: "not known"}


def meters() -> str:
    """The meters that are read: what each sends, and how well that is known. Those with P1 ports come last."""
    known = [(each.about, CLOCKS[each.clock]) for each in PROFILES]
    known += [(each.about, _telegram_clock(each.form)) for each in TELEGRAM_METERS.values()]
    return table(
        ("meter", "countries", "on the wire", "sends", "currents per line", "its clock shows", "known from"),
        (
            (
                about.models,
                about.countries,
                about.framing.replace("encrypted", "encrypted (needs the [key](docs/encrypted.md) of the grid company)"),
                about.sends,
                about.currents,
                clock,
                "real frames" if about.seen else "documents",
            )
            for about, clock in known
        ),
    )


def _telegram_clock(form: TelegramForm) -> str:
    """A telegram that has a clock may say whether it is summer."""
    if not any(isinstance(row, tuple) and row[0] == CLOCK for row in form.rows):
        return "nothing"
    return CLOCKS[ClockRule.LOCAL if form.season else None]


TABLES: dict[str, Callable[[], str]] = {
    "policy": policy,
    "meter": lambda: machine({(state, sign): to for (state, sign), to in METER.items()}, "list with currents"),
    "charger": lambda: machine({(state, sign): to for (state, sign), to in CHARGER.items()}, "charger's report"),
    "command": lambda: machine({(state, sign): to for (state, sign), to in outcome.LIFE.items()}, "command"),
    "core": core,
    "limits": limits,
    "entities": entities,
    "front": front,
    "bounds": bounds,
    "reasons": reasons,
    "promises": promises,
    "devices": devices,
    "meters": meters,
    "metrics": lambda: table(
        ("metric", "labels", "meaning"),
        ((f"`{name}`", ", ".join(defined.labels), defined.meaning) for name, defined in DEFINED.items()),
    ),
}


def page(text: str) -> str:
    """Give a page with all its tables written anew."""
    return _MARK.sub(lambda mark: f"<!-- {mark[1]} -->\n{TABLES[mark[1]]()}<!-- end -->\n", text)


def main() -> None:
    """Write every page."""
    for path in (*sorted(DOCS.glob("*.md")), DOCS.parent / "README.md"):
        path.write_text(page(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
