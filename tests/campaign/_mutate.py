"""What a mutant is: a module with one small mistake in it, of the kinds that people make and tests should notice.

A border is off by one, a sign or a comparison is turned round, a condition is negated, a number or a text is another, a row of a table
has what the next one should have, a statement is missing. Docstrings, annotations, decorators and the words of f-strings are left as they are: they change nothing that was promised.
This file must not know how tests are run.
"""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parent.parent.parent

OTHER_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
OTHER_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitAnd,
}
OTHER_NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}

LARGE = 100
"""A number from here on gets a zero too many; a smaller one is off by one."""

UNTOUCHED = {"annotation", "returns", "decorator_list", "bases", "type_params"}
"""Fields of the syntax tree in which nothing is changed."""


class Edit(NamedTuple):
    """A place in a syntax tree, and what to put there; carried out by ``apply``."""

    owner: Any
    key: str | int
    value: object

    def apply(self) -> Any:
        """Put it there; returns what was there before."""
        if isinstance(self.key, int):
            before, self.owner[self.key] = self.owner[self.key], self.value
        else:
            before = getattr(self.owner, self.key)
            setattr(self.owner, self.key, self.value)
        return before


class Mutant(NamedTuple):
    """One change of one file. ``function`` is the outermost function around it (``Class.method``), or "" where there is none."""

    file: str
    line: int
    function: str
    text: str
    change: str
    tree: ast.Module
    edit: Edit

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells it from others and does not change with the lines above it."""
        return self.file, self.text, self.change

    def __str__(self) -> str:
        return f"{self.file}:{self.line}  {self.text}\n      {self.change}"


def mutants_of(file: str) -> list[Mutant]:
    """All mutants of a file, in the order of its lines."""
    source = (ROOT / file).read_text(encoding="utf-8")
    tree, lines = ast.parse(source), source.splitlines()
    found = []
    for function, shown, edit in _edits(tree, "", ""):
        was = ast.unparse(shown)
        before = edit.apply()
        now = ast.unparse(ast.fix_missing_locations(_at(edit, shown)))
        Edit(edit.owner, edit.key, before).apply()
        line = getattr(shown, "lineno", 1)
        found.append(Mutant(file, line, function, lines[line - 1].strip(), f"{was}  ->  {now}", tree, edit))
    return sorted(found, key=lambda mutant: mutant.line)


def _at(edit: Edit, shown: ast.AST) -> ast.AST:
    """What stands there now: the same node, changed inside, or the one that was put in its place."""
    return edit.value if isinstance(edit.value, ast.expr | ast.stmt) else shown


def _edits(node: ast.AST, function: str, scope: str) -> Iterator[tuple[str, ast.AST, Edit]]:
    """Each change below a node: the function around it, the node to show, and the edit."""
    for field, value in ast.iter_fields(node):
        if field in UNTOUCHED:
            continue
        # The defaults of parameters are made where the function is defined, so they belong to what is around it.
        inner, name = _scopes(node, field, function, scope)
        children = value if isinstance(value, list) else [value]
        for number, child in enumerate(children):
            if not isinstance(child, ast.AST) or _left_alone(node, field, child):
                continue
            owner, key = (value, number) if isinstance(value, list) else (node, field)
            for edit in _of(child, node, owner, key):
                yield inner, child, edit
            yield from _edits(child, inner, name)


def _scopes(node: ast.AST, field: str, function: str, scope: str) -> tuple[str, str]:
    if isinstance(node, ast.FunctionDef) and field == "body":
        name = f"{scope}.{node.name}".lstrip(".")
        return function or name, name
    if isinstance(node, ast.ClassDef):
        return function, f"{scope}.{node.name}".lstrip(".")
    return function, scope


def _left_alone(node: ast.AST, field: str, child: ast.AST) -> bool:
    """Documentation, what only the type checker reads, and that a `zip` checks lengths that are always equal."""
    documentation = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
    words = isinstance(node, ast.JoinedStr) and isinstance(child, ast.Constant)
    slots = isinstance(child, ast.Assign) and ast.unparse(child.targets[0]) in ("__slots__", "__all__")
    typing = isinstance(child, ast.Expr) and ast.unparse(child.value).startswith("assert_never(")
    lengths = isinstance(node, ast.keyword) and node.arg == "strict"
    return documentation or words or slots or typing or lengths or field == "format_spec"


def _of(node: ast.AST, parent: ast.AST, owner: Any, key: str | int) -> Iterator[Edit]:
    """The changes of one node, which stands in ``owner`` at ``key``."""
    if type(node) in CHANGED_INSIDE:
        yield from CHANGED_INSIDE[type(node)](node)
    for other in REPLACED[type(node)](node) if type(node) in REPLACED else ():
        yield Edit(owner, key, ast.copy_location(other, node))
    if isinstance(parent, ast.Dict) and owner is parent.values:
        following = parent.values[(int(key) + 1) % len(parent.values)]
        if ast.dump(node) != ast.dump(following):
            yield Edit(owner, key, following)
    if isinstance(node, ast.expr) and _is_bare_condition(node, parent, owner, key):
        yield Edit(owner, key, ast.copy_location(ast.UnaryOp(ast.Not(), node), node))


def _is_bare_condition(node: ast.expr, parent: ast.AST, owner: object, key: str | int) -> bool:
    """A condition that is not changed already as a comparison, a `not` or an `and`."""
    if isinstance(node, ast.Compare | ast.BoolOp | ast.UnaryOp | ast.Constant):
        return False
    if isinstance(parent, ast.comprehension):
        return owner is parent.ifs
    return isinstance(parent, ast.BoolOp) or key in ("test", "guard")


def _compared(node: ast.Compare) -> Iterator[Edit]:
    for place, op in enumerate(node.ops):
        yield from (Edit(node.ops, place, other()) for other in OTHER_COMPARISONS[type(op)])


def _calculated(node: ast.BinOp | ast.AugAssign) -> Iterator[Edit]:
    yield Edit(node, "op", OTHER_OPERATORS[type(node.op)]())


def _combined(node: ast.BoolOp) -> Iterator[Edit]:
    yield Edit(node, "op", ast.Or() if isinstance(node.op, ast.And) else ast.And())


def _constant(node: ast.Constant) -> Iterator[Edit]:
    match node.value:
        case bool() as value:
            yield Edit(node, "value", not value)
        case int() | float() as value:
            yield Edit(node, "value", value + 1 if abs(value) < LARGE else value * 10)
        case str() as value:
            yield Edit(node, "value", "XX" + value)
        case bytes() as value:
            yield Edit(node, "value", b"XX" + value)


def _called(node: ast.Call) -> Iterator[Edit]:
    if isinstance(node.func, ast.Name) and node.func.id in OTHER_NAMES:
        yield Edit(node.func, "id", OTHER_NAMES[node.func.id])


CHANGED_INSIDE: dict[type[ast.AST], Callable[[Any], Iterator[Edit]]] = {
    ast.Compare: _compared,
    ast.BinOp: _calculated,
    ast.AugAssign: _calculated,
    ast.BoolOp: _combined,
    ast.Constant: _constant,
    ast.Call: _called,
}

REPLACED: dict[type[ast.AST], Callable[[Any], tuple[ast.AST, ...]]] = {
    ast.UnaryOp: lambda node: (node.operand,),
    ast.Break: lambda _: (ast.Continue(),),
    ast.Continue: lambda _: (ast.Break(),),
    ast.Expr: lambda node: (ast.Pass(),) if isinstance(node.value, ast.Call | ast.Yield | ast.YieldFrom) else (),
}
"""What may stand in the place of a whole node."""
