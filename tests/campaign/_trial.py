"""How a mutant is tried: in a fork of a process that has imported everything, with the tests that touch its line, quickest first.

Two kinds of fork. In a *warm* one all tests are collected already, and only the changed function gets other code: that takes
milliseconds. What runs when a module is imported (tables, defaults, classes) needs a *cold* one, of a process that has imported nothing
of ours. This file must not know what is changed, nor what counts as enough.
"""

import ast
import gc
import os
import pickle
import resource
import signal
import sys
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, FunctionType
from typing import NamedTuple, TypeVar

import coverage
import hypothesis
import pytest

from tests.campaign._mutate import ROOT, Mutant

Answer = TypeVar("Answer")

PYTEST = [
    "-q",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:cov",
    "--no-header",
    "--no-summary",
    "-W",
    "ignore::pytest.PytestAssertRewriteWarning",
]
MEMORY = 2 << 30
PATIENCE_S = 10.0
"""A mutant is tried with tests that take so long together; a test that takes longer is tried alone."""

PAGES = "tests/test_docs.py"
"""What the documentation says holds whole modules to their word, by what they are made of at import: no line shows that."""

Killed = bool


class Test(NamedTuple):
    """A test's name, and how much time of the processor it took with the lines being counted: a busy machine changes nothing."""

    id: str
    seconds: float


class Record(NamedTuple):
    """Seen once, without a mutant: all tests, those of each line (file, line), the lines that run at import, the tests that failed."""

    tests: tuple[Test, ...]
    touching: dict[tuple[str, int], frozenset[Test]]
    at_import: frozenset[tuple[str, int]]
    failed: tuple[str, ...]

    def tests_of(self, mutant: Mutant) -> list[Test]:
        """The tests that touch its lines, those of the module's own file first, then the quickest.

        What runs at import touches all of its own file, and whoever uses the module; where nobody can be seen to, everybody may.
        """
        lines = lines_of(mutant) if mutant.function else range(1_000_000)
        found = {test for (file, line), tests in self.touching.items() if file == mutant.file and line in lines for test in tests}
        if self.early(mutant):
            found |= {test for test in self.tests if not found or is_own(test, mutant) or test.id.startswith(PAGES)}
        ordered: list[Test] = []
        spent = 0.0
        for test in sorted(found, key=lambda test: (not is_own(test, mutant), test.seconds, test.id)):
            spent += test.seconds
            if spent < PATIENCE_S or not ordered:
                ordered.append(test)
        return ordered

    def early(self, mutant: Mutant) -> bool:
        """Whether it acts before any test does."""
        return not mutant.function or any((mutant.file, line) in self.at_import for line in lines_of(mutant))


def is_own(test: Test, mutant: Mutant) -> bool:
    """Whether a test stands in the file that mirrors the module, or the package around it."""
    path = Path("tests", mutant.file.removeprefix("han_gateway/"))
    package = path.parent.with_name(f"test_{path.parent.name}.py")
    return test.id.startswith((str(path.with_name(f"test_{path.name}")), str(package)))


def lines_of(mutant: Mutant) -> range:
    """The lines of the innermost statement that holds it; of a compound one, its head."""
    best = range(mutant.line, mutant.line + 1)
    for node in ast.walk(mutant.tree):
        if isinstance(node, ast.stmt) and node.lineno <= mutant.line <= (node.end_lineno or node.lineno):
            body = getattr(node, "body", None)
            head = range(node.lineno, max(node.lineno, body[0].lineno - 1) + 1 if body else (node.end_lineno or node.lineno) + 1)
            best = head if mutant.line in head else best
    return best


# --- forks --------------------------------------------------------------------------------------------------------------------------


def in_forks(tasks: Iterable[tuple[int, Callable[[], Killed]]], jobs: int) -> dict[int, Killed]:
    """Do each numbered task in a fork of its own; one that dies, of time or memory, counts as killed."""
    running: dict[int, int] = {}
    done: dict[int, Killed] = {}

    def reap() -> None:
        pid, status = os.wait()
        done[running.pop(pid)] = status != 0

    for number, task in tasks:
        if len(running) >= jobs:
            reap()
        running[_fork(task)] = number
    while running:
        reap()
    return done


def _fork(task: Callable[[], Killed]) -> int:
    sys.stdout.flush()
    pid = os.fork()
    if not pid:
        killed = True
        try:
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, 1)
            os.dup2(nothing, 2)
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            killed = task()
        finally:
            os._exit(killed)
    return pid


def answer_of(work: Callable[[], Answer]) -> Answer:
    """Do it in a fork and wait for what it found."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if not pid:
        try:
            found = pickle.dumps(work())
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(found)
        finally:
            if sys.exc_info()[0]:
                traceback.print_exc()
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        found = pipe.read()
    os.waitpid(pid, 0)
    answer: Answer = pickle.loads(found)  # noqa: S301 - our own fork wrote it
    return answer


# --- warm: all tests are collected, a function gets other code -----------------------------------------------------------------------


class Plugin:
    """Makes pytest collect as always, with the same examples each time, and then do something else than run all tests."""

    def __init__(self, work: Callable[[dict[str, pytest.Item]], None] | None = None) -> None:
        self.work = work
        self.failed: list[str] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        """An example that fails need not be made smaller."""
        phases = [hypothesis.Phase.explicit, hypothesis.Phase.generate]
        hypothesis.settings.register_profile("mutants", deadline=None, derandomize=True, database=None, phases=phases)
        hypothesis.settings.load_profile("mutants")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take down how it went."""
        if report.failed:
            self.failed.append(report.nodeid)

    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Instead of pytest's own loop."""
        if self.work:
            self.work({item.nodeid: item for item in session.items})
        return True if self.work else None


def run(item: pytest.Item) -> None:
    """One test, with its fixtures made anew."""
    item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)


def warm(tests: Sequence[str], mutants: Sequence[Mutant], jobs: int) -> tuple[Record, dict[int, Killed]]:
    """Record all tests once, then try the mutants that are functions; the answer has the numbers of those that were tried."""
    found: list[tuple[Record, dict[int, Killed]]] = []

    def work(items: dict[str, pytest.Item]) -> None:
        counting.stop()
        early = frozenset((file, line) for file, lines in _lines(counting).items() for line in lines)
        record = answer_of(lambda: _record(plugin, items, early))
        functions = _functions()
        gc.freeze()
        tasks = [
            (number, partial(_try_warm, plugin, items, functions, mutant, record.tests_of(mutant)))
            for number, mutant in enumerate(mutants)
            if mutant.function and not record.failed
        ]
        found.append((record, in_forks(tasks, jobs)))

    plugin = Plugin(work)
    counting = _counter()
    counting.start()
    pytest.main([*PYTEST, "-s", *tests], plugins=[plugin])
    return found[0]


def _counter() -> coverage.Coverage:
    return coverage.Coverage(data_file=None, config_file=False, include=[f"{ROOT}/dlms/*", f"{ROOT}/han_gateway/*"])


def _lines(counted: coverage.Coverage) -> dict[str, dict[int, list[str]]]:
    """For each file its lines that ran, and in which tests."""
    data = counted.get_data()
    return {str(Path(file).relative_to(ROOT)): data.contexts_by_lineno(file) for file in data.measured_files()}


def _record(plugin: Plugin, items: dict[str, pytest.Item], early: frozenset[tuple[str, int]]) -> Record:
    counting = _counter()
    counting.start()
    tests = {}
    for name, item in items.items():
        counting.switch_context(name)
        began = time.process_time()
        run(item)
        tests[name] = Test(name, time.process_time() - began)
    counting.stop()
    touching = {
        (file, line): frozenset(tests[name] for name in names if name)
        for file, lines in _lines(counting).items()
        for line, names in lines.items()
    }
    return Record(tuple(tests.values()), touching, early, tuple(plugin.failed))


Place = tuple[str, str, int]


def _place(code: CodeType) -> Place:
    return code.co_filename, code.co_qualname, code.co_firstlineno


def _functions() -> dict[Place, list[FunctionType]]:
    """All functions of ours that are alive, decorated or not."""
    found = defaultdict(list)
    for each in gc.get_objects():
        if isinstance(each, FunctionType) and each.__code__.co_filename.startswith(str(ROOT)):
            found[_place(each.__code__)].append(each)
    return found


def _codes(code: CodeType) -> Iterator[CodeType]:
    for part in code.co_consts:
        if isinstance(part, CodeType):
            yield part
            yield from _codes(part)


def _try_warm(
    plugin: Plugin, items: dict[str, pytest.Item], functions: dict[Place, list[FunctionType]], mutant: Mutant, tests: list[Test]
) -> Killed:
    for code in _codes(compiled(mutant)):
        if code.co_qualname == mutant.function:
            for function in functions.get(_place(code), ()):
                function.__code__ = code
    for test in tests:
        signal.setitimer(signal.ITIMER_PROF, 10 * test.seconds + 2)
        run(items[test.id])
        if plugin.failed:
            return True
    return False


def compiled(mutant: Mutant) -> CodeType:
    """Its code, under the name of the true file."""
    mutant.edit.apply()
    return compile(ast.fix_missing_locations(mutant.tree), str(ROOT / mutant.file), "exec")


# --- cold: nothing of ours is imported, a module is another --------------------------------------------------------------------------


class Changed(SourceFileLoader):
    """Finds and loads one module as its mutant."""

    def __init__(self, mutant: Mutant) -> None:
        super().__init__(mutant.file.removesuffix(".py").removesuffix("/__init__").replace("/", "."), str(ROOT / mutant.file))
        self.mutant = mutant

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> ModuleSpec | None:
        """Only this one."""
        return spec_from_file_location(name, self.path, loader=self) if name == self.name else None

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002 - the loader's own signature
        """Never from a cache."""
        return compiled(self.mutant)


def cold(mutants: Mapping[int, Mutant], record: Record, jobs: int) -> dict[int, Killed]:
    """Try each with the tests of its own file, and those that live with the others."""
    assert not any(name.split(".")[0] in ("dlms", "han_gateway") for name in sys.modules), "something of ours is imported already"
    verdicts = dict.fromkeys(mutants, False)
    for own in (True, False):
        tasks = []
        for number, mutant in mutants.items():
            tests = [test for test in record.tests_of(mutant) if is_own(test, mutant) is own]
            if tests and not verdicts[number]:
                tasks.append((number, partial(_try_cold, mutant, tests)))
        verdicts |= in_forks(tasks, jobs)
    return verdicts


def _try_cold(mutant: Mutant, tests: list[Test]) -> Killed:
    sys.meta_path.insert(0, Changed(mutant))
    signal.setitimer(signal.ITIMER_PROF, 10 * sum(test.seconds for test in tests) + 20)
    return pytest.main([*PYTEST, "-x", *(test.id for test in tests)], plugins=[Plugin()]) != pytest.ExitCode.OK
