"""Layers as functions: where a name holds ops that are constructed in different ways, or blocks
beside them, each op and layer of Python becomes a function that is called as a block is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from archdsl import expr as e
from archdsl.emit import symbol as s
from archdsl.emit.op_calls import argument_text, complete
from archdsl.emit.padding import same_padding
from archdsl.emit.tensor import HEIGHT, WIDTH
from archdsl.ir import program as p
from archdsl.ir.design import Callee
from archdsl.node import Node
from archdsl.ops.op import REQUIRED, SAME, Op, OpParam, form

if TYPE_CHECKING:
    from archdsl.emit.unit import Unit

_KINDS = {"int": "int", "bool": "bool", "str": "str", "number": "float", "float": "float"}


class Function(Node):
    """An op, or a layer of Python, as a function. What is `fixed` may decide how it is written."""

    kind: str
    name: str
    fixed: tuple[tuple[str, Any], ...] = ()


def function_of(callee: Callee) -> Function:
    """The function that a callee with bound arguments is: an op's words and truth values are its
    own."""
    if callee.kind == "extern":
        return Function(kind=callee.kind, name=callee.name)
    fixed = tuple(each for each in callee.arguments if isinstance(each[1], (bool, str)))
    return Function(kind=callee.kind, name=callee.name, fixed=fixed)


def function_name(unit: Unit, function: Function) -> str:
    """The op's own name and what is fixed, unless something of the file has it."""
    words = [function.name, *(f"{name}_{value}" for name, value in function.fixed)]
    name = re.sub(r"\W", "_", "_".join(words)).lower()
    return f"make_{name}" if name in unit.taken_names else name


def function_text(unit: Unit, function: Function, used: set[str]) -> str:
    """Its source: the input's channels come first, then those arguments that the file gives."""
    if function.kind == "extern":
        return _extern_text(unit, function, unit.externs[function.name])
    op: Op = unit.op(function.name)
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
    parameters = [_parameter(each, each.name in pairs) for each in given]
    return _source(
        function_name(unit, function),
        ["in_channels: int", *parameters],
        name,
        [line for each in given for line in _same(each, args)],
        inner,
    )


def _source(name: str, parameters: list[str], made: str, lines: list[str], inner: str) -> str:
    body = "".join(f"    {line}\n" for line in lines)
    return (
        f"def {name}({', '.join(parameters)}) -> nn.Module:\n"
        f'    """{made}, called as a block is."""\n'
        f"{body}    return {made}({inner})\n"
    )


def _same(param: OpParam, args: dict[str, Any]) -> list[str]:
    """The lines that work out what `same` is, where nothing else arrives."""
    if param.default is not SAME:
        return []
    value = same_padding(args.get("kernel"), args.get("dilation", 1))
    return [f"if {param.name} is None:", f"    {param.name} = {s.text(value)}"]


def _parameter(param: OpParam, pair: bool) -> str:
    kind = "tuple[int, int]" if pair else _KINDS.get(param.type, "int")
    if param.name == "bias":
        return "bias: bool = True"
    if param.default is None or param.default is SAME:
        return f"{param.name}: {kind} | None = None"
    default = "" if param.default is REQUIRED else f" = {s.text(param.default)}"
    return f"{param.name}: {kind}{default}"


def _extern_text(unit: Unit, function: Function, extern: p.Extern) -> str:
    """A layer of Python gets its arguments by name, and nothing else."""
    taken = {param.name for param in extern.params}
    first = "in_channels"
    while first in taken:
        first = f"_{first}"
    parameters = [f"{param.name}: {_extern_kind(param)}" for param in extern.params]
    inner = ", ".join(f"{param.name}={param.name}" for param in extern.params)
    parameters.insert(0, f"{first}: int")
    return _source(function_name(unit, function), parameters, extern.attribute, [], inner)


def _extern_kind(param: p.Param) -> str:
    """What the default of a parameter says of its type."""
    default = param.default
    if isinstance(default, e.Truth):
        return "bool"
    if isinstance(default, e.Text):
        return "str"
    fraction = isinstance(default, e.Number) and isinstance(default.value, float)
    return "float" if fraction else "Any"
