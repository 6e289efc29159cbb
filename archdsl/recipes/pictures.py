"""What is done to single pictures, which may change their size."""

from __future__ import annotations

from archdsl.recipes.entry import Extent, Parameter, RecipeError, Step, ascending, ranges

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

LARGEST = 100_000

SIZE = Parameter(
    name="size",
    type="size",
    doc="height and width; left out: those of the model's input",
    default=None,
    optional=True,
    minimum=1,
    maximum=LARGEST,
    unit="pixels",
)
INTERPOLATION = Parameter(
    name="interpolation",
    type="word",
    doc="how pixels are interpolated; smoothed where the picture shrinks",
    default="bilinear",
    choices=("bilinear", "bicubic", "nearest"),
)
MODE = Parameter(
    name="mode",
    type="word",
    doc="what the border is filled with",
    default="zeros",
    choices=("zeros", "reflect", "replicate"),
    elsewhere=("pad_mode", "padding_mode", "fill"),
)


def ratio(default: tuple[float, float]) -> Parameter:
    return Parameter(
        name="ratio",
        type="numbers",
        count=2,
        doc="least and largest width over height",
        default=default,
        above=0,
        maximum=100,
    )


def scale(default: tuple[float, float]) -> Parameter:
    return Parameter(
        name="scale",
        type="numbers",
        count=2,
        doc="least and largest share of the picture's area",
        default=default,
        above=0,
        maximum=1,
    )


def _resize(args: Mapping[str, Any], before: Extent) -> Extent:
    size = args["size"]
    if isinstance(size, tuple):
        return Extent(size=size)
    if before.size is None:
        return Extent(shorter=size)
    height, width = before.size
    least = min(height, width)
    return Extent(size=(size * height // least, size * width // least))


def _random_resize(args: Mapping[str, Any], before: Extent) -> Extent:
    return Extent(shorter=args["low"])


def _to_size(args: Mapping[str, Any], before: Extent) -> Extent:
    return Extent(size=args["size"])


def _check_mirror(border: int, parameter: str, args: Mapping[str, Any], before: Extent) -> None:
    """A picture can be mirrored at its sides once, without the side itself."""
    shorter = min(before.size) if before.size is not None else before.shorter
    if args["mode"] == "reflect" and border and (shorter is None or border >= shorter):
        size = "may be smaller" if shorter is None else f"are {before}"
        raise RecipeError(
            "E610",
            f"a border of {border} can't mirror pictures that {size}",
            parameter,
            '`mode="replicate"` goes on with the last pixels',
        )


def _pad(args: Mapping[str, Any], before: Extent) -> Extent:
    border = 2 * args["amount"]
    _check_mirror(args["amount"], "amount", args, before)
    if before.size is not None:
        return Extent(size=(before.size[0] + border, before.size[1] + border))
    return Extent(shorter=None if before.shorter is None else before.shorter + border)


def _crop(args: Mapping[str, Any], before: Extent) -> Extent:
    height, width = args["size"]
    border = 2 * args.get("pad", 0)
    if border:
        _check_mirror(args["pad"], "pad", args, before)
    if before.size is None and before.shorter is None:
        raise RecipeError(
            "E610",
            f"a crop of {height}x{width} out of pictures of any size, which may be smaller",
            None,
            f"resize them first: `resize({max(height, width)})` makes that the shorter side",
        )
    tall, wide = before.size or (before.shorter, before.shorter)
    assert tall is not None and wide is not None
    if height > tall + border or width > wide + border:
        padded = f", with a border of {border // 2}" if border else ""
        raise RecipeError(
            "E610",
            f"a crop of {height}x{width} out of pictures that are {before}{padded}",
            "size",
            f"at most {tall + border}x{wide + border} fits, or resize to "
            f"{max(height, width) - border} and more before",
        )
    return Extent(size=(height, width))


PICTURES = (
    Step(
        name="resize",
        doc="Resizes: a number is what the shorter side becomes, a size such as 32x32 both sides.",
        parameters=(
            Parameter(
                name="size",
                type="shorter",
                doc="the shorter side, or height and width",
                minimum=1,
                maximum=LARGEST,
                unit="pixels",
            ),
            INTERPOLATION,
        ),
        single=True,
        random=False,
        resized=_resize,
        elsewhere=("rescale", "smallest_max_size"),
    ),
    Step(
        name="random_resize",
        doc="Resizes so that the shorter side is some length between two: the scale jitter of VGG.",
        parameters=(
            Parameter(
                name="low",
                type="int",
                doc="least length",
                minimum=1,
                maximum=LARGEST,
                unit="pixels",
            ),
            Parameter(
                name="high",
                type="int",
                doc="largest length",
                minimum=1,
                maximum=LARGEST,
                unit="pixels",
            ),
            INTERPOLATION,
        ),
        rule=ascending("low", "high"),
        single=True,
        resized=_random_resize,
        elsewhere=("scale_jitter", "random_short_size", "random_scale"),
    ),
    Step(
        name="random_resized_crop",
        doc="A part of some area and shape, at some place, resized (Szegedy et al., 2014).",
        parameters=(SIZE, scale((0.08, 1.0)), ratio((3 / 4, 4 / 3)), INTERPOLATION),
        rule=ranges("scale", "ratio"),
        torch="torchvision.transforms.RandomResizedCrop",
        single=True,
        resized=_to_size,
        elsewhere=("inception_crop",),
    ),
    Step(
        name="random_crop",
        doc="A part at some place, after a border was put around.",
        parameters=(
            SIZE,
            Parameter(
                name="pad",
                type="int",
                doc="width of the border",
                default=0,
                minimum=0,
                maximum=LARGEST,
                unit="pixels",
                elsewhere=("padding",),
            ),
            MODE,
        ),
        torch="torchvision.transforms.RandomCrop",
        single=True,
        resized=_crop,
    ),
    Step(
        name="center_crop",
        doc="The part in the middle.",
        parameters=(SIZE,),
        torch="torchvision.transforms.CenterCrop",
        single=True,
        random=False,
        resized=_crop,
        elsewhere=("crop", "centre_crop", "central_crop"),
    ),
    Step(
        name="pad",
        doc="Puts a border around.",
        parameters=(
            Parameter(
                name="amount",
                type="int",
                doc="width of the border",
                minimum=1,
                maximum=LARGEST,
                unit="pixels",
                elsewhere=("padding",),
            ),
            MODE,
        ),
        torch="torchvision.transforms.Pad",
        single=True,
        random=False,
        resized=_pad,
    ),
)
