"""Pooling: local, adaptive, global."""

from __future__ import annotations

from archdsl.ops.op import Args, Argument, Op, OpError, OpParam, Shape, Torch, Window, known, pair
from archdsl.ops.rules import SIDES, as_map, check_fit, needed, optional, positional, window

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

KERNEL = OpParam(name="kernel", type="size", doc="window, one side or HxW", minimum=1)
STRIDE = OpParam(
    name="stride",
    type="size",
    default=None,
    doc="step of the window; left out: the window's size",
    minimum=1,
    optional=True,
)
PAD = OpParam(
    name="pad", type="size", default=0, doc="on each side, at most half the window", minimum=0
)
CEIL = OpParam(
    name="ceil", type="bool", default=False, doc="round sizes up: a last window may stick out"
)
SIZE = OpParam(name="size", type="size", doc="height and width that leave", minimum=1)


def _stride(args: Args) -> Any:
    return args["kernel"] if args["stride"] is None else args["stride"]


def _check_pad(op: str, kernel: Any, pad: Any) -> None:
    if known(kernel, pad) and pad > kernel // 2:
        raise OpError(
            "E236",
            f"`{op}` pads {pad} on each side, more than half of its window of {kernel}",
            "pad",
            f"at most {kernel // 2}; a `pad(...)` step before it may add more",
        )


def _side(op: str, args: Args, axis: int, size: Any) -> Any:
    """torch's size rule. With `ceil`, a window must start inside the input or the padding before
    it; that bound and the rounding up are one division."""
    kernel, stride = pair(args["kernel"])[axis], pair(_stride(args))[axis]
    pad, dilation = pair(args.get("pad", 0))[axis], pair(args.get("dilation", 1))[axis]
    _check_pad(op, kernel, pad)
    span = dilation * (kernel - 1) + 1
    if not args["ceil"]:
        check_fit(op, SIDES[axis], size, pad, pad, kernel, span)
        return (size + 2 * pad - span) // stride + 1
    slack = pad + stride - 1 - span
    out = (size + pad + (min(slack, -1) if known(slack) else slack)) // stride + 1
    if known(out) and out < 1:
        check_fit(op, SIDES[axis], size, pad, pad, kernel, span)
    return out


def _shape_of(op: str) -> Any:
    def shape(args: Args, x: Shape) -> Shape:
        channels, height, width = as_map(op, x)
        return (channels, _side(op, args, 0, height), _side(op, args, 1, width))

    return shape


def _window(args: Args) -> Window:
    return window(args["kernel"], _stride(args), args.get("dilation", 1))


def _arguments(args: Args, x: Shape) -> tuple[Argument, ...]:
    given: tuple[Argument, ...] = (needed("kernel_size", args["kernel"]),)
    given += (optional("stride", _stride(args), given[0].value),)
    if "pad" in args:
        given += (optional("padding", args["pad"], 0),)
    if "dilation" in args:
        given += (optional("dilation", args["dilation"], 1),)
    given += (optional("ceil_mode", args["ceil"], False),)
    if "count_include_pad" in args:
        given += (optional("count_include_pad", args["count_include_pad"], True),)
    return given


def _adaptive(name: str, stem: str, module: str, what: str) -> Op:
    return Op(
        name=name,
        stem=stem,
        doc=f"{what} over windows chosen so that a map of the given size leaves, whatever the "
        "input's (He et al., 2014, made it common).",
        category="pooling",
        parameters=(SIZE,),
        shape=lambda args, x: (as_map(name, x)[0], *pair(args["size"])),
        window=lambda args: None,
        torch=Torch(module=module, arguments=lambda args, x: positional(args["size"])),
    )


def _global(name: str, stem: str, module: str, what: str, source: str, saves: bool) -> Op:
    return Op(
        name=name,
        stem=stem,
        doc=f"{what} of each whole map: one pixel leaves ({source}).",
        category="pooling",
        shape=lambda args, x: (as_map(name, x)[0], 1, 1),
        window=lambda args: None,
        torch=Torch(module=module, arguments=lambda args, x: positional(1)),
        saves_output=saves,
    )


OPS = (
    Op(
        name="maxpool",
        stem="maxpool",
        doc="The largest value in each window (Riesenhuber and Poggio, 1999). Padding never wins.",
        category="pooling",
        parameters=(
            KERNEL,
            STRIDE,
            PAD,
            CEIL,
            OpParam(
                name="dilation", type="size", default=1, doc="distance between taps", minimum=1
            ),
        ),
        shape=_shape_of("maxpool"),
        window=_window,
        torch=Torch(module="nn.MaxPool2d", arguments=_arguments),
        aliases=("max_pool",),
    ),
    Op(
        name="avgpool",
        stem="avgpool",
        doc="The mean of each window (LeCun et al., 1989). Frameworks differ in whether padding "
        "counts: here it does, as in torch, unless `count_include_pad=false`.",
        category="pooling",
        parameters=(
            KERNEL,
            STRIDE,
            PAD,
            CEIL,
            OpParam(
                name="count_include_pad",
                type="bool",
                default=True,
                doc="whether the zeros of the padding count as values",
            ),
        ),
        shape=_shape_of("avgpool"),
        window=_window,
        torch=Torch(module="nn.AvgPool2d", arguments=_arguments),
        aliases=("avg_pool",),
    ),
    Op(
        name="lp_pool",
        stem="lp_pool",
        doc="The p-norm of each window (Sermanet et al., 2012): 1 is the sum, and large p come "
        "near the maximum.",
        category="pooling",
        parameters=(
            OpParam(name="p", type="number", doc="which norm", minimum=1),
            KERNEL,
            STRIDE,
            CEIL,
        ),
        shape=_shape_of("lp_pool"),
        window=_window,
        torch=Torch(
            module="nn.LPPool2d",
            arguments=lambda args, x: (needed("norm_type", args["p"]), *_arguments(args, x)),
        ),
    ),
    _adaptive("adaptive_avgpool", "avgpool", "nn.AdaptiveAvgPool2d", "The mean"),
    _adaptive("adaptive_maxpool", "maxpool", "nn.AdaptiveMaxPool2d", "The largest value"),
    _global(
        "global_avgpool", "avgpool", "nn.AdaptiveAvgPool2d", "The mean", "Lin et al., 2013", False
    ),
    _global(
        "global_maxpool",
        "maxpool",
        "nn.AdaptiveMaxPool2d",
        "The maximum",
        "Oquab et al., 2015",
        False,
    ),
)
