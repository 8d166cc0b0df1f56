"""The scenarios in ``tests/scenarios`` come true under our own law, and mistakes in a scenario are named."""

import tomllib
from pathlib import Path

import pytest

from han_gateway.simulation.laws import play
from han_gateway.simulation.scenario import ScenarioError, build, complaints, second

SCENARIOS = sorted((Path(__file__).parent.parent / "scenarios").glob("*.toml"))


def told(path: Path) -> dict[str, object]:
    """What the file says."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_a_scenario_comes_true(path: Path) -> None:
    """Under our own law, with bytes through the real decoder, everything happens as the scenario expects."""
    scenario = told(path)
    case = build(scenario)

    assert not list(complaints(scenario, case, play(case, "han-gateway", faithful=True)))


def test_without_control_it_would_not() -> None:
    """A scenario can fail: with nobody in control the oven overloads the fuse, and that is said."""
    scenario = told(next(path for path in SCENARIOS if path.stem == "oven-and-kettle"))
    case = build(scenario)
    said = list(complaints(scenario, case, play(case, "none")))

    assert any("garage from 05:15: 16 A, expected 10 to 11 A" in words for words in said)
    assert any("above the fuse" in words for words in said)


def test_phases_that_do_not_change_are_said() -> None:
    """A scenario that expects other phases, or fewer changes of them, fails."""
    scenario = told(next(path for path in SCENARIOS if path.stem == "one-full-phase"))
    case = build(scenario)
    run = play(case, "han-gateway")
    fewer = {**scenario, "phases": [{"charger": "garage", "switches_at_most": 1}, {"charger": "garage", "on": ["L3"]}]}

    assert not list(complaints(scenario, case, run))
    assert list(complaints(fewer, case, run)) == [
        "garage changes its phases 2 times, expected at most 1",
        "garage from 00:00: on L1-L2-L3, L3, L1-L2-L3, expected L3",
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"lod": []}, "does not know lod"),
        ({"load": [{"what": "oven", "wats": 1, "phases": ["L1"]}]}, "wats"),
        ({"load": [{"what": "oven", "watts": 1, "phases": ["L1"], "from": "later"}]}, "not a time"),
    ],
)
def test_a_mistake_is_named(change: dict[str, object], words: str) -> None:
    """A misspelt word or an impossible time ends with a sentence that names it."""
    scenario = {"title": "x", "minutes": 1, "site": {"grid": "TN", "fuse_a": 25, "meter": "kaifa-tn"}} | change

    with pytest.raises(ScenarioError, match=words):
        build(scenario)


def test_times_are_read_as_people_write_them() -> None:
    """Minutes and seconds, with or without hours."""
    assert [second("05:15"), second("01:00:01")] == [315, 3601]
