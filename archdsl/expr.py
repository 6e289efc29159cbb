"""Compile-time expressions, as written. Shared by the syntax tree and the program."""

from __future__ import annotations

from archdsl.node import Node
from archdsl.source import Span


class Expr(Node):
    """An expression; every one knows its place."""

    span: Span


class Number(Expr):
    """`7`, `1_000`, `0.5`, `1e-3`; in claims also `25.6M`. `text` is as written."""

    value: int | float
    text: str


class SizeLiteral(Expr):
    """`3x3`, `1x7`: height by width."""

    height: int
    width: int


class Text(Expr):
    """A string literal."""

    value: str


class Template(Expr):
    """A string with `{expressions}` in it: a computed label or a message."""

    parts: tuple[str | Expr, ...]


class Truth(Expr):
    """`true` or `false`."""

    value: bool


class Null(Expr):
    """`none`."""


class Name(Expr):
    id: str


class Input(Expr):
    """`in`: the input of the enclosing block."""


class Attribute(Expr):
    """`x.channels`, `x.height`, `x.width`, `x.shape`."""

    value: Expr
    name: str


class Index(Expr):
    """`xs[i]`, `skips[i, j]`."""

    value: Expr
    indices: tuple[Expr, ...]


class Slice(Expr):
    """`xs[start:stop:step]`."""

    value: Expr
    start: Expr | None
    stop: Expr | None
    step: Expr | None


class Argument(Node):
    """One argument of a call; `name` is None where it is positional."""

    name: str | None
    value: Expr
    span: Span


class CallExpr(Expr):
    """`max(a, b)`, a user's `fn`, or a block or op with some arguments bound."""

    function: str
    arguments: tuple[Argument, ...]


class Unary(Expr):
    """`-x`, `+x`, `not x`."""

    op: str
    operand: Expr


class Binary(Expr):
    """`+ - * / // % **`, `and`, `or`."""

    op: str
    left: Expr
    right: Expr


class Compare(Expr):
    """`a < b <= c`; ops are `== != < <= > >= in notin`."""

    operands: tuple[Expr, ...]
    ops: tuple[str, ...]


class Ternary(Expr):
    """`then if condition else other`."""

    condition: Expr
    then: Expr
    other: Expr


class ListExpr(Expr):
    items: tuple[Expr, ...]


class TupleExpr(Expr):
    """`(a, b)`: several values that flow together."""

    items: tuple[Expr, ...]


class Comprehension(Expr):
    """`[element for names in iterable if conditions]`."""

    element: Expr
    names: tuple[str, ...]
    iterable: Expr
    conditions: tuple[Expr, ...]


class Approximate(Expr):
    """`~25.5M` in a claim: within half a per cent."""

    value: Expr


class Open(Expr):
    """`_` in a shape: any size."""
