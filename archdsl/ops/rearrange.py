"""Ops that only move values: flattening, picking, shuffling, folding."""

from __future__ import annotations

from archdsl.ops.op import Args, Argument, Op, OpError, OpParam, Shape, Torch, Window, known
from archdsl.ops.rules import (
    as_map,
    atom,
    axis_of,
    describe,
    divisors,
    items,
    nearest,
    optional,
    positional,
    product,
    show,
    whole,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CATEGORY = "rearrangement"
TENSOR = "from torch import Tensor, nn"
TORCH = "import torch"

SELECT = '''\
class Select(nn.Module):
    """Picks channels by their numbers."""

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        self.channels = list(channels)

    def forward(self, x: Tensor) -> Tensor:
        return x[:, self.channels]
'''

SLICE = '''\
class Slice(nn.Module):
    """Channels from `start` up to, but not including, `stop`."""

    def __init__(self, start: int, stop: int | None = None) -> None:
        super().__init__()
        self.start = start
        self.stop = stop

    def forward(self, x: Tensor) -> Tensor:
        return x[:, self.start : self.stop]
'''

RESHAPE = '''\
class Reshape(nn.Module):
    """Gives each sample another shape."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, x: Tensor) -> Tensor:
        return x.reshape(x.shape[0], *self.shape)
'''

PERMUTE = '''\
class Permute(nn.Module):
    """Reorders the axes; 0 is the batch."""

    def __init__(self, *axes: int) -> None:
        super().__init__()
        self.axes = axes

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(self.axes)
'''

TRANSPOSE = '''\
class Transpose(nn.Module):
    """Swaps two axes; 0 is the batch."""

    def __init__(self, a: int, b: int) -> None:
        super().__init__()
        self.a = a
        self.b = b

    def forward(self, x: Tensor) -> Tensor:
        return x.transpose(self.a, self.b)
'''

PAD_CHANNELS = '''\
class PadChannels(nn.Module):
    """Appends channels of zeros up to `channels`."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    def forward(self, x: Tensor) -> Tensor:
        return F.pad(x, (0, 0, 0, 0, 0, self.channels - x.shape[1]))
'''


def _whole_map(args: Args) -> None:
    return None


# flatten, unflatten, reshape


def _flatten_shape(args: Args, x: Shape) -> Shape:
    start = axis_of("flatten", args["start"], len(x), "start")
    return (*x[:start], product(x[start:]))


def _flatten_text(x: str, args: Any) -> str:
    return f"torch.flatten({x}, {_axis_text(args['start'])})"


def _fill(op: str, shape: tuple[Any, ...], total: Any) -> Shape:
    """A written shape with its one `-1` worked out, held against the number of values."""
    unknown = [index for index, size in enumerate(shape) if known(size) and size == -1]
    wrong = [size for size in shape if known(size) and size < 1 and size != -1]
    if not shape or len(unknown) > 1 or wrong:
        raise OpError(
            "E240",
            f"`{op}` needs a list of sizes above 0, at most one of them -1, and gets {show(shape)}",
            "shape",
        )
    given = tuple(size for size in shape if not (known(size) and size == -1))
    rest = product(given or (1,))
    if known(total, rest) and (total % rest if unknown else total != rest):
        raise OpError(
            "E239",
            f"`{op}` must keep the number of values: {total} arrive, and {show(shape)} "
            + (f"needs a multiple of {rest}" if unknown else f"holds {rest}"),
            "shape",
            "-1 for one of the sizes works it out"
            + (f"; {total} = {_factors(total, shape)}" if len(shape) > 1 else ""),
        )
    if unknown:
        at = unknown[0]
        return (*shape[:at], total // rest, *shape[at + 1 :])
    return shape


def _factors(total: int, shape: tuple[Any, ...]) -> str:
    """A product that would do: all but the last size kept as far as they divide."""
    sizes = []
    for size in shape[:-1]:
        sizes.append(size if size > 0 and total % size == 0 else 1)
        total //= sizes[-1]
    return " * ".join(map(str, [*sizes, total]))


def _reshape_text(x: str, args: Any) -> str:
    sizes = ", ".join(items(args["shape"]) or [f"*{args['shape']}"])
    if x.isidentifier():
        return f"{x}.reshape({x}.shape[0], {sizes})"
    return f"torch.unflatten(torch.flatten({x}, 1), 1, ({sizes},))"


def _unflatten_shape(args: Args, x: Shape) -> Shape:
    if len(x) != 1:
        raise OpError(
            "E230",
            f"`unflatten` works on vectors, but {describe(x)} arrives",
            help="`reshape` takes any shape",
        )
    return _fill("unflatten", args["shape"], x[0])


# axes


def _permute_shape(args: Args, x: Shape) -> Shape:
    order = args["order"]
    if sorted(order) != list(range(len(x))):
        raise OpError(
            "E240",
            f"`permute` must name each axis of a value with {len(x)} once, and gets {show(order)}",
            "order",
            f"axes go from 0 to {len(x) - 1}, the batch not counted",
        )
    return tuple(x[axis] for axis in order)


def _permute_text(x: str, args: Any) -> str:
    axes = ", ".join(str(axis + 1) for axis in whole(args["order"]) or ())
    return f"{atom(x)}.permute(0, {axes})"


def _two_axes(args: Args, x: Shape) -> tuple[int, int]:
    return (
        axis_of("transpose", args["a"], len(x), "a"),
        axis_of("transpose", args["b"], len(x), "b"),
    )


def _transpose_shape(args: Args, x: Shape) -> Shape:
    a, b = _two_axes(args, x)
    out = list(x)
    out[a], out[b] = x[b], x[a]
    return tuple(out)


def _axis_text(text: str) -> str:
    axis = whole(text)
    if axis is None:
        return f"{text} + 1"
    return str(axis[0] + 1 if axis[0] >= 0 else axis[0])


# channels


def _select_shape(args: Args, x: Shape) -> Shape:
    chosen = args["channels"]
    if not isinstance(chosen, tuple):
        return (chosen.length, *x[1:])
    wrong = [index for index in chosen if known(x[0], index) and not 0 <= index < x[0]]
    if wrong:
        raise OpError(
            "E237",
            f"`select` picks channel {wrong[0]}, and {x[0]} channels arrive",
            "channels",
            f"channels go from 0 to {x[0] - 1}",
        )
    if not chosen:
        raise OpError("E237", "`select` picks no channel", "channels")
    return (len(chosen), *x[1:])


def _list_text(text: str) -> str:
    written = items(text)
    return text if written is None else f"[{', '.join(written)}]"


def _slice_shape(args: Args, x: Shape) -> Shape:
    start, stop = args["start"], args["stop"]
    end = x[0] if stop is None else stop
    if known(x[0], end) and end > x[0]:
        raise OpError(
            "E237",
            f"`slice` goes up to channel {end}, and {x[0]} channels arrive",
            "stop",
            f"`stop` may be {x[0]}, or left out",
        )
    if known(start, end) and start >= end:
        raise OpError(
            "E237",
            f"`slice` from {start} to {end} holds no channel",
            "start",
            f"`start` must be below {end}",
        )
    return (end if known(start) and start == 0 else end - start, *x[1:])


def _slice_text(x: str, args: Any) -> str:
    start = "" if args["start"] == "0" else args["start"]
    stop = "" if args["stop"] == "None" else args["stop"]
    gap = " " if any(text and not _simple(text) for text in (start, stop)) else ""
    left = f"{start}{gap}" if start else ""
    return f"{atom(x)}[:, {left}:{gap if stop else ''}{stop}]"


def _simple(text: str) -> bool:
    return text.isidentifier() or text.isdigit()


def _shuffle_shape(args: Args, x: Shape) -> Shape:
    channels, height, width = as_map("shuffle", x)
    groups = args["groups"]
    if known(channels, groups) and channels % groups:
        raise OpError(
            "E233",
            f"the {channels} channels of `shuffle` do not divide into {groups} groups",
            "groups",
            f"{nearest(divisors(channels), groups)} would divide",
        )
    return channels, height, width


def _pixel_shuffle_shape(args: Args, x: Shape) -> Shape:
    channels, height, width = as_map("pixel_shuffle", x)
    factor = args["factor"]
    area = factor * factor
    if known(channels, area) and channels % area:
        low = channels // area * area
        wide = f"{low} or {low + area}" if low else area
        raise OpError(
            "E238",
            f"`pixel_shuffle({factor})` makes {area} channels into one pixel each, and "
            f"{channels} channels don't divide by {area}",
            "factor",
            f"make it {wide} channels before",
        )
    return channels // area, height * factor, width * factor


def _pixel_unshuffle_shape(args: Args, x: Shape) -> Shape:
    channels, height, width = as_map("pixel_unshuffle", x)
    factor = args["factor"]
    for size, side in ((height, "height"), (width, "width")):
        if known(size, factor) and size % factor:
            raise OpError(
                "E238",
                f"`pixel_unshuffle({factor})` cuts maps into squares of {factor}, and {side} "
                f"{size} doesn't divide",
                "factor",
                f"{nearest(divisors(size), factor)} would divide",
            )
    return channels * (factor * factor), height // factor, width // factor


def _pixel_shuffle_window(args: Args) -> Window:
    from fractions import Fraction

    factor = args["factor"]
    step = Fraction(1, factor) if known(factor) else 1 / factor
    return Window(stride=(step, step))


def _pixel_unshuffle_window(args: Args) -> Window:
    factor = args["factor"]
    return Window(extent=(factor, factor), stride=(factor, factor))


def _pad_channels_shape(args: Args, x: Shape) -> Shape:
    channels, height, width = as_map("pad_channels", x)
    if known(channels, args["width"]) and args["width"] < channels:
        raise OpError(
            "E244",
            f"`pad_channels` adds channels, and {channels} are more than {args['width']}",
            "width",
            f"at least {channels}, or `slice(0, {args['width']})` to take some away",
        )
    return args["width"], height, width


SHAPE = OpParam(
    name="shape",
    type="ints",
    doc="sizes, the batch not counted; one may be -1",
    fixed="length",
)
FACTOR = OpParam(name="factor", type="int", doc="factor of height and width", minimum=1)

OPS = (
    Op(
        name="flatten",
        stem="flatten",
        doc="All axes from `start` on as one; the head of most networks before global pooling.",
        category=CATEGORY,
        parameters=(
            OpParam(
                name="start",
                type="int",
                default=0,
                doc="first axis that goes into it",
                fixed="value",
            ),
        ),
        shape=_flatten_shape,
        window=_whole_map,
        torch=Torch(
            module="nn.Flatten",
            arguments=lambda args, x: (
                optional("start_dim", axis_of("flatten", args["start"], len(x), "start") + 1, 1),
            ),
            expression=_flatten_text,
            imports=(TORCH,),
        ),
        rank=None,
    ),
    Op(
        name="unflatten",
        stem="unflatten",
        doc="A vector as a map, the other way round than `flatten`.",
        category=CATEGORY,
        parameters=(SHAPE,),
        shape=_unflatten_shape,
        window=_whole_map,
        torch=Torch(
            module="nn.Unflatten",
            arguments=lambda args, x: (*positional(1), *positional(args["shape"])),
            expression=lambda x, args: f"torch.unflatten({x}, 1, {args['shape']})",
            imports=(TORCH,),
        ),
        rank=1,
    ),
    Op(
        name="reshape",
        stem="reshape",
        doc="The same values in another shape, in the order of memory.",
        category=CATEGORY,
        parameters=(SHAPE,),
        shape=lambda args, x: _fill("reshape", args["shape"], product(x)),
        window=_whole_map,
        torch=Torch(
            module="Reshape",
            helper=RESHAPE,
            arguments=lambda args, x: positional(*args["shape"]),
            expression=_reshape_text,
            imports=(TENSOR, TORCH),
        ),
        rank=None,
        aliases=("view",),
    ),
    Op(
        name="permute",
        stem="permute",
        doc="The axes in another order: `permute([1, 2, 0])` puts the channels last.",
        category=CATEGORY,
        parameters=(
            OpParam(name="order", type="ints", doc="axes, the batch not counted", fixed="value"),
        ),
        shape=_permute_shape,
        window=_whole_map,
        torch=Torch(
            module="Permute",
            helper=PERMUTE,
            arguments=lambda args, x: positional(0, *(axis + 1 for axis in args["order"])),
            expression=_permute_text,
            imports=(TENSOR,),
        ),
        rank=None,
    ),
    Op(
        name="transpose",
        stem="transpose",
        doc="Two axes swapped.",
        category=CATEGORY,
        parameters=(
            OpParam(name="a", type="int", doc="an axis, the batch not counted", fixed="value"),
            OpParam(name="b", type="int", doc="the other", fixed="value"),
        ),
        shape=_transpose_shape,
        window=_whole_map,
        torch=Torch(
            module="Transpose",
            helper=TRANSPOSE,
            arguments=lambda args, x: positional(*(axis + 1 for axis in _two_axes(args, x))),
            expression=lambda x, args: (
                f"{atom(x)}.transpose({_axis_text(args['a'])}, {_axis_text(args['b'])})"
            ),
            imports=(TENSOR,),
        ),
        rank=None,
    ),
    Op(
        name="select",
        stem="select",
        doc="Channels by their numbers, in the order given (the connection table of LeNet-5, "
        "LeCun et al., 1998).",
        category=CATEGORY,
        parameters=(OpParam(name="channels", type="ints", doc="their numbers, from 0"),),
        shape=_select_shape,
        torch=Torch(
            module="Select",
            helper=SELECT,
            arguments=lambda args, x: positional(args["channels"]),
            expression=lambda x, args: f"{atom(x)}[:, {_list_text(args['channels'])}]",
            imports=("from collections.abc import Sequence", TENSOR),
        ),
        rank=None,
    ),
    Op(
        name="slice",
        stem="slice",
        doc="Neighbouring channels: from `start` up to, but not including, `stop`.",
        category=CATEGORY,
        parameters=(
            OpParam(name="start", type="int", doc="first channel", minimum=0),
            OpParam(
                name="stop",
                type="int",
                default=None,
                doc="where it ends; left out: all that follow",
                minimum=1,
                optional=True,
            ),
        ),
        shape=_slice_shape,
        torch=Torch(
            module="Slice",
            helper=SLICE,
            arguments=lambda args, x: (
                *positional(args["start"]),
                Argument(name=None, value=args["stop"], default=None),
            ),
            expression=_slice_text,
            imports=(TENSOR,),
        ),
        rank=None,
    ),
    Op(
        name="shuffle",
        stem="shuffle",
        doc="Deals the channels of each group out over all groups (Zhang et al., 2017).",
        category=CATEGORY,
        parameters=(OpParam(name="groups", type="int", doc="number of groups", minimum=1),),
        shape=_shuffle_shape,
        torch=Torch(
            module="nn.ChannelShuffle", arguments=lambda args, x: positional(args["groups"])
        ),
        aliases=("channel_shuffle",),
    ),
    Op(
        name="pixel_shuffle",
        stem="pixel_shuffle",
        doc="factor * factor channels into one with as many pixels (Shi et al., 2016).",
        category=CATEGORY,
        parameters=(FACTOR,),
        shape=_pixel_shuffle_shape,
        window=_pixel_shuffle_window,
        torch=Torch(module="nn.PixelShuffle", arguments=lambda args, x: positional(args["factor"])),
    ),
    Op(
        name="pixel_unshuffle",
        stem="pixel_unshuffle",
        doc="Squares of pixels into channels, the other way round than `pixel_shuffle`; also "
        "known as space to depth.",
        category=CATEGORY,
        parameters=(FACTOR,),
        shape=_pixel_unshuffle_shape,
        window=_pixel_unshuffle_window,
        torch=Torch(
            module="nn.PixelUnshuffle", arguments=lambda args, x: positional(args["factor"])
        ),
    ),
    Op(
        name="pad_channels",
        stem="pad_channels",
        doc="Appends channels of zeros: the shortcut without parameters of ResNet's option A (He "
        "et al., 2015).",
        category=CATEGORY,
        parameters=(OpParam(name="width", type="int", doc="channels that leave", minimum=1),),
        shape=_pad_channels_shape,
        torch=Torch(
            module="PadChannels",
            helper=PAD_CHANNELS,
            arguments=lambda args, x: positional(args["width"]),
            imports=("import torch.nn.functional as F", TENSOR),
        ),
    ),
)
