"""Warnings for what is legal and surely not meant, read off the tree of a spec that holds.

`allow: W603` in a comment at the end of a line silences that warning for what begins on the line.
"""

from __future__ import annotations

import re
from collections import Counter

from archdsl import expr as e
from archdsl.diagnostics import Diagnostic, Label
from archdsl.node import Node
from archdsl.ops import table
from archdsl.syntax import ast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from archdsl.ops.op import Op
    from archdsl.source import Span

_NOTHING = ("identity", "none")
_ALLOWED = re.compile(r"#.*?\ballow:\s*(W\d{3}(?:\s*,\s*W\d{3})*)")


def warnings(file: ast.File) -> Iterator[Diagnostic]:
    """What is surely not meant in a file that has variants."""
    uses = [set(_names(_nodes(item))) for item in file.items]
    counts = Counter(name for used in uses for name in used)
    handed = set(_handed_on(_nodes(file.items)))
    for item, own in zip(file.items, uses):
        for what, name in _defined(item):
            if counts[name.text] <= (name.text in own):
                yield _unused("W603", what, name.text, name.span)
        if isinstance(item, ast.Block):
            # Blocks that take each other's place are called alike, whether or not each needs all.
            if item.name.text not in handed:
                yield from _parameters(item.params, set(_names(_nodes(_inside(item)))))
            yield from _in_block(item, counts)
        elif isinstance(item, ast.Function):
            yield from _parameters(item.params, set(_names(_nodes(item.value))))


def allowed(diagnostic: Diagnostic) -> bool:
    """Whether the line of a warning says that it is meant."""
    span = diagnostic.label.span
    if diagnostic.severity != "warning" or not span.source.text:
        return False
    line = span.source.line(span.source.position(span.start)[0])
    found = _ALLOWED.search(line, max(line.find("#"), 0))
    return found is not None and diagnostic.code in re.split(r"\s*,\s*", found[1])


# Names


def _defined(item: ast.Item) -> Iterator[tuple[str, ast.Ident]]:
    """What an item defines for the others of its file; variants are there for the user."""
    if isinstance(item, ast.Import):
        for name in item.names:
            yield "import", name.alias or name.name
    elif isinstance(item, ast.FileLet):
        for ident in item.names:
            yield "let", ident
    elif isinstance(item, ast.Block):
        yield item.kind, item.name
    elif isinstance(item, (ast.Function, ast.Extern)):
        yield "fn" if isinstance(item, ast.Function) else "extern", item.name


def _inside(block: ast.Block) -> tuple[object, ...]:
    return block.inputs, block.outputs, block.body


def _in_block(block: ast.Block, anywhere: Counter[str]) -> Iterator[Diagnostic]:
    """`anywhere`: in how many items of the file a name stands; a tap names a value of a model."""
    nodes = list(_nodes(_inside(block)))
    counts = Counter(_names(nodes))
    spoken = set(_names_of_branches(nodes))
    for node in nodes:
        if isinstance(node, ast.Let):
            for ident in node.names:
                if counts[ident.text] < 2:
                    yield _unused("W605", "let", ident.text, ident.span)
        elif isinstance(node, (ast.Tensor, ast.Share)):
            if counts[node.name.text] < 2:
                what = node.kind if isinstance(node, ast.Tensor) else "shared module"
                yield _unused("W605", what, node.name.text, node.name.span)
        elif isinstance(node, ast.As):
            for name in node.names:
                used = anywhere[name.base] or name.base in spoken
                if not used and not node.several:
                    yield _unused("W605", "name", name.base, name.span)
        elif isinstance(node, ast.Chain):
            yield from _activations(node.steps)
        elif isinstance(node, ast.Part) and _changes_nothing(node.body):
            state = "is empty, and changes" if not node.body.statements else "changes"
            yield _warning("W608", f"this {node.kind} {state} nothing", node.span, "take it out")
    if block.kind == "model":
        yield from _last_dropout(block.body)


def _changes_nothing(body: ast.Body) -> bool:
    """Whether all steps are `identity`, `none` or shapes, which none of them names."""
    for statement in body.statements:
        if not isinstance(statement, ast.Chain) or statement.head is not None:
            return False
        for step in statement.steps:
            call = isinstance(step.action, ast.Call) and step.action.name.text in _NOTHING
            if step.result is not None or step.label is not None:
                return False
            if not call and not isinstance(step.action, ast.Assert):
                return False
    return True


def _names_of_branches(nodes: Iterable[Node]) -> Iterator[str]:
    """Names for the results of branches: they say what these are, here and in the Python."""
    for node in nodes:
        if isinstance(node, ast.Merge):
            for statement in node.body.statements:
                last = statement.steps[-1:] if isinstance(statement, ast.Chain) else ()
                for step in last:
                    yield from (name.base for name in step.result.names) if step.result else ()


def _parameters(params: tuple[ast.Param, ...], used: set[str]) -> Iterator[Diagnostic]:
    for number, param in enumerate(params):
        defaults = _nodes(tuple(other.default for other in params[number + 1 :]))
        if param.name.text not in used and param.name.text not in set(_names(defaults)):
            yield _unused("W604", "parameter", param.name.text, param.name.span)


# Steps


def _activations(steps: Iterable[ast.Step]) -> Iterator[Diagnostic]:
    """Two activations of one kind in a row, or one that leaves nothing for the next to do."""
    before: Op | None = None
    for step in steps:
        op = _op(step)
        if op is not None and before is not None and op.activation and before.activation:
            message = f"`{op.name}` follows `{before.name}` with no layer between them"
            yield _warning("W606", message, step.action.span, "take one of them out")
        before = op


def _last_dropout(body: ast.Body) -> Iterator[Diagnostic]:
    """A dropout as the last step of a model changes its results, and trains nothing behind it."""
    last = body.statements[-1] if body.statements else None
    while isinstance(last, ast.Part) and last.body.statements:
        last = last.body.statements[-1]
    if isinstance(last, ast.Chain) and last.steps:
        op = _op(last.steps[-1])
        if op is not None and op.category == "regularisation":
            message = f"`{op.name}` stands behind the last layer: nothing learns to bear it"
            yield _warning("W607", message, last.steps[-1].action.span, "put it before that layer")


def _op(step: ast.Step) -> Op | None:
    return table.lookup(step.action.name.text) if isinstance(step.action, ast.Call) else None


# Trees


def _nodes(tree: object) -> Iterator[Node]:
    """All nodes of a tree, in the order of the text."""
    todo = [tree]
    while todo:
        item = todo.pop()
        if type(item) is tuple:
            todo.extend(reversed(item))
        elif isinstance(item, Node):
            yield item
            inner = (getattr(item, field) for field in reversed(item._fields) if field != "span")
            todo.extend(part for part in inner if type(part) is tuple or isinstance(part, Node))


def _names(nodes: Iterable[Node]) -> Iterator[str]:
    """Every name that is written in a tree, as often as it is."""
    for node in nodes:
        if isinstance(node, e.Name):
            yield node.id
        elif isinstance(node, ast.Ident):
            yield node.text
        elif isinstance(node, e.CallExpr):
            yield node.function


def _handed_on(nodes: Iterable[Node]) -> Iterator[str]:
    """Every name that stands as a value, or as one with some arguments bound."""
    for node in nodes:
        if isinstance(node, e.Name):
            yield node.id
        elif isinstance(node, e.CallExpr):
            yield node.function


def _unused(code: str, what: str, name: str, span: Span) -> Diagnostic:
    return _warning(code, f"the {what} `{name}` is never used", span, "take it out, or use it")


def _warning(code: str, message: str, span: Span, help: str) -> Diagnostic:
    label = Label(span=span)
    return Diagnostic(code=code, severity="warning", message=message, label=label, help=help)
