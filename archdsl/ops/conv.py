"""Convolutions and the linear layer: the ops with weights."""

from __future__ import annotations

from math import gcd

from archdsl.ops.op import (
    SAME,
    Args,
    Argument,
    Op,
    OpError,
    OpParam,
    Shape,
    Torch,
    Window,
    known,
    pair,
)
from archdsl.ops.rules import (
    SIDES,
    as_map,
    check_groups,
    check_same,
    describe,
    margins,
    needed,
    optional,
    padding,
    positional,
    product,
    slide,
    uneven,
    window,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PADDED_CONV = '''\
class PaddedConv2d(nn.Conv2d):
    """A convolution whose zero padding differs between opposite sides.

    `pad` is (left, right, top, bottom).
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        pad: tuple[int, int, int, int],
        stride: int | tuple[int, int] = 1,
        dilation: int | tuple[int, int] = 1,
        groups: int = 1,
        bias: bool = True,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride=stride,
            dilation=dilation,
            groups=groups,
            bias=bias,
        )
        self.pad = pad

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(F.pad(x, self.pad))
'''

FUNCTIONAL = "import torch.nn.functional as F"
TENSOR = "from torch import Tensor, nn"

PAD_MODES = ("zeros", "reflect", "replicate", "circular")

WIDTH = OpParam(name="width", type="int", doc="output channels", minimum=1)
KERNEL = OpParam(name="kernel", type="size", doc="kernel, one side or HxW", minimum=1)
STRIDE = OpParam(name="stride", type="size", default=1, doc="step of the kernel", minimum=1)
DILATION = OpParam(
    name="dilation", type="size", default=1, doc="distance between kernel taps", minimum=1
)
GROUPS = OpParam(
    name="groups", type="int", default=1, doc="groups of channels that don't mix", minimum=1
)
PAD = OpParam(
    name="pad",
    type="pad",
    default=SAME,
    doc="zeros on each side; [left, right, top, bottom]; `same` is dilation * (kernel - 1) / 2",
    minimum=0,
)
BIAS = OpParam(
    name="bias",
    type="bool",
    default=None,
    doc="whether a bias is added; left out: unless a norm follows",
)
PAD_MODE = OpParam(
    name="pad_mode",
    type="str",
    default="zeros",
    doc="what the padding is filled with",
    choices=PAD_MODES,
)


def _window(args: Args) -> Window:
    return window(args["kernel"], args["stride"], args["dilation"])


def _check_pad_mode(op: str, args: Args, x: Shape) -> None:
    mode = args["pad_mode"]
    if mode == "zeros":
        return
    if uneven(args["pad"]):
        raise OpError(
            "E247",
            f'`{op}` pads unevenly with zeros only, not with "{mode}"',
            "pad_mode",
            "a `pad(...)` step before it, and `pad=0` here" if mode != "circular" else None,
        )
    left, _, top, _ = margins(args)
    for axis, amount in ((1, top), (2, left)):
        limit = x[axis] if mode == "circular" else x[axis] - 1
        if mode != "replicate" and known(x[axis], amount) and amount > limit:
            raise OpError(
                "E242",
                f'`{op}` cannot pad {amount} pixels with "{mode}" at {SIDES[axis - 1]} {x[axis]}',
                "pad",
                f"at most {limit}",
            )


def _conv_shape(args: Args, x: Shape) -> Shape:
    channels, _, _ = as_map("conv", x)
    check_same("conv", args)
    check_groups("conv", args["groups"], channels, args["width"])
    _check_pad_mode("conv", args, x)
    return (args["width"], *slide("conv", args, x))


def conv_params(args: Args, x: Shape) -> Any:
    tall, wide = pair(args["kernel"])
    weights = args["width"] * (x[0] // args["groups"]) * tall * wide
    return weights + args["width"] if args["bias"] else weights


def _state(args: Args, *weight: Any) -> dict[str, Shape]:
    state: dict[str, Shape] = {"weight": weight}
    return {**state, "bias": (args["width"],)} if args["bias"] else state


def conv_state(args: Args, x: Shape) -> dict[str, Shape]:
    return _state(args, args["width"], x[0] // args["groups"], *pair(args["kernel"]))


def conv_macs(args: Args, x: Shape, out: Shape) -> Any:
    tall, wide = pair(args["kernel"])
    return out[1] * out[2] * out[0] * (x[0] // args["groups"]) * tall * wide


def _conv_form(args: Args, x: Shape) -> Torch:
    return PADDED if uneven(args["pad"]) else PLAIN


def _conv_arguments(args: Args, x: Shape) -> tuple[Argument, ...]:
    return (
        *positional(x[0], args["width"]),
        needed("kernel_size", args["kernel"]),
        optional("stride", args["stride"], 1),
        optional("padding", padding(args), 0),
        optional("dilation", args["dilation"], 1),
        optional("groups", args["groups"], 1),
        optional("bias", args["bias"], True),
        optional("padding_mode", args["pad_mode"], "zeros"),
    )


def _padded_arguments(args: Args, x: Shape) -> tuple[Argument, ...]:
    return (
        *positional(x[0], args["width"]),
        needed("kernel_size", args["kernel"]),
        needed("pad", margins(args)),
        optional("stride", args["stride"], 1),
        optional("dilation", args["dilation"], 1),
        optional("groups", args["groups"], 1),
        optional("bias", args["bias"], True),
    )


PLAIN = Torch(module="nn.Conv2d", arguments=_conv_arguments)
PADDED = Torch(
    module="PaddedConv2d",
    helper=PADDED_CONV,
    arguments=_padded_arguments,
    imports=(FUNCTIONAL, TENSOR),
)


def _as_conv(args: Args, x: Shape) -> Args:
    """A depthwise convolution's arguments as those of the `conv` that it is."""
    multiplier = args["multiplier"]
    width = x[0] if known(multiplier) and multiplier == 1 else x[0] * multiplier
    return {**args, "width": width, "groups": x[0]}


def _depthwise_shape(args: Args, x: Shape) -> Shape:
    as_map("depthwise", x)
    check_same("depthwise", args)
    _check_pad_mode("depthwise", args, x)
    return (_as_conv(args, x)["width"], *slide("depthwise", args, x))


def _transpose_side(args: Args, axis: int, size: Any) -> Any:
    kernel, stride, pad = (pair(args[name])[axis] for name in ("kernel", "stride", "pad"))
    extra, dilation = pair(args["output_pad"])[axis], pair(args["dilation"])[axis]
    if known(extra, stride, dilation) and extra >= max(stride, dilation):
        raise OpError(
            "E245",
            f"`conv_transpose` takes an output padding below its stride or dilation: "
            f"{extra}, where the {SIDES[axis]} has stride {stride} and dilation {dilation}",
            "output_pad",
            f"at most {max(stride, dilation) - 1}",
        )
    out = (size - 1) * stride - 2 * pad + dilation * (kernel - 1) + extra + 1
    if known(out) and out < 1:
        raise OpError(
            "E234",
            f"`conv_transpose` leaves nothing: its {SIDES[axis]} would be {out}",
            "pad",
            f"at most {(out + 2 * pad - 1) // 2} of padding for {SIDES[axis]} {size}",
        )
    return out


def _transpose_shape(args: Args, x: Shape) -> Shape:
    channels, height, width = as_map("conv_transpose", x)
    check_groups("conv_transpose", args["groups"], channels, args["width"])
    return (
        args["width"],
        _transpose_side(args, 0, height),
        _transpose_side(args, 1, width),
    )


def _transpose_params(args: Args, x: Shape) -> Any:
    tall, wide = pair(args["kernel"])
    weights = x[0] * (args["width"] // args["groups"]) * tall * wide
    return weights + args["width"] if args["bias"] else weights


def _transpose_state(args: Args, x: Shape) -> dict[str, Shape]:
    return _state(args, x[0], args["width"] // args["groups"], *pair(args["kernel"]))


def _transpose_macs(args: Args, x: Shape, out: Shape) -> Any:
    tall, wide = pair(args["kernel"])
    return x[0] * x[1] * x[2] * (out[0] // args["groups"]) * tall * wide


def _transpose_window(args: Args) -> Window:
    from fractions import Fraction

    down, across = pair(args["stride"])
    if not known(*(args[name] for name in TAPS)):
        return Window(stride=(1 / down, 1 / across))
    tall, wide = (_gathered(*(pair(args[name])[axis] for name in TAPS)) for axis in (0, 1))
    return Window(extent=(tall, wide), stride=(Fraction(1, down), Fraction(1, across)))


TAPS = ("kernel", "stride", "dilation")


def _gathered(kernel: int, stride: int, dilation: int) -> int:
    """From how many neighbouring pixels at most a pixel of the larger map is gathered.

    Only those taps meet in one pixel whose offsets leave the same rest by the stride: every n-th.
    """
    shared = gcd(stride, dilation)
    every = stride // shared
    return dilation // shared * ((kernel - 1) // every) + 1


def _transpose_arguments(args: Args, x: Shape) -> tuple[Argument, ...]:
    return (
        *positional(x[0], args["width"]),
        needed("kernel_size", args["kernel"]),
        optional("stride", args["stride"], 1),
        optional("padding", args["pad"], 0),
        optional("output_padding", args["output_pad"], 0),
        optional("groups", args["groups"], 1),
        optional("bias", args["bias"], True),
        optional("dilation", args["dilation"], 1),
    )


def _linear_shape(args: Args, x: Shape) -> Shape:
    if len(x) == 1 or args["last"]:
        return (*x[:-1], args["width"])
    raise OpError(
        "E231",
        f"`linear` works on vectors, but {describe(x)} arrives",
        help="`flatten` before it, or `global_avgpool -> flatten`; "
        "`last=true` maps the last axis alone",
    )


def _linear_params(args: Args, x: Shape) -> Any:
    weights = x[-1] * args["width"]
    return weights + args["width"] if args["bias"] else weights


DEPTHWISE = Torch(
    module="nn.Conv2d", arguments=lambda args, x: _conv_arguments(_as_conv(args, x), x)
)
DEPTHWISE_PADDED = Torch(
    module="PaddedConv2d",
    helper=PADDED_CONV,
    arguments=lambda args, x: _padded_arguments(_as_conv(args, x), x),
    imports=(FUNCTIONAL, TENSOR),
)

OPS = (
    Op(
        name="conv",
        stem="conv",
        doc="Two-dimensional convolution (LeCun et al., 1989): grouped, dilated, with kernels of "
        "any two sides and padding on each side apart.",
        category="weights",
        parameters=(WIDTH, KERNEL, STRIDE, PAD, DILATION, GROUPS, BIAS, PAD_MODE),
        shape=_conv_shape,
        params=conv_params,
        state=conv_state,
        macs=conv_macs,
        window=_window,
        torch=Torch(module="nn.Conv2d", arguments=_conv_arguments, select=_conv_form),
        weighted=True,
        stateful=True,
    ),
    Op(
        name="depthwise",
        stem="conv",
        doc="Convolution of each channel by itself, into `multiplier` channels each (Sifre, 2014; "
        "Chollet, 2017).",
        category="weights",
        parameters=(
            KERNEL,
            STRIDE,
            PAD,
            DILATION,
            OpParam(
                name="multiplier", type="int", default=1, doc="outputs for each channel", minimum=1
            ),
            BIAS,
            PAD_MODE,
        ),
        shape=_depthwise_shape,
        params=lambda args, x: conv_params(_as_conv(args, x), x),
        state=lambda args, x: conv_state(_as_conv(args, x), x),
        macs=lambda args, x, out: conv_macs(_as_conv(args, x), x, out),
        window=_window,
        torch=Torch(
            module="nn.Conv2d",
            arguments=lambda args, x: _conv_arguments(_as_conv(args, x), x),
            select=lambda args, x: DEPTHWISE_PADDED if uneven(args["pad"]) else DEPTHWISE,
        ),
        weighted=True,
        stateful=True,
    ),
    Op(
        name="conv_transpose",
        stem="conv_transpose",
        doc="Transposed convolution, which enlarges a map by its stride (Zeiler et al., 2010); "
        "`output_pad` settles which of the sizes that a convolution would shrink alike comes out.",
        category="weights",
        parameters=(
            WIDTH,
            KERNEL,
            STRIDE,
            OpParam(name="pad", type="size", default=0, doc="cut from each side", minimum=0),
            OpParam(
                name="output_pad", type="size", default=0, doc="added right and below", minimum=0
            ),
            DILATION,
            GROUPS,
            BIAS,
        ),
        shape=_transpose_shape,
        params=_transpose_params,
        state=_transpose_state,
        macs=_transpose_macs,
        window=_transpose_window,
        torch=Torch(module="nn.ConvTranspose2d", arguments=_transpose_arguments),
        weighted=True,
        stateful=True,
    ),
    Op(
        name="linear",
        stem="fc",
        doc="Fully connected layer (Rosenblatt, 1958) on a vector; with `last`, on the last axis "
        "of anything.",
        category="weights",
        parameters=(
            OpParam(name="width", type="int", doc="output features", minimum=1),
            OpParam(name="bias", type="bool", default=True, doc="whether a bias is added"),
            OpParam(
                name="last", type="bool", default=False, doc="allow maps, and map their last axis"
            ),
        ),
        shape=_linear_shape,
        params=_linear_params,
        state=lambda args, x: _state(args, args["width"], x[-1]),
        macs=lambda args, x, out: product(x) * args["width"],
        torch=Torch(
            module="nn.Linear",
            arguments=lambda args, x: (
                *positional(x[-1], args["width"]),
                optional("bias", args["bias"], True),
            ),
        ),
        rank=None,
        weighted=True,
        stateful=True,
    ),
)
