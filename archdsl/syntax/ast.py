"""The syntax tree: what was written, with nothing resolved and nothing lost but blanks.

Every tree prints to canonical text (`printer`), and that text parses to an equal tree.
"""

from __future__ import annotations

from archdsl.expr import Argument, Expr, Template
from archdsl.node import Node
from archdsl.source import Source, Span


class Ident(Node):
    """A name at a place."""

    text: str
    span: Span


class Label(Node):
    """`conv1:`, `"block{i}":` or `convs[i]:` before a step."""

    base: str | Template
    indices: tuple[Expr, ...] = ()
    span: Span


class ValueName(Node):
    """One name of an `as`: `x` or `skips[i, j]`."""

    base: str
    indices: tuple[Expr, ...] = ()
    span: Span


class As(Node):
    """`as x`, or `as (a, b)` with `several` true."""

    names: tuple[ValueName, ...]
    several: bool
    span: Span


class Shape(Node):
    """`[3, 224, 224]`; a dimension may carry a name: `h: 224`. Dimensions may be `Open`."""

    dims: tuple[Expr, ...]
    names: tuple[str | None, ...]
    span: Span


class Param(Node):
    """`width`, `stride = 1`, `kernel: int = 3`."""

    name: Ident
    type: Ident | None
    default: Expr | None


class Port(Node):
    """An input or output: `in (prev, xs[])` of a block, `(left: [3, 8, 8])` of a model."""

    name: Ident | None
    many: bool
    shape: Shape | None
    span: Span


class Pair(Node):
    """`key: value` in `paper`, `expect`, `train`."""

    key: Ident
    value: Expr


# Steps


class Step(Node):
    """One element of a chain. `count` is the n of `step * n`."""

    label: Label | None = None
    action: Action
    count: Expr | None = None
    result: As | None = None
    span: Span


class Action(Node):
    """What a step does."""

    span: Span


class Call(Action):
    """`conv(64, 3x3)`, `unit(64)`, `relu`, `none`; `called` is false where no parentheses stand."""

    name: Ident
    arguments: tuple[Argument, ...] = ()
    called: bool
    taps: tuple[Ident, ...] = ()


class Merge(Action):
    """An op with a body: `concat`, `sum`, `mul`, `mean`, `dense`, `split(n)`, `residual`."""

    name: Ident
    arguments: tuple[Argument, ...] = ()
    body: Body
    skip: Skip | None = None


class Skip(Node):
    """`skip identity`, `skip none`, `skip X if c`, `skip identity else label: { }`, `skip { }`.

    `source` is "identity", "none", "body" (a step always applied: `step`), or a block's name
    given as `step`. `otherwise` is the projection of `skip identity else ...`.
    """

    source: str
    step: Step | None = None
    condition: Expr | None = None
    otherwise: Step | None = None
    span: Span


class Group(Action):
    """`{ ... }`"""

    body: Body


class Repeat(Action):
    """`repeat n as i { }`"""

    times: Expr
    name: Ident | None
    body: Body


class For(Action):
    """`for i, v in enumerate(xs) { }`"""

    names: tuple[Ident, ...]
    iterable: Expr
    body: Body


class If(Action):
    """`if c { } else { }`; an `else if` is an `If` alone in `otherwise`."""

    condition: Expr
    then: Body
    otherwise: Body | None


class Aux(Action):
    """`aux(weight=0.3) aux1: Head(...)`"""

    arguments: tuple[Argument, ...]
    step: Step


class Assert(Action):
    """`-> [c, h, w]` in a chain: the shape that must stand here."""

    shape: Shape


# Statements


class Statement(Node):
    span: Span


class Chain(Statement):
    """`from E as x -> step -> step`. `head` is E; `steps` may be empty only where `head` stands."""

    head: Expr | None = None
    result: As | None = None
    steps: tuple[Step, ...]


class Let(Statement):
    """`let a = e`, `let a, b = e`"""

    names: tuple[Ident, ...]
    value: Expr


class Require(Statement):
    """`require c: "text {value}"`"""

    condition: Expr
    message: Template


class Tensor(Statement):
    """`param name [shape] = init`, `const name [shape] = value`"""

    kind: str
    name: Ident
    shape: Shape
    init: Expr


class Share(Statement):
    """`share e = Block(...)`"""

    name: Ident
    call: Call


class ModulePath(Node):
    """`AuxLogits.fc`: a module by its label, in the modules of those labels."""

    names: tuple[Ident, ...]
    span: Span


class InitRule(Node):
    """`conv, linear in classifier: trunc_normal(std=0.02), bias=0`: kinds, the modules that it is
    about (none: all), a scheme, and extras."""

    kinds: tuple[Ident, ...]
    places: tuple[ModulePath, ...]
    scheme: Expr
    extras: tuple[Argument, ...]
    span: Span


class Init(Statement):
    """`init { ... }`"""

    rules: tuple[InitRule, ...]


class Part(Statement):
    """`stem`, `stage name -> [c, h, w] { }`, `head`"""

    kind: str
    label: Label | None
    shape: Shape | None
    body: Body


class Body(Node):
    """What stands between braces."""

    doc: str | None = None
    statements: tuple[Statement, ...]
    span: Span


# Top level


class Item(Node):
    span: Span


class Paper(Item):
    pairs: tuple[Pair, ...]


class ImportName(Node):
    name: Ident
    alias: Ident | None


class Import(Item):
    """`import "path.arch" (A, B as C)`"""

    path: str
    path_span: Span
    names: tuple[ImportName, ...]


class Extern(Item):
    """`extern DropBlock(p) = "package.module:Class" shape same`; `shape` None means `same`."""

    name: Ident
    params: tuple[Param, ...]
    target: str
    target_span: Span
    shape: Shape | None


class Function(Item):
    """`fn f(a, b) = expr`"""

    name: Ident
    params: tuple[Param, ...]
    value: Expr


class FileLet(Item):
    names: tuple[Ident, ...]
    value: Expr


class Block(Item):
    """`block`, `sequence` or `model` (`kind`)."""

    kind: str
    name: Ident
    params: tuple[Param, ...]
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    body: Body


class Variant(Item):
    """`variant v = M(...) expect { ... }`"""

    name: Ident
    base: Ident
    arguments: tuple[Argument, ...]
    expect: tuple[Pair, ...]


class WeightsRule(Node):
    """`"pattern": "key"`; `target` None is `none`: the key is left out."""

    pattern: Template
    target: Template | None
    span: Span


class Weights(Item):
    """`weights timm for Model { ... }`"""

    source: Ident
    model: Ident
    rules: tuple[WeightsRule, ...]


class Train(Item):
    """`train name for a, b { ... }`: how variants are trained, by default all of the file's."""

    name: Ident
    targets: tuple[Ident, ...]
    pairs: tuple[Pair, ...]


class Comment(Node):
    """A comment and where it stood, for the printer."""

    text: str
    span: Span


class File(Node):
    """A parsed file."""

    source: Source
    doc: str | None
    items: tuple[Item, ...]
    comments: tuple[Comment, ...]
