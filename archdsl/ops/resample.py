"""Ops that change a map's height and width without weights: padding, cropping, enlarging."""

from __future__ import annotations

from archdsl.ops.op import (
    SAME,
    Args,
    Argument,
    Op,
    OpError,
    OpParam,
    Shape,
    Size,
    Torch,
    Window,
    known,
    pair,
)
from archdsl.ops.rules import (
    SIDES,
    as_map,
    atom,
    describe,
    items,
    needed,
    optional,
    positional,
    scalar,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CATEGORY = "size"
TENSOR = "from torch import Tensor, nn"
FUNCTIONAL = "import torch.nn.functional as F"

MODES = ("nearest", "nearest-exact", "bilinear", "bicubic", "area")
SMOOTH = ("bilinear", "bicubic")

CROP = '''\
class CenterCrop(nn.Module):
    """The middle of a map; an odd rest is taken off below and to the right."""

    def __init__(self, height: int, width: int) -> None:
        super().__init__()
        self.height = height
        self.width = width

    def forward(self, x: Tensor) -> Tensor:
        top = (x.shape[-2] - self.height) // 2
        left = (x.shape[-1] - self.width) // 2
        return x[..., top : top + self.height, left : left + self.width]
'''

CROP_LIKE = '''\
def center_crop_like(x: Tensor, like: Tensor) -> Tensor:
    """The middle of `x`, as large as `like`; an odd rest goes below and to the right."""
    height, width = like.shape[-2:]
    top = (x.shape[-2] - height) // 2
    left = (x.shape[-1] - width) // 2
    return x[..., top : top + height, left : left + width]
'''

MODE = OpParam(
    name="mode", type="str", default="nearest", doc="how values are found", choices=MODES
)
ALIGN = OpParam(
    name="align_corners",
    type="bool",
    default=False,
    doc="whether the outermost pixels' centres coincide",
)
LIKE = OpParam(
    name="like", type="value", default=None, doc="a value whose size is taken", optional=True
)


# pad


def _sides(amount: Any) -> tuple[Any, Any, Any, Any]:
    if isinstance(amount, tuple) and not isinstance(amount, Size):
        return amount[0], amount[1], amount[2], amount[3]
    tall, wide = pair(amount)
    return wide, wide, tall, tall


def _pad_shape(args: Args, x: Shape) -> Shape:
    channels, height, width = as_map("pad", x)
    if args["amount"] is SAME:
        raise OpError(
            "E380",
            "`pad` has no window that `same` could go by",
            "amount",
            "a number, or `pad=same` in the `conv` or `depthwise` itself",
        )
    left, right, top, bottom = _sides(args["amount"])
    for size, side, amounts in ((height, "height", (top, bottom)), (width, "width", (left, right))):
        for amount in amounts:
            _check_pad(args["mode"], size, side, amount)
    if known(args["value"]) and args["value"] != 0 and args["mode"] != "zeros":
        raise OpError(
            "E247", f'`pad` fills with a value or by "{args["mode"]}", not by both', "value"
        )
    return channels, height + top + bottom, width + left + right


def _check_pad(mode: str, size: Any, side: str, amount: Any) -> None:
    if mode not in ("reflect", "circular") or not known(size, amount):
        return
    most = size - 1 if mode == "reflect" else size
    if amount > most:
        raise OpError(
            "E242",
            f'`pad` cannot add {amount} pixels by "{mode}" to {side} {size}',
            "amount",
            f"at most {most}",
        )


def _pad_form(args: Args, x: Shape) -> Torch:
    return PADS.get(args["mode"], ZERO) if not _valued(args) else CONSTANT


def _valued(args: Args) -> bool:
    return args["mode"] == "zeros" and not (known(args["value"]) and args["value"] == 0)


def _pad_amount(args: Args) -> Any:
    sides = _sides(args["amount"])
    return sides[0] if all(side == sides[0] for side in sides) else sides


def _pad_call(module: str, keyword: str) -> Torch:
    def expression(x: str, args: Any) -> str:
        return f"F.pad({x}, {_four(args['amount'])}{keyword.format(**args)})"

    def arguments(args: Args, x: Shape) -> tuple[Argument, ...]:
        value = (needed("value", args["value"]),) if "value" in keyword else ()
        return (*positional(_pad_amount(args)), *value)

    return Torch(module=module, arguments=arguments, expression=expression, imports=(FUNCTIONAL,))


def _four(text: str) -> str:
    """(left, right, top, bottom) from the text of an amount: a number, (h, w), or all four."""
    parts = items(text) or [text] * 4
    if len(parts) == 2:
        parts = [parts[1], parts[1], parts[0], parts[0]]
    return f"({', '.join(parts)})"


CONSTANT = _pad_call("nn.ConstantPad2d", ", value={value}")
ZERO = _pad_call("nn.ZeroPad2d", "")
PADS = {
    "zeros": ZERO,
    "reflect": _pad_call("nn.ReflectionPad2d", ', mode="reflect"'),
    "replicate": _pad_call("nn.ReplicationPad2d", ', mode="replicate"'),
    "circular": _pad_call("nn.CircularPad2d", ', mode="circular"'),
}


# crop


def _one_of(op: str, args: Args) -> None:
    if (args["size"] is None) == (args["like"] is None):
        both = "not both" if args["size"] is not None else "and gets neither"
        raise OpError(
            "E247",
            f"`{op}` needs a size or a value to be `like`, {both}",
            "size",
            f"`{op}(7x7)` or `{op}(like=x)`",
        )


def _target(op: str, args: Args) -> tuple[Any, Any]:
    _one_of(op, args)
    if args["like"] is None:
        return pair(args["size"])
    like = args["like"]
    if len(like) != 3:
        raise OpError(
            "E230", f"`{op}` takes the size of a map, but `like` is {describe(like)}", "like"
        )
    return like[1], like[2]


def _crop_shape(args: Args, x: Shape) -> Shape:
    channels, height, width = as_map("crop", x)
    target = _target("crop", args)
    for side, size, wanted in zip(SIDES, (height, width), target):
        if known(size, wanted) and wanted > size:
            raise OpError(
                "E244",
                f"`crop` makes maps smaller, and {side} {wanted} is more than {size}",
                "size" if args["like"] is None else "like",
                f"at most {size}; `pad` or `resize` makes them larger",
            )
    return (channels, *target)


CROP_TO = Torch(
    module="CenterCrop",
    helper=CROP,
    arguments=lambda args, x: positional(*pair(args["size"])),
    imports=(TENSOR,),
)
CROP_TO_LIKE = Torch(
    helper=CROP_LIKE,
    expression=lambda x, args: f"center_crop_like({x}, {args['like']})",
    imports=(TENSOR,),
)


# upsample, resize


def _scaled(size: Any, factor: Any) -> Any:
    if known(size, factor):
        return int(size * factor)
    if not known(factor):
        return size * factor
    numerator, denominator = factor.as_integer_ratio()
    whole = size if numerator == 1 else size * numerator
    return whole if denominator == 1 else whole // denominator


def _check_align(op: str, args: Args) -> None:
    if args["align_corners"] is True and args["mode"] not in SMOOTH:
        raise OpError(
            "E247",
            f'`{op}` by "{args["mode"]}" has no corners to align',
            "align_corners",
            'it goes with mode="bilinear" or mode="bicubic"',
        )


def _upsample_shape(args: Args, x: Shape) -> Shape:
    channels, height, width = as_map("upsample", x)
    _check_align("upsample", args)
    tall, wide = pair(args["factor"])
    out = (_scaled(height, tall), _scaled(width, wide))
    for side, size, result in zip(SIDES, (height, width), out):
        if known(result) and result < 1:
            raise OpError(
                "E234",
                f"`upsample` leaves nothing of {side} {size}",
                "factor",
                f"at least 1/{size}",
            )
    return (channels, *out)


def _upsample_window(args: Args) -> Window:
    tall, wide = pair(args["factor"])
    down, across = _reach(args["mode"], tall), _reach(args["mode"], wide)
    return Window(extent=(down[0], across[0]), stride=(down[1], across[1]))


def _reach(mode: str, factor: Any) -> tuple[int, Any]:
    """How many pixels a pixel is made of along one side, and how far apart those lie."""
    from fractions import Fraction

    if not known(factor):
        return 1, 1 / factor
    step = 1 / Fraction(factor).limit_denominator(1000)
    if step == 1:
        return 1, step
    if mode == "area":
        up, down = step.numerator, step.denominator
        return max(-(-(at + 1) * up // down) - at * up // down for at in range(down)), step
    return {"bilinear": 2, "bicubic": 4}.get(mode, 1), step


def _manner(args: Args) -> tuple[Argument, ...]:
    mode = (optional("mode", args["mode"], "nearest"),)
    if args["mode"] in SMOOTH:
        return (*mode, optional("align_corners", args["align_corners"], False))
    return mode


def _resize_shape(args: Args, x: Shape) -> Shape:
    channels, _, _ = as_map("resize", x)
    target = _target("resize", args)
    _check_align("resize", args)
    return (channels, *target)


def _resize_text(x: str, args: Any) -> str:
    size = args["size"] if args["like"] == "None" else f"{atom(args['like'])}.shape[-2:]"
    call = f"F.interpolate({x}, size={size}"
    if args["mode"].strip("'\"") != "nearest":
        call += f", mode={args['mode']}"
    if args["align_corners"] != "False":
        call += f", align_corners={args['align_corners']}"
    return call + ")"


RESIZE = Torch(
    module="nn.Upsample",
    arguments=lambda args, x: (needed("size", scalar(args["size"])), *_manner(args)),
    expression=_resize_text,
    imports=(FUNCTIONAL,),
)
RESIZE_LIKE = Torch(expression=_resize_text, imports=(FUNCTIONAL,))

OPS = (
    Op(
        name="pad",
        stem="pad",
        doc="Adds pixels around a map, on each side apart if need be.",
        category=CATEGORY,
        parameters=(
            OpParam(
                name="amount",
                type="pad",
                doc="on each side, HxW, or [left, right, top, bottom]",
                minimum=0,
                fixed="length",
            ),
            OpParam(
                name="mode",
                type="str",
                default="zeros",
                doc="what fills them",
                choices=("zeros", "reflect", "replicate", "circular"),
                fixed="value",
            ),
            OpParam(name="value", type="number", default=0, doc="instead of zeros"),
        ),
        shape=_pad_shape,
        torch=Torch(
            module="nn.ZeroPad2d",
            arguments=ZERO.arguments,
            expression=ZERO.expression,
            imports=(FUNCTIONAL,),
            select=_pad_form,
        ),
    ),
    Op(
        name="crop",
        stem="crop",
        doc="The middle of a map, as large as given or as another value (U-Net, Ronneberger et "
        "al., 2015).",
        category=CATEGORY,
        parameters=(
            OpParam(
                name="size",
                type="size",
                default=None,
                doc="height and width that leave",
                minimum=1,
                optional=True,
            ),
            LIKE,
        ),
        shape=_crop_shape,
        torch=Torch(
            module="CenterCrop",
            helper=CROP,
            arguments=CROP_TO.arguments,
            imports=(TENSOR,),
            select=lambda args, x: CROP_TO if args["like"] is None else CROP_TO_LIKE,
        ),
    ),
    Op(
        name="upsample",
        stem="upsample",
        doc="Enlarges (or shrinks) a map by a factor, without weights.",
        category=CATEGORY,
        parameters=(
            OpParam(
                name="factor", type="factor", doc="of both sides, or HxW", minimum=0, maximum=1024
            ),
            MODE,
            ALIGN,
        ),
        shape=_upsample_shape,
        window=_upsample_window,
        torch=Torch(
            module="nn.Upsample",
            arguments=lambda args, x: (needed("scale_factor", args["factor"]), *_manner(args)),
        ),
    ),
    Op(
        name="resize",
        stem="resize",
        doc="Brings a map to a size, or to the size of another value (feature pyramids, Lin et "
        "al., 2016).",
        category=CATEGORY,
        parameters=(
            OpParam(
                name="size",
                type="size",
                default=None,
                doc="height and width that leave",
                minimum=1,
                optional=True,
            ),
            LIKE,
            MODE,
            ALIGN,
        ),
        shape=_resize_shape,
        window=lambda args: None,
        torch=Torch(
            module="nn.Upsample",
            arguments=RESIZE.arguments,
            expression=_resize_text,
            imports=(FUNCTIONAL,),
            select=lambda args, x: RESIZE if args["like"] is None else RESIZE_LIKE,
        ),
        aliases=("interpolate",),
    ),
)
