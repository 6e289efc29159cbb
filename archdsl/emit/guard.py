"""A module is held against what modules may be, before anyone can write or run it.

A spec is text from anywhere. The emitter writes strings as literals and names as names, so that
none of it becomes code; here the result is read again, and nothing but what networks are written
with is let through: a few kinds of statements, imports of torch and of what the spec's `extern`
names, and names that are bound in the module itself.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

STANDARD = {
    "math": None,
    "collections": {"OrderedDict"},
    "collections.abc": {"Callable", "Iterable", "Mapping", "Sequence"},
    "functools": {"partial"},
    "typing": {"Any", "Literal", "NamedTuple", "cast"},
    "torch": {"Tensor", "nn"},
    "torch.nn.functional": None,
}

# What modules may call. `reserved.EMITTED_NAMES` keeps specs from naming anything so.
BUILTINS = frozenset("""
    ValueError abs all any bool dict enumerate float getattr int isinstance len list max min object
    range reversed round set sorted str sum super tuple zip
    """.split())

_MODULES = frozenset({"torch", "nn", "F", "math"})

_NODES = (
    *(ast.Module, ast.ClassDef, ast.FunctionDef, ast.Import, ast.ImportFrom, ast.alias),
    *(ast.arguments, ast.arg, ast.keyword, ast.Expr, ast.Return, ast.Raise, ast.If, ast.For),
    *(ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Name, ast.Attribute, ast.Constant, ast.Call),
    *(ast.Starred, ast.Tuple, ast.List, ast.Dict, ast.Subscript, ast.Slice, ast.IfExp),
    *(ast.ListComp, ast.DictComp, ast.GeneratorExp, ast.comprehension, ast.JoinedStr),
    *(ast.FormattedValue, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare),
    *(ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.expr_context),
)

# Of torch, what makes and combines tensors: nothing that reads files or runs code.
_TORCH = frozenset("""
    cat chunk empty eye flatten float32 full linspace matmul maximum minimum nn ones rand softmax
    split stack sum tensor unflatten zeros
    """.split())


class Escape(Exception):
    """The emitter wrote what no network needs: a fault of archdsl's own."""


def check(text: str, externs: Collection[tuple[str, str]]) -> ast.Module:
    """The tree of a module's text; raises `Escape` unless that is what it may be. `externs` are
    the modules and names that the spec declares."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if not isinstance(node, _NODES):
            raise _escape(node, "no network needs it")
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            _check_import(node, externs)
        elif isinstance(node, ast.Attribute):
            _check_attribute(node)
        elif isinstance(node, ast.Call):
            _check_call(node)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.decorator_list:
            raise _escape(node, "it is decorated")
    for statement in tree.body:
        _check_statement(statement)
    _check_names(tree)
    return tree


def _check_import(node: ast.Import | ast.ImportFrom, externs: Collection[tuple[str, str]]) -> None:
    for alias in node.names:
        module = alias.name if isinstance(node, ast.Import) else node.module or ""
        if isinstance(node, ast.Import):
            known = module in ("math", "torch") and alias.asname is None
            known = known or (module, alias.asname) == ("torch.nn.functional", "F")
        else:
            known = node.level == 0 and alias.asname is None
            known = known and alias.name in (STANDARD.get(module) or ())
            known = known or (not node.level and (module, alias.name) in externs)
        if not known:
            raise _escape(node, "nothing asked for it")


def _check_attribute(node: ast.Attribute) -> None:
    if node.attr.startswith("_") and node.attr != "__init__":
        raise _escape(node, "it is private")
    if isinstance(node.value, ast.Name) and node.value.id == "torch" and node.attr not in _TORCH:
        raise _escape(node, "no network needs it")


def _check_call(node: ast.Call) -> None:
    """A module that may not have it is asked for its width, and for nothing else."""
    if isinstance(node.func, ast.Name) and node.func.id == "getattr":
        asked = node.args[1] if len(node.args) == 3 and not node.keywords else None
        if not isinstance(asked, ast.Constant) or asked.value != "out_channels":
            raise _escape(node, "it asks for another attribute than a width")


def _check_statement(node: ast.stmt) -> None:
    """At the top stand a docstring, imports, constants, classes and functions: nothing runs."""
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        called = [part.func for part in ast.walk(node) if isinstance(part, ast.Call)]
        if any(not isinstance(each, ast.Name) or each.id != "partial" for each in called):
            raise _escape(node, "it runs at import")
    elif not isinstance(node, (ast.Import, ast.ImportFrom, ast.ClassDef, ast.FunctionDef)):
        if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            raise _escape(node, "it runs at import")


def _check_names(tree: ast.Module) -> None:
    """Every name that is read is bound in the module or the function, or is a harmless builtin; and
    what the emitter calls by name is what it takes it for."""
    top = set(_bound(tree.body))
    if hidden := top & BUILTINS:
        raise _escape(tree, f"it gives {sorted(hidden)} another meaning")
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        inside = list(ast.walk(function))
        names = [node for node in inside if isinstance(node, ast.Name)]
        local = {node.arg for node in inside if isinstance(node, ast.arg)}
        local |= {node.id for node in names if not isinstance(node.ctx, ast.Load)}
        if hidden := local & (BUILTINS | _MODULES):
            raise _escape(function, f"it gives {sorted(hidden)} another meaning")
        known = top | local | BUILTINS
        for node in names:
            if node.id not in known:
                raise _escape(node, "it means nothing here")


def _bound(statements: list[ast.stmt]) -> Iterator[str]:
    """The names that statements at the top bind."""
    for node in statements:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            yield node.name
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from (alias.asname or alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                yield from (part.id for part in ast.walk(target) if isinstance(part, ast.Name))


def _escape(node: ast.AST, why: str) -> Escape:
    line = getattr(node, "lineno", 1)
    shown = ast.unparse(node).split("\n")[0][:60]
    return Escape(f"`{shown}` in line {line} of the module: {why}")
