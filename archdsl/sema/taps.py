"""`Model(...) tap (a, b)`: a block made of the model, cut after its last tap.

The cut is made in the tree, so that what comes out is lowered as if it had been written.
"""

from __future__ import annotations

from archdsl import expr as e
from archdsl.node import replace
from archdsl.sema.errors import did_you_mean, error, respelt
from archdsl.sema.scope import names_in
from archdsl.sema.tap_loops import divided
from archdsl.syntax import ast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from archdsl.ops.op import Op


def cut(
    model: ast.Block, taps: Sequence[ast.Ident], name: str, ops: Callable[[str], Op | None]
) -> ast.Block:
    """The block `name` with the model's inputs and parameters, whose results are the taps. `ops`
    finds the op of a name, as far as the model means that by it."""
    wanted = {tap.text for tap in taps}
    known = _cut(model.body.statements, set())[1]
    made = {tap.text: tap for tap in taps if tap.text not in known}
    settled = _settled(model.body.statements, ops)
    statements, found = _cut(divided(settled, made), wanted)
    for tap in taps:
        if tap.text not in found:
            raise error(
                "E345",
                f"`{model.name.text}` has nothing called `{tap.text}` to tap",
                tap.span,
                "unknown",
                others=((model.name.span, "the model"),),
                notes=(
                    "a tap is a label, a part or a value of the model's own body, in no `if`; where "
                    "a loop makes it, its name has to follow from the loop's counter",
                ),
                help=did_you_mean(tap.text, known),
                fix=respelt(tap.text, known, tap.span),
            )
    inits = _inits(model.body.statements, _cut(statements, set())[1])
    rest = [statement for statement in statements if not isinstance(statement, ast.Init)]
    statements, params = _used(tuple(map(_unsized, (*rest, *inits))), model)
    return ast.Block(
        kind="block",
        name=ast.Ident(text=name, span=model.name.span),
        params=params,
        inputs=model.inputs,
        outputs=tuple(ast.Port(name=tap, many=False, shape=None, span=tap.span) for tap in taps),
        body=replace(model.body, statements=statements),
        span=model.span,
    )


def _settled(
    statements: Sequence[ast.Statement], ops: Callable[[str], Op | None]
) -> tuple[ast.Statement, ...]:
    """The statements, with `bias=false` where a norm follows: the cut may come between the two."""
    normed = False
    found: list[ast.Statement] = []
    for statement in reversed(statements):
        if isinstance(statement, ast.Part):
            inner = _settled(statement.body.statements, ops)
            statement = replace(statement, body=replace(statement.body, statements=inner))
            normed = False
        elif isinstance(statement, ast.Chain):
            steps = []
            for step in reversed(statement.steps):
                action = step.action
                op = ops(action.name.text) if isinstance(action, ast.Call) else None
                if isinstance(action, (ast.For, ast.Repeat, ast.Group)):
                    inner = _settled(action.body.statements, ops)
                    action = replace(action, body=replace(action.body, statements=inner))
                elif op is not None and normed and (step.label or step.result):
                    action = _unbiased(action, op)
                steps.append(replace(step, action=action))
                if not isinstance(action, ast.Assert):
                    normed = op is not None and op.norm
            normed = normed and statement.head is None
            statement = replace(statement, steps=tuple(reversed(steps)))
        found.append(statement)
    return tuple(reversed(found))


def _unbiased(call: Any, op: Op) -> Any:
    """A convolution that says itself what a norm behind it would say: that it has no bias."""
    given = [argument.name for argument in call.arguments]
    places = [parameter.name for parameter in op.parameters][: given.count(None)]
    asks = any(param.name == "bias" and param.default is None for param in op.parameters)
    if not asks or "bias" in (*given, *places):
        return call
    bias = e.Argument(name="bias", value=e.Truth(value=False, span=call.span), span=call.span)
    return replace(call, arguments=(*call.arguments, bias))


def _inits(statements: Sequence[ast.Statement], left: set[str]) -> list[ast.Init]:
    """How the model's weights begin, without the rules about places that were cut away."""
    inits = [statement for statement in statements if isinstance(statement, ast.Init)]
    kept = []
    for init in inits:
        rules = []
        for rule in init.rules:
            places = tuple(place for place in rule.places if place.names[0].text in left)
            if places or not rule.places:
                rules.append(replace(rule, places=places))
        kept.append(replace(init, rules=tuple(rules)))
    return [init for init in kept if init.rules]


def _unsized(statement: ast.Statement) -> ast.Statement:
    """The statement without the heights and widths it states: a cut model takes any size."""
    if isinstance(statement, ast.Part):
        inner = tuple(map(_unsized, statement.body.statements))
        body = replace(statement.body, statements=inner)
        shape = None if statement.shape is None else _open(statement.shape)
        return replace(statement, body=body, shape=shape)  # type: ignore[no-any-return]
    if not isinstance(statement, ast.Chain):
        return statement
    steps = tuple(
        (
            replace(step, action=replace(step.action, shape=_open(step.action.shape)))
            if isinstance(step.action, ast.Assert)
            else step
        )
        for step in statement.steps
    )
    return replace(statement, steps=steps)  # type: ignore[no-any-return]


def _open(shape: ast.Shape) -> ast.Shape:
    dims = shape.dims[:1] + tuple(e.Open(span=dim.span) for dim in shape.dims[1:])
    return replace(shape, dims=dims if len(dims) == 3 else shape.dims)  # type: ignore[no-any-return]


def _used(
    statements: Sequence[ast.Statement], model: ast.Block
) -> tuple[tuple[ast.Statement, ...], tuple[ast.Param, ...]]:
    """The statements and parameters that what is left of the model has a use for."""
    used: set[str] = set()
    for port in model.inputs:
        used |= names_in(port)
    for statement in statements:
        if not isinstance(statement, ast.Let):
            used |= names_in(statement)
    kept: list[ast.Statement] = []
    for statement in reversed(statements):
        if isinstance(statement, ast.Let):
            if not used & {name.text for name in statement.names}:
                continue
            used |= names_in(statement.value)
        kept.append(statement)
    params: list[ast.Param] = []
    for param in reversed(model.params):
        if param.name.text in used:
            used |= names_in(param.default) if param.default is not None else set()
            params.append(param)
    return tuple(reversed(kept)), tuple(reversed(params))


def _cut(
    statements: Sequence[ast.Statement], wanted: set[str]
) -> tuple[tuple[ast.Statement, ...], set[str]]:
    """Statements up to the last that holds a wanted name, without side heads; and all names met."""
    kept: list[ast.Statement] = []
    found: set[str] = set()
    size = 0
    for statement in statements:
        rest, names = _cut_statement(statement, wanted - found)
        if names & (wanted - found):
            statement = rest if wanted <= found | names else _headless(statement)
            kept.append(statement)
            size = len(kept)
        else:
            kept.append(_headless(statement))
        found |= names
    return tuple(item for item in kept[:size] if not _is_empty(item)), found


def _cut_statement(statement: ast.Statement, wanted: set[str]) -> tuple[ast.Statement, set[str]]:
    if isinstance(statement, ast.Part):
        if statement.label is not None:
            base = statement.label.base
            return statement, {base} if isinstance(base, str) else set()
        inner, found = _cut(statement.body.statements, wanted)
        return replace(statement, body=replace(statement.body, statements=inner), shape=None), found
    if not isinstance(statement, ast.Chain):
        return statement, set()
    found = set() if statement.result is None else {name.base for name in statement.result.names}
    steps: list[ast.Step] = []
    size = 0
    for step in statement.steps:
        names = _names(step)
        steps.append(step)
        if names & wanted:
            size = len(steps)
        found |= names
    kept = steps if not found & wanted else steps[:size]
    return replace(statement, steps=tuple(kept)), found


def _names(step: ast.Step) -> set[str]:
    names = set() if step.result is None else {name.base for name in step.result.names}
    if step.label is not None and isinstance(step.label.base, str):
        names.add(step.label.base)
    if isinstance(step.action, ast.Group) and step.label is None:
        names |= _cut(step.action.body.statements, set())[1]
    return names


def _headless(statement: ast.Statement) -> ast.Statement:
    """The statement without side heads, which nothing of the cut model returns."""
    if isinstance(statement, ast.Part) and statement.label is None:
        inner = tuple(_headless(item) for item in statement.body.statements)
        inner = tuple(item for item in inner if not _is_empty(item))
        return replace(statement, body=replace(statement.body, statements=inner))  # type: ignore[no-any-return]
    if not isinstance(statement, ast.Chain):
        return statement
    steps = tuple(step for step in statement.steps if not _only_heads(step))
    return statement if len(steps) == len(statement.steps) else replace(statement, steps=steps)


def _only_heads(step: ast.Step) -> bool:
    action = step.action
    if isinstance(action, ast.Aux):
        return True
    if not isinstance(action, ast.If):
        return False
    bodies = [action.then] + ([action.otherwise] if action.otherwise is not None else [])
    statements = [statement for body in bodies for statement in body.statements]
    return bool(statements) and all(
        isinstance(s, ast.Chain) and s.head is None and all(_only_heads(x) for x in s.steps)
        for s in statements
    )


def _is_empty(statement: ast.Statement) -> bool:
    return isinstance(statement, ast.Chain) and statement.head is None and not statement.steps
