"""Arguments find their parameters: positional ones first, then keywords."""

from __future__ import annotations

from archdsl.diagnostics import Fix
from archdsl.expr import Number
from archdsl.node import Node
from archdsl.ops import table
from archdsl.ops.op import REQUIRED
from archdsl.sema.errors import did_you_mean, error, listed, respelt
from archdsl.sema.synonyms import arguments_here
from archdsl.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from archdsl.diagnostics import SpecError
    from archdsl.expr import Argument
    from archdsl.ops.op import Op
    from archdsl.syntax import ast


# What layers of other libraries bring along.
_STEPS = ("activation", "activation_fn", "batch_norm", "batch_normalize", "norm", "norm_layer")


class Formal(Node):
    """A parameter as the caller sees it. `flows`: takes a value that flows, not a number."""

    name: str
    required: bool
    flows: bool = False


_OF_OPS: dict[str, tuple[Formal, ...]] = {}


def formals_of_op(op: Op) -> tuple[Formal, ...]:
    formals = _OF_OPS.get(op.name)
    if formals is None:
        formals = _OF_OPS[op.name] = tuple(
            Formal(name=p.name, required=p.default is REQUIRED, flows=p.type == "value")
            for p in op.parameters
        )
    return formals


def formals_of_params(params: Sequence[ast.Param]) -> tuple[Formal, ...]:
    return tuple(Formal(name=p.name.text, required=p.default is None) for p in params)


def match(
    arguments: Sequence[Argument],
    formals: Sequence[Formal],
    what: str,
    span: Span,
    *,
    partial: bool,
) -> list[tuple[Formal, Argument]]:
    """Pair arguments with parameters, in the order written.

    `what` names the callee in messages; `span` is where it is named. A partial application may
    leave parameters out.
    """
    by_name = {formal.name: formal for formal in formals}
    pairs: list[tuple[Formal, Argument]] = []
    given: dict[str, Argument] = {}
    check_order(arguments)
    for position, argument in enumerate(arguments):
        formal = (
            _at(position, argument, formals, what)
            if argument.name is None
            else by_name.get(argument.name)
        )
        if formal is None:
            raise unknown(argument, formals, what, arguments)
        if formal.name in given:
            raise repeated(
                formal.name, argument, given[formal.name], _torch_order(arguments, formals, what)
            )
        given[formal.name] = argument
        pairs.append((formal, argument))
    if not partial:
        require_all(given, formals, what, span)
    return pairs


def check_order(arguments: Sequence[Argument]) -> None:
    """Refuse a positional argument behind a keyword."""
    keyword: Argument | None = None
    for argument in arguments:
        if argument.name is not None:
            keyword = argument
        elif keyword is not None:
            raise error(
                "E314",
                "a positional argument stands behind a keyword",
                argument.span,
                others=((keyword.span, "the keyword"),),
                help="put it first, or give it its parameter's name",
            )


def require_all(given: object, formals: Sequence[Formal], what: str, span: Span) -> None:
    """Refuse a call that leaves out a parameter without a default."""
    missing = [f.name for f in formals if f.required and f.name not in given]  # type: ignore[operator]
    if not missing:
        return
    names = listed(missing)
    raise error(
        "E311",
        f"`{what}` needs {names}",
        span,
        f"{'arguments' if len(missing) > 1 else 'argument'} missing",
        notes=(f"the parameters are {signature(formals)}",) if len(formals) > len(missing) else (),
    )


def _at(position: int, argument: Argument, formals: Sequence[Formal], what: str) -> Formal:
    if position < len(formals):
        return formals[position]
    count = len(formals)
    takes = "no arguments" if not count else f"{count} argument{'s' if count > 1 else ''}"
    raise error(
        "E313",
        f"`{what}` takes {takes}",
        argument.span,
        f"argument {position + 1}",
        notes=(f"the parameters are {signature(formals)}",) if formals else (),
    )


def unknown(
    argument: Argument, formals: Sequence[Formal], what: str, arguments: Sequence[Argument] = ()
) -> SpecError:
    """The finding that there is no parameter of the argument's name; of a call with these
    `arguments`, where they may be those of another library."""
    names = [formal.name for formal in formals]
    note = f"the parameters are {signature(formals)}" if names else f"`{what}` takes no arguments"
    name = argument.name or ""
    start = argument.span.start
    at = Span(source=argument.span.source, start=start, end=start + len(name))
    help, fix = did_you_mean(name, names), respelt(name, names, at)
    here = None if (help and fix) or not arguments else arguments_here(arguments, names)
    if name in _STEPS and "norm" in name:
        help, fix = f"a norm is a step of its own: `{what}(...) -> bn`", None
    elif name in _STEPS:
        help, fix = f"an activation is a step of its own: `{what}(...) -> relu`", None
    elif here is not None and table.lookup(what) is not None:
        call = f"`{what}({', '.join(here)})`" if here else f"`{what}`"
        never = name not in names and len(here) < len(arguments)
        help = f"input channels are never written: {call}" if never else f"it is {call} here"
        all_named = Span(
            source=at.source, start=arguments[0].span.start, end=arguments[-1].span.end
        )
        fix = Fix(span=all_named, text=", ".join(here))
    return error(
        "E310",
        f"`{what}` has no parameter `{name}`",
        at,
        notes=(note,),
        help=help,
        fix=fix,
    )


def repeated(name: str, argument: Argument, first: Argument, help: str | None = None) -> SpecError:
    return error(
        "E312",
        f"`{name}` is given twice",
        argument.span,
        "given again",
        others=((first.span, "given here"),),
        help=help or "leave one of them out",
    )


def _torch_order(arguments: Sequence[Argument], formals: Sequence[Formal], what: str) -> str | None:
    """The help for `conv(3, 64, 7, stride=2)`, which begins with the channels that arrive."""
    first = [argument for argument in arguments if argument.name is None]
    if [formal.name for formal in formals[:3]] != ["width", "kernel", "stride"]:
        return None
    if len(first) != 3 or not all(isinstance(argument.value, Number) for argument in first):
        return None
    rest = ", ".join(argument.span.text for argument in arguments[1:])
    return f"input channels are never written: `{what}({rest})`"


def signature(formals: Sequence[Formal]) -> str:
    required = ", ".join(f"`{formal.name}`" for formal in formals if formal.required)
    optional = ", ".join(f"`{formal.name}`" for formal in formals if not formal.required)
    return "; optional: ".join(filter(None, (required, optional))) if required else optional
