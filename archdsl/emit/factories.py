"""Ops as functions: where one parameter holds ops that are constructed in different ways, or blocks
beside ops, each op becomes a function that is called as a block is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from archdsl.emit import symbol as s
from archdsl.emit.calls import argument_text, complete
from archdsl.emit.tensor import HEIGHT, WIDTH
from archdsl.ir.design import Callee
from archdsl.node import Node
from archdsl.ops.op import REQUIRED, Op, OpParam, form

if TYPE_CHECKING:
    from archdsl.emit.unit import Unit

_KINDS = {"int": "int", "bool": "bool", "str": "str", "number": "float", "float": "float"}


class Function(Node):
    """An op as a function. What is `fixed` may decide how the op is written."""

    op: str
    fixed: tuple[tuple[str, Any], ...]


def function_of(callee: Callee) -> Function:
    """The function that an op with bound arguments is: words and truth values are its own."""
    fixed = tuple(each for each in callee.arguments if isinstance(each[1], (bool, str)))
    return Function(op=callee.name, fixed=fixed)


def function_name(unit: Unit, function: Function) -> str:
    """The op's own name and what is fixed, unless something of the file has it."""
    words = [function.op, *(f"{name}_{value}" for name, value in function.fixed)]
    name = re.sub(r"\W", "_", "_".join(words)).lower()
    return f"make_{name}" if name in unit.taken_names else name


def function_text(unit: Unit, function: Function, used: set[str]) -> str:
    """Its source: the input's channels come first, then those arguments that the file gives."""
    op: Op = unit.op(function.op)
    if op.torch.helper:
        unit.use_helper(op.torch)
    given = [each for each in op.parameters if each.name in used - dict(function.fixed).keys()]
    pairs = {each.name for each in given if f"{op.name} {each.name}" in unit.adapted}
    names = {each.name: s.name(each.name) for each in given}
    own = {name: s.pair_of(each) if name in pairs else each for name, each in names.items()}
    args = complete(op, own, None)
    args.update(function.fixed)
    shape = (s.name("in_channels"), s.name(HEIGHT), s.name(WIDTH))
    torch = form(op, args, shape)
    name = unit.names.helper(torch)
    arguments = torch.arguments(args, shape) if torch.arguments else ()
    inner = ", ".join(
        argument_text(each.name, each.value)
        for each in arguments
        if each.default is REQUIRED or not s.same(each.value, each.default)
    )
    signature = ", ".join(
        ["in_channels: int", *(_parameter(each, each.name in pairs) for each in given)]
    )
    return (
        f"def {function_name(unit, function)}({signature}) -> nn.Module:\n"
        f'    """{name}, called as a block is."""\n'
        f"    return {name}({inner})\n"
    )


def _parameter(param: OpParam, pair: bool) -> str:
    kind = "tuple[int, int]" if pair else _KINDS.get(param.type, "int")
    if param.name == "bias":
        return "bias: bool = True"
    default = "" if param.default in (REQUIRED, None) else f" = {s.text(param.default)}"
    return f"{param.name}: {kind}{default}"
