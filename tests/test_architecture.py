"""The rules of the house that a machine can check, so that the layout cannot rot. Reads the source, imports none of it.

An exception to a rule is an entry in a table here, with its reason. An entry that is no longer needed fails, too.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted(
    str(path.relative_to(ROOT))
    for package in ("dlms", "han_gateway")
    for path in (ROOT / package).rglob("*.py")
    if path.stat().st_size
)

# Which rooms a room may import; itself is understood. What is in no room of its own (config, runtime, cli) may import all.
MAY_IMPORT = {
    "dlms": set[str](),
    "han_gateway.meters": {"dlms"},
    "han_gateway.core": {"dlms", "han_gateway.meters"},
    "han_gateway.devices": {"han_gateway.meters", "han_gateway.core"},
    "han_gateway.page": {"dlms", "han_gateway.meters", "han_gateway.core"},
    "han_gateway.adapters": {"dlms", "han_gateway.meters", "han_gateway.core", "han_gateway.devices", "han_gateway.page"},
    "han_gateway.simulation": {"dlms", "han_gateway.meters", "han_gateway.core"},
    "han_gateway": {
        "dlms",
        "han_gateway.meters",
        "han_gateway.core",
        "han_gateway.devices",
        "han_gateway.page",
        "han_gateway.adapters",
        "han_gateway.simulation",
    },
}

# The pure rooms may import this and nothing else from outside: no I/O, no clock, no logging, no randomness, no threads.
PURE = {
    "abc",
    "binascii",
    "bisect",
    "collections",
    "construct",
    "dataclasses",
    "datetime",
    "enum",
    "functools",
    "heapq",
    "itertools",
}
PURE |= {"math", "operator", "re", "struct", "types", "typing"}
ALSO_PURE = {"dlms": {"cryptography"}, "han_gateway.meters": {"json", "zoneinfo"}, "han_gateway.core": {"json", "zoneinfo"}}
ALSO_PURE |= {"han_gateway.devices": {"json"}, "han_gateway.page": {"json", "textwrap"}}

# The one place that reads a clock.
CLOCK = "han_gateway/adapters/clock.py"
CLOCK_READS = {
    "time": {
        "time",
        "time_ns",
        "monotonic",
        "monotonic_ns",
        "clock_gettime",
        "clock_gettime_ns",
        "perf_counter",
        "perf_counter_ns",
    }
    | {"process_time", "localtime", "gmtime", "ctime"},
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
}

MANUFACTURERS = ("kaifa", "aidon", "kamstrup", "landis", "embriq", "sagemcom", "iskra")

MAX_FUNCTION = 40
MAX_MODULE = 250
# "path" or "path:function" -> why it is better long.
LONG: dict[str, str] = {
    "han_gateway/meters/profiles.py": "a table: one record for each family of lists",
}


@cache
def source(module: str) -> str:
    """What stands in the file."""
    return (ROOT / module).read_text(encoding="utf-8")


@cache
def tree(module: str) -> ast.Module:
    """The file, parsed."""
    return ast.parse(source(module), filename=module)


def room(dotted: str) -> str:
    """The innermost room that a dotted name lies in, or the name's first part when it lies in none."""
    parts = dotted.split(".")
    return next((name for name in (".".join(parts[:2]), parts[0]) if name in MAY_IMPORT), parts[0])


def dotted(module: str) -> str:
    """The name by which a file is imported."""
    return module.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imports(module: str) -> Iterator[str]:
    """The full dotted name of everything that a module imports, wherever in it the import stands."""
    package = dotted(module).split(".") if module.endswith("__init__.py") else dotted(module).split(".")[:-1]
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def functions(module: str) -> Iterator[tuple[str, int]]:
    """Each function's name and length in lines, docstring included."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def code(module: str) -> str:
    """The file without comments and docstrings, in lower case."""
    bare = ast.parse(source(module))
    for node in ast.walk(bare):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            node.value = ast.Constant(...)
    return ast.unparse(bare).lower()


def names_in(node: ast.expr | None) -> set[str]:
    """The names that an `except` mentions."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)} if node else {"(bare)"}


@pytest.mark.parametrize("module", MODULES)
def test_a_room_imports_only_rooms_to_its_left(module: str) -> None:
    """A room imports only what the table allows it."""
    here = room(dotted(module))
    wrong = {name for name in imports(module) if room(name) in MAY_IMPORT and room(name) not in MAY_IMPORT[here] | {here}}
    assert not wrong, f"{module} is in {here} and must not import {', '.join(sorted(wrong))}"


@pytest.mark.parametrize("module", [module for module in MODULES if module.startswith("han_gateway/core/")])
def test_the_law_does_not_know_the_words_of_others(module: str) -> None:
    """Within the core nothing but the words themselves imports topics, the inbox and the like: what is decided cannot hang on how it is said."""
    words = "han_gateway.core.words"
    assert dotted(module).startswith(words) or not [name for name in imports(module) if name.startswith(words)]


@pytest.mark.parametrize("module", [module for module in MODULES if room(dotted(module)) in ALSO_PURE])
def test_a_pure_room_imports_nothing_that_touches_the_world(module: str) -> None:
    """dlms, meters, core and page import only modules without I/O, clock, log, randomness or configuration."""
    here = room(dotted(module))
    wrong = {name.split(".")[0] for name in imports(module)} - PURE - ALSO_PURE[here] - {"dlms", "han_gateway"}
    assert not wrong, f"{module} is pure and must not import {', '.join(sorted(wrong))}"


@pytest.mark.parametrize("module", [module for module in MODULES if module != CLOCK])
def test_one_place_reads_a_clock(module: str) -> None:
    """Only the clock adapter asks what time it is; everyone else is told."""
    wrong = [
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Attribute) and node.attr in CLOCK_READS.get(ast.unparse(node.value).split(".")[-1], ())
    ]
    wrong += [name for name in imports(module) if name in {f"time.{read}" for read in CLOCK_READS["time"]}]
    assert not wrong, f"{module} reads a clock: {', '.join(wrong)}"


@pytest.mark.parametrize("module", MODULES)
def test_the_cipher_is_imported_only_where_it_is_used(module: str) -> None:
    """No module takes 9 MB for cryptography when it is loaded: most meters do not encrypt."""
    runs = [node for node in tree(module).body if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")]
    names = {name for node in runs if isinstance(node, ast.Import | ast.ImportFrom) for name in ast.unparse(node).split()}
    assert not [name for name in names if name.split(".")[0] == "cryptography"], f"{module} imports it at once"


@pytest.mark.parametrize("module", MODULES)
def test_every_module_opens_with_a_docstring(module: str) -> None:
    """Each file opens by telling what it is for."""
    assert ast.get_docstring(tree(module)), f"{module} has no docstring"


@pytest.mark.parametrize("module", MODULES)
def test_functions_and_modules_stay_short(module: str) -> None:
    """A function fits on a screen and a module in a head, but for those that the table names with a reason."""
    sizes = {module: (len(source(module).splitlines()), MAX_MODULE)}
    sizes |= {f"{module}:{name}": (lines, MAX_FUNCTION) for name, lines in functions(module)}
    too_long = {name: lines for name, (lines, limit) in sizes.items() if lines > limit and name not in LONG}
    assert not too_long
    excused = {name for name in LONG if name.split(":")[0] == module and (name not in sizes or sizes[name][0] <= sizes[name][1])}
    assert not excused, "no longer too long: take it out of the table"


@pytest.mark.parametrize("module", MODULES)
def test_no_except_catches_everything(module: str) -> None:
    """What we did not foresee is a bug and ends the process, where it can be seen."""
    broad = {"(bare)", "Exception", "BaseException"}
    wrong = [
        node.lineno for node in ast.walk(tree(module)) if isinstance(node, ast.ExceptHandler) and names_in(node.type) & broad
    ]
    assert not wrong, f"{module}: broad except on lines {wrong}"


@pytest.mark.parametrize("module", [module for module in MODULES if room(dotted(module)) in ALSO_PURE])
def test_dataclasses_of_the_pure_rooms_are_frozen_with_slots(module: str) -> None:
    """A value in a pure room cannot be changed after it was made."""
    wrong = [
        f"line {decorator.lineno}: {ast.unparse(decorator)}"
        for node in ast.walk(tree(module))
        if isinstance(node, ast.ClassDef)
        for decorator in node.decorator_list
        if "dataclass" in ast.unparse(decorator)
        and not {"frozen=True", "slots=True"} <= {ast.unparse(word) for word in getattr(decorator, "keywords", [])}
    ]
    assert not wrong, f"{module}: not frozen with slots: {', '.join(wrong)}"


@pytest.mark.parametrize("module", [module for module in MODULES if room(dotted(module)) == "dlms"])
def test_the_standards_room_knows_no_manufacturer(module: str) -> None:
    """The code of dlms treats nobody specially; a comment may say in whose frames a thing was seen."""
    assert not [name for name in MANUFACTURERS if name in code(module)]
