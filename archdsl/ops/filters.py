"""Convolutions whose weights are not what is learned: standardised ones, and fixed ones."""

from __future__ import annotations

from archdsl.ops.conv import (
    BIAS,
    DILATION,
    GROUPS,
    KERNEL,
    PAD,
    PAD_MODES,
    STRIDE,
    WIDTH,
    conv_macs,
    conv_params,
    conv_state,
)
from archdsl.ops.op import Args, Argument, Op, OpError, OpParam, Shape, Torch, Window, known, pair
from archdsl.ops.rules import (
    SIDES,
    as_map,
    check_groups,
    check_same,
    needed,
    optional,
    padding,
    positional,
    slide,
    uneven,
    window,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TENSOR = "from torch import Tensor, nn"
TORCH = "import torch"
FUNCTIONAL = "import torch.nn.functional as F"

STD_CONV = '''\
class StdConv2d(nn.Conv2d):
    """A convolution whose weights have mean 0 and variance 1 for each output."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] = 0,
        dilation: int | tuple[int, int] = 1,
        groups: int = 1,
        bias: bool = True,
        eps: float = 1e-6,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride=stride,
            padding=padding,
            dilation=dilation,
            groups=groups,
            bias=bias,
        )
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        mean = self.weight.mean((1, 2, 3), keepdim=True)
        var = self.weight.var((1, 2, 3), correction=0, keepdim=True)
        weight = (self.weight - mean) / (var + self.eps).sqrt()
        return F.conv2d(
            x, weight, self.bias, self.stride, self.padding, self.dilation, self.groups
        )
'''

BLUR_POOL = '''\
class BlurPool2d(nn.Module):
    """Blurs each channel by a binomial filter, and keeps every `stride`-th pixel."""

    weight: Tensor

    def __init__(
        self, channels: int, size: int = 3, stride: int = 2, mode: str = "reflect"
    ) -> None:
        super().__init__()
        self.stride = stride
        self.pad = ((size - 1) // 2, size // 2, (size - 1) // 2, size // 2)
        self.mode = mode
        row = torch.tensor([math.comb(size - 1, tap) for tap in range(size)])
        weight = row[:, None] * row / 4 ** (size - 1)
        weight = weight.repeat(channels, 1, 1, 1)
        self.register_buffer("weight", weight, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        x = F.pad(x, self.pad, mode=self.mode)
        return F.conv2d(x, self.weight, stride=self.stride, groups=x.shape[1])
'''

EPS = OpParam(
    name="eps", type="float", default=1e-6, doc="added to the variance, below 1", minimum=0, below=1
)


def _std_shape(args: Args, x: Shape) -> Shape:
    channels, _, _ = as_map("std_conv", x)
    check_same("std_conv", args)
    check_groups("std_conv", args["groups"], channels, args["width"])
    if uneven(args["pad"]):
        raise OpError(
            "E247",
            "`std_conv` pads opposite sides alike",
            "pad",
            "a `pad(...)` step before it, and `pad=0` here",
        )
    return (args["width"], *slide("std_conv", args, x))


def _std_arguments(args: Args, x: Shape) -> tuple[Argument, ...]:
    return (
        *positional(x[0], args["width"]),
        needed("kernel_size", args["kernel"]),
        optional("stride", args["stride"], 1),
        optional("padding", padding(args), 0),
        optional("dilation", args["dilation"], 1),
        optional("groups", args["groups"], 1),
        optional("bias", args["bias"], True),
        optional("eps", args["eps"], 1e-6),
    )


def _blur_side(args: Args, side: str, size: Any) -> Any:
    limit = {"reflect": 1, "circular": 0}.get(args["mode"])
    after = args["size"] // 2
    if limit is not None and known(size, after) and after > size - limit:
        raise OpError(
            "E242",
            f'`blurpool` cannot pad {after} pixels with "{args["mode"]}" at {side} {size}',
            "size",
            'mode="zeros" and mode="replicate" pad any map',
        )
    return (size - 1) // args["stride"] + 1


def _blur_shape(args: Args, x: Shape) -> Shape:
    channels, *sizes = as_map("blurpool", x)
    height, width = (_blur_side(args, side, size) for side, size in zip(SIDES, sizes))
    return channels, height, width


def _blur_arguments(args: Args, x: Shape) -> tuple[Argument, ...]:
    mode = "constant" if args["mode"] == "zeros" else args["mode"]
    return (
        *positional(x[0]),
        optional("size", args["size"], 3),
        optional("stride", args["stride"], 2),
        optional("mode", mode, "reflect"),
    )


OPS = (
    Op(
        name="std_conv",
        stem="conv",
        doc="Convolution with standardised weights: mean 0 and variance 1 for each output (Qiao "
        "et al., 2019).",
        category="weights",
        parameters=(WIDTH, KERNEL, STRIDE, PAD, DILATION, GROUPS, BIAS, EPS),
        shape=_std_shape,
        params=conv_params,
        state=conv_state,
        macs=conv_macs,
        window=lambda args: window(args["kernel"], args["stride"], args["dilation"]),
        torch=Torch(
            module="StdConv2d",
            helper=STD_CONV,
            arguments=_std_arguments,
            imports=(FUNCTIONAL, TENSOR),
        ),
        weighted=True,
        stateful=True,
        aliases=("ws_conv",),
    ),
    Op(
        name="blurpool",
        stem="blurpool",
        doc="A binomial filter over each channel, then every `stride`-th pixel: shrinks maps "
        "without aliasing (Zhang, 2019).",
        category="pooling",
        parameters=(
            OpParam(name="size", type="int", default=3, doc="taps of the filter", minimum=1),
            OpParam(name="stride", type="int", default=2, doc="step of the filter", minimum=1),
            OpParam(
                name="mode",
                type="str",
                default="reflect",
                doc="what the padding is filled with",
                choices=PAD_MODES,
            ),
        ),
        shape=_blur_shape,
        macs=lambda args, x, out: out[1] * out[2] * out[0] * args["size"] * args["size"],
        window=lambda args: Window(extent=pair(args["size"]), stride=pair(args["stride"])),
        torch=Torch(
            module="BlurPool2d",
            helper=BLUR_POOL,
            arguments=_blur_arguments,
            imports=("import math", TORCH, FUNCTIONAL, TENSOR),
        ),
        stateful=True,
        aliases=("blur_pool",),
    ),
)
