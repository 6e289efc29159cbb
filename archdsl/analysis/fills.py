"""What weights begin as: the arguments of `init`, and the values of `param` and `const`."""

from __future__ import annotations

from archdsl import expr as e
from archdsl.analysis.notes import error
from archdsl.ops.check import check_argument
from archdsl.ops.op import OpError, OpParam, Size
from archdsl.values import kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from archdsl.ir.program import InitRule
    from archdsl.source import Span

_GAINS = "linear conv1d conv2d conv3d sigmoid tanh relu leaky_relu selu".split()

# By name: it means the same in every function of `torch.nn.init` that takes it.
PARAMETERS = {
    **{
        name: OpParam(name=name, type="number", doc="") for name in "val mean a b gain bias".split()
    },
    "std": OpParam(name="std", type="number", doc="", minimum=0),
    "groups": OpParam(name="groups", type="int", doc="", minimum=1),
    "mode": OpParam(name="mode", type="str", doc="", choices=("fan_in", "fan_out")),
    "nonlinearity": OpParam(name="nonlinearity", type="str", doc="", choices=tuple(_GAINS)),
}


def check_rule(rule: InitRule, evaluate: Callable[[e.Expr], Any]) -> None:
    """Refuse a rule of `init` whose arguments torch would not take."""
    for argument in rule.arguments:
        _check(rule.scheme, argument.parameter, evaluate(argument.value), argument.span)
    if rule.bias is not None:
        _check("init", "bias", evaluate(rule.bias), rule.bias.span)


def check_fill(
    fill: e.Expr, scheme: bool, elements: int, evaluate: Callable[[e.Expr], Any]
) -> None:
    """Refuse what a tensor of so many elements can't begin as."""
    if scheme:
        for argument in fill.arguments if isinstance(fill, e.CallExpr) else ():
            name = argument.name or "val"
            _check(_name(fill), name, evaluate(argument.value), argument.span)
        return
    value = evaluate(fill)
    numbers = list(_flat(value))
    listed = isinstance(value, tuple)
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            of = "a list that holds " * listed + kind(number)
            message = f"a tensor begins as a scheme, a number or a list of numbers, not as {of}"
            raise error("E402", message, fill.span)
    if listed and (len(numbers) != elements or not _rectangular(value)):
        message = f"this tensor has {elements:,} elements, and begins as {len(numbers):,} numbers"
        even = "all rows of a list are of one length" if len(numbers) == elements else None
        raise error("E402", message, fill.span, help=even)


def _name(fill: e.Expr) -> str:
    return fill.function if isinstance(fill, e.CallExpr) else ""


def _check(scheme: str, name: str, value: Any, span: Span) -> None:
    try:
        check_argument(scheme, PARAMETERS[name], value)
    except OpError as problem:
        raise error(problem.code, problem.message, span, help=problem.help) from None


def _flat(value: Any) -> Iterator[Any]:
    """The items of a list, of those in it, and so on."""
    if isinstance(value, tuple) and not isinstance(value, Size):
        for item in value:
            yield from _flat(item)
    else:
        yield value


def _rectangular(value: Any) -> bool:
    lists = [item for item in value if isinstance(item, tuple)]
    if not lists:
        return True
    return len(lists) == len(value) == sum(len(item) == len(lists[0]) for item in lists) and all(
        map(_rectangular, lists)
    )
