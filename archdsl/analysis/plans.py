"""Calls, prepared: what stays the same over all their runs, and what they apply."""

from __future__ import annotations

from archdsl import expr as e
from archdsl.ir import program as p
from archdsl.ir.design import (
    Callee,
    Cost,
)
from archdsl.ops.op import Op, Shape, Size
from archdsl.ops.table import OPS
from archdsl.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_CONSTANTS = frozenset({e.Number, e.Text, e.Truth, e.Null, e.SizeLiteral})


class Plan:
    """What stays the same over all runs of a call.

    Of an op: its names with a bias that the text decides, whether it does, which parameters take
    tensors. `values` where all arguments are constants. `costs` remembers by values and shape.
    """

    __slots__ = ("bias", "costs", "exprs", "flowing", "names", "values")

    def __init__(self, call: p.Call) -> None:
        self.names = tuple(argument.parameter for argument in call.arguments)
        self.exprs = tuple(argument.value for argument in call.arguments)
        self.values: tuple[Any, ...] | None = None
        self.bias: bool | None = None
        self.flowing: frozenset[str] = frozenset()
        self.costs: dict[Any, Cost] = {}
        constant = all(type(node) in _CONSTANTS for node in self.exprs)
        if call.kind == "op":
            op = call.op if call.op is not None else OPS[call.callee]
            self.flowing = flowing(op)
            self.bias = default_bias(op, self.names, call)
            if self.bias is not None:
                self.names = (*self.names, "bias")
        if constant:
            extra = () if self.bias is None else (self.bias,)
            self.values = tuple(_constant(node) for node in self.exprs) + extra


def flowing(op: Op) -> frozenset[str]:
    """The parameters of an op that take tensors."""
    return frozenset(q.name for q in op.parameters if q.type == "value")


def default_bias(op: Op, names: tuple[str, ...], call: p.Call) -> bool | None:
    """Whether an op without a `bias` argument has one, by the text; None where that isn't asked."""
    if not op.weighted or "bias" in names or all(q.name != "bias" for q in op.parameters):
        return None
    return call.bias is not False


def _constant(node: e.Expr) -> Any:
    if isinstance(node, e.SizeLiteral):
        return Size(node.height, node.width)
    return None if isinstance(node, e.Null) else node.value  # type: ignore[attr-defined]


class Shared:
    """A module made once: what it is, where it stands, and the input of its first use."""

    __slots__ = ("call", "first", "path", "target", "used")

    def __init__(self, call: p.Call, target: Target, path: str) -> None:
        self.call = call
        self.target = target
        self.path = path
        self.used: Span | None = None
        self.first: Shape = ()


class Target:
    """What a call applies, with its arguments; `callee` None is no step."""

    __slots__ = ("callee", "names", "values")

    def __init__(
        self,
        callee: Callee | None,
        names: tuple[str, ...] = (),
        values: tuple[Any, ...] = (),
    ) -> None:
        self.callee = callee
        self.names = names
        self.values = values
