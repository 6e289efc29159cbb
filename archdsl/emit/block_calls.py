"""Calls of blocks: a block's module on its inputs, and what leaves it in the caller's terms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archdsl.emit import symbol as s
from archdsl.emit.made import Made
from archdsl.emit.padding import settled
from archdsl.emit.tensor import (
    HEIGHT,
    RECURSIVE,
    WIDTH,
    Flow,
    ListResult,
    Tensor,
    TensorList,
    packed,
    parts,
    times,
)
from archdsl.ir import program as p
from archdsl.ops.op import SAME, Size

if TYPE_CHECKING:
    from archdsl.emit.classes import ClassCode
    from archdsl.emit.writer import ClassWriter


def make_block(w: ClassWriter, code: ClassCode, given: dict[str, Any], flow: Flow) -> Made:
    """A block's module on its inputs."""
    inputs = parts(by_port(code.definition, flow))
    mapping = block_mapping(w, code, given, inputs)
    arguments: list[str] = []
    implied = implied_inputs(code, inputs)
    if code.definition.kind != "model":
        arguments += [s.text(value) for _, value in implied]
        arguments += [s.text(mapping[name]) for name in code.size_params]
    named = False
    for param in code.definition.params:
        if param.name in code.dropped:
            continue
        value = mapping[param.name]
        if param.name in given or param.name in code.pad_rules:
            if param.name in code.pad_rules and code.pad_defaults.get(param.name) is None:
                value = given.get(param.name, SAME)  # the constructor works it out
            written = w.unit.argument_text(w, code.definition.name, param.name, value)
            if _left_out(code, param, value):
                continue
            named = named or param.default is not None
            arguments.append(f"{param.name}={written}" if named else written)
    if code.definition.kind == "model":
        arguments += [
            f"{name}={s.text(value)}"
            for name, value in implied
            if not s.same(value, code.input_defaults.get(name))
        ]
    flow = block_outputs(w, code, mapping, inputs)
    widths_of = None
    outputs = code.outputs or code.guess or ()
    if any(s.opaque(each.channels) for each in outputs):
        code.exposes = True
        widths_of = s.Symbol("out", code.name, *((text, 0) for text in arguments))
    name = w.unit.step_class(w, code)
    return Made(text=f"{name}({', '.join(arguments)})", kind=name, flow=flow, widths_of=widths_of)


def _left_out(code: ClassCode, param: p.Param, value: Any) -> bool:
    """Whether a padding need not be passed: the constructor's default says the same."""
    if param.name not in code.pad_rules or param.default is None:
        return False
    default = code.pad_defaults.get(param.name)
    return value is SAME if default is None else s.same(value, default)


def by_port(definition: p.Definition, flow: Flow) -> Flow:
    """A flow as a block's inputs: values that go to one list are packed."""
    ports = definition.inputs
    if not any(port.many for port in ports):
        return flow
    if len(ports) == 1:
        return packed(flow)
    assert isinstance(flow, tuple)
    return tuple(packed(part) if port.many else part for port, part in zip(ports, flow))


def takes_list(w: ClassWriter, call: p.Call) -> bool:
    """Whether a call is of a block that takes all values as one list."""
    if call.kind != "block":
        return False
    ports = w.unit.definitions[call.callee].inputs
    return len(ports) == 1 and ports[0].many


def implied_inputs(code: ClassCode, inputs: tuple[Tensor, ...]) -> list[tuple[str, Any]]:
    """The input channels that a constructor takes, and their values."""
    return [
        (name, tensor.channels)
        for name, tensor in zip(code.channel_params, inputs)
        if name is not None and name not in code.dropped
    ]


def block_mapping(
    w: ClassWriter, code: ClassCode, given: dict[str, Any], inputs: tuple[Tensor, ...]
) -> dict[str, Any]:
    """What each name of a block's constructor stands for at a call."""
    mapping: dict[str, Any] = {}
    for name, prefix, tensor in zip(code.channel_symbols, code.input_prefixes, inputs):
        mapping[name] = tensor.channels
        if len(tensor.shape) == 3:
            mapping[prefix + HEIGHT], mapping[prefix + WIDTH] = tensor.shape[1:]
    for param in code.definition.params:
        if param.name in given:
            value = given[param.name]
            if w.unit.sizes.pair(code.definition.name, param.name):
                value = w.unit.sizes.written(code.definition.name, param.name, value)
            mapping[param.name] = value
        elif param.default is not None:
            scope = {**w.unit.constants, **mapping}
            mapping[param.name] = w.evaluator.evaluate(param.default, scope)
    for name, (kernel, dilation) in code.pad_rules.items():
        given_kernel, given_dilation = (s.substitute(each, mapping) for each in (kernel, dilation))
        mapping[name] = settled(w, mapping.get(name, SAME), given_kernel, given_dilation)
    return mapping


def block_outputs(
    w: ClassWriter, code: ClassCode, mapping: dict[str, Any], inputs: tuple[Tensor, ...]
) -> Flow:
    """The outputs' shapes in the caller's terms."""
    outputs = code.outputs or code.guess
    ranks = tuple(len(tensor.shape) for tensor in inputs)
    if outputs is not None and ranks != tuple(len(tensor.shape) for tensor in code.starts):
        outputs = w.unit.outputs_for(code.definition, ranks)
    if outputs is None:
        return _not_known(code.definition, inputs[0])
    made: list[Tensor] = []
    pairs = {
        param.name
        for param in code.definition.params
        if w.unit.sizes.pair(code.definition.name, param.name)
    }
    tall, wide = _side(mapping, 0, pairs), _side(mapping, 1, pairs)
    for output in outputs:
        sides = (mapping, tall, wide)
        if isinstance(output, ListResult):
            made.append(_list_result(output, sides))
            continue
        shape = tuple(s.substitute(dim, side) for dim, side in zip(output.shape, sides))
        stride = None
        if output.stride is not None:
            stride = (s.substitute(output.stride[0], tall), s.substitute(output.stride[1], wide))
        made.append(Tensor(shape, stride=times(inputs[0].stride, stride)))
    return made[0] if len(made) == 1 else tuple(made)


def _not_known(definition: p.Definition, first: Tensor) -> Flow:
    """What leaves a block that uses itself, where it is written for the first time."""
    unknown = s.name(RECURSIVE)
    made = tuple(
        (
            TensorList((unknown,) * 3, "", unknown, simple=False)
            if port.many
            else Tensor((unknown, *first.shape[1:]), stride=first.stride)
        )
        for port in definition.outputs
    )
    return made if len(made) > 1 else made[0]


def _list_result(output: ListResult, sides: tuple[dict[str, Any], ...]) -> Any:
    """A list of results: apart where their number is known here."""
    count = s.substitute(output.count, sides[0])
    if s.opaque(output.channels):
        sizes = tuple(s.substitute(dims, side) for dims, side in zip(output.lists(), sides))[1:]
        return TensorList((s.Symbol("out"), *sizes), "", count, simple=False)
    if not isinstance(count, int):
        lists = tuple(s.substitute(dims, side) for dims, side in zip(output.lists(), sides))
        return TensorList(lists, "", count, simple=False)
    members = []
    for position in range(count):
        shape = tuple(
            s.substitute(dim, {**side, output.binder: position})
            for dim, side in zip(output.shape, sides)
        )
        members.append(shape)
    dims = tuple(tuple(shape[axis] for shape in members) for axis in range(3))
    return TensorList(dims, "", count, simple=False)


def _side(mapping: dict[str, Any], side: int, pairs: set[str]) -> dict[str, Any]:
    """The mapping for heights (0) or widths (1): of a size that is no pair there, that side alone."""
    return {
        name: value[side] if isinstance(value, Size) and name not in pairs else value
        for name, value in mapping.items()
    }
