"""Writes the generated tables of the documentation, each between the marks that bear its name.

A page says ``<!-- name -->`` where a table belongs; what stands between that and ``<!-- end -->`` is replaced. ``tests/test_docs.py``
checks that the pages are as this file would write them. It must not know what the tables are good for.
"""

import re
from collections.abc import Callable, Iterable
from enum import Enum
from pathlib import Path

from han_gateway.adapters.metric_names import DEFINED
from han_gateway.core.supervision import CHARGER, METER, POLICY

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


TABLES: dict[str, Callable[[], str]] = {
    "policy": policy,
    "meter": lambda: machine({(state, sign): to for (state, sign), to in METER.items()}, "list with currents"),
    "charger": lambda: machine({(state, sign): to for (state, sign), to in CHARGER.items()}, "charger's report"),
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
    for path in sorted(DOCS.glob("*.md")):
        path.write_text(page(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
