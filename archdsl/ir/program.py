"""The program: every definition of a file and its imports, resolved and named, symbolic.

Nothing here is expanded: a repeat is a repeat, a width an expression. The elaborator runs
definitions on numbers (`analysis`), the emitter runs the same definitions on symbols (`emit`).

Principles:
- Names of definitions, externs, functions and constants are unique in a program; imports are
  inlined, aliases resolved.
- Arguments are bound: every `BoundArgument` names the parameter it belongs to.
- A body is a tuple of items that share one stream: each consumes the current value and leaves
  the next. `From` sets the stream.
- Every module-making item has its attribute name (`ModuleName`) where its surroundings are a class,
  and None where it is numbered by an enclosing `nn.Sequential`.
- `uid` is unique in the program: facts found about instances are kept beside it.
"""

from __future__ import annotations

from archdsl.expr import Expr, Template
from archdsl.node import Node
from archdsl.ops.op import Op
from archdsl.source import Source, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.ir.recipe import Train


class ModuleName(Node):
    """The attribute (or Sequential key) of a module.

    `base` is the name, or a template computed at compile time; with `indices` the module is a
    member of a family (`nn.ModuleList`). `written` tells a label from a name given by rule.
    `shared` marks a stateless activation that all its uses in the class have in common.
    """

    base: str | Template
    indices: tuple[Expr, ...] = ()
    written: bool
    shared: bool = False
    span: Span


class ValueTarget(Node):
    """A name for a value: `x` or `skips[i, j]`."""

    base: str
    indices: tuple[Expr, ...] = ()
    span: Span


class BoundArgument(Node):
    """An argument that has found its parameter."""

    parameter: str
    value: Expr
    span: Span


# Items of a region


class Item(Node):
    """`chain` numbers the source statement that the item came from, within its region.

    `targets` name the value after the item (`as x`; a label that some expression refers to is
    a target, too); with `unpack` they take a tuple apart.
    """

    span: Span
    uid: int
    chain: int = 0
    targets: tuple[ValueTarget, ...] = ()
    unpack: bool = False


class Region(Node):
    """Items in order, sharing one stream. `sequential`: the region fills an `nn.Sequential`."""

    items: tuple[Item, ...]
    sequential: bool
    span: Span


class Let(Item):
    names: tuple[str, ...]
    value: Expr


class Require(Item):
    condition: Expr
    message: Template


class Tensor(Item):
    """A learned tensor (`kind` "param") or buffer ("const") of the definition's own."""

    kind: str
    name: str
    shape: tuple[Expr, ...]
    init: Expr


class Share(Item):
    """A module made once and used by every `Call` whose callee is `shared` of this name."""

    name: str
    call: Call


class From(Item):
    """Set the stream. `Name`, `Input`, `Index` denote values; `TupleExpr`, `ListExpr`,
    `Comprehension` several; `Binary` is arithmetic over values, parameters and numbers."""

    value: Expr


class Call(Item):
    """Apply an op, a block, a parameter that holds a block or op, a shared module, an extern.

    `kind` is "op", "block" (any definition), "param", "shared" or "extern"; `callee` its name
    in the program. `op` is set for kind "op". For kind "param" only keyword names are known;
    positional ones have parameter "0", "1", ... until the callee is known.
    `bias` is the textual rule for a conv without a `bias` argument: False where the next step in
    the same body is a norm op.
    """

    name: ModuleName | None
    kind: str
    callee: str
    callee_span: Span
    op: Op | None = None
    arguments: tuple[BoundArgument, ...] = ()
    bias: bool | None = None


class Group(Item):
    """`{ ... }`. With a name: an `nn.Sequential` of that name (region.sequential).
    Without one in a class: its items belong to the class. Without one in a Sequential: a
    numbered child Sequential."""

    name: ModuleName | None
    body: Region


class Repeat(Item):
    """`times` iterations, the stream running through. With `container`, an `nn.Sequential` of
    that name holds them (always so for `step * n`; numbered where the region around is
    sequential and `inline` is false). `inline`: the iterations' steps belong to what is around
    (`repeat n as i { }`)."""

    times: Expr
    variable: str | None
    body: Region
    container: ModuleName | None
    inline: bool


class For(Item):
    names: tuple[str, ...]
    iterable: Expr
    body: Region
    container: ModuleName | None
    inline: bool


class If(Item):
    condition: Expr
    then: Region
    otherwise: Region | None


class Branch(Node):
    """One branch of a merge. `name`: for the variable in `forward` (a label common to its
    steps, else None). In a merge's region an `If`, `For`, `Repeat` holds branches in turn."""

    name: str | None
    body: Region
    span: Span


class BranchLoop(Node):
    """`for` (or `repeat`, then `iterable` is a range) whose iterations are branches."""

    names: tuple[str, ...]
    iterable: Expr
    repeat: bool
    branches: tuple[BranchItem, ...]
    span: Span
    uid: int


class BranchIf(Node):
    condition: Expr
    then: tuple[BranchItem, ...]
    otherwise: tuple[BranchItem, ...]
    span: Span
    uid: int


BranchItem = Branch | BranchLoop | BranchIf | Let | Require


class Merge(Item):
    """Join branches that start from the same stream: `op` is "concat", "sum", "mul", "mean".
    Without branches (None) it joins the tuple or list that arrives."""

    op: str
    branches: tuple[BranchItem, ...] | None


class Split(Item):
    """Parts of the channels. `parts`: an int expression (equal parts) or a list of widths.
    With branches, one part each, joined by `join` ("concat" or "sum"); without, a tuple flows."""

    parts: Expr
    branches: tuple[BranchItem, ...] | None
    join: str


class Residual(Item):
    """`body(x) * scale + skip(x)`.

    `skip` is "identity", "none" or "apply" (`projection` is always applied).
    With skip "identity" and a projection: projected where channels differ or the body's stride
    is not 1. With a `condition`: the skip is added only where it holds. `skip_span` is the place
    of the skip, or of the word `residual` where none is written."""

    body: Region
    skip: str
    projection: Region | None
    condition: Expr | None
    scale: Expr | None
    skip_span: Span


class Dense(Item):
    """Concatenate the input with what the body makes of it: input first."""

    body: Region


class Aux(Item):
    """A side head on the value at this point; `step` is a Call or a named Group."""

    name: str
    weight: Expr | None
    step: Item


class Assert(Item):
    """The shape that must stand here; None leaves a dimension open."""

    dims: tuple[Expr | None, ...]


class Part(Item):
    """`stem`, `stage`, `head`. Named: an `nn.Sequential`; unnamed: its items are the class's."""

    kind: str
    name: ModuleName | None
    dims: tuple[Expr | None, ...] | None
    body: Region


class InitPlace(Node):
    """A module that a rule of `init` is about, by its dotted path from the definition. `leaf`: an
    op, which holds no further modules."""

    path: str
    leaf: bool
    span: Span


class InitRule(Node):
    """`kinds` of ops, the places that they stand in (none: everywhere), the scheme's name and
    arguments, and what biases get."""

    kinds: tuple[str, ...]
    places: tuple[InitPlace, ...]
    scheme: str
    arguments: tuple[BoundArgument, ...]
    bias: Expr | None
    span: Span


# Definitions


class Param(Node):
    name: str
    type: str | None
    default: Expr | None
    span: Span


class Port(Node):
    """An input or output. `name` is "in" for the unnamed input, None for the unnamed output.
    `dims` and `dim_names` stand for models only; an output's name denotes a value of the body."""

    name: str | None
    many: bool
    dims: tuple[Expr | None, ...] | None
    dim_names: tuple[str | None, ...] = ()
    span: Span


class Capture(Node):
    """`{i}` in a pattern: a run of characters, or the digits of a `number`."""

    name: str
    number: bool


class Renaming(Node):
    """A key of somebody else's as a pattern, and our key for it; `target` None: it is left out."""

    pattern: tuple[str | Capture, ...]
    target: Template | None
    span: Span


class Weights(Node):
    """What a `source` calls the keys of a model; the first rule that matches a key counts, and a
    key that none matches keeps its name."""

    source: str
    rules: tuple[Renaming, ...]
    span: Span


class Definition(Node):
    """A block, sequence or model."""

    kind: str
    name: str
    doc: str | None
    params: tuple[Param, ...]
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    body: Region
    init: tuple[InitRule, ...]
    weights: tuple[Weights, ...] = ()
    source: Source
    span: Span


class Extern(Node):
    """A layer from the user's own Python. `dims` None means the shape stays the same."""

    name: str
    params: tuple[Param, ...]
    module: str
    attribute: str
    dims: tuple[Expr, ...] | None
    span: Span


class Function(Node):
    name: str
    params: tuple[str, ...]
    value: Expr
    span: Span


class Constant(Node):
    """A file-level `let`."""

    names: tuple[str, ...]
    value: Expr
    span: Span


class Claim(Node):
    """One entry of `expect`: the figure's name and the expression as written."""

    key: str
    value: Expr
    span: Span


class Variant(Node):
    """A model with arguments. Variants of variants are resolved: `definition` is the model,
    `arguments` all that hold. `base` is the name as written."""

    name: str
    base: str
    definition: str
    arguments: tuple[BoundArgument, ...]
    claims: tuple[Claim, ...]
    doc: str | None = None
    span: Span


class Program(Node):
    """`definitions` stand in dependency order: what is used before what uses it."""

    source: Source
    sources: tuple[Source, ...]
    doc: str | None
    paper: tuple[tuple[str, str], ...]
    constants: tuple[Constant, ...]
    functions: tuple[Function, ...]
    externs: tuple[Extern, ...]
    definitions: tuple[Definition, ...]
    variants: tuple[Variant, ...]
    recipes: tuple[Train, ...] = ()
