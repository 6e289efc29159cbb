"""Calls: how a step becomes a constructor's expression, and what shape leaves it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archdsl.emit import symbol as s
from archdsl.emit.tensor import (
    HEIGHT,
    WIDTH,
    Flow,
    ListResult,
    Tensor,
    TensorList,
    packed,
    parts,
    single,
    times,
)
from archdsl.ir import program as p
from archdsl.ir.design import Callee
from archdsl.node import Node
from archdsl.ops.op import REQUIRED, SAME, Args, Op, OpError, Size, Torch, form, pair
from archdsl.ops.rules import halves

if TYPE_CHECKING:
    from archdsl.diagnostics import SpecError
    from archdsl.emit.classes import ClassCode
    from archdsl.emit.writer import ClassWriter
    from archdsl.source import Span

_RUNTIME = "@runtime"


class CalleeParam:
    """A constructor parameter that holds a block or op; `candidates` are all that it was given,
    and `bound` the arguments that it is handed on or called with beside."""

    __slots__ = ("bound", "candidates", "name", "optional")

    def __init__(
        self,
        name: str,
        candidates: tuple[Callee, ...],
        optional: bool,
        bound: tuple[tuple[str, Any], ...] = (),
    ) -> None:
        self.name = name
        self.candidates = candidates
        self.optional = optional
        self.bound = bound

    @property
    def symbol(self) -> Any:
        """What it is in a comparison: a name where it may be None."""
        return s.name(self.name) if self.optional else self

    def given(self) -> CalleeParam:
        """The same parameter where it is known to hold something."""
        return CalleeParam(self.name, self.candidates, False, self.bound)

    def bind(self, arguments: tuple[tuple[str, Any], ...]) -> CalleeParam:
        """The same parameter with some arguments more."""
        bound = tuple({**dict(self.bound), **dict(arguments)}.items())
        return CalleeParam(self.name, self.candidates, self.optional, bound)


def unique(callees: list[Callee]) -> tuple[Callee, ...]:
    """Each of them once, in order."""
    return tuple(each for at, each in enumerate(callees) if each not in callees[:at])


class Made(Node):
    """A module's constructor expression and what it makes of the stream.

    `kind` is its type for annotations. `op` and `args` are set for ops. `taken` are the texts of
    values that its call gets beside the stream. `widths_of` is set where only the made module
    knows its output's channels; then `flow` holds a placeholder. `training` is the class of what it
    returns in training, if that is another than in evaluation.
    """

    text: str
    kind: str
    flow: Flow
    op: Op | None = None
    form: Torch | None = None
    args: Args | None = None
    taken: tuple[str, ...] = ()
    widths_of: Any = None
    training: str = ""


def make(w: ClassWriter, call: p.Call, flow: Flow) -> Made:
    """The module of a call, before it has a name."""
    given = {argument.parameter: w.value(argument.value) for argument in call.arguments}
    if call.kind == "op" and call.op is not None:
        return make_op(w, call, call.op, given, single(flow))
    if call.kind == "extern":
        return _make_extern(w, call, given, single(flow))
    if call.kind == "block":
        return make_block(w, w.unit.code(call.callee), given, flow)
    value = w.scope.get(call.callee)
    if isinstance(value, CalleeParam):
        return _make_param(w, call, value, given, flow)
    if isinstance(value, Callee):
        return _make_callee(w, call, value, given, flow)
    seen = w.sampled(call.callee) or w.unit.callees_named(w.definition, call.callee)
    seen = seen or w.unit.callees_seen(w.definition.name, call.uid)
    if isinstance(value, s.Symbol) and seen:
        text = w.unit.value_text(w, value)
        name = text if value.op in ("name", "index") else f"({text})"
        return _make_param(w, call, CalleeParam(name, seen, False), given, flow)
    if any(param.name == call.callee for param in w.definition.params):
        raise w.error("E513", f"nothing is ever passed as `{call.callee}`", call.callee_span)
    raise w.error("E512", f"`{call.callee}` is not a block or an op here", call.callee_span)


def _make_callee(
    w: ClassWriter, call: p.Call, callee: Callee, given: dict[str, Any], flow: Flow
) -> Made:
    if callee.kind == "block":
        code = w.unit.code(callee.name)
        names = [param.name for param in code.definition.params]
        return make_block(w, code, _merged(callee, given, names), flow)
    op = w.unit.op(callee.name)
    names = [param.name for param in op.parameters]
    return make_op(w, call, op, _merged(callee, given, names), single(flow))


def _merged(callee: Callee, given: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """A callee's bound arguments with a call's own; positional ones take the free parameters."""
    bound = dict(callee.arguments)
    free = [name for name in names if name not in bound]
    for name, value in given.items():
        bound[free[int(name)] if name.isdigit() else name] = value
    return bound


# Ops


def complete(op: Op, given: dict[str, Any], bias: bool | None) -> dict[str, Any]:
    """All arguments of an op, defaults filled in."""
    args = {param.name: param.default for param in op.parameters if param.default is not REQUIRED}
    args.update(given)
    if "bias" in args and args["bias"] is None and bias is not None:
        args["bias"] = bias
    elif "bias" in args and args["bias"] is None:
        args["bias"] = True
    return args


def make_op(w: ClassWriter, call: p.Call, op: Op, given: dict[str, Any], tensor: Tensor) -> Made:
    """An op's module on a tensor."""
    args = complete(op, given, call.bias)
    _resolve_padding(w, args, call.uid, call.span)
    try:
        shape = op.shape(_shapes(args), tensor.shape)
        window = op.window(args)
        torch = form(op, args, tensor.shape)
        arguments = torch.arguments(args, tensor.shape) if torch.arguments else ()
    except OpError as error:
        raise w.error(error.code, error.message, call.span, error.help) from None
    if len(tensor.shape) == 3 and len(shape) == 1 and _all_of(tensor, shape[0]):
        shape = (_flattened(w, call, tensor),)
    module = w.unit.names.helper(torch)
    rendered = [
        argument_text(argument.name, argument.value)
        for argument in arguments
        if argument.default is REQUIRED or not s.same(argument.value, argument.default)
    ]
    stride = times(tensor.stride, None if window is None else window.stride)
    taken = tuple(args[name].text for name in torch.takes if isinstance(args.get(name), Tensor))
    return Made(
        text=f"{module}({', '.join(rendered)})",
        kind=module,
        flow=Tensor(shape, stride=stride, fresh=_fresh(op, tensor)),
        op=op,
        form=torch,
        args=args,
        taken=taken,
    )


def _fresh(op: Op, tensor: Tensor) -> bool:
    """Whether nothing but the next step reads an op's result, and no backward pass needs it."""
    if op.saves_output:
        return False
    return tensor.fresh or op.weighted or op.norm or op.category == "pooling"


def _all_of(tensor: Tensor, features: Any) -> bool:
    """Whether there are as many features as a map has elements."""
    channels, height, width = tensor.shape
    return s.same(channels * height * width, features)


def _flattened(w: ClassWriter, call: p.Call, tensor: Tensor) -> Any:
    """The features that a map becomes: its factors stay visible. A size that follows the input's
    is what the instances saw, if they agree."""
    sizes = list(tensor.shape[1:])
    for side, size in enumerate(sizes):
        if any(name.endswith((HEIGHT, WIDTH)) for name in s.names_in(size, expand=True)):
            sizes[side] = _observed(w, call, tensor, side)
    factors = [factor for factor in (tensor.channels, *sizes) if not s.same(factor, 1)]
    result = factors[0] if factors else 1
    for factor in factors[1:]:
        result = s.Symbol("*", result, factor)
    return result


def _observed(w: ClassWriter, call: p.Call, tensor: Tensor, side: int) -> Any:
    seen = {
        observation.inputs[0][1 + side]
        for instance in w.unit.instances(w.definition.name)
        for observation in instance.observed.get(call.uid, ())
        if len(observation.inputs[0]) == 3
    }
    if not seen:
        return tensor.shape[1 + side]
    if len(seen) != 1:
        found = ", ".join(str(size) for size in sorted(seen))
        raise w.error(
            "E521",
            f"a linear layer has to follow a map whose size differs from use to use ({found})",
            call.span,
            "bring it to one size first: `adaptive_avgpool(1x1)` or `global_avgpool`",
        )
    return int(seen.pop())


def _shapes(args: dict[str, Any]) -> dict[str, Any]:
    """Arguments as the shape rules want them: values are known by their shapes."""
    return {
        name: value.shape if isinstance(value, Tensor) else value for name, value in args.items()
    }


def _resolve_padding(w: ClassWriter, args: dict[str, Any], uid: int, span: Span) -> None:
    """A kernel that is a pair has two sides; `same` that the caller may overrule has a rule."""
    for name in ("kernel", "stride", "dilation"):
        if w.pairs.form(args.get(name)) == "size":
            args[name] = s.pair_of(args[name])
    pad, kernel = args.get("pad"), args.get("kernel")
    if isinstance(pad, s.Symbol) and w.side_by_side(pad):
        raise w.error(
            "E524",
            f"`{s.text(pad)}` holds a list of four paddings, which only a constant can be",
            span,
            "write the padding where it is used, or make a block for each",
        )
    if isinstance(pad, s.Symbol) and pad.op == "name" and pad.args[0] in w.code.same_params:
        w.code.pad_rules[pad.args[0]] = (kernel, args.get("dilation", 1))
    elif pad is SAME and isinstance(kernel, s.Symbol) and w.sometimes_oblong(kernel, uid):
        raise w.error(
            "E524",
            "`same` has no one text for kernels that are square here and oblong there",
            span,
            "write all of them as sizes, `3x3` for 3",
        )


def same_padding(kernel: Any, dilation: Any) -> Any:
    """What `same` means for a kernel, on each side."""
    if not isinstance(kernel, Size) and not isinstance(dilation, Size):
        return halves(kernel, dilation)
    (tall, wide), (down, across) = pair(kernel), pair(dilation)
    sides = halves(tall, down), halves(wide, across)
    return sides[0] if s.same(*sides) else Size(*sides)


def argument_text(name: str | None, value: Any) -> str:
    """`value` or `name=value`."""
    return s.text(value) if name is None else f"{name}={s.text(value)}"


# Blocks


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
            written = w.unit.argument_text(w, code.definition.name, param.name, value)
            if param.name in code.pad_rules and _left_out(w, code, param.name, given, value):
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
    if code.outputs and len(code.outputs) == 1 and s.opaque(code.outputs[0].channels):
        code.exposes = True
        widths_of = s.Symbol("out", code.name, *((text, 0) for text in arguments))
    name = w.unit.class_name(w, code.name)
    return Made(
        text=f"{name}({', '.join(arguments)})",
        kind=name,
        flow=flow,
        widths_of=widths_of,
        training=f"{code.name}Output" if code.aux else "",
    )


def _left_out(
    w: ClassWriter, code: ClassCode, name: str, given: dict[str, Any], value: Any
) -> bool:
    """Whether a padding need not be passed: the constructor's default says the same."""
    default = code.pad_defaults.get(name)
    if default is None:
        return given.get(name, SAME) is SAME
    return s.same(value, default)


def by_port(definition: p.Definition, flow: Flow) -> Flow:
    """A flow as a block's inputs: values that go to one list are packed."""
    ports = definition.inputs
    if not any(port.many for port in ports):
        return flow
    if len(ports) == 1:
        return packed(flow)
    assert isinstance(flow, tuple)
    return tuple(packed(part) if port.many else part for port, part in zip(ports, flow))


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
    for name, value in list(mapping.items()):
        if isinstance(value, s.Symbol) and value.op == "name" and name in code.pad_rules:
            if value.args[0] in w.code.same_params:
                kernel, dilation = code.pad_rules[name]
                w.code.pad_rules[value.args[0]] = (
                    s.substitute(kernel, mapping),
                    s.substitute(dilation, mapping),
                )
    for name, (kernel, dilation) in code.pad_rules.items():
        if mapping.get(name, SAME) is SAME:
            mapping[name] = same_padding(
                s.substitute(kernel, mapping), s.substitute(dilation, mapping)
            )
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
        return Tensor((s.name("@recursive"), *inputs[0].shape[1:]), stride=inputs[0].stride)
    made = []
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


def _list_result(output: ListResult, sides: tuple[dict[str, Any], ...]) -> Any:
    """A list of results: apart where their number is known here."""
    count = s.substitute(output.count, sides[0])
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


# Parameters that hold blocks or ops


def _make_param(
    w: ClassWriter, call: p.Call, param: CalleeParam, given: dict[str, Any], flow: Flow
) -> Made:
    if param.bound:
        free = w.unit.free_names(param)
        named = {free[int(key)] if key.isdigit() else key: each for key, each in given.items()}
        given = {**dict(param.bound), **named}
    kinds = {callee.kind for callee in param.candidates}
    if kinds == {"block"}:
        return _make_block_param(w, call, param, given, flow)
    ops = {callee.name for callee in param.candidates if callee.kind == "op"}
    if kinds == {"op"} and not ops & w.unit.adapted:
        return _make_op_param(w, call, param, given, flow)
    if not ops <= w.unit.adapted:
        raise Adapt(ops)
    return _make_function_param(w, call, param, given, flow)


class Adapt(Exception):
    """Ops that have to be functions: the file is written anew."""

    def __init__(self, ops: set[str]) -> None:
        super().__init__(ops)
        self.ops = ops


def _make_function_param(
    w: ClassWriter, call: p.Call, param: CalleeParam, given: dict[str, Any], flow: Flow
) -> Made:
    """A parameter that holds ops of different forms, or blocks as well as ops."""
    tensor = single(flow)
    if "extern" in {callee.kind for callee in param.candidates} or isinstance(flow, tuple):
        raise w.error(
            "E514",
            f"`{param.name}` holds blocks and layers of Python, whose constructors take other arguments",
            call.callee_span,
            "wrap the layers in blocks",
        )
    shapes: list[Tensor] = []
    written: list[tuple[str, ...]] = []
    for callee in param.candidates:
        if callee.kind == "block":
            code = w.unit.code(callee.name)
            names = [each.name for each in code.definition.params]
            mapping = block_mapping(w, code, _merged(callee, given, names), (tensor,))
            shapes.append(single(block_outputs(w, code, mapping, (tensor,))))
            biased = False
        else:
            op = w.unit.op(callee.name)
            names = [each.name for each in op.parameters]
            args = _merged(callee, given, names)
            shapes.append(single(make_op(w, call, op, args, tensor).flow))
            biased = "bias" in names and args.get("bias") is None and call.bias is False
            w.unit.adapt(callee, {*args, *(["bias"] if biased else [])})
            if any(map(_decides, given.values())):
                shapes.append(tensor.but(shape=()))
        written.append(_passed(w, callee, given, names, biased))
    if len(set(written)) > 1 or any(not s.same(shapes[0].shape, each.shape) for each in shapes):
        raise w.error(
            "E515",
            f"what is passed as `{param.name}` takes other arguments, or makes other widths, from "
            "one to the next",
            call.callee_span,
            "wrap them in blocks with the same parameters",
        )
    text = ", ".join([s.text(tensor.channels), *written[0]])
    result = shapes[0].but(fresh=False)
    return Made(text=f"{param.name}({text})", kind="nn.Module", flow=result)


def _decides(value: Any) -> bool:
    """Whether a call gives an op what a function of plain numbers cannot take."""
    if isinstance(value, Size) and s.same(value[0], value[1]):
        return False
    return isinstance(value, bool) or not isinstance(value, (s.Symbol, int, float))


def _passed(
    w: ClassWriter, callee: Callee, given: dict[str, Any], names: list[str], biased: bool
) -> tuple[str, ...]:
    """The texts of a call's arguments; by name where some before them are bound already."""
    bound = dict(callee.arguments)
    free = [name for name in names if name not in bound]
    texts = []
    for name, value in given.items():
        text = w.unit.value_text(w, value)
        if not name.isdigit():
            texts.append(f"{name}={text}")
        elif names[: int(name) + 1] == free[: int(name) + 1]:
            texts.append(text)
        else:
            texts.append(f"{free[int(name)]}={text}")
    return (*texts, *(["bias=False"] if biased else []))


def _make_block_param(
    w: ClassWriter, call: p.Call, param: CalleeParam, given: dict[str, Any], flow: Flow
) -> Made:
    inputs = parts(flow)
    flows = []
    for callee in param.candidates:
        code = w.unit.code(callee.name)
        if code.size_params:
            raise w.error(
                "E522",
                f"`{code.name}` takes the size of its input, which `{param.name}` doesn't pass on",
                call.callee_span,
                "call the block by its name, or bring the map to one size first",
            )
        names = [each.name for each in code.definition.params]
        mapping = block_mapping(w, code, _merged(callee, given, names), inputs)
        flows.append(block_outputs(w, code, mapping, inputs))
    made = Made(
        text=f"{param.name}({', '.join(_block_arguments(w, call, param, given, inputs))})",
        kind=w.unit.callee_type(list(param.candidates)),
        flow=flows[0],
    )
    if all(_alike(flows[0], other) for other in flows[1:]):
        return made
    first = single(flows[0])
    relevant = _relevant(w, param, given, inputs)
    width = s.Symbol("out", param.name, *relevant)
    for callee in param.candidates:
        w.unit.code(callee.name).exposes = True
    shape = (width, *first.shape[1:])
    return Made(
        text=made.text, kind=made.kind, flow=Tensor(shape, stride=first.stride), widths_of=width
    )


def _block_arguments(
    w: ClassWriter,
    call: p.Call,
    param: CalleeParam,
    given: dict[str, Any],
    inputs: tuple[Tensor, ...],
) -> list[str]:
    """What any of the candidates is called with. Models take the channels last, so that all goes
    by name where a block may stand in a model's place."""
    codes = [w.unit.code(callee.name) for callee in param.candidates]
    if any(code.aux for code in codes):
        raise _side_heads(w, call)
    texts = {name: _candidates_text(w, param, name, each) for name, each in given.items()}
    channels = [s.text(tensor.channels) for tensor in inputs]
    if not any(code.is_model for code in codes):
        return channels + [
            text if name.isdigit() else f"{name}={text}" for name, text in texts.items()
        ]
    named = {tuple(map(str, code.channel_params)) for code in codes}
    own = {tuple(texts)}
    if not all(code.is_model for code in codes):
        own = {tuple(_free(each, code, list(texts))) for each, code in zip(param.candidates, codes)}
    if len(own) > 1 or len(named) > 1:
        raise w.error(
            "E515",
            f"what is passed as `{param.name}` has other names for its arguments from one to the next",
            call.callee_span,
            "give their parameters the same names",
        )
    texts = dict(zip(own.pop(), texts.values()))
    return [text if name.isdigit() else f"{name}={text}" for name, text in texts.items()] + [
        f"{name}={text}" for name, text in zip(named.pop(), channels)
    ]


def _side_heads(w: ClassWriter, call: p.Call) -> SpecError:
    return w.error(
        "E516",
        "in training this returns its side heads, too, which the next step would not expect",
        call.callee_span,
        "call the model by its name, as a step of a block's or model's own",
    )


def single_step(w: ClassWriter, call: p.Call, made: Made) -> Made:
    """A module where nothing but a row of steps may stand."""
    if made.training:
        raise _side_heads(w, call)
    return made


def _free(callee: Callee, code: ClassCode, names: list[str]) -> list[str]:
    """The parameters that arguments of a call go to."""
    bound = dict(callee.arguments)
    free = [each.name for each in code.definition.params if each.name not in bound]
    return [free[int(name)] if name.isdigit() else name for name in names]


def _candidates_text(w: ClassWriter, param: CalleeParam, name: str, value: Any) -> str:
    """An argument for whichever block it is: all of them have it in one form."""
    callee = param.candidates[0]
    names = [each.name for each in w.unit.definitions[callee.name].params]
    free = [each for each in names if each not in dict(callee.arguments)]
    parameter = free[int(name)] if name.isdigit() else name
    return w.unit.argument_text(w, callee.name, parameter, value)


def _relevant(
    w: ClassWriter, param: CalleeParam, given: dict[str, Any], inputs: tuple[Tensor, ...]
) -> list[Any]:
    """The arguments (and inputs) that any candidate's width depends on."""
    relevant: list[Any] = []
    for callee in param.candidates:
        code = w.unit.code(callee.name)
        names = [each.name for each in code.definition.params]
        outputs = code.outputs or ()
        used = s.names_in(tuple(output.channels for output in outputs), expand=True)
        for name, value in _merged(callee, given, names).items():
            if name in used and (name, s.key_of(value)) not in relevant:
                relevant.append((name, s.key_of(value)))
        for symbol, tensor in zip(code.channel_symbols, inputs):
            if symbol in used and (symbol, s.key_of(tensor.channels)) not in relevant:
                relevant.append((symbol, s.key_of(tensor.channels)))
    return relevant


def _alike(first: Flow, second: Flow) -> bool:
    left, right = parts(first), parts(second)
    return len(left) == len(right) and all(
        s.same(a.channels, b.channels) for a, b in zip(left, right)
    )


def _make_op_param(
    w: ClassWriter, call: p.Call, param: CalleeParam, given: dict[str, Any], flow: Flow
) -> Made:
    tensor = single(flow)
    written: list[str] = []
    shapes: list[Tensor] = []
    for callee in param.candidates:
        op = w.unit.op(callee.name)
        names = [each.name for each in op.parameters]
        args = _merged(callee, given, names)
        text = _op_call(op, dict(callee.arguments), args, tensor)
        if text not in written:
            written.append(text)
        made = make_op(w, call, op, args, tensor)
        shapes.append(single(made.flow))
    if len(written) > 1 or any(not s.same(shapes[0].shape, other.shape) for other in shapes):
        raise Adapt({callee.name for callee in param.candidates})
    result = shapes[0].but(fresh=False)
    return Made(text=f"{param.name}{written[0]}", kind="nn.Module", flow=result)


def _op_call(op: Op, bound: dict[str, Any], args: dict[str, Any], tensor: Tensor) -> str:
    """The arguments that a call adds to what a partial application holds."""
    held = {text for text, runtime in op_arguments(op, bound, None) if not runtime}
    full = op_arguments(op, args, tensor)
    return "(" + ", ".join(text for text, runtime in full if runtime or text not in held) + ")"


def op_arguments(op: Op, given: dict[str, Any], tensor: Tensor | None) -> list[tuple[str, bool]]:
    """An op's constructor arguments as texts, and whether each depends on the input's shape."""
    args = complete(op, given, None)
    missing = [param.name for param in op.parameters if param.name not in args]
    if missing:
        return []
    marker = s.name(_RUNTIME)
    shape = (marker, s.name(HEIGHT), s.name(WIDTH))
    torch = form(op, args, shape)
    if torch.arguments is None:
        return []
    probe = torch.arguments(args, shape)
    actual = probe if tensor is None else torch.arguments(args, tensor.shape)
    result = []
    for mark, argument in zip(probe, actual):
        if argument.default is not REQUIRED and s.same(argument.value, argument.default):
            continue
        runtime = _RUNTIME in s.names_in(mark.value)
        result.append((argument_text(argument.name, argument.value), runtime))
    return result


# Externs


def _make_extern(w: ClassWriter, call: p.Call, given: dict[str, Any], tensor: Tensor) -> Made:
    extern = w.unit.externs[call.callee]
    w.unit.use_extern(extern)
    arguments: list[str] = []
    scope = dict(w.unit.constants)
    for param in extern.params:
        if param.name in given:
            scope[param.name] = given[param.name]
            text = w.unit.value_text(w, given[param.name])
            positional = param.default is None and "=" not in "".join(arguments)
            arguments.append(text if positional else f"{param.name}={text}")
        elif param.default is not None:
            # The class may have another default of its own.
            scope[param.name] = w.evaluator.evaluate(param.default, scope)
            arguments.append(f"{param.name}={w.unit.value_text(w, scope[param.name])}")
    shape = tensor.shape
    if extern.dims is not None:
        scope["in"] = tensor
        shape = tuple(w.evaluator.evaluate(dim, scope) for dim in extern.dims)
    return Made(
        text=f"{w.unit.class_name(w, extern.attribute)}({', '.join(arguments)})",
        kind="nn.Module",
        flow=Tensor(shape, stride=tensor.stride if shape == tensor.shape else None),
    )


def resolved_width(w: ClassWriter, made: Made, reference: str) -> Flow:
    """After a module whose width only it knows: a local that reads `.out_channels`."""
    tensor = single(made.flow)
    version = w.local("channels", made.widths_of, f"{reference}.out_channels")
    return tensor.but(shape=(version, *tensor.shape[1:]))
