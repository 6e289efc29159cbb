"""What ops do to shapes, remembered: rules are pure, and networks repeat themselves."""

from __future__ import annotations

from archdsl.analysis.value import whole
from archdsl.ir.design import Cost
from archdsl.ops.op import REQUIRED, Op, OpError, Shape
from archdsl.ops.table import check_arguments

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Uses of ops, and shapes of each, that a process remembers: rules are pure, and networks are made
# of few different layers.
_REMEMBERED = 2_000


def volume(shape: Shape) -> int:
    """The number of elements."""
    result = 1
    for dim in shape:
        result *= dim
    return result


def cost(op: Op, names: tuple[str, ...], values: tuple[Any, ...], x: Shape) -> Cost:
    """What an op does to a shape. Raises OpError."""
    given = (op.name, names, values, tuple(map(type, values)))
    uses = _USES.get(given)
    if uses is None:
        if len(_USES) >= _REMEMBERED:
            _USES.clear()
        uses = _USES[given] = _Uses(op, dict(zip(names, values)))
    found = uses.costs.get(x)
    if found is None:
        if len(uses.costs) >= _REMEMBERED:
            uses.costs.clear()
        found = uses.costs[x] = uses.cost(x)
    return found


class _Uses:
    """An op with its arguments, checked once; and what it does to each shape that it met."""

    __slots__ = ("arguments", "costs", "extent", "op", "stride")

    def __init__(self, op: Op, given: dict[str, Any]) -> None:
        arguments: dict[str, Any] = {}
        for parameter in op.parameters:
            value = given.get(parameter.name, parameter.default)
            if value is REQUIRED:
                raise OpError("E311", f"`{op.name}` needs `{parameter.name}`")
            arguments[parameter.name] = value
        check_arguments(op, arguments)
        self.op = op
        self.arguments = arguments
        self.costs: dict[Shape, Cost] = {}
        window = op.window(arguments)
        self.extent: tuple[Any, Any] = (1, 1)
        self.stride: tuple[Any, Any] | None = None
        if window is not None:
            self.extent = (whole(window.extent[0]), whole(window.extent[1]))
            self.stride = (whole(window.stride[0]), whole(window.stride[1]))

    def cost(self, x: Shape) -> Cost:
        """What the op does to a shape. Raises OpError."""
        op, arguments = self.op, self.arguments
        out = tuple(op.shape(arguments, x))
        return Cost(
            op.name,
            (out,),
            arguments=arguments,
            params=op.params(arguments, x),
            macs=op.macs(arguments, x, out),
            activations=0 if op.inplace else volume(out),
            extent=self.extent,
            stride=self.stride,
            weighted=op.weighted,
            linear=op.rank != 3,
            centres=op.centres(arguments, x),
        )


_USES: dict[Any, _Uses] = {}
