"""What a step's name stands for, and the arguments it is given."""

from __future__ import annotations

import re

from archdsl import expr as e
from archdsl.diagnostics import Fix
from archdsl.ir import program as p
from archdsl.node import Node, replace
from archdsl.ops import table
from archdsl.ops.op import Op
from archdsl.sema import arguments as args
from archdsl.sema.errors import did_you_mean, error, listed, respelt
from archdsl.sema.imports import importable
from archdsl.sema.naming import snake_case
from archdsl.sema.scope import NUMBERS, Scope, article, names_in
from archdsl.sema.synonyms import WRITTEN, op_of
from archdsl.sema.units import MERGES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from archdsl.diagnostics import SpecError
    from archdsl.sema.place import Place
    from archdsl.sema.resolve import Resolver
    from archdsl.sema.scope import Binding
    from archdsl.sema.units import Entity
    from archdsl.source import Span
    from archdsl.syntax import ast

_TORCHS = re.compile(r"[Cc]onv(Transpose|_transpose)?[123]d")


class Target(Node):
    """What a call applies. `stem` is the kind that an unlabelled step of it is named after."""

    kind: str
    callee: str
    stem: str
    op: Op | None = None
    arguments: tuple[p.BoundArgument, ...] = ()
    steady: bool = True

    @property
    def alike(self) -> object:
        """What tells two stateless activations apart; None for everything else."""
        if self.op is None or not self.op.activation or self.op.stateful or not self.steady:
            return None
        return (self.op.name, self.arguments)

    @property
    def modular(self) -> bool:
        """Whether there is a module to be named."""
        if self.kind == "shared":
            return False
        torch = None if self.op is None else self.op.torch
        return torch is None or torch.module is not None or torch.helper is not None


def target_of(call: ast.Call, place: Place, resolver: Resolver) -> Target:
    """Look the called name up among parameters that hold blocks, blocks, ops and the like."""
    name = call.name.text
    binding = place.scope.find(name)
    entity = resolver.unit.names.get(name)
    if binding is not None and binding.sort == "shared":
        return _shared(call, binding)
    if binding is not None and binding.callable is True:
        return _held(call, binding, place, resolver)
    if binding is not None and entity is not None and _may_hold(binding):
        return _held(call, binding, place, resolver)
    if entity is not None and entity.kind in ("block", "extern", "variant", "broken"):
        return _defined(call, entity, place, resolver)
    op = table.lookup(name)
    if op is not None and name not in MERGES:
        bound = bind(call, args.formals_of_op(op), place, resolver)
        steady = all(_steady(b.value, place.scope) for b in bound)
        return Target(
            kind="op", callee=op.name, stem=op.stem, op=op, arguments=bound, steady=steady
        )
    if binding is not None and _may_hold(binding):
        return _held(call, binding, place, resolver)
    raise _uncallable(call, binding, entity, place, resolver)


def _shared(call: ast.Call, binding: Binding) -> Target:
    if call.arguments:
        raise error(
            "E313",
            f"`{call.name.text}` is made already, and takes no arguments",
            call.arguments[0].span,
            others=((binding.span, "made here"),),
        )
    return Target(kind="shared", callee=binding.name, stem=binding.name)


def _held(call: ast.Call, binding: Binding, place: Place, resolver: Resolver) -> Target:
    args.check_order(call.arguments)
    seen: dict[str, e.Argument] = {}
    for argument in call.arguments:
        if argument.name is None:
            continue
        if argument.name in seen:
            raise args.repeated(argument.name, argument, seen[argument.name])
        seen[argument.name] = argument
    bound = tuple(
        p.BoundArgument(
            parameter=str(i) if argument.name is None else argument.name,
            value=_value(argument.value, place, resolver),
            span=argument.span,
        )
        for i, argument in enumerate(call.arguments)
    )
    resolver.mark(binding)
    return Target(kind="param", callee=binding.name, stem=binding.name, arguments=bound)


def _value(node: e.Expr, place: Place, resolver: Resolver) -> e.Expr:
    """An argument of a callee that isn't known: it may be an op that takes a value."""
    if isinstance(node, e.Name):
        binding = place.scope.find(node.id)
        if binding is not None and binding.sort == "tensor":
            return resolver.resolve(node, place.scope, place.flow)
    return resolver.resolve(node, place.scope)


def _defined(call: ast.Call, entity: Entity, place: Place, resolver: Resolver) -> Target:
    stem = snake_case(call.name.text)
    if entity.kind == "broken":  # what is wrong with its name was said
        return Target(kind="block", callee=entity.text, stem=f"{snake_case(entity.text)}_")
    if entity.kind == "variant":
        return _variant(call, entity, place, resolver)
    bound = bind(call, resolver.formals(entity), place, resolver)
    kind = "extern" if entity.kind == "extern" else "block"
    return Target(kind=kind, callee=resolver.name_of(entity), stem=stem, arguments=bound)


def _variant(call: ast.Call, entity: Entity, place: Place, resolver: Resolver) -> Target:
    model = resolver.model_of(entity)
    if model.kind == "broken":
        return Target(kind="block", callee=entity.text, stem=snake_case(entity.text))
    formals = resolver.formals(model)
    own = bind(call, formals, place, resolver, partial=True)
    given = {a.name or "": a for a in resolver.variant_arguments(entity)}
    for argument in given.values():
        _check_capture(argument, place.scope)
    by_name = {
        name: p.BoundArgument(parameter=name, value=a.value, span=a.span)
        for name, a in given.items()
    }
    by_name.update({b.parameter: b for b in own})
    args.require_all(by_name, formals, call.name.text, call.name.span)
    return Target(
        kind="block",
        callee=resolver.name_of(model),
        stem=snake_case(call.name.text),
        arguments=tuple(by_name[f.name] for f in formals if f.name in by_name),
    )


def _check_capture(argument: e.Argument, scope: Scope) -> None:
    for name in sorted(names_in(argument.value)):
        binding = scope.find(name)
        if binding is not None:
            raise error(
                "E304",
                f"`{name}` here hides the `{name}` that the variant means",
                binding.span,
                others=((argument.span, "meant here"),),
                help="rename it",
            )


def bind(
    call: ast.Call,
    formals: Sequence[args.Formal],
    place: Place,
    resolver: Resolver,
    partial: bool = False,
) -> tuple[p.BoundArgument, ...]:
    pairs = args.match(call.arguments, formals, call.name.text, call.name.span, partial=partial)
    return tuple([_bound(formal, argument, place, resolver) for formal, argument in pairs])


def _bound(
    formal: args.Formal, argument: e.Argument, place: Place, resolver: Resolver
) -> p.BoundArgument:
    flows = formal.flows and not isinstance(argument.value, e.Null)
    if flows and place.sequential is not None:
        raise error(
            "E342",
            f"`{formal.name}` brings in a second value, and an `nn.Sequential` hands on one only",
            argument.span,
            others=((place.sequential, "the Sequential"),),
            help="make it a block",
        )
    value = resolver.resolve(argument.value, place.scope, place.flow if flows else NUMBERS)
    return p.BoundArgument(parameter=formal.name, value=value, span=argument.span)


def _steady(node: e.Expr, scope: Scope) -> bool:
    """Whether an argument is the same wherever in the definition it stands."""
    if isinstance(node, (e.Number, e.Truth, e.Text, e.Null)):
        return True
    bindings = [scope.find(name) for name in names_in(node)]
    return all(binding is None or binding.steady for binding in bindings)


def _uncallable(
    call: ast.Call,
    binding: Binding | None,
    entity: Entity | None,
    place: Place,
    resolver: Resolver,
) -> SpecError:
    name = call.name.text
    if binding is not None and binding.sort in ("tensor", "any"):
        return error(
            "E303",
            f"`{name}` is a value, not a step",
            call.name.span,
            others=((binding.span, "named here"),),
            help=f"to go on from it, begin a chain: `from {name} -> ...`",
        )
    if binding is not None or entity is not None:
        others = ((binding.span, "named here"),) if binding is not None else ()
        what = binding.what if binding is not None else str(entity and entity.kind)
        given = f"name what it gives, and make that the step: `let f = {name}(...)`, `-> f`"
        return error(
            "E303",
            f"`{name}` is {article(what)}, and no block or op",
            call.name.span,
            others=others,
            help=given if what == "function" else None,
        )
    held = {n for n in place.scope.visible() if _holds(place.scope.find(n))}
    blocks = {n for n, x in resolver.unit.names.items() if x.kind in ("block", "extern", "variant")}
    kinds = ["the ops", "the blocks of this file"]
    if held:
        kinds.append(f"what {listed(sorted(held))} may hold")
    known = held | blocks | set(table.OPS) | set(MERGES)
    written = importable(name, call.name.span) or WRITTEN.get(name.lower().replace("_", ""))
    elsewhere = None if written else _called_elsewhere(name)
    fix = respelt(name, known, call.name.span) if written is None else None
    inputs = _torchs_inputs(call) if elsewhere is not None else None
    if elsewhere is not None:
        fix = Fix(span=inputs or call.name.span, text=elsewhere + ("(" if inputs else ""))
    if fix is None:
        resolver.unit.give_up(name, call.name.span)
    help = written or (f"it is called `{elsewhere}` here" if elsewhere else None)
    if inputs:
        help = (
            f"{help}, and takes no `in_channels`: `{elsewhere}({call.arguments[1].span.text}, ...)`"
        )
    help = help or did_you_mean(name, known)
    if help is None and name.islower() and not call.arguments:
        help = f"to name the value that arrives, write `as {name}` instead of `-> {name}`"
    return error(
        "E302",
        f"there is no block or op `{name}`",
        call.name.span,
        "unknown",
        notes=(f"looked for among {' and '.join(kinds)}",),
        help=help,
        fix=fix,
    )


def _torchs_inputs(call: ast.Call) -> Span | None:
    """The name and first argument of a convolution that is written as torch's: `Conv2d(3, 64, 3)`.
    Keras's `Conv2D(64, 3)` begins with the width, as ours."""
    first = [each for each in call.arguments[:3] if each.name is None]
    kernel = len(first) == 3 or any(each.name == "kernel_size" for each in call.arguments)
    plain = len(first) > 1 and all(isinstance(each.value, e.Number) for each in first[:2])
    if not (plain and kernel and _TORCHS.fullmatch(call.name.text)):
        return None
    result: Span = replace(call.name.span, end=first[1].span.start)
    return result


def _called_elsewhere(name: str) -> str | None:
    """The op that other libraries call so."""
    op = op_of(name, set(table.OPS))
    if op is None or op == name.lower():
        return None
    known = table.lookup(op)
    return known.name if known is not None else op


def _may_hold(binding: Binding) -> bool:
    """Whether a name may stand for a block or op, as far as the text tells."""
    return binding.sort in ("number", "any") and binding.callable is None


def _holds(binding: Binding | None) -> bool:
    return binding is not None and (binding.sort == "shared" or binding.callable is True)


def may_be_called(node: e.Expr | None, resolver: Resolver, scope: Scope) -> bool | None:
    """Whether a parameter's default or a `let` is a block or op: None where only a run can tell."""
    if node is None or isinstance(node, (e.Null, e.Index, e.Attribute)):
        return None
    if isinstance(node, e.Ternary):
        first = may_be_called(node.then, resolver, scope)
        return first if first is not None else may_be_called(node.other, resolver, scope)
    name = (
        node.id
        if isinstance(node, e.Name)
        else node.function if isinstance(node, e.CallExpr) else None
    )
    if name is None or name == "same":
        return False
    binding = scope.find(name)
    if binding is not None:
        return binding.callable if binding.sort != "tensor" else False
    entity = resolver.unit.names.get(name)
    if entity is not None and entity.kind in ("constant", "function"):
        return None
    if entity is not None:
        return entity.kind in ("block", "extern", "variant", "broken")
    return table.lookup(name) is not None and name not in MERGES
