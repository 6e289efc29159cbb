"""Calls of ops: the module of one, and what shape leaves it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from archdsl.emit import symbol as s
from archdsl.emit.made import Made
from archdsl.emit.padding import settled
from archdsl.emit.tensor import HEIGHT, LOOPED, WIDTH, Tensor, times
from archdsl.ir import program as p
from archdsl.ops.check import check_argument
from archdsl.ops.op import REQUIRED, SAME, Op, OpError, Size, form

if TYPE_CHECKING:
    from archdsl.emit.writer import ClassWriter
    from archdsl.source import Span

_RUNTIME = "@runtime"


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
    _check_fixed(w, call, op, args)
    _resolve_padding(w, args, call.uid, call.span)
    try:
        _check_known(op, args)
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
        inplace=op.inplace,
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
        unknown = s.name(f"{LOOPED}_flat{call.uid}_{side}")
        w.unit.unwritten[unknown.args[0]] = w.error(
            "E521",
            f"a linear layer has to follow a map whose size differs from use to use ({found})",
            call.span,
            "bring it to one size first: `adaptive_avgpool(1x1)` or `global_avgpool`",
        )
        return unknown
    return int(seen.pop())


def _shapes(args: dict[str, Any]) -> dict[str, Any]:
    """Arguments as the shape rules want them: values are known by their shapes."""
    return {
        name: value.shape if isinstance(value, Tensor) else value for name, value in args.items()
    }


def _check_fixed(w: ClassWriter, call: p.Call, op: Op, args: dict[str, Any]) -> None:
    """E523 where an argument of the constructor holds what has to be known for an op's text."""
    for param in op.parameters:
        value = args.get(param.name)
        unknown = s.symbolic(value) if param.fixed == "value" else isinstance(value, s.Symbol)
        if param.name == "amount":
            # One side's text stands four times: that of both sides, or of four, has to be a list's.
            pairs = isinstance(value, Size) and not s.text(value).startswith("(")
            unknown = pairs or (isinstance(value, s.Symbol) and w.side_by_side(value))
        if param.fixed and unknown:
            raise w.error(
                "E523",
                f"`{param.name}` of `{op.name}` decides what is written, and `{s.text(value)}` is "
                "known to the constructor's caller alone",
                call.span,
                "write it where it is used, with an `if` for each that it may be",
            )


def _check_known(op: Op, args: dict[str, Any]) -> None:
    """Hold constants against their declarations: `check` doesn't see those that no use reaches."""
    for param in op.parameters:
        for value in _arms(args.get(param.name)):
            if not s.symbolic(value) and not isinstance(value, Tensor):
                check_argument(op.name, param, value)


def _arms(value: Any) -> Iterator[Any]:
    """A value, or all that it is one of."""
    if isinstance(value, s.Symbol) and value.op == "ternary":
        then, _, other = value.args
        yield from _arms(then)
        yield from _arms(other)
    elif isinstance(value, s.Pair):  # a number beside a size is one, too
        yield value[0] if s.same(value[0], value[1]) else Size(*value)
    else:
        yield value


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
    if pad is SAME and isinstance(kernel, s.Symbol) and w.sometimes_oblong(kernel, uid):
        raise w.error(
            "E524",
            "`same` has no one text for kernels that are square here and oblong there",
            span,
            "write all of them as sizes, `3x3` for 3",
        )
    if isinstance(pad, s.Symbol):
        args["pad"] = settled(w, pad, kernel, args.get("dilation", 1))


def argument_text(name: str | None, value: Any) -> str:
    """`value` or `name=value`."""
    return s.text(value) if name is None else f"{name}={s.text(value)}"


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
