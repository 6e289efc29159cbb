"""Calls: how a step becomes a constructor's expression, and what shape leaves it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archdsl.emit import symbol as s
from archdsl.emit.block_calls import make_block
from archdsl.emit.extern_calls import extern_module
from archdsl.emit.held import held
from archdsl.emit.made import Made
from archdsl.emit.op_calls import make_op
from archdsl.emit.passed import make_param, merged
from archdsl.emit.tensor import Flow, Tensor, TensorList, parts, single
from archdsl.ir import program as p
from archdsl.ir.design import Callee

if TYPE_CHECKING:
    from archdsl.emit.writer import ClassWriter


def make(w: ClassWriter, call: p.Call, flow: Flow) -> Made:
    """The module of a call, before it has a name."""
    given = {argument.parameter: w.value(argument.value) for argument in call.arguments}
    if call.kind == "op" and call.op is not None:
        return make_op(w, call, call.op, given, single(flow))
    if call.kind == "extern":
        return extern_module(w, w.unit.externs[call.callee], given, single(flow))
    if call.kind == "block":
        return make_block(w, w.unit.code(call.callee), given, flow)
    target = held(w, call)
    assert target is not None
    if isinstance(target, Callee):
        return _make_callee(w, call, target, given, flow)
    return make_param(w, call, target, given, flow)


def _make_callee(
    w: ClassWriter, call: p.Call, callee: Callee, given: dict[str, Any], flow: Flow
) -> Made:
    arguments = merged(callee, given, w.unit.parameters(callee))
    if callee.kind == "block":
        return make_block(w, w.unit.code(callee.name), arguments, flow)
    if callee.kind == "extern":
        return extern_module(w, w.unit.externs[callee.name], arguments, single(flow))
    return make_op(w, call, w.unit.op(callee.name), arguments, single(flow))


def resolved_width(w: ClassWriter, made: Made, reference: str) -> Flow:
    """After a module whose width only it knows: a local that reads `.out_channels`; where several
    values leave, it holds the width of each."""
    values = parts(made.flow)
    several = len(values) > 1
    wish = "xs_channels" if isinstance(values[0], TensorList) else "channels"
    wish = "widths" if several else wish
    version = w.local(wish, made.widths_of, made.width.format(reference))
    if not several:
        return _of_width(values[0], version)
    return tuple(
        _of_width(each, s.Symbol("index", version, at)) if s.opaque(each.channels) else each
        for at, each in enumerate(values)
    )


def _of_width(tensor: Tensor, width: Any) -> Tensor:
    """A value, or a list of values, with a width of its own."""
    if not isinstance(tensor, TensorList):
        return tensor.but(shape=(width, *tensor.shape[1:]))
    count = s.call("len", [width]) if s.opaque(tensor.count) else tensor.count
    return TensorList((width, *tensor.shape[1:]), tensor.text, count, simple=False)
