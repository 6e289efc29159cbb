"""Makes the tree: one method for each rule of the grammar, called as the parser reduces it.

Placeholders of the grammar's `[...]` arrive as None, tokens whose names begin with `_` not
at all, so that the children of a rule stand at fixed places.
"""

from __future__ import annotations

from collections.abc import Callable

from archdsl import expr
from archdsl.node import Node
from archdsl.source import Source, Span
from archdsl.syntax import ast
from archdsl.syntax.errors import fail, syntax_error
from archdsl.syntax.literals import clean_doc, number_value, split_template, unquote
from archdsl.syntax.operators import arrange

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    from archdsl.syntax.lexer import Token

    N = TypeVar("N", bound=Node)

Children = list["Any"]


def _maker(cls: type[N]) -> Callable[..., N]:
    """A constructor by position, in the order of the fields: most of the parser's time."""
    setters = tuple(getattr(cls, field).__set__ for field in cls._fields)
    new: Callable[[type[N]], N] = object.__new__

    def make(*values: Any) -> N:
        node = new(cls)
        for setter, value in zip(setters, values):
            setter(node, value)
        return node

    return make


_span = _maker(Span)
_ident = _maker(ast.Ident)
_number = _maker(expr.Number)
_name = _maker(expr.Name)
_argument = _maker(expr.Argument)
_call = _maker(ast.Call)
_step = _maker(ast.Step)
_chain = _maker(ast.Chain)

# A parenthesised expression is the same node, at the place of its parentheses.
_set_span = getattr(expr.Expr, "span").__set__  # noqa: B009


def between(first: Token, last: Token) -> Span:
    """From one token to another."""
    return _span(first.source, first.start_pos, last.end_pos)


def _of(token: Token) -> Span:
    return _span(token.source, token.start_pos, token.end_pos)


def _until(first: Token, end: Span) -> Span:
    return _span(first.source, first.start_pos, end.end)


def _id(token: Token) -> ast.Ident:
    return _ident(token.value, _of(token))


def _ids(tokens: Children) -> tuple[ast.Ident, ...]:
    return tuple([_id(token) for token in tokens])


def _optional_id(token: Token | None) -> ast.Ident | None:
    return None if token is None else _id(token)


class _Arguments(Node):
    """`( ... )` of a call: what it holds and where it ends."""

    items: tuple[expr.Argument, ...]
    span: Span


_NO_ARGUMENTS: tuple[expr.Argument, ...] = ()


def _items(arguments: _Arguments | None) -> tuple[expr.Argument, ...]:
    return _NO_ARGUMENTS if arguments is None else arguments.items


class Builder:
    """The callbacks of the parser. Holds nothing: tokens know their source."""

    def __init__(self, parse_expression: Callable[[Source, int, int], expr.Expr]) -> None:
        self._parse_expression = parse_expression

    # Top level

    def paper(self, c: Children) -> ast.Paper:
        return ast.Paper(pairs=c[1][0], span=_until(c[0], c[1][1]))

    def train(self, c: Children) -> ast.Train:
        return ast.Train(
            name=_id(c[1]), targets=c[2] or (), pairs=c[3][0], span=_until(c[0], c[3][1])
        )

    def train_for(self, c: Children) -> tuple[ast.Ident, ...]:
        return _ids(c[1:])

    def weights(self, c: Children) -> ast.Weights:
        return ast.Weights(
            source=_id(c[1]), model=_id(c[3]), rules=tuple(c[5:-1]), span=between(c[0], c[-1])
        )

    def weights_rule(self, c: Children) -> ast.WeightsRule:
        target = self._template(c[1]) if c[1].type == "STRING" else None
        return ast.WeightsRule(
            pattern=self._template(c[0]), target=target, span=between(c[0], c[1])
        )

    def map(self, c: Children) -> tuple[tuple[ast.Pair, ...], Span]:
        return tuple(c[1:-1]), between(c[0], c[-1])

    claims = map

    def pair(self, c: Children) -> ast.Pair:
        return ast.Pair(key=_id(c[0]), value=c[1])

    def claim(self, c: Children) -> ast.Pair:
        value = c[2]
        if c[1] is not None:
            value = expr.Approximate(value=value, span=_until(c[1], value.span))
        return ast.Pair(key=_id(c[0]), value=value)

    def imports(self, c: Children) -> ast.Import:
        return ast.Import(
            path=unquote(c[1]),
            path_span=_of(c[1]),
            names=tuple(c[3:-1]),
            span=between(c[0], c[-1]),
        )

    def import_name(self, c: Children) -> ast.ImportName:
        return ast.ImportName(name=_id(c[0]), alias=_optional_id(c[2]))

    def extern(self, c: Children) -> ast.Extern:
        shape = c[4] if isinstance(c[4], ast.Shape) else None
        end = c[3] if c[4] is None else c[4]
        return ast.Extern(
            name=_id(c[1]),
            params=c[2] or (),
            target=unquote(c[3]),
            target_span=_of(c[3]),
            shape=shape,
            span=_until(c[0], shape.span) if shape is not None else between(c[0], end),
        )

    def function(self, c: Children) -> ast.Function:
        return ast.Function(name=_id(c[1]), params=c[2], value=c[3], span=_until(c[0], c[3].span))

    def file_let(self, c: Children) -> ast.FileLet:
        return ast.FileLet(names=_ids(c[1:-1]), value=c[-1], span=_until(c[0], c[-1].span))

    def block(self, c: Children) -> ast.Block:
        return ast.Block(
            kind=c[0].value,
            name=_id(c[1]),
            params=c[2] or (),
            inputs=c[4] or (),
            outputs=c[6] or (),
            body=c[7],
            span=_until(c[0], c[7].span),
        )

    def block_ports(self, c: Children) -> tuple[ast.Port, ...]:
        return tuple(c[1:-1])

    ports = block_ports

    def block_port(self, c: Children) -> ast.Port:
        many = c[1] is not None
        span = between(c[0], c[2]) if many else _of(c[0])
        return ast.Port(name=_id(c[0]), many=many, shape=None, span=span)

    def model(self, c: Children) -> ast.Block:
        return ast.Block(
            kind="model",
            name=_id(c[1]),
            params=c[2] or (),
            inputs=c[3],
            outputs=c[5],
            body=c[6],
            span=_until(c[0], c[6].span),
        )

    def sole_port(self, c: Children) -> tuple[ast.Port, ...]:
        return (ast.Port(name=None, many=False, shape=c[0], span=c[0].span),)

    def port(self, c: Children) -> ast.Port:
        return ast.Port(name=_id(c[0]), many=False, shape=c[1], span=_until(c[0], c[1].span))

    def variant(self, c: Children) -> ast.Variant:
        end = _of(c[2])
        if c[4] is not None:
            end = c[4][1]
        elif c[3] is not None:
            end = c[3].span
        return ast.Variant(
            name=_id(c[1]),
            base=_id(c[2]),
            arguments=_items(c[3]),
            expect=() if c[4] is None else c[4][0],
            span=_until(c[0], end),
        )

    def params(self, c: Children) -> tuple[ast.Param, ...]:
        return tuple(c[1:-1])

    def param(self, c: Children) -> ast.Param:
        return ast.Param(name=_id(c[0]), type=_optional_id(c[1]), default=c[2])

    def shape(self, c: Children) -> ast.Shape:
        dims = [_dimension(item) for item in c[1:-1]]
        return ast.Shape(
            dims=tuple([value for _, value in dims]),
            names=tuple([name for name, _ in dims]),
            span=between(c[0], c[-1]),
        )

    def named_dim(self, c: Children) -> tuple[str, expr.Expr]:
        return c[0].value, c[1]

    # Statements

    def body(self, c: Children) -> ast.Body:
        return ast.Body(
            doc=None if c[1] is None else clean_doc(c[1].value),
            statements=tuple(c[2:-1]),
            span=between(c[0], c[-1]),
        )

    def let(self, c: Children) -> ast.Let:
        return ast.Let(names=_ids(c[1:-1]), value=c[-1], span=_until(c[0], c[-1].span))

    def require(self, c: Children) -> ast.Require:
        return ast.Require(condition=c[1], message=self._template(c[2]), span=between(c[0], c[2]))

    def tensor(self, c: Children) -> ast.Tensor:
        return ast.Tensor(
            kind=c[0].value,
            name=_id(c[1]),
            shape=c[2],
            init=c[3],
            span=_until(c[0], c[3].span),
        )

    def share(self, c: Children) -> ast.Share:
        return ast.Share(name=_id(c[1]), call=c[2], span=_until(c[0], c[2].span))

    def init(self, c: Children) -> ast.Init:
        return ast.Init(rules=tuple(c[2:-1]), span=between(c[0], c[-1]))

    def init_rule(self, c: Children) -> ast.InitRule:
        at = next(i for i, item in enumerate(c) if item is None or isinstance(item, tuple))
        places, scheme, *extras = c[at:]
        return ast.InitRule(
            kinds=_ids(c[:at]),
            places=places or (),
            scheme=scheme,
            extras=tuple(extras),
            span=_until(c[0], c[-1].span),
        )

    def init_places(self, c: Children) -> tuple[ast.ModulePath, ...]:
        return tuple([item for item in c if isinstance(item, ast.ModulePath)])

    def module_path(self, c: Children) -> ast.ModulePath:
        return ast.ModulePath(names=_ids(c), span=between(c[0], c[-1]))

    def part(self, c: Children) -> ast.Part:
        return ast.Part(
            kind=c[0].value, label=c[1], shape=c[3], body=c[4], span=_until(c[0], c[4].span)
        )

    def chain(self, c: Children) -> ast.Chain:
        span = c[0].span
        if len(c) == 1:
            return _chain(span, None, None, (c[0],))
        return _chain(_span(span.source, span.start, c[-1].span.end), None, None, tuple(c[::2]))

    def from_chain(self, c: Children) -> ast.Chain:
        last = c[-1] or c[1]
        return _chain(_until(c[0], last.span), c[1], c[2], tuple(c[4::2]))

    def assertion(self, c: Children) -> ast.Step:
        span = c[0].span
        return _step(None, ast.Assert(shape=c[0], span=span), None, None, span)

    # Steps

    def step(self, c: Children) -> ast.Step:
        label, action, _, count, result = c
        last = result or count or action
        if last is label or (label is None and last is action):
            return _step(label, action, count, result, action.span)
        first = label or action
        span = _span(action.span.source, first.span.start, last.span.end)
        return _step(label, action, count, result, span)

    def step_uncounted(self, c: Children) -> ast.Step:
        return self.step([c[0], c[1], None, None, c[2]])

    def label(self, c: Children) -> ast.Label:
        label: ast.Label = c[0]
        return label

    def label_name(self, c: Children) -> ast.Label:
        return ast.Label(base=c[0].value, span=_of(c[0]))

    def label_template(self, c: Children) -> ast.Label:
        return ast.Label(base=self._template(c[0]), span=_of(c[0]))

    def label_family(self, c: Children) -> ast.Label:
        return ast.Label(base=c[0].value, indices=tuple(c[2:-1]), span=between(c[0], c[-1]))

    def result_one(self, c: Children) -> ast.As:
        return ast.As(names=(c[1],), several=False, span=_until(c[0], c[1].span))

    def result_several(self, c: Children) -> ast.As:
        return ast.As(names=tuple(c[2:-1]), several=True, span=between(c[0], c[-1]))

    def value_name(self, c: Children) -> ast.ValueName:
        return ast.ValueName(base=c[0].value, indices=tuple(c[2:-1]), span=between(c[0], c[-1]))

    def call(self, c: Children) -> ast.Call:
        name, arguments, taps = c
        if arguments is None and taps is None:
            span = _of(name)
            return _call(span, _ident(name.value, span), _NO_ARGUMENTS, False, ())
        last = taps[1] if taps is not None else arguments.span
        called = arguments is not None
        names = () if taps is None else taps[0]
        return _call(_until(name, last), _id(name), _items(arguments), called, names)

    def none_step(self, c: Children) -> ast.Call:
        return self.call([c[0], None, None])

    def taps(self, c: Children) -> tuple[tuple[ast.Ident, ...], Span]:
        return _ids(c[1:-1]), between(c[0], c[-1])

    def merge(self, c: Children) -> ast.Merge:
        name, arguments, body, skip = c
        last = body if skip is None else skip
        return ast.Merge(
            name=_id(name),
            arguments=_items(arguments),
            body=body,
            skip=skip,
            span=_until(name, last.span),
        )

    def group(self, c: Children) -> ast.Group:
        return ast.Group(body=c[0], span=c[0].span)

    def repeat(self, c: Children) -> ast.Repeat:
        times = c[1]
        if isinstance(times, expr.Compare) and times.ops == ("in",):
            variable, values = times.operands
            help = f"write `for {variable.span.text} in {values.span.text} {{ ... }}`"
            if isinstance(values, (expr.Number, expr.Name)):
                help = f"write `repeat {values.span.text} as {variable.span.text} {{ ... }}`"
            place = (times.span.start, times.span.end)
            message = "a `repeat` has a count, and goes over no list"
            raise fail(syntax_error("E110", message, times.span.source, place, help=help))
        return ast.Repeat(
            times=c[1], name=_optional_id(c[3]), body=c[4], span=_until(c[0], c[4].span)
        )

    def for_(self, c: Children) -> ast.For:
        return ast.For(
            names=_ids(c[1:-3]), iterable=c[-2], body=c[-1], span=_until(c[0], c[-1].span)
        )

    def if_(self, c: Children) -> ast.If:
        otherwise = c[3]
        if isinstance(otherwise, ast.If):
            span = otherwise.span
            step = _step(None, otherwise, None, None, span)
            otherwise = ast.Body(statements=(_chain(span, None, None, (step,)),), span=span)
        end = c[2] if otherwise is None else otherwise
        return ast.If(condition=c[1], then=c[2], otherwise=otherwise, span=_until(c[0], end.span))

    def aux(self, c: Children) -> ast.Aux:
        return ast.Aux(arguments=_items(c[1]), step=c[2], span=_until(c[0], c[2].span))

    def simple_step(self, c: Children) -> ast.Step:
        return self.step([c[0], c[1], None, None, None])

    def skip_identity(self, c: Children) -> ast.Skip:
        keyword, identity, otherwise = c[:3]
        condition = c[4] if len(c) > 3 else None
        last = condition or otherwise
        return ast.Skip(
            source="identity",
            condition=condition,
            otherwise=otherwise,
            span=between(keyword, identity) if last is None else _until(keyword, last.span),
        )

    skip_identity_if = skip_identity

    def skip_step(self, c: Children) -> ast.Skip:
        step = c[1]
        condition = c[3] if len(c) > 2 else None
        nothing = (
            isinstance(step.action, ast.Call)
            and step.label is None
            and step.action.name.text == "none"
        )
        return ast.Skip(
            source="none" if nothing else "body",
            step=None if nothing else step,
            condition=condition,
            span=_until(c[0], (condition or step).span),
        )

    skip_step_if = skip_step

    # Expressions

    def number(self, c: Children) -> expr.Number:
        token = c[0]
        text = token.value
        return _number(_of(token), number_value(text), text)

    def size(self, c: Children) -> expr.SizeLiteral:
        token = c[0]
        height, _, width = token.value.partition("x")
        if len(token.value) > 20:
            raise fail(
                syntax_error(
                    "E107",
                    "this size is too large",
                    token.source,
                    (token.start_pos, token.end_pos),
                )
            )
        return expr.SizeLiteral(height=int(height), width=int(width), span=_of(token))

    def text(self, c: Children) -> expr.Text:
        return expr.Text(value=unquote(c[0]), span=_of(c[0]))

    def truth(self, c: Children) -> expr.Truth:
        return expr.Truth(value=c[0].type == "TRUE", span=_of(c[0]))

    def null(self, c: Children) -> expr.Null:
        return expr.Null(span=_of(c[0]))

    def input_(self, c: Children) -> expr.Input:
        return expr.Input(span=_of(c[0]))

    def name(self, c: Children) -> expr.Name:
        token = c[0]
        return _name(_of(token), token.value)

    def call_expr(self, c: Children) -> expr.CallExpr:
        return expr.CallExpr(
            function=c[0].value, arguments=c[1].items, span=_until(c[0], c[1].span)
        )

    def paren(self, c: Children) -> expr.Expr:
        inner: expr.Expr = c[1]
        _set_span(inner, between(c[0], c[-1]))
        return inner

    def tuple_(self, c: Children) -> expr.TupleExpr:
        return expr.TupleExpr(items=tuple(c[1:-1]), span=between(c[0], c[-1]))

    def list_(self, c: Children) -> expr.ListExpr:
        return expr.ListExpr(items=tuple(c[1:-1]), span=between(c[0], c[-1]))

    def comprehension(self, c: Children) -> expr.Comprehension:
        inside = next(i for i, item in enumerate(c) if getattr(item, "type", "") == "IN")
        return expr.Comprehension(
            element=c[1],
            names=tuple([token.value for token in c[3:inside]]),
            iterable=c[inside + 1],
            conditions=tuple(c[inside + 3 : -1 : 2]),
            span=between(c[0], c[-1]),
        )

    def index(self, c: Children) -> expr.Index:
        span = c[0].span
        return expr.Index(
            value=c[0],
            indices=tuple(c[2:-1]),
            span=_span(span.source, span.start, c[-1].end_pos),
        )

    def slice_(self, c: Children) -> expr.Slice:
        span = c[0].span
        return expr.Slice(
            value=c[0],
            start=c[2],
            stop=c[3],
            step=c[4],
            span=_span(span.source, span.start, c[-1].end_pos),
        )

    def attribute(self, c: Children) -> expr.Attribute:
        span = c[0].span
        return expr.Attribute(
            value=c[0], name=c[1].value, span=_span(span.source, span.start, c[1].end_pos)
        )

    def ternary(self, c: Children) -> expr.Ternary:
        then, _, condition, other = c
        return expr.Ternary(
            condition=condition, then=then, other=other, span=then.span.to(other.span)
        )

    def run(self, c: Children) -> expr.Expr:
        return arrange(c)

    def args(self, c: Children) -> _Arguments:
        return _Arguments(items=tuple(c[1:-1]), span=between(c[0], c[-1]))

    def positional(self, c: Children) -> expr.Argument:
        return _argument(None, c[0], c[0].span)

    def named(self, c: Children) -> expr.Argument:
        return _argument(c[0].value, c[1], _until(c[0], c[1].span))

    init_extra = named

    def _template(self, token: Token) -> expr.Template:
        """A string with its `{expressions}` parsed in place."""
        parts: list[str | expr.Expr] = []
        for text, start, end in split_template(token):
            parts.append(text if start < 0 else self._parse_expression(token.source, start, end))
        return expr.Template(parts=tuple(parts), span=_of(token))


def _dimension(item: expr.Expr | tuple[str, expr.Expr]) -> tuple[str | None, expr.Expr]:
    name, value = item if isinstance(item, tuple) else (None, item)
    if isinstance(value, expr.Name) and value.id == "_":
        value = expr.Open(span=value.span)
    return name, value
