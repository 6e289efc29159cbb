"""Initialisation: the schemes that `init`, `param` and `const` may name."""

from __future__ import annotations

from archdsl import expr as e
from archdsl.diagnostics import Fix
from archdsl.ir import program as p
from archdsl.ir.walk import modules
from archdsl.node import replace
from archdsl.ops import table
from archdsl.ops.op import no_state
from archdsl.sema import arguments as args
from archdsl.sema.errors import did_you_mean, error, listed, respelt
from archdsl.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
    return p.InitRule(
        kinds=kinds,
        places=tuple([_unresolved(path) for path in rule.places]),
        scheme=name,
        arguments=arguments,
        bias=bias,
        span=rule.span,
    )


def completed(rules: Sequence[p.InitRule]) -> tuple[p.InitRule, ...]:
    """The rules of a definition; one about some modules has the bias of the rule about all, if it
    names none itself. That can be another one for each of its kinds."""
    found: list[p.InitRule] = []
    for rule in rules:
        if not rule.places or rule.bias is not None:
            found.append(rule)
            continue
        groups: dict[e.Expr | None, list[str]] = {}
        for kind in rule.kinds:
            general = _general(rules, kind)
            groups.setdefault(None if general is None else general.bias, []).append(kind)
        for bias, kinds in groups.items():
            found.append(replace(rule, kinds=tuple(kinds), bias=bias))
    return tuple(found)


def _general(rules: Sequence[p.InitRule], kind: str) -> p.InitRule | None:
    """The rule about all modules of a kind; one for `conv` is about depthwise ones, too."""
    for name in (kind, "conv") if kind == "depthwise" else (kind,):
        for rule in rules:
            if not rule.places and name in rule.kinds:
                return rule
    return None


def _unresolved(path: ast.ModulePath) -> p.InitPlace:
    """A place before the definitions are known that its path leads through."""
    names = ".".join([name.text for name in path.names])
    return p.InitPlace(path=names, leaf=False, span=path.span)


def placed(definition: p.Definition, known: Mapping[str, p.Definition]) -> p.Definition:
    """The definition with the places of its rules found in it; raises SpecError."""
    if not any(rule.places for rule in definition.init):
        return definition
    rules = []
    for rule in definition.init:
        places = tuple([_found(place, definition, known) for place in rule.places])
        rules.append(replace(rule, places=places))
    return replace(definition, init=tuple(rules))  # type: ignore[no-any-return]


def _found(
    place: p.InitPlace, definition: p.Definition, known: Mapping[str, p.Definition]
) -> p.InitPlace:
    inside = _named(definition.body)
    where = f"`{definition.name}`"
    names = place.path.split(".")
    item: p.Item | None = None
    several = False
    for name in names:
        if several:
            raise error(
                "E316",
                f"{where} is a list of modules: a rule is about all of it",
                place.span,
                help="say what is in them as an `init` of their block",
            )
        if name not in inside:
            raise error(
                "E316",
                f"{where} has no module `{name}`",
                place.span,
                help=did_you_mean(name, inside),
            )
        item, several = inside[name]
        block = item.callee if isinstance(item, p.Call) and item.kind == "block" else None
        where = f"`{name}`" if block is None else f"`{name}`, a `{block}`,"
        inside = _inside(item, known)
    leaf = isinstance(item, p.Call) and item.kind == "op" and not several
    return replace(place, leaf=leaf)  # type: ignore[no-any-return]


def _inside(item: p.Item, known: Mapping[str, p.Definition]) -> dict[str, tuple[p.Item, bool]]:
    """The modules that a module holds, as far as the text tells."""
    if isinstance(item, p.Call):
        held = item.kind == "block" and item.callee in known
        return _named(known[item.callee].body) if held else {}
    return _named(item.body) if isinstance(item, (p.Group, p.Part, p.Repeat, p.For)) else {}


def _named(region: p.Region) -> dict[str, tuple[p.Item, bool]]:
    """The modules of a region whose names are known beforehand, and whether each is a list."""
    return {
        name.base: (item, several)
        for name, item, several in modules(region)
        if isinstance(name.base, str)
    }


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


# What schemes are called in Keras.
_ELSEWHERE = {"he_": "kaiming_", "glorot_": "xavier_", "truncated_": "trunc_"}


def _kind(kind: ast.Ident) -> str:
    op = table.lookup(kind.text)
    if op is None:
        raise error(
            "E316",
            f"`init` is about ops, and there is no op `{kind.text}`",
            kind.span,
            help=did_you_mean(kind.text, table.OPS),
        )
    if op.state is no_state:
        raise error("E316", f"`{kind.text}` has no weights to begin with", kind.span)
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
        start = node.span.start
        at = Span(source=node.span.source, start=start, end=start + len(name))
        known = name
        for elsewhere, here in _ELSEWHERE.items():
            known = known.replace(elsewhere, here)
        raise error(
            "E316",
            f"there is no initialisation `{name}`",
            at,
            notes=(f"there are {listed(SCHEMES)}",),
            help=(
                f"it is called `{known}` here" if known in SCHEMES else did_you_mean(name, SCHEMES)
            ),
            fix=Fix(span=at, text=known) if known in SCHEMES else respelt(name, SCHEMES, at),
        )
    given = node.arguments if isinstance(node, e.CallExpr) else ()
    pairs = args.match(given, formals, name, node.span, partial=False)
    return name, tuple(
        p.BoundArgument(
            parameter=formal.name, value=resolver.resolve(argument.value, scope), span=argument.span
        )
        for formal, argument in pairs
    )
