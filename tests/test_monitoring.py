"""What Prometheus and Grafana are given: the metrics as promtool sees them, each alert loud and silent, and queries that ask for what is."""

import json
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from prometheus_client import generate_latest

from han_gateway.adapters.metric_names import DEFINED
from han_gateway.adapters.metrics import Metrics
from tests.adapters.test_metrics import SITE, Figures, Refusals, everything
from tests.grafana import strange
from tests.house import House
from tests.mosquitto import Mosquitto

CONFIG = Path(__file__).parent.parent / "config"
RULES = CONFIG / "prometheus-rules.yml"
DASHBOARD = CONFIG / "grafana-dashboard.json"
PROMTOOL = shutil.which("promtool") or "promtool"
OF_PROMETHEUS = {"up": set[str](), "process_start_time_seconds": set[str](), "process_resident_memory_bytes": set[str]()}
OF_THE_SCRAPE = {"job", "instance"}
HOURS = '_hours_total use base unit "seconds" instead of "hours"'
"""promtool would have energy in joules. Meters count, and everybody is billed in, watt-hours; Home Assistant and the makers say so, too."""

WELL = {
    'up{job="han-gateway", instance="pi"}': "1x480",
    'process_start_time_seconds{job="han-gateway", instance="pi"}': "1000x480",
    'han_failsafe_active{reason="meter_lost"}': "0x100 1 1 1 0x377",
    'han_controller_state{state="fresh"}': "1x100 0 0 0 1x377",
    'han_controller_state{state="lost"}': "0x100 1x40 0x339",
    'han_charger_limit_cause{charger="garage", cause="meter_lost"}': "_x100 1x40 _x339",
    'han_meter_telegrams_total{meter="home", list="2"}': "0+1.5x480",
    'han_meter_frame_errors_total{meter="home", reason="frame_check"}': "0x100 1x380",
    'han_headroom_amperes{meter="home", phase="L1"}': "5x100 -8 -8 -8 5x377",
    'han_overload_seconds_total{meter="home", phase="L1"}': "0x100 15 30 45x378",
    **{f'han_charger_trouble{{charger="garage", kind="{kind}"}}': "0x100 1 1 0x378" for kind in ("ignoring", "gone")},
    **{f'han_charger_trouble{{charger="garage", kind="{kind}"}}': "0x100 1 1 0x378" for kind in ("disputed", "shared")},
    "han_mqtt_connected": "1x100 0 0 1x378",
    "han_mqtt_messages_refused_total": "0x100 3x380",
    'han_meter_last_telegram_timestamp_seconds{meter="home", list="2"}': "0+15x480",
    'han_meter_clock_timestamp_seconds{meter="home", list="2"}': "4+15x480",
    'han_meter_last_telegram_timestamp_seconds{meter="home", list="3"}': "0x480",
    'han_meter_clock_timestamp_seconds{meter="home", list="3"}': "-3600x480",
    "han_state_write_failures_total": "0x480",
}
"""Two hours of a house that is well and stumbles now and then, sampled every 15 s."""


class Loud(NamedTuple):
    """An alert: what makes it loud, with which labels, and what it says then; ``minutes`` in it is loud, and ``quiet`` not yet."""

    alert: str
    series: dict[str, str]
    labels: dict[str, str]
    summary: str
    minutes: int = 20
    quiet: int = 1


def trouble(kind: str) -> tuple[dict[str, str], dict[str, str]]:
    """The series and the labels of a charger in trouble."""
    labels = {"charger": "garage", "kind": kind}
    return {f'han_charger_trouble{{charger="garage", kind="{kind}"}}': "0x2 1x200"}, labels


PI = {"job": "han-gateway", "instance": "pi"}
HOME = {"meter": "home", "phase": "L2"}
LOUD = (
    Loud("HanGatewayDown", {'up{job="han-gateway", instance="pi"}': "1x2 0x200"}, PI, "the gateway on pi does not answer"),
    Loud(
        "HanGatewayRestarts",
        {'process_start_time_seconds{job="han-gateway", instance="pi"}': "100x8 200x8 300x8 400x200"},
        PI,
        "the gateway on pi was started 3 times anew within an hour",
        quiet=5,
    ),
    Loud(
        "HanMeterLost",
        {'han_failsafe_active{reason="meter_lost"}': "0x2 1x200"},
        {"reason": "meter_lost"},
        "no currents from the meter (meter_lost): chargers have their fallback limits",
    ),
    Loud(
        "HanCircuitMeterLost",
        {f'han_charger_limit_cause{{instance="pi", charger="{name}", cause="meter_lost"}}': "_x2 1x200" for name in "ab"},
        {"instance": "pi"},
        "2 chargers on pi have their fallback: the meter of a sub-fuse is silent",
        quiet=5,
    ),
    Loud(
        "HanMeterUnsteady",
        {'han_controller_state{state="fresh"}': "1x2 0 1 1 0 1 1 0 1 1 1 0 1 1 1 1 1 0 1x61"},
        {"state": "fresh"},
        "the meter was heard for only 87.8% of the last half hour",
        minutes=10,
    ),
    Loud(
        "HanFrameErrors",
        {
            'han_meter_telegrams_total{meter="home", list="2"}': "0+1.5x200",
            'han_meter_frame_errors_total{meter="home", reason="frame_check"}': "0+0.2x200",
        },
        {"meter": "home"},
        "more than one list in twenty of home is damaged (12 in 15 minutes)",
        minutes=40,
    ),
    Loud(
        "HanOtherNet",
        {'han_meter_contradicts_grid{meter="home"}': "0x2 1x200"},
        {"meter": "home"},
        "home shows another net than the one in the configuration",
        quiet=5,
    ),
    Loud(
        "HanOverFuse",
        {'han_headroom_amperes{meter="home", phase="L2"}': "4x8 -1.5x200"},
        HOME,
        "L2 of home has been above the main fuse for two minutes, by 1.5 A at the least",
        quiet=3,
    ),
    Loud(
        "HanOverFuseOften",
        {'han_overload_seconds_total{meter="home", phase="L2"}': "0x8 0+15x200"},
        HOME,
        "L2 of home was above the main fuse for 17m 45s of the last hour",
        quiet=5,
    ),
    Loud("HanChargerIgnoring", *trouble("ignoring"), "charger garage draws more than its limit"),
    Loud("HanChargerGone", *trouble("gone"), "charger garage has stopped reporting", quiet=4),
    Loud("HanChargerDisputed", *trouble("disputed"), "charger garage says that it obeys more than it was told"),
    Loud("HanChargerShared", *trouble("shared"), "somebody else sets the limit of charger garage, too"),
    Loud(
        "HanBrokerDisconnected",
        {'han_mqtt_connected{instance="pi"}': "1x2 0x200"},
        {"instance": "pi"},
        "the gateway on pi has no broker: no charger hears its limit",
    ),
    Loud(
        "HanMessagesRefused",
        {'han_mqtt_messages_refused_total{instance="pi"}': "0x8 20x200"},
        {"instance": "pi"},
        "20 messages to the gateway on pi were refused within an hour",
    ),
    Loud(
        "HanMeterClock",
        {
            'han_meter_last_telegram_timestamp_seconds{meter="home", list="2"}': "0+15x200",
            'han_meter_clock_timestamp_seconds{meter="home", list="2"}': "-3600+15x200",
        },
        {"meter": "home", "list": "2"},
        "the clocks of meter home and of the gateway are 1h 0m 0s apart",
        quiet=10,
    ),
    Loud(
        "HanStateNotWritten",
        {'han_state_write_failures_total{instance="pi"}': "0x8 1x200"},
        {"instance": "pi"},
        "the gateway on pi cannot write down what it learned",
    ),
)


def rules() -> dict[str, str]:
    """Each alert's text in the file of rules."""
    parts = re.split(r"- alert: ", RULES.read_text(encoding="utf-8"))[1:]
    return {part.split()[0]: part for part in parts}


def said(text: str, key: str) -> str:
    """What a rule says under a key."""
    return str(re.findall(rf"{key}: \"?(.+?)[\"}}]*\n", text)[0])


def promtool(*arguments: str, stdin: bytes = b"", content: tuple[int, ...] = (0,)) -> str:
    """What promtool says; it must be content (3 is when it has advice)."""
    done = subprocess.run([PROMTOOL, *arguments], input=stdin, capture_output=True, timeout=60, check=False)
    words = (done.stdout + done.stderr).decode()
    assert done.returncode in content, words
    return words


def queries() -> Iterator[tuple[str, str]]:
    """Where a query stands, and the query: all of the rules and all of the dashboard."""
    for alert, text in rules().items():
        yield alert, said(text.replace(">-\n", ""), "expr")
    for panel in panels():
        yield from ((panel["title"], target["expr"]) for target in panel.get("targets", ()))


def panels() -> list[dict[str, Any]]:
    """The panels of the dashboard."""
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return found


@pytest.mark.promtool
def test_promtool_has_nothing_to_say_of_a_scrape() -> None:
    """``promtool check metrics`` finds no bad name and no metric without a meaning in a full minute of a house, but for hours in energies."""
    metrics = everything(Metrics(SITE, version="1", python="3", broker=Figures(), refusals=Refusals(), unwritten=Refusals()))
    families = [
        part for part in re.split(r"(?=# HELP )", generate_latest(metrics.registry).decode()) if part.startswith("# HELP han_")
    ]

    words = promtool("check", "metrics", stdin="".join(families).encode(), content=(0, 3))
    assert [line for line in words.splitlines() if not line.endswith(HOURS)] == []
    assert len(families) == len(DEFINED)


@pytest.mark.promtool
@pytest.mark.broker
def test_promtool_has_nothing_to_say_of_a_real_scrape(tmp_path: Path) -> None:
    """What the daemon serves over HTTP passes ``promtool check metrics`` as a whole, with the metrics of the process and of Python."""
    with Mosquitto(tmp_path) as broker:
        house = House(tmp_path, broker, record=False)
        try:
            house.settle(2_000, 16)
            with urllib.request.urlopen(f"http://127.0.0.1:{house.metrics_port}/metrics", timeout=10) as page:
                text = page.read()
        finally:
            house.close()

    words = promtool("check", "metrics", stdin=text, content=(0, 3))
    assert [line for line in words.splitlines() if not line.endswith(HOURS)] == []
    assert b"han_charger_limit_cause{" in text


@pytest.mark.promtool
def test_promtool_accepts_the_rules() -> None:
    """Every rule is one that Prometheus would load, and none is lost between the file and Prometheus."""
    assert f"{len(rules())} rules found" in promtool("check", "rules", str(RULES))


@pytest.mark.promtool
def test_every_alert_is_loud_when_it_must_be_and_silent_before(tmp_path: Path) -> None:
    """Each alert is silent in a house that is well or only stumbles, and with its trouble says so, after its time and not sooner."""
    minutes = range(120)
    tests: list[dict[str, Any]] = [
        {
            "name": "a house that is well",
            "interval": "15s",
            "input_series": [{"series": name, "values": values} for name, values in WELL.items()],
            "alert_rule_test": [{"eval_time": f"{minute}m", "alertname": alert} for alert in rules() for minute in minutes],
        }
    ]
    for each in LOUD:
        text = rules()[each.alert]
        labels = each.labels | {"severity": said(text, "severity")}
        expected = {"exp_labels": labels, "exp_annotations": {"summary": each.summary, "description": said(text, "description")}}
        tests.append(
            {
                "name": each.alert,
                "interval": "15s",
                "input_series": [{"series": name, "values": values} for name, values in each.series.items()],
                "alert_rule_test": [
                    {"eval_time": f"{each.quiet}m", "alertname": each.alert},
                    {"eval_time": f"{each.minutes}m", "alertname": each.alert, "exp_alerts": [expected]},
                ],
            }
        )
    file = tmp_path / "tests.yml"
    file.write_text(json.dumps({"rule_files": [str(RULES)], "evaluation_interval": "15s", "tests": tests}))

    assert "SUCCESS" in promtool("test", "rules", str(file))
    assert [each.alert for each in LOUD] == [*rules()]


def test_every_alert_says_what_to_do() -> None:
    """Each alert has a sentence for what is the case and one for what to do, and a severity."""
    for alert, text in rules().items():
        assert len(said(text, "summary")) > 20, alert
        assert len(said(text, "description")) > 40, alert
        assert said(text, "severity") in {"warning", "critical"}


def test_queries_ask_for_metrics_and_labels_that_exist() -> None:
    """Every metric and every label in a rule or a panel is one that the gateway serves."""
    known = {name: set(defined.labels) for name, defined in DEFINED.items()} | OF_PROMETHEUS
    every_label = set().union(*known.values()) | OF_THE_SCRAPE
    found = list(queries())

    for where, query in found:
        metrics = re.findall(r"\b((?:han|process)_\w+|up)\b(?:\{([^}]*)\})?", query)
        assert metrics, where
        for name, selector in metrics:
            assert name in known, where
            assert set(re.findall(r"(\w+)\s*(?:=~|!=|!~|=)", selector)) <= known[name] | OF_THE_SCRAPE, where
        for labels in re.findall(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)", query):
            assert set(re.findall(r"\w+", labels)) <= every_label, where
    assert len(found) > 25


def test_the_dashboard_is_one_that_grafana_loads_anywhere() -> None:
    """No data source, house or id of ours is in it: all come from variables, and every panel has its own place and number."""
    board = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    boxes = [(panel["gridPos"]["y"], panel["gridPos"]["x"], panel["gridPos"]["w"], panel["gridPos"]["h"]) for panel in panels()]

    assert board["id"] is None
    assert board["schemaVersion"] >= 36
    assert [variable["name"] for variable in board["templating"]["list"]] == ["datasource", "instance", "meter"]
    assert board["templating"]["list"][0]["query"] == "prometheus"
    assert len({panel["id"] for panel in panels()}) == len(panels())
    for panel in panels():
        targets = panel.get("targets", [])
        assert len({target["refId"] for target in targets}) == len(targets)
        for part in (panel, *targets):
            assert part.get("datasource", {"uid": "${datasource}"})["uid"] == "${datasource}", panel["title"]
        legends = {word for target in targets for word in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])}
        asked = {label for target in targets for name in DEFINED if name in target["expr"] for label in DEFINED[name].labels}
        assert legends <= asked | OF_THE_SCRAPE, panel["title"]
        assert panel["type"] == "row" or panel["description"], panel["title"]
    for (y, x, w, h), (below_y, below_x, below_w, _) in ((a, b) for a in boxes for b in boxes if b > a):
        assert below_y >= y + h or below_x >= x + w or below_x + below_w <= x, "panels overlap"
    assert all(x + w <= 24 for _, x, w, _ in boxes)
    assert [one for one, other in pairwise(boxes) if one > other] == []


BEYOND_GRAFANAS_MODEL = {
    "__inputs": "read by the import dialog, not by the dashboard",
    "__requires": "likewise",
    "id": "null, so that an import gets a number of its own",
    "annotations.list.builtIn": "Grafana writes it with every dashboard, its model leaves it out",
    "panels.options.wideLayout": "of later Grafanas than the model",
}


def test_the_dashboard_is_what_grafanas_own_model_of_one_says() -> None:
    """Every key of it is one that Grafana's published models know, with a value of their type; the few others are named with their reason."""
    assert set(strange(json.loads(DASHBOARD.read_text(encoding="utf-8")))) == set(BEYOND_GRAFANAS_MODEL)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda board: board.update(titel="x"), "titel"),
        (lambda board: board["panels"][0].update(gridpos={}), "panels.gridpos"),
        (lambda board: board["panels"][0]["gridPos"].update(w="12"), "panels.grid_pos.w = '12'"),
        (lambda board: board["panels"][0]["options"].update(graphMode="bars"), "panels.options.graph_mode = 'bars'"),
        (lambda board: board["panels"][0]["targets"][0].update(expression="up"), "panels.targets.expression"),
        (lambda board: board.update(schemaVersion="38"), "schema_version = '38'"),
    ],
)
def test_a_dashboard_that_grafana_would_not_understand_is_noticed(change: Callable[[dict[str, Any]], None], found: str) -> None:
    """A key that is misspelt, at the top or in a query, a number that is text, and a word that is none of its kind."""
    board = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    change(board)
    assert set(strange(board)) - set(BEYOND_GRAFANAS_MODEL) == {found}


@pytest.mark.promtool
def test_prometheus_understands_every_query_of_the_dashboard(tmp_path: Path) -> None:
    """With the variables filled in as Grafana fills them, each panel's query is one that promtool can read."""
    rule = "groups:\n- name: panels\n  rules:\n"
    fill = {"$instance": ".*", "$meter": ".*", "$__rate_interval": "1m", "$__range": "1h"}
    asked = [query for where, query in queries() if where not in rules()]
    for number, query in enumerate(asked):
        for variable, value in fill.items():
            query = query.replace(variable, value)  # noqa: PLW2901
        rule += f"  - record: panel:{number}\n    expr: {json.dumps(query)}\n"
    file = tmp_path / "panels.yml"
    file.write_text(rule)

    assert f"{len(asked)} rules found" in promtool("check", "rules", str(file))
