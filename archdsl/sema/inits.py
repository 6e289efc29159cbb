"""Initialisation: the schemes that `init`, `param` and `const` may name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archdsl import expr as e
from archdsl.ir import program as p
from archdsl.ops import table
from archdsl.sema import arguments as args
from archdsl.sema.errors import did_you_mean, error, listed

if TYPE_CHECKING:
    from archdsl.sema.resolve import Resolver
    from archdsl.sema.scope import Scope
    from archdsl.syntax import ast


def _formals(required: str, optional: str = "") -> tuple[args.Formal, ...]:
    first = [args.Formal(name=name, required=True) for name in required.split()]
    return tuple(first + [args.Formal(name=name, required=False) for name in optional.split()])


# Parameters are those of the function of that name in `torch.nn.init`.
SCHEMES: dict[str, tuple[args.Formal, ...]] = {
    "zeros": (),
    "ones": (),
    "constant": _formals("val"),
    "normal": _formals("", "mean std"),
    "uniform": _formals("", "a b"),
    "trunc_normal": _formals("", "mean std a b"),
    "kaiming_normal": _formals("", "a mode nonlinearity"),
    "kaiming_uniform": _formals("", "a mode nonlinearity"),
    "xavier_normal": _formals("", "gain"),
    "xavier_uniform": _formals("", "gain"),
    "orthogonal": _formals("", "gain"),
    "dirac": _formals("", "groups"),
}


def lower_rule(rule: ast.InitRule, resolver: Resolver, scope: Scope) -> p.InitRule:
    kinds = tuple(_kind(kind) for kind in rule.kinds)
    name, arguments = _scheme(rule.scheme, resolver, scope)
    bias = None
    pairs = args.match(rule.extras, _formals("", "bias"), "init", rule.span, partial=False)
    for _, extra in pairs:
        bias = resolver.resolve(extra.value, scope)
    return p.InitRule(kinds=kinds, scheme=name, arguments=arguments, bias=bias, span=rule.span)


def lower_fill(node: e.Expr, resolver: Resolver, scope: Scope) -> e.Expr:
    """What a `param` or `const` starts as: a scheme, or a value."""
    name = (
        node.function
        if isinstance(node, e.CallExpr)
        else node.id if isinstance(node, e.Name) else ""
    )
    if name not in SCHEMES or scope.find(name) is not None or name in resolver.unit.names:
        return resolver.resolve(node, scope)
    scheme, bound = _scheme(node, resolver, scope)
    if isinstance(node, e.Name):
        return node
    arguments = tuple(e.Argument(name=b.parameter, value=b.value, span=b.span) for b in bound)
    return e.CallExpr(function=scheme, arguments=arguments, span=node.span)


def _kind(kind: ast.Ident) -> str:
    op = table.lookup(kind.text)
    if op is None:
        raise error(
            "E316",
            f"`init` is about ops, and there is no op `{kind.text}`",
            kind.span,
            help=did_you_mean(kind.text, table.OPS),
        )
    return op.name


def _scheme(
    node: e.Expr, resolver: Resolver, scope: Scope
) -> tuple[str, tuple[p.BoundArgument, ...]]:
    if isinstance(node, (e.Number, e.Unary)):
        value = resolver.resolve(node, scope)
        return "constant", (p.BoundArgument(parameter="val", value=value, span=node.span),)
    if not isinstance(node, (e.Name, e.CallExpr)):
        raise error("E316", "an initialisation is a scheme or a number", node.span)
    name = node.function if isinstance(node, e.CallExpr) else node.id
    formals = SCHEMES.get(name)
    if formals is None:
        raise error(
            "E316",
            f"there is no initialisation `{name}`",
            node.span,
            notes=(f"there are {listed(SCHEMES)}",),
            help=did_you_mean(name, SCHEMES),
        )
    given = node.arguments if isinstance(node, e.CallExpr) else ()
    pairs = args.match(given, formals, name, node.span, partial=False)
    return name, tuple(
        p.BoundArgument(
            parameter=formal.name, value=resolver.resolve(argument.value, scope), span=argument.span
        )
        for formal, argument in pairs
    )
