"""Taps of names that a loop makes: `stage "layer{i + 1}"` in a `for`, tapped as `layer3`.

A loop that counts is divided behind each step that is tapped, so that a value with a name of its
own comes of it: `for i, w in enumerate(ws)` becomes loops over `range(0, 3)`, `range(3, 4)`, and so
on, each with `ws[i]` for `w`. This is done in the tree, as the whole of a cut is.
"""

from __future__ import annotations

from archdsl import expr as e
from archdsl import values as v
from archdsl.node import Node, replace
from archdsl.syntax import ast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from archdsl.source import Span

# Names that a loop makes are looked for in this many iterations.
_FAR = 256


class Counted:
    """A loop that counts: its counter, the first number and the end, and the statements that it
    repeats (`units`), `lets` before them."""

    __slots__ = ("counter", "end", "first", "lets", "span", "units")

    def __init__(
        self,
        loop: ast.For | ast.Repeat,
        counter: ast.Ident,
        first: int,
        end: e.Expr,
        lets: tuple[ast.Let, ...] = (),
    ) -> None:
        self.counter, self.first, self.end, self.lets = counter, first, end, lets
        self.units = tuple(_units(loop.body))
        self.span = loop.span

    def runs(
        self,
        start: int,
        stop: int | None,
        part: slice = slice(None),
        tap: ast.Ident | None = None,
    ) -> ast.Step:
        """The loop from one number to before another (or to its end), of part of its statements."""
        before = self.units[: part.start or 0]
        lets = (*self.lets, *(unit for unit in before if isinstance(unit, ast.Let)))
        bounds = (_number(start, self.span), _number(stop, self.span) if stop else self.end)
        loop = ast.For(
            names=(self.counter,),
            iterable=_call("range", *bounds),
            body=ast.Body(statements=(*lets, *self.units[part]), span=self.span),
            span=self.span,
        )
        return ast.Step(action=loop, result=None if tap is None else _named(tap), span=self.span)


def divided(
    statements: Sequence[ast.Statement], taps: Mapping[str, ast.Ident]
) -> tuple[ast.Statement, ...]:
    """The statements, with a name for each value of a loop that is tapped."""
    found: list[ast.Statement] = []
    for statement in statements:
        if isinstance(statement, ast.Part) and statement.label is None:
            inner = divided(statement.body.statements, taps)
            statement = replace(statement, body=replace(statement.body, statements=inner))
        elif isinstance(statement, ast.Chain):
            steps: list[ast.Step] = []
            for step in statement.steps:
                loop = _counted(step)
                made = [] if loop is None else list(_made(loop, taps))
                if loop is None or not made:
                    steps.append(step)
                    continue
                number, _, name = max(made)
                found.append(_long_enough(loop, number, taps[name]))
                *pieces, last = _pieces(loop, made, taps)
                steps += [*pieces, replace(last, result=step.result)]
            statement = replace(statement, steps=tuple(steps))
        found.append(statement)
    return tuple(found)


def _counted(step: ast.Step) -> Counted | None:
    action = step.action
    if step.label is not None or step.count is not None:
        return None
    if isinstance(action, ast.Repeat):
        return None if action.name is None else Counted(action, action.name, 0, action.times)
    if not isinstance(action, ast.For) or not isinstance(action.iterable, e.CallExpr):
        return None
    function = action.iterable.function
    given = [argument.value for argument in action.iterable.arguments]
    counter, *rest = action.names
    if function == "range" and not rest and 1 <= len(given) <= 2:
        start = given[0] if len(given) == 2 else None
        if start is None:
            return Counted(action, counter, 0, given[-1])
        first = start.value if isinstance(start, e.Number) else None
        return Counted(action, counter, first, given[1]) if isinstance(first, int) else None
    if function == "enumerate" and len(rest) == 1 and len(given) == 1:
        name = e.Name(id=counter.text, span=counter.span)
        item = e.Index(value=given[0], indices=(name,), span=given[0].span)
        end = _call("len", given[0])
        if isinstance(given[0], e.Name) and _only_value(action.body, rest[0].text):
            body: ast.Body = _with(action.body, rest[0].text, item)
            return Counted(replace(action, body=body), counter, 0, end)
        let = ast.Let(names=(rest[0],), value=item, span=rest[0].span)
        return Counted(action, counter, 0, end, (let,))
    return None


def _only_value(node: object, name: str) -> bool:
    """Whether a name is nothing but a value in a piece of tree: nothing that is called or bound."""
    if isinstance(node, ast.Ident):
        return node.text != name
    if isinstance(node, e.Comprehension) and name in node.names:
        return False
    if isinstance(node, e.CallExpr) and node.function == name:
        return False
    if isinstance(node, Node):
        node = tuple(getattr(node, field) for field in node._fields if field != "span")
    return not isinstance(node, tuple) or all(_only_value(part, name) for part in node)


def _with(node: Any, name: str, value: e.Expr) -> Any:
    """A piece of tree with a value in the place of a name."""
    if isinstance(node, e.Name):
        return value if node.id == name else node
    if isinstance(node, tuple):
        return tuple([_with(part, name, value) for part in node])
    if not isinstance(node, Node):
        return node
    fields = [field for field in node._fields if field != "span"]
    return replace(node, **{field: _with(getattr(node, field), name, value) for field in fields})


def _units(body: ast.Body) -> Iterator[ast.Statement]:
    """The statements of a body; a chain ends behind each step whose label is computed."""
    for statement in body.statements:
        if not isinstance(statement, ast.Chain):
            yield statement
            continue
        steps: list[ast.Step] = []
        begun = statement
        for step in statement.steps:
            steps.append(step)
            if _template(step) is not None:
                yield replace(begun, steps=tuple(steps))
                begun, steps = replace(statement, head=None, result=None), []
        if steps or begun is statement:
            yield replace(begun, steps=tuple(steps))


def _made(loop: Counted, taps: Mapping[str, ast.Ident]) -> Iterator[tuple[int, int, str]]:
    """What is tapped of a loop: the number that its counter has then, the place, the name."""
    for place, statement in enumerate(loop.units):
        labelled: ast.Part | ast.Step | None = None
        if isinstance(statement, ast.Part):
            labelled = statement
        elif isinstance(statement, ast.Chain) and statement.steps:
            labelled = statement.steps[-1]
        template = None if labelled is None else _template(labelled)
        if template is None:
            continue
        for number in range(loop.first, loop.first + _FAR):
            text = _text(template, loop.counter.text, number)
            if text is not None and text in taps:
                yield number, place, text


def _template(labelled: ast.Part | ast.Step) -> e.Template | None:
    label = labelled.label
    return label.base if label is not None and isinstance(label.base, e.Template) else None


def _text(template: e.Template, counter: str, number: int) -> str | None:
    """A label for a number of the counter; None where it takes more to know it."""
    try:
        return "".join(
            part if isinstance(part, str) else str(_value(part, counter, number))
            for part in template.parts
        )
    except (LookupError, v.Fault):
        return None


def _value(node: e.Expr, counter: str, number: int) -> object:
    if isinstance(node, e.Number):
        return node.value
    if isinstance(node, e.Name) and node.id == counter:
        return number
    if isinstance(node, e.Binary) and node.op not in ("and", "or"):
        sides = [_value(side, counter, number) for side in (node.left, node.right)]
        return v.binary(node.op, *sides)
    raise LookupError


def _long_enough(loop: Counted, number: int, tap: ast.Ident) -> ast.Statement:
    """The loop has to make what is tapped."""
    words = (f"there is no `{tap.text}`: its loop ends at ", loop.end)
    return ast.Require(
        condition=e.Compare(
            operands=(loop.end, _number(number, tap.span)), ops=(">",), span=tap.span
        ),
        message=e.Template(parts=words, span=tap.span),
        span=tap.span,
    )


def _pieces(
    loop: Counted, made: Sequence[tuple[int, int, str]], taps: Mapping[str, ast.Ident]
) -> Iterator[ast.Step]:
    """The loop in pieces: each but the last ends with a value that is tapped, or comes before or
    after one in its iteration."""
    start = loop.first
    for number in sorted({number for number, _, _ in made}):
        if number > start:
            yield loop.runs(start, number)
        begin = 0
        for place, name in sorted((place, name) for at, place, name in made if at == number):
            yield loop.runs(number, number + 1, slice(begin, place + 1), taps[name])
            begin = place + 1
        if begin < len(loop.units):
            yield loop.runs(number, number + 1, slice(begin, None))
        start = number + 1
    yield loop.runs(start, None)


def _named(tap: ast.Ident) -> ast.As:
    name = ast.ValueName(base=tap.text, span=tap.span)
    return ast.As(names=(name,), several=False, span=tap.span)


def _call(function: str, *given: e.Expr) -> e.CallExpr:
    arguments = tuple(e.Argument(name=None, value=value, span=value.span) for value in given)
    return e.CallExpr(function=function, arguments=arguments, span=given[0].span)


def _number(value: int, span: Span) -> e.Number:
    return e.Number(value=value, text=str(value), span=span)
